/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/rtnetlink.h>
#include <string.h>

#include "kernel/link.h"
#include "kernel/pair.h"
#include "kernel/routes.h"
#include "kernel/vlans.h"
#include "want/tell.h"
#include "want/vlan_gateway.h"

/* The port has this VLAN for its PVID, and no other VLAN. */
static int join_vlan(const struct vlan_gateway *g, struct netns *host, const struct link *port,
		     struct error *err)
{
	struct vlans vlans = { 0 }, surplus;

	vlans.id[g->vlan] = VLAN_MEMBER | VLAN_PVID | VLAN_UNTAGGED;
	if (vlans_read(host, port->index, &surplus, err) < 0)
		return -1;
	surplus.id[g->vlan] = 0;
	if (vlans_remove(host, port->index, &surplus, err) < 0 ||
	    vlans_add(host, port->index, &vlans, err) < 0)
		return error_prefix(err, "%s: ", port->name);
	return 0;
}

static int set_up(const struct vlan_gateway *g, struct netns *host, struct error *err)
{
	if (netns_talk(host, link_message(RTM_NEWLINK, 0, g->name.str, IFF_UP)) < 0)
		return netns_error(host, err, "set %s up", g->name.str);
	return 0;
}

static int create(const struct vlan_gateway *g, struct netns *host, struct error *err)
{
	struct ifname port = identity_gateway_port(g->bridge, g->vlan);
	struct pair pair = { .port = port.str,
			     .peer = g->name.str,
			     .mtu = g->mtu,
			     .mac = identity_mac_of_shared(g->name.str),
			     .peer_netns = -1 };
	struct link bridge, made;
	struct error ignored;

	if (link_need(host, g->bridge, &bridge, err) < 0 || routes_mtu(host, &pair.mtu, err) < 0)
		return -1;
	pair.bridge = bridge.index;
	if (pair_make(host, &pair) < 0)
		return netns_error(host, err, "create the pair %s on %s and %s", port.str,
				   g->bridge, g->name.str);
	link_trust_address(host, g->name.str);
	if (link_need(host, port.str, &made, err) < 0 || join_vlan(g, host, &made, err) < 0 ||
	    set_up(g, host, err) < 0) {
		link_delete(host, g->name.str, &ignored);
		return -1;
	}
	return 0;
}

/* The bridge's end. 1: the link is no pair, but somebody's own way into the VLAN. */
static int find_port(const struct link *link, struct netns *host, struct link *port,
		     struct error *err)
{
	if (strcmp(link->kind, "veth") != 0)
		return 1;
	return link_get_by_index(host, link->peer, port, err);
}

static int set_master(struct netns *host, const struct link *port, unsigned master,
		      struct error *err)
{
	struct nl_msg *msg = link_message(RTM_NEWLINK, 0, port->name, master ? IFF_UP : 0);

	nla_put_u32(msg, IFLA_MASTER, master);
	return netns_talk(host, msg) < 0 ? netns_error(host, err, "make %s a port", port->name) : 0;
}

/* What is there may be cut off: its bridge was deleted and made anew, say. */
static int mend(struct vlan_gateway *g, struct netns *host, const struct link *link,
		struct error *err)
{
	struct link port, bridge;
	int r = find_port(link, host, &port, err);

	if (r)
		return r < 0 ? r : set_up(g, host, err);
	if (link_need(host, g->bridge, &bridge, err) < 0)
		return -1;
	g->before.master = port.master;
	g->before.port = ifname_of(port.name);
	if (set_master(host, &port, bridge.index, err) < 0 || join_vlan(g, host, &port, err) < 0)
		return -1;
	return set_up(g, host, err);
}

static int vlan_gateway_make(void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	struct vlan_gateway *g = what;
	struct link link;
	int r = link_get(host, g->name.str, &link, err);

	if (r < 0)
		return r;
	g->before.existed = r == 0;
	return g->before.existed ? mend(g, host, &link, err) : create(g, host, err);
}

static int vlan_gateway_unmake(const void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	const struct vlan_gateway *g = what;
	struct link port;
	int r;

	if (!g->before.existed)
		return link_delete(host, g->name.str, err);
	if (!g->before.port.str[0])
		return 0;
	r = link_get(host, g->before.port.str, &port, err);
	if (r || port.master == g->before.master)
		return r < 0 ? r : 0;
	return set_master(host, &port, g->before.master, err);
}

static int check_port(const struct vlan_gateway *g, struct netns *host, const struct link *port,
		      struct error *err)
{
	struct link bridge;
	struct vlans vlans;

	if (link_need(host, g->bridge, &bridge, err) < 0 ||
	    vlans_read(host, port->index, &vlans, err) < 0)
		return -1;
	if (port->master != bridge.index || !(port->flags & IFF_UP))
		return error_set(err, CNI_CHECK_FAILED, "%s, behind %s, is no port of %s, or down",
				 port->name, g->name.str, g->bridge);
	/* The reference leaves such a port its VLAN 1 too. */
	if (!(vlans.id[g->vlan] & VLAN_PVID) || !(vlans.id[g->vlan] & VLAN_UNTAGGED))
		return error_set(err, CNI_CHECK_FAILED,
				 "VLAN %u is not the PVID of %s, behind %s, or leaves it tagged",
				 g->vlan, port->name, g->name.str);
	return 0;
}

static int vlan_gateway_check(const void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	const struct vlan_gateway *g = what;
	struct link link, port;
	int r;

	if (link_need(host, g->name.str, &link, err) < 0)
		return -1;
	if (!(link.flags & IFF_UP))
		return error_set(err, CNI_CHECK_FAILED, "%s is down", g->name.str);
	r = find_port(&link, host, &port, err);
	if (r)
		return r < 0 ? r : 0;
	return check_port(g, host, &port, err);
}

static int vlan_gateway_report(const void *what, struct world *world, struct result *result,
			       struct error *err)
{
	const struct vlan_gateway *g = what;

	return tell_link(&world->ns[HOST], &(struct told_link){ .name = g->name.str }, result, err);
}

static void vlan_gateway_print(const void *what, FILE *out)
{
	const struct vlan_gateway *g = what;

	fprintf(out, "host %s in VLAN %u of %s", g->name.str, g->vlan, g->bridge);
	tell_mtu(g->mtu, out);
}

static const struct want_kind vlan_gateway_kind = {
	.name = "vlan-gw",
	.shared = true,
	.make = vlan_gateway_make,
	.unmake = vlan_gateway_unmake,
	.check = vlan_gateway_check,
	.report = vlan_gateway_report,
	.print = vlan_gateway_print,
};

void want_vlan_gateway_(struct plan *plan, const struct vlan_gateway *gateway)
{
	plan_want(plan, &vlan_gateway_kind, gateway, sizeof(*gateway));
}
