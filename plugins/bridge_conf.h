/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The configuration of the bridge plugin: its keys, their types, and what excludes what. */

#include <net/if.h>

#include "cni/request.h"
#include "firewall/claim.h"
#include "kernel/vlans.h"
#include "value/mac.h"

struct bridge_conf {
	const char *bridge;
	unsigned mtu; /* 0: the kernel's default; MTU_AUTO */
	bool is_gateway, is_default_gateway, force_address;
	bool hairpin, promisc, isolated;
	bool detect_duplicates, layer2_only; /* enabledad, disableContainerInterface */
	bool layer3;			     /* there is an ipam to ask */
	bool mac_follows_address;
	struct mac mac; /* asked for by the user; zero: not */
	unsigned vlan;	/* of the gateway; 0: none */
	bool keep_default_vlan, has_vlans;
	struct vlans vlans;	    /* of the port */
	struct ifname gateway_link; /* where the gateway's addresses go */
	bool masquerade, check_mac; /* ipMasq, macspoofchk */
	enum claim_backend backend; /* of the masquerade */
	const cJSON *exceptions; /* nonMasqueradeCIDRs: a list of text that ip_parse_cidr() takes */
};

/* As far as it can be read, even when it answers -1. */
int bridge_conf_read(struct bridge_conf *conf, const struct request *req, struct error *err);
