/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The firewall: claims put, removed, checked, swept, by the backend that fits
 *
 * With BACKEND_ANY that is nftables where it can be used, else iptables; for host
 * ports beside kube-proxy's IPVS it is the other way round. What is removed is
 * removed from both, and so is what the reference plugins left of the attachment
 * on a node that was moved over (reference.h).
 *
 * Source: the text of the tables is inet.nft and bridge.nft in firewall/nftables.
 */

#include "firewall/backend.h"

#define FIREWALL_NONE ((struct firewall){ .nft = NFT_NONE, .journal = JOURNAL_NONE })

int firewall_put(struct firewall *fw, const struct claim *claim, struct error *err);
int firewall_remove(struct firewall *fw, const struct claim_of *of, struct error *err);
int firewall_check(struct firewall *fw, const struct claim *claim, struct error *err);
int firewall_ready(struct firewall *fw, const struct claim *claim, struct error *err);
int firewall_sweep(struct firewall *fw, enum claim_sort sort, const struct attachments *valid,
		   struct error *err);

/* Everything of everybody, after a firewall reload. */
int firewall_restore(struct firewall *fw, struct error *err);

/* Last of all: see late.h. */
void firewall_close(struct firewall *fw);
#define _firewall_ __attribute__((__cleanup__(firewall_close)))
