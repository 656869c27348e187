/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The configuration of node-routes
 *
 * One table for both ways to run it: a plugin's object in a conflist, and a
 * command's options, which are the same members spelled "--vni 42".
 */

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "value/error.h"

#define NODES_FILE "/etc/cni/nodes.json"

enum node_backend { BACKEND_AUTO, BACKEND_HOST_GW, BACKEND_VXLAN, BACKENDS };

extern const char *const backend_names[BACKENDS];

struct routes_conf {
	enum node_backend backend;
	const char *nodes; /* the node list's path */
	const char *node;  /* this node's name; NULL: to be found out */
	const char *device;
	unsigned vni, port;
	unsigned mtu;	   /* of the device; 0: the uplink's, less the header */
	unsigned interval; /* seconds; of watch, which looks so often although nothing happened */
	bool offload;
};

/* What *conf gets is borrowed from `object`. It is good as far as it goes, also on failure. */
int routes_conf_read(struct routes_conf *conf, const cJSON *object, struct error *err);

/* A word that follows "--name" as a member of the object: a number, true or false, or text. */
int routes_conf_option(cJSON *object, const char *name, const char *value, struct error *err);
