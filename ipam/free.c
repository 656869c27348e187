/* SPDX-License-Identifier: Apache-2.0 */

#include "free.h"
#include "reclaim.h"
#include "taken.h"
#include "value/scope.h"
#include "walk.h"

#define TRIES 32

struct search {
	struct store *store;
	const struct turn *turn;
	/* 1: that address is not free. */
	int (*try)(struct store *store, const struct ip *ip, struct error *err);
};

/* Where a file may have its address in another form of writing, only a list can tell. */
static int tries_of(const struct store *store)
{
	return store->whole ? TRIES : 0;
}

static int go_round(const struct search *search, int tries, struct ip *ip, struct error *err)
{
	struct range_walk walk = range_walk_begin(search->turn->set, search->turn->last);
	_taken_ struct taken taken = TAKEN_NONE;

	for (int tried = 0; range_walk_next(&walk, ip); tried += tried <= tries) {
		int r;

		if (tried == tries && taken_read(&taken, &search->store->shelf, err) < 0)
			return -1;
		if (taken_has(&taken, ip))
			continue;
		r = search->try(search->store, ip, err);
		if (r <= 0)
			return r;
	}
	return 1;
}

static int find(const struct search *search, struct ip *ip, struct error *err)
{
	int r = go_round(search, tries_of(search->store), ip, err), n;

	if (r <= 0)
		return r;
	n = reclaim(search->store, err);
	if (n <= 0)
		return n < 0 ? n : 1;
	return go_round(search, 0, ip, err);
}

int free_take(struct store *store, const struct turn *turn, struct ip *ip, struct error *err)
{
	const struct search search = { store, turn, store_take };

	return find(&search, ip, err);
}

int free_take_this(struct store *store, const struct ip *ip, struct error *err)
{
	_taken_ struct taken taken = TAKEN_NONE;

	if (!store->whole && taken_read(&taken, &store->shelf, err) < 0)
		return -1;
	return taken_has(&taken, ip) ? 1 : store_take(store, ip, err);
}

/* How full */

static unsigned long long count(const struct range_set *set, const struct taken *taken)
{
	unsigned long long n = 0;

	for (size_t i = 0; i < taken->n; i++)
		n += range_set_find(set, &taken->ip[i]) != NULL;
	return n;
}

static void tell_all(const struct taken *taken, const struct ranges *ranges, struct error *err)
{
	char text[512];

	for (int i = 0; i < ranges->n; i++) {
		const struct range_set *set = &ranges->set[i];

		error_detail(err, "%s%s: %llu of %llu reserved", *err->details ? "; " : "",
			     range_set_str(set, text, sizeof(text)), count(set, taken),
			     range_set_size(set));
	}
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* The reservation of the set that was made first; NULL: it has none. */
static const struct ip *oldest(const struct store *store, const struct range_set *set,
			       const struct taken *taken)
{
	struct timespec since = { 0 };
	const struct ip *first = NULL;
	struct shelf_facts facts;
	char name[IP_STRLEN];

	for (size_t i = 0; i < taken->n; i++) {
		if (!range_set_find(set, &taken->ip[i]) ||
		    shelf_stat(&store->shelf, ip_str(&taken->ip[i], name), &facts) ||
		    (first && !is_before(&facts.written, &since)))
			continue;
		first = &taken->ip[i];
		since = facts.written;
	}
	return first;
}

int free_exhausted(const struct store *store, const struct ranges *ranges, int set,
		   struct error *err)
{
	const struct range_set *full = &ranges->set[set];
	_taken_ struct taken taken = TAKEN_NONE;
	char name[IP_STRLEN], range[512];
	_free_ char *text = NULL;
	struct error ignored;
	const struct ip *first;

	if (taken_read(&taken, &store->shelf, err) < 0)
		return -1;
	error_set(err, CNI_NO_ADDRESS, "no IP addresses available in %s: %llu reserved",
		  range_set_str(full, range, sizeof(range)), count(full, &taken));
	first = oldest(store, full, &taken);
	if (first && shelf_read(&store->shelf, ip_str(first, name), &text, &ignored) == 0)
		error_detail(err, "oldest by %s", *walk_parse(text).container ? text : "nobody");
	if (ranges->n > 1)
		tell_all(&taken, ranges, err);
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
		const struct turn turn = { &ranges->set[i], r == 0 ? &last : NULL };
		const struct search search = { store, &turn, look };

		if (r >= 0)
			r = find(&search, &ip, err);
		if (r > 0)
			r = free_exhausted(store, ranges, i, err);
		if (r < 0)
			return r;
	}
	return 0;
}
