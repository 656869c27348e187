/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cni/identity.h"
#include "layout.h"
#include "value/scope.h"
#include "want/cluster_pods.h"
#include "want/forwarding.h"
#include "want/node_neighs.h"
#include "want/node_routes.h"
#include "want/stamp.h"

void layout_clear(struct layout *l)
{
	*l = (struct layout){ .routes = { .card = &node_routes_card },
			      .neighs = { .card = &node_neighs_card },
			      .macs = { .card = &node_macs_card } };
}

void layout_close(struct layout *l)
{
	table_close(&l->routes);
	table_close(&l->neighs);
	table_close(&l->macs);
}

const char *layout_leaves_out(const struct node *node)
{
	if (!node->n_cidrs)
		return "has no podCIDR";
	return node->n_addresses ? NULL : "has no address";
}

/* The way to a peer's pods without a tunnel. Answers whether there is one. */
static bool find_direct(const struct layout *l, const struct node *node, struct entry *route)
{
	for (size_t i = 0; i < node->n_addresses; i++) {
		const struct ip *address = &node->address[i];
		const struct subnet *subnet = subnets_toward(&l->cluster->subnets, address);

		if (address->family != route->to.family)
			continue;
		if (!route->via.family)
			route->via = *address;
		if (!subnet)
			continue;
		route->via = *address;
		route->link = subnet->link;
		return true;
	}
	return false;
}

/* Inside, a node's address is the network address of its podCIDR; outside, one like our own. */
static void want_tunnelled(struct layout *l, const struct node *node, const struct ip *cidr)
{
	const struct ip *outer = node_address(node, l->tunnel.local.family);
	const char *device = l->cluster->conf.device;
	struct entry route = { .to = *cidr, .node = node->name };
	struct entry neigh = { .to = *cidr,
			       .mac = identity_mac_of_node(node->name),
			       .link = device,
			       .node = node->name };

	/* Whether there is something to send from is judged for all at once. */
	l->tunnelled |= outer || !l->tunnel.local.family;
	if (outer) {
		neigh.to.prefix = ip_bits(cidr);
		route.via = neigh.to;
		route.link = device;
		route.onlink = true;
		table_add(&l->neighs, &neigh);
		if (!l->macs.n || l->macs.entry[l->macs.n - 1].node != node->name) {
			neigh.to = *outer;
			table_add(&l->macs, &neigh);
		}
	}
	table_add(&l->routes, &route);
}

static void want_peer(struct layout *l, const struct node *node)
{
	enum node_backend backend = l->cluster->conf.backend;

	for (size_t i = 0; i < node->n_cidrs; i++) {
		struct entry route = { .to = node->cidr[i], .node = node->name };
		bool direct = backend != BACKEND_VXLAN && find_direct(l, node, &route);

		if (direct || backend == BACKEND_HOST_GW)
			table_add(&l->routes, &route);
		else
			want_tunnelled(l, node, &node->cidr[i]);
	}
}

/* What nobody of our own pods has must not come back through the default route. */
static void want_own(struct layout *l)
{
	const struct node *own = l->cluster->own;

	for (size_t i = 0; i < own->n_cidrs; i++) {
		table_add(&l->routes, &(struct entry){ .to = own->cidr[i],
						       .node = own->name,
						       .link = "",
						       .blackhole = true });
		l->tunnel.address[i] = own->cidr[i];
		l->tunnel.address[i].prefix = ip_bits(&own->cidr[i]);
	}
	l->tunnel.n_addresses = own->n_cidrs;
}

/* IPv4 before IPv6, because its header is shorter. Answers whether there is an address for it. */
static bool plan_tunnel(struct layout *l)
{
	static const int families[] = { AF_INET, AF_INET6 };
	const struct cluster *c = l->cluster;

	l->tunnel = (struct tunnel){ .name = ifname_of(c->conf.device),
				     .vni = c->conf.vni,
				     .port = c->conf.port,
				     .mac = identity_mac_of_node(c->own->name),
				     .mtu = c->conf.mtu,
				     .offload = c->conf.offload };
	for (size_t f = 0; f < COUNT(families); f++)
		for (size_t i = 0; i < c->own->n_addresses; i++) {
			const struct ip *address = &c->own->address[i];
			const struct subnet *subnet = subnets_own(&c->subnets, address);

			if (address->family != families[f] || !subnet)
				continue;
			l->tunnel.local = *address;
			l->tunnel.uplink = subnet->link;
			return true;
		}
	return false;
}

/* Two nodes of the same derived MAC would get each other's packets. */
struct named_mac {
	struct mac mac;
	const char *node;
};

static int by_mac(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mac));
}

static int refuse_clashes(const struct nodes *nodes, struct error *err)
{
	_free_ struct named_mac *all = calloc(nodes->n + 1, sizeof(*all));
	char text[MAC_STRLEN];

	if (!all)
		return error_errno(err, ENOMEM, "compare the MACs of %zu nodes", nodes->n);
	for (size_t i = 0; i < nodes->n; i++)
		all[i] = (struct named_mac){ identity_mac_of_node(nodes->node[i].name),
					     nodes->node[i].name };
	qsort(all, nodes->n, sizeof(*all), by_mac);
	for (size_t i = 1; i < nodes->n; i++)
		if (mac_equal(&all[i - 1].mac, &all[i].mac))
			return error_set(err, CNI_INVALID_CONFIG,
					 "nodes %s and %s both have the derived MAC %s: one of "
					 "them needs another name",
					 all[i - 1].node, all[i].node, mac_str(&all[i].mac, text));
	return 0;
}

static int plan_all(struct layout *l, struct error *err)
{
	const struct cluster *c = l->cluster;
	bool can_tunnel = plan_tunnel(l);

	want_own(l);
	for (size_t i = 0; i < c->nodes.n; i++)
		if (&c->nodes.node[i] != c->own && !layout_leaves_out(&c->nodes.node[i]))
			want_peer(l, &c->nodes.node[i]);
	if (l->tunnelled && refuse_clashes(&c->nodes, err) < 0)
		return -1;
	if (l->tunnelled && !can_tunnel)
		return error_set(err, CNI_INVALID_CONFIG,
				 "none of the addresses that the node list has of this node, %s, "
				 "is one of this host's: there is nothing to send the tunnel's "
				 "packets from",
				 c->own->name);
	return 0;
}

int layout_make(struct layout *l, const struct cluster *cluster, struct error *err)
{
	layout_clear(l);
	l->cluster = cluster;
	if (plan_all(l, err) < 0) {
		layout_close(l);
		return -1;
	}
	table_sort(&l->routes);
	table_sort(&l->neighs);
	table_sort(&l->macs);
	return 0;
}

static bool has_family(const struct layout *l, int family)
{
	const struct node *own = l->cluster ? l->cluster->own : NULL;

	for (size_t i = 0; own && i < own->n_cidrs; i++)
		if (own->cidr[i].family == family)
			return true;
	return false;
}

/* A clear layout wants none, too. */
static void want_pods(const struct layout *l, struct plan *plan)
{
	struct cluster_pods pods = { .n = 0 };
	struct ip *cidr = NULL, *room;
	struct error ignored;

	if (l->cluster && nodes_pods(&l->cluster->nodes, &cidr, &pods.n, &ignored) == 0) {
		room = plan_room(plan, pods.n * sizeof(*room));
		memcpy(room, cidr, pods.n * sizeof(*room));
		pods.cidr = room;
	}
	free(cidr);
	want_cluster_pods(plan, &pods);
}

/* With a tunnel it depends on the device, and without one it says so in the text. */
static struct stamp stamp_of(const struct routes_conf *conf, const char *basis, bool tunnelled)
{
	return (struct stamp){ .name = tunnelled ? "node-routes-tunnel" : "node-routes",
			       .text = basis && *basis ? basis : NULL,
			       .link = tunnelled ? conf->device : NULL };
}

static void want_stamps(const struct layout *l, struct plan *plan)
{
	const struct cluster *c = l->cluster;

	for (int tunnelled = 0; tunnelled < 2; tunnelled++) {
		const char *basis = c && l->tunnelled == tunnelled ? c->basis : NULL;
		const struct stamp stamp =
			stamp_of(c ? &c->conf : &(struct routes_conf){ 0 }, basis, tunnelled);

		want_stamp_(plan, &stamp);
	}
}

bool layout_stands(const struct routes_conf *conf)
{
	_world_ struct world world = WORLD_NONE;
	char basis[CLUSTER_BASIS];
	struct stamp plain, tunnelled;
	struct error ignored;

	if (cluster_basis(basis, conf, &ignored) < 0 || !*basis || world_open(&world, &ignored) < 0)
		return false;
	plain = stamp_of(conf, basis, false);
	tunnelled = stamp_of(conf, basis, true);
	return stamp_fits(&plain, &world.ns[HOST]) || stamp_fits(&tunnelled, &world.ns[HOST]);
}

void layout_wants(struct layout *l, struct plan *plan)
{
	if (has_family(l, AF_INET))
		want_forwarding(plan, .family = AF_INET);
	if (has_family(l, AF_INET6))
		want_forwarding(plan, .family = AF_INET6);
	if (l->tunnelled) {
		want_tunnel_(plan, &l->tunnel);
		want_node_macs(plan, &l->macs);
		want_node_neighs(plan, &l->neighs);
	}
	want_node_routes(plan, &l->routes);
	if (!l->tunnelled)
		want_no_tunnel(plan);
	want_node_ways(plan, &l->routes);
	want_pods(l, plan);
	want_stamps(l, plan);
}
