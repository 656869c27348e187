/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A port that passes frames, and with it the bridge
 *
 * The kernel opens a bridge's port some moments after both ends of the pair
 * are up, from a work queue; what the pod sends before is lost, and the next
 * try comes a second later. So ADD ends when the port is open. A bridge that
 * runs the spanning tree protocol opens its ports in its own time (30 s): there
 * the port need only have begun.
 *
 * Source: net/core/link_watch.c (linkwatch_sync_dev), net/bridge/br_if.c (br_port_carrier_check).
 */

#include "want/plan.h"

struct carrier {
	const struct attachment *attachment; /* borrowed; gives the port its name */
};

#define want_carrier(plan, ...) want_carrier_(plan, &(struct carrier){ __VA_ARGS__ })
void want_carrier_(struct plan *plan, const struct carrier *carrier);
