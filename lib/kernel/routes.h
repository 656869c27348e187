/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Routes, as the kernel lists them
 *
 * A room for looking only: what is to be there is told to the kernel by the want
 * "route". Of a route with several next hops the first is shown, by which it can
 * be recognised.
 */

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel/netns.h"
#include "value/ip.h"

struct route_seen {
	struct ip to, via; /* via.family 0: no gateway */
	unsigned table, link, priority;
	uint8_t protocol, type; /* type: RTN_UNICAST, RTN_BLACKHOLE, ... */
	bool onlink;		/* the gateway is taken to be on the link, whatever its address */
};

/* Every route of one family in every table but "local"; the kernel's cache is left out. */
struct routes_visit {
	int family;
	void (*seen)(const struct route_seen *, void *arg);
	void *arg;
};
int routes_each(struct netns *ns, const struct routes_visit *visit, struct error *err);

#define MTU_AUTO 0xffffffffU

/*
 * Turns MTU_AUTO into the MTU of the link that has the default route (IPv4's
 * before IPv6's, the lowest metric first): what a packet may measure when it
 * leaves the host; 0, the kernel's default, when there is no such route. Other
 * values stay.
 */
int routes_mtu(struct netns *ns, unsigned *mtu, struct error *err);

/* The link that packets to `to` leave by. 1: there is no way to it. */
int routes_link_to(struct netns *ns, const struct ip *to, char link[static IFNAMSIZ],
		   struct error *err);
