/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "kernel/link.h"
#include "kernel/neighs.h"

static bool read_bridged(struct neigh *neigh, struct nlattr **tb)
{
	/* The device itself is shown too, without a MAC or without where it is. */
	if (!tb[NDA_LLADDR] || !tb[NDA_DST])
		return false;
	neigh->ip.family = nla_len(tb[NDA_DST]) == 4 ? AF_INET : AF_INET6;
	return true;
}

static int on_neigh(struct nl_msg *msg, void *arg)
{
	const struct ndmsg *ndm = nlmsg_data(nlmsg_hdr(msg));
	const struct neighs_visit *visit = arg;
	struct neigh neigh = { .family = ndm->ndm_family,
			       .link = (unsigned)ndm->ndm_ifindex,
			       .ip = { .family = ndm->ndm_family } };
	struct nlattr *tb[NDA_MAX + 1];

	/* Old kernels list the neighbours of all links, whatever was asked. */
	if (neigh.link != visit->link || !(ndm->ndm_state & NUD_PERMANENT) ||
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(*ndm), tb, NDA_MAX, NULL) < 0 || !tb[NDA_DST])
		return NL_OK;
	if (neigh.family == AF_BRIDGE && !read_bridged(&neigh, tb))
		return NL_OK;
	if (tb[NDA_LLADDR])
		nla_memcpy(&neigh.mac, tb[NDA_LLADDR], sizeof(neigh.mac));
	nla_memcpy(neigh.ip.byte, tb[NDA_DST], sizeof(neigh.ip.byte));
	neigh.ip.prefix = ip_bits(&neigh.ip);
	visit->seen(&neigh, visit->arg);
	return NL_OK;
}

int neighs_each(struct netns *ns, const struct neighs_visit *visit, struct error *err)
{
	struct nl_msg *msg = link_message_alloc(RTM_GETNEIGH, NLM_F_DUMP);
	struct ndmsg ndm = { .ndm_family = (uint8_t)visit->family };

	if (visit->family == AF_BRIDGE)
		ndm.ndm_ifindex = (int)visit->link;
	nlmsg_append(msg, &ndm, sizeof(ndm), NLMSG_ALIGNTO);
	if (visit->family != AF_BRIDGE)
		nla_put_u32(msg, NDA_IFINDEX, visit->link);
	if (netns_ask(ns, msg, on_neigh, (void *)(uintptr_t)visit) < 0)
		return netns_error(ns, err, "list the neighbours");
	return 0;
}

static struct nl_msg *message(const struct neigh *neigh, int type, int flags)
{
	struct nl_msg *msg = link_message_alloc(type, flags);
	struct ndmsg ndm = { .ndm_family = (uint8_t)neigh->family,
			     .ndm_ifindex = (int)neigh->link,
			     .ndm_state = NUD_PERMANENT };

	if (neigh->family == AF_BRIDGE) {
		ndm.ndm_state |= NUD_NOARP;
		ndm.ndm_flags = NTF_SELF;
	}
	nlmsg_append(msg, &ndm, sizeof(ndm), NLMSG_ALIGNTO);
	nla_put(msg, NDA_DST, (int)ip_size(&neigh->ip), neigh->ip.byte);
	if (type == RTM_NEWNEIGH || neigh->family == AF_BRIDGE)
		nla_put(msg, NDA_LLADDR, sizeof(neigh->mac), &neigh->mac);
	return msg;
}

struct nl_msg *neigh_new(const struct neigh *neigh)
{
	struct nl_msg *msg = message(neigh, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);

	if (neigh->family != AF_BRIDGE)
		nla_put_u8(msg, NDA_PROTOCOL, NEIGHS_PROTOCOL);
	return msg;
}

struct nl_msg *neigh_delete(const struct neigh *neigh)
{
	return message(neigh, RTM_DELNEIGH, 0);
}
