/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The world a plan is worked in: the host, the container, and the host's lock
 *
 * Things that pods share (a bridge, its gateway address, ip_forward) are made
 * by whoever comes first, and unmade again when that one fails. In between,
 * nobody may build on them. So every ADD holds the host's lock together with
 * the others, and before it makes something shared it waits until it is alone
 * and stays so to its end: others see the shared thing when it is there to
 * stay, or not at all. In daily life everything shared exists and nobody waits.
 *
 * The lock is a flock() on the host's network namespace itself: no file to
 * create, none left behind, and a namespace of its own for every test.
 */

#include "firewall/firewall.h"
#include "kernel/netns.h"

enum place { HOST, CONTAINER };

struct world {
	struct netns ns[2]; /* by place; the container's is not open when it is gone */
	bool alone;
	struct firewall firewall; /* the host's */
};

#define WORLD_NONE ((struct world){ .ns = { NETNS_NONE, NETNS_NONE }, .firewall = FIREWALL_NONE })

extern const char *const place_names[2];

/* The host's side. */
int world_open(struct world *world, struct error *err);

/*
 * The container's side. 1: there is no namespace at `path`. A namespace that is
 * the host's is error 4, unless CNI_NETNS_OVERRIDE is set to 1 or true.
 */
int world_open_container(struct world *world, const char *path, struct error *err);

/* Before anything that a failure has to undo. */
int world_lock(struct world *world, struct error *err);
int world_lock_alone(struct world *world, struct error *err);

void world_close(struct world *world);
#define _world_ __attribute__((__cleanup__(world_close)))
