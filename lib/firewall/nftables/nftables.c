/* SPDX-License-Identifier: Apache-2.0 */

/* The backend of nf_tables: a claim is a handful of elements. */

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/backend.h"
#include "firewall/nftables/entries.h"
#include "firewall/nftables/find.h"
#include "firewall/nftables/put.h"
#include "firewall/nftables/reload.h"
#include "firewall/nftables/rules.h"
#include "firewall/nftables/share.h"
#include "firewall/nftables/sweep.h"
#include "firewall/owner.h"
#include "kernel/conntrack.h"
#include "kernel/nft_rules.h"
#include "value/scope.h"

static int forget_removed(const struct found *found, struct error *err)
{
	_free_ struct conntrack_port *ports = calloc(found->n + 1, sizeof(*ports));
	size_t n = 0;

	for (size_t i = 0; ports && i < found->n; i++)
		if (found_port(&found->element[i], &ports[n]))
			n++;
	return conntrack_forget(ports, n, FLOWS_OF_POD, err);
}

/* A link that is gone goes with the next pod that goes: of some plugins each pod has its own. */
static bool is_dead_link(const struct nft_element *element)
{
	return !strcmp(element->set.name, "links") &&
	       !if_nametoindex((const char *)element->key.byte);
}

static bool is_owners(const struct nft_element *element, const void *owner)
{
	return !strcmp(element->comment, owner) || is_dead_link(element);
}

/* First from the journal: what is not there cannot come back. 1: there is no journal. */
static int erase(struct firewall *fw, const struct claim_of *of, struct error *err)
{
	const struct journal_pod pod = { of->owner, claim_sorts[of->sort], NFTABLES_JOURNAL };
	int r = journal_lock_if_there(&fw->journal, LOCK_SHARED, err);

	return r ? r : journal_erase(&fw->journal, &pod, err);
}

static int remove_claim(struct firewall *fw, const struct claim_of *of, struct error *err)
{
	char owner[OWNER_STRLEN];
	_found_ struct found found = { .is_wanted = is_owners, .arg = owner_str(of->owner, owner) };
	struct error one;

	*err = (struct error){ 0 };
	if (erase(fw, of, &one) < 0)
		error_join(err, &one);
	if (found_remove(fw, of->sort, &found, &one) < 0)
		error_join(err, &one);
	journal_unlock(&fw->journal);
	if (of->sort == CLAIM_HOSTPORT && forget_removed(&found, &one) < 0)
		error_join(err, &one);
	return err->code ? -1 : 0;
}

/* Check */

static int check_element(struct firewall *fw, const struct entries *entries, size_t i,
			 struct error *err)
{
	const struct nft_element *must = &entries->element[i];
	struct nft_element is = { .set = must->set, .key = must->key };
	char what[ENTRY_STRLEN];
	int r = nft_get(&fw->nft, &is);

	entry_str(entries, i, what);
	if (r == -ENOENT)
		return error_set(err, CNI_CHECK_FAILED, "firewall element %s is missing", what);
	if (r < 0)
		return nft_error(&fw->nft, err, "look for firewall element %s", what);
	if (element_serves(&is, must))
		return 0;
	if (!must->shared && strcmp(is.comment, must->comment) != 0)
		return error_set(err, CNI_CHECK_FAILED, "firewall element %s belongs to \"%s\"",
				 what, is.comment);
	if (is.data.size != must->data.size ||
	    memcmp(is.data.byte, must->data.byte, must->data.size) != 0 ||
	    strcmp(is.chain, must->chain) != 0)
		return error_set(err, CNI_CHECK_FAILED,
				 "firewall element %s leads elsewhere than "
				 "to %s",
				 what, must->chain[0] ? must->chain : entries->text[i].data);
	return 0;
}

/* A table that is gone as a whole went with a firewall reload: everything comes back first. */
static int heal(struct firewall *fw, enum claim_sort sort, struct error *err)
{
	int r = nft_has_table(&fw->nft, entries_table(sort));

	if (r != -ENOENT)
		return r < 0 ? nft_error(&fw->nft, err, "look for table podwire") : 0;
	if (journal_lock(&fw->journal, LOCK_ALONE, err) < 0)
		return -1;
	r = reload(fw, sort, NULL, err);
	journal_unlock(&fw->journal);
	return r > 0 ? error_set(err, CNI_CHECK_FAILED, "table podwire is missing: %s",
				 fw->why_not) :
		       r;
}

static int check(struct firewall *fw, const struct claim *claim, struct error *err)
{
	_entries_ struct entries entries = ENTRIES_NONE;
	const struct nft_set *table = entries_table(claim->sort);

	entries_write(&entries, claim);
	if (nft_open(&fw->nft, err) < 0 || heal(fw, claim->sort, err) < 0)
		return -1;
	for (size_t i = 0; i < entries.n; i++)
		if (check_element(fw, &entries, i, err) < 0)
			return -1;
	if (rules_check(&fw->nft, table, rules_skeleton(claim->sort), err) < 0)
		return -1;
	return entries.rules ? rules_check(&fw->nft, table, entries.rules, err) : 0;
}

/* Ready, restore */

static int bring_table(struct firewall *fw, enum claim_sort sort, struct error *err)
{
	int r;

	if (nft_open(&fw->nft, err) < 0) {
		snprintf(fw->why_not, sizeof(fw->why_not), "nf_tables: %.400s", err->msg);
		return 1;
	}
	if (journal_lock(&fw->journal, LOCK_ALONE, err) < 0)
		return -1;
	r = reload(fw, sort, NULL, err);
	journal_unlock(&fw->journal);
	return r;
}

/* Where the table is, elements can be added. Where it is not, to load it is the proof. */
static int ready(struct firewall *fw, const struct claim *claim, struct error *err)
{
	if (nft_open(&fw->nft, err) == 0 &&
	    nft_has_table(&fw->nft, entries_table(claim->sort)) == 0)
		return 0;
	return bring_table(fw, claim->sort, err);
}

static int restore(struct firewall *fw, struct error *err)
{
	int r = journal_lock_if_there(&fw->journal, LOCK_ALONE, err);

	if (r)
		return r < 0 ? r : 0;
	r = reload_all(fw, err);
	journal_unlock(&fw->journal);
	return r;
}

const struct backend nftables_backend = {
	.name = "nftables",
	.is = BACKEND_NFTABLES,
	.text = NFTABLES_JOURNAL,
	.put = nftables_put,
	.look_for_holder = nftables_look_for_holder,
	.remove = remove_claim,
	.check = check,
	.ready = ready,
	.sweep = nftables_sweep,
	.restore = restore,
};
