/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "kernel/routes.h"
#include "want/localnet.h"

#define NAME 64

static const char *name_of(const struct ifname *link, char name[static NAME])
{
	snprintf(name, NAME, "net/ipv4/conf/%s/route_localnet", link->str);
	return name;
}

/* 1: there is no link to the pod, or it has no such setting. */
static int find(const struct localnet *l, struct world *world, struct localnet *found,
		struct error *err)
{
	struct netns *host = &world->ns[HOST];
	char name[NAME];
	int r;

	*found = *l;
	r = routes_link_to(host, &l->ip, found->link.str, err);
	return r ? r : proc_read(host, name_of(&found->link, name), found->before, err);
}

static int localnet_make(void *what, struct world *world, struct error *err)
{
	struct localnet *l = what;
	char name[NAME], text[IP_STRLEN];
	int r = find(l, world, l, err);

	if (r > 0)
		return error_set(err, CNI_INVALID_CONFIG,
				 "the host has no route to the pod's address %s",
				 ip_str(&l->ip, text));
	if (r < 0 || !strcmp(l->before, "1"))
		return r < 0 ? r : 1;
	return proc_write(&world->ns[HOST], name_of(&l->link, name), "1", err) < 0 ? -1 : 0;
}

static int localnet_unmake(const void *what, struct world *world, struct error *err)
{
	const struct localnet *l = what;
	char name[NAME];

	return proc_write(&world->ns[HOST], name_of(&l->link, name), l->before, err) < 0 ? -1 : 0;
}

static int localnet_check(const void *what, struct world *world, struct error *err)
{
	struct localnet found;
	char name[NAME];
	int r = find(what, world, &found, err);

	if (r == 0 && strcmp(found.before, "0") != 0)
		return 0;
	return r < 0 ? r :
		       error_set(err, CNI_CHECK_FAILED, "sysctl %s is not 1",
				 name_of(&found.link, name));
}

static void localnet_print(const void *what, FILE *out)
{
	const struct localnet *l = what;
	char text[IP_STRLEN];

	fprintf(out, "host on the way to %s", ip_str(&l->ip, text));
}

static const struct want_kind localnet_kind = {
	.name = "localnet",
	.shared = true,
	.make = localnet_make,
	.unmake = localnet_unmake,
	.check = localnet_check,
	.print = localnet_print,
};

void want_localnet_(struct plan *plan, const struct localnet *localnet)
{
	plan_want(plan, &localnet_kind, localnet, sizeof(*localnet));
}
