/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/nftables/entries.h"
#include "firewall/nftables/find.h"
#include "firewall/nftables/put.h"
#include "firewall/nftables/sweep.h"
#include "firewall/owner.h"
#include "kernel/nft_rules.h"
#include "kernel/program.h"
#include "value/scope.h"

static bool is_stale(const struct nft_element *element, const void *valid)
{
	return owner_is_stale(element->comment, valid);
}

/* The chains of a network, and what was gathered of their names. */
struct chains {
	char prefix[NFT_CHAIN];
	char *name; /* of NFT_CHAIN bytes each */
	size_t n;
};

static void keep_chain(const char *chain, void *arg)
{
	struct chains *chains = arg;
	char *more;

	/* "masq-net-5f0c1a22": eight digits and nothing else behind the network. */
	if (strncmp(chain, chains->prefix, strlen(chains->prefix)) != 0 ||
	    strlen(chain) != strlen(chains->prefix) + 8)
		return;
	more = realloc(chains->name, (chains->n + 1) * NFT_CHAIN);
	if (!more)
		abort();
	chains->name = more;
	snprintf(chains->name + chains->n++ * NFT_CHAIN, NFT_CHAIN, "%s", chain);
}

/* The kernel knows best which chain is still needed: it refuses to remove that. */
static int sweep_chains(struct firewall *fw, const struct attachments *valid, struct error *err)
{
	struct chains chains = { .n = 0 };
	char network[OWNER_NETWORK];
	int r;

	snprintf(chains.prefix, sizeof(chains.prefix), "masq-%s-",
		 owner_network(valid->network, network));
	for (char *c = chains.prefix; (c = strchr(c, '~'));)
		*c = '_';
	r = nft_each_chain(&fw->nft, entries_table(CLAIM_MASQUERADE), keep_chain, &chains);
	r = found_nothing(r) ? 0 : r;
	for (size_t i = 0; i < chains.n && r == 0; i++) {
		const char *name = chains.name + i * NFT_CHAIN;
		const struct journal_rules rules = { valid->network, name, NFTABLES_JOURNAL };

		r = nft_remove_chain(&fw->nft, entries_table(CLAIM_MASQUERADE), name);
		if (r == 0)
			r = journal_drop(&fw->journal, &rules, err) < 0 ? -1 : 0;
		else if (r == -EBUSY || found_nothing(r))
			r = 0;
		else
			nft_error(&fw->nft, err, "remove chain %s", name);
	}
	free(chains.name);
	return r < 0 ? -1 : 0;
}

/* Links and conditions: what host ports have in common */

static void count(const struct nft_element *element, void *arg)
{
	(void)element;
	++*(size_t *)arg;
}

/* A set that is not there is as empty as can be. */
static bool is_empty(struct firewall *fw, const struct nft_set *set)
{
	size_t n = 0;
	int r = nft_each(&fw->nft, set, count, &n);

	return (r == 0 || r == -ENOENT) && !n;
}

static void keep(const struct nft_element *element, void *arg)
{
	struct found *found = arg;

	found->element = realloc(found->element, (found->n + 1) * sizeof(*element));
	if (!found->element)
		abort();
	found->element[found->n++] = *element;
}

/* A link matters as long as any pod behind any of them has a hairpin. */
static int sweep_links(struct firewall *fw, struct error *err)
{
	static const struct nft_set hairpins[] = { { NFT_INET, "podwire", "hairpin4" },
						   { NFT_INET, "podwire", "hairpin6" } };
	static const struct nft_set links = { NFT_INET, "podwire", "links" };
	_found_ struct found found = FOUND_NONE;
	int r;

	if (!is_empty(fw, &hairpins[0]) || !is_empty(fw, &hairpins[1]))
		return 0;
	r = nft_each(&fw->nft, &links, keep, &found);
	if (r == 0)
		r = nft_remove(&fw->nft, found.element, found.n);
	return r < 0 && !found_nothing(r) ? nft_error(&fw->nft, err, "remove links of host ports") :
					    0;
}

/* Maps whose names end in a hash belong to conditions: "hostport4-5f0c1a22". */
struct conditions {
	struct nft_set *map;
	size_t n;
};

static void keep_map(const struct nft_set *set, void *arg)
{
	struct conditions *conditions = arg;

	if (!strchr(set->name, '-'))
		return;
	conditions->map = realloc(conditions->map, (conditions->n + 1) * sizeof(*set));
	if (!conditions->map)
		abort();
	conditions->map[conditions->n++] = *set;
}

static bool are_in_use(struct firewall *fw, const struct conditions *conditions, const char *hash)
{
	for (size_t i = 0; i < conditions->n; i++)
		if (!strcmp(strrchr(conditions->map[i].name, '-'), hash) &&
		    !is_empty(fw, &conditions->map[i]))
			return true;
	return false;
}

/* A rule that refers to a map goes before it: first all chains are emptied. */
static char *removal_text(const struct conditions *conditions, const char *hash)
{
	static const char *const chains[] = { "prerouting", "output", "hostports" };
	static const char *const words[] = { "flush", "delete" };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (size_t w = 0; w < COUNT(words); w++)
		for (size_t i = 0; i < COUNT(chains); i++)
			fprintf(out, "%s chain inet podwire %s%s\n", words[w], chains[i], hash);
	for (size_t i = 0; i < conditions->n; i++)
		if (!strcmp(strrchr(conditions->map[i].name, '-'), hash))
			fprintf(out, "delete map inet podwire %s\n", conditions->map[i].name);
	if (fclose(out) != 0)
		abort();
	return text;
}

static void remove_conditions(struct firewall *fw, const struct conditions *conditions,
			      const char *hash, const struct attachments *valid)
{
	static const char *const argv[] = { "nft", "-f", "-", NULL };
	_free_ char *text = removal_text(conditions, hash);
	struct program nft = { .argv = argv, .input = text };
	char network[OWNER_NETWORK], name[NFT_CHAIN];
	struct error ignored;

	snprintf(name, sizeof(name), "ports-%s%s", owner_network(valid->network, network), hash);
	/* What stays harms nobody: the next GC tries again. */
	if (program_run(&nft, &ignored) == 0)
		journal_drop(&fw->journal,
			     &(struct journal_rules){ valid->network, name, NFTABLES_JOURNAL },
			     &ignored);
}

static void sweep_conditions(struct firewall *fw, const struct attachments *valid)
{
	struct conditions conditions = { .n = 0 };
	int r = nft_each_set(&fw->nft, entries_table(CLAIM_HOSTPORT), keep_map, &conditions);

	for (size_t i = 0; i < conditions.n && r == 0; i++) {
		const char *hash = strrchr(conditions.map[i].name, '-');
		bool first = true;

		for (size_t k = 0; k < i; k++)
			first &= strcmp(strrchr(conditions.map[k].name, '-'), hash) != 0;
		if (first && !are_in_use(fw, &conditions, hash))
			remove_conditions(fw, &conditions, hash, valid);
	}
	free(conditions.map);
}

/* Alone: no ADD may be about to use a chain that goes, and its text with it. 1: no journal. */
static int sweep_journal(struct firewall *fw, enum claim_sort sort, const struct attachments *valid,
			 struct error *err)
{
	const struct journal_sort of = { claim_sorts[sort], NFTABLES_JOURNAL };
	int r = journal_lock_if_there(&fw->journal, LOCK_ALONE, err);

	return r ? r : journal_sweep(&fw->journal, &of, valid, err);
}

int nftables_sweep(struct firewall *fw, enum claim_sort sort, const struct attachments *valid,
		   struct error *err)
{
	_found_ struct found found = { .is_wanted = is_stale, .arg = valid };
	int journal = sweep_journal(fw, sort, valid, err);
	int r = journal < 0 ? -1 : found_remove(fw, sort, &found, err);

	if (r == 0 && journal == 0 && sort == CLAIM_MASQUERADE)
		r = sweep_chains(fw, valid, err);
	if (r == 0 && journal == 0 && sort == CLAIM_HOSTPORT) {
		sweep_conditions(fw, valid);
		r = sweep_links(fw, err);
	}
	journal_unlock(&fw->journal);
	return r;
}
