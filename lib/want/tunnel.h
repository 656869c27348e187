/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The tunnel: the node's one VXLAN device, or that there is none
 *
 * Up, with the MAC that other nodes compute from this node's name, and with this
 * node's inner addresses, from which the host itself speaks to remote pods.
 * Another VXLAN device of podwire's, of an earlier name, goes. One that others
 * made is left alone; if it has the name or the number, that is an error.
 *
 * It is the node's: a failed ADD leaves it.
 */

#include "want/plan.h"

#define TUNNEL_ADDRESSES 4

struct tunnel {
	struct ifname name;
	unsigned vni, port;
	const char *uplink; /* borrowed */
	struct ip local;    /* of the uplink */
	struct mac mac;
	unsigned mtu; /* 0: the uplink's, less the header */
	bool offload; /* checksums are left to the hardware */
	struct ip address[TUNNEL_ADDRESSES];
	size_t n_addresses;
};

#define want_tunnel(plan, ...) want_tunnel_(plan, &(struct tunnel){ __VA_ARGS__ })
void want_tunnel_(struct plan *plan, const struct tunnel *tunnel);

/* No VXLAN device of podwire's. Wanted last, when nothing needs it any more. */
void want_no_tunnel(struct plan *plan);
