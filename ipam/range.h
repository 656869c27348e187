/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Ranges: which addresses there are to give, and in which order
 *
 * A set is a list of ranges of one family, out of which an attachment gets one
 * address. A configuration has one set or more; every rule that they have to
 * keep has its own error, which names the values. Arithmetic only: what is
 * taken is the store's to know.
 */

#include <cjson/cJSON.h>

#include "cni/version.h"
#include "value/error.h"
#include "value/ip.h"

#define RANGES 64 /* in one set */
#define RANGE_SETS 64

struct range {
	struct ip subnet, start, end, gateway; /* start and end are inclusive */
};

struct range_set {
	struct range range[RANGES];
	int n;
};

struct ranges {
	struct range_set *set;
	int n;
};

#define RANGES_NONE ((struct ranges){ .set = NULL })

/* One set, from a list of ranges, behind those that are there. Messages go on where its path ends.
 */
int ranges_read_set(struct ranges *ranges, const cJSON *list, struct error *err);

/* One set of one range, whose members stand in `object` itself: the form of old. */
int ranges_read_single(struct ranges *ranges, const cJSON *object, struct error *err);

/* What can only be told of all together: there is one, none overlap, the version can tell them. */
int ranges_check(const struct ranges *ranges, enum version version, struct error *err);

void ranges_close(struct ranges *ranges);
#define _ranges_ __attribute__((__cleanup__(ranges_close)))

/* The range of the set that holds the address; NULL: none does. */
const struct range *range_set_find(const struct range_set *set, const struct ip *ip);

/* "10.1.0.2-10.1.0.254, 10.2.0.2-10.2.0.254", cut to fit. */
const char *range_set_str(const struct range_set *set, char *buf, size_t size);

/* How many addresses it can give, without gateways; ULLONG_MAX: that many or more. */
unsigned long long range_set_size(const struct range_set *set);

/* Whether it is the gateway of any range of the set. */
bool range_set_is_gateway(const struct range_set *set, const struct ip *ip);

/*
 * A walk around the set, once, from the address behind `last` (or from the
 * start, where last is NULL or in no range), leaving out gateways.
 */
struct range_walk {
	const struct range_set *set;
	const struct range *range; /* that of the address answered last */
	struct ip cur, first;
	int at;
	bool begun;
};
struct range_walk range_walk_begin(const struct range_set *set, const struct ip *last);
bool range_walk_next(struct range_walk *walk, struct ip *ip);
