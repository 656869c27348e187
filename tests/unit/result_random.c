/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "result_random.h"
#include "unit.h"
#include "value/json.h"
#include "value/json_text.h"
#include "value/scope.h"

/* What a version can tell. Results of old: the first address of each family, and bare routes. */
bool is_old(enum version v)
{
	return v <= VERSION_0_2_0;
}

static bool tells_mtu(enum version v)
{
	return v >= VERSION_1_1_0;
}

static bool tells_sockets(enum version v)
{
	return v >= VERSION_1_0_0;
}

/* Random results */

static struct ip random_ip(int family)
{
	struct ip ip = { .family = family };

	unit_random_bytes(ip.byte, ip_size(&ip));
	ip.prefix = ip_bits(&ip);
	return ip;
}

static int random_family(void)
{
	return unit_below(2) ? AF_INET : AF_INET6;
}

void add_random_interface(struct result *r)
{
	static const char *const sockets[] = { NULL, "/run/vhost.sock" };
	static const char *const devices[] = { NULL, "0000:01:00.0" };
	struct result_interface i = { .mtu = unit_below(2) ? unit_below(65536) : 0,
				      .socket_path = sockets[unit_below(2)],
				      .pci_id = devices[unit_below(2)] };
	struct error err;

	snprintf(i.name, sizeof(i.name), "veth%u", unit_below(1000));
	if (unit_below(4))
		snprintf(i.mac, sizeof(i.mac), "02:00:00:00:00:%02x", unit_below(256));
	if (unit_below(2))
		snprintf(i.sandbox, sizeof(i.sandbox), "/run/netns/%u", unit_below(1000));
	expect(result_add_interface(r, &i, &err) == r->n_interfaces - 1, "%d", r->n_interfaces);
}

void add_random_ip(struct result *r)
{
	struct result_ip ip = { .address = random_ip(random_family()), .interface = -1 };
	struct error err;

	ip.address.prefix = unit_below(ip_bits(&ip.address) + 1);
	if (unit_below(2))
		ip.gateway = random_ip(ip.address.family);
	if (r->n_interfaces && unit_below(2))
		ip.interface = (int)unit_below((unsigned)r->n_interfaces);
	expect(result_add_ip(r, &ip, &err) == r->n_ips - 1, "%d", r->n_ips);
}

void add_random_route(struct result *r)
{
	struct result_route route = { .to = random_ip(random_family()), .table = -1, .scope = -1 };
	struct error err;

	route.to.prefix = unit_below(ip_bits(&route.to) + 1);
	route.to = ip_network(&route.to);
	if (unit_below(2))
		route.via = random_ip(route.to.family);
	if (unit_below(2)) {
		route.mtu = unit_below(65536);
		route.advmss = unit_below(65536);
		route.priority = (unsigned)unit_random();
		route.table = (int)unit_below(unit_below(2) ? 2 : 0x7fffffff);
		route.scope = (int)unit_below(unit_below(2) ? 2 : 256);
	}
	expect(result_add_route(r, &route, &err) == r->n_routes - 1, "%d", r->n_routes);
}

/* With one address at least, which the old versions need. */
void random_result(struct result *r)
{
	*r = (struct result){ 0 };
	for (unsigned n = unit_below(4); n > 0; n--)
		add_random_interface(r);
	for (unsigned n = 1 + unit_below(4); n > 0; n--)
		add_random_ip(r);
	for (unsigned n = unit_below(5); n > 0; n--)
		add_random_route(r);
}

/* The version of the text is its own; the fallback must not matter. */
cJSON *write_json(const struct result *r, enum version v)
{
	_free_ char *text = NULL;
	struct error err = { 0 };
	cJSON *json = NULL;

	expect(result_write(r, v, &text, &err) == 0, "%s: %s", version_names[v], err.msg);
	if (text)
		expect(json_parse(&json, text, strlen(text), &err) == 0, "%s: %s", text, err.msg);
	return json;
}

bool read_json(struct result *r, const cJSON *json)
{
	struct error err = { 0 };
	int answer = result_read(r, json, (enum version)unit_below(VERSIONS), &err);

	expect(answer == 0, "%s", err.msg);
	return answer == 0;
}

/* What is left of a result by a version */

static void forget_rest_of_old(struct result *r)
{
	struct result old = { 0 };
	struct error err;

	for (int pass = 0; pass < 2; pass++) {
		int family = pass ? AF_INET6 : AF_INET, first = 0;

		while (first < r->n_ips && r->ip[first].address.family != family)
			first++;
		if (first == r->n_ips)
			continue;
		result_add_ip(&old, &r->ip[first], &err);
		old.ip[old.n_ips - 1].interface = -1;
		for (int i = 0; i < r->n_routes; i++)
			if (r->route[i].to.family == family)
				result_add_route(&old, &r->route[i], &err);
	}
	*r = old;
}

void forget(struct result *r, enum version v)
{
	if (is_old(v))
		forget_rest_of_old(r);
	for (int i = 0; i < r->n_interfaces; i++) {
		if (!tells_mtu(v))
			r->interface[i].mtu = 0;
		if (!tells_sockets(v))
			r->interface[i].socket_path = r->interface[i].pci_id = NULL;
	}
	for (int i = 0; i < r->n_routes && is_old(v); i++)
		r->route[i] =
			(struct result_route){ r->route[i].to, r->route[i].via, 0, 0, 0, -1, -1 };
}

/* Comparing: each member by itself, so that a failure says which */

bool same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool same_ip(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && (!a->family || (ip_equal(a, b) && a->prefix == b->prefix));
}

void expect_core(const struct result *a, const struct result *b, const char *where)
{
	expect(a->n_interfaces == b->n_interfaces && a->n_ips == b->n_ips &&
		       a->n_routes == b->n_routes,
	       "%s: %d %d, %d %d, %d %d", where, a->n_interfaces, b->n_interfaces, a->n_ips,
	       b->n_ips, a->n_routes, b->n_routes);
	for (int i = 0; i < a->n_interfaces && i < b->n_interfaces; i++) {
		const struct result_interface *x = &a->interface[i], *y = &b->interface[i];

		expect(same_text(x->name, y->name), "%s: %s, %s", where, x->name, y->name);
		expect(same_text(x->mac, y->mac), "%s: %s, %s", where, x->mac, y->mac);
		expect(same_text(x->sandbox, y->sandbox), "%s: %s, %s", where, x->sandbox,
		       y->sandbox);
		expect(x->mtu == y->mtu, "%s: %u, %u", where, x->mtu, y->mtu);
	}
	for (int i = 0; i < a->n_ips && i < b->n_ips; i++) {
		expect(same_ip(&a->ip[i].address, &b->ip[i].address), "%s: ip %d", where, i);
		expect(same_ip(&a->ip[i].gateway, &b->ip[i].gateway), "%s: ip %d", where, i);
		expect(a->ip[i].interface == b->ip[i].interface, "%s: ip %d", where, i);
	}
	for (int i = 0; i < a->n_routes && i < b->n_routes; i++) {
		expect(same_ip(&a->route[i].to, &b->route[i].to), "%s: route %d", where, i);
		expect(same_ip(&a->route[i].via, &b->route[i].via), "%s: route %d", where, i);
	}
}

static bool has(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name) != NULL;
}

static const char *text_of(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text ? text : "";
}

void expect_shape(const cJSON *json, enum version v)
{
	const cJSON *ips = cJSON_GetObjectItemCaseSensitive(json, "ips"), *ip;

	expect(same_text(text_of(json, "cniVersion"), version_names[v]), "%s",
	       text_of(json, "cniVersion"));
	expect(cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(json, "dns")), "%s",
	       version_names[v]);
	expect((has(json, "ip4") || has(json, "ip6")) == is_old(v), "%s", version_names[v]);
	expect(has(json, "ips") == !is_old(v), "%s", version_names[v]);
	cJSON_ArrayForEach(ip, ips) {
		bool v6 = strchr(text_of(ip, "address"), ':') != NULL;

		expect(same_text(text_of(ip, "version"), v >= VERSION_1_0_0 ? "" :
							 v6		    ? "6" :
									      "4"),
		       "%s: %s", version_names[v], text_of(ip, "version"));
	}
	if (is_old(v))
		expect(!has(json, "interfaces") && !has(json, "routes"), "%s", version_names[v]);
}
