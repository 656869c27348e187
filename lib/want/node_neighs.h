/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The other nodes as neighbours on the tunnel
 *
 * Two tables of one device: which MAC has a node's inner address, and behind
 * which outer address a MAC is. With both there is nothing to ask for and
 * nothing to learn, and so no broadcast on the tunnel.
 */

#include "want/table.h"

extern const struct table_card node_neighs_card, node_macs_card;

/* Entries: to, mac, link. The tables are empty, or of one link, which `link` names. */
void want_node_neighs(struct plan *plan, struct table *table);
void want_node_macs(struct plan *plan, struct table *table);
