/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>
#include <string.h>

#include "kernel/lock.h"
#include "want/world.h"

#define LOCK_NAME "the host's network namespace"

const char *const place_names[2] = { [HOST] = "host", [CONTAINER] = "container" };

int world_open(struct world *world, struct error *err)
{
	return netns_open_here(&world->ns[HOST], err);
}

static bool override(void)
{
	const char *value = getenv("CNI_NETNS_OVERRIDE");

	return value && (!strcmp(value, "1") || !strcmp(value, "true"));
}

int world_open_container(struct world *world, const char *path, struct error *err)
{
	struct netns *container = &world->ns[CONTAINER];
	int r = netns_open(container, path, &world->ns[HOST], err);

	if (r == 0 && netns_same(&world->ns[HOST], container) && !override())
		r = error_set(err, CNI_INVALID_ENVIRONMENT,
			      "CNI_NETNS %s is the plugin's own network namespace", path);
	if (r)
		netns_close(container);
	return r;
}

int world_lock(struct world *world, struct error *err)
{
	return lock_take(world->ns[HOST].fd, LOCK_SHARED, LOCK_NAME, err);
}

int world_lock_alone(struct world *world, struct error *err)
{
	if (!world->alone && lock_take(world->ns[HOST].fd, LOCK_ALONE, LOCK_NAME, err) < 0)
		return -1;
	world->alone = true;
	return 0;
}

void world_close(struct world *world)
{
	netns_close(&world->ns[CONTAINER]);
	netns_close(&world->ns[HOST]);
	firewall_close(&world->firewall);
}
