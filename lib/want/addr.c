/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "kernel/addrs.h"
#include "kernel/glance.h"
#include "kernel/link.h"
#include "kernel/watch.h"
#include "want/addr.h"

#define DEADLINE 10000 /* milliseconds */

static int addr_make(void *what, struct world *world, struct error *err)
{
	struct netns *container = &world->ns[CONTAINER];
	const struct addr *a = what;
	const struct addr_seen wanted = { a->ip, a->detect ? 0 : IFA_F_NODAD, true };
	char text[IP_STRLEN];
	unsigned link;

	if (glance_index(container, a->link, &link, err) < 0)
		return -1;
	if (addrs_add(container, link, &wanted) < 0)
		return netns_error(container, err, "add address %s to %s",
				   ip_cidr_str(&a->ip, text), a->link);
	return 0;
}

/* 1: it is there, but not settled. */
static int look(struct netns *container, const void *what, struct error *err)
{
	const struct addr *a = what;
	struct addr_seen seen = { .ip = a->ip };
	char text[IP_STRLEN];
	unsigned link;
	int r;

	if (glance_index(container, a->link, &link, err) < 0)
		return -1;
	r = addrs_find(container, link, &seen, err);
	if (r > 0)
		return error_set(err, CNI_CHECK_FAILED, "%s has no address %s", a->link,
				 ip_cidr_str(&a->ip, text));
	if (r == 0 && seen.flags & IFA_F_DADFAILED)
		return error_set(err, CNI_INTERNAL, "address %s of %s is used by another host",
				 ip_cidr_str(&a->ip, text), a->link);
	return r < 0 ? r : !!(seen.flags & IFA_F_TENTATIVE);
}

static int addr_check(const void *what, struct world *world, struct error *err)
{
	const struct addr *a = what;
	char text[IP_STRLEN];
	int r = look(&world->ns[CONTAINER], what, err);

	return r > 0 ? error_set(err, CNI_CHECK_FAILED, "address %s of %s is still tentative",
				 ip_cidr_str(&a->ip, text), a->link) :
		       r;
}

static int addr_report(const void *what, struct world *world, struct result *result,
		       struct error *err)
{
	const struct addr *a = what;
	const struct result_ip ip = { a->ip, a->gateway, result_find(result, a->link, true) };

	(void)world;
	return result_add_ip(result, &ip, err) < 0 ? -1 : 0;
}

static void addr_print(const void *what, FILE *out)
{
	const struct addr *a = what;
	char text[IP_STRLEN];

	fprintf(out, "container %s %s%s", a->link, ip_cidr_str(&a->ip, text),
		a->detect ? " with duplicate address detection" : "");
}

static const struct want_kind addr_kind = {
	.name = "addr",
	.make = addr_make,
	.check = addr_check,
	.report = addr_report,
	.print = addr_print,
};

void want_addr_(struct plan *plan, const struct addr *addr)
{
	plan_want(plan, &addr_kind, addr, sizeof(*addr));
}

static int settled_make(void *what, struct world *world, struct error *err)
{
	const struct addr *a = what;
	const struct watch watch = { .ns = &world->ns[CONTAINER],
				     .group = RTNLGRP_IPV6_IFADDR,
				     .deadline = DEADLINE,
				     .holds = look,
				     .arg = a };
	char text[IP_STRLEN];
	int r = watch_wait(&watch, err);

	return r > 0 ? error_set(err, CNI_TRY_AGAIN,
				 "duplicate address detection for %s took more than %d ms",
				 ip_cidr_str(&a->ip, text), DEADLINE) :
		       r;
}

static void settled_print(const void *what, FILE *out)
{
	const struct addr *a = what;
	char text[IP_STRLEN];

	fprintf(out, "container %s %s", a->link, ip_cidr_str(&a->ip, text));
}

static const struct want_kind settled_kind = {
	.name = "settled",
	.make = settled_make,
	.print = settled_print,
};

void want_settled_(struct plan *plan, const struct addr *addr)
{
	plan_want(plan, &settled_kind, addr, sizeof(*addr));
}
