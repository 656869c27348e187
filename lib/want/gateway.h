/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The gateway's address, on a link of the host
 *
 * Shared. The link's MAC is fixed, because pods remember it. Another IPv4 address on that link, or
 * an IPv6 address whose subnet overlaps, says that the bridge is in use for something else: an
 * error, unless `force` says to replace it.
 */

#include "kernel/addrs.h"
#include "want/plan.h"

#define GATEWAY_REPLACED 4

struct gateway {
	struct ifname link;
	struct ip ip; /* with its prefix */
	bool force;
	struct {
		struct addr_seen addr[GATEWAY_REPLACED];
		int n;
	} replaced; /* noted by make */
};

#define want_gateway(plan, ...) want_gateway_(plan, &(struct gateway){ __VA_ARGS__ })
void want_gateway_(struct plan *plan, const struct gateway *gateway);
