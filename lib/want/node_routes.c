/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/rtnetlink.h>

#include "kernel/link.h"
#include "kernel/routes.h"
#include "want/node_routes.h"

#define V6_PRIORITY 1024U /* what 0 means to IPv6, net/ipv6/route.c: IP6_RT_PRIO_USER */

static unsigned priority_of(const struct entry *e)
{
	if (e->blackhole)
		return NODE_ROUTES_LAST;
	return e->to.family == AF_INET6 ? V6_PRIORITY : 0;
}

static int order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int by_address = ip_cmp(&x->to, &y->to);

	if (by_address)
		return by_address;
	if (x->to.prefix != y->to.prefix)
		return (int)x->to.prefix - (int)y->to.prefix;
	return x->blackhole - y->blackhole;
}

static bool same(const struct entry *wanted, const struct entry *have)
{
	if (wanted->blackhole)
		return have->priority == NODE_ROUTES_LAST;
	return wanted->index == have->index && wanted->index &&
	       ip_equal(&wanted->via, &have->via) && wanted->onlink == have->onlink &&
	       have->priority == priority_of(wanted);
}

struct listing {
	struct table *have;
	const struct table *wanted;
};

static void on_route(const struct route_seen *seen, void *arg)
{
	const struct listing *listing = arg;
	const struct entry entry = { .to = seen->to,
				     .via = seen->via,
				     .index = seen->link,
				     .priority = seen->priority,
				     .blackhole = seen->type == RTN_BLACKHOLE,
				     .onlink = seen->onlink,
				     .foreign = seen->protocol != NODE_ROUTES_PROTOCOL };

	if (seen->table != RT_TABLE_MAIN || (entry.foreign && entry.blackhole))
		return;
	if (!entry.foreign || table_find(listing->wanted, &entry))
		table_add(listing->have, &entry);
}

static int list(struct table *have, const struct table *wanted, struct netns *ns, struct error *err)
{
	struct listing listing = { have, wanted };

	if (routes_each(ns, &(struct routes_visit){ AF_INET, on_route, &listing }, err) < 0)
		return -1;
	return routes_each(ns, &(struct routes_visit){ AF_INET6, on_route, &listing }, err);
}

static struct nl_msg *message(const struct entry *e, int type, int flags)
{
	struct nl_msg *msg = link_message_alloc(type, flags);
	struct rtmsg rtm = { .rtm_family = (uint8_t)e->to.family,
			     .rtm_dst_len = (uint8_t)e->to.prefix,
			     .rtm_table = RT_TABLE_MAIN,
			     .rtm_protocol = NODE_ROUTES_PROTOCOL,
			     .rtm_scope = RT_SCOPE_UNIVERSE,
			     .rtm_type = e->blackhole ? RTN_BLACKHOLE : RTN_UNICAST,
			     .rtm_flags = e->onlink ? RTNH_F_ONLINK : 0 };

	nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO);
	nla_put(msg, RTA_DST, (int)ip_size(&e->to), e->to.byte);
	if (!e->blackhole && e->via.family)
		nla_put(msg, RTA_GATEWAY, (int)ip_size(&e->via), e->via.byte);
	if (!e->blackhole)
		nla_put_u32(msg, RTA_OIF, e->index);
	if (type == RTM_DELROUTE ? e->priority : priority_of(e))
		nla_put_u32(msg, RTA_PRIORITY, type == RTM_DELROUTE ? e->priority : priority_of(e));
	return msg;
}

/*
 * In one step where the kernel can do it: no packet is lost between. IPv6 looks
 * up a new gateway among the routes, finds the very one that is to be replaced,
 * and refuses when it leads through another link.
 */
static bool replaceable(const struct entry *wanted, const struct entry *have)
{
	return have->priority == priority_of(wanted) && have->blackhole == wanted->blackhole &&
	       (have->to.family == AF_INET || have->index == wanted->index);
}

static void mend(struct batch *batch, const struct entry *wanted, const struct entry *have)
{
	bool replace = wanted && have && replaceable(wanted, have);

	if (have && !replace)
		batch_add(batch, message(have, RTM_DELROUTE, 0), NULL);
	if (wanted)
		batch_add(batch,
			  message(wanted, RTM_NEWROUTE,
				  NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL)),
			  wanted);
}

static void print(const struct entry *e, FILE *out)
{
	char text[IP_STRLEN];

	fprintf(out, "%s%s", e->blackhole ? "blackhole " : "", ip_cidr_str(&e->to, text));
	if (e->via.family)
		fprintf(out, " via %s", ip_str(&e->via, text));
	if (e->link && !e->blackhole)
		fprintf(out, " dev %s", e->link);
	if (!e->link && e->node)
		fprintf(out, " by no way");
	if (!e->link && e->index)
		fprintf(out, " through interface number %u", e->index);
	if (e->onlink)
		fprintf(out, " onlink");
}

const struct table_card node_routes_card = {
	.noun = "route",
	.order = order,
	.same = same,
	.list = list,
	.mend = mend,
	.print = print,
};

static const struct want_kind node_routes_kind = {
	.name = "routes",
	.shared = true,
	.make = table_make,
	.check = table_check,
	.print = table_print,
};

void want_node_routes(struct plan *plan, struct table *table)
{
	want_table(plan, &node_routes_kind, table);
}

static int ways_make(void *what, struct world *world, struct error *err)
{
	struct table *table = *(struct table **)what;

	if (!table->impossible)
		return 1;
	return table_tell_impossible(table, world, CNI_ROUTE_TAKEN, err);
}

static int ways_check(const void *what, struct world *world, struct error *err)
{
	return table_tell_impossible(*(struct table *const *)what, world, CNI_CHECK_FAILED, err);
}

static int ways_ready(const void *what, struct world *world, struct error *err)
{
	return table_tell_impossible(*(struct table *const *)what, world, CNI_LIMITED, err);
}

static void ways_print(const void *what, FILE *out)
{
	(void)what;
	fputs("host one for each of them, and none of others in its place", out);
}

static const struct want_kind ways_kind = {
	.name = "ways",
	.make = ways_make,
	.check = ways_check,
	.ready = ways_ready,
	.print = ways_print,
};

void want_node_ways(struct plan *plan, struct table *table)
{
	want_table(plan, &ways_kind, table);
}
