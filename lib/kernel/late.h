/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Closing without waiting
 *
 * To close a netfilter socket waits until the kernel has freed what was removed
 * from nf_tables, one RCU grace period: 8 to 16 ms, as long as the rest of a
 * DEL (nft_rcv_nl_event(), since Linux 6.0). Nothing depends on that moment: no
 * packet has seen the element since it was removed. So the socket's last
 * reference is left to a kernel worker: it is put into the file table of an
 * io_uring, which the kernel takes apart by itself after we are gone.
 *
 * Where io_uring is not to be had (kernel.io_uring_disabled, seccomp), close()
 * waits as it always did. Nothing else changes.
 */

struct late {
	int ring; /* -1: nothing is kept */
};

#define LATE_NONE ((struct late){ .ring = -1 })

/* Keeps what `fd` refers to open until after late_close(), which does not wait for it. */
void late_keep(struct late *late, int fd);
void late_close(struct late *late);
