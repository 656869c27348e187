/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Localhost's packets may leave towards a pod: route_localnet of the host's link to it
 *
 * Without it 127.0.0.1:hostPort reaches nothing. It would also let the pods
 * behind that link talk to what listens on localhost only; the firewall's guard
 * (firewall/nftables/inet.nft) forbids that. IPv6 has no such switch.
 */

#include "kernel/proc.h"
#include "want/plan.h"

struct localnet {
	struct ip ip;		 /* of the pod, IPv4 */
	struct ifname link;	 /* noted by make */
	char before[PROC_VALUE]; /* likewise */
};

#define want_localnet(plan, ...) want_localnet_(plan, &(struct localnet){ __VA_ARGS__ })
void want_localnet_(struct plan *plan, const struct localnet *localnet);
