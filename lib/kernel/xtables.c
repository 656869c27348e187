/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Its own headers of interfaces and sockets stay out of the way of <netinet/in.h>. */
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "kernel/nft_talk.h"
#include "kernel/xtables.h"
#include "value/scope.h"

#define TABLE "nat"
#define TRIES 3 /* against somebody who changes rules all the time */

/* iptables-nft */

struct look {
	const char *text;
	bool found;
};

static void hear_rule(struct nlmsghdr *hdr, void *arg)
{
	struct look *look = arg;

	look->found |= memmem(hdr, hdr->nlmsg_len, look->text, strlen(look->text)) != NULL;
}

static int look_into_chain(struct nft *nft, int family, const char *chain, struct look *look)
{
	struct nl_msg *msg = nft_message(nft, NFT_MSG_GETRULE, NLM_F_DUMP,
					 family == AF_INET ? NFT_IPV4 : NFT_IPV6);

	nla_put_string(msg, NFTA_RULE_TABLE, TABLE);
	nla_put_string(msg, NFTA_RULE_CHAIN, chain);
	return nft_ask(nft, msg, hear_rule, look);
}

/* Whoever has no nf_tables has no iptables-nft either. */
static bool nft_holds(struct nft *nft, const struct xtables_search *search)
{
	struct look look = { search->text, false };
	struct error ignored;

	if (nft_open(nft, &ignored) < 0)
		return false;
	for (const char *const *chain = search->chains; *chain && !look.found; chain++)
		for (int i = 0; i < TRIES; i++)
			if (look_into_chain(nft, search->family, *chain, &look) != -EINTR)
				break;
	return look.found;
}

/* iptables-legacy */

struct legacy {
	int domain, level, get_info, get_entries;
	const char *names; /* the tables that are in use */
};

static const struct legacy legacies[] = {
	{ AF_INET, SOL_IP, IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES, "/proc/net/ip_tables_names" },
	{ AF_INET6, SOL_IPV6, IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES, "/proc/net/ip6_tables_names" },
};

static bool is_in_use(const struct legacy *legacy)
{
	FILE *names = fopen(legacy->names, "re");
	char name[64];
	bool found = false;

	while (names && !found && fgets(name, sizeof(name), names))
		found = !strcmp(name, TABLE "\n");
	if (names)
		fclose(names);
	return found;
}

/* The structures of both families are the same. The table may grow between the two questions: then
 * the kernel answers EAGAIN, and we are in doubt. */
static bool block_holds(int fd, const struct legacy *legacy, const char *text)
{
	struct ipt_getinfo info = { .name = TABLE };
	_free_ struct ipt_get_entries *entries = NULL;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, legacy->level, legacy->get_info, &info, &len) < 0)
		return false;
	len = sizeof(*entries) + info.size;
	entries = calloc(1, len);
	if (!entries)
		return true;
	snprintf(entries->name, sizeof(entries->name), TABLE);
	entries->size = info.size;
	if (getsockopt(fd, legacy->level, legacy->get_entries, entries, &len) < 0)
		return true;
	return memmem(entries->entrytable, info.size, text, strlen(text)) != NULL;
}

static bool legacy_holds(const struct xtables_search *search)
{
	const struct legacy *legacy = &legacies[search->family == AF_INET6];
	_close_ int fd = -1;

	if (!is_in_use(legacy))
		return false;
	fd = socket(legacy->domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	return fd >= 0 && block_holds(fd, legacy, search->text);
}

bool xtables_hold(struct nft *nft, const struct xtables_search *search)
{
	return nft_holds(nft, search) || legacy_holds(search);
}
