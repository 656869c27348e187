/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "firewall/flows.h"
#include "firewall/nftables/entries.h"
#include "firewall/nftables/find.h"
#include "firewall/nftables/put.h"
#include "firewall/nftables/reload.h"
#include "firewall/nftables/share.h"
#include "firewall/owner.h"
#include "value/scope.h"

#define TRIES 10 /* against somebody who flushes the ruleset all the time */

static struct journal_pod pod_of(const struct claim *claim)
{
	return (struct journal_pod){ claim->owner, claim_sorts[claim->sort], NFTABLES_JOURNAL };
}

static struct journal_rules rules_of(const struct claim *claim, const struct entries *entries)
{
	return (struct journal_rules){ claim->owner->network, entries->rules_name,
				       NFTABLES_JOURNAL };
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

/*
 * Somebody loaded a ruleset that he had saved before: its pods are long gone, and
 * the journal, which is as old as this boot, knows nothing of them.
 */
static bool is_of_the_past(struct firewall *fw, const struct nft_element *holder)
{
	char pieces[OWNER_STRLEN];
	struct attachment owner;
	const struct journal_pod pod = { &owner, claim_sorts[CLAIM_HOSTPORT], NFTABLES_JOURNAL };
	struct error ignored;

	return owner_parse(&owner, holder->comment, pieces) &&
	       journal_has(&fw->journal, &pod, &ignored) > 0;
}

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

/* Alone: an ADD that is between the kernel and the journal has come to its end, then. */
static int take_from_the_past(struct firewall *fw, struct nft_element *holder, struct error *err)
{
	if (journal_lock(&fw->journal, LOCK_ALONE, err) < 0)
		return -1;
	return nft_get(&fw->nft, holder) < 0 || is_of_the_past(fw, holder) ? 0 : 1;
}

/* The key of an element is taken. 0: next time it will be taken over, or it is free by now. */
static int yield_or_take(struct firewall *fw, const struct claim *claim, struct entries *entries,
			 struct error *err)
{
	size_t refused = fw->nft.refused;
	struct nft_element holder;
	int r = 0;

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
		r = take_from_the_past(fw, &holder, err);
	if (r)
		return r < 0 ? r : taken(entries, refused, holder.comment, err);
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

int nftables_put(struct firewall *fw, const struct claim *claim, struct error *err)
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
		journal_erase(&fw->journal,
			      &(struct journal_pod){ claim->owner, claim_sorts[claim->sort],
						     NFTABLES_JOURNAL },
			      &ignored);
		r = -1;
	}
	journal_unlock(&fw->journal);
	return r;
}

/* For a claim that another backend is to keep. */
int nftables_look_for_holder(struct firewall *fw, const struct claim *claim, struct error *err)
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
