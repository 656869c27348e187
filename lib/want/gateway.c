/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <linux/if_addr.h>

#include "kernel/addrs.h"
#include "kernel/glance.h"
#include "kernel/link.h"
#include "want/gateway.h"

static void find_conflict(const struct addr_seen *seen, void *arg)
{
	struct gateway *g = arg;

	if (seen->ip.family != g->ip.family ||
	    (ip_equal(&seen->ip, &g->ip) && seen->ip.prefix == g->ip.prefix) ||
	    (seen->ip.family == AF_INET6 && !ip_overlap(&seen->ip, &g->ip)))
		return;
	if (g->replaced.n < GATEWAY_REPLACED)
		g->replaced.addr[g->replaced.n] = *seen;
	g->replaced.n++;
}

static int find_conflicts(struct gateway *g, struct netns *host, unsigned link, struct error *err)
{
	char is[IP_STRLEN], must[IP_STRLEN];

	g->replaced.n = 0;
	if (addrs_each(host, &(struct addrs_visit){ link, find_conflict, g }, err) < 0)
		return -1;
	if (g->replaced.n && !g->force)
		return error_set(err, CNI_INVALID_CONFIG,
				 "%s already has the address %s, which is not the gateway %s "
				 "(forceAddress would replace it)",
				 g->link.str, ip_cidr_str(&g->replaced.addr[0].ip, is),
				 ip_cidr_str(&g->ip, must));
	if (g->replaced.n > GATEWAY_REPLACED)
		return error_set(err, CNI_INVALID_CONFIG,
				 "%s has %d other addresses; forceAddress replaces %d at most",
				 g->link.str, g->replaced.n, GATEWAY_REPLACED);
	return 0;
}

/* What went wrong on the way back is not told: there is already an error to tell. */
static void put_back(const struct gateway *g, struct netns *host, unsigned link)
{
	addrs_remove(host, link, &g->ip);
	for (int i = 0; i < g->replaced.n; i++)
		addrs_add(host, link, &g->replaced.addr[i]);
}

static int replace(const struct gateway *g, struct netns *host, unsigned link, struct error *err)
{
	char text[IP_STRLEN];

	for (int i = 0; i < g->replaced.n; i++) {
		int r = addrs_remove(host, link, &g->replaced.addr[i].ip);

		if (r < 0 && r != -EADDRNOTAVAIL) {
			netns_error(host, err, "remove address %s from %s",
				    ip_cidr_str(&g->replaced.addr[i].ip, text), g->link.str);
			put_back(g, host, link);
			return -1;
		}
	}
	return 0;
}

static int gateway_make(void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	struct gateway *g = what;
	const struct addr_seen wanted = { g->ip, IFA_F_NODAD, true };
	char text[IP_STRLEN];
	struct glance link;
	struct mac mac;
	int r;

	if (glance_at(host, g->link.str, &link, err) < 0)
		return -1;
	mac = mac_is_zero(&link.mac) ? identity_mac_of_shared(g->link.str) : link.mac;
	/* First away with the others: a second address of a subnet goes with the first one. */
	if (link_pin_mac(host, g->link.str, &mac, err) < 0 ||
	    find_conflicts(g, host, link.index, err) < 0 || replace(g, host, link.index, err) < 0)
		return -1;
	r = addrs_add(host, link.index, &wanted);
	if (r == -EEXIST)
		return 1;
	if (r == 0)
		return 0;
	netns_error(host, err, "add gateway address %s to %s", ip_cidr_str(&g->ip, text),
		    g->link.str);
	put_back(g, host, link.index);
	return -1;
}

static int gateway_unmake(const void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	const struct gateway *g = what;
	struct link link;
	int r = link_get(host, g->link.str, &link, err);

	if (r == 0)
		put_back(g, host, link.index);
	return r < 0 ? r : 0;
}

static int gateway_check(const void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	const struct gateway *g = what;
	struct addr_seen seen = { .ip = g->ip };
	char text[IP_STRLEN];
	unsigned link;
	int r;

	if (glance_index(host, g->link.str, &link, err) < 0)
		return -1;
	r = addrs_find(host, link, &seen, err);
	return r > 0 ? error_set(err, CNI_CHECK_FAILED, "%s has no gateway address %s", g->link.str,
				 ip_cidr_str(&g->ip, text)) :
		       r;
}

static void gateway_print(const void *what, FILE *out)
{
	const struct gateway *g = what;
	char text[IP_STRLEN];

	fprintf(out, "host %s %s%s", g->link.str, ip_cidr_str(&g->ip, text),
		g->force ? " force" : "");
}

static const struct want_kind gateway_kind = {
	.name = "gateway",
	.shared = true,
	.make = gateway_make,
	.unmake = gateway_unmake,
	.check = gateway_check,
	.print = gateway_print,
};

void want_gateway_(struct plan *plan, const struct gateway *gateway)
{
	plan_want(plan, &gateway_kind, gateway, sizeof(*gateway));
}
