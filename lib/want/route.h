/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Routes of the container
 *
 * They go with their link. The same one twice is one; one that differs in its
 * gateway stands beside the first. CHECK is content when the route is found in any table, because
 * later plugins of a chain move routes.
 */

#include "want/plan.h"

struct route {
	const char *link;
	struct result_route told; /* as the runtime is told of it */
	struct ip via;		  /* the gateway that is used; family 0: none */
};

#define want_route(plan, ...) want_route_(plan, &(struct route){ __VA_ARGS__ })
void want_route_(struct plan *plan, const struct route *route);
