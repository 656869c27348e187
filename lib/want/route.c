/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <linux/rtnetlink.h>

#include "kernel/glance.h"
#include "kernel/link.h"
#include "kernel/routes.h"
#include "want/route.h"

static void put_metrics(struct nl_msg *msg, const struct result_route *told)
{
	struct nlattr *metrics;

	if (!told->mtu && !told->advmss)
		return;
	metrics = nla_nest_start(msg, RTA_METRICS);
	if (told->mtu)
		nla_put_u32(msg, RTAX_MTU, told->mtu);
	if (told->advmss)
		nla_put_u32(msg, RTAX_ADVMSS, told->advmss);
	nla_nest_end(msg, metrics);
}

static struct nl_msg *message(const struct route *t, unsigned link)
{
	struct nl_msg *msg = link_message_alloc(RTM_NEWROUTE, NLM_F_CREATE);
	const struct ip to = ip_network(&t->told.to);
	struct rtmsg rtm = {
		.rtm_family = (uint8_t)to.family,
		.rtm_dst_len = (uint8_t)to.prefix,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = t->told.scope >= 0 ? (uint8_t)t->told.scope : RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};

	nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO);
	nla_put(msg, RTA_DST, (int)ip_size(&to), to.byte);
	if (t->via.family)
		nla_put(msg, RTA_GATEWAY, (int)ip_size(&t->via), t->via.byte);
	nla_put_u32(msg, RTA_OIF, link);
	nla_put_u32(msg, RTA_TABLE, t->told.table > 0 ? (uint32_t)t->told.table : RT_TABLE_MAIN);
	if (t->told.priority)
		nla_put_u32(msg, RTA_PRIORITY, t->told.priority);
	put_metrics(msg, &t->told);
	return msg;
}

static int route_make(void *what, struct world *world, struct error *err)
{
	struct netns *container = &world->ns[CONTAINER];
	const struct route *t = what;
	char to[IP_STRLEN], via[IP_STRLEN];
	unsigned link;
	int r;

	if (glance_index(container, t->link, &link, err) < 0)
		return -1;
	r = netns_talk(container, message(t, link));
	if (r == -EEXIST)
		return 1;
	if (r < 0)
		return netns_error(container, err, "add route to %s%s%s on %s",
				   ip_cidr_str(&t->told.to, to), t->via.family ? " via " : "",
				   t->via.family ? ip_str(&t->via, via) : "", t->link);
	return 0;
}

struct search {
	const struct route *wanted;
	bool found;
};

static void compare(const struct route_seen *seen, void *arg)
{
	struct search *search = arg;
	const struct route *t = search->wanted;
	const struct ip to = ip_network(&t->told.to);

	search->found |= ip_equal(&seen->to, &to) && seen->to.prefix == to.prefix &&
			 (!t->via.family || ip_equal(&seen->via, &t->via));
}

static int route_check(const void *what, struct world *world, struct error *err)
{
	const struct route *t = what;
	struct search search = { .wanted = t };
	const struct routes_visit visit = { t->told.to.family, compare, &search };
	char to[IP_STRLEN], via[IP_STRLEN];

	if (routes_each(&world->ns[CONTAINER], &visit, err) < 0)
		return -1;
	if (search.found)
		return 0;
	return error_set(err, CNI_CHECK_FAILED, "the container has no route to %s%s%s",
			 ip_cidr_str(&t->told.to, to), t->via.family ? " via " : "",
			 t->via.family ? ip_str(&t->via, via) : "");
}

static int route_report(const void *what, struct world *world, struct result *result,
			struct error *err)
{
	const struct route *t = what;

	(void)world;
	return result_add_route(result, &t->told, err) < 0 ? -1 : 0;
}

static void route_print(const void *what, FILE *out)
{
	const struct route *t = what;
	char text[IP_STRLEN];

	fprintf(out, "container %s", ip_cidr_str(&t->told.to, text));
	if (t->via.family)
		fprintf(out, " via %s", ip_str(&t->via, text));
	fprintf(out, " dev %s", t->link);
	if (t->told.mtu)
		fprintf(out, " mtu %u", t->told.mtu);
	if (t->told.advmss)
		fprintf(out, " advmss %u", t->told.advmss);
	if (t->told.priority)
		fprintf(out, " priority %u", t->told.priority);
	if (t->told.table >= 0)
		fprintf(out, " table %d", t->told.table);
	if (t->told.scope >= 0)
		fprintf(out, " scope %d", t->told.scope);
}

static const struct want_kind route_kind = {
	.name = "route",
	.make = route_make,
	.check = route_check,
	.report = route_report,
	.print = route_print,
};

void want_route_(struct plan *plan, const struct route *route)
{
	plan_want(plan, &route_kind, route, sizeof(*route));
}
