/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/link.h"
#include "kernel/proc.h"

#define OPER_UP 6 /* IF_OPER_UP of linux/if.h, which does not go together with net/if.h */

struct nl_msg *link_message_alloc(int type, int nl_flags)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, nl_flags);

	if (!msg)
		abort();
	return msg;
}

struct nl_msg *link_message(int type, int nl_flags, const char *name, unsigned set)
{
	struct nl_msg *msg = link_message_alloc(type, nl_flags);
	struct ifinfomsg ifi = { .ifi_flags = set, .ifi_change = set };

	nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO);
	if (name)
		nla_put_string(msg, IFLA_IFNAME, name);
	return msg;
}

static unsigned u32(struct nlattr *const attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static unsigned u8(struct nlattr *const attr)
{
	return attr ? nla_get_u8(attr) : 0;
}

static void read_kind(struct link *link, struct nlattr *linkinfo)
{
	struct nlattr *info[IFLA_INFO_MAX + 1], *br[IFLA_BR_MAX + 1], *port[IFLA_BRPORT_MAX + 1];

	if (nla_parse_nested(info, IFLA_INFO_MAX, linkinfo, NULL) < 0)
		return;
	if (info[IFLA_INFO_KIND])
		nla_strlcpy(link->kind, info[IFLA_INFO_KIND], sizeof(link->kind));
	if (info[IFLA_INFO_DATA] && !strcmp(link->kind, "bridge") &&
	    nla_parse_nested(br, IFLA_BR_MAX, info[IFLA_INFO_DATA], NULL) == 0) {
		/* A kernel without CONFIG_BRIDGE_VLAN_FILTERING does not speak of it. */
		link->vlan_capable = br[IFLA_BR_VLAN_FILTERING] != NULL;
		link->vlan_filtering = u8(br[IFLA_BR_VLAN_FILTERING]);
	}
	if (info[IFLA_INFO_SLAVE_DATA] &&
	    nla_parse_nested(port, IFLA_BRPORT_MAX, info[IFLA_INFO_SLAVE_DATA], NULL) == 0) {
		link->port.state = u8(port[IFLA_BRPORT_STATE]);
		link->port.hairpin = u8(port[IFLA_BRPORT_MODE]);
		link->port.isolated = u8(port[IFLA_BRPORT_ISOLATED]);
	}
}

static bool link_read(struct link *link, struct nl_msg *msg)
{
	const struct ifinfomsg *ifi = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *tb[IFLA_MAX + 1];

	if (nlmsg_parse(nlmsg_hdr(msg), sizeof(*ifi), tb, IFLA_MAX, NULL) < 0)
		return false;
	*link = (struct link){ .index = (unsigned)ifi->ifi_index, .flags = ifi->ifi_flags };
	link->mtu = u32(tb[IFLA_MTU]);
	link->master = u32(tb[IFLA_MASTER]);
	link->oper_up = u8(tb[IFLA_OPERSTATE]) == OPER_UP;
	link->peer = u32(tb[IFLA_LINK]);
	if (tb[IFLA_ADDRESS])
		nla_memcpy(&link->mac, tb[IFLA_ADDRESS], sizeof(link->mac));
	if (tb[IFLA_IFNAME])
		nla_strlcpy(link->name, tb[IFLA_IFNAME], sizeof(link->name));
	if (tb[IFLA_IFALIAS])
		nla_strlcpy(link->alias, tb[IFLA_IFALIAS], sizeof(link->alias));
	if (tb[IFLA_LINKINFO])
		read_kind(link, tb[IFLA_LINKINFO]);
	return true;
}

static int on_link(struct nl_msg *msg, void *arg)
{
	link_read(arg, msg);
	return NL_OK;
}

/* A question about one link. Its statistics are most of the answer, and nobody here wants them. */
static struct nl_msg *question(const char *name)
{
	struct nl_msg *msg = link_message(RTM_GETLINK, 0, name, 0);

	nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return msg;
}

int link_get(struct netns *ns, const char *name, struct link *link, struct error *err)
{
	int r = netns_ask(ns, question(name), on_link, link);

	if (r == -ENODEV)
		return 1;
	return r < 0 ? netns_error(ns, err, "look up interface %s", name) : 0;
}

int link_get_by_index(struct netns *ns, unsigned index, struct link *link, struct error *err)
{
	struct nl_msg *msg = question(NULL);
	int r;

	((struct ifinfomsg *)nlmsg_data(nlmsg_hdr(msg)))->ifi_index = (int)index;
	r = netns_ask(ns, msg, on_link, link);
	if (r == -ENODEV)
		return 1;
	return r < 0 ? netns_error(ns, err, "look up interface number %u", index) : 0;
}

int link_need(struct netns *ns, const char *name, struct link *link, struct error *err)
{
	int r = link_get(ns, name, link, err);

	return r > 0 ? error_set(err, CNI_INTERNAL, "there is no interface %s", name) : r;
}

static int on_each(struct nl_msg *msg, void *arg)
{
	const struct link_visit *visit = arg;
	struct link link;

	if (link_read(&link, msg) && (!visit->kind || !strcmp(link.kind, visit->kind)) &&
	    (!visit->master || link.master == visit->master))
		visit->seen(&link, visit->arg);
	return NL_OK;
}

int link_each(struct netns *ns, const struct link_visit *visit, struct error *err)
{
	struct nl_msg *msg = link_message(RTM_GETLINK, NLM_F_DUMP, NULL, 0);
	struct nlattr *info;

	/* The kernel leaves out the others, if it is new enough: on_each() looks again. */
	if (visit->kind) {
		info = nla_nest_start(msg, IFLA_LINKINFO);
		nla_put_string(msg, IFLA_INFO_KIND, visit->kind);
		nla_nest_end(msg, info);
	}
	if (visit->master)
		nla_put_u32(msg, IFLA_MASTER, visit->master);
	if (netns_ask(ns, msg, on_each, (void *)(uintptr_t)visit) < 0)
		return netns_error(ns, err, "list the interfaces");
	return 0;
}

int link_pin_mac(struct netns *ns, const char *name, const struct mac *mac, struct error *err)
{
	struct nl_msg *msg = link_message(RTM_NEWLINK, 0, name, 0);

	nla_put(msg, IFLA_ADDRESS, sizeof(*mac), mac);
	return netns_talk(ns, msg) < 0 ? netns_error(ns, err, "fix the MAC of %s", name) : 0;
}

int link_set_ipv4(struct netns *ns, const char *name, int setting, unsigned value)
{
	struct nl_msg *msg = link_message(RTM_SETLINK, 0, name, 0);
	struct nlattr *spec = nla_nest_start(msg, IFLA_AF_SPEC);
	struct nlattr *inet = nla_nest_start(msg, AF_INET);
	struct nlattr *conf = nla_nest_start(msg, IFLA_INET_CONF);

	nla_put_u32(msg, setting, value);
	nla_nest_end(msg, conf);
	nla_nest_end(msg, inet);
	nla_nest_end(msg, spec);
	return netns_talk(ns, msg);
}

void link_trust_address(struct netns *ns, const char *name)
{
	struct error ignored;
	char file[64];

	snprintf(file, sizeof(file), "net/ipv6/conf/%s/accept_dad", name);
	proc_write(ns, file, "0", &ignored);
}

int link_delete(struct netns *ns, const char *name, struct error *err)
{
	int r = netns_talk(ns, link_message(RTM_DELLINK, 0, name, 0));

	return r < 0 && r != -ENODEV ? netns_error(ns, err, "delete interface %s", name) : 0;
}
