/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bridge: a container on a bridge of the host
 *
 * The host gets a bridge, if it has none of that name; the container gets one
 * end of a veth pair, the other end of which is a port of the bridge. What IPAM
 * leased is put on the container's end; with isGateway the bridge takes the
 * gateways' addresses, and the host forwards.
 */

#include <linux/rtnetlink.h>

#include "bridge_conf.h"
#include "cni/result.h"
#include "value/scope.h"
#include "verb/attach.h"
#include "want/addr.h"
#include "want/bridge.h"
#include "want/carrier.h"
#include "want/claimed.h"
#include "want/forwarding.h"
#include "want/gateway.h"
#include "want/route.h"
#include "want/sysctl.h"
#include "want/up.h"
#include "want/veth.h"
#include "want/vlan.h"
#include "want/vlan_gateway.h"

struct attaching {
	struct plan *plan;
	const struct request *req;
	const struct result *known;
	struct bridge_conf conf;
	int interface; /* the container's end in what is known; -1: nothing is known of it */
};

/* Others of a chain have addresses in a result too. What IPAM leased belongs to no interface yet.
 */
static bool is_ours(const struct attaching *a, const struct result_ip *ip)
{
	return ip->interface < 0 || ip->interface == a->interface;
}

/* A lease may leave the gateway to us: then it is the first address of its network. */
static struct ip gateway_of(const struct attaching *a, const struct result_ip *ip)
{
	struct ip gateway = ip->gateway;

	if (!gateway.family && a->conf.is_gateway) {
		gateway = ip_network(&ip->address);
		gateway = ip_next(&gateway);
	}
	gateway.prefix = ip->address.prefix;
	return gateway;
}

static bool has_family(const struct attaching *a, int family)
{
	for (int i = 0; i < a->known->n_ips; i++)
		if (is_ours(a, &a->known->ip[i]) && a->known->ip[i].address.family == family)
			return true;
	return false;
}

/* What ADD told of it counts: a later plugin of the chain may have changed it. */
static struct mac mac_of(const struct attaching *a)
{
	const struct result *known = a->known;
	struct mac mac = identity_mac(&a->req->attachment);

	if (!mac_is_zero(&a->conf.mac))
		mac = a->conf.mac;
	for (int i = known->n_ips; i-- > 0 && a->conf.mac_follows_address;)
		if (is_ours(a, &known->ip[i]) &&
		    (known->ip[i].address.family == AF_INET || !has_family(a, AF_INET)))
			mac = identity_mac_of_ip(&known->ip[i].address);
	if (a->interface >= 0)
		mac_parse(&mac, known->interface[a->interface].mac);
	return mac;
}

/* Whose router advertisements would a bridge follow? Its pods'. */
static void want_deaf(const struct attaching *a, struct ifname link)
{
	want_sysctl(a->plan, .where = HOST, .family = "ipv6", .link = link, .key = "accept_ra",
		    .value = "0");
}

static void want_links(const struct attaching *a)
{
	const struct bridge_conf *conf = &a->conf;

	want_bridge(a->plan, .name = conf->bridge, .mtu = conf->mtu, .promisc = conf->promisc,
		    .vlan_filtering = conf->has_vlans);
	want_deaf(a, ifname_of(conf->bridge));
	want_veth(a->plan, .attachment = &a->req->attachment, .sandbox = a->req->netns,
		  .bridge = conf->bridge, .mtu = conf->mtu, .hairpin = conf->hairpin,
		  .isolated = conf->isolated,
		  .mac = mac_is_zero(&conf->mac) ? identity_mac(&a->req->attachment) : conf->mac,
		  .mtu_told = a->interface >= 0 ? a->known->interface[a->interface].mtu : 0);
}

static void want_vlans(const struct attaching *a)
{
	const struct bridge_conf *conf = &a->conf;

	if (!conf->has_vlans)
		return;
	want_vlan(a->plan, &(struct vlan){ .attachment = &a->req->attachment,
					   .vlans = conf->vlans,
					   .keep = conf->keep_default_vlan });
	if (!conf->vlan || !conf->is_gateway || !conf->layer3)
		return;
	want_vlan_gateway(a->plan, .name = conf->gateway_link, .bridge = conf->bridge,
			  .vlan = conf->vlan, .mtu = conf->mtu);
	want_deaf(a, conf->gateway_link);
}

struct setting {
	const char *family, *key, *value;
};

static void want_container_setting(const struct attaching *a, const char *link,
				   const struct setting *setting)
{
	want_sysctl(a->plan, .where = CONTAINER, .family = setting->family, .link = ifname_of(link),
		    .key = setting->key, .value = setting->value);
}

/* Neighbours hear of the addresses when the interface comes up, and it keeps them when it goes
 * down. */
static void want_container_settings(const struct attaching *a)
{
	static const struct setting announce_v4 = { "ipv4", "arp_notify", "1" };
	static const struct setting enable = { "ipv6", "disable_ipv6", "0" };
	static const struct setting no_detection = { "ipv6", "accept_dad", "0" };
	static const struct setting v6[] = { { "ipv6", "accept_ra", "0" },
					     { "ipv6", "ndisc_notify", "1" },
					     { "ipv6", "keep_addr_on_down", "1" } };
	const char *ifname = a->req->attachment.ifname;

	want_container_setting(a, ifname, &announce_v4);
	if (!has_family(a, AF_INET6))
		return;
	want_container_setting(a, "lo", &enable);
	want_container_setting(a, ifname, &enable);
	for (size_t i = 0; i < COUNT(v6); i++)
		want_container_setting(a, ifname, &v6[i]);
	if (!a->conf.detect_duplicates)
		want_container_setting(a, ifname, &no_detection);
}

static void want_address(const struct attaching *a, const struct result_ip *ip)
{
	const struct bridge_conf *conf = &a->conf;
	struct ip gateway = gateway_of(a, ip);

	want_addr(a->plan, .link = a->req->attachment.ifname, .ip = ip->address, .gateway = gateway,
		  .detect = conf->detect_duplicates && ip->address.family == AF_INET6);
	if (!conf->is_gateway)
		return;
	if (gateway.family == AF_INET6)
		want_sysctl(a->plan, .where = HOST, .family = "ipv6", .link = conf->gateway_link,
			    .key = "disable_ipv6", .value = "0");
	want_gateway(a->plan, .link = conf->gateway_link, .ip = gateway,
		     .force = conf->force_address);
	want_forwarding(a->plan, .family = gateway.family);
}

/* The container's interface comes up with everything in place, and the port open behind it. */
static void want_live(const struct attaching *a)
{
	const struct result *known = a->known;

	want_up(a->plan, .link = a->req->attachment.ifname, .mac = mac_of(a),
		.any_mac = a->interface < 0);
	want_carrier(a->plan, .attachment = &a->req->attachment);
	for (int i = 0; i < known->n_ips && a->conf.detect_duplicates; i++)
		if (is_ours(a, &known->ip[i]) && known->ip[i].address.family == AF_INET6)
			want_settled(a->plan, .link = a->req->attachment.ifname,
				     .ip = known->ip[i].address);
}

/* The first gateway of the family; family 0: there is none. */
static struct ip first_gateway(const struct attaching *a, int family)
{
	for (int i = 0; i < a->known->n_ips; i++) {
		const struct result_ip *ip = &a->known->ip[i];

		if (is_ours(a, ip) && ip->address.family == family)
			return gateway_of(a, ip);
	}
	return (struct ip){ 0 };
}

/* A result does not tell whose its routes are: with more interfaces, one may be another's. */
static bool is_alone(const struct attaching *a)
{
	int n = 0;

	for (int i = 0; i < a->known->n_interfaces; i++)
		n += a->known->interface[i].sandbox[0] != '\0';
	return n <= 1;
}

/* A route that is said to be of the link has no gateway; any other takes the lease's. */
static void want_leased_routes(const struct attaching *a)
{
	for (int i = 0; i < a->known->n_routes; i++) {
		const struct result_route *told = &a->known->route[i];
		struct ip via = told->via;

		if (!via.family && told->scope < RT_SCOPE_LINK && is_alone(a))
			via = first_gateway(a, told->to.family);
		want_route(a->plan, .link = a->req->attachment.ifname, .told = *told, .via = via);
	}
}

static void want_default_route(const struct attaching *a, int family)
{
	struct result_route told = { .to = { .family = family },
				     .via = first_gateway(a, family),
				     .table = -1,
				     .scope = -1 };

	for (int i = 0; i < a->known->n_routes; i++) {
		const struct result_route *leased = &a->known->route[i];

		if (leased->to.family == family && !leased->to.prefix && leased->via.family)
			return;
	}
	if (told.via.family)
		want_route(a->plan, .link = a->req->attachment.ifname, .told = told,
			   .via = told.via);
}

/* What DEL and GC are about was made under another configuration, perhaps. */
static bool forgets(const struct attaching *a)
{
	return a->req->verb == VERB_DEL || a->req->verb == VERB_GC;
}

/* For what these are about, no lease has to be known. */
static bool is_of_no_lease(const struct attaching *a)
{
	return forgets(a) || a->req->verb == VERB_STATUS;
}

static const struct ip *own_ips(const struct attaching *a, size_t *n)
{
	const struct result *known = a->known;
	struct ip *ip = plan_room(a->plan, (size_t)known->n_ips * sizeof(*ip));

	*n = 0;
	for (int i = 0; i < known->n_ips; i++)
		if (is_ours(a, &known->ip[i]))
			ip[(*n)++] = known->ip[i].address;
	return ip;
}

static const struct ip *exceptions(const struct attaching *a, size_t *n)
{
	const cJSON *list = a->conf.exceptions, *item;
	struct ip *ip = plan_room(a->plan, (size_t)cJSON_GetArraySize(list) * sizeof(*ip));

	*n = 0;
	cJSON_ArrayForEach(item, list)
		*n += ip_parse_cidr(&ip[*n], item->valuestring);
	return ip;
}

static void want_firewall(const struct attaching *a)
{
	const struct attachment *owner = &a->req->attachment;
	size_t n_ips, n_excepts;
	const struct ip *ip = own_ips(a, &n_ips), *except = exceptions(a, &n_excepts);

	if (forgets(a) || (a->conf.masquerade && (n_ips || is_of_no_lease(a))))
		want_masquerade(a->plan, .owner = owner, .backend = a->conf.backend, .ip = ip,
				.n_ips = n_ips, .except = except, .n_excepts = n_excepts);
	if (forgets(a) || a->conf.check_mac)
		want_maccheck(a->plan, .owner = owner, .link = identity_veth(owner),
			      .mac = mac_of(a));
}

static int bridge_wants(struct plan *plan, const struct request *req, const struct result *known,
			struct error *err)
{
	struct attaching a = { .plan = plan,
			       .req = req,
			       .known = known,
			       .interface = result_find(
				       known, req->attachment.ifname ? req->attachment.ifname : "",
				       true) };
	int r = bridge_conf_read(&a.conf, req, err);

	want_links(&a);
	want_vlans(&a);
	if (a.conf.layer3 && !known->n_ips && !is_of_no_lease(&a))
		return r;
	if (!a.conf.layer2_only)
		want_container_settings(&a);
	for (int i = 0; i < known->n_ips; i++)
		if (is_ours(&a, &known->ip[i]))
			want_address(&a, &known->ip[i]);
	want_firewall(&a);
	if (!a.conf.layer2_only)
		want_live(&a);
	want_leased_routes(&a);
	if (a.conf.is_default_gateway) {
		want_default_route(&a, AF_INET);
		want_default_route(&a, AF_INET6);
	}
	return r;
}

static const struct plugin bridge = {
	.name = "bridge",
	.about = "puts a container on a bridge of the host",
	.verbs = &attach_verbs,
	.wants = bridge_wants,
	.leases = true,
};

int main(int argc, char **argv)
{
	return plugin_main(&bridge, argc, argv);
}
