/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "kernel/link.h"
#include "kernel/proc.h"
#include "kernel/routes.h"
#include "want/bridge.h"
#include "want/tell.h"

#define PORTS_MAX 1023 /* net/bridge/br_private.h: BR_MAX_PORTS less port 0 */

static void put_kind(struct nl_msg *msg, const bool *vlan_filtering)
{
	struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO), *data;

	nla_put_string(msg, IFLA_INFO_KIND, "bridge");
	if (vlan_filtering) {
		data = nla_nest_start(msg, IFLA_INFO_DATA);
		nla_put_u8(msg, IFLA_BR_VLAN_FILTERING, *vlan_filtering);
		nla_nest_end(msg, data);
	}
	nla_nest_end(msg, info);
}

static unsigned wanted_flags(const struct bridge *b)
{
	return IFF_UP | (b->promisc ? IFF_PROMISC : 0);
}

static int create(struct bridge *b, struct netns *host, struct error *err)
{
	struct mac mac = identity_mac_of_shared(b->name);
	struct nl_msg *msg;
	unsigned mtu = b->mtu;
	int r;

	if (routes_mtu(host, &mtu, err) < 0)
		return -1;
	msg = link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, b->name, wanted_flags(b));
	nla_put(msg, IFLA_ADDRESS, sizeof(mac), &mac);
	if (mtu)
		nla_put_u32(msg, IFLA_MTU, mtu);
	put_kind(msg, b->vlan_filtering ? &b->vlan_filtering : NULL);
	r = netns_talk(host, msg);
	if (r == -EEXIST)
		return 1;
	return r < 0 ? netns_error(host, err, "create bridge %s%s", b->name,
				   b->vlan_filtering ? " with VLAN filtering" : "") :
		       0;
}

static int need_bridge(struct netns *host, const char *name, struct link *link, struct error *err)
{
	if (link_need(host, name, link, err) < 0)
		return -1;
	if (strcmp(link->kind, "bridge") != 0)
		return error_set(err, CNI_INVALID_CONFIG, "bridge: %s exists and is no bridge",
				 name);
	return 0;
}

static int set(struct netns *host, const char *name, unsigned flags, const bool *filtering)
{
	struct nl_msg *msg = link_message(RTM_NEWLINK, 0, name, flags);

	((struct ifinfomsg *)nlmsg_data(nlmsg_hdr(msg)))->ifi_change = IFF_UP | IFF_PROMISC;
	put_kind(msg, filtering);
	return netns_talk(host, msg);
}

static int adopt(struct bridge *b, struct netns *host, struct error *err)
{
	struct link link;
	struct mac mac;

	if (need_bridge(host, b->name, &link, err) < 0)
		return -1;
	mac = mac_is_zero(&link.mac) ? identity_mac_of_shared(b->name) : link.mac;
	if (link_pin_mac(host, b->name, &mac, err) < 0)
		return -1;
	b->before.existed = true;
	b->before.flags = link.flags;
	b->before.vlan_filtering = link.vlan_filtering;
	if (set(host, b->name, link.flags | wanted_flags(b),
		b->vlan_filtering ? &b->vlan_filtering : NULL) < 0)
		return netns_error(host, err, "set up bridge %s%s", b->name,
				   b->vlan_filtering ? " with VLAN filtering" : "");
	return 0;
}

static int bridge_make(void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	int r = create(what, host, err);

	if (r == 0)
		link_trust_address(host, ((const struct bridge *)what)->name);
	return r > 0 ? adopt(what, host, err) : r;
}

/* An interface that goes down loses its IPv6 addresses, unless it is told to keep them. */
static int set_back(const struct bridge *b, struct netns *host, struct error *err)
{
	bool changed = b->vlan_filtering && !b->before.vlan_filtering;
	char name[64], keep[PROC_VALUE] = "0";
	struct error ignored;
	int r;

	snprintf(name, sizeof(name), "net/ipv6/conf/%s/keep_addr_on_down", b->name);
	if (proc_read(host, name, keep, &ignored) == 0)
		proc_write(host, name, "1", &ignored);
	r = set(host, b->name, b->before.flags, changed ? &b->before.vlan_filtering : NULL);
	proc_write(host, name, keep, &ignored);
	return r < 0 ? netns_error(host, err, "set bridge %s back", b->name) : 0;
}

static int bridge_unmake(const void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	const struct bridge *b = what;

	return b->before.existed ? set_back(b, host, err) : link_delete(host, b->name, err);
}

static int bridge_check(const void *what, struct world *world, struct error *err)
{
	const struct bridge *b = what;
	struct link link;

	if (need_bridge(&world->ns[HOST], b->name, &link, err) < 0)
		return -1;
	if (!(link.flags & IFF_UP))
		return error_set(err, CNI_CHECK_FAILED, "bridge %s is down", b->name);
	if (mac_is_zero(&link.mac))
		return error_set(err, CNI_CHECK_FAILED, "bridge %s has no MAC address", b->name);
	if (b->promisc && !(link.flags & IFF_PROMISC))
		return error_set(err, CNI_CHECK_FAILED, "bridge %s is not in promiscuous mode",
				 b->name);
	if (b->vlan_filtering && !link.vlan_filtering)
		return error_set(err, CNI_CHECK_FAILED, "bridge %s does not filter VLANs", b->name);
	return 0;
}

static void count_port(const struct link *link, void *arg)
{
	unsigned *ports = arg;

	(void)link;
	(*ports)++;
}

static int bridge_ready(const void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	const struct bridge *b = what;
	struct link_visit visit = { .seen = count_port };
	unsigned ports = 0;
	struct link link;
	int r = link_get(host, b->name, &link, err);

	if (r)
		return r < 0 ? r : 0;
	if (need_bridge(host, b->name, &link, err) < 0)
		return -1;
	if (b->vlan_filtering && !link.vlan_capable)
		return error_set(err, CNI_NOT_AVAILABLE,
				 "this kernel's bridges cannot filter VLANs");
	visit.master = link.index;
	visit.arg = &ports;
	if (link_each(host, &visit, err) < 0)
		return -1;
	return ports < PORTS_MAX ? 0 :
				   error_set(err, CNI_NOT_AVAILABLE, "bridge %s is full: %u ports",
					     b->name, ports);
}

static int bridge_report(const void *what, struct world *world, struct result *result,
			 struct error *err)
{
	const struct bridge *b = what;

	return tell_link(&world->ns[HOST], &(struct told_link){ .name = b->name }, result, err);
}

static void bridge_print(const void *what, FILE *out)
{
	const struct bridge *b = what;

	fprintf(out, "host %s up%s%s", b->name, b->promisc ? " promisc" : "",
		b->vlan_filtering ? " vlan_filtering" : "");
	tell_mtu(b->mtu, out);
}

static const struct want_kind bridge_kind = {
	.name = "bridge",
	.shared = true,
	.make = bridge_make,
	.unmake = bridge_unmake,
	.check = bridge_check,
	.ready = bridge_ready,
	.report = bridge_report,
	.print = bridge_print,
};

void want_bridge_(struct plan *plan, const struct bridge *bridge)
{
	plan_want(plan, &bridge_kind, bridge, sizeof(*bridge));
}
