/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"
#include "value/scope.h"
#include "want/world.h"

struct row {
	char node[NODES_NAME], cidr[IP_STRLEN], way[96], state[96];
};

struct showing {
	struct layout *layout;
	const struct table *table; /* that is being compared */
	const char **state;	   /* by route; NULL: it is in place */
	struct row *row;
	size_t n;
};

static const char *trouble(const struct entry *wanted, const struct entry *have)
{
	if (!wanted->link)
		return "unreachable";
	if (!have)
		return "missing";
	return have->foreign ? "taken by another route" : "wrong";
}

/* What is wrong with a neighbour is wrong with every tunnelled route to that node. */
static void note(const struct entry *wanted, const struct entry *have, void *arg)
{
	struct showing *s = arg;
	const struct table *routes = &s->layout->routes;

	for (size_t i = 0; wanted && i < routes->n; i++)
		if (wanted == &routes->entry[i] ||
		    (s->table != routes && wanted->node == routes->entry[i].node &&
		     routes->entry[i].onlink))
			s->state[i] = trouble(wanted, have);
}

static int compare(struct showing *s, struct error *err)
{
	struct layout *l = s->layout;
	struct table *const tables[] = { &l->neighs, &l->macs, &l->routes };
	_world_ struct world world = WORLD_NONE;

	if (world_open(&world, err) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(tables); i++) {
		s->table = tables[i];
		if (table_compare(tables[i], &world.ns[HOST], &(struct table_visit){ note, s },
				  err) < 0)
			return -1;
	}
	return 0;
}

static void say_way(const struct layout *l, const struct entry *route, struct row *row)
{
	const struct ip *outer;
	char text[IP_STRLEN];

	if (route->blackhole) {
		snprintf(row->way, sizeof(row->way), "this node");
	} else if (!route->link) {
		snprintf(row->way, sizeof(row->way), "-");
	} else if (route->onlink) {
		outer = node_address(nodes_find(&l->cluster->nodes, route->node),
				     l->tunnel.local.family);
		snprintf(row->way, sizeof(row->way), "tunnel to %s",
			 outer ? ip_str(outer, text) : "-");
	} else {
		snprintf(row->way, sizeof(row->way), "via %s dev %s", ip_str(&route->via, text),
			 route->link);
	}
}

static struct row *add_row(struct showing *s, const struct node *node)
{
	struct row *row = &s->row[s->n++];

	snprintf(row->node, sizeof(row->node), "%s", node->name);
	snprintf(row->cidr, sizeof(row->cidr), "-");
	snprintf(row->way, sizeof(row->way), "-");
	return row;
}

static void add_node(struct showing *s, const struct node *node)
{
	const struct table *routes = &s->layout->routes;
	const bool own = node == s->layout->cluster->own;
	const char *why = own ? NULL : layout_leaves_out(node);

	if (why)
		snprintf(add_row(s, node)->state, sizeof(s->row->state), "%s", why);
	for (size_t i = 0; !why && i < node->n_cidrs; i++) {
		const struct entry key = { .to = node->cidr[i], .blackhole = own };
		const struct entry *route = table_find(routes, &key);
		struct row *row = add_row(s, node);
		const char *state = route ? s->state[route - routes->entry] : NULL;

		ip_cidr_str(&node->cidr[i], row->cidr);
		snprintf(row->state, sizeof(row->state), "%s", state ? state : "ok");
		if (route)
			say_way(s->layout, route, row);
	}
}

static int wider(int width, const char *text)
{
	int len = (int)strlen(text);

	return len > width ? len : width;
}

static void print(const struct showing *s)
{
	int node = 4, cidr = 7, way = 3;

	for (size_t i = 0; i < s->n; i++) {
		node = wider(node, s->row[i].node);
		cidr = wider(cidr, s->row[i].cidr);
		way = wider(way, s->row[i].way);
	}
	printf("%-*s  %-*s  %-*s  %s\n", node, "NODE", cidr, "PODCIDR", way, "WAY", "STATE");
	for (size_t i = 0; i < s->n; i++)
		printf("%-*s  %-*s  %-*s  %s\n", node, s->row[i].node, cidr, s->row[i].cidr, way,
		       s->row[i].way, s->row[i].state);
}

/* The tunnel, forwarding, and entries that nobody wants any more. */
static int print_rest(struct layout *layout, struct error *err)
{
	_world_ struct world world = WORLD_NONE;
	_plan_ struct plan plan = PLAN_NONE;
	struct error why;

	layout_wants(layout, &plan);
	if (world_open(&world, err) < 0)
		return -1;
	if (plan_check(&plan, &world, &why) == 0)
		return 0;
	printf("not in place: %s\n", why.msg);
	return 1;
}

int routes_show(struct layout *layout, struct error *err)
{
	const struct nodes *nodes = &layout->cluster->nodes;
	_free_ const char **state = calloc(layout->routes.n + 1, sizeof(*state));
	_free_ struct row *row = calloc(nodes->n * NODES_CIDRS + 1, sizeof(*row));
	struct showing s = { .layout = layout, .state = state, .row = row };

	if (!state || !row)
		return error_set(err, CNI_INTERNAL, "out of memory at %zu nodes", nodes->n);
	if (compare(&s, err) < 0)
		return -1;
	for (size_t i = 0; i < nodes->n; i++)
		add_node(&s, &nodes->node[i]);
	print(&s);
	return print_rest(layout, err);
}
