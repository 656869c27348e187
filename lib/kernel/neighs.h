/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Neighbours of a link: which MAC has an address, and behind which address a MAC is
 *
 * The first is the neighbour table of IPv4 and IPv6, the second the forwarding
 * database of a VXLAN device. The kernel speaks of both in the same messages.
 * Entries that come and go by themselves are not shown.
 *
 * Source: net/core/neighbour.c, drivers/net/vxlan/vxlan_core.c (vxlan_fdb_add).
 */

#include "kernel/netns.h"
#include "value/ip.h"
#include "value/mac.h"

/* Who made it, as `ip neigh` shows: the number of RTM_NEWROUTE's rtm_protocol. */
#define NEIGHS_PROTOCOL 201

/* AF_INET or AF_INET6: ip has the MAC. AF_BRIDGE: the MAC is behind ip. */
struct neigh {
	int family;
	unsigned link;
	struct mac mac;
	struct ip ip;
};

/* Every permanent one of that link and family. */
struct neighs_visit {
	int family;
	unsigned link;
	void (*seen)(const struct neigh *, void *arg);
	void *arg;
};
int neighs_each(struct netns *ns, const struct neighs_visit *visit, struct error *err);

/* The message that makes it, instead of what is there, or removes it. */
struct nl_msg *neigh_new(const struct neigh *neigh);
struct nl_msg *neigh_delete(const struct neigh *neigh);
