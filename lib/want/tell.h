/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What several kinds of want say in the same words, to the runtime or in a dry run. */

#include <stdio.h>

#include "cni/result.h"
#include "kernel/netns.h"

struct told_link {
	const char *name;
	const char *sandbox; /* NULL: it is on the host */
};

/* Adds an interface to the result, with the MAC and the MTU that the kernel gives for it. */
int tell_link(struct netns *ns, const struct told_link *link, struct result *result,
	      struct error *err);

/* " mtu 1400", " mtu auto", or nothing for the kernel's default. */
void tell_mtu(unsigned mtu, FILE *out);
