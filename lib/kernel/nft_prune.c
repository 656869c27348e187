/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <netlink/socket.h>
#include <stdlib.h>

#include "kernel/nft_elements.h"
#include "kernel/nft_prune.h"
#include "kernel/nft_rules.h"
#include "kernel/nft_talk.h"

#define TRIES 10 /* against somebody who changes rules all the time */
#define CHAIN_LEN 256

struct rule {
	char chain[CHAIN_LEN];
	uint64_t handle; /* as the kernel sent it */
};

struct search {
	nft_comment_fn *is_wanted;
	const void *arg;
	struct rule *found;
	size_t n;
};

static void hear_rule(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *tb[NFTA_RULE_MAX + 1];
	struct search *search = arg;
	char comment[NFT_COMMENT];
	struct rule *more;

	if (nlmsg_parse(hdr, sizeof(struct nfgenmsg), tb, NFTA_RULE_MAX, NULL) < 0 ||
	    !tb[NFTA_RULE_CHAIN] || !tb[NFTA_RULE_HANDLE])
		return;
	nft_read_comment(comment, sizeof(comment), tb[NFTA_RULE_USERDATA]);
	if (!search->is_wanted(comment, search->arg))
		return;
	more = realloc(search->found, (search->n + 1) * sizeof(*more));
	if (!more)
		abort();
	search->found = more;
	nla_strlcpy(more[search->n].chain, tb[NFTA_RULE_CHAIN], CHAIN_LEN);
	more[search->n++].handle = nla_get_u64(tb[NFTA_RULE_HANDLE]);
}

static struct nl_msg *removal(struct nft *nft, const struct nft_set *table, const struct rule *rule,
			      int flags)
{
	struct nl_msg *msg = nft_message(nft, NFT_MSG_DELRULE, flags, table->family);

	nla_put_string(msg, NFTA_RULE_TABLE, table->table);
	nla_put_string(msg, NFTA_RULE_CHAIN, rule->chain);
	nla_put_u64(msg, NFTA_RULE_HANDLE, rule->handle);
	return msg;
}

static int remove_found(struct nft *nft, const struct nft_set *table, const struct search *search)
{
	struct nft_batch batch;

	if (!search->n)
		return 0;
	batch = nft_batch_open(nft, search->n);
	for (size_t i = 0; i < search->n; i++)
		nft_batch_add(&batch, removal(nft, table, &search->found[i],
					      i + 1 == search->n ? NLM_F_ACK : 0));
	late_keep(&nft->late, nl_socket_get_fd(nft->sock));
	return nft_batch_send(nft, &batch);
}

/* Nobody may change anything between the look and the removal: see nft_watch(). */
static int try(struct nft *nft, const struct nft_set *table, struct search *search)
{
	struct nl_msg *msg;
	int r = nft_watch(nft);

	if (r == 0) {
		msg = nft_message(nft, NFT_MSG_GETRULE, NLM_F_DUMP, table->family);
		nla_put_string(msg, NFTA_RULE_TABLE, table->table);
		r = nft_ask(nft, msg, hear_rule, search);
	}
	if (r == 0)
		r = remove_found(nft, table, search);
	nft->generation = 0;
	return r;
}

int nft_prune(struct nft *nft, const struct nft_set *table, nft_comment_fn *is_wanted,
	      const void *arg)
{
	int r = nft_has_table(nft, table);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (int i = 0; i < TRIES; i++) {
		struct search search = { .is_wanted = is_wanted, .arg = arg };

		r = try(nft, table, &search);
		free(search.found);
		if (r != -ERESTART && r != -EINTR)
			break;
	}
	return r == -ENOENT ? 0 : r;
}
