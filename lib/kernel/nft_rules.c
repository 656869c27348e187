/* SPDX-License-Identifier: Apache-2.0 */

#include <netlink/socket.h>

#include "kernel/nft_elements.h"
#include "kernel/nft_rules.h"
#include "kernel/nft_talk.h"

static struct nl_msg *about_table(struct nft *nft, int verb, int flags, const struct nft_set *table)
{
	struct nl_msg *msg = nft_message(nft, verb, flags, table->family);

	/* NFTA_TABLE_NAME, NFTA_CHAIN_TABLE and NFTA_RULE_TABLE are one number. */
	nla_put_string(msg, NFTA_TABLE_NAME, table->table);
	return msg;
}

int nft_has_table(struct nft *nft, const struct nft_set *table)
{
	return nft_ask(nft, about_table(nft, NFT_MSG_GETTABLE, NLM_F_ACK, table), NULL, NULL);
}

int nft_has_chain(struct nft *nft, const struct nft_set *table, const char *chain)
{
	struct nl_msg *msg = about_table(nft, NFT_MSG_GETCHAIN, NLM_F_ACK, table);

	nla_put_string(msg, NFTA_CHAIN_NAME, chain);
	return nft_ask(nft, msg, NULL, NULL);
}

struct visit {
	nft_rule_fn *rule;
	nft_chain_fn *chain;
	void *arg;
};

static void hear_rule(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *tb[NFTA_RULE_MAX + 1];
	const struct visit *visit = arg;
	char comment[NFT_COMMENT];

	if (nlmsg_parse(hdr, sizeof(struct nfgenmsg), tb, NFTA_RULE_MAX, NULL) < 0 ||
	    !tb[NFTA_RULE_CHAIN])
		return;
	nft_read_comment(comment, sizeof(comment), tb[NFTA_RULE_USERDATA]);
	visit->rule(nla_get_string(tb[NFTA_RULE_CHAIN]), comment, visit->arg);
}

int nft_each_rule(struct nft *nft, const struct nft_set *table, nft_rule_fn *seen, void *arg)
{
	struct visit visit = { .rule = seen, .arg = arg };

	return nft_ask(nft, about_table(nft, NFT_MSG_GETRULE, NLM_F_DUMP, table), hear_rule,
		       &visit);
}

/* A dump of chains is not narrowed to a table by every kernel: it is looked at again. */
struct chain_visit {
	struct visit visit;
	const char *table;
};

static void hear_chain(struct nlmsghdr *hdr, void *arg)
{
	const struct chain_visit *search = arg;
	struct nlattr *tb[NFTA_CHAIN_MAX + 1];

	if (nlmsg_parse(hdr, sizeof(struct nfgenmsg), tb, NFTA_CHAIN_MAX, NULL) == 0 &&
	    tb[NFTA_CHAIN_TABLE] && tb[NFTA_CHAIN_NAME] &&
	    nla_strcmp(tb[NFTA_CHAIN_TABLE], search->table) == 0)
		search->visit.chain(nla_get_string(tb[NFTA_CHAIN_NAME]), search->visit.arg);
}

int nft_each_chain(struct nft *nft, const struct nft_set *table, nft_chain_fn *seen, void *arg)
{
	struct chain_visit search = { { .chain = seen, .arg = arg }, table->table };

	return nft_ask(nft, about_table(nft, NFT_MSG_GETCHAIN, NLM_F_DUMP, table), hear_chain,
		       &search);
}

/* In a removal of a rule without a handle, all rules of the chain are meant. */
int nft_remove_chain(struct nft *nft, const struct nft_set *table, const char *chain)
{
	struct nft_batch batch = nft_batch_open(nft, 2);
	struct nl_msg *rules = about_table(nft, NFT_MSG_DELRULE, 0, table);
	struct nl_msg *itself = about_table(nft, NFT_MSG_DELCHAIN, NLM_F_ACK, table);

	nla_put_string(rules, NFTA_RULE_CHAIN, chain);
	nla_put_string(itself, NFTA_CHAIN_NAME, chain);
	nft_batch_add(&batch, rules);
	nft_batch_add(&batch, itself);
	late_keep(&nft->late, nl_socket_get_fd(nft->sock));
	return nft_batch_send(nft, &batch);
}

int nft_remove_table(struct nft *nft, const struct nft_set *table)
{
	struct nft_batch batch = nft_batch_open(nft, 1);

	nft_batch_add(&batch, about_table(nft, NFT_MSG_DELTABLE, NLM_F_ACK, table));
	late_keep(&nft->late, nl_socket_get_fd(nft->sock));
	return nft_batch_send(nft, &batch);
}
