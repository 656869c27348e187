/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "firewall/iptables/load.h"
#include "firewall/iptables/prune.h"
#include "firewall/iptables/remove.h"
#include "firewall/owner.h"
#include "value/scope.h"

static const char *const shared_chains[] = { IPTABLES_MASQ, IPTABLES_HOSTPORT, NULL };

static bool begins_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

bool iptables_leads_to(const struct saved_rule *rule, enum claim_sort sort)
{
	return begins_with(rule->chain, "PODWIRE-") && begins_with(rule->target, IPTABLES_OWN) &&
	       begins_with(rule->target, IPTABLES_OWN_MASQ) == (sort == CLAIM_MASQUERADE);
}

struct wanted {
	enum claim_sort sort;
	const char *owner;
	const struct attachments *valid;
};

static bool is_owners(const struct saved_rule *rule, const void *arg)
{
	const struct wanted *wanted = arg;

	return iptables_leads_to(rule, wanted->sort) && !strcmp(rule->comment, wanted->owner);
}

static bool is_stale(const struct saved_rule *rule, const void *arg)
{
	const struct wanted *wanted = arg;

	return iptables_leads_to(rule, wanted->sort) &&
	       owner_is_stale(rule->comment, wanted->valid);
}

int iptables_remove_rules(struct firewall *fw, const struct claim_of *of, struct error *err)
{
	char owner[OWNER_STRLEN];
	const struct wanted wanted = { of->sort, owner_str(of->owner, owner), NULL };
	_pruning_ struct pruning pruning = {
		shared_chains, owner, is_owners, &wanted, NULL, NULL, 0
	};

	return prune(fw, &pruning, err);
}

/* What is to be done alone: the journal first, as what is not there cannot come back. */
static int remove_alone(struct firewall *fw, const struct claim_of *of, struct pruning *pruning,
			struct error *err)
{
	const struct journal_pod pod = { of->owner, claim_sorts[of->sort], IPTABLES_JOURNAL };
	_free_ char *likely = NULL;
	struct error one;
	int r = journal_lock_if_there(&fw->journal, LOCK_ALONE, &one);

	*err = (struct error){ 0 };
	if (r == 0)
		pruning->likely = likely = journal_read(&fw->journal, &pod);
	if (r < 0 || (r == 0 && journal_erase(&fw->journal, &pod, &one) < 0))
		error_join(err, &one);
	if (prune(fw, pruning, &one) < 0)
		error_join(err, &one);
	journal_unlock(&fw->journal);
	if (prune_forget(pruning, &one) < 0)
		error_join(err, &one);
	return err->code ? -1 : 0;
}

/* Most hosts have nothing here, and nobody shall wait for anybody to find that out. */
static bool is_nowhere(struct firewall *fw, const struct claim_of *of,
		       const struct pruning *pruning)
{
	const struct journal_pod pod = { of->owner, claim_sorts[of->sort], IPTABLES_JOURNAL };
	struct error ignored;
	int r = journal_lock_if_there(&fw->journal, LOCK_SHARED, &ignored);

	if (r == 0)
		r = journal_has(&fw->journal, &pod, &ignored);
	journal_unlock(&fw->journal);
	return r > 0 && !prune_may_find(fw, AF_INET, pruning) &&
	       !prune_may_find(fw, AF_INET6, pruning);
}

int iptables_remove(struct firewall *fw, const struct claim_of *of, struct error *err)
{
	char owner[OWNER_STRLEN];
	const struct wanted wanted = { of->sort, owner_str(of->owner, owner), NULL };
	_pruning_ struct pruning pruning = {
		shared_chains, owner, is_owners, &wanted, NULL, NULL, 0
	};

	if (of->sort == CLAIM_MACCHECK || is_nowhere(fw, of, &pruning))
		return 0;
	return remove_alone(fw, of, &pruning, err);
}

int iptables_sweep(struct firewall *fw, enum claim_sort sort, const struct attachments *valid,
		   struct error *err)
{
	const struct journal_sort of = { claim_sorts[sort], IPTABLES_JOURNAL };
	char network[OWNER_NETWORK], prefix[OWNER_NETWORK + 1];
	const struct wanted wanted = { sort, NULL, valid };
	_pruning_ struct pruning pruning = {
		shared_chains, prefix, is_stale, &wanted, NULL, NULL, 0
	};
	struct error one;
	int r;

	*err = (struct error){ 0 };
	if (sort == CLAIM_MACCHECK)
		return 0;
	snprintf(prefix, sizeof(prefix), "%s/", owner_network(valid->network, network));
	r = journal_lock_if_there(&fw->journal, LOCK_ALONE, &one);
	if (r < 0 || (r == 0 && journal_sweep(&fw->journal, &of, valid, &one) < 0))
		error_join(err, &one);
	if (prune(fw, &pruning, &one) < 0)
		error_join(err, &one);
	journal_unlock(&fw->journal);
	if (prune_forget(&pruning, &one) < 0)
		error_join(err, &one);
	return err->code ? -1 : 0;
}
