/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The cluster's node list, as a file
 *
 * What `kubectl get nodes -o json` prints, or the short form
 *
 *     [{"name": "n1", "podCIDRs": ["10.244.1.0/24"], "addresses": ["192.0.2.1"]}]
 *
 * It is read whole or not at all: a list that ends in the middle, names a node
 * twice, or gives two nodes the same pod address is an error. Of Kubernetes'
 * addresses those of type InternalIP count.
 */

#include <stdbool.h>
#include <stddef.h>

#include "value/error.h"
#include "value/ip.h"

#define NODES_NAME 254 /* a DNS name, RFC 1035 */
#define NODES_CIDRS 4  /* Kubernetes gives one for each family */
#define NODES_ADDRESSES 8

struct node {
	char name[NODES_NAME];
	struct ip cidr[NODES_CIDRS]; /* networks: without host bits */
	struct ip address[NODES_ADDRESSES];
	size_t n_cidrs, n_addresses; /* further ones are an error; further addresses are left out */
};

struct nodes {
	struct node *node;
	size_t n, room;
};

#define NODES_NONE ((struct nodes){ .node = NULL })

/* "-" is stdin. *nodes is sorted by name, and untouched on failure. */
int nodes_read(struct nodes *nodes, const char *path, struct error *err);
void nodes_close(struct nodes *nodes);
#define _nodes_ __attribute__((__cleanup__(nodes_close)))

/* NULL: there is none of that name. */
const struct node *nodes_find(const struct nodes *nodes, const char *name);

/* The first address of the family; NULL: it has none. */
const struct ip *node_address(const struct node *node, int family);

/*
 * All pods of the cluster in as few networks as hold exactly their addresses, in
 * order; the caller frees *cidrs. These are what a masquerade must leave alone.
 */
int nodes_pods(const struct nodes *nodes, struct ip **cidrs, size_t *n, struct error *err);
