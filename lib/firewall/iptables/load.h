/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Loading: text given to iptables-restore(8), and what the journal holds with it
 *
 * Whoever finds what all share missing brings back everything of everybody:
 * after a firewall reload nobody else would. A chain's declaration empties it,
 * so whoever does that holds the journal's lock alone.
 */

#include "firewall/backend.h"
#include "firewall/iptables/saved.h"

#define IPTABLES_JOURNAL "iptables" /* what the journal's files end in */

enum iptables_refusal {
	IPTABLES_REFUSED = 1, /* something in the text */
	IPTABLES_UNUSABLE,    /* there is no such program */
};

/* Or an enum iptables_refusal; fw->why_not says why. What failed has done nothing in its table. */
int iptables_load(struct firewall *fw, int family, const char *text, struct error *err);

/* All that `text` needs to be there already, and all of the journal, of both families: what took
 * one away may have taken the other. 1: it cannot be made; fw->why_not says why. The journal must
 * be locked alone. */
int iptables_rebuild(struct firewall *fw, int family, const char *text, struct error *err);

/* What the text needs to be there already: is it? */
bool iptables_needs_are_met(const char *text, const struct saved *saved);
