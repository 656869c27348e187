/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include "firewall/iptables/prune.h"
#include "firewall/reference.h"
#include "kernel/nft_prune.h"
#include "kernel/nft_rules.h"
#include "value/scope.h"

#define COMMENT_LEN 1024

/* Whose rules: one attachment's, or (valid is not NULL) those of nobody valid. */
struct whose {
	enum claim_sort sort;
	struct attachment owner; /* of nobody valid: only the network */
	const struct attachments *valid;
};

static bool begins_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* iptables */

static const char *const masquerade_chains[] = { "POSTROUTING", NULL };
static const char *const hostport_chains[] = { "CNI-HOSTPORT-DNAT", "CNI-HOSTPORT-SNAT", NULL };

/* What follows `name: "<network>" id: "` in a comment, without the last quote; NULL: not so. */
static const char *container_of(const char *comment, const char *network,
				char id[static COMMENT_LEN])
{
	size_t len;

	snprintf(id, COMMENT_LEN, "name: \"%s\" id: \"", network);
	if (!begins_with(comment, id))
		return NULL;
	snprintf(id, COMMENT_LEN, "%s", comment + strlen(id));
	len = strlen(id);
	if (!len || id[len - 1] != '"')
		return NULL;
	id[len - 1] = '\0';
	return id;
}

static bool is_theirs(const char *comment, const struct whose *whose)
{
	char id[COMMENT_LEN];

	if (!container_of(comment, whose->owner.network, id))
		return false;
	return whose->valid ? !attachments_have(whose->valid, id, NULL) :
			      !strcmp(id, whose->owner.container);
}

static bool leads_to_masquerade(const struct saved_rule *rule, const void *whose)
{
	return begins_with(rule->target, "CNI-") && !begins_with(rule->target, "CNI-HOSTPORT") &&
	       is_theirs(rule->comment, whose);
}

static bool leads_to_hostport(const struct saved_rule *rule, const void *whose)
{
	return (begins_with(rule->target, "CNI-DN-") || begins_with(rule->target, "CNI-SN-")) &&
	       (begins_with(rule->comment, "dnat ") || begins_with(rule->comment, "snat ")) &&
	       is_theirs(rule->comment + strlen("dnat "), whose);
}

static int prune_iptables(struct firewall *fw, const struct whose *whose, struct error *err)
{
	bool masquerade = whose->sort == CLAIM_MASQUERADE;
	char text[COMMENT_LEN];
	_pruning_ struct pruning pruning = {
		.chains = masquerade ? masquerade_chains : hostport_chains,
		.text = text,
		.is_wanted = masquerade ? leads_to_masquerade : leads_to_hostport,
		.arg = whose,
	};

	snprintf(text, sizeof(text), "name: \"%s\" id: \"%s", whose->owner.network,
		 whose->valid ? "" : whose->owner.container);
	if (prune(fw, &pruning, err) < 0)
		return -1;
	return prune_forget(&pruning, err);
}

/* nftables */

#define HASHES 33	/* two of sixteen digits, and the '-' between */
#define COMMENT_MAX 128 /* where the reference cuts its comments */
#define ID_ENOUGH 12	/* digits of a container ID that no other has, to all practical purpose */

/* What the reference writes behind the hashes. false: so long that it cannot tell whose it is. */
static bool tail_of(const struct attachment *attachment, char tail[static COMMENT_LEN])
{
	int id = snprintf(tail, COMMENT_LEN, ", net: %s, if: %s, id: ", attachment->network,
			  attachment->ifname);
	size_t max = COMMENT_MAX - HASHES, len;

	if (id < 0 || (size_t)id >= COMMENT_LEN)
		return false;
	snprintf(tail + id, COMMENT_LEN - (size_t)id, "%s", attachment->container);
	len = strlen(tail);
	tail[len < max ? len : max] = '\0';
	return len <= max || (size_t)id + ID_ENOUGH <= max;
}

/* 1: it is this attachment's; 0: it is not; -1: nobody can tell. */
static int belongs_to(const char *comment, const struct attachment *attachment)
{
	char tail[COMMENT_LEN];
	bool certain = tail_of(attachment, tail);

	if (strlen(comment) <= HASHES || strcmp(comment + HASHES, tail) != 0)
		return 0;
	return certain ? 1 : -1;
}

struct search {
	const char *comment;
	bool found;
};

static void compare(const struct attachment *valid, void *arg)
{
	struct search *search = arg;

	search->found |= belongs_to(search->comment, valid) != 0;
}

static bool is_masquerade(const char *comment, const void *arg)
{
	const struct whose *whose = arg;
	struct search search = { .comment = comment };
	char network[COMMENT_LEN];

	if (!whose->valid)
		return belongs_to(comment, &whose->owner) > 0;
	snprintf(network, sizeof(network), ", net: %s, if: ", whose->owner.network);
	if (strlen(comment) <= HASHES || !begins_with(comment + HASHES, network))
		return false;
	attachments_each(whose->valid, compare, &search);
	return !search.found;
}

/* It says neither network nor interface: like the reference, we take all of the container's. */
static bool is_hostport(const char *comment, const void *arg)
{
	const struct whose *whose = arg;

	return !strcmp(comment, whose->owner.container);
}

static bool is_maccheck(const char *comment, const void *arg)
{
	const struct whose *whose = arg;
	char must[COMMENT_LEN];

	snprintf(must, sizeof(must), "macspoofchk-%s-%s", whose->owner.container,
		 whose->owner.ifname);
	return !strcmp(comment, must);
}

/* The first leads to the second. A name that is too long for the kernel is no chain's. */
static int remove_maccheck_chains(struct nft *nft, const struct nft_set *table,
				  const struct whose *whose)
{
	static const char *const ends[] = { "", "-mac" };
	char chain[COMMENT_LEN];
	int r = 0;

	for (size_t i = 0; i < COUNT(ends) && r == 0; i++) {
		int len = snprintf(chain, sizeof(chain), "cni-br-iface-%s-%s%s",
				   whose->owner.container, whose->owner.ifname, ends[i]);

		if (len >= NFT_CHAIN_MAXNAMELEN)
			break;
		r = nft_has_chain(nft, table, chain);
		if (r == 0)
			r = nft_remove_chain(nft, table, chain);
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

static int prune_nftables(struct firewall *fw, const struct whose *whose, struct error *err)
{
	static const struct {
		enum claim_sort sort;
		struct nft_set table;
		nft_comment_fn *is_wanted;
		bool tells_network;
	} places[] = {
		{ CLAIM_MASQUERADE,
		  { NFT_INET, "cni_plugins_masquerade", "" },
		  is_masquerade,
		  true },
		{ CLAIM_HOSTPORT, { NFT_IPV4, "cni_hostport", "" }, is_hostport, false },
		{ CLAIM_HOSTPORT, { NFT_IPV6, "cni_hostport", "" }, is_hostport, false },
		{ CLAIM_MACCHECK, { NFT_BRIDGE, "nat", "" }, is_maccheck, false },
	};
	int r = 0;

	if (nft_open(&fw->nft, err) < 0)
		return 0;
	for (size_t i = 0; i < COUNT(places) && r == 0; i++) {
		if (places[i].sort != whose->sort || (whose->valid && !places[i].tells_network))
			continue;
		r = nft_prune(&fw->nft, &places[i].table, places[i].is_wanted, whose);
		if (r == 0 && whose->sort == CLAIM_MACCHECK)
			r = remove_maccheck_chains(&fw->nft, &places[i].table, whose);
		if (r == -EOPNOTSUPP || r == -EPROTONOSUPPORT)
			r = 0;
		if (r < 0)
			nft_error(&fw->nft, err, "remove rules of table %s", places[i].table.table);
	}
	return r < 0 ? -1 : 0;
}

static int prune_both(struct firewall *fw, const struct whose *whose, struct error *err)
{
	struct error one;

	*err = (struct error){ 0 };
	if (prune_nftables(fw, whose, &one) < 0)
		error_join(err, &one);
	if (whose->sort != CLAIM_MACCHECK && prune_iptables(fw, whose, &one) < 0)
		error_join(err, &one);
	return err->code ? -1 : 0;
}

int reference_remove(struct firewall *fw, const struct claim_of *of, struct error *err)
{
	const struct whose whose = { .sort = of->sort, .owner = *of->owner };

	return prune_both(fw, &whose, err);
}

int reference_sweep(struct firewall *fw, enum claim_sort sort, const struct attachments *valid,
		    struct error *err)
{
	const struct whose whose = { .sort = sort,
				     .owner = { .network = valid->network },
				     .valid = valid };

	return prune_both(fw, &whose, err);
}
