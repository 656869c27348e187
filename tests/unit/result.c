/* SPDX-License-Identifier: Apache-2.0 */

/* cni/result: what one version tells is what is read, in each of the seven and between them. */

#include <stdio.h>
#include <string.h>

#include "result_random.h"
#include "unit.h"
#include "value/json.h"
#include "value/scope.h"

#define TIMES 300

static void expect_route_members(const struct result *a, const struct result *b, const char *where)
{
	for (int i = 0; i < a->n_routes && i < b->n_routes; i++) {
		const struct result_route *x = &a->route[i], *y = &b->route[i];

		expect(x->mtu == y->mtu, "%s: %u, %u", where, x->mtu, y->mtu);
		expect(x->advmss == y->advmss, "%s: %u, %u", where, x->advmss, y->advmss);
		expect(x->priority == y->priority, "%s: %u, %u", where, x->priority, y->priority);
		expect(x->table == y->table, "%s: %d, %d", where, x->table, y->table);
		expect(x->scope == y->scope, "%s: %d, %d", where, x->scope, y->scope);
	}
}

static void expect_sockets(const struct result *a, const struct result *b, const char *where)
{
	for (int i = 0; i < a->n_interfaces && i < b->n_interfaces; i++) {
		const struct result_interface *x = &a->interface[i], *y = &b->interface[i];

		expect(same_text(x->socket_path, y->socket_path), "%s: socketPath", where);
		expect(same_text(x->pci_id, y->pci_id), "%s: pciID", where);
	}
}

/* Writes in `v`, reads, writes that in `w`, reads, and compares what both can tell. */
static void there_and_back(enum version v, enum version w,
			   void (*compare)(const struct result *, const struct result *,
					   const char *where))
{
	struct result want, there, back;
	_json_ cJSON *in_v = NULL, *in_w = NULL;
	char where[32];

	snprintf(where, sizeof(where), "%s, then %s", version_names[v], version_names[w]);
	random_result(&want);
	in_v = write_json(&want, v);
	if (!in_v || !read_json(&there, in_v))
		return;
	in_w = write_json(&there, w);
	if (!in_w || !read_json(&back, in_w))
		return;
	forget(&want, v);
	compare(&there, &want, where);
	forget(&want, w);
	compare(&back, &want, where);
}

static void all_ways(void (*compare)(const struct result *, const struct result *, const char *))
{
	for (int i = 0; i < TIMES / 10; i++)
		for (int v = 0; v < VERSIONS; v++)
			for (int w = 0; w < VERSIONS; w++)
				there_and_back((enum version)v, (enum version)w, compare);
}

static void try_core(void)
{
	all_ways(expect_core);
}

static void try_route_members(void)
{
	all_ways(expect_route_members);
}

static void try_sockets(void)
{
	all_ways(expect_sockets);
}

static void try_shape(void)
{
	for (int i = 0; i < TIMES; i++) {
		struct result r;

		random_result(&r);
		for (int v = 0; v < VERSIONS; v++) {
			_json_ cJSON *json = write_json(&r, (enum version)v);

			expect_shape(json, (enum version)v);
		}
	}
}

static void try_no_address(void)
{
	const struct result none = { 0 };

	for (int v = 0; v < VERSIONS; v++) {
		struct error err = { 0 };
		_free_ char *text = NULL;
		int r = result_write(&none, (enum version)v, &text, &err);

		expect((r < 0) == is_old((enum version)v), "%s", version_names[v]);
		expect(r == 0 || !strcmp(err.msg, "cannot convert: no valid IP addresses"), "%s",
		       err.msg);
	}
}

static void try_find(void)
{
	for (int i = 0; i < TIMES; i++) {
		struct result r;

		random_result(&r);
		for (int j = 0; j < r.n_interfaces; j++) {
			bool inside = r.interface[j].sandbox[0];
			int found = result_find(&r, r.interface[j].name, inside);

			expect(found >= j &&
				       same_text(r.interface[found].name, r.interface[j].name) &&
				       !!r.interface[found].sandbox[0] == inside,
			       "%d", found);
		}
		expect(result_find(&r, "none", true) == -1, "none");
		expect(result_find(&r, "none", false) == -1, "none");
	}
}

int main(void)
{
	unit_promise("what two versions can tell survives being told in one and then the other",
		     try_core);
	unit_promise("so do mtu, advmss, priority, table and scope of routes, from 0.3.0 on",
		     try_route_members);
	unit_promise("so do socketPath and pciID of interfaces, from 1.0.0 on", try_sockets);
	unit_promise("a result has the shape of the version that it is written in", try_shape);
	unit_promise("without an address there is no result of 0.1.0 and 0.2.0", try_no_address);
	unit_promise("an interface is found by its name and where it is", try_find);
	return unit_end();
}
