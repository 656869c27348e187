/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pairs: two veth ends, born where they belong
 *
 * One RTM_NEWLINK makes both, with their final names and MTU, the one end a
 * port of its bridge and up, the other in its namespace and down. No rename,
 * no move, nothing half made: when the kernel refuses, nothing is there.
 *
 * Source: drivers/net/veth.c (veth_newlink), net/core/rtnetlink.c.
 */

#include "kernel/netns.h"
#include "value/mac.h"

struct pair {
	const char *port, *peer;
	unsigned bridge; /* the index of the bridge */
	unsigned mtu;	 /* 0: the kernel's default */
	struct mac mac;	 /* of the peer; zero: the kernel's choice */
	int peer_netns;	 /* a namespace as a file; -1: the port's own */
};

/* Answers 0 or -errno, as netns_talk() does; -EEXIST: one of the names is taken. */
int pair_make(struct netns *ns, const struct pair *pair);
