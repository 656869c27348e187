/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "kernel/neighs.h"
#include "want/node_neighs.h"

static int by_address(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return ip_cmp(&x->to, &y->to);
}

static int by_mac(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return memcmp(&x->mac, &y->mac, sizeof(x->mac));
}

static bool same_mac(const struct entry *wanted, const struct entry *have)
{
	return mac_equal(&wanted->mac, &have->mac);
}

static bool same_address(const struct entry *wanted, const struct entry *have)
{
	return ip_equal(&wanted->to, &have->to);
}

static void on_neigh(const struct neigh *seen, void *arg)
{
	table_add(arg, &(struct entry){ .to = seen->ip, .mac = seen->mac, .index = seen->link });
}

/* Without the device there are no neighbours; and without wanted ones no device. */
static int list(struct neighs_visit visit, const struct table *wanted, struct netns *ns,
		struct error *err)
{
	visit.link = wanted->n ? wanted->entry[0].index : 0;
	visit.seen = on_neigh;
	return visit.link ? neighs_each(ns, &visit, err) : 0;
}

static int list_neighs(struct table *have, const struct table *wanted, struct netns *ns,
		       struct error *err)
{
	const struct neighs_visit v4 = { .family = AF_INET, .arg = have };
	const struct neighs_visit v6 = { .family = AF_INET6, .arg = have };

	return list(v4, wanted, ns, err) < 0 ? -1 : list(v6, wanted, ns, err);
}

static int list_macs(struct table *have, const struct table *wanted, struct netns *ns,
		     struct error *err)
{
	return list((struct neighs_visit){ .family = AF_BRIDGE, .arg = have }, wanted, ns, err);
}

static struct neigh neigh_of(const struct entry *e, int family)
{
	return (struct neigh){ .family = family, .link = e->index, .mac = e->mac, .ip = e->to };
}

static void mend_neigh(struct batch *batch, const struct entry *wanted, const struct entry *have)
{
	const struct entry *e = wanted ? wanted : have;
	struct neigh neigh = neigh_of(e, e->to.family);

	batch_add(batch, wanted ? neigh_new(&neigh) : neigh_delete(&neigh), wanted);
}

static void mend_mac(struct batch *batch, const struct entry *wanted, const struct entry *have)
{
	struct neigh neigh = neigh_of(wanted ? wanted : have, AF_BRIDGE);

	batch_add(batch, wanted ? neigh_new(&neigh) : neigh_delete(&neigh), wanted);
}

static void print(const struct entry *e, FILE *out)
{
	char to[IP_STRLEN], mac[MAC_STRLEN];

	fprintf(out, "%s at %s", ip_str(&e->to, to), mac_str(&e->mac, mac));
}

const struct table_card node_neighs_card = {
	.noun = "neighbour",
	.order = by_address,
	.same = same_mac,
	.list = list_neighs,
	.mend = mend_neigh,
	.print = print,
};

const struct table_card node_macs_card = {
	.noun = "tunnel end",
	.order = by_mac,
	.same = same_address,
	.list = list_macs,
	.mend = mend_mac,
	.print = print,
};

static const struct want_kind node_neighs_kind = {
	.name = "neighbours",
	.shared = true,
	.make = table_make,
	.check = table_check,
	.print = table_print,
};

static const struct want_kind node_macs_kind = {
	.name = "tunnels",
	.shared = true,
	.make = table_make,
	.check = table_check,
	.print = table_print,
};

void want_node_neighs(struct plan *plan, struct table *table)
{
	want_table(plan, &node_neighs_kind, table);
}

void want_node_macs(struct plan *plan, struct table *table)
{
	want_table(plan, &node_macs_kind, table);
}
