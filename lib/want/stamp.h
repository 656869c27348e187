/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Stamps: what was gone by when everything was last in place
 *
 * Wanted last, a stamp is only set when all before it was made. Who finds that it
 * still fits, and that its link is still the same one, may spare the rest. It is a
 * file under /run, of its network namespace; losing it costs time, and nothing
 * else: so no failure with it is an error.
 */

#include "want/plan.h"

struct stamp {
	const char *name;
	const char *text; /* borrowed; NULL: there is to be none */
	const char *link; /* NULL: none that it depends on */
};

#define want_stamp(plan, ...) want_stamp_(plan, &(struct stamp){ __VA_ARGS__ })
void want_stamp_(struct plan *plan, const struct stamp *stamp);

bool stamp_fits(const struct stamp *stamp, struct netns *host);
