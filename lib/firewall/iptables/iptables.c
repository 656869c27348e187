/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The backend of iptables, for hosts without nftables: a claim is a chain or two.
 *
 * Everything is changed by one iptables-restore of each family, and under the
 * journal's lock, held alone: iptables-nft takes two chains of one name that are
 * made at the same moment for one.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/backend.h"
#include "firewall/flows.h"
#include "firewall/iptables/check.h"
#include "firewall/iptables/load.h"
#include "firewall/iptables/remove.h"
#include "firewall/iptables/share.h"
#include "firewall/owner.h"
#include "kernel/xtables.h"
#include "value/scope.h"

#define RIDDLES 3 /* refusals that have no reason we know of */
#define TRIES 10  /* against somebody who flushes the rules all the time */

static const int families[] = { AF_INET, AF_INET6 };

/* Of one family */
struct putting {
	struct firewall *fw;
	const struct claim *claim;
	int family;
	char *text;
};

static struct journal_pod pod_of(const struct claim *claim)
{
	return (struct journal_pod){ claim->owner, claim_sorts[claim->sort], IPTABLES_JOURNAL };
}

static struct claim_of whole(const struct claim *claim)
{
	return (struct claim_of){ claim->sort, claim->owner };
}

/* Put */

static int taken(const char *chain, const struct saved_rule *jump, struct error *err)
{
	char protocol[8] = "";
	unsigned port = 0;

	sscanf(chain, IPTABLES_OWN "%7[a-z]-%u", protocol, &port);
	error_set(err, CNI_PORT_TAKEN, "host port %u/%s is taken by %s", port, protocol,
		  jump->comment);
	error_detail(err, "rule -A %s", jump->line.what);
	return -1;
}

/* A chain that nobody leads to, as somebody's flush of the chains before it leaves it. */
static int remove_orphan(const struct putting *p, const char *chain, struct error *err)
{
	char text[128];

	snprintf(text, sizeof(text), "*nat\n-F %s\n-X %s\nCOMMIT\n", chain, chain);
	return iptables_load(p->fw, p->family, text, err);
}

/* A chain of ours is there already. 0: the way is free now. 1: we cannot free it. */
static int yield_or_take(const struct putting *p, const struct saved *saved, const char *chain,
			 struct error *err)
{
	struct saved_rule rule = { .line.rest = saved->text };
	const struct claim_of of = whole(p->claim);
	char owner[OWNER_STRLEN];

	while (saved_next(&rule)) {
		if (strcmp(rule.target, chain) != 0)
			continue;
		if (strcmp(rule.comment, owner_str(p->claim->owner, owner)) != 0)
			return taken(chain, &rule, err);
		return iptables_remove_rules(p->fw, &of, err);
	}
	return remove_orphan(p, chain, err);
}

/* What kept the text from being loaded? 0: it is out of the way. 1: nothing that we know. */
static int clear_the_way(const struct putting *p, struct error *err)
{
	_saved_ struct saved saved = SAVED_NONE;
	struct iptables_line line = { .rest = p->text };
	int r = saved_read(&saved, p->family, NULL, err);

	if (r)
		return r;
	if (!iptables_needs_are_met(p->text, &saved))
		return iptables_rebuild(p->fw, p->family, p->text, err);
	if (iptables_leave_served(p->text, &saved, p->claim->owner))
		return 0;
	while (iptables_line_next(&line))
		if (line.verb == 'N' && saved_has_chain(&saved, "nat", line.what))
			return yield_or_take(p, &saved, line.what, err);
	return 1;
}

/* A refusal is the text's fault where the rules that it needs can be made. */
static int blame(const struct putting *p, struct error *err)
{
	char why_not[sizeof(p->fw->why_not)];
	int r;

	snprintf(why_not, sizeof(why_not), "%s", p->fw->why_not);
	r = iptables_rebuild(p->fw, p->family, p->text, err);
	if (r)
		return r;
	error_set(err, CNI_INVALID_CONFIG, "%s refuses the %s of %s",
		  p->family == AF_INET ? "iptables" : "ip6tables", claim_sorts[p->claim->sort],
		  p->claim->owner->container);
	error_detail(err, "%s", why_not);
	return -1;
}

static int put_family(const struct putting *p, struct error *err)
{
	int r = iptables_load(p->fw, p->family, p->text, err), riddles = 0;

	for (int tries = 0; r == IPTABLES_REFUSED && tries < TRIES; tries++) {
		r = clear_the_way(p, err);
		if (r < 0)
			return r;
		/* What was in the way may have gone by itself; but not time and again. */
		if (r > 0 && ++riddles == RIDDLES)
			return blame(p, err);
		r = iptables_load(p->fw, p->family, p->text, err);
	}
	return r;
}

static int put_families(struct firewall *fw, const struct claim *claim, char *const text[2],
			struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < COUNT(families) && r == 0; i++) {
		const struct putting putting = { fw, claim, families[i], text[i] };

		if (text[i])
			r = put_family(&putting, err);
	}
	return r;
}

/* An ADD again, which nobody undid: what it does not want any more goes with the rest. */
static int remove_former(struct firewall *fw, const struct claim *claim, struct error *err)
{
	const struct journal_pod pod = pod_of(claim);
	const struct claim_of of = whole(claim);
	int r = journal_has(&fw->journal, &pod, err);

	if (r)
		return r < 0 ? r : 0;
	if (journal_erase(&fw->journal, &pod, err) < 0)
		return -1;
	return iptables_remove_rules(fw, &of, err);
}

static int put_alone(struct firewall *fw, const struct claim *claim, char *const text[2],
		     struct error *err)
{
	_free_ char *joined = NULL;
	const struct journal_pod pod = pod_of(claim);
	const struct claim_of of = whole(claim);
	struct error ignored;
	int r = remove_former(fw, claim, err);

	if (r == 0)
		r = put_families(fw, claim, text, err);
	joined = iptables_text_join(text[0], text[1]);
	if (r == 0)
		r = journal_write(&fw->journal, &pod, joined, err);
	if (r == 0)
		r = flows_forget_strays(claim, err);
	if (r) {
		journal_erase(&fw->journal, &pod, &ignored);
		iptables_remove_rules(fw, &of, &ignored);
	}
	return r;
}

static int cannot_check_macs(struct firewall *fw)
{
	snprintf(fw->why_not, sizeof(fw->why_not), "iptables cannot check MAC addresses");
	return 1;
}

/* A new line would begin another command. */
static int check_words(const struct claim *claim, struct error *err)
{
	const char *const words[] = { claim->conditions[0], claim->conditions[1],
				      claim->mark_chain };

	for (size_t i = 0; i < COUNT(words); i++)
		if (words[i] && strpbrk(words[i], "\n"))
			return error_set(err, CNI_INVALID_CONFIG,
					 "\"%s\" is no part of an iptables rule", words[i]);
	return 0;
}

static int put(struct firewall *fw, const struct claim *claim, struct error *err)
{
	_free_ char *text4 = NULL, *text6 = NULL;
	int r;

	if (claim->sort == CLAIM_MACCHECK)
		return cannot_check_macs(fw);
	if (check_words(claim, err) < 0)
		return -1;
	text4 = iptables_text(claim, AF_INET);
	text6 = iptables_text(claim, AF_INET6);
	if (journal_lock(&fw->journal, LOCK_ALONE, err) < 0)
		return -1;
	r = put_alone(fw, claim, (char *const[]){ text4, text6 }, err);
	journal_unlock(&fw->journal);
	return r > 0 ? 1 : r;
}

/* Of one family; whose a chain is, the rule that leads there says. */
static int look_in_family(struct firewall *fw, const struct claim *claim, int family,
			  struct error *err)
{
	static const char *const chains[] = { IPTABLES_HOSTPORT, NULL };
	const struct xtables_search search = { family, chains, IPTABLES_OWN };
	_free_ char *text = iptables_text(claim, family);
	struct iptables_line line = { .rest = text };
	_saved_ struct saved saved = SAVED_NONE;
	char owner[OWNER_STRLEN];

	if (!text || !xtables_hold(&fw->nft, &search) ||
	    saved_read(&saved, family, "nat", err) != 0)
		return 0;
	owner_str(claim->owner, owner);
	while (iptables_line_next(&line)) {
		struct saved_rule rule = { .line.rest = saved.text };

		while (line.verb == 'N' && saved_next(&rule))
			if (!strcmp(rule.target, line.what) &&
			    !owner_is_same_container(rule.comment, owner))
				return taken(line.what, &rule, err);
	}
	return 0;
}

/* For a claim that another backend is to keep. */
static int look_for_holder(struct firewall *fw, const struct claim *claim, struct error *err)
{
	for (size_t i = 0; i < COUNT(families); i++)
		if (look_in_family(fw, claim, families[i], err) < 0)
			return -1;
	return 0;
}

/* Ready, restore */

static bool has_family(const struct claim *claim, int family)
{
	if (!claim->n_ips)
		return family == AF_INET;
	for (size_t i = 0; i < claim->n_ips; i++)
		if (claim->ip[i].family == family)
			return true;
	return false;
}

/* To load what all share is the proof; it is there for the next ADD, then. */
static int ready(struct firewall *fw, const struct claim *claim, struct error *err)
{
	int r = 0;

	if (claim->sort == CLAIM_MACCHECK)
		return cannot_check_macs(fw);
	for (size_t i = 0; i < COUNT(families) && r == 0; i++)
		if (has_family(claim, families[i]))
			r = iptables_load(fw, families[i], "*nat\nCOMMIT\n", err);
	return r > 0 ? 1 : r;
}

static int restore(struct firewall *fw, struct error *err)
{
	int r = journal_lock_if_there(&fw->journal, LOCK_ALONE, err);

	if (r)
		return r < 0 ? r : 0;
	r = iptables_rebuild(fw, AF_INET, "", err);
	journal_unlock(&fw->journal);
	return r > 0 ? error_set(err, CNI_INTERNAL, "%s", fw->why_not) : r;
}

const struct backend iptables_backend = {
	.name = "iptables",
	.is = BACKEND_IPTABLES,
	.text = IPTABLES_JOURNAL,
	.put = put,
	.look_for_holder = look_for_holder,
	.remove = iptables_remove,
	.check = iptables_check,
	.ready = ready,
	.sweep = iptables_sweep,
	.restore = restore,
};
