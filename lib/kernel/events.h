/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Events: what the kernel announces of links, addresses, routes and neighbours
 *
 * For who looks at everything anew when something happened that matters. That
 * announcements were lost, because nobody read them in time, matters always.
 */

#include "kernel/netns.h"

struct events {
	struct nl_sock *sock;
};

#define EVENTS_NONE ((struct events){ .sock = NULL })

/* Those of the process's own namespace, from now on. `fd` is to be polled. */
int events_open(struct events *events, int *fd, struct error *err);
void events_close(struct events *events);
#define _events_ __attribute__((__cleanup__(events_close)))

/* Reads all there is, without waiting. True: something of it matters. */
struct events_filter {
	bool (*matters)(struct nlmsghdr *, const void *arg);
	const void *arg;
};
bool events_read(struct events *events, const struct events_filter *filter);
