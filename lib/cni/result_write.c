/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni/result.h"
#include "value/json.h"
#include "value/scope.h"

/* 0.3.0 to 0.4.0 name the family of each address and know neither MTU nor socket. */
static bool is_typed(enum version version)
{
	return version < VERSION_1_0_0;
}

static void put(cJSON *to, const char *name, const char *text)
{
	if (text && *text)
		cJSON_AddStringToObject(to, name, text);
}

static void put_number(cJSON *to, const char *name, double value)
{
	if (value > 0)
		cJSON_AddNumberToObject(to, name, value);
}

static void put_ip(cJSON *to, const char *name, const struct ip *ip)
{
	char text[IP_STRLEN];

	if (ip->family)
		cJSON_AddStringToObject(to, name, ip_str(ip, text));
}

static cJSON *write_interface(const struct result_interface *i, enum version version)
{
	cJSON *to = cJSON_CreateObject();

	cJSON_AddStringToObject(to, "name", i->name);
	put(to, "mac", i->mac);
	if (version >= VERSION_1_1_0)
		put_number(to, "mtu", i->mtu);
	put(to, "sandbox", i->sandbox);
	if (version >= VERSION_1_0_0) {
		put(to, "socketPath", i->socket_path);
		put(to, "pciID", i->pci_id);
	}
	return to;
}

static cJSON *write_ip(const struct result_ip *ip, enum version version)
{
	cJSON *to = cJSON_CreateObject();
	char text[IP_STRLEN];

	if (is_typed(version))
		cJSON_AddStringToObject(to, "version", ip->address.family == AF_INET ? "4" : "6");
	if (ip->interface >= 0)
		cJSON_AddNumberToObject(to, "interface", ip->interface);
	cJSON_AddStringToObject(to, "address", ip_cidr_str(&ip->address, text));
	put_ip(to, "gateway", &ip->gateway);
	return to;
}

static cJSON *write_route(const struct result_route *route, enum version version)
{
	cJSON *to = cJSON_CreateObject();
	char text[IP_STRLEN];

	cJSON_AddStringToObject(to, "dst", ip_cidr_str(&route->to, text));
	put_ip(to, "gw", &route->via);
	if (version <= VERSION_0_2_0)
		return to;
	put_number(to, "mtu", route->mtu);
	put_number(to, "advmss", route->advmss);
	put_number(to, "priority", route->priority);
	if (route->table >= 0)
		cJSON_AddNumberToObject(to, "table", route->table);
	if (route->scope >= 0)
		cJSON_AddNumberToObject(to, "scope", route->scope);
	return to;
}

/* The list of that name, if there is one or anything to put into it. */
static cJSON *list(cJSON *root, const char *name, bool needed)
{
	cJSON *there = cJSON_GetObjectItemCaseSensitive(root, name);

	if (cJSON_IsArray(there))
		return there;
	cJSON_DeleteItemFromObjectCaseSensitive(root, name);
	return needed ? cJSON_AddArrayToObject(root, name) : NULL;
}

/* What of each list is still to be written: all of it, or what came after `before`. */
struct rest {
	int interface, ip, route;
};

static void write_lists(cJSON *root, const struct result *result, struct rest from,
			enum version version)
{
	cJSON *to = list(root, "interfaces", result->n_interfaces > 0);

	for (int i = from.interface; i < result->n_interfaces; i++)
		cJSON_AddItemToArray(to, write_interface(&result->interface[i], version));
	to = list(root, "ips", result->n_ips > 0);
	for (int i = from.ip; i < result->n_ips; i++)
		cJSON_AddItemToArray(to, write_ip(&result->ip[i], version));
	to = list(root, "routes", result->n_routes > 0);
	for (int i = from.route; i < result->n_routes; i++)
		cJSON_AddItemToArray(to, write_route(&result->route[i], version));
}

/*
 * 0.1.0 and 0.2.0: the first address of each family, and its routes without their extras. One that
 * an earlier plugin of the chain told stays as it told it.
 */
static bool write_family(cJSON *root, const struct result *result, int family)
{
	const char *name = family == AF_INET ? "ip4" : "ip6";
	cJSON *to, *routes = NULL;
	char text[IP_STRLEN];
	int i = 0;

	while (i < result->n_ips && result->ip[i].address.family != family)
		i++;
	if (i == result->n_ips)
		return false;
	if (cJSON_GetObjectItemCaseSensitive(root, name))
		return true;
	to = cJSON_AddObjectToObject(root, name);
	cJSON_AddStringToObject(to, "ip", ip_cidr_str(&result->ip[i].address, text));
	put_ip(to, "gateway", &result->ip[i].gateway);
	for (i = 0; i < result->n_routes; i++) {
		if (result->route[i].to.family != family)
			continue;
		if (!routes)
			routes = cJSON_AddArrayToObject(to, "routes");
		cJSON_AddItemToArray(routes, write_route(&result->route[i], VERSION_0_2_0));
	}
	return true;
}

static int write_families(cJSON *root, const struct result *result, struct error *err)
{
	bool v4 = write_family(root, result, AF_INET), v6 = write_family(root, result, AF_INET6);

	if (v4 || v6)
		return 0;
	return error_set(err, CNI_INTERNAL, "cannot convert: no valid IP addresses");
}

static void write_dns(cJSON *root, const cJSON *dns)
{
	cJSON_DeleteItemFromObjectCaseSensitive(root, "dns");
	cJSON_AddItemToObject(root, "dns",
			      cJSON_IsObject(dns) ? cJSON_Duplicate(dns, true) :
						    cJSON_CreateObject());
}

/*
 * cJSON prints numbers with 15 digits: another plugin's larger ones would come
 * out as others than they went in. They are put as text.
 */
static void keep_numbers(cJSON *json)
{
	char text[32];
	cJSON *item;

	cJSON_ArrayForEach(item, json)
		keep_numbers(item);
	snprintf(text, sizeof(text), "%.15g", json->valuedouble);
	if (!cJSON_IsNumber(json) || strtod(text, NULL) == json->valuedouble)
		return;
	snprintf(text, sizeof(text), "%.17g", json->valuedouble);
	json->valuestring = cJSON_malloc(sizeof(text));
	if (!json->valuestring)
		return;
	memcpy(json->valuestring, text, sizeof(text));
	json->type = cJSON_Raw;
}

static void drop_members(cJSON *list, const char *const *names)
{
	cJSON *item;

	cJSON_ArrayForEach(item, list)
		for (size_t i = 0; names[i]; i++)
			cJSON_DeleteItemFromObjectCaseSensitive(item, names[i]);
}

static bool is_v6(const cJSON *ip)
{
	const char *address = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(ip, "address"));

	return address && strchr(address, ':');
}

/* What was read, in the shape of this version; what nobody here knows stays as it is. */
static cJSON *reshape(const struct result *result, enum version version)
{
	static const char *const untyped[] = { "version", NULL };
	static const char *const since_1_1[] = { "mtu", NULL };
	static const char *const since_1_0[] = { "socketPath", "pciID", NULL };
	cJSON *root = cJSON_Duplicate(result->before, true), *ips, *ip;

	if (version == result->before_version)
		return root;
	ips = cJSON_GetObjectItemCaseSensitive(root, "ips");
	drop_members(ips, untyped);
	cJSON_ArrayForEach(ip, ips)
		if (is_typed(version))
			cJSON_AddStringToObject(ip, "version", is_v6(ip) ? "6" : "4");
	if (version < VERSION_1_1_0)
		drop_members(cJSON_GetObjectItemCaseSensitive(root, "interfaces"), since_1_1);
	if (version < VERSION_1_0_0)
		drop_members(cJSON_GetObjectItemCaseSensitive(root, "interfaces"), since_1_0);
	return root;
}

static void write_version(cJSON *root, enum version version)
{
	cJSON *text = cJSON_CreateString(version_names[version]);

	if (cJSON_GetObjectItemCaseSensitive(root, "cniVersion"))
		cJSON_ReplaceItemInObjectCaseSensitive(root, "cniVersion", text);
	else
		cJSON_AddItemToObject(root, "cniVersion", text);
}

int result_write(const struct result *result, enum version version, char **text, struct error *err)
{
	bool old = version <= VERSION_0_2_0, was_old = result->before_version <= VERSION_0_2_0;
	bool kept = result->before && old == was_old;
	_json_ cJSON *root = kept ? reshape(result, version) : cJSON_CreateObject();
	struct rest from = { 0 };

	if (kept)
		from = (struct rest){ result->before_interfaces, result->before_ips,
				      result->before_routes };
	write_version(root, version);
	if (old && write_families(root, result, err) < 0)
		return -1;
	if (!old)
		write_lists(root, result, from, version);
	write_dns(root, result->dns);
	keep_numbers(root);
	*text = cJSON_Print(root);
	return *text ? 0 : error_set(err, CNI_INTERNAL, "out of memory for the result");
}
