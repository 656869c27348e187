/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>

#include "want/cluster_pods.h"

static int cluster_pods_make(void *what, struct world *world, struct error *err)
{
	return cluster_pods_put(&world->firewall, what, err);
}

static int check(const void *what, struct world *world, struct error *err)
{
	return cluster_pods_check(&world->firewall, what, err);
}

static void cluster_pods_print(const void *what, FILE *out)
{
	const struct cluster_pods *pods = what;
	char text[IP_STRLEN];

	fputs("host", out);
	for (size_t i = 0; i < pods->n; i++)
		fprintf(out, "%s %s", i ? "," : "", ip_cidr_str(&pods->cidr[i], text));
}

/* It is the node's: a failed ADD leaves it as it is, as it leaves the routes to the pods. */
static const struct want_kind cluster_pods_kind = {
	.name = "cluster",
	.make = cluster_pods_make,
	.check = check,
	.print = cluster_pods_print,
};

void want_cluster_pods(struct plan *plan, const struct cluster_pods *pods)
{
	plan_want(plan, &cluster_pods_kind, pods, sizeof(*pods));
}
