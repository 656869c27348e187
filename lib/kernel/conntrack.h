/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Flows that go on where they should not
 *
 * NAT is decided by the first packet of a flow, and a UDP flow ends only by
 * silence: who talked to a port of the host before it was a pod's, or when it
 * was another pod's, would go on talking to nobody. So such flows are forgotten;
 * their next packet begins a new one. TCP ends by itself.
 *
 * Source: net/netfilter/nf_conntrack_netlink.c.
 */

#include <stddef.h>
#include <stdint.h>

#include "value/error.h"
#include "value/ip.h"

struct conntrack_port {
	uint8_t protocol; /* IPPROTO_* */
	uint16_t port;	  /* of the host */
	struct ip pod;	  /* who has it; its family is the flow's */
};

enum conntrack_flows {
	FLOWS_ASTRAY, /* to the host's port, but not on to the pod */
	FLOWS_OF_POD, /* through the host's port to the pod */
};

/* Walks the whole table (some milliseconds): for UDP and SCTP; TCP ports are passed over. A kernel
 * without connection tracking has nothing to forget. */
int conntrack_forget(const struct conntrack_port *port, size_t n, enum conntrack_flows which,
		     struct error *err);
