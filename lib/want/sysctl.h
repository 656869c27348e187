/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Settings of a link: /proc/sys/net/<family>/conf/<link>/<key>
 *
 * On the host they are shared, and set back when the ADD that set them fails.
 * In the container they go with their link, and a later plugin may change them,
 * so CHECK does not ask. A setting that this kernel does not have, as when IPv6
 * is switched off, is no error here: what needs it will say so.
 */

#include "kernel/proc.h"
#include "want/plan.h"

struct sysctl {
	enum place where;
	const char *family; /* "ipv4" or "ipv6" */
	struct ifname link;
	const char *key, *value;
	char before[PROC_VALUE]; /* noted by make */
};

#define want_sysctl(plan, ...) want_sysctl_(plan, &(struct sysctl){ __VA_ARGS__ })
void want_sysctl_(struct plan *plan, const struct sysctl *sysctl);
