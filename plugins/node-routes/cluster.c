/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cluster.h"
#include "want/world.h"

static bool is_here(const struct cluster *c, const struct node *node)
{
	for (size_t i = 0; i < node->n_addresses; i++)
		if (subnets_own(&c->subnets, &node->address[i]))
			return true;
	return false;
}

/* 1: none of them is. */
static int find_by_address(struct cluster *c, struct error *err)
{
	for (size_t i = 0; i < c->nodes.n; i++) {
		const struct node *node = &c->nodes.node[i];

		if (!is_here(c, node))
			continue;
		if (c->own)
			return error_set(err, CNI_INVALID_CONFIG,
					 "nodes %s and %s both have an address of this host: say "
					 "with \"node\" which it is",
					 c->own->name, node->name);
		c->own = node;
	}
	return c->own ? 0 : 1;
}

static int find_by_name(struct cluster *c, const char *name, const char *whence, struct error *err)
{
	c->own = nodes_find(&c->nodes, name);
	return c->own ? 0 :
			error_set(err, CNI_INVALID_CONFIG,
				  "this node is not in the node list %s: none is called %.253s%s",
				  c->conf.nodes, name, whence);
}

static int find_own(struct cluster *c, struct error *err)
{
	const char *given = getenv("NODE_NAME");
	char host[NODES_NAME] = "";
	int r;

	if (c->conf.node)
		return find_by_name(c, c->conf.node, ", as \"node\" says", err);
	if (given && *given)
		return find_by_name(c, given, ", as NODE_NAME says", err);
	r = find_by_address(c, err);
	if (r <= 0)
		return r;
	if (gethostname(host, sizeof(host) - 1) < 0)
		return error_errno(err, errno, "ask for the host's name");
	return find_by_name(c, host, ", as this host is, and none has an address of it", err);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Within a second of its last change, a file may change again and show the same time. */
static int read_nodes(struct cluster *c, struct error *err)
{
	struct nodes nodes;
	struct stat now;
	bool is_file = stat(c->conf.nodes, &now) == 0 && S_ISREG(now.st_mode);

	if (is_file && c->nodes.n && c->settled && same_file(&now, &c->read))
		return 0;
	if (nodes_read(&nodes, c->conf.nodes, err) < 0)
		return -1;
	nodes_close(&c->nodes);
	c->nodes = nodes;
	c->settled = is_file && time(NULL) > now.st_mtim.tv_sec + 1;
	c->read = now;
	return 0;
}

/* Nothing follows from these: the tunnel's are ours, and kube-proxy's IPVS has every Service's. */
static bool counts(const struct subnet *subnet, const struct routes_conf *conf)
{
	return strcmp(subnet->link, conf->device) != 0 && strcmp(subnet->link, "kube-ipvs0") != 0;
}

static void print_basis(FILE *out, const struct routes_conf *conf, const struct stat *file,
			const struct subnets *subnets)
{
	const char *given = getenv("NODE_NAME");
	char ip[IP_STRLEN];

	fprintf(out, PODWIRE_VERSION " %s %s %s %s %s %u %u %u %d\n", backend_names[conf->backend],
		conf->nodes, conf->node ? conf->node : "", given ? given : "", conf->device,
		conf->vni, conf->port, conf->mtu, conf->offload);
	fprintf(out, "file %lu %lu %ld %ld.%ld\n", (unsigned long)file->st_dev,
		(unsigned long)file->st_ino, (long)file->st_size, (long)file->st_mtim.tv_sec,
		file->st_mtim.tv_nsec);
	for (size_t i = 0; i < subnets->n; i++)
		if (counts(&subnets->subnet[i], conf))
			fprintf(out, "subnet %s %u %u\n", ip_cidr_str(&subnets->subnet[i].ip, ip),
				subnets->subnet[i].index, subnets->subnet[i].mtu);
}

static void write_basis(char basis[static CLUSTER_BASIS], const struct routes_conf *conf,
			const struct subnets *subnets)
{
	struct stat file;
	FILE *out;
	bool whole;

	basis[0] = '\0';
	if (stat(conf->nodes, &file) < 0 || !S_ISREG(file.st_mode) ||
	    time(NULL) <= file.st_mtim.tv_sec + 1)
		return;
	out = fmemopen(basis, CLUSTER_BASIS, "w");
	if (!out)
		return;
	print_basis(out, conf, &file, subnets);
	whole = ftell(out) < CLUSTER_BASIS - 1;
	if (fclose(out) || !whole)
		basis[0] = '\0';
}

int cluster_basis(char basis[static CLUSTER_BASIS], const struct routes_conf *conf,
		  struct error *err)
{
	_world_ struct world world = WORLD_NONE;
	_subnets_ struct subnets subnets = SUBNETS_NONE;

	if (world_open(&world, err) < 0 || subnets_read(&subnets, &world.ns[HOST], err) < 0)
		return -1;
	write_basis(basis, conf, &subnets);
	return 0;
}

int cluster_look(struct cluster *c, const struct routes_conf *conf, struct error *err)
{
	_world_ struct world world = WORLD_NONE;

	c->conf = *conf;
	c->own = NULL;
	subnets_close(&c->subnets);
	if (world_open(&world, err) < 0 || subnets_read(&c->subnets, &world.ns[HOST], err) < 0)
		return -1;
	/* Before the list is read: one that changes meanwhile does not fit. */
	write_basis(c->basis, conf, &c->subnets);
	if (read_nodes(c, err) < 0 || find_own(c, err) < 0)
		return -1;
	if (c->own->n_cidrs)
		return 0;
	error_set(err, CNI_INVALID_CONFIG, "this node, %s, has no podCIDR in the node list %s",
		  c->own->name, c->conf.nodes);
	c->own = NULL;
	return -1;
}

void cluster_close(struct cluster *c)
{
	nodes_close(&c->nodes);
	subnets_close(&c->subnets);
	*c = CLUSTER_NONE;
}
