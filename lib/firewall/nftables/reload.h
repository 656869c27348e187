/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reloading: the tables' text and what the journal holds, given to nft(8)
 *
 * Whoever finds a table, set or chain missing loads everything of everybody:
 * after a firewall reload nobody else would. It is one transaction; if that
 * fails, each text goes by itself, so that one bad text is in nobody else's way.
 *
 * The journal's lock must be held alone.
 */

#include "firewall/backend.h"

/*
 * The table of that sort, and the other one where the journal has something of it.
 * `rules` (may be NULL) is the text of a network that is not in the journal yet.
 * 1: nft cannot do it here, too old or not there at all; fw->why_not says why.
 */
int reload(struct firewall *fw, enum claim_sort sort, const char *rules, struct error *err);

/* The tables that the journal has something of. */
int reload_all(struct firewall *fw, struct error *err);
