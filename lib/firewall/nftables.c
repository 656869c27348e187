/* SPDX-License-Identifier: Apache-2.0 */

/* The backend of nf_tables: a claim is a handful of elements. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/backend.h"
#include "firewall/entries.h"
#include "firewall/flows.h"
#include "firewall/nftables_find.h"
#include "firewall/nftables_share.h"
#include "firewall/nftables_sweep.h"
#include "firewall/owner.h"
#include "firewall/reload.h"
#include "firewall/rules.h"
#include "kernel/conntrack.h"
#include "kernel/nft_rules.h"
#include "value/scope.h"

#define BACKEND "nft"
#define TRIES 10 /* against somebody who flushes the ruleset all the time */

static struct journal_pod pod_of(const struct claim *claim)
{
	return (struct journal_pod){ claim->owner, claim_sorts[claim->sort], BACKEND };
}

static struct journal_rules rules_of(const struct claim *claim, const struct entries *entries)
{
	return (struct journal_rules){ claim->owner->network, entries->rules_name, BACKEND };
}

/* The kernel has no nf_tables: no error, but no use either. */
static int unusable(struct firewall *fw)
{
	snprintf(fw->why_not, sizeof(fw->why_not), "nf_tables: %s%s%s", strerror(fw->nft.errnum),
		 fw->nft.words[0] ? ": " : "", fw->nft.words);
	return 1;
}

static bool is_unusable(int r)
{
	return r == -EOPNOTSUPP || r == -EPROTONOSUPPORT || r == -ENOSYS;
}

/* Put */

/* A host port is first come, first served; all else the lease has made ours. */
static bool may_take_over(const struct claim *claim, const struct nft_element *holder)
{
	char owner[OWNER_STRLEN];

	return !element_is_port(holder) || !strcmp(holder->comment, owner_str(claim->owner, owner));
}

static int taken(const struct entries *entries, size_t i, const char *holder, struct error *err)
{
	struct conntrack_port port = { .port = 0 };
	char what[ENTRY_STRLEN];

	found_port(&entries->element[i], &port);
	error_set(err, CNI_PORT_TAKEN, "host port %u/%s is taken by %s", port.port,
		  claim_protocol(port.protocol), holder);
	error_detail(err, "firewall element %s", entry_str(entries, i, what));
	return -1;
}

/* The key of an element is taken. 0: next time it will be taken over, or it is free by now. */
static int yield_or_take(struct firewall *fw, const struct claim *claim, struct entries *entries,
			 struct error *err)
{
	size_t refused = fw->nft.refused;
	struct nft_element holder;

	if (refused >= entries->n)
		return nft_error(&fw->nft, err, "add elements to table podwire");
	holder = entries->element[refused];
	if (nft_get(&fw->nft, &holder) < 0)
		return 0;
	if (element_serves(&holder, &entries->element[refused])) {
		entries_leave_served(entries, &fw->nft);
		return 0;
	}
	if (!may_take_over(claim, &holder))
		return taken(entries, refused, holder.comment, err);
	entries->element[refused].over = true;
	return 0;
}

/* Something is missing: a table, a set, a chain, or what was to be taken over. */
static int bring_back(struct firewall *fw, const struct claim *claim, struct entries *entries,
		      struct error *err)
{
	for (size_t i = 0; i < entries->n; i++)
		entries->element[i].over = false;
	if (journal_lock(&fw->journal, LOCK_ALONE, err) < 0)
		return -1;
	return reload(fw, claim->sort, entries->rules, err);
}

static int add(struct firewall *fw, const struct claim *claim, struct entries *entries,
	       struct error *err)
{
	const size_t most = entries->n + TRIES;
	int r = nft_add(&fw->nft, entries->element, entries->n), how = 0;

	for (size_t tries = 0; r < 0 && tries < most; tries++) {
		if (is_unusable(r))
			return unusable(fw);
		if (r == -EEXIST)
			how = yield_or_take(fw, claim, entries, err);
		else if (r == -ENOENT)
			how = bring_back(fw, claim, entries, err);
		else
			break;
		if (how)
			return how;
		r = nft_add(&fw->nft, entries->element, entries->n);
	}
	return r < 0 ? nft_error(&fw->nft, err, "add the %s of %s to table podwire",
				 claim_sorts[claim->sort], claim->owner->container) :
		       0;
}

static int write_journal(struct firewall *fw, const struct claim *claim,
			 const struct entries *entries, struct error *err)
{
	const struct journal_rules rules = rules_of(claim, entries);
	const struct journal_pod pod = pod_of(claim);
	_free_ char *text = entries_text(entries);

	if (entries->rules && journal_keep(&fw->journal, &rules, entries->rules, err) < 0)
		return -1;
	return journal_write(&fw->journal, &pod, text, err);
}

static int put(struct firewall *fw, const struct claim *claim, struct error *err)
{
	_entries_ struct entries entries = ENTRIES_NONE;
	struct error ignored;
	int r;

	entries_write(&entries, claim);
	if (nft_open(&fw->nft, err) < 0) {
		snprintf(fw->why_not, sizeof(fw->why_not), "nf_tables: %.400s", err->msg);
		return 1;
	}
	if (journal_lock(&fw->journal, LOCK_SHARED, err) < 0)
		return -1;
	r = add(fw, claim, &entries, err);
	if (r == 0 &&
	    (write_journal(fw, claim, &entries, err) < 0 || flows_forget_strays(claim, err) < 0)) {
		nft_remove(&fw->nft, entries.element, entries.n);
		journal_erase(
			&fw->journal,
			&(struct journal_pod){ claim->owner, claim_sorts[claim->sort], BACKEND },
			&ignored);
		r = -1;
	}
	journal_unlock(&fw->journal);
	return r;
}

/* For a claim that another backend is to keep. */
static int look_for_holder(struct firewall *fw, const struct claim *claim, struct error *err)
{
	_entries_ struct entries entries = ENTRIES_NONE;
	char owner[OWNER_STRLEN];
	struct error ignored;

	if (nft_open(&fw->nft, &ignored) < 0)
		return 0;
	entries_write(&entries, claim);
	for (size_t i = 0; i < entries.n; i++) {
		struct nft_element holder = entries.element[i];

		if (element_is_port(&holder) && nft_get(&fw->nft, &holder) == 0 &&
		    !owner_is_same_container(holder.comment, owner_str(claim->owner, owner)))
			return taken(&entries, i, holder.comment, err);
	}
	return 0;
}

/* Remove */

static int forget_removed(const struct found *found, struct error *err)
{
	_free_ struct conntrack_port *ports = calloc(found->n + 1, sizeof(*ports));
	size_t n = 0;

	for (size_t i = 0; ports && i < found->n; i++)
		if (found_port(&found->element[i], &ports[n]))
			n++;
	return conntrack_forget(ports, n, FLOWS_OF_POD, err);
}

static bool is_owners(const struct nft_element *element, const void *owner)
{
	return !strcmp(element->comment, owner);
}

/* First from the journal: what is not there cannot come back. 1: there is no journal. */
static int erase(struct firewall *fw, const struct claim_of *of, struct error *err)
{
	const struct journal_pod pod = { of->owner, claim_sorts[of->sort], BACKEND };
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
	.text = BACKEND,
	.put = put,
	.look_for_holder = look_for_holder,
	.remove = remove_claim,
	.check = check,
	.ready = ready,
	.sweep = nftables_sweep,
	.restore = restore,
};
