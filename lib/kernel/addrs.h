/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Addresses of interfaces: looking, adding, removing
 *
 * Source: net/ipv4/devinet.c, net/ipv6/addrconf.c.
 */

#include "kernel/netns.h"
#include "value/ip.h"

struct addr_seen {
	struct ip ip;
	unsigned flags; /* IFA_F_TENTATIVE, ... */
	bool broadcast; /* of IPv4: it has the usual one of its subnet, or any other */
	unsigned link;	/* whose it is */
};

/* Every address of the link with that index, of both families. */
struct addrs_visit {
	unsigned link; /* 0: of all links */
	void (*seen)(const struct addr_seen *, void *arg);
	void *arg;
};
int addrs_each(struct netns *ns, const struct addrs_visit *visit, struct error *err);

/* 0: *seen is filled. 1: the link does not have this address. */
int addrs_find(struct netns *ns, unsigned link, struct addr_seen *seen, struct error *err);

/* Both answer 0 or -errno, as netns_talk() does. IFA_F_NODAD among the flags: usable at once. */
int addrs_add(struct netns *ns, unsigned link, const struct addr_seen *addr);
int addrs_remove(struct netns *ns, unsigned link, const struct ip *ip);
