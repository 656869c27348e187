/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The container's interface: up, with its MAC address
 *
 * The MAC is set before the interface comes up, in the same request, so that
 * everything that follows from it (the link-local address, the announcement of
 * the addresses) is right from the first packet. It goes with its link.
 */

#include "value/mac.h"
#include "want/plan.h"

struct up {
	const char *link;
	struct mac mac;
	bool any_mac; /* CHECK: nobody told which it is */
};

#define want_up(plan, ...) want_up_(plan, &(struct up){ __VA_ARGS__ })
void want_up_(struct plan *plan, const struct up *up);
