/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>
#include <string.h>

#include "free.h"
#include "give.h"
#include "value/scope.h"
#include "walk.h"

static const struct holding *find_in(const struct entry *entry, const struct ip *ip)
{
	for (int i = 0; i < entry->n; i++)
		if (ip_equal(&entry->held[i].ip, ip))
			return &entry->held[i];
	return NULL;
}

/* What an attachment may do that has addresses already */

/* The reference says nothing of its sandboxes, but none survives a boot. */
static bool is_of_another_sandbox(const struct giving *g)
{
	if (*g->had.by.on.boot)
		return sandbox_is_another(&g->had.by, &g->by);
	for (int i = 0; i < g->had.n; i++) {
		struct shelf_facts facts;

		if (shelf_stat(&g->store->shelf, g->had.held[i].name, &facts) ||
		    !machine_booted_after(&facts.written))
			return false;
	}
	return true;
}

static int refuse_second(const struct giving *g, struct error *err)
{
	char text[IP_STRLEN];

	if (!g->had.n || is_of_another_sandbox(g))
		return 0;
	error_set(err, CNI_ADDRESS_TAKEN, "container %s has the address %s for %s already",
		  g->to->container, ip_str(&g->had.held[0].ip, text), g->to->ifname);
	if (*g->had.by.on.id && strcmp(g->had.by.on.id, g->by.on.id) != 0)
		error_detail(err, "on the machine %s", g->had.by.on.id);
	return -1;
}

/* Which address */

static int refuse_taken(const struct giving *g, const struct ip *ip, struct error *err)
{
	_free_ char *text = NULL;
	char name[IP_STRLEN];
	int r = shelf_read(&g->store->shelf, ip_str(ip, name), &text, err);

	if (r < 0)
		return r;
	return error_set(err, CNI_ADDRESS_TAKEN, "address %s is asked for, which container %s has",
			 name, r == 0 ? walk_parse(text).container : "");
}

/* An asked-for address that lies in the set. 1: none does. */
static int take_wanted(struct giving *g, const struct range_set *set, struct ip *ip,
		       struct error *err)
{
	char text[IP_STRLEN];
	int i = 0, r;

	while (i < g->conf->n_wanted && (g->met[i] || !range_set_find(set, &g->conf->wanted[i])))
		i++;
	if (i == g->conf->n_wanted)
		return 1;
	*ip = g->conf->wanted[i];
	if (range_set_is_gateway(set, ip))
		return error_set(err, CNI_INVALID_CONFIG,
				 "address %s is asked for, which is the gateway's",
				 ip_str(ip, text));
	g->met[i] = true;
	if (find_in(&g->had, ip))
		return 0;
	r = free_take_this(g->store, ip, err);
	return r > 0 ? refuse_taken(g, ip, err) : r;
}

/* One that it has. 1: none is of the set. */
static int take_over(const struct giving *g, const struct range_set *set, struct ip *ip)
{
	for (int i = 0; i < g->had.n; i++) {
		*ip = g->had.held[i].ip;
		if (range_set_find(set, ip) && !range_set_is_gateway(set, ip))
			return 0;
	}
	return 1;
}

/* The next free one behind the last that was given. 1: none is free. */
static int take_next(const struct giving *g, const struct range_set *set, struct ip *ip,
		     struct error *err)
{
	struct ip last;
	int r = store_last(g->store, g->n, &last, err);
	const struct turn turn = { set, r == 0 ? &last : NULL };

	return r < 0 ? r : free_take(g->store, &turn, ip, err);
}

/* 1: the set is exhausted. */
static int give(struct giving *g, const struct range_set *set, struct error *err)
{
	struct ip ip;
	int r = take_wanted(g, set, &ip, err);

	if (r > 0)
		r = take_over(g, set, &ip);
	if (r > 0)
		r = take_next(g, set, &ip, err);
	if (r == 0)
		g->given[g->n++] = ip;
	return r;
}

/* How full the sets are is told without what they have just given. */
static int refuse_exhausted(struct giving *g, struct error *err)
{
	int set = g->n;

	give_back(g);
	return free_exhausted(g->store, &g->conf->ranges, set, err);
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

static int write_entry(struct giving *g, struct error *err)
{
	g->has = (struct entry){ .by = g->by };
	for (int i = 0; i < g->n; i++) {
		const struct holding *before = find_in(&g->had, &g->given[i]);

		g->has.held[g->has.n++] = before ? *before : (struct holding){ .ip = g->given[i] };
	}
	g->noted = true;
	return store_note(g->store, g->to, &g->has, err);
}

int give_all(struct giving *g, struct error *err)
{
	int r = 0;

	if (store_find(g->store, g->to, &g->had, err) < 0 || refuse_second(g, err) < 0 ||
	    store_draft(g->store, g->to, err) < 0)
		return -1;
	for (int i = 0; i < g->conf->ranges.n && r == 0; i++)
		r = give(g, &g->conf->ranges.set[i], err);
	shelf_discard(&g->store->shelf);
	if (r > 0)
		return refuse_exhausted(g, err);
	if (r < 0 || refuse_left_over(g, err) < 0)
		return -1;
	return write_entry(g, err);
}

/* The round robin */

int give_note(struct giving *g, struct error *err)
{
	char text[IP_STRLEN];

	for (int i = 0; i < g->n; i++) {
		if (!find_in(&g->had, &g->given[i]) &&
		    (store_last_text(g->store, i, &g->last[i], err) < 0 ||
		     store_set_last(g->store, i, ip_str(&g->given[i], text), err) < 0))
			return -1;
		g->n_last = i + 1;
	}
	return 0;
}

/* The end */

void give_back(struct giving *g)
{
	struct error ignored;
	char name[IP_STRLEN];

	for (int i = 0; i < g->n; i++) {
		if (find_in(&g->had, &g->given[i]))
			continue;
		if (i < g->n_last)
			store_set_last(g->store, i, g->last[i], &ignored);
		store_release(g->store, ip_str(&g->given[i], name), &ignored);
	}
	if (g->noted)
		store_note(g->store, g->to, &g->had, &ignored);
	g->n = g->n_last = 0;
	g->noted = false;
}

void give_end(struct giving *g)
{
	struct error ignored;

	for (int i = 0; i < g->had.n; i++)
		if (!find_in(&g->has, &g->had.held[i].ip) &&
		    store_release(g->store, g->had.held[i].name, &ignored) < 0)
			g->store->whole = false; /* the next one looks */
}

void give_close(struct giving *g)
{
	for (int i = 0; i < RANGE_SETS; i++)
		free(g->last[i]);
}
