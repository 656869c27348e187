/* SPDX-License-Identifier: Apache-2.0 */

/* ipam/range: what a range is, and which are refused, against a model of every address. */

#include <stdio.h>
#include <string.h>

#include "range_world.h"
#include "unit.h"
#include "value/json.h"
#include "value/scope.h"

#define TIMES 2000

static void try_defaults(void)
{
	for (int i = 0; i < TIMES; i++) {
		_ranges_ struct ranges ranges = RANGES_NONE;
		_json_ cJSON *list = NULL;
		struct error err = { 0 };
		struct world w;

		list = random_set(&w);
		expect(ranges_read_set(&ranges, list, &err) == 0, "%s: %s", show(list), err.msg);
		expect(ranges.n == 1 && ranges.set[0].n == w.n, "%s", show(list));
		for (int j = 0; j < w.n && ranges.n == 1; j++) {
			const struct range *r = &ranges.set[0].range[j];

			expect(number_of(&r->start) == w.range[j].start, "%s", show(list));
			expect(number_of(&r->end) == w.range[j].end, "%s", show(list));
			expect(number_of(&r->gateway) == w.range[j].gateway, "%s", show(list));
			expect(r->start.family == w.family && r->end.family == w.family, "%s",
			       show(list));
		}
	}
}

/* Every number may lie anywhere in the world. */
static void try_rules(void)
{
	unsigned n_legal = 0;

	for (int i = 0; i < 4 * TIMES; i++) {
		_ranges_ struct ranges ranges = RANGES_NONE, single = RANGES_NONE;
		int family = unit_below(2) ? AF_INET : AF_INET6, r;
		struct model m = random_range(family);
		_json_ cJSON *list = cJSON_CreateArray();
		struct error err = { 0 };

		if (m.has_start && unit_below(3) == 0)
			m.start = unit_below(SMALL);
		if (m.has_end && unit_below(3) == 0)
			m.end = unit_below(SMALL);
		if (m.has_gateway && unit_below(3) == 0)
			m.gateway = unit_below(SMALL);
		if (unit_below(4) == 0)
			m.size = 1U << unit_below(6);
		if (!m.has_end)
			m.end = m.subnet + m.size - (family == AF_INET ? 2 : 1);
		cJSON_AddItemToArray(list, to_json(&m, family));
		r = ranges_read_set(&ranges, list, &err);
		expect((r == 0) == is_legal(&m), "%s: %s", show(list), err.msg);
		expect(r == 0 || (err.code == CNI_INVALID_CONFIG && err.msg[0]), "%s", show(list));
		expect((ranges_read_single(&single, list->child, &err) == 0) == is_legal(&m), "%s",
		       show(list));
		n_legal += is_legal(&m);
	}
	expect(n_legal > TIMES && n_legal < 3 * TIMES, "%u", n_legal);
}

/* Nearer to another one: by whole subnets, so that it stays legal or not. */
static void move(struct model *m, unsigned subnet)
{
	unsigned by = subnet / m->size * m->size - m->subnet;

	m->subnet += by;
	m->start += by;
	m->end += by;
	m->gateway += by;
}

static bool share(const struct model *a, const struct model *b)
{
	for (unsigned i = a->start; i <= a->end; i++)
		if (i >= b->start && i <= b->end)
			return true;
	return false;
}

static void try_overlaps(void)
{
	unsigned n_overlaps = 0;

	for (int i = 0; i < TIMES; i++) {
		_ranges_ struct ranges one = RANGES_NONE, two = RANGES_NONE;
		int family = unit_below(2) ? AF_INET : AF_INET6;
		struct model a = random_range(family), b = random_range(family);
		_json_ cJSON *both = cJSON_CreateArray(), *first = NULL, *second = NULL;
		struct error err = { 0 };
		int r;

		if (unit_below(2))
			move(&b, a.subnet);
		if (!is_legal(&a) || !is_legal(&b))
			continue;
		cJSON_AddItemToArray(both, to_json(&a, family));
		cJSON_AddItemToArray(both, to_json(&b, family));
		first = cJSON_Duplicate(both, true);
		second = cJSON_Duplicate(both, true);
		cJSON_DeleteItemFromArray(first, 1);
		cJSON_DeleteItemFromArray(second, 0);
		expect((ranges_read_set(&one, both, &err) < 0) == share(&a, &b), "%s", show(both));
		r = ranges_read_set(&two, first, &err) < 0 ||
		    ranges_read_set(&two, second, &err) < 0;
		expect(!r, "%s: %s", show(both), err.msg);
		expect((ranges_check(&two, VERSION_1_1_0, &err) < 0) == share(&a, &b), "%s",
		       show(both));
		n_overlaps += share(&a, &b);
	}
	expect(n_overlaps > TIMES / 20 && n_overlaps < TIMES / 2, "%u", n_overlaps);
}

static void try_find(void)
{
	for (int i = 0; i < TIMES / 20; i++) {
		_ranges_ struct ranges ranges = RANGES_NONE;
		_json_ cJSON *list = NULL;
		struct error err;
		struct world w;

		list = random_set(&w);
		if (ranges_read_set(&ranges, list, &err) < 0)
			continue;
		for (unsigned number = 0; number < SMALL; number++) {
			struct ip ip = at(w.family, number);
			struct ip alien = at(AF_INET + AF_INET6 - w.family, number);
			const struct range *r = range_set_find(&ranges.set[0], &ip);

			expect(!!r == w.given[number], "%s: %u", show(list), number);
			expect(!r || (number_of(&r->start) <= number &&
				      number <= number_of(&r->end)),
			       "%s: %u", show(list), number);
			expect(!range_set_find(&ranges.set[0], &alien), "%s: %u", show(list),
			       number);
		}
	}
}

/* Text, which is cut and never runs over. */
static void try_text(void)
{
	for (int i = 0; i < TIMES; i++) {
		_ranges_ struct ranges ranges = RANGES_NONE;
		_json_ cJSON *list = NULL;
		char whole[1024], want[1024] = "", start[IP_STRLEN], end[IP_STRLEN];
		struct error err;
		struct world w;
		size_t size;

		list = random_set(&w);
		if (ranges_read_set(&ranges, list, &err) < 0)
			continue;
		for (int j = 0; j < w.n; j++) {
			struct ip first = at(w.family, w.range[j].start);
			struct ip last = at(w.family, w.range[j].end);
			size_t used = strlen(want);

			snprintf(want + used, sizeof(want) - used, "%s%s-%s", j ? ", " : "",
				 ip_str(&first, start), ip_str(&last, end));
		}
		range_set_str(&ranges.set[0], whole, sizeof(whole));
		expect(!strcmp(whole, want), "%s, not %s", whole, want);
		size = 1 + unit_below((unsigned)strlen(want) + 1);
		_free_ char *cut = malloc(size);

		range_set_str(&ranges.set[0], cut, size);
		expect(strlen(cut) == size - 1 && !strncmp(cut, want, size - 1), "%zu: %s", size,
		       cut);
	}
}

int main(void)
{
	unit_promise("a range is what its members say, and what is left out has its default",
		     try_defaults);
	unit_promise("a range is refused exactly when it breaks a rule", try_rules);
	unit_promise("ranges overlap exactly when they share an address, in a set and between sets",
		     try_overlaps);
	unit_promise("an address is found in the range that holds it", try_find);
	unit_promise("the text of a set names its ranges, and is cut where it must be", try_text);
	return unit_end();
}
