/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * VLANs of a bridge's port
 *
 * Source: net/bridge/br_netlink.c (br_afspec), net/bridge/br_vlan.c. The bridge
 * filters only with vlan_filtering on, and the kernel only with
 * CONFIG_BRIDGE_VLAN_FILTERING: without it, these are refused.
 */

#include "kernel/netns.h"

#define VLAN_MAX 4094

/* The VLANs of a port: bit 0 a member, bit 1 its PVID, bit 2 leaves untagged. */
enum { VLAN_MEMBER = 1, VLAN_PVID = 2, VLAN_UNTAGGED = 4 };

struct vlans {
	unsigned char id[VLAN_MAX + 1];
};

int vlans_read(struct netns *ns, unsigned port, struct vlans *vlans, struct error *err);

/* Makes the port a member of those that are set in `change`, or takes it out of them. */
int vlans_add(struct netns *ns, unsigned port, const struct vlans *change, struct error *err);
int vlans_remove(struct netns *ns, unsigned port, const struct vlans *change, struct error *err);
