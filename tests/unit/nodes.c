/* SPDX-License-Identifier: Apache-2.0 */

/* cni/nodes, and value/json_sift below it */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cni/nodes.h"
#include "unit.h"
#include "value/scope.h"

#define TIMES 300

static char path[] = "/tmp/podwire-nodes-XXXXXX";

static void write_list(const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	if (!file)
		abort();
	fwrite(text, 1, len, file);
	fclose(file);
}

/* A list of as many nodes, with members before and behind those that are wanted. */
static size_t random_list(char *text, unsigned nodes)
{
	static const char *const noise[] = { "", "\"x\": [{\"a\": \"}]\\\"\"}, 1.5e3, null], ",
					     "\"y\": {\"items\": [[], {}]},\n\t", "\"z\": true, " };
	char *p = text + sprintf(text, "{%s\"items\": [", noise[unit_below(4)]);

	for (unsigned i = 0; i < nodes; i++)
		p += sprintf(
			p,
			"%s{%s\"metadata\": {%s\"name\": \"n%03u\"}, \"spec\": {%s\"podCIDRs\": "
			"[\"10.1.%u.0/24\"]}, \"status\": {\"addresses\": [{\"address\": "
			"\"192.0.2.%u\", %s\"type\": \"InternalIP\"}]}}",
			i ? ", " : "", noise[unit_below(4)], noise[unit_below(4)], i,
			noise[unit_below(4)], i, i, noise[unit_below(4)]);
	return (size_t)(p + sprintf(p, "], \"kind\": \"List\"}\n") - text);
}

static void try_kubernetes(void)
{
	static char text[100000];

	for (int i = 0; i < TIMES; i++) {
		unsigned n = unit_below(200);
		_nodes_ struct nodes nodes = NODES_NONE;
		struct error err = { 0 };
		char name[8], cidr[IP_STRLEN];

		write_list(text, random_list(text, n));
		expect(nodes_read(&nodes, path, &err) == 0, "%s", err.msg);
		expect(nodes.n == n, "%zu of %u", nodes.n, n);
		for (unsigned k = 0; k < nodes.n; k++) {
			snprintf(name, sizeof(name), "n%03u", k);
			expect(!strcmp(nodes.node[k].name, name), "%s", nodes.node[k].name);
			expect(nodes.node[k].n_cidrs == 1 && nodes.node[k].cidr[0].byte[2] == k,
			       "%s", ip_cidr_str(&nodes.node[k].cidr[0], cidr));
			expect(nodes.node[k].n_addresses == 1 &&
				       nodes.node[k].address[0].byte[3] == k,
			       "node %u", k);
		}
	}
}

static void try_cuts(void)
{
	static char text[100000];
	size_t len = random_list(text, 12);

	for (size_t cut = 0; cut < len - 1; cut++) {
		_nodes_ struct nodes nodes = NODES_NONE;
		struct error err = { 0 };

		write_list(text, cut);
		expect(nodes_read(&nodes, path, &err) < 0 && !nodes.n && err.code, "%zu of %zu",
		       cut, len);
	}
}

static void try_noise(void)
{
	static char text[100000];

	for (int i = 0; i < 20 * TIMES; i++) {
		_nodes_ struct nodes nodes = NODES_NONE;
		size_t len = random_list(text, 4);
		struct error err = { 0 };

		text[unit_below((unsigned)len)] = (char)unit_below(256);
		write_list(text, len);
		expect(nodes_read(&nodes, path, &err) == 0 || err.code, "neither nor");
	}
}

/* Whether one of the networks holds the address 10.0.x.1. */
static bool holds(const struct ip *cidr, size_t n, unsigned x)
{
	const struct ip ip = { AF_INET, { 10, 0, (uint8_t)x, 1 }, 32 };

	for (size_t i = 0; i < n; i++)
		if (ip_contains(&cidr[i], &ip))
			return true;
	return false;
}

static void try_merging(void)
{
	for (int i = 0; i < TIMES; i++) {
		struct node node[256] = { 0 };
		struct nodes nodes = { .node = node };
		bool taken[256] = { 0 };
		_free_ struct ip *pods = NULL;
		struct error err;
		size_t n = 0;

		for (unsigned x = 0; x < 256; x++) {
			taken[x] = unit_below(10) < (unsigned)i % 11;
			if (!taken[x])
				continue;
			node[nodes.n].cidr[0] =
				(struct ip){ AF_INET, { 10, 0, (uint8_t)x, 0 }, 24 };
			node[nodes.n++].n_cidrs = 1;
		}
		expect(nodes_pods(&nodes, &pods, &n, &err) == 0, "%s", err.msg);
		for (unsigned x = 0; x < 256; x++)
			expect(holds(pods, n, x) == taken[x], "10.0.%u.0/24", x);
		expect(i % 11 != 10 || (n == 1 && pods[0].prefix == 16), "%zu for all", n);
	}
}

int main(void)
{
	int fd = mkstemp(path), status;

	if (fd < 0)
		return 2;
	close(fd);
	unit_promise("of kubectl's list the names and addresses are read, whatever is around them",
		     try_kubernetes);
	unit_promise("a list that is cut short anywhere is an error", try_cuts);
	unit_promise("a list with a wrong byte is read or refused, and nothing worse", try_noise);
	unit_promise("merged pod networks hold exactly the pods' addresses", try_merging);
	status = unit_end();
	unlink(path);
	return status;
}
