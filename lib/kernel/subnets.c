/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/addrs.h"
#include "kernel/link.h"
#include "kernel/subnets.h"

/* fe80::/10, 169.254.0.0/16 stays: some clouds number their hosts there. */
static bool is_link_local(const struct ip *ip)
{
	return ip->family == AF_INET6 && ip->byte[0] == 0xfe && (ip->byte[1] & 0xc0) == 0x80;
}

static void on_addr(const struct addr_seen *seen, void *arg)
{
	struct subnets *subnets = arg;

	if (is_link_local(&seen->ip))
		return;
	if (subnets->n == subnets->room) {
		subnets->room = subnets->room ? 2 * subnets->room : 16;
		subnets->subnet =
			realloc(subnets->subnet, subnets->room * sizeof(*subnets->subnet));
		if (!subnets->subnet)
			abort();
	}
	subnets->subnet[subnets->n++] = (struct subnet){ .ip = seen->ip, .index = seen->link };
}

/* False: the link is gone, or is one that leads nowhere. */
static bool describe(struct subnet *subnet, struct netns *ns)
{
	struct error ignored;
	struct link link;

	if (link_get_by_index(ns, subnet->index, &link, &ignored) != 0 || link.flags & IFF_LOOPBACK)
		return false;
	memcpy(subnet->link, link.name, sizeof(subnet->link));
	subnet->mtu = link.mtu;
	subnet->shared = !(link.flags & (IFF_POINTOPOINT | IFF_NOARP));
	return true;
}

int subnets_read(struct subnets *subnets, struct netns *ns, struct error *err)
{
	_subnets_ struct subnets read = SUBNETS_NONE;
	const struct addrs_visit visit = { .seen = on_addr, .arg = &read };
	size_t kept = 0;

	if (addrs_each(ns, &visit, err) < 0)
		return -1;
	for (size_t i = 0; i < read.n; i++)
		if (describe(&read.subnet[i], ns))
			read.subnet[kept++] = read.subnet[i];
	*subnets = (struct subnets){ read.subnet, kept, read.room };
	read = SUBNETS_NONE;
	return 0;
}

void subnets_close(struct subnets *subnets)
{
	free(subnets->subnet);
	*subnets = SUBNETS_NONE;
}

const struct subnet *subnets_own(const struct subnets *subnets, const struct ip *ip)
{
	for (size_t i = 0; i < subnets->n; i++)
		if (ip_equal(&subnets->subnet[i].ip, ip))
			return &subnets->subnet[i];
	return NULL;
}

const struct subnet *subnets_toward(const struct subnets *subnets, const struct ip *ip)
{
	const struct subnet *narrowest = NULL;

	for (size_t i = 0; i < subnets->n; i++) {
		const struct subnet *s = &subnets->subnet[i];

		if (s->shared && ip_contains(&s->ip, ip) &&
		    (!narrowest || s->ip.prefix > narrowest->ip.prefix))
			narrowest = s;
	}
	return narrowest;
}
