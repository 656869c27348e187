/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kernel/link.h"
#include "kernel/vxlan.h"
#include "value/scope.h"

static void read_data(struct vxlan *v, struct nlattr *data)
{
	struct nlattr *tb[IFLA_VXLAN_MAX + 1], *local;

	if (nla_parse_nested(tb, IFLA_VXLAN_MAX, data, NULL) < 0)
		return;
	v->vni = tb[IFLA_VXLAN_ID] ? nla_get_u32(tb[IFLA_VXLAN_ID]) : 0;
	v->uplink = tb[IFLA_VXLAN_LINK] ? nla_get_u32(tb[IFLA_VXLAN_LINK]) : 0;
	v->port = tb[IFLA_VXLAN_PORT] ? ntohs(nla_get_u16(tb[IFLA_VXLAN_PORT])) : 0;
	v->learning = tb[IFLA_VXLAN_LEARNING] && nla_get_u8(tb[IFLA_VXLAN_LEARNING]);
	local = tb[IFLA_VXLAN_LOCAL] ? tb[IFLA_VXLAN_LOCAL] : tb[IFLA_VXLAN_LOCAL6];
	if (local) {
		v->local.family = tb[IFLA_VXLAN_LOCAL] ? AF_INET : AF_INET6;
		v->local.prefix = ip_bits(&v->local);
		nla_memcpy(v->local.byte, local, sizeof(v->local.byte));
	}
}

static bool read_vxlan(struct vxlan *v, struct nl_msg *msg)
{
	const struct ifinfomsg *ifi = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *tb[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];

	*v = (struct vxlan){ .index = (unsigned)ifi->ifi_index, .up = ifi->ifi_flags & IFF_UP };
	if (nlmsg_parse(nlmsg_hdr(msg), sizeof(*ifi), tb, IFLA_MAX, NULL) < 0 || !tb[IFLA_IFNAME] ||
	    !tb[IFLA_LINKINFO] ||
	    nla_parse_nested(info, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL) < 0 ||
	    !info[IFLA_INFO_KIND] || nla_strcmp(info[IFLA_INFO_KIND], "vxlan") != 0)
		return false;
	nla_strlcpy(v->name, tb[IFLA_IFNAME], sizeof(v->name));
	v->mtu = tb[IFLA_MTU] ? nla_get_u32(tb[IFLA_MTU]) : 0;
	v->ours = tb[IFLA_IFALIAS] && !nla_strcmp(tb[IFLA_IFALIAS], VXLAN_ALIAS);
	if (tb[IFLA_ADDRESS])
		nla_memcpy(&v->mac, tb[IFLA_ADDRESS], sizeof(v->mac));
	if (info[IFLA_INFO_DATA])
		read_data(v, info[IFLA_INFO_DATA]);
	return true;
}

static int on_link(struct nl_msg *msg, void *arg)
{
	const struct vxlan_visit *visit = arg;
	struct vxlan vxlan;

	if (read_vxlan(&vxlan, msg))
		visit->seen(&vxlan, visit->arg);
	return NL_OK;
}

int vxlan_each(struct netns *ns, const struct vxlan_visit *visit, struct error *err)
{
	struct nl_msg *msg = link_message(RTM_GETLINK, NLM_F_DUMP, NULL, 0);
	struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO);

	nla_put_string(msg, IFLA_INFO_KIND, "vxlan");
	nla_nest_end(msg, info);
	if (netns_ask(ns, msg, on_link, (void *)(uintptr_t)visit) < 0)
		return netns_error(ns, err, "list the VXLAN devices");
	return 0;
}

static void put_data(struct nl_msg *msg, const struct vxlan *v)
{
	struct nlattr *data = nla_nest_start(msg, IFLA_INFO_DATA);

	nla_put_u32(msg, IFLA_VXLAN_ID, v->vni);
	nla_put_u16(msg, IFLA_VXLAN_PORT, htons((uint16_t)v->port));
	nla_put_u32(msg, IFLA_VXLAN_LINK, v->uplink);
	nla_put_u8(msg, IFLA_VXLAN_LEARNING, 0);
	nla_put(msg, v->local.family == AF_INET ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6,
		(int)ip_size(&v->local), v->local.byte);
	nla_nest_end(msg, data);
}

/* No link-local address: nobody is there to hear of it. */
static void put_silence(struct nl_msg *msg)
{
	struct nlattr *spec = nla_nest_start(msg, IFLA_AF_SPEC);
	struct nlattr *inet6 = nla_nest_start(msg, AF_INET6);

	nla_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	nla_nest_end(msg, inet6);
	nla_nest_end(msg, spec);
}

int vxlan_create(struct netns *ns, const struct vxlan *v)
{
	struct nl_msg *msg = link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, v->name, 0);
	struct nlattr *info;
	int r;

	nla_put(msg, IFLA_ADDRESS, sizeof(v->mac), &v->mac);
	nla_put_u32(msg, IFLA_MTU, v->mtu);
	info = nla_nest_start(msg, IFLA_LINKINFO);
	nla_put_string(msg, IFLA_INFO_KIND, "vxlan");
	put_data(msg, v);
	nla_nest_end(msg, info);
	r = netns_talk(ns, msg);
	if (r < 0)
		return r;
	/* Without IPv6 there is nothing to silence, and the kernel knows no such word. */
	msg = link_message(RTM_NEWLINK, 0, v->name, 0);
	put_silence(msg);
	netns_talk(ns, msg);
	return vxlan_dress(ns, v);
}

int vxlan_dress(struct netns *ns, const struct vxlan *v)
{
	struct nl_msg *msg = link_message(RTM_NEWLINK, 0, v->name, IFF_UP);

	nla_put(msg, IFLA_ADDRESS, sizeof(v->mac), &v->mac);
	nla_put_u32(msg, IFLA_MTU, v->mtu);
	nla_put_string(msg, IFLA_IFALIAS, VXLAN_ALIAS);
	return netns_talk(ns, msg);
}

/* 1: the device has no such switch. */
static int ask_ethtool(const struct netns *ns, const char *name, struct ethtool_value *value,
		       struct error *err)
{
	struct ifreq req = { .ifr_data = (void *)value };
	_close_ int fd = -1;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (netns_enter(ns, err) < 0)
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	netns_leave(ns);
	if (fd >= 0 && ioctl(fd, SIOCETHTOOL, &req) == 0)
		return 0;
	if (errno == EOPNOTSUPP)
		return 1;
	return error_errno(err, errno, "ask for the checksum offload of %s", name);
}

int vxlan_offload(const struct netns *ns, const char *name, bool *on, struct error *err)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GTXCSUM };
	int r = ask_ethtool(ns, name, &value, err);

	if (r == 0)
		*on = value.data;
	return r;
}

int vxlan_set_offload(const struct netns *ns, const char *name, bool on, struct error *err)
{
	struct ethtool_value value = { .cmd = ETHTOOL_STXCSUM, .data = on };

	return ask_ethtool(ns, name, &value, err);
}
