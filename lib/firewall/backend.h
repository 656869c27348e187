/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Backends: who keeps the claims, nf_tables' sets or iptables' chains
 *
 * Each is a card with the same six verbs as a kind of want has. What is removed
 * or swept is found by its owner's name, in the kernel.
 */

#include "cni/attachments.h"
#include "firewall/claim.h"
#include "firewall/journal.h"
#include "kernel/nft.h"

struct firewall {
	struct nft nft;		/* opened by whoever needs it */
	struct journal journal; /* likewise */
	char why_not[512];	/* why a backend cannot be used here, in its own words */
};

struct claim_of {
	enum claim_sort sort;
	const struct attachment *owner;
};

struct backend {
	const char *name;
	enum claim_backend is;
	const char *text; /* what the journal's files of it end in */
	/* All of it or nothing. 1: this backend cannot be used here; fw->why_not says why. */
	int (*put)(struct firewall *fw, const struct claim *claim, struct error *err);
	/* Error 101: another attachment has one of the claim's host ports, by this backend. */
	int (*look_for_holder)(struct firewall *fw, const struct claim *claim, struct error *err);
	/* Absence is success. */
	int (*remove)(struct firewall *fw, const struct claim_of *of, struct error *err);
	/* Error 103 names what is missing or changed. State that a firewall reload took away as a
	 * whole is put back first, everybody's. */
	int (*check)(struct firewall *fw, const struct claim *claim, struct error *err);
	/* Could it be put? 1: no; fw->why_not says why. */
	int (*ready)(struct firewall *fw, const struct claim *claim, struct error *err);
	int (*sweep)(struct firewall *fw, enum claim_sort sort, const struct attachments *valid,
		     struct error *err);
	/* What the journal holds, everybody's. */
	int (*restore)(struct firewall *fw, struct error *err);
};

extern const struct backend nftables_backend, iptables_backend;
