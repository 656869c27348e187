/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the reference plugins left of an attachment, on a node that was moved over
 *
 * Running pods keep their rules when a node changes its plugins, and only we are
 * called to remove them. All is found by the comments that the reference writes:
 *
 *   iptables, masquerade   POSTROUTING to CNI-<hash>: name: "<network>" id: "<container>"
 *   iptables, host ports   CNI-HOSTPORT-DNAT to CNI-DN-<hash>, once CNI-HOSTPORT-SNAT to
 *                          CNI-SN-<hash>: dnat name: "<network>" id: "<container>"
 *   nftables, masquerade   inet cni_plugins_masquerade masq_checks:
 *                          <hash>-<hash>, net: <network>, if: <ifname>, id: <container>
 *   nftables, host ports   ip and ip6 cni_hostport: <container>
 *   MAC check              bridge nat, chains cni-br-iface-<container>-<ifname>[-mac]:
 *                          macspoofchk-<container>-<ifname>
 *
 * A comment that does not say the interface means all of the container's, as it
 * does to the reference itself. What all share (CNI-HOSTPORT-…, tables, base
 * chains) stays.
 *
 * Where nothing of the kind is there, some questions to the kernel are all.
 *
 * Source: containernetworking/plugins 0.7 to 1.9, pkg/ip/ipmasq_*, pkg/utils/utils.go,
 * pkg/link/spoofcheck.go, plugins/meta/portmap.
 */

#include "firewall/backend.h"

int reference_remove(struct firewall *fw, const struct claim_of *of, struct error *err);

/* Only what says its network can be told to be stale: masquerading, and iptables' host ports. */
int reference_sweep(struct firewall *fw, enum claim_sort sort, const struct attachments *valid,
		    struct error *err);
