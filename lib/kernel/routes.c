/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "kernel/link.h"
#include "kernel/routes.h"

static struct ip ip_from(const struct nlattr *attr, const struct rtmsg *rtm)
{
	struct ip ip = { .family = rtm->rtm_family };

	nla_memcpy(ip.byte, attr, sizeof(ip.byte));
	return ip;
}

static unsigned u32(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static void read_hop(struct route_seen *seen, const struct rtmsg *rtm, unsigned link,
		     const struct nlattr *gateway)
{
	seen->link = link;
	if (gateway)
		seen->via = ip_from(gateway, rtm);
}

/* Of several next hops the first is told: it is enough to recognise a route by. */
static void read_first_hop(struct route_seen *seen, const struct rtmsg *rtm, struct nlattr *hops)
{
	const struct rtnexthop *hop = nla_data(hops);
	struct nlattr *tb[RTA_MAX + 1];

	if (RTNH_OK(hop, nla_len(hops)) &&
	    nla_parse(tb, RTA_MAX, (struct nlattr *)(uintptr_t)(hop + 1),
		      hop->rtnh_len - (int)sizeof(*hop), NULL) == 0)
		read_hop(seen, rtm, (unsigned)hop->rtnh_ifindex, tb[RTA_GATEWAY]);
}

static struct route_seen seen_route(const struct rtmsg *rtm, struct nlattr **tb)
{
	struct route_seen seen = { .to = { .family = rtm->rtm_family },
				   .table = tb[RTA_TABLE] ? u32(tb[RTA_TABLE]) : rtm->rtm_table,
				   .priority = u32(tb[RTA_PRIORITY]),
				   .protocol = rtm->rtm_protocol,
				   .type = rtm->rtm_type,
				   .onlink = rtm->rtm_flags & RTNH_F_ONLINK };

	if (tb[RTA_DST])
		seen.to = ip_from(tb[RTA_DST], rtm);
	seen.to.prefix = rtm->rtm_dst_len;
	if (tb[RTA_MULTIPATH])
		read_first_hop(&seen, rtm, tb[RTA_MULTIPATH]);
	else
		read_hop(&seen, rtm, u32(tb[RTA_OIF]), tb[RTA_GATEWAY]);
	return seen;
}

static int on_route(struct nl_msg *msg, void *arg)
{
	const struct rtmsg *rtm = nlmsg_data(nlmsg_hdr(msg));
	const struct routes_visit *visit = arg;
	struct nlattr *tb[RTA_MAX + 1];
	struct route_seen seen;

	if (rtm->rtm_flags & RTM_F_CLONED ||
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(*rtm), tb, RTA_MAX, NULL) < 0)
		return NL_OK;
	seen = seen_route(rtm, tb);
	if (seen.table != RT_TABLE_LOCAL)
		visit->seen(&seen, visit->arg);
	return NL_OK;
}

int routes_each(struct netns *ns, const struct routes_visit *visit, struct error *err)
{
	struct nl_msg *msg = link_message_alloc(RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg rtm = { .rtm_family = (unsigned char)visit->family };

	nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO);
	if (netns_ask(ns, msg, on_route, (void *)(uintptr_t)visit) < 0)
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

static int on_way(struct nl_msg *msg, void *arg)
{
	struct nlattr *link = nlmsg_find_attr(nlmsg_hdr(msg), sizeof(struct rtmsg), RTA_OIF);

	*(unsigned *)arg = u32(link);
	return NL_OK;
}

int routes_link_to(struct netns *ns, const struct ip *to, char name[static IFNAMSIZ],
		   struct error *err)
{
	struct nl_msg *msg = link_message_alloc(RTM_GETROUTE, 0);
	struct rtmsg rtm = { .rtm_family = (unsigned char)to->family,
			     .rtm_dst_len = (unsigned char)ip_bits(to) };
	char text[IP_STRLEN];
	unsigned index = 0;
	struct link link;
	int r;

	nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO);
	nla_put(msg, RTA_DST, (int)ip_size(to), to->byte);
	r = netns_ask(ns, msg, on_way, &index);
	if (r == -ENETUNREACH || r == -EHOSTUNREACH || (r == 0 && !index))
		return 1;
	if (r < 0)
		return netns_error(ns, err, "look for the way to %s", ip_str(to, text));
	r = link_get_by_index(ns, index, &link, err);
	if (r == 0)
		memcpy(name, link.name, IFNAMSIZ);
	return r;
}
