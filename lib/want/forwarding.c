/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "kernel/link.h"
#include "kernel/proc.h"
#include "kernel/routes.h"
#include "want/forwarding.h"

static const char *switch_of(const struct forwarding *f)
{
	return f->family == AF_INET ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding";
}

static const char *accept_ra_of(const char *link, char name[static 64])
{
	snprintf(name, 64, "net/ipv6/conf/%s/accept_ra", link);
	return name;
}

/* Links that have a default route by a router's word. */
struct uplinks {
	unsigned link[FORWARDING_UPLINKS];
	int n;
};

static void add_uplink(const struct route_seen *route, void *arg)
{
	struct uplinks *uplinks = arg;

	if (route->to.prefix || route->protocol != RTPROT_RA)
		return;
	for (int i = 0; i < uplinks->n; i++)
		if (uplinks->link[i] == route->link)
			return;
	if (uplinks->n < FORWARDING_UPLINKS)
		uplinks->link[uplinks->n++] = route->link;
}

static int teach(struct forwarding *f, struct netns *host, unsigned index, struct error *err)
{
	char name[64], value[PROC_VALUE];
	struct link link;
	int r = link_get_by_index(host, index, &link, err);

	if (r == 0)
		r = proc_read(host, accept_ra_of(link.name, name), value, err);
	if (r || strcmp(value, "1") != 0)
		return r < 0 ? r : 0;
	if (proc_write(host, name, "2", err) < 0)
		return -1;
	memcpy(f->taught.name[f->taught.n++], link.name, sizeof(link.name));
	return 0;
}

static int teach_uplinks(struct forwarding *f, struct netns *host, struct error *err)
{
	struct uplinks uplinks = { 0 };

	f->taught.n = 0;
	if (f->family != AF_INET6)
		return 0;
	if (routes_each(host, &(struct routes_visit){ AF_INET6, add_uplink, &uplinks }, err) < 0)
		return -1;
	for (int i = 0; i < uplinks.n; i++)
		if (teach(f, host, uplinks.link[i], err) < 0)
			return -1;
	return 0;
}

static int forget_uplinks(const struct forwarding *f, struct netns *host, struct error *err)
{
	char name[64];
	int r = 0;

	for (int i = 0; i < f->taught.n; i++)
		if (proc_write(host, accept_ra_of(f->taught.name[i], name), "1", err) < 0)
			r = -1;
	return r;
}

static int forwarding_make(void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	struct forwarding *f = what;
	struct error ignored;
	int r = teach_uplinks(f, host, err);

	if (r == 0)
		r = proc_write(host, switch_of(f), "1", err);
	if (r > 0)
		error_set(err, CNI_INTERNAL, "this kernel has no %s", switch_of(f));
	if (r)
		forget_uplinks(f, host, &ignored);
	return r ? -1 : 0;
}

static int forwarding_unmake(const void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	const struct forwarding *f = what;

	if (proc_write(host, switch_of(f), "0", err) < 0)
		return -1;
	return forget_uplinks(f, host, err);
}

static int forwarding_check(const void *what, struct world *world, struct error *err)
{
	const struct forwarding *f = what;
	char value[PROC_VALUE];
	int r = proc_read(&world->ns[HOST], switch_of(f), value, err);

	if (r == 0 && strcmp(value, "0") != 0)
		return 0;
	return r < 0 ? r : error_set(err, CNI_CHECK_FAILED, "sysctl %s is not 1", switch_of(f));
}

static void forwarding_print(const void *what, FILE *out)
{
	const struct forwarding *f = what;

	fprintf(out, "host IPv%c", f->family == AF_INET ? '4' : '6');
}

static const struct want_kind forwarding_kind = {
	.name = "forwarding",
	.shared = true,
	.make = forwarding_make,
	.unmake = forwarding_unmake,
	.check = forwarding_check,
	.print = forwarding_print,
};

void want_forwarding_(struct plan *plan, const struct forwarding *forwarding)
{
	plan_want(plan, &forwarding_kind, forwarding, sizeof(*forwarding));
}
