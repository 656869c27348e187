/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * VXLAN devices
 *
 * A device that learns nothing: what it does not know it drops. Its alias marks
 * it as podwire's, so that it is found again under whatever name it had.
 *
 * Source: drivers/net/vxlan/vxlan_core.c (vxlan_nl2conf, vxlan_changelink).
 */

#include <net/if.h>

#include "kernel/netns.h"
#include "value/ip.h"
#include "value/mac.h"

#define VXLAN_ALIAS "podwire node-routes"

struct vxlan {
	char name[IFNAMSIZ];
	unsigned index;
	unsigned vni, port, uplink; /* uplink: the index of the link it sends through */
	struct ip local;	    /* what it sends from */
	struct mac mac;
	unsigned mtu;
	bool up, learning, ours;
};

/* Every VXLAN device of the host. */
struct vxlan_visit {
	void (*seen)(const struct vxlan *, void *arg);
	void *arg;
};
int vxlan_each(struct netns *ns, const struct vxlan_visit *visit, struct error *err);

/* Both answer 0 or -errno, as netns_talk() does. The device is up, and carries the mark. */
int vxlan_create(struct netns *ns, const struct vxlan *vxlan);

/* MAC, MTU, up, and the mark; nothing else can be changed without losing the device. */
int vxlan_dress(struct netns *ns, const struct vxlan *vxlan);

/*
 * Whether the device's own checksums are left to the hardware (ethtool's
 * tx-checksumming), and setting it. Some network cards, and some kernels before
 * 5.7, get the inner ones wrong. 1: the device has no such switch.
 */
int vxlan_offload(const struct netns *ns, const char *name, bool *on, struct error *err);
int vxlan_set_offload(const struct netns *ns, const char *name, bool on, struct error *err);
