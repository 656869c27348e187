/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Links: what the kernel tells of an interface, and the requests every kind of link shares
 *
 * Source: net/core/rtnetlink.c, net/bridge/br_netlink.c (br_port_fill_attrs).
 */

#include <net/if.h>

#include "kernel/netns.h"
#include "value/mac.h"

struct link {
	unsigned index, mtu, flags; /* flags: IFF_UP, IFF_PROMISC, ... */
	unsigned master;	    /* the index of the bridge it is a port of, or 0 */
	bool oper_up;		    /* a bridge: it has a port that passes frames */
	unsigned peer;		    /* a veth's other end: its index, in its own namespace */
	struct mac mac;
	char name[IFNAMSIZ], kind[16], alias[256]; /* kind: "bridge", "veth", ... */
	bool vlan_capable, vlan_filtering;	   /* of a bridge */
	struct {				   /* as a port of a bridge */
		unsigned state;			   /* BR_STATE_DISABLED, ... */
		bool hairpin, isolated;
	} port;
};

/* 0: *link is filled. 1: there is no such link. */
int link_get(struct netns *ns, const char *name, struct link *link, struct error *err);
int link_get_by_index(struct netns *ns, unsigned index, struct link *link, struct error *err);

/* Where the absence of the link is an error. */
int link_need(struct netns *ns, const char *name, struct link *link, struct error *err);

/* Every link there, or those of a kind or of a bridge. */
struct link_visit {
	const char *kind; /* "veth"; NULL: of any kind */
	unsigned master;  /* only the ports of this bridge; 0: all */
	void (*seen)(const struct link *, void *arg);
	void *arg;
};
int link_each(struct netns *ns, const struct link_visit *visit, struct error *err);

/* Fixes the MAC of a bridge. Until then it follows the bridge's ports: it changes as they come and
 * go, and is zero without any. */
int link_pin_mac(struct netns *ns, const char *name, const struct mac *mac, struct error *err);

/*
 * Sets an IPv4 setting of the link (IPV4_DEVCONF_ARP_NOTIFY), which is net/ipv4/conf/<name>/...
 * too. Below /proc/sys the names of all namespaces' links are in each other's way: that takes five
 * times as long. IPv6 has no such message.
 */
int link_set_ipv4(struct netns *ns, const char *name, int setting, unsigned value);

/*
 * For a link whose MAC is nobody else's, and so its link-local address. As long as that is
 * tentative, the kernel asks for no neighbour on behalf of packets that it forwards there: the
 * first ones from another node to a pod would be lost, for a second or two.
 */
void link_trust_address(struct netns *ns, const char *name);

/* Absence is success. */
int link_delete(struct netns *ns, const char *name, struct error *err);

/*
 * The beginning of a message about the link of that name (NULL: a nameless one),
 * with the flags of `set` switched on. The message is the caller's, who sends it
 * with netns_talk(). Out of memory ends the process.
 */
struct nl_msg *link_message(int type, int nl_flags, const char *name, unsigned set);

/* nlmsg_alloc_simple() that never answers NULL: a plugin without memory for a page has to end. */
struct nl_msg *link_message_alloc(int type, int nl_flags);
