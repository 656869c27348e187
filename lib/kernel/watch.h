/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Watches: waiting for the kernel without sleeping
 *
 * A condition is asked once; if it does not hold yet, a subscription is opened
 * and the condition is asked again at each thing that the kernel announces,
 * until it holds or the time is up. It costs nothing when there is nothing to
 * wait for.
 */

#include "kernel/netns.h"

struct watch {
	struct netns *ns;
	int group;	   /* RTNLGRP_LINK, RTNLGRP_IPV6_IFADDR, ... */
	unsigned deadline; /* milliseconds from now */
	/* 0: it holds; 1: not yet; <0: it never will */
	int (*holds)(struct netns *ns, const void *arg, struct error *err);
	const void *arg;
};

/* 0: it holds. 1: the time is up. */
int watch_wait(const struct watch *watch, struct error *err);
