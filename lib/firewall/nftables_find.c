/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/entries.h"
#include "firewall/nftables_find.h"
#include "firewall/owner.h"
#include "kernel/nft_rules.h"
#include "value/scope.h"

#define BACKEND "nft"
#define SETS_MAX 128

struct sets {
	enum claim_sort sort;
	struct nft_set *set;
	size_t n;
};

static void keep_set(const struct nft_set *set, void *arg)
{
	struct sets *sets = arg;

	if (sets->n < SETS_MAX && entries_belong(sets->sort, set))
		sets->set[sets->n++] = *set;
}

static void keep_element(const struct nft_element *element, void *arg)
{
	struct found *found = arg;

	if (!found->is_wanted(element, found->arg))
		return;
	if (found->n == found->room) {
		found->room = found->room ? 2 * found->room : 16;
		found->element = realloc(found->element, found->room * sizeof(*found->element));
		if (!found->element)
			abort();
	}
	found->element[found->n++] = *element;
}

static int find(struct firewall *fw, struct sets *sets, struct found *found)
{
	int r;

	sets->n = found->n = 0;
	r = nft_each_set(&fw->nft, entries_table(sets->sort), keep_set, sets);
	for (size_t i = 0; i < sets->n && (r == 0 || r == -ENOENT); i++)
		r = nft_each(&fw->nft, &sets->set[i], keep_element, found);
	return r;
}

/* A kernel without nf_tables, a table that is not there, or that went while we looked. */
static bool is_absent(int r)
{
	return r == -ENOENT || r == -EOPNOTSUPP || r == -EPROTONOSUPPORT;
}

int found_remove(struct firewall *fw, enum claim_sort sort, struct found *found, struct error *err)
{
	_free_ struct nft_set *room = calloc(SETS_MAX, sizeof(*room));
	struct sets sets = { .sort = sort, .set = room };
	struct error ignored;
	int r;

	if (!room)
		return error_errno(err, ENOMEM, "list the sets of table podwire");
	if (nft_open(&fw->nft, &ignored) < 0)
		return 0;
	do {
		r = nft_watch(&fw->nft);
		if (r == 0)
			r = find(fw, &sets, found);
		if (r == 0 || (r == -ENOENT && found->n))
			r = nft_remove(&fw->nft, found->element, found->n);
	} while (r == -EINTR || r == -ERESTART);
	return r < 0 && !is_absent(r) ?
		       nft_error(&fw->nft, err, "remove %s elements of table podwire",
				 claim_sorts[sort]) :
		       0;
}

bool found_port(const struct nft_element *element, struct conntrack_port *port)
{
	const uint8_t *pod = element->data.byte, *key = element->key.byte;
	bool v6 = element->data.size == 20;
	uint16_t number;

	if (element->data.size != 20 && element->data.size != 8)
		return false;
	if (!strncmp(element->set.name, "hostip", 6))
		key += v6 ? 16 : 4;
	memcpy(&number, key + 4, sizeof(number));
	*port = (struct conntrack_port){ .protocol = key[0],
					 .port = ntohs(number),
					 .pod = { .family = v6 ? AF_INET6 : AF_INET,
						  .prefix = v6 ? 128 : 32 } };
	memcpy(port->pod.byte, pod, v6 ? 16 : 4);
	return true;
}

void found_close(struct found *found)
{
	free(found->element);
	*found = FOUND_NONE;
}

/* GC */

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
	r = is_absent(r) ? 0 : r;
	for (size_t i = 0; i < chains.n && r == 0; i++) {
		const char *name = chains.name + i * NFT_CHAIN;
		const struct journal_rules rules = { valid->network, name, BACKEND };

		r = nft_remove_chain(&fw->nft, entries_table(CLAIM_MASQUERADE), name);
		if (r == 0)
			r = journal_drop(&fw->journal, &rules, err);
		else if (r == -EBUSY || is_absent(r))
			r = 0;
		else
			nft_error(&fw->nft, err, "remove chain %s", name);
	}
	free(chains.name);
	return r < 0 ? -1 : 0;
}

/* Alone: no ADD may be about to use a chain that goes, and its text with it. 1: no journal. */
static int sweep_journal(struct firewall *fw, enum claim_sort sort, const struct attachments *valid,
			 struct error *err)
{
	const struct journal_sort of = { claim_sorts[sort], BACKEND };
	int r = journal_lock_if_there(&fw->journal, LOCK_ALONE, err);

	return r ? r : journal_sweep(&fw->journal, &of, valid, err);
}

int found_sweep(struct firewall *fw, enum claim_sort sort, const struct attachments *valid,
		struct error *err)
{
	_found_ struct found found = { .is_wanted = is_stale, .arg = valid };
	int journal = sweep_journal(fw, sort, valid, err);
	int r = journal < 0 ? -1 : found_remove(fw, sort, &found, err);

	if (r == 0 && journal == 0 && sort == CLAIM_MASQUERADE)
		r = sweep_chains(fw, valid, err);
	journal_unlock(&fw->journal);
	return r;
}
