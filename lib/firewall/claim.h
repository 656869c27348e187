/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Claims: what an attachment has of the host's firewall, whichever backend keeps it
 *
 * Each sort is made, checked and removed as one. A claim is found again by its
 * owner and its sort alone: what the configuration says by then does not count.
 *
 * Everything is borrowed; it lives as long as the plan (plan_room()).
 */

#include <stdbool.h>

#include "cni/identity.h"
#include "value/ip.h"
#include "value/mac.h"

enum claim_sort { CLAIM_MASQUERADE, CLAIM_HOSTPORT, CLAIM_MACCHECK, CLAIM_SORTS };

extern const char *const claim_sorts[CLAIM_SORTS]; /* "masquerade", "hostport", "maccheck" */

enum claim_backend { BACKEND_ANY, BACKEND_NFTABLES, BACKEND_IPTABLES };

/* "nftables", "iptables"; NULL and "" are BACKEND_ANY. */
bool claim_backend_parse(enum claim_backend *backend, const char *text);

struct claim_port {
	uint8_t protocol; /* IPPROTO_TCP, _UDP, _SCTP */
	uint16_t host, pod;
	struct ip
		on; /* an address of the host; the zero address: all of its family; family 0: all */
};

struct claim {
	enum claim_sort sort;
	enum claim_backend backend;
	const struct attachment *owner;
	/* Of the pod, with the prefix of its network. Masquerade: all. Host ports: one of a family.
	 */
	const struct ip *ip;
	size_t n_ips;
	/* masquerade: destinations that see the pod's own address, besides its own networks */
	const struct ip *except;
	size_t n_excepts;
	/* host ports */
	const struct claim_port *port;
	size_t n_ports;
	bool snat, masq_all;
	struct ifname way[2];	   /* the host's link to ip[i]: packets to host ports cross it */
	const char *conditions[2]; /* of IPv4, of IPv6; in the backend's syntax; NULL: none */
	const char *mark_chain;	   /* iptables: who shall mark for masquerading; NULL: nobody */
	/* MAC check: the port of the bridge, and what its frames must carry */
	struct ifname link;
	struct mac mac;
};

/* Does a mapping serve the family of this address? */
bool claim_port_serves(const struct claim_port *port, const struct ip *ip);

/* Does it hold the port on every address of the host, of the families that it serves? */
bool claim_port_is_everywhere(const struct claim_port *port);

/* "tcp", "udp", "sctp". */
const char *claim_protocol(uint8_t protocol);

/* "8080/tcp", "8080/tcp of 10.0.0.1", for messages. */
#define CLAIM_PORT_STRLEN 96
const char *claim_port_str(const struct claim_port *port, char buf[static CLAIM_PORT_STRLEN]);
