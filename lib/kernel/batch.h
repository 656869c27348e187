/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Batches: many changes in few system calls
 *
 * The kernel works the messages of one send in order, and goes on after one
 * that it refuses. Only refusals are answered, and the last message of a send,
 * which tells that all are done. So thousands of routes cost the time that the
 * kernel itself needs for them.
 *
 * Source: net/netlink/af_netlink.c (netlink_rcv_skb, netlink_ack).
 */

#include "kernel/netns.h"

/* So many answers have room in a socket's buffer, also when all are refusals. */
#define BATCH_MESSAGES 64

struct batch {
	struct netns *ns;
	/* The kernel said no: ns->errnum and ns->words tell why. `about` is what was added with it.
	 */
	void (*refused)(const void *about, struct netns *ns, void *arg);
	void *arg;
	const void *about[BATCH_MESSAGES];
	unsigned n;
	size_t used;
	bool failed; /* a send failed: all that follows is in vain */
	char bytes[BATCH_MESSAGES * 192] __attribute__((__aligned__(NLMSG_ALIGNTO)));
};

/* Consumes `msg`; sends what is there when there is no more room. */
void batch_add(struct batch *batch, struct nl_msg *msg, const void *about);

/* Sends the rest. <0: the socket failed; refusals are no failure of the batch. */
int batch_end(struct batch *batch, struct error *err);
