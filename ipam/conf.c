/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "value/json.h"

struct wire {
	const char *data_dir, *resolv_conf, *subnet;
	const cJSON *ranges, *routes, *ips, *ip_ranges;
};

static const struct json_field ipam_table[] = {
	{ "dataDir", JSON_STRING(struct wire, data_dir) },
	{ "resolvConf", JSON_STRING(struct wire, resolv_conf) },
	{ "subnet", JSON_STRING(struct wire, subnet) },
	{ "ranges", JSON_ARRAY(struct wire, ranges) },
	{ "routes", JSON_ARRAY(struct wire, routes) },
	{},
};

static const struct json_field runtime_table[] = {
	{ "ips", JSON_ARRAY(struct wire, ips) },
	{ "ipRanges", JSON_ARRAY(struct wire, ip_ranges) },
	{},
};

static int read_sets(struct conf *conf, const cJSON *list, const char *path, struct error *err)
{
	const cJSON *item;
	int i = 0;

	cJSON_ArrayForEach(item, list) {
		if (ranges_read_set(&conf->ranges, item, err) < 0)
			return error_prefix(err, "%s[%d]", path, i);
		i++;
	}
	return 0;
}

/* The runtime's before the file's; in the file, the old single form before the list. */
static int read_ranges(struct conf *conf, const struct request *req, const struct wire *wire,
		       struct error *err)
{
	const cJSON *ipam = cJSON_GetObjectItemCaseSensitive(req->config, "ipam");

	if (read_sets(conf, wire->ip_ranges, "runtimeConfig.ipRanges", err) < 0)
		return -1;
	if (wire->subnet && ranges_read_single(&conf->ranges, ipam, err) < 0)
		return json_error_at(err, "ipam");
	return read_sets(conf, wire->ranges, "ipam.ranges", err);
}

/* A prefix behind it is allowed, and without meaning. */
static int want(struct conf *conf, const char *text, struct error *err)
{
	struct ip *to = &conf->wanted[conf->n_wanted];

	if (conf->n_wanted == CONF_WANTED)
		return error_set(err, CNI_INVALID_CONFIG, "more than %d addresses asked for",
				 CONF_WANTED);
	if (!ip_parse(to, text) && !ip_parse_cidr(to, text))
		return error_set(err, CNI_INVALID_CONFIG,
				 "\"%.100s\" is asked for, which is no IP address", text);
	to->prefix = ip_bits(to);
	conf->n_wanted++;
	return 0;
}

static int want_list(struct conf *conf, const cJSON *list, const char *path, struct error *err)
{
	const cJSON *item;
	int i = 0;

	cJSON_ArrayForEach(item, list) {
		if (!cJSON_IsString(item))
			return error_set(err, CNI_BAD_CONTENT, "%s[%d] must be a string", path, i);
		if (want(conf, item->valuestring, err) < 0)
			return error_prefix(err, "%s[%d]: ", path, i);
		i++;
	}
	return 0;
}

static int want_args(struct conf *conf, const char *text, struct error *err)
{
	char copy[1024], *rest = copy, *one;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return error_set(err, CNI_INVALID_ENVIRONMENT, "CNI_ARGS: IP is too long");
	while ((one = strsep(&rest, ",")))
		if (*one && want(conf, one, err) < 0)
			return error_prefix(err, "CNI_ARGS: IP: ");
	return 0;
}

/* The first that asks for anything counts: runtimeConfig.ips, args.cni.ips, CNI_ARGS IP. */
static int read_wanted(struct conf *conf, const struct request *req, const struct wire *wire,
		       struct error *err)
{
	const struct json_place place = { req->config, "args.cni" };
	static const struct json_field ips_field[] = {
		{ "ips", JSON_ARRAY(struct wire, ips) },
		{},
	};
	struct wire args = { 0 };

	if (json_read_at(&place, ips_field, &args, err) < 0)
		return -1;
	if (wire->ips && wire->ips->child)
		return want_list(conf, wire->ips, "runtimeConfig.ips", err);
	if (args.ips && args.ips->child)
		return want_list(conf, args.ips, "args.cni.ips", err);
	return req->args.ip ? want_args(conf, req->args.ip, err) : 0;
}

static int check_routes(const cJSON *routes, struct error *err)
{
	struct result_route route;
	const cJSON *item;
	int i = 0;

	cJSON_ArrayForEach(item, routes) {
		if (result_read_route(&route, item, err) < 0)
			return json_error_at(err, "ipam.routes[%d]", i);
		i++;
	}
	return 0;
}

static int read_wire(struct wire *wire, const struct request *req, struct error *err)
{
	const struct json_place ipam = { req->config, "ipam" };
	const struct json_place runtime = { req->config, "runtimeConfig" };
	const cJSON *object = cJSON_GetObjectItemCaseSensitive(req->config, "ipam");

	if (!object || cJSON_IsNull(object))
		return error_set(err, CNI_INVALID_CONFIG, "ipam is missing");
	if (json_read_at(&ipam, ipam_table, wire, err) < 0)
		return -1;
	return json_read_at(&runtime, runtime_table, wire, err);
}

void conf_read_place(struct conf *conf, const struct request *req)
{
	const struct json_place ipam = { req->config, "ipam" };
	struct wire wire = { .data_dir = CONF_DATA_DIR };
	struct error ignored;

	json_read_at(&ipam, ipam_table, &wire, &ignored);
	conf->data_dir = *wire.data_dir ? wire.data_dir : CONF_DATA_DIR;
}

int conf_read(struct conf *conf, const struct request *req, struct error *err)
{
	struct wire wire = { .data_dir = CONF_DATA_DIR };

	if (read_wire(&wire, req, err) < 0)
		return -1;
	conf->data_dir = *wire.data_dir ? wire.data_dir : CONF_DATA_DIR;
	conf->resolv_conf = wire.resolv_conf && *wire.resolv_conf ? wire.resolv_conf : NULL;
	conf->routes = wire.routes;
	if (*conf->data_dir != '/')
		return error_set(err, CNI_INVALID_CONFIG,
				 "ipam.dataDir is \"%.100s\", must be an absolute path",
				 conf->data_dir);
	if (read_ranges(conf, req, &wire, err) < 0 ||
	    ranges_check(&conf->ranges, req->version, err) < 0 ||
	    read_wanted(conf, req, &wire, err) < 0)
		return -1;
	return check_routes(conf->routes, err);
}

void conf_close(struct conf *conf)
{
	ranges_close(&conf->ranges);
}
