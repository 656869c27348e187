/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Bridges of the host
 *
 * Shared: made if there is none of that name, with a MAC address of its own
 * that does not follow its ports. One that is there is used as it is, whoever
 * made it, but is set up, and given promiscuous mode and VLAN filtering if they
 * are wanted. It keeps its MTU: it serves other pods.
 */

#include "want/plan.h"

struct bridge {
	const char *name;
	unsigned mtu; /* of a new one; 0: the kernel's default; MTU_AUTO */
	bool promisc, vlan_filtering;
	struct {
		bool existed, vlan_filtering;
		unsigned flags;
	} before; /* noted by make */
};

#define want_bridge(plan, ...) want_bridge_(plan, &(struct bridge){ __VA_ARGS__ })
void want_bridge_(struct plan *plan, const struct bridge *bridge);
