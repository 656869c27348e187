/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Does iptables hold something? Asked of the kernel, without running a program
 *
 * To start iptables costs milliseconds, and most hosts have nothing in it that
 * one would look for. Its rules are read in the form that they have in the
 * kernel, and only a text is searched in them: a comment, or a chain's name.
 * What they mean is left to iptables-save(8).
 *
 * Both variants are asked: iptables-nft's rules are those of nf_tables' table
 * "nat"; iptables-legacy's are one block of memory.
 *
 * Source: include/uapi/linux/netfilter_ipv4/ip_tables.h, net/netfilter/nft_compat.c.
 */

#include <stdbool.h>

#include "kernel/nft.h"

struct xtables_search {
	int family;		   /* AF_INET, AF_INET6 */
	const char *const *chains; /* where to look, where that can be chosen; ends with NULL */
	const char *text;
};

/* In doubt it does. A legacy table that nobody has used yet is not brought to life by asking. */
bool xtables_hold(struct nft *nft, const struct xtables_search *search);
