/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/ip.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/link.h"
#include "want/sysctl.h"

#define NAME 128

static const char *name_of(const struct sysctl *s, char name[static NAME])
{
	snprintf(name, NAME, "net/%s/conf/%s/%s", s->family, s->link.str, s->key);
	return name;
}

/* 1: it is none of those that a message can set. */
static int set_by_message(const struct sysctl *s, struct netns *ns, struct error *err)
{
	char name[NAME];

	if (s->where == HOST || strcmp(s->family, "ipv4") != 0 || strcmp(s->key, "arp_notify") != 0)
		return 1;
	if (link_set_ipv4(ns, s->link.str, IPV4_DEVCONF_ARP_NOTIFY, (unsigned)atoi(s->value)) < 0)
		return netns_error(ns, err, "set sysctl %s to %s", name_of(s, name), s->value);
	return 0;
}

static int sysctl_make(void *what, struct world *world, struct error *err)
{
	struct sysctl *s = what;
	struct netns *ns = &world->ns[s->where];
	char name[NAME];
	int r = set_by_message(s, ns, err);

	if (r <= 0)
		return r;
	if (s->where == HOST) {
		r = proc_read(ns, name_of(s, name), s->before, err);
		if (r)
			return r;
		if (!strcmp(s->before, s->value))
			return 1;
	}
	return proc_write(ns, name_of(s, name), s->value, err);
}

static int sysctl_unmake(const void *what, struct world *world, struct error *err)
{
	const struct sysctl *s = what;
	char name[NAME];

	return proc_write(&world->ns[s->where], name_of(s, name), s->before, err) < 0 ? -1 : 0;
}

static int sysctl_check(const void *what, struct world *world, struct error *err)
{
	const struct sysctl *s = what;
	char name[NAME], value[PROC_VALUE];
	int r = proc_read(&world->ns[s->where], name_of(s, name), value, err);

	if (r)
		return r < 0 ? r : 0;
	if (strcmp(value, s->value) != 0)
		return error_set(err, CNI_CHECK_FAILED, "sysctl %s is %s, not %s", name, value,
				 s->value);
	return 0;
}

static void sysctl_print(const void *what, FILE *out)
{
	const struct sysctl *s = what;
	char name[NAME];

	fprintf(out, "%s %s = %s", place_names[s->where], name_of(s, name), s->value);
}

static const struct want_kind host_kind = {
	.name = "sysctl",
	.shared = true,
	.make = sysctl_make,
	.unmake = sysctl_unmake,
	.check = sysctl_check,
	.print = sysctl_print,
};

static const struct want_kind container_kind = {
	.name = "sysctl",
	.make = sysctl_make,
	.print = sysctl_print,
};

void want_sysctl_(struct plan *plan, const struct sysctl *sysctl)
{
	plan_want(plan, sysctl->where == HOST ? &host_kind : &container_kind, sysctl,
		  sizeof(*sysctl));
}
