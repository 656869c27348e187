/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whose a chain is, and the removal of what is somebody's
 *
 * Neither ports nor addresses need to be known: the rule that leads to a chain
 * says its owner, and the chain's name says of which sort it is.
 */

#include "firewall/backend.h"
#include "firewall/iptables/saved.h"

/* Does this rule lead to a chain of a sort of claims? */
bool iptables_leads_to(const struct saved_rule *rule, enum claim_sort sort);

/* From the kernel only; the journal, locked alone, is the caller's. */
int iptables_remove_rules(struct firewall *fw, const struct claim_of *of, struct error *err);

/* The backend's verbs. */
int iptables_remove(struct firewall *fw, const struct claim_of *of, struct error *err);
int iptables_sweep(struct firewall *fw, enum claim_sort sort, const struct attachments *valid,
		   struct error *err);
