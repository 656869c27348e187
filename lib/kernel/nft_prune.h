/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules of other programs' tables that go by their comment
 *
 * Answers 0 or -errno, as in nft.h.
 */

#include <stdbool.h>

#include "kernel/nft.h"

typedef bool nft_comment_fn(const char *comment, const void *arg);

/* Removes every rule of the table whose comment is wanted, in one change. No such table is 0. */
int nft_prune(struct nft *nft, const struct nft_set *table, nft_comment_fn *is_wanted,
	      const void *arg);
