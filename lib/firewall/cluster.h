/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The cluster's pods, for whom no pod of the cluster is masqueraded
 *
 * Their networks are two sets of the constant text (nftables/inet.nft), which
 * hold for all pods of the node at once, also for those that came before a node
 * did. They are in the journal as rules are, and so come back with the table,
 * which does not have to be there yet. With the iptables backend they mean
 * nothing.
 */

#include "firewall/backend.h"

struct cluster_pods {
	const struct ip *cidr; /* borrowed; disjoint */
	size_t n;
};

/* 1: it was so already. */
int cluster_pods_put(struct firewall *fw, const struct cluster_pods *pods, struct error *err);

/* Error 103 where the table is there and holds other networks. */
int cluster_pods_check(struct firewall *fw, const struct cluster_pods *pods, struct error *err);
