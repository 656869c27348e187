/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules: the constant text of the tables, and what a network adds to it
 *
 * The constant text is inet.nft and bridge.nft beside this file. A network adds
 * a chain for masquerading, which knows its exceptions, and chains for host
 * ports under conditions. All of it is text for nft(8) and may be loaded again
 * at any time: chains are emptied and filled in one transaction.
 */

#include "firewall/claim.h"
#include "kernel/nft_elements.h"

/* The constant text of the table that a sort of claims needs. */
const char *rules_skeleton(enum claim_sort sort);

/*
 * The network's own text for a claim, and its name: "masq-net-5f0c1a22",
 * "ports-net-0a1b2c3d". NULL and "": the claim needs none. The caller frees it.
 */
char *rules_write(const struct claim *claim, char name[static NFT_CHAIN]);

/* Error 103: a rule of this text is not in the kernel; it says which. */
int rules_check(struct nft *nft, const struct nft_set *table, const char *text, struct error *err);
