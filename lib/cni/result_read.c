/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "cni/result.h"
#include "value/json.h"

static int too_long(const char *name, struct error *err)
{
	return error_set(err, CNI_BAD_CONTENT, "%s is too long", name);
}

struct wire_interface {
	const char *name, *mac, *sandbox, *socket_path, *pci_id;
	unsigned mtu;
};

static int read_interface(struct result *result, const cJSON *from, struct error *err)
{
	static const struct json_field table[] = {
		{ "name", JSON_STRING(struct wire_interface, name), .required = true },
		{ "mac", JSON_STRING(struct wire_interface, mac) },
		{ "mtu", JSON_UINT(struct wire_interface, mtu) },
		{ "sandbox", JSON_STRING(struct wire_interface, sandbox) },
		{ "socketPath", JSON_STRING(struct wire_interface, socket_path) },
		{ "pciID", JSON_STRING(struct wire_interface, pci_id) },
		{},
	};
	struct wire_interface wire = { .name = "", .mac = "", .sandbox = "" };
	struct result_interface i = { 0 };

	if (json_read(from, table, &wire, err) < 0)
		return -1;
	if (strlen(wire.name) >= sizeof(i.name) || strlen(wire.mac) >= sizeof(i.mac))
		return too_long("name or mac", err);
	if (strlen(wire.sandbox) >= sizeof(i.sandbox))
		return too_long("sandbox", err);
	snprintf(i.name, sizeof(i.name), "%s", wire.name);
	snprintf(i.mac, sizeof(i.mac), "%s", wire.mac);
	snprintf(i.sandbox, sizeof(i.sandbox), "%s", wire.sandbox);
	i.mtu = wire.mtu;
	i.socket_path = wire.socket_path;
	i.pci_id = wire.pci_id;
	return result_add_interface(result, &i, err);
}

struct wire_ip {
	struct ip address, gateway;
	const cJSON *interface;
};

static int read_ip(struct result *result, const cJSON *from, struct error *err)
{
	static const struct json_field table[] = {
		{ "address", JSON_CIDR(struct wire_ip, address), .required = true },
		{ "gateway", JSON_IP(struct wire_ip, gateway) },
		{ "interface", JSON_ANY(struct wire_ip, interface) },
		{},
	};
	struct wire_ip wire = { 0 };
	unsigned index = 0;

	if (json_read(from, table, &wire, err) < 0)
		return -1;
	if (wire.interface && json_read_value(wire.interface,
					      &(struct json_field){ .name = "interface",
								    .kind = JSON_KIND_UINT,
								    .max = RESULT_INTERFACES },
					      &index, err) < 0)
		return -1;
	return result_add_ip(
		result,
		&(struct result_ip){ wire.address, wire.gateway, wire.interface ? (int)index : -1 },
		err);
}

struct wire_route {
	struct ip dst, gw;
	unsigned mtu, advmss, priority;
	const cJSON *table, *scope;
};

static int read_number(const cJSON *from, const char *name, int *to, struct error *err)
{
	const struct json_field field = { .name = name, .kind = JSON_KIND_UINT, .max = 0x7fffffff };
	unsigned value;

	if (!from)
		return 0;
	if (json_read_value(from, &field, &value, err) < 0)
		return -1;
	*to = (int)value;
	return 0;
}

int result_read_route(struct result_route *route, const cJSON *from, struct error *err)
{
	static const struct json_field table[] = {
		{ "dst", JSON_CIDR(struct wire_route, dst), .required = true },
		{ "gw", JSON_IP(struct wire_route, gw) },
		{ "mtu", JSON_UINT(struct wire_route, mtu) },
		{ "advmss", JSON_UINT(struct wire_route, advmss) },
		{ "priority", JSON_UINT(struct wire_route, priority) },
		{ "table", JSON_ANY(struct wire_route, table) },
		{ "scope", JSON_ANY(struct wire_route, scope) },
		{},
	};
	struct wire_route wire = { 0 };
	struct result_route read = { .table = -1, .scope = -1 };

	if (json_read(from, table, &wire, err) < 0 ||
	    read_number(wire.table, "table", &read.table, err) < 0 ||
	    read_number(wire.scope, "scope", &read.scope, err) < 0)
		return -1;
	if (read.scope > 255)
		return error_set(err, CNI_INVALID_CONFIG, "scope must be between 0 and 255, not %d",
				 read.scope);
	if (wire.gw.family && wire.gw.family != wire.dst.family)
		return error_set(err, CNI_INVALID_CONFIG, "gw and dst are of two families");
	read.to = wire.dst;
	read.via = wire.gw;
	read.mtu = wire.mtu;
	read.advmss = wire.advmss;
	read.priority = wire.priority;
	*route = read;
	return 0;
}

static int read_route(struct result *result, const cJSON *from, struct error *err)
{
	struct result_route route;

	if (result_read_route(&route, from, err) < 0)
		return -1;
	return result_add_route(result, &route, err);
}

struct list {
	const char *name;
	int (*read)(struct result *, const cJSON *, struct error *);
};

static const struct list interfaces = { "interfaces", read_interface };
static const struct list ips = { "ips", read_ip };
static const struct list routes = { "routes", read_route };

static int read_list(struct result *result, const cJSON *from, const struct list *list,
		     struct error *err)
{
	const cJSON *items = cJSON_GetObjectItemCaseSensitive(from, list->name), *item;
	int i = 0;

	if (items && !cJSON_IsNull(items) && !cJSON_IsArray(items))
		return error_set(err, CNI_BAD_CONTENT, "%s must be a list", list->name);
	cJSON_ArrayForEach(item, items) {
		if (list->read(result, item, err) < 0)
			return json_error_at(err, "%s[%d]", list->name, i);
		i++;
	}
	return 0;
}

struct wire_family {
	struct ip ip, gateway;
};

/* 0.1.0 and 0.2.0: one address of each family, its routes with it. */
static int read_family(struct result *result, const cJSON *from, const char *name,
		       struct error *err)
{
	static const struct json_field table[] = {
		{ "ip", JSON_CIDR(struct wire_family, ip), .required = true },
		{ "gateway", JSON_IP(struct wire_family, gateway) },
		{},
	};
	const cJSON *family = cJSON_GetObjectItemCaseSensitive(from, name);
	struct wire_family wire = { 0 };

	if (!family || cJSON_IsNull(family))
		return 0;
	if (json_read(family, table, &wire, err) < 0 ||
	    result_add_ip(result, &(struct result_ip){ wire.ip, wire.gateway, -1 }, err) < 0 ||
	    read_list(result, family, &routes, err) < 0)
		return json_error_at(err, "%s", name);
	return 0;
}

static int read_version(const cJSON *from, enum version *version, struct error *err)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(from, "cniVersion");
	char text[80];

	if (!item || cJSON_IsNull(item) || (cJSON_IsString(item) && !*item->valuestring))
		return 0;
	if (!cJSON_IsString(item))
		return error_set(err, CNI_BAD_CONTENT, "cniVersion must be a string, not %s",
				 json_str(item, text, sizeof(text)));
	if (!version_parse(version, item->valuestring))
		return error_set(err, CNI_INCOMPATIBLE_VERSION,
				 "cniVersion is %s, which is unknown",
				 json_str(item, text, sizeof(text)));
	return 0;
}

static int read_shape(struct result *result, const cJSON *from, struct error *err)
{
	if (result->before_version <= VERSION_0_2_0)
		return read_family(result, from, "ip4", err) < 0 ||
				       read_family(result, from, "ip6", err) < 0 ?
			     -1 :
			     0;
	if (read_list(result, from, &interfaces, err) < 0 ||
	    read_list(result, from, &ips, err) < 0 || read_list(result, from, &routes, err) < 0)
		return -1;
	for (int i = 0; i < result->n_ips; i++)
		if (result->ip[i].interface >= result->n_interfaces)
			return error_set(err, CNI_BAD_CONTENT,
					 "ips[%d].interface is %d, but there are %d interfaces", i,
					 result->ip[i].interface, result->n_interfaces);
	return 0;
}

struct wire_dns {
	const cJSON *nameservers, *search, *options;
	const char *domain;
};

static int check_strings(const cJSON *list, const char *name, struct error *err)
{
	const cJSON *item;
	char text[80];
	int i = 0;

	cJSON_ArrayForEach(item, list) {
		if (!cJSON_IsString(item))
			return error_set(err, CNI_BAD_CONTENT,
					 "dns.%s[%d] must be a string, not %s", name, i,
					 json_str(item, text, sizeof(text)));
		i++;
	}
	return 0;
}

int result_check_dns(const cJSON *dns, struct error *err)
{
	static const struct json_field table[] = {
		{ "nameservers", JSON_ARRAY(struct wire_dns, nameservers) },
		{ "domain", JSON_STRING(struct wire_dns, domain) },
		{ "search", JSON_ARRAY(struct wire_dns, search) },
		{ "options", JSON_ARRAY(struct wire_dns, options) },
		{},
	};
	struct wire_dns wire = { 0 };

	if (!dns || cJSON_IsNull(dns))
		return 0;
	if (json_read(dns, table, &wire, err) < 0)
		return json_error_at(err, "dns");
	if (check_strings(wire.nameservers, "nameservers", err) < 0 ||
	    check_strings(wire.search, "search", err) < 0)
		return -1;
	return check_strings(wire.options, "options", err);
}

int result_read(struct result *result, const cJSON *from, enum version fallback, struct error *err)
{
	if (!cJSON_IsObject(from))
		return error_set(err, CNI_BAD_CONTENT, "it must be an object");
	result_clear(result);
	result->before = from;
	result->before_version = fallback;
	if (read_version(from, &result->before_version, err) < 0 ||
	    read_shape(result, from, err) < 0)
		return -1;
	result->dns = cJSON_GetObjectItemCaseSensitive(from, "dns");
	if (result_check_dns(result->dns, err) < 0)
		return -1;
	result->before_interfaces = result->n_interfaces;
	result->before_ips = result->n_ips;
	result->before_routes = result->n_routes;
	return 0;
}
