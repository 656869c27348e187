/* SPDX-License-Identifier: Apache-2.0 */

#include "give.h"

static int refuse_second(const struct giving *g, struct error *err)
{
	char text[IP_STRLEN];

	for (size_t i = 0; i < g->store->n; i++)
		if (store_holds(&g->store->held[i], g->to))
			return error_set(err, CNI_ADDRESS_TAKEN,
					 "container %s has the address %s for %s already",
					 g->to->container, ip_str(&g->store->held[i].ip, text),
					 g->to->ifname);
	return 0;
}

static int exhausted(const struct store *store, const struct range_set *set, struct error *err)
{
	const struct reservation *oldest = NULL;
	long long oldest_since = 0;
	unsigned long long n = 0;
	char text[512];

	for (size_t i = 0; i < store->n; i++) {
		const struct reservation *held = &store->held[i];
		long long since;

		if (!range_set_find(set, &held->ip))
			continue;
		since = store_since(store, held);
		if (!oldest || since < oldest_since) {
			oldest = held;
			oldest_since = since;
		}
		n++;
	}
	error_set(err, CNI_NO_ADDRESS, "no IP addresses available in %s: %llu reserved",
		  range_set_str(set, text, sizeof(text)), n);
	if (oldest)
		error_detail(err, "oldest by %s",
			     *oldest->container ? oldest->container : "nobody");
	return -1;
}

/* An asked-for address that lies in the set. 1: none does. */
static int choose_wanted(struct giving *g, const struct range_set *set, struct ip *ip,
			 struct error *err)
{
	const struct reservation *held;
	char text[IP_STRLEN];
	int i = 0;

	while (i < g->conf->n_wanted && (g->met[i] || !range_set_find(set, &g->conf->wanted[i])))
		i++;
	if (i == g->conf->n_wanted)
		return 1;
	*ip = g->conf->wanted[i];
	if (range_set_is_gateway(set, ip))
		return error_set(err, CNI_INVALID_CONFIG,
				 "address %s is asked for, which is the gateway's",
				 ip_str(ip, text));
	held = store_find(g->store, ip);
	if (held)
		return error_set(err, CNI_ADDRESS_TAKEN,
				 "address %s is asked for, which container %s has",
				 ip_str(ip, text), held->container);
	g->met[i] = true;
	return 0;
}

/* The next free one behind the last that was given. */
static int choose_next(const struct giving *g, const struct range_set *set, struct ip *ip,
		       struct error *err)
{
	struct ip last;
	int r = store_last(g->store, g->n, &last, err);
	struct range_walk walk = range_walk_begin(set, r == 0 ? &last : NULL);

	if (r < 0)
		return r;
	while (range_walk_next(&walk, ip))
		if (!store_find(g->store, ip))
			return 0;
	return exhausted(g->store, set, err);
}

static int give(struct giving *g, const struct range_set *set, struct error *err)
{
	struct ip ip;
	int r = choose_wanted(g, set, &ip, err);

	if (r > 0)
		r = choose_next(g, set, &ip, err);
	if (r < 0 || store_reserve(g->store, &ip, g->to, err) < 0)
		return -1;
	g->given[g->n++] = ip;
	return 0;
}

static int refuse_left_over(const struct giving *g, struct error *err)
{
	char text[IP_STRLEN];

	for (int i = 0; i < g->conf->n_wanted; i++)
		if (!g->met[i])
			return error_set(err, CNI_INVALID_CONFIG,
					 "address %s is asked for, which no set of ranges can give",
					 ip_str(&g->conf->wanted[i], text));
	return 0;
}

int give_all(struct giving *g, struct error *err)
{
	if (refuse_second(g, err) < 0)
		return -1;
	for (int i = 0; i < g->conf->ranges.n; i++)
		if (give(g, &g->conf->ranges.set[i], err) < 0)
			return -1;
	return refuse_left_over(g, err);
}

int give_note(const struct giving *g, struct error *err)
{
	for (int i = 0; i < g->n; i++)
		if (store_set_last(g->store, i, &g->given[i], err) < 0)
			return -1;
	return 0;
}

void give_back(struct giving *g)
{
	struct error ignored;

	while (g->n > 0)
		store_release(g->store, &g->given[--g->n], &ignored);
}

/* No longer than there are reservations: each step is at another address. */
static bool has_free(const struct range_set *set, const struct store *store)
{
	struct range_walk walk = range_walk_begin(set, NULL);
	struct ip ip;

	while (range_walk_next(&walk, &ip))
		if (!store_find(store, &ip))
			return true;
	return false;
}

int give_possible(const struct conf *conf, const struct store *store, struct error *err)
{
	for (int i = 0; i < conf->ranges.n; i++)
		if (!has_free(&conf->ranges.set[i], store))
			return exhausted(store, &conf->ranges.set[i], err);
	return 0;
}
