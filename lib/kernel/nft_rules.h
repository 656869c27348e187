/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules and chains of nf_tables, as far as they can be told by names and comments
 *
 * Rules are text, which nft(8) loads. Here one only looks whether they are there,
 * and removes a chain that nobody needs. Calls answer 0 or -errno, as in nft.h.
 */

#include "kernel/nft.h"

/* -ENOENT: there is none. `table` needs no set's name. */
int nft_has_table(struct nft *nft, const struct nft_set *table);
int nft_has_chain(struct nft *nft, const struct nft_set *table, const char *chain);

/* Every rule of a table: its chain, and its comment ("" where it has none). */
typedef void nft_rule_fn(const char *chain, const char *comment, void *arg);
int nft_each_rule(struct nft *nft, const struct nft_set *table, nft_rule_fn *seen, void *arg);

typedef void nft_chain_fn(const char *chain, void *arg);
int nft_each_chain(struct nft *nft, const struct nft_set *table, nft_chain_fn *seen, void *arg);

/* The chain with its rules. -EBUSY: an element or a rule still leads there. */
int nft_remove_chain(struct nft *nft, const struct nft_set *table, const char *chain);

int nft_remove_table(struct nft *nft, const struct nft_set *table);
