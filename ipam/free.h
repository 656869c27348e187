/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Free: the next free address of a set, and how full the sets are
 *
 * In the common case the next address in turn is free, which one try tells. A
 * set that answers no a few dozen times is nearly full, or has a long row of
 * reservations there: then the directory is read, once, and no more tries are
 * made than that leaves. A set without any takes back what is dead (reclaim.h).
 */

#include "conf.h"
#include "store.h"

/* Which is next: the one behind `last`, around the set (NULL: from the start). */
struct turn {
	const struct range_set *set;
	const struct ip *last;
};

/* Takes the next one with the store's draft. 1: none is free. */
int free_take(struct store *store, const struct turn *turn, struct ip *ip, struct error *err);

/* Takes that one. 1: somebody has it. */
int free_take_this(struct store *store, const struct ip *ip, struct error *err);

/* Code 100: that set has no free address left. Tells how full each of them is. */
int free_exhausted(const struct store *store, const struct ranges *ranges, int set,
		   struct error *err);

/* Whether every set has one; else code 100. Takes none. */
int free_everywhere(struct store *store, const struct ranges *ranges, struct error *err);
