/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cni/nodes.h"
#include "value/json.h"
#include "value/json_sift.h"
#include "value/scope.h"

/* As a node stands in the list, in either form. */
struct wire {
	const char *name, *cidr;
	const cJSON *cidrs, *addresses;
};

static const struct json_field kubernetes_metadata[] = {
	{ "name", JSON_STRING(struct wire, name), .required = true },
	{},
};

static const struct json_field kubernetes_spec[] = {
	{ "podCIDR", JSON_STRING(struct wire, cidr) },
	{ "podCIDRs", JSON_ARRAY(struct wire, cidrs) },
	{},
};

static const struct json_field kubernetes_status[] = {
	{ "addresses", JSON_ARRAY(struct wire, addresses) },
	{},
};

static const struct json_field short_form[] = {
	{ "name", JSON_STRING(struct wire, name), .required = true },
	{ "podCIDRs", JSON_ARRAY(struct wire, cidrs) },
	{ "addresses", JSON_ARRAY(struct wire, addresses) },
	{},
};

static const char *const members[] = {
	"metadata.name", "spec.podCIDR", "spec.podCIDRs", "status.addresses",
	"name",		 "podCIDRs",	 "addresses",	  NULL,
};

static int read_cidr(struct node *node, const char *text, struct error *err)
{
	struct ip cidr;

	if (!text || !ip_parse_cidr(&cidr, text))
		return error_set(err, CNI_INVALID_CONFIG,
				 "podCIDR of node %s must be a network such as 10.244.1.0/24, not "
				 "\"%.60s\"",
				 node->name, text ? text : "");
	if (node->n_cidrs == NODES_CIDRS)
		return error_set(err, CNI_INVALID_CONFIG, "node %s has more than %d podCIDRs",
				 node->name, NODES_CIDRS);
	node->cidr[node->n_cidrs++] = ip_network(&cidr);
	return 0;
}

static int read_address(struct node *node, const char *text, struct error *err)
{
	struct ip address;

	if (!text || !ip_parse(&address, text))
		return error_set(err, CNI_INVALID_CONFIG,
				 "address of node %s must be an IP address, not \"%.60s\"",
				 node->name, text ? text : "");
	if (node->n_addresses < NODES_ADDRESSES)
		node->address[node->n_addresses++] = address;
	return 0;
}

/* A text by itself, or {"type": "InternalIP", "address": ...}; others are none of ours. */
static int read_any_address(struct node *node, const cJSON *item, struct error *err)
{
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(item, "type");
	const cJSON *address = cJSON_GetObjectItemCaseSensitive(item, "address");

	if (!cJSON_IsObject(item))
		return read_address(node, cJSON_GetStringValue(item), err);
	if (!cJSON_IsString(type) || strcmp(type->valuestring, "InternalIP") != 0)
		return 0;
	return read_address(node, cJSON_GetStringValue(address), err);
}

static int read_lists(struct node *node, const struct wire *wire, struct error *err)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, wire->cidrs)
		if (read_cidr(node, cJSON_GetStringValue(item), err) < 0)
			return -1;
	if (!node->n_cidrs && wire->cidr && *wire->cidr && read_cidr(node, wire->cidr, err) < 0)
		return -1;
	cJSON_ArrayForEach(item, wire->addresses)
		if (read_any_address(node, item, err) < 0)
			return -1;
	return 0;
}

static int read_wire(struct wire *wire, const cJSON *element, struct error *err)
{
	if (!cJSON_HasObjectItem(element, "metadata"))
		return json_read(element, short_form, wire, err);
	if (json_read_at(&(struct json_place){ element, "metadata" }, kubernetes_metadata, wire,
			 err) < 0 ||
	    json_read_at(&(struct json_place){ element, "spec" }, kubernetes_spec, wire, err) < 0)
		return -1;
	return json_read_at(&(struct json_place){ element, "status" }, kubernetes_status, wire,
			    err);
}

static int on_node(const cJSON *element, void *arg, struct error *err)
{
	struct nodes *nodes = arg;
	struct wire wire = { 0 };
	struct node *node;

	if (read_wire(&wire, element, err) < 0)
		return -1;
	if (!*wire.name || strlen(wire.name) >= NODES_NAME)
		return error_set(err, CNI_INVALID_CONFIG, "name is \"%.60s\", which is no name",
				 wire.name);
	if (nodes->n == nodes->room) {
		size_t room = nodes->room ? 2 * nodes->room : 64;
		void *more = realloc(nodes->node, room * sizeof(*nodes->node));

		if (!more)
			return error_errno(err, ENOMEM, "read %zu nodes", room);
		nodes->node = more;
		nodes->room = room;
	}
	node = &nodes->node[nodes->n++];
	*node = (struct node){ 0 };
	strcpy(node->name, wire.name);
	return read_lists(node, &wire, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->name, ((const struct node *)b)->name);
}

static int refuse_twins(const struct nodes *nodes, struct error *err)
{
	for (size_t i = 1; i < nodes->n; i++)
		if (!strcmp(nodes->node[i - 1].name, nodes->node[i].name))
			return error_set(err, CNI_INVALID_CONFIG, "node %s is there twice",
					 nodes->node[i].name);
	return 0;
}

/* A podCIDR, and whose it is. */
struct owned {
	struct ip cidr;
	const struct node *node;
};

static int by_cidr(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;
	int order = ip_cmp(&x->cidr, &y->cidr);

	return order ? order : (int)x->cidr.prefix - (int)y->cidr.prefix;
}

/* Every podCIDR, in order; the caller frees it. NULL: out of memory. */
static struct owned *sort_cidrs(const struct nodes *nodes, size_t *n)
{
	struct owned *all = calloc(nodes->n * NODES_CIDRS + 1, sizeof(*all));

	*n = 0;
	for (size_t i = 0; all && i < nodes->n; i++)
		for (size_t k = 0; k < nodes->node[i].n_cidrs; k++)
			all[(*n)++] = (struct owned){ nodes->node[i].cidr[k], &nodes->node[i] };
	if (all)
		qsort(all, *n, sizeof(*all), by_cidr);
	return all;
}

/* In order, a network that overlaps another overlaps its neighbour. */
static int refuse_overlaps(const struct nodes *nodes, struct error *err)
{
	char one[IP_STRLEN], other[IP_STRLEN];
	size_t n;
	_free_ struct owned *all = sort_cidrs(nodes, &n);

	if (!all)
		return error_errno(err, ENOMEM, "compare %zu nodes", nodes->n);
	for (size_t i = 1; i < n; i++)
		if (ip_overlap(&all[i - 1].cidr, &all[i].cidr))
			return error_set(err, CNI_INVALID_CONFIG,
					 "podCIDR %s of node %s overlaps %s of node %s",
					 ip_cidr_str(&all[i - 1].cidr, one), all[i - 1].node->name,
					 ip_cidr_str(&all[i].cidr, other), all[i].node->name);
	return 0;
}

static int read_all(struct nodes *nodes, const char *path, struct error *err)
{
	bool from_stdin = !strcmp(path, "-");
	_close_ int fd = from_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) :
				      open(path, O_RDONLY | O_CLOEXEC);
	const struct json_sift sift = { .name = from_stdin ? "stdin" : path,
					.list = "items",
					.keep = members,
					.seen = on_node,
					.arg = nodes };

	if (fd < 0)
		return error_set(err, CNI_IO_FAILURE, "open the node list %s: %s", path,
				 strerror(errno));
	if (json_sift(&sift, fd, err) < 0)
		return -1;
	if (nodes->n)
		qsort(nodes->node, nodes->n, sizeof(*nodes->node), by_name);
	return refuse_twins(nodes, err) < 0 || refuse_overlaps(nodes, err) < 0 ?
		       error_prefix(err, "%s: ", sift.name) :
		       0;
}

int nodes_read(struct nodes *nodes, const char *path, struct error *err)
{
	_nodes_ struct nodes read = NODES_NONE;

	if (read_all(&read, path, err) < 0)
		return -1;
	*nodes = take(read, NODES_NONE);
	return 0;
}

void nodes_close(struct nodes *nodes)
{
	free(nodes->node);
	*nodes = NODES_NONE;
}

const struct node *nodes_find(const struct nodes *nodes, const char *name)
{
	for (size_t i = 0; i < nodes->n; i++)
		if (!strcmp(nodes->node[i].name, name))
			return &nodes->node[i];
	return NULL;
}

const struct ip *node_address(const struct node *node, int family)
{
	for (size_t i = 0; i < node->n_addresses; i++)
		if (node->address[i].family == family)
			return &node->address[i];
	return NULL;
}

/* Two halves are one whole. */
static bool join(struct ip *low, const struct ip *high)
{
	struct ip whole = *low;

	if (low->family != high->family || low->prefix != high->prefix || !low->prefix)
		return false;
	whole.prefix--;
	if (!ip_contains(&whole, high))
		return false;
	*low = ip_network(&whole);
	return true;
}

int nodes_pods(const struct nodes *nodes, struct ip **cidrs, size_t *n, struct error *err)
{
	size_t all, used = 0;
	_free_ struct owned *sorted = sort_cidrs(nodes, &all);
	struct ip *merged = calloc(all + 1, sizeof(*merged));

	if (!sorted || !merged) {
		free(merged);
		return error_errno(err, ENOMEM, "merge the podCIDRs of %zu nodes", nodes->n);
	}
	for (size_t i = 0; i < all; i++) {
		merged[used++] = sorted[i].cidr;
		while (used > 1 && join(&merged[used - 2], &merged[used - 1]))
			used--;
	}
	*cidrs = merged;
	*n = used;
	return 0;
}
