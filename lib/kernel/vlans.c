/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "kernel/link.h"
#include "kernel/vlans.h"

struct listing {
	unsigned port;
	struct vlans *vlans;
};

static int flags_from(const struct bridge_vlan_info *info)
{
	return VLAN_MEMBER | (info->flags & BRIDGE_VLAN_INFO_PVID ? VLAN_PVID : 0) |
	       (info->flags & BRIDGE_VLAN_INFO_UNTAGGED ? VLAN_UNTAGGED : 0);
}

static int on_port(struct nl_msg *msg, void *arg)
{
	const struct ifinfomsg *ifi = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *tb[IFLA_MAX + 1], *attr;
	struct listing *listing = arg;
	int left;

	if ((unsigned)ifi->ifi_index != listing->port ||
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(*ifi), tb, IFLA_MAX, NULL) < 0 || !tb[IFLA_AF_SPEC])
		return NL_OK;
	nla_for_each_nested(attr, tb[IFLA_AF_SPEC], left) {
		const struct bridge_vlan_info *info = nla_data(attr);

		if (nla_type(attr) == IFLA_BRIDGE_VLAN_INFO && info->vid <= VLAN_MAX)
			listing->vlans->id[info->vid] = (unsigned char)flags_from(info);
	}
	return NL_OK;
}

/* Room for 2047 runs of VLANs, the most there can be. */
static struct nl_msg *message(int type, int nl_flags, unsigned port)
{
	struct nl_msg *msg = nlmsg_alloc_size(65536);
	struct ifinfomsg ifi = { .ifi_family = AF_BRIDGE, .ifi_index = (int)port };

	if (!msg || !nlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, type, 0, nl_flags))
		abort();
	nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO);
	return msg;
}

int vlans_read(struct netns *ns, unsigned port, struct vlans *vlans, struct error *err)
{
	struct nl_msg *msg = message(RTM_GETLINK, NLM_F_DUMP, 0);
	struct listing listing = { port, vlans };

	*vlans = (struct vlans){ 0 };
	nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN);
	return netns_ask(ns, msg, on_port, &listing) < 0 ?
		       netns_error(ns, err, "list the VLANs of the bridges' ports") :
		       0;
}

static void put_vlan(struct nl_msg *msg, unsigned id, int flags, int range)
{
	const struct bridge_vlan_info info = {
		.vid = (uint16_t)id,
		.flags = (uint16_t)((flags & VLAN_PVID ? BRIDGE_VLAN_INFO_PVID : 0) |
				    (flags & VLAN_UNTAGGED ? BRIDGE_VLAN_INFO_UNTAGGED : 0) |
				    range),
	};

	nla_put(msg, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info);
}

/* Runs of equal VLANs go as ranges: all 4094 of them fit into one message. A PVID goes alone. */
static int put_vlans(struct nl_msg *msg, const struct vlans *change)
{
	int n = 0;

	for (unsigned first = 1, last; first <= VLAN_MAX; first = last + 1) {
		int flags = change->id[first];

		last = first;
		if (!flags)
			continue;
		while (last < VLAN_MAX && !(flags & VLAN_PVID) && change->id[last + 1] == flags)
			last++;
		put_vlan(msg, first, flags, last > first ? BRIDGE_VLAN_INFO_RANGE_BEGIN : 0);
		if (last > first)
			put_vlan(msg, last, flags, BRIDGE_VLAN_INFO_RANGE_END);
		n++;
	}
	return n;
}

static int change(struct netns *ns, int type, unsigned port, const struct vlans *vlans)
{
	struct nl_msg *msg = message(type, 0, port);
	struct nlattr *spec = nla_nest_start(msg, IFLA_AF_SPEC);
	int n = put_vlans(msg, vlans);

	nla_nest_end(msg, spec);
	if (n)
		return netns_talk(ns, msg);
	nlmsg_free(msg);
	return 0;
}

int vlans_add(struct netns *ns, unsigned port, const struct vlans *vlans, struct error *err)
{
	return change(ns, RTM_SETLINK, port, vlans) < 0 ?
		       netns_error(ns, err, "add VLANs to the bridge's port") :
		       0;
}

int vlans_remove(struct netns *ns, unsigned port, const struct vlans *vlans, struct error *err)
{
	return change(ns, RTM_DELLINK, port, vlans) < 0 ?
		       netns_error(ns, err, "remove VLANs from the bridge's port") :
		       0;
}
