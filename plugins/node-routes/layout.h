/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The layout: what the kernel is to have, as it follows from the cluster
 *
 * Arithmetic only, and all of the policy: which peer is reached by a plain
 * route, and which through the tunnel. Given the same cluster, every node can
 * compute every other's tunnel end, so nothing has to be told to anybody.
 */

#include "cluster.h"
#include "want/table.h"
#include "want/tunnel.h"

struct layout {
	bool tunnelled; /* somebody is reached through the tunnel */
	struct tunnel tunnel;
	struct table routes, neighs, macs;
	const struct cluster *cluster; /* borrowed: names are its */
};

int layout_make(struct layout *layout, const struct cluster *cluster, struct error *err);
void layout_close(struct layout *layout);
#define _layout_ __attribute__((__cleanup__(layout_close)))

/* A layout of nothing, for who wants everything of podwire's gone. */
void layout_clear(struct layout *layout);

/* The wants, in order: below first, so that no packet takes a way that is not complete. */
void layout_wants(struct layout *layout, struct plan *plan);

/*
 * Whether all of it was in place when last looked at, and nothing that it follows
 * from has changed since; looks at no table.
 */
bool layout_stands(const struct routes_conf *conf);

/* NULL: the node's pods are reached; else why nobody tries to: "has no podCIDR". */
const char *layout_leaves_out(const struct node *node);
