/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "firewall/owner.h"

#define CONTAINER_MAX 70 /* 40 + 70 + 15 and two slashes are 127 */

uint32_t owner_hash(const char *text)
{
	uint32_t hash = 2166136261U;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619U;
	return hash;
}

/* `max` characters at most. */
static void shorten(char *to, const char *part, size_t max)
{
	if (strlen(part) <= max)
		snprintf(to, max + 1, "%s", part);
	else
		snprintf(to, max + 1, "%.*s~%08x", (int)(max - 9), part, owner_hash(part));
}

const char *owner_network(const char *network, char buf[static OWNER_NETWORK])
{
	shorten(buf, network, OWNER_NETWORK - 1);
	return buf;
}

const char *owner_str(const struct attachment *owner, char buf[static OWNER_STRLEN])
{
	char network[OWNER_NETWORK], container[CONTAINER_MAX + 1];

	shorten(container, owner->container, CONTAINER_MAX);
	snprintf(buf, OWNER_STRLEN, "%s/%s/%s", owner_network(owner->network, network), container,
		 owner->ifname);
	/* An interface's name may hold what would end a quoted text of nft. */
	for (char *c = buf; *c; c++)
		if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ')
			*c = '_';
	return buf;
}

bool owner_parse(struct attachment *owner, const char *name, char buf[static OWNER_STRLEN])
{
	char *rest = buf;

	snprintf(buf, OWNER_STRLEN, "%s", name);
	owner->network = strsep(&rest, "/");
	owner->container = strsep(&rest, "/");
	owner->ifname = strsep(&rest, "/");
	return owner->ifname && !rest && !strchr(name, '~');
}

/* Networks, containers and interfaces have no '/' in their names. */
bool owner_is_same_container(const char *name, const char *other)
{
	const char *a = strchr(name, '/'), *b = strchr(other, '/');

	return a && b && strcspn(a + 1, "/") == strcspn(b + 1, "/") &&
	       !strncmp(a, b, strcspn(a + 1, "/") + 1);
}

struct search {
	const char *name;
	bool found;
};

static void compare(const struct attachment *valid, void *arg)
{
	struct search *search = arg;
	char name[OWNER_STRLEN];

	search->found |= !strcmp(search->name, owner_str(valid, name));
}

bool owner_is_stale(const char *name, const struct attachments *valid)
{
	struct search search = { .name = name };
	char network[OWNER_NETWORK];
	size_t len = strlen(owner_network(valid->network, network));

	if (strncmp(name, network, len) != 0 || name[len] != '/')
		return false;
	attachments_each(valid, compare, &search);
	return !search.found;
}
