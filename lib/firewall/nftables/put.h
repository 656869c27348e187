/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Putting a claim into nf_tables, and what may be in the way
 *
 * A key that somebody has is taken over where the lease makes it ours, or where
 * it is of a pod that the journal does not know; a host port of a living pod is
 * not. Tables, sets or chains that are missing are brought back, everybody's.
 */

#include "firewall/backend.h"

#define NFTABLES_JOURNAL "nft" /* what the journal's files end in */

/* Verbs of the backend. */
int nftables_put(struct firewall *fw, const struct claim *claim, struct error *err);
int nftables_look_for_holder(struct firewall *fw, const struct claim *claim, struct error *err);
