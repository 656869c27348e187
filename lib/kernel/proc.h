/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sysctls, by their path below /proc/sys: "net/ipv4/ip_forward"
 *
 * Names are paths and not dotted, because an interface may be called "br0.100".
 * A sysctl that this kernel does not have is an answer, not an error: IPv6 may
 * be switched off.
 */

#include "kernel/netns.h"

#define PROC_VALUE 32

/* 0: `value` holds it, without the newline. 1: there is no such sysctl. */
int proc_read(const struct netns *ns, const char *name, char value[static PROC_VALUE],
	      struct error *err);

/* 0: written. 1: there is no such sysctl. */
int proc_write(const struct netns *ns, const char *name, const char *value, struct error *err);
