/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "kernel/glance.h"
#include "kernel/link.h"
#include "kernel/pair.h"
#include "kernel/routes.h"
#include "want/tell.h"
#include "want/veth.h"
#include "want/veth_sweep.h"

/* The alias, and what a port can only be told once it is one. */
static int dress(const struct veth *v, struct netns *host, struct error *err)
{
	struct ifname name = identity_veth(v->attachment);
	struct nl_msg *msg = link_message(RTM_NEWLINK, 0, name.str, 0);
	struct nlattr *info, *data;
	char alias[IDENTITY_ALIAS];

	nla_put_string(msg, IFLA_IFALIAS, identity_alias(v->attachment, alias));
	if (v->hairpin || v->isolated) {
		info = nla_nest_start(msg, IFLA_LINKINFO);
		nla_put_string(msg, IFLA_INFO_SLAVE_KIND, "bridge");
		data = nla_nest_start(msg, IFLA_INFO_SLAVE_DATA);
		nla_put_u8(msg, IFLA_BRPORT_MODE, v->hairpin);
		nla_put_u8(msg, IFLA_BRPORT_ISOLATED, v->isolated);
		nla_nest_end(msg, data);
		nla_nest_end(msg, info);
	}
	return netns_talk(host, msg) < 0 ? netns_error(host, err, "set up port %s", name.str) : 0;
}

/* Why the pair could not be made, in the words of whoever has to deal with it. */
static int refused(const struct veth *v, struct world *world, int errnum, struct error *err)
{
	struct netns *host = &world->ns[HOST], *container = &world->ns[CONTAINER];
	const char *ifname = v->attachment->ifname;
	struct ifname name = identity_veth(v->attachment);
	struct error ignored;
	struct link link;

	if (errnum == EEXIST && link_get(container, ifname, &link, &ignored) == 0)
		return netns_error(host, err, "interface %s exists in the container already",
				   ifname);
	if (errnum == EEXIST)
		return netns_error(
			host, err,
			"the container is attached already: interface %s exists on the host",
			name.str);
	if (errnum == EXFULL)
		return error_set(err, CNI_INVALID_CONFIG, "bridge %s is full: 1023 ports",
				 v->bridge);
	return netns_error(host, err, "create the pair %s on %s and %s in the container", name.str,
			   v->bridge, ifname);
}

/* Its first port is about to give it a MAC, unless it has one that stays, as all of ours have. */
static int pin_mac(struct netns *host, const char *name, const struct mac *is, struct error *err)
{
	struct mac mac = identity_mac_of_shared(name);
	struct link bridge;

	if (mac_equal(is, &mac))
		return 0;
	if (link_need(host, name, &bridge, err) < 0)
		return -1;
	if (bridge.oper_up)
		return 0;
	if (!mac_is_zero(&bridge.mac))
		mac = bridge.mac;
	return link_pin_mac(host, name, &mac, err);
}

static int veth_make(void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	const struct veth *v = what;
	struct ifname name = identity_veth(v->attachment);
	struct pair pair = { .port = name.str,
			     .peer = v->attachment->ifname,
			     .mtu = v->mtu,
			     .mac = v->mac,
			     .peer_netns = world->ns[CONTAINER].fd };
	struct error ignored;
	struct glance bridge;
	int r;

	if (glance_at(host, v->bridge, &bridge, err) < 0 || routes_mtu(host, &pair.mtu, err) < 0)
		return -1;
	if (pin_mac(host, v->bridge, &bridge.mac, err) < 0)
		return -1;
	pair.bridge = bridge.index;
	r = pair_make(host, &pair);
	if (r < 0)
		return refused(v, world, -r, err);
	if (dress(v, host, err) < 0) {
		link_delete(host, name.str, &ignored);
		return -1;
	}
	return 0;
}

/* The host's end of the container's interface. 1: it has none here, or is no pair at all. */
static int host_end(struct world *world, const struct link *peer, struct link *end,
		    struct error *err)
{
	int r;

	if (strcmp(peer->kind, "veth") != 0 || !peer->peer)
		return 1;
	r = link_get_by_index(&world->ns[HOST], peer->peer, end, err);
	if (r)
		return r;
	/* A pair whose other end is elsewhere: the index means another link there. */
	return strcmp(end->kind, "veth") != 0 || end->peer != peer->index;
}

static int veth_unmake_foreign(const struct veth *v, struct world *world, struct error *err)
{
	struct netns *container = &world->ns[CONTAINER];
	char alias[IDENTITY_ALIAS];
	struct link peer, end;
	int r = link_get(container, v->attachment->ifname, &peer, err);

	if (r == 0)
		r = host_end(world, &peer, &end, err);
	if (r)
		return r < 0 ? r : 0;
	if (end.alias[0] && strcmp(end.alias, identity_alias(v->attachment, alias)) != 0)
		return 0;
	return link_delete(container, v->attachment->ifname, err);
}

static int veth_unmake(const void *what, struct world *world, struct error *err)
{
	const struct veth *v = what;

	if (link_delete(&world->ns[HOST], identity_veth(v->attachment).str, err) < 0)
		return -1;
	return netns_is_open(&world->ns[CONTAINER]) ? veth_unmake_foreign(v, world, err) : 0;
}

struct ends {
	struct link host, container;
};

static int check_port(const struct veth *v, struct world *world, const struct link *port,
		      struct error *err)
{
	unsigned bridge;

	if (glance_index(&world->ns[HOST], v->bridge, &bridge, err) < 0)
		return -1;
	if (port->master != bridge)
		return error_set(err, CNI_CHECK_FAILED, "%s is not a port of %s", port->name,
				 v->bridge);
	if (!(port->flags & IFF_UP))
		return error_set(err, CNI_CHECK_FAILED, "%s is down", port->name);
	if (port->port.hairpin != v->hairpin)
		return error_set(err, CNI_CHECK_FAILED, "hairpin mode of %s is %s", port->name,
				 v->hairpin ? "off" : "on");
	if (port->port.isolated != v->isolated)
		return error_set(err, CNI_CHECK_FAILED, "isolation of %s is %s", port->name,
				 v->isolated ? "off" : "on");
	return 0;
}

static int check_end_mtu(const struct link *end, unsigned mtu, struct error *err)
{
	if (!mtu || end->mtu == mtu)
		return 0;
	return error_set(err, CNI_CHECK_FAILED, "MTU of %s is %u, not %u", end->name, end->mtu,
			 mtu);
}

/* A later plugin of the chain may have changed the container's end: then ADD told that MTU. */
static int check_mtu(const struct veth *v, struct world *world, const struct ends *ends,
		     struct error *err)
{
	unsigned mtu = v->mtu;

	if (routes_mtu(&world->ns[HOST], &mtu, err) < 0 || check_end_mtu(&ends->host, mtu, err) < 0)
		return -1;
	return check_end_mtu(&ends->container, v->mtu_told ? v->mtu_told : mtu, err);
}

static int veth_check(const void *what, struct world *world, struct error *err)
{
	const struct veth *v = what;
	const char *ifname = v->attachment->ifname;
	struct ends ends;
	int r = link_get(&world->ns[CONTAINER], ifname, &ends.container, err);

	if (r > 0)
		return error_set(err, CNI_CHECK_FAILED, "there is no interface %s in the container",
				 ifname);
	if (r == 0)
		r = host_end(world, &ends.container, &ends.host, err);
	if (r > 0)
		return error_set(err, CNI_CHECK_FAILED, "%s is no end of a pair with the host",
				 ifname);
	if (r < 0 || check_port(v, world, &ends.host, err) < 0)
		return -1;
	return check_mtu(v, world, &ends, err);
}

static int veth_report(const void *what, struct world *world, struct result *result,
		       struct error *err)
{
	const struct veth *v = what;
	struct ifname name = identity_veth(v->attachment);
	const struct told_link end = { name.str, NULL };
	const struct told_link peer = { v->attachment->ifname, v->sandbox };

	if (tell_link(&world->ns[HOST], &end, result, err) < 0)
		return -1;
	return tell_link(&world->ns[CONTAINER], &peer, result, err);
}

static void veth_print(const void *what, FILE *out)
{
	const struct veth *v = what;
	char mac[MAC_STRLEN];

	fprintf(out, "host %s on %s, container %s mac %s", identity_veth(v->attachment).str,
		v->bridge, v->attachment->ifname, mac_str(&v->mac, mac));
	tell_mtu(v->mtu, out);
	fprintf(out, "%s%s", v->hairpin ? " hairpin" : "", v->isolated ? " isolated" : "");
}

static const struct want_kind veth_kind = {
	.name = "veth",
	.make = veth_make,
	.unmake = veth_unmake,
	.check = veth_check,
	.report = veth_report,
	.sweep = veth_sweep,
	.print = veth_print,
};

void want_veth_(struct plan *plan, const struct veth *veth)
{
	plan_want(plan, &veth_kind, veth, sizeof(*veth));
}
