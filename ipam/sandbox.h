/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sandboxes: for whom an address was reserved, so that it can be told whether
 * that one may live still
 *
 * A sandbox is a network namespace (device and inode, as its path leads there)
 * of one boot of one machine. Only what is certain is answered with certainty:
 * of another machine nothing is known, be its boot as old as it may; nor of a
 * reservation that the reference plugins made. Inode numbers of namespaces can
 * come back within a boot, so an equal one is no proof that the old one lives.
 *
 * Source: machine-id(5); random(4) for the boot's; namespaces(7) for "device and inode".
 */

#include <stdbool.h>
#include <time.h>

struct machine {
	char id[40], boot[40]; /* "": that cannot be told */
};

struct sandbox {
	struct machine on;
	unsigned long long device, inode; /* 0: there is no namespace at the path */
	char path[256];			  /* "": none, or too long to be kept */
};

#define SANDBOX_UNKNOWN ((struct sandbox){ .device = 0 })

void machine_read(struct machine *here);

/* As far as the clock can tell. */
bool machine_booted_after(const struct timespec *time);

/* The namespace at that path, here and now. */
void sandbox_read(struct sandbox *sandbox, const struct machine *here, const char *netns);

/* That a reservation was made for `then` is known, and that this is another one than `now`: by its
 * numbers, or because it is not where it was. */
bool sandbox_is_another(const struct sandbox *then, const struct sandbox *now);

/* It ended with an earlier boot of this machine. */
bool sandbox_is_dead(const struct sandbox *sandbox, const struct machine *here);

enum sandbox_life { SANDBOX_GONE, SANDBOX_ALIVE, SANDBOX_NOBODY_KNOWS };
enum sandbox_life sandbox_life(const struct sandbox *sandbox, const struct machine *here);
