/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Identity: names and MAC addresses that follow from what a thing is
 *
 * A name that is derived needs no diary: DEL, CHECK and GC find what ADD made,
 * and a second ADD of the same attachment collides loudly. Everything is a
 * version-5 UUID (RFC 4122, section 4.3) in a namespace of podwire's own.
 *
 * Changing anything here orphans what running pods have: it is an on-disk format.
 */

#include <net/if.h>

#include "value/ip.h"
#include "value/mac.h"

/* A container's interface on a network: what the protocol is about. */
struct attachment {
	const char *network, *container, *ifname;
};

struct ifname {
	char str[IFNAMSIZ];
};

/* A copy, for structs that outlive where the name came from; cut at 15 bytes, NULL is "". */
struct ifname ifname_of(const char *name);

#define IDENTITY_ALIAS 255 /* IFALIASZ less one: the kernel wants room for its own NUL */

/* The host's end of its pair: "veth" and eleven hex digits. */
struct ifname identity_veth(const struct attachment *attachment);

/* Six bytes, unicast and locally administered. */
struct mac identity_mac(const struct attachment *attachment);

/*
 * The MAC that belongs to a pod's address: 0a:58 and the four bytes of an IPv4
 * address; of an IPv6 address, four bytes derived from it. A pod that gets a
 * used address gets its MAC too, so no neighbour's table is ever stale.
 */
struct mac identity_mac_of_ip(const struct ip *ip);

/* "network/container/ifname" for people, and for GC; cut at 254 bytes. */
const char *identity_alias(const struct attachment *attachment, char buf[static IDENTITY_ALIAS]);

/* The MAC of a link that this machine's pods share (a bridge): it never changes with its ports. */
struct mac identity_mac_of_shared(const char *link);

/* The MAC of a node's tunnel end: every other node can compute it from the node's name. */
struct mac identity_mac_of_node(const char *node);

/* The bridge's port behind the gateway of a VLAN. */
struct ifname identity_gateway_port(const char *bridge, unsigned vlan);
