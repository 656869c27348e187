/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Addresses of the container's interface
 *
 * They were leased to it, so nobody else has them: without duplicate address
 * detection they can be used at once. They go with their link.
 */

#include "value/ip.h"
#include "want/plan.h"

struct addr {
	const char *link;
	struct ip ip;	   /* with its prefix */
	struct ip gateway; /* for the report; family 0: none */
	bool detect;	   /* IPv6: duplicate address detection, please */
};

#define want_addr(plan, ...) want_addr_(plan, &(struct addr){ __VA_ARGS__ })
void want_addr_(struct plan *plan, const struct addr *addr);

/*
 * That an address with detection is settled: waits, by subscription and ten
 * seconds at most, until the kernel found no other host with it.
 */
#define want_settled(plan, ...) want_settled_(plan, &(struct addr){ __VA_ARGS__ })
void want_settled_(struct plan *plan, const struct addr *addr);
