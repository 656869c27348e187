/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The routes to the other nodes' pods, and the end of the way to our own
 *
 * In the main table, marked with a protocol number of podwire's own. A pod
 * address of this node that no pod has ends in a blackhole, behind the bridge's
 * own route: without it, its packets would take the default route and come back.
 */

#include "want/table.h"

#define NODE_ROUTES_PROTOCOL 201 /* packaging/rt_protos.d/podwire.conf has its name */
#define NODE_ROUTES_LAST 4294967295U

extern const struct table_card node_routes_card;

/* Entries: to, via, link, onlink; or to and blackhole. */
void want_node_routes(struct plan *plan, struct table *table);

/*
 * Every node has a way, and no route of others is in its place. Wanted last:
 * where it is not so nothing can be done, and everything else is done by then.
 */
void want_node_ways(struct plan *plan, struct table *table);
