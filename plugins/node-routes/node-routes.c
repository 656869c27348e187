/* SPDX-License-Identifier: Apache-2.0 */

/*
 * node-routes: every pod reaches the pods of every other node
 *
 * Other nodes' pod networks get a route, or one through a VXLAN tunnel, as it
 * follows from the cluster's own node list. It runs in two ways: chained behind
 * the plugin that attaches the pod, or as a command (command.h). What
 * it makes is the node's and not a pod's, so DEL has nothing to do.
 */

#include "command.h"
#include "sync.h"
#include "verb/attach.h"

/* The plan borrows from these until the process ends. */
static struct cluster cluster = CLUSTER_NONE;
static struct layout layout;

static int look(const struct routes_conf *conf, struct error *err)
{
	if (cluster_look(&cluster, conf, err) < 0)
		return -1;
	return layout_make(&layout, &cluster, err);
}

static int node_routes_wants(struct plan *plan, const struct request *req,
			     const struct result *known, struct error *err)
{
	struct routes_conf conf;

	(void)known;
	if (req->verb == VERB_DEL)
		return 0;
	if (req->verb == VERB_ADD && !req->prev_result)
		return error_set(err, CNI_INVALID_CONFIG,
				 "prevResult is missing: node-routes is chained behind the plugin "
				 "that attaches the pod");
	if (routes_conf_read(&conf, req->config, err) < 0)
		return -1;
	/* With thousands of nodes it is this that makes the ADD of one more pod cheap. */
	if (req->verb == VERB_ADD && layout_stands(&conf))
		return 0;
	if (look(&conf, err) < 0)
		return -1;
	layout_wants(&layout, plan);
	return 0;
}

/* Nothing here is any attachment's: what goes is what no node of the list has any more. */
static int node_routes_gc(const struct plugin *plugin, const struct request *req, struct error *err)
{
	struct routes_conf conf;

	(void)plugin;
	if (routes_conf_read(&conf, req->config, err) < 0 || look(&conf, err) < 0)
		return -1;
	return routes_sync(&layout, err);
}

int main(int argc, char **argv)
{
	struct verbs verbs = attach_verbs;
	const struct plugin plugin = {
		.name = "node-routes",
		.about = "routes to the pods of the other nodes",
		.verbs = &verbs,
		.wants = node_routes_wants,
		.passes = true,
	};

	verbs.gc = node_routes_gc;
	verbs.plan = NULL; /* it is a command here */
	if (argc > 1 && routes_is_command(argv[1]))
		return routes_command(argc, argv);
	return plugin_main(&plugin, argc, argv);
}
