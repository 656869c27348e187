/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The host forwards packets of a family
 *
 * Shared. A host that forwards IPv6 stops listening to router advertisements
 * and loses its own default route, unless accept_ra is 2. So the interfaces
 * that have such a route are told to go on listening, before forwarding is
 * switched on.
 *
 * Source: Documentation/networking/ip-sysctl.rst (accept_ra, forwarding).
 */

#include <net/if.h>

#include "want/plan.h"

#define FORWARDING_UPLINKS 8

struct forwarding {
	int family;
	struct {
		char name[FORWARDING_UPLINKS][IFNAMSIZ];
		int n;
	} taught; /* to go on listening; noted by make */
};

#define want_forwarding(plan, ...) want_forwarding_(plan, &(struct forwarding){ __VA_ARGS__ })
void want_forwarding_(struct plan *plan, const struct forwarding *forwarding);
