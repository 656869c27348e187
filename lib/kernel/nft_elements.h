/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Elements of nf_tables sets and maps
 *
 * A change is a list of elements. The kernel makes all of it true or none of
 * it, and no packet sees it half done. Calls answer 0 or -errno, as in nft.h.
 */

#include <stdbool.h>

#include "kernel/nft.h"

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
