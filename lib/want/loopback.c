/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/rtnetlink.h>

#include "kernel/addrs.h"
#include "kernel/link.h"
#include "want/loopback.h"
#include "want/tell.h"

#define LO "lo"

static int set(struct netns *container, unsigned flags, struct error *err)
{
	struct nl_msg *msg = link_message(RTM_NEWLINK, 0, LO, flags);

	((struct ifinfomsg *)nlmsg_data(nlmsg_hdr(msg)))->ifi_change = IFF_UP;
	if (netns_talk(container, msg) < 0)
		return netns_error(container, err, "set %s %s", LO, flags ? "up" : "down");
	return 0;
}

static int loopback_make(void *what, struct world *world, struct error *err)
{
	struct netns *container = &world->ns[CONTAINER];
	struct link lo;

	(void)what;
	if (link_need(container, LO, &lo, err) < 0)
		return -1;
	return lo.flags & IFF_UP ? 1 : set(container, IFF_UP, err);
}

static int loopback_unmake(const void *what, struct world *world, struct error *err)
{
	(void)what;
	return netns_is_open(&world->ns[CONTAINER]) ? set(&world->ns[CONTAINER], 0, err) : 0;
}

struct addresses {
	struct result *result; /* to add them to, or NULL */
	int interface;
	struct ip stranger; /* one that does not belong on lo; family 0: none */
	struct error *err;
	int r;
};

static bool is_loopback(const struct ip *ip)
{
	static const struct ip loopback[] = {
		{ .family = AF_INET, .byte = { 127 }, .prefix = 8 },
		{ .family = AF_INET6, .byte = { [15] = 1 }, .prefix = 128 },
	};

	return ip_contains(&loopback[0], ip) || ip_contains(&loopback[1], ip);
}

static void add_address(const struct addr_seen *seen, void *arg)
{
	struct addresses *all = arg;
	const struct result_ip ip = { .address = seen->ip, .interface = all->interface };

	if (!is_loopback(&seen->ip))
		all->stranger = seen->ip;
	else if (all->result && all->r >= 0)
		all->r = result_add_ip(all->result, &ip, all->err);
}

static int loopback_check(const void *what, struct world *world, struct error *err)
{
	struct netns *container = &world->ns[CONTAINER];
	struct addresses all = { 0 };
	char text[IP_STRLEN];
	struct link lo;

	(void)what;
	if (link_need(container, LO, &lo, err) < 0)
		return -1;
	if (!(lo.flags & IFF_UP))
		return error_set(err, CNI_CHECK_FAILED, "%s is down", LO);
	if (addrs_each(container, &(struct addrs_visit){ lo.index, add_address, &all }, err) < 0)
		return -1;
	if (all.stranger.family)
		return error_set(err, CNI_CHECK_FAILED,
				 "%s has %s, which is not a loopback address", LO,
				 ip_cidr_str(&all.stranger, text));
	return 0;
}

static int loopback_report(const void *what, struct world *world, struct result *result,
			   struct error *err)
{
	struct netns *container = &world->ns[CONTAINER];
	const struct loopback *l = what;
	struct addresses all = { .result = result, .interface = result->n_interfaces, .err = err };
	const struct told_link told = { LO, l->sandbox };
	struct link lo;

	if (tell_link(container, &told, result, err) < 0 ||
	    link_need(container, LO, &lo, err) < 0 ||
	    addrs_each(container, &(struct addrs_visit){ lo.index, add_address, &all }, err) < 0)
		return -1;
	return all.r < 0 ? -1 : 0;
}

static void loopback_print(const void *what, FILE *out)
{
	(void)what;
	fprintf(out, "container %s up", LO);
}

static const struct want_kind loopback_kind = {
	.name = "loopback",
	.make = loopback_make,
	.unmake = loopback_unmake,
	.check = loopback_check,
	.report = loopback_report,
	.print = loopback_print,
};

void want_loopback_(struct plan *plan, const struct loopback *loopback)
{
	plan_want(plan, &loopback_kind, loopback, sizeof(*loopback));
}
