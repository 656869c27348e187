/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <linux/rtnetlink.h>

#include "kernel/link.h"
#include "kernel/pair.h"
#include "kernel/routes.h"
#include "kernel/vlans.h"
#include "want/tell.h"
#include "want/vlan_gateway.h"

static int join_vlan(const struct vlan_gateway *g, struct netns *host, struct error *err)
{
	struct vlans vlans = { 0 }, surplus;
	struct link port;

	vlans.id[g->vlan] = VLAN_MEMBER | VLAN_PVID | VLAN_UNTAGGED;
	if (link_need(host, identity_gateway_port(g->bridge, g->vlan).str, &port, err) < 0 ||
	    vlans_read(host, port.index, &surplus, err) < 0)
		return -1;
	surplus.id[g->vlan] = 0;
	if (vlans_remove(host, port.index, &surplus, err) < 0 ||
	    vlans_add(host, port.index, &vlans, err) < 0)
		return error_prefix(err, "%s: ", port.name);
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
	struct error ignored;
	struct link bridge;

	if (link_need(host, g->bridge, &bridge, err) < 0 || routes_mtu(host, &pair.mtu, err) < 0)
		return -1;
	pair.bridge = bridge.index;
	if (pair_make(host, &pair) < 0)
		return netns_error(host, err, "create the pair %s on %s and %s", port.str,
				   g->bridge, g->name.str);
	if (join_vlan(g, host, err) < 0 || set_up(g, host, err) < 0) {
		link_delete(host, g->name.str, &ignored);
		return -1;
	}
	return 0;
}

static int vlan_gateway_make(void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	struct vlan_gateway *g = what;
	struct link link;
	int r = link_get(host, g->name.str, &link, err);

	if (r < 0)
		return r;
	g->existed = r == 0;
	return g->existed ? set_up(g, host, err) : create(g, host, err);
}

static int vlan_gateway_unmake(const void *what, struct world *world, struct error *err)
{
	const struct vlan_gateway *g = what;

	return g->existed ? 0 : link_delete(&world->ns[HOST], g->name.str, err);
}

static int vlan_gateway_check(const void *what, struct world *world, struct error *err)
{
	const struct vlan_gateway *g = what;
	struct link link;

	if (link_need(&world->ns[HOST], g->name.str, &link, err) < 0)
		return -1;
	return link.flags & IFF_UP ? 0 :
				     error_set(err, CNI_CHECK_FAILED, "%s is down", g->name.str);
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
