/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "conf.h"
#include "value/json.h"
#include "value/text.h"

#define DEVICE "podwire.vxlan"
#define VNI 4096
#define VNI_MAX 16777215
#define PORT 4789 /* RFC 7348 */
#define PORT_MAX 65535
#define INTERVAL 60 /* seconds */
#define MTU_MIN 576 /* RFC 791: what every host takes */
#define MTU_MAX 65535

const char *const backend_names[BACKENDS] = {
	[BACKEND_AUTO] = "auto",
	[BACKEND_HOST_GW] = "host-gw",
	[BACKEND_VXLAN] = "vxlan",
};

struct wire {
	struct routes_conf conf;
	const char *backend;
};

static const struct json_field table[] = {
	{ "backend", JSON_STRING(struct wire, backend) },
	{ "nodes", JSON_STRING(struct wire, conf.nodes) },
	{ "node", JSON_STRING(struct wire, conf.node) },
	{ "device", JSON_STRING(struct wire, conf.device) },
	{ "vni", JSON_UINT(struct wire, conf.vni), .min = 1, .max = VNI_MAX },
	{ "port", JSON_UINT(struct wire, conf.port), .min = 1, .max = PORT_MAX },
	{ "mtu", JSON_UINT(struct wire, conf.mtu), .max = MTU_MAX },
	{ "interval", JSON_UINT(struct wire, conf.interval), .min = 1, .max = 86400 },
	{ "checksumOffload", JSON_BOOL(struct wire, conf.offload) },
	{},
};

static int read_backend(enum node_backend *backend, const char *name, struct error *err)
{
	for (int i = 0; i < BACKENDS; i++)
		if (!strcmp(name, backend_names[i])) {
			*backend = (enum node_backend)i;
			return 0;
		}
	return error_set(err, CNI_INVALID_CONFIG,
			 "backend is \"%.40s\", must be auto, host-gw or vxlan", name);
}

static int judge(const struct routes_conf *conf, struct error *err)
{
	if (!*conf->nodes)
		return error_set(err, CNI_INVALID_CONFIG, "nodes is empty, must be a path");
	if (!text_is_ifname(conf->device))
		return error_set(err, CNI_INVALID_CONFIG,
				 "device is \"%.40s\", which no interface can be called",
				 conf->device);
	if (conf->mtu && conf->mtu < MTU_MIN)
		return error_set(err, CNI_INVALID_CONFIG, "mtu must be between %d and %d, not %u",
				 MTU_MIN, MTU_MAX, conf->mtu);
	return 0;
}

int routes_conf_read(struct routes_conf *conf, const cJSON *object, struct error *err)
{
	struct wire wire = { .conf = { .nodes = NODES_FILE,
				       .device = DEVICE,
				       .vni = VNI,
				       .port = PORT,
				       .interval = INTERVAL,
				       .offload = true },
			     .backend = backend_names[BACKEND_AUTO] };
	int r = json_read(object, table, &wire, err);

	*conf = wire.conf;
	if (conf->node && !*conf->node)
		conf->node = NULL;
	if (r < 0 || read_backend(&conf->backend, wire.backend, err) < 0)
		return -1;
	return judge(conf, err);
}

int routes_conf_option(cJSON *object, const char *name, const char *value, struct error *err)
{
	const struct json_field *field = table;
	cJSON *item = NULL;

	while (field->name && strcmp(field->name, name) != 0)
		field++;
	if (!field->name)
		return error_set(err, CNI_INVALID_CONFIG, "there is no option --%.40s", name);
	if (field->kind != JSON_KIND_STRING)
		item = cJSON_Parse(value);
	if (!item)
		item = cJSON_CreateString(value);
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	return cJSON_AddItemToObject(object, name, item) ?
		       0 :
		       error_set(err, CNI_INTERNAL, "out of memory at --%s", name);
}
