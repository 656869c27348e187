/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The container's lo: up, with nothing but loopback addresses
 *
 * Going up, it gets 127.0.0.1/8, and ::1/128 where there is IPv6, from the
 * kernel. It is the container's: unmaking sets it down.
 */

#include "want/plan.h"

struct loopback {
	const char *sandbox; /* CNI_NETNS, for the report */
};

#define want_loopback(plan, ...) want_loopback_(plan, &(struct loopback){ __VA_ARGS__ })
void want_loopback_(struct plan *plan, const struct loopback *loopback);
