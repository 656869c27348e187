/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pruning: rules that lead to a chain of somebody's, and those chains
 *
 * Found in what iptables-save says, by the comment of the rule that leads there;
 * removed by one iptables-restore. To list a thousand pods takes longer than to
 * remove one of them, so a text that is likely to be what is there is tried first:
 * if any rule of it is missing, nothing is removed. On hosts that have nothing of the kind no
 * program is run at all: see kernel/xtables.h.
 */

#include "firewall/backend.h"
#include "firewall/iptables/saved.h"
#include "kernel/conntrack.h"

struct pruning {
	const char *const *chains; /* the rules are in these; ends with NULL */
	const char *text;	   /* and hold this */
	bool (*is_wanted)(const struct saved_rule *rule, const void *arg);
	const void *arg;
	const char *likely; /* of both families, as the journal has it; NULL: nobody knows */
	/* What they redirected, for conntrack_forget(). */
	struct conntrack_port *port;
	size_t n_ports;
};

/* Could there be anything? Asks the kernel only. */
bool prune_may_find(struct firewall *fw, int family, const struct pruning *pruning);

/* Removes what is there, in both families. */
int prune(struct firewall *fw, struct pruning *pruning, struct error *err);

/* Forgets the flows of what was removed. */
int prune_forget(const struct pruning *pruning, struct error *err);

void prune_close(struct pruning *pruning);
#define _pruning_ __attribute__((__cleanup__(prune_close)))
