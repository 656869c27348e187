/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>

#include "kernel/routes.h"
#include "want/claimed.h"

/* By which links the host reaches the pod: only the kernel knows. */
static int find_ways(struct claim *claim, struct world *world, struct error *err)
{
	char text[IP_STRLEN];

	for (size_t i = 0; i < claim->n_ips && claim->sort == CLAIM_HOSTPORT; i++) {
		int r = routes_link_to(&world->ns[HOST], &claim->ip[i], claim->way[i].str, err);

		if (r < 0)
			return r;
		if (r > 0)
			return error_set(err, CNI_INVALID_CONFIG,
					 "the host has no route to the pod's address %s, which its "
					 "host ports are to lead to",
					 ip_str(&claim->ip[i], text));
	}
	return 0;
}

static int claim_make(void *what, struct world *world, struct error *err)
{
	if (find_ways(what, world, err) < 0)
		return -1;
	return firewall_put(&world->firewall, what, err);
}

static int claim_unmake(const void *what, struct world *world, struct error *err)
{
	const struct claim *claim = what;

	return firewall_remove(&world->firewall, &(struct claim_of){ claim->sort, claim->owner },
			       err);
}

static int claim_check(const void *what, struct world *world, struct error *err)
{
	struct claim claim = *(const struct claim *)what;

	if (find_ways(&claim, world, err) < 0)
		return -1;
	return firewall_check(&world->firewall, &claim, err);
}

static int claim_ready(const void *what, struct world *world, struct error *err)
{
	return firewall_ready(&world->firewall, what, err);
}

static int masquerade_sweep(const struct attachments *valid, struct world *world, struct error *err)
{
	return firewall_sweep(&world->firewall, CLAIM_MASQUERADE, valid, err);
}

static int hostport_sweep(const struct attachments *valid, struct world *world, struct error *err)
{
	return firewall_sweep(&world->firewall, CLAIM_HOSTPORT, valid, err);
}

static int maccheck_sweep(const struct attachments *valid, struct world *world, struct error *err)
{
	return firewall_sweep(&world->firewall, CLAIM_MACCHECK, valid, err);
}

static void print_backend(const struct claim *claim, FILE *out)
{
	static const char *const names[] = { [BACKEND_ANY] = "",
					     [BACKEND_NFTABLES] = " by nftables",
					     [BACKEND_IPTABLES] = " by iptables" };

	fputs(names[claim->backend], out);
}

static void masquerade_print(const void *what, FILE *out)
{
	const struct claim *claim = what;
	char text[IP_STRLEN];

	fputs("host", out);
	for (size_t i = 0; i < claim->n_ips; i++)
		fprintf(out, "%s %s", i ? "," : "", ip_str(&claim->ip[i], text));
	for (size_t i = 0; i < claim->n_ips + claim->n_excepts; i++) {
		struct ip net = i < claim->n_ips ? ip_network(&claim->ip[i]) :
						   claim->except[i - claim->n_ips];

		fprintf(out, "%s %s", i ? "," : " but not to", ip_cidr_str(&net, text));
	}
	print_backend(claim, out);
}

static void hostport_print(const void *what, FILE *out)
{
	const struct claim *claim = what;
	char text[CLAIM_PORT_STRLEN];

	fputs("host", out);
	for (size_t i = 0; i < claim->n_ports; i++)
		fprintf(out, "%s %s to %u", i ? "," : "", claim_port_str(&claim->port[i], text),
			claim->port[i].pod);
	for (size_t i = 0; i < claim->n_ips; i++)
		fprintf(out, "%s %s", i ? "," : " of the pod", ip_str(&claim->ip[i], text));
	fprintf(out, "%s%s", claim->snat ? " snat" : "", claim->masq_all ? " masqAll" : "");
	for (int v6 = 0; v6 < 2; v6++)
		if (claim->conditions[v6])
			fprintf(out, " if IPv%d %s", v6 ? 6 : 4, claim->conditions[v6]);
	print_backend(claim, out);
}

static void maccheck_print(const void *what, FILE *out)
{
	const struct claim *claim = what;
	char text[MAC_STRLEN];

	fprintf(out, "host %s only from %s", claim->link.str, mac_str(&claim->mac, text));
}

#define CLAIM_KIND(kind)                                                                           \
	{                                                                                          \
		.name = #kind, .make = claim_make, .unmake = claim_unmake, .check = claim_check,   \
		.ready = claim_ready, .sweep = kind##_sweep, .print = kind##_print,                \
	}

static const struct want_kind kinds[CLAIM_SORTS] = {
	[CLAIM_MASQUERADE] = CLAIM_KIND(masquerade),
	[CLAIM_HOSTPORT] = CLAIM_KIND(hostport),
	[CLAIM_MACCHECK] = CLAIM_KIND(maccheck),
};

void want_claim(struct plan *plan, const struct claim *claim)
{
	plan_want(plan, &kinds[claim->sort], claim, sizeof(*claim));
}
