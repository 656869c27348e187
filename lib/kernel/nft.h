/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Elements of nf_tables sets and maps
 *
 * Tables, chains, rules and sets are text; nft(8) loads them, once. What comes
 * and goes with a pod is an element, and an element is one netlink message: no
 * ruleset is listed, no program is run.
 *
 * A change is a list of elements. The kernel makes all of it true or none of
 * it, and no packet sees it half done. Calls answer 0 or -errno, and what the
 * kernel said of it is kept for nft_error().
 *
 * Source: net/netfilter/nf_tables_api.c, include/uapi/linux/netfilter/nf_tables.h.
 */

#include <stdbool.h>
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

/* As the kernel keeps it: each part of a concatenation fills whole 32-bit registers. */
struct nft_value {
	uint8_t byte[64], size;
};

#define NFT_COMMENT 129 /* nft(8) reads back no more than 128 characters */
#define NFT_CHAIN 96

struct nft_element {
	struct nft_set set;
	struct nft_value key, data; /* data: of a map */
	char chain[NFT_CHAIN];	    /* of a verdict map: jump there */
	char comment[NFT_COMMENT];
	bool shared; /* may be there already */
	bool over;   /* something else has this key: that one goes, in the same change */
};

/* Opened by the first that needs it; again is no error. In the plugin's own network namespace. */
int nft_open(struct nft *nft, struct error *err);

/* Does not wait for the kernel to free what was removed, where late.h can help it. */
void nft_close(struct nft *nft);

void nft_push(struct nft_value *value, const void *part, size_t size);

/* -EEXIST: a key is taken. -ENOENT: there is no such table, set or chain. */
int nft_add(struct nft *nft, const struct nft_element *element, size_t n);

/* -ENOENT: one of them is not there. */
int nft_remove(struct nft *nft, const struct nft_element *element, size_t n);

/* Completes an element of which set and key are given. -ENOENT: it is not there. */
int nft_get(struct nft *nft, struct nft_element *element);

/* Shows every set of a table, every element of a set. -EINTR: somebody changed it meanwhile. */
typedef void nft_set_fn(const struct nft_set *set, void *arg);
typedef void nft_element_fn(const struct nft_element *element, void *arg);
int nft_each_set(struct nft *nft, const struct nft_set *table, nft_set_fn *seen, void *arg);
int nft_each(struct nft *nft, const struct nft_set *set, nft_element_fn *seen, void *arg);

/* The next change fails with -ERESTART if anybody changes anything from here on. */
int nft_watch(struct nft *nft);

/* The last refusal as an error; the format says what was attempted. Always -1. */
_cold_ _printf_(3, 4) int nft_error(const struct nft *nft, struct error *err, const char *fmt, ...);
