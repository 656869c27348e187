/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "kernel/addrs.h"
#include "kernel/link.h"

static struct nl_msg *message(int type, int nl_flags, const struct ifaddrmsg *ifa)
{
	struct nl_msg *msg = link_message_alloc(type, nl_flags);

	nlmsg_append(msg, (void *)(uintptr_t)ifa, sizeof(*ifa), NLMSG_ALIGNTO);
	return msg;
}

static int on_addr(struct nl_msg *msg, void *arg)
{
	const struct ifaddrmsg *ifa = nlmsg_data(nlmsg_hdr(msg));
	const struct addrs_visit *visit = arg;
	struct nlattr *tb[IFA_MAX + 1];
	struct addr_seen seen = { .ip = { .family = ifa->ifa_family, .prefix = ifa->ifa_prefixlen },
				  .link = ifa->ifa_index };

	/* Old kernels list the addresses of all links, whatever was asked. */
	if ((visit->link && ifa->ifa_index != visit->link) ||
	    nlmsg_parse(nlmsg_hdr(msg), sizeof(*ifa), tb, IFA_MAX, NULL) < 0)
		return NL_OK;
	/* IPv6 tells the address as IFA_ADDRESS, unless it has a peer. */
	if (!tb[IFA_LOCAL])
		tb[IFA_LOCAL] = tb[IFA_ADDRESS];
	if (!tb[IFA_LOCAL])
		return NL_OK;
	nla_memcpy(seen.ip.byte, tb[IFA_LOCAL], sizeof(seen.ip.byte));
	seen.flags = tb[IFA_FLAGS] ? nla_get_u32(tb[IFA_FLAGS]) : ifa->ifa_flags;
	seen.broadcast = tb[IFA_BROADCAST] != NULL;
	visit->seen(&seen, visit->arg);
	return NL_OK;
}

int addrs_each(struct netns *ns, const struct addrs_visit *visit, struct error *err)
{
	const struct ifaddrmsg ifa = { .ifa_index = visit->link };
	struct nl_msg *msg = message(RTM_GETADDR, NLM_F_DUMP, &ifa);

	if (netns_ask(ns, msg, on_addr, (void *)(uintptr_t)visit) < 0)
		return netns_error(ns, err, "list the addresses");
	return 0;
}

struct search {
	struct addr_seen *wanted;
	bool found;
};

static void compare(const struct addr_seen *seen, void *arg)
{
	struct search *search = arg;

	if (ip_equal(&seen->ip, &search->wanted->ip) &&
	    seen->ip.prefix == search->wanted->ip.prefix) {
		search->wanted->flags = seen->flags;
		search->found = true;
	}
}

int addrs_find(struct netns *ns, unsigned link, struct addr_seen *seen, struct error *err)
{
	struct search search = { .wanted = seen };

	if (addrs_each(ns, &(struct addrs_visit){ link, compare, &search }, err) < 0)
		return -1;
	return !search.found;
}

static struct nl_msg *change(int type, int nl_flags, unsigned link, const struct addr_seen *addr)
{
	const struct ip *ip = &addr->ip;
	const struct ifaddrmsg ifa = { .ifa_family = (uint8_t)ip->family,
				       .ifa_prefixlen = (uint8_t)ip->prefix,
				       .ifa_flags = (uint8_t)addr->flags,
				       .ifa_index = link };
	struct nl_msg *msg = message(type, nl_flags, &ifa);

	nla_put(msg, IFA_LOCAL, (int)ip_size(ip), ip->byte);
	nla_put(msg, IFA_ADDRESS, (int)ip_size(ip), ip->byte);
	return msg;
}

int addrs_add(struct netns *ns, unsigned link, const struct addr_seen *addr)
{
	struct nl_msg *msg = change(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, addr);
	struct ip broadcast = ip_last(&addr->ip);

	/* The kernel derives none by itself. A /31 or /32 has none. */
	if (addr->broadcast && addr->ip.family == AF_INET && addr->ip.prefix < 31)
		nla_put(msg, IFA_BROADCAST, 4, broadcast.byte);
	return netns_talk(ns, msg);
}

int addrs_remove(struct netns *ns, unsigned link, const struct ip *ip)
{
	const struct addr_seen addr = { .ip = *ip };

	return netns_talk(ns, change(RTM_DELADDR, 0, link, &addr));
}
