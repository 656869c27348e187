/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <errno.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <string.h>

#include "kernel/nft_elements.h"
#include "kernel/nft_talk.h"

void nft_push(struct nft_value *value, const void *part, size_t size)
{
	memcpy(value->byte + value->size, part, size);
	value->size += NLMSG_ALIGN(size);
}

/* An element as a message */

static struct nl_msg *about_set(struct nft *nft, int verb, int flags, const struct nft_set *set)
{
	struct nl_msg *msg = nft_message(nft, verb, flags, set->family);

	nla_put_string(msg, NFTA_SET_ELEM_LIST_TABLE, set->table);
	nla_put_string(msg, NFTA_SET_ELEM_LIST_SET, set->name);
	return msg;
}

static void put_value(struct nl_msg *msg, int attr, const struct nft_value *value)
{
	struct nlattr *nest = nla_nest_start(msg, attr);

	nla_put(msg, NFTA_DATA_VALUE, value->size, value->byte);
	nla_nest_end(msg, nest);
}

static void put_jump(struct nl_msg *msg, const char *chain)
{
	struct nlattr *nest = nla_nest_start(msg, NFTA_SET_ELEM_DATA);
	struct nlattr *verdict = nla_nest_start(msg, NFTA_DATA_VERDICT);

	nla_put_u32(msg, NFTA_VERDICT_CODE, htonl((uint32_t)NFT_JUMP));
	nla_put_string(msg, NFTA_VERDICT_CHAIN, chain);
	nla_nest_end(msg, verdict);
	nla_nest_end(msg, nest);
}

/* User data as nft(8) writes it: type 0 is a comment, then its size and its text with the NUL. */
static void put_comment(struct nl_msg *msg, const char *comment)
{
	uint8_t data[2 + NFT_COMMENT] = { 0, (uint8_t)(strlen(comment) + 1) };

	memcpy(data + 2, comment, data[1]);
	nla_put(msg, NFTA_SET_ELEM_USERDATA, 2 + data[1], data);
}

static void put_rest(struct nl_msg *msg, const struct nft_element *element)
{
	if (element->data.size)
		put_value(msg, NFTA_SET_ELEM_DATA, &element->data);
	if (element->chain[0])
		put_jump(msg, element->chain);
	if (element->comment[0])
		put_comment(msg, element->comment);
}

static struct nl_msg *about_element(struct nft *nft, int verb, int flags,
				    const struct nft_element *element)
{
	struct nl_msg *msg = about_set(nft, verb, flags, &element->set);
	struct nlattr *list = nla_nest_start(msg, NFTA_SET_ELEM_LIST_ELEMENTS);
	struct nlattr *nest = nla_nest_start(msg, NFTA_LIST_ELEM);

	put_value(msg, NFTA_SET_ELEM_KEY, &element->key);
	if (verb == NFT_MSG_NEWSETELEM)
		put_rest(msg, element);
	nla_nest_end(msg, nest);
	nla_nest_end(msg, list);
	return msg;
}

/* Changes */

/* Removals first, in the order of the elements: then the number of a refused message still tells
 * which element it was about. */
static size_t put_removals(struct nft *nft, struct nft_batch *batch,
			   const struct nft_element *element, size_t n)
{
	size_t removed = 0;

	for (size_t i = 0; i < n; i++) {
		if (!element[i].over)
			continue;
		nft_batch_add(batch, about_element(nft, NFT_MSG_DELSETELEM, 0, &element[i]));
		removed++;
	}
	return removed;
}

int nft_add(struct nft *nft, const struct nft_element *element, size_t n)
{
	struct nft_batch batch;
	size_t removed;
	int r;

	if (!n)
		return 0;
	batch = nft_batch_open(nft, 2 * n);
	removed = put_removals(nft, &batch, element, n);
	for (size_t i = 0; i < n; i++) {
		int flags = NLM_F_CREATE | (element[i].shared ? 0 : NLM_F_EXCL) |
			    (i + 1 == n ? NLM_F_ACK : 0);

		nft_batch_add(&batch, about_element(nft, NFT_MSG_NEWSETELEM, flags, &element[i]));
	}
	if (removed)
		late_keep(&nft->late, nl_socket_get_fd(nft->sock));
	r = nft_batch_send(nft, &batch);
	nft->refused = nft->refused < removed + n && nft->refused >= removed ?
			       nft->refused - removed :
			       SIZE_MAX;
	return r;
}

int nft_remove(struct nft *nft, const struct nft_element *element, size_t n)
{
	struct nft_batch batch;

	if (!n)
		return 0;
	batch = nft_batch_open(nft, n);
	for (size_t i = 0; i < n; i++)
		nft_batch_add(&batch, about_element(nft, NFT_MSG_DELSETELEM,
						    i + 1 == n ? NLM_F_ACK : 0, &element[i]));
	late_keep(&nft->late, nl_socket_get_fd(nft->sock));
	return nft_batch_send(nft, &batch);
}

/* A message as an element */

static void read_value(struct nft_value *value, struct nlattr *data)
{
	if (data)
		value->size = (uint8_t)nla_memcpy(value->byte, data, sizeof(value->byte));
}

static void read_chain(char *chain, struct nlattr *data)
{
	struct nlattr *tb[NFTA_VERDICT_MAX + 1];

	if (data && nla_parse_nested(tb, NFTA_VERDICT_MAX, data, NULL) == 0 &&
	    tb[NFTA_VERDICT_CHAIN])
		nla_strlcpy(chain, tb[NFTA_VERDICT_CHAIN], NFT_CHAIN);
}

static void read_element(struct nft_element *element, struct nlattr *attr)
{
	struct nlattr *tb[NFTA_SET_ELEM_MAX + 1], *data[NFTA_DATA_MAX + 1];

	if (nla_parse_nested(tb, NFTA_SET_ELEM_MAX, attr, NULL) < 0)
		return;
	if (tb[NFTA_SET_ELEM_KEY] &&
	    nla_parse_nested(data, NFTA_DATA_MAX, tb[NFTA_SET_ELEM_KEY], NULL) == 0)
		read_value(&element->key, data[NFTA_DATA_VALUE]);
	if (tb[NFTA_SET_ELEM_DATA] &&
	    nla_parse_nested(data, NFTA_DATA_MAX, tb[NFTA_SET_ELEM_DATA], NULL) == 0) {
		read_value(&element->data, data[NFTA_DATA_VALUE]);
		read_chain(element->chain, data[NFTA_DATA_VERDICT]);
	}
	nft_read_comment(element->comment, sizeof(element->comment), tb[NFTA_SET_ELEM_USERDATA]);
}

/* Looks */

struct look {
	struct nft_set set;
	nft_set_fn *set_seen;
	nft_element_fn *seen;
	void *arg;
};

static void hear_elements(struct nlmsghdr *hdr, void *arg)
{
	const struct look *look = arg;
	struct nlattr *attr,
		*list = nlmsg_find_attr(hdr, sizeof(struct nfgenmsg), NFTA_SET_ELEM_LIST_ELEMENTS);
	int left;

	if (!list)
		return;
	nla_for_each_nested(attr, list, left) {
		struct nft_element element = { .set = look->set };

		read_element(&element, attr);
		look->seen(&element, look->arg);
	}
}

int nft_each(struct nft *nft, const struct nft_set *set, nft_element_fn *seen, void *arg)
{
	struct look look = { .set = *set, .seen = seen, .arg = arg };

	return nft_ask(nft, about_set(nft, NFT_MSG_GETSETELEM, NLM_F_DUMP, set), hear_elements,
		       &look);
}

static void keep(const struct nft_element *element, void *arg)
{
	*(struct nft_element *)arg = *element;
}

int nft_get(struct nft *nft, struct nft_element *element)
{
	struct look look = { .set = element->set, .seen = keep, .arg = element };

	return nft_ask(nft, about_element(nft, NFT_MSG_GETSETELEM, NLM_F_ACK, element),
		       hear_elements, &look);
}

static void hear_set(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *name = nlmsg_find_attr(hdr, sizeof(struct nfgenmsg), NFTA_SET_NAME);
	struct look *look = arg;

	if (name &&
	    nla_strlcpy(look->set.name, name, sizeof(look->set.name)) < sizeof(look->set.name))
		look->set_seen(&look->set, look->arg);
}

int nft_each_set(struct nft *nft, const struct nft_set *table, nft_set_fn *seen, void *arg)
{
	struct look look = { .set = *table, .set_seen = seen, .arg = arg };
	struct nl_msg *msg = nft_message(nft, NFT_MSG_GETSET, NLM_F_DUMP, table->family);

	nla_put_string(msg, NFTA_SET_TABLE, table->table);
	return nft_ask(nft, msg, hear_set, &look);
}
