/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The cluster as this node sees it: everything that the desired state follows from
 *
 * The node list, which of its nodes this one is, and the subnets that this one
 * is on. It is looked at once; what follows from it is layout.h's.
 */

#include <sys/stat.h>

#include "cni/nodes.h"
#include "conf.h"
#include "kernel/subnets.h"

#define CLUSTER_BASIS 4096

struct cluster {
	struct routes_conf conf;
	struct nodes nodes;
	struct subnets subnets;
	const struct node *own; /* one of nodes */
	struct stat read;	/* the file that the nodes are from */
	bool settled;		/* it was not just being written then */
	char basis[CLUSTER_BASIS];
};

#define CLUSTER_NONE ((struct cluster){ .own = NULL })

/*
 * Looks at all of it, again if it was looked at before: a list that has not
 * changed is not read again. On failure there is nothing to go by (own is NULL).
 *
 * This node is the one that the configuration names, else NODE_NAME, else the one
 * of which an address is this host's, else the one called like this host.
 */
int cluster_look(struct cluster *cluster, const struct routes_conf *conf, struct error *err);

/*
 * What it all follows from, as text: configuration, the file's identity, the host's
 * addresses. The list itself is not read. "": the file is changing, or there is none.
 */
int cluster_basis(char basis[static CLUSTER_BASIS], const struct routes_conf *conf,
		  struct error *err);

void cluster_close(struct cluster *cluster);
#define _cluster_ __attribute__((__cleanup__(cluster_close)))
