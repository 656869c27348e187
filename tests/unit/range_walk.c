/* SPDX-License-Identifier: Apache-2.0 */

/* ipam/range: the walk around a set and its size, against a model of every address. */

#include <stdio.h>
#include <string.h>

#include "range_world.h"
#include "unit.h"
#include "value/json.h"
#include "value/scope.h"

#define TIMES 2000

static void expect_walk(const struct range_set *set, const struct world *w, const struct ip *last)
{
	struct range_walk walk = range_walk_begin(set, last);
	bool seen[SMALL] = { 0 };
	unsigned n = 0, number = 0;
	struct ip ip;

	while (n <= w->n_given && range_walk_next(&walk, &ip)) {
		number = number_of(&ip);
		n++;
		expect(ip.family == w->family && number < SMALL, "%u", number);
		expect(w->given[number] && !w->gateway[number], "%u", number);
		expect(!seen[number], "%u twice", number);
		expect(walk.range == range_set_find(set, &ip), "%u", number);
		seen[number] = true;
	}
	expect(n == w->n_given, "%u, not %u", n, w->n_given);
	expect(n == range_set_size(set), "%u, not %llu", n, range_set_size(set));
	/* Round the set from the one behind `last` on, the last of all is `last` itself. */
	if (n && last && range_set_find(set, last) && !w->gateway[number_of(last)])
		expect(number == number_of(last), "%u, not %u", number, number_of(last));
}

/* For the given set, all lasts that there are, and some that are none of it. */
static void try_walk(void)
{
	for (int i = 0; i < TIMES / 20; i++) {
		_ranges_ struct ranges ranges = RANGES_NONE;
		_json_ cJSON *list = NULL;
		struct error err;
		struct world w;

		list = random_set(&w);
		if (ranges_read_set(&ranges, list, &err) < 0)
			continue;
		expect_walk(&ranges.set[0], &w, NULL);
		for (unsigned number = 0; number < SMALL; number += 1 + unit_below(16)) {
			struct ip last = at(
				unit_below(9) ? w.family : AF_INET + AF_INET6 - w.family, number);

			expect_walk(&ranges.set[0], &w, &last);
		}
	}
}

/* The addresses of a set in the order of its ranges, without gateways. */
static unsigned model_order(const struct world *w, unsigned order[static SMALL])
{
	unsigned n = 0;

	for (int i = 0; i < w->n; i++)
		for (unsigned a = w->range[i].start; a <= w->range[i].end; a++)
			if (!w->gateway[a])
				order[n++] = a;
	return n;
}

static void try_order(void)
{
	for (int i = 0; i < TIMES / 4; i++) {
		_ranges_ struct ranges ranges = RANGES_NONE;
		_json_ cJSON *list = NULL;
		unsigned order[SMALL], n, begin;
		struct range_walk walk;
		struct error err;
		struct ip ip, last;
		struct world w;

		list = random_set(&w);
		n = model_order(&w, order);
		if (ranges_read_set(&ranges, list, &err) < 0 || !n)
			continue;
		begin = unit_below(n);
		last = at(w.family, order[begin]);
		walk = range_walk_begin(&ranges.set[0], &last);
		for (unsigned step = 1; step <= n; step++) {
			bool more = range_walk_next(&walk, &ip);

			expect(more && number_of(&ip) == order[(begin + step) % n], "%s: %u",
			       show(list), more ? number_of(&ip) : 0);
		}
		expect(!range_walk_next(&walk, &ip), "%s", show(list));
		walk = range_walk_begin(&ranges.set[0], NULL);
		expect(range_walk_next(&walk, &ip) && number_of(&ip) == order[0], "%s", show(list));
	}
}

int main(void)
{
	unit_promise("a walk gives each address once and no gateway, wherever it begins", try_walk);
	unit_promise("a walk goes on behind the last, through the ranges in order, around the set",
		     try_order);
	return unit_end();
}
