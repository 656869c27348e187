/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Namespaces: route sockets born in one, acting there for life
 *
 * A netlink socket acts for ever in the network namespace it was opened in. So
 * a plugin holds one session for the host and one for the container, and is
 * never "inside" either. Only two things have to go there, open a file and
 * come back: sysctls (proc.h) and new sockets (watch.h); they use
 * netns_enter() and netns_leave(), which nobody else should need.
 *
 * What the kernel answers comes back as it said it: the errno, and its own
 * words when it gave any (NETLINK_EXT_ACK). libnl would fold errnos together
 * (EEXIST and EADDRINUSE are one to it).
 */

#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdbool.h>

#include "value/error.h"

struct netns {
	struct nl_sock *sock;
	int fd;		 /* the namespace it was born in, as a file */
	int home;	 /* the plugin's own namespace, as a file; -1: this is it */
	int errnum;	 /* of the last refusal, as the kernel gave it */
	char words[160]; /* and what the kernel had to say about it */
};

#define NETNS_NONE ((struct netns){ .fd = -1, .home = -1 })

/* The plugin's own namespace, which to a CNI plugin is the host's. */
int netns_open_here(struct netns *ns, struct error *err);

/*
 * The one at `path`. 1: there is none: nothing at that path, or a plain file (a
 * bind mount that was undone). `host` is borrowed, and only while opening.
 */
int netns_open(struct netns *ns, const char *path, const struct netns *host, struct error *err);

/* Harmless on one that was never opened. */
void netns_close(struct netns *ns);

bool netns_is_open(const struct netns *ns);
bool netns_same(const struct netns *a, const struct netns *b);

/* To open files and sockets there. A plugin that cannot come home ends at once (abort). */
int netns_enter(const struct netns *ns, struct error *err);
void netns_leave(const struct netns *ns);

/*
 * Both consume `msg` and return 0, or -errno with ns->errnum and ns->words set.
 * netns_talk() sends a change and waits until the kernel has done it.
 * netns_ask() sends a question and hands every answer (of a dump: each object)
 * to `seen`, which returns NL_OK. An interrupted dump is asked again, so `seen`
 * may be told the same thing twice.
 */
int netns_talk(struct netns *ns, struct nl_msg *msg);
int netns_ask(struct netns *ns, struct nl_msg *msg, int (*seen)(struct nl_msg *, void *),
	      void *arg);

/* The last refusal as an error; the format says what was attempted. Always -1. */
_cold_ _printf_(3, 4) int netns_error(const struct netns *ns, struct error *err, const char *fmt,
				      ...);
