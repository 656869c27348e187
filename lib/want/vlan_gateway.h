/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The host's own link into a VLAN of a bridge: "cni0.100"
 *
 * A pair of its own, whose other end is a port of the bridge with that PVID.
 * Shared: one serves all pods of the VLAN. A link of that name that is there is
 * used, whoever made it; a pair is put back on the bridge if it is cut off.
 */

#include "want/plan.h"

struct vlan_gateway {
	struct ifname name;
	const char *bridge;
	unsigned vlan, mtu;
	struct {
		bool existed;
		struct ifname port; /* "": the link is no pair */
		unsigned master;
	} before; /* noted by make */
};

#define want_vlan_gateway(plan, ...) want_vlan_gateway_(plan, &(struct vlan_gateway){ __VA_ARGS__ })
void want_vlan_gateway_(struct plan *plan, const struct vlan_gateway *gateway);
