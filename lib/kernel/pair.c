/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "kernel/link.h"
#include "kernel/pair.h"

/*
 * As many as the kernel leaves switched on. Unasked, it makes one for each processor and takes all
 * but one away again, with a wait for RCU at each end, while everybody else waits for its lock.
 */
static void put_queues(struct nl_msg *msg)
{
	nla_put_u32(msg, IFLA_NUM_TX_QUEUES, 1);
	nla_put_u32(msg, IFLA_NUM_RX_QUEUES, 1);
}

static void put_peer(struct nl_msg *msg, const struct pair *p)
{
	/* Not IFF_UP: the kernel opens the peer before it is paired, which is ENOTCONN. */
	struct ifinfomsg ifi = { 0 };
	struct nlattr *info, *data, *peer;

	info = nla_nest_start(msg, IFLA_LINKINFO);
	nla_put_string(msg, IFLA_INFO_KIND, "veth");
	data = nla_nest_start(msg, IFLA_INFO_DATA);
	peer = nla_nest_start(msg, VETH_INFO_PEER);
	nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO);
	nla_put_string(msg, IFLA_IFNAME, p->peer);
	put_queues(msg);
	if (p->peer_netns >= 0)
		nla_put_u32(msg, IFLA_NET_NS_FD, (uint32_t)p->peer_netns);
	if (!mac_is_zero(&p->mac))
		nla_put(msg, IFLA_ADDRESS, sizeof(p->mac), &p->mac);
	if (p->mtu)
		nla_put_u32(msg, IFLA_MTU, p->mtu);
	nla_nest_end(msg, peer);
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
}

int pair_make(struct netns *ns, const struct pair *p)
{
	struct nl_msg *msg = link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, p->port, IFF_UP);

	nla_put_u32(msg, IFLA_MASTER, p->bridge);
	if (p->mtu)
		nla_put_u32(msg, IFLA_MTU, p->mtu);
	put_queues(msg);
	put_peer(msg, p);
	return netns_talk(ns, msg);
}
