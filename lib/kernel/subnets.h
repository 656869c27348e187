/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Subnets: the host's own addresses, and whom it reaches without a router
 *
 * Addresses of the loopback interface and of a single link are left out.
 */

#include <net/if.h>

#include "kernel/netns.h"
#include "value/ip.h"

struct subnet {
	struct ip ip; /* the host's address, with the subnet's prefix length */
	char link[IFNAMSIZ];
	unsigned index, mtu;
	bool shared; /* a link with neighbours, and not a tunnel to one other host */
};

struct subnets {
	struct subnet *subnet;
	size_t n, room;
};

#define SUBNETS_NONE ((struct subnets){ .subnet = NULL })

int subnets_read(struct subnets *subnets, struct netns *ns, struct error *err);
void subnets_close(struct subnets *subnets);
#define _subnets_ __attribute__((__cleanup__(subnets_close)))

/* The one that has this very address; NULL: it is not the host's. */
const struct subnet *subnets_own(const struct subnets *subnets, const struct ip *ip);

/* The narrowest one that `ip` is on; NULL: it is behind a router. */
const struct subnet *subnets_toward(const struct subnets *subnets, const struct ip *ip);
