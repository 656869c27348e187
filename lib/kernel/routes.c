/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/rtnetlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <string.h>

#include "kernel/link.h"
#include "kernel/routes.h"

static struct ip ip_from(struct nl_addr *addr, int family)
{
	struct ip ip = { .family = family };

	if (!addr)
		return (struct ip){ 0 };
	memcpy(ip.byte, nl_addr_get_binary_addr(addr), nl_addr_get_len(addr));
	ip.prefix = nl_addr_get_prefixlen(addr);
	return ip;
}

/* Of several next hops the first is told: it is enough to recognise a route by. */
static struct route_seen seen_route(struct rtnl_route *route)
{
	int family = rtnl_route_get_family(route);
	struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);
	struct route_seen seen = {
		.to = ip_from(rtnl_route_get_dst(route), family),
		.table = rtnl_route_get_table(route),
		.priority = rtnl_route_get_priority(route),
		.protocol = rtnl_route_get_protocol(route),
	};

	seen.to.family = family;
	if (hop) {
		seen.via = ip_from(rtnl_route_nh_get_gateway(hop), family);
		seen.link = (unsigned)rtnl_route_nh_get_ifindex(hop);
	}
	rtnl_route_get_metric(route, RTAX_MTU, &seen.mtu);
	rtnl_route_get_metric(route, RTAX_ADVMSS, &seen.advmss);
	return seen;
}

static void on_route(struct nl_object *object, void *arg)
{
	struct rtnl_route *route = (struct rtnl_route *)object;
	const struct routes_visit *visit = arg;
	struct route_seen seen;

	if (rtnl_route_get_flags(route) & RTM_F_CLONED ||
	    rtnl_route_get_table(route) == RT_TABLE_LOCAL)
		return;
	seen = seen_route(route);
	visit->seen(&seen, visit->arg);
}

static int on_route_message(struct nl_msg *msg, void *arg)
{
	nl_msg_parse(msg, on_route, arg);
	return NL_OK;
}

int routes_each(struct netns *ns, const struct routes_visit *visit, struct error *err)
{
	struct nl_msg *msg = link_message_alloc(RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg rtm = { .rtm_family = (unsigned char)visit->family };

	nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO);
	if (netns_ask(ns, msg, on_route_message, (void *)(uintptr_t)visit) < 0)
		return netns_error(ns, err, "list the routes");
	return 0;
}

struct uplink {
	bool found;
	unsigned link, priority;
};

static void on_default(const struct route_seen *route, void *arg)
{
	struct uplink *best = arg;

	if (route->to.prefix || route->table != RT_TABLE_MAIN || !route->link ||
	    (best->found && best->priority <= route->priority))
		return;
	*best = (struct uplink){ true, route->link, route->priority };
}

int routes_mtu(struct netns *ns, unsigned *mtu, struct error *err)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct uplink uplink = { 0 };
	struct link link = { 0 };

	if (*mtu != MTU_AUTO)
		return 0;
	for (size_t i = 0; i < 2 && !uplink.found; i++)
		if (routes_each(ns, &(struct routes_visit){ families[i], on_default, &uplink },
				err) < 0)
			return -1;
	if (uplink.found && link_get_by_index(ns, uplink.link, &link, err) < 0)
		return -1;
	*mtu = link.mtu;
	return 0;
}
