/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A session with nf_tables
 *
 * Tables, chains, rules and sets are text; nft(8) loads them, once. What comes
 * and goes with a pod is an element (nft_elements.h), and an element is one
 * netlink message: no ruleset is listed, no program is run.
 *
 * Calls answer 0 or -errno, and what the kernel said is kept for nft_error().
 *
 * Source: net/netfilter/nf_tables_api.c, include/uapi/linux/netfilter/nf_tables.h.
 */

#include <stddef.h>
#include <stdint.h>

#include "kernel/late.h"
#include "value/error.h"

struct nft {
	struct nl_sock *sock;
	uint32_t seq, generation; /* generation: see nft_watch() */
	size_t refused;		  /* which element of the last change; SIZE_MAX: none of them */
	int errnum;
	char words[160];
	struct late late; /* until the kernel has freed what we removed */
};

#define NFT_NONE ((struct nft){ .late = LATE_NONE })

#define NFT_INET 1 /* NFPROTO_*, whose header does not go with <netinet/in.h> */
#define NFT_IPV4 2
#define NFT_BRIDGE 7
#define NFT_IPV6 10

struct nft_set {
	uint8_t family; /* NFT_* */
	char table[32], name[96];
};

/* Opened by the first that needs it; again is no error. In the plugin's own network namespace. */
int nft_open(struct nft *nft, struct error *err);

/* Does not wait for the kernel to free what was removed, where late.h can help it. */
void nft_close(struct nft *nft);

/* The next change fails with -ERESTART if anybody changes anything from here on. */
int nft_watch(struct nft *nft);

/* The last refusal as an error; the format says what was attempted. Always -1. */
_cold_ _printf_(3, 4) int nft_error(const struct nft *nft, struct error *err, const char *fmt, ...);
