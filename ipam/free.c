/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>

#include "free.h"
#include "reclaim.h"
#include "value/scope.h"
#include "walk.h"

#define TRIES 32

struct search {
	struct store *store;
	const struct range_set *set;
	const struct ip *last;
	/* 1: that address is not free. */
	int (*try)(struct store *store, const struct ip *ip, struct error *err);
};

/* Where a file may have its address in another form of writing, only a list can tell. */
static int untold(const struct store *store)
{
	return store->whole ? TRIES : 0;
}

static int go_round(const struct search *search, int tries, struct ip *ip, struct error *err)
{
	struct range_walk walk = range_walk_begin(search->set, search->last);
	bool listed = false;

	while (range_walk_next(&walk, ip)) {
		int r;

		if (!listed && tries-- == 0) {
			if (store_list(search->store, err) < 0)
				return -1;
			listed = true;
		}
		if (listed && store_has(search->store, ip))
			continue;
		r = search->try(search->store, ip, err);
		if (r <= 0)
			return r;
	}
	return 1;
}

static int find(const struct search *search, struct ip *ip, struct error *err)
{
	int r = go_round(search, untold(search->store), ip, err), n;

	if (r <= 0)
		return r;
	n = reclaim(search->store, err);
	if (n <= 0)
		return n < 0 ? n : 1;
	return go_round(search, 0, ip, err);
}

int free_take(struct store *store, const struct range_set *set, const struct ip *last,
	      struct ip *ip, struct error *err)
{
	const struct search search = { store, set, last, store_take };

	return find(&search, ip, err);
}

int free_take_this(struct store *store, const struct ip *ip, struct error *err)
{
	if (!store->whole) {
		if (store_list(store, err) < 0)
			return -1;
		if (store_has(store, ip))
			return 1;
	}
	return store_take(store, ip, err);
}

/* How full */

static void tell_all(const struct store *store, const struct ranges *ranges, struct error *err)
{
	char text[512];

	for (int i = 0; i < ranges->n; i++) {
		const struct range_set *set = &ranges->set[i];
		unsigned long long n = 0;

		for (size_t j = 0; j < store->n_taken; j++)
			n += range_set_find(set, &store->taken[j]) != NULL;
		error_detail(err, "%s%s: %llu of %llu reserved", *err->details ? "; " : "",
			     range_set_str(set, text, sizeof(text)), n, range_set_size(set));
	}
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* The reservation of the set that was made first; how many it has. */
static unsigned long long oldest(const struct store *store, const struct range_set *set,
				 const struct ip **first)
{
	struct shelf_facts facts, since = { .born = { 0 } };
	unsigned long long n = 0;
	char name[IP_STRLEN];

	*first = NULL;
	for (size_t i = 0; i < store->n_taken; i++) {
		if (!range_set_find(set, &store->taken[i]))
			continue;
		n++;
		if (shelf_stat(&store->shelf, ip_str(&store->taken[i], name), &facts))
			continue;
		if (!*first || is_before(&facts.written, &since.written)) {
			*first = &store->taken[i];
			since = facts;
		}
	}
	return n;
}

int free_exhausted(struct store *store, const struct ranges *ranges, int set, struct error *err)
{
	_free_ char *text = NULL;
	char name[IP_STRLEN], range[512];
	const struct ip *first;
	unsigned long long n;

	if (store_list(store, err) < 0)
		return -1;
	n = oldest(store, &ranges->set[set], &first);
	error_set(err, CNI_NO_ADDRESS, "no IP addresses available in %s: %llu reserved",
		  range_set_str(&ranges->set[set], range, sizeof(range)), n);
	if (first &&
	    shelf_read(&store->shelf, ip_str(first, name), &text, &(struct error){ 0 }) == 0)
		error_detail(err, "oldest by %s", *walk_parse(text).container ? text : "nobody");
	if (ranges->n > 1)
		tell_all(store, ranges, err);
	return -1;
}

static int look(struct store *store, const struct ip *ip, struct error *err)
{
	struct shelf_facts facts;
	char name[IP_STRLEN];

	(void)err;
	return shelf_stat(&store->shelf, ip_str(ip, name), &facts) ? 0 : 1;
}

int free_everywhere(struct store *store, const struct ranges *ranges, struct error *err)
{
	for (int i = 0; i < ranges->n; i++) {
		struct ip last, ip;
		int r = store_last(store, i, &last, err);
		struct search search = { store, &ranges->set[i], r == 0 ? &last : NULL, look };

		if (r >= 0)
			r = find(&search, &ip, err);
		if (r > 0)
			r = free_exhausted(store, ranges, i, err);
		if (r < 0)
			return r;
	}
	return 0;
}
