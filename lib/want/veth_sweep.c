/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/link.h"
#include "value/scope.h"
#include "want/veth_sweep.h"

/* Names of links, sorted where they are searched. */
struct names {
	struct ifname *name;
	size_t n, room;
};

static void add(struct names *names, const char *name)
{
	if (names->n == names->room) {
		names->room = names->room ? 2 * names->room : 64;
		names->name = realloc(names->name, names->room * sizeof(*names->name));
		if (!names->name)
			abort();
	}
	snprintf(names->name[names->n++].str, IFNAMSIZ, "%s", name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool have(const struct names *names, const char *name)
{
	struct ifname key;

	snprintf(key.str, sizeof(key.str), "%s", name);
	return names->n && bsearch(&key, names->name, names->n, sizeof(key), by_name) != NULL;
}

struct search {
	char alias[IDENTITY_ALIAS]; /* how the aliases of the network begin */
	struct names valid, stale;
};

static void add_valid(const struct attachment *attachment, void *arg)
{
	struct search *search = arg;

	add(&search->valid, identity_veth(attachment).str);
}

static bool is_derived(const char *name)
{
	return !strncmp(name, "veth", 4) && strlen(name) == IFNAMSIZ - 1 &&
	       strspn(name + 4, "0123456789abcdef") == IFNAMSIZ - 5;
}

static void add_stale(const struct link *link, void *arg)
{
	struct search *search = arg;

	if (!strncmp(link->alias, search->alias, strlen(search->alias)) && is_derived(link->name) &&
	    !have(&search->valid, link->name))
		add(&search->stale, link->name);
}

static int mark(struct netns *host, const struct names *stale, uint32_t group, struct error *err)
{
	for (size_t i = 0; i < stale->n; i++) {
		struct nl_msg *msg = link_message(RTM_NEWLINK, 0, stale->name[i].str, 0);
		int r;

		nla_put_u32(msg, IFLA_GROUP, group);
		r = netns_talk(host, msg);
		if (r < 0 && r != -ENODEV)
			return netns_error(host, err, "mark %s for deletion", stale->name[i].str);
	}
	return 0;
}

static int delete_group(struct netns *host, uint32_t group, struct error *err)
{
	struct nl_msg *msg = link_message(RTM_DELLINK, 0, NULL, 0);
	int r;

	nla_put_u32(msg, IFLA_GROUP, group);
	r = netns_talk(host, msg);
	return r < 0 && r != -ENODEV ? netns_error(host, err, "delete the stale pairs") : 0;
}

static int sweep(struct search *search, struct netns *host, struct error *err)
{
	struct link_visit visit = { .kind = "veth", .seen = add_stale, .arg = search };
	uint32_t group = 0x70770000U ^ (uint32_t)getpid(); /* two sweeps at once do not mix */

	if (search->valid.n)
		qsort(search->valid.name, search->valid.n, sizeof(struct ifname), by_name);
	if (link_each(host, &visit, err) < 0)
		return -1;
	if (!search->stale.n)
		return 0;
	if (mark(host, &search->stale, group, err) < 0)
		return -1;
	return delete_group(host, group, err);
}

int veth_sweep(const struct attachments *valid, struct world *world, struct error *err)
{
	struct search search = { 0 };
	int r;

	snprintf(search.alias, sizeof(search.alias), "%s/", valid->network);
	attachments_each(valid, add_valid, &search);
	r = sweep(&search, &world->ns[HOST], err);
	free(search.valid.name);
	free(search.stale.name);
	return r;
}
