/* SPDX-License-Identifier: Apache-2.0 */

/* cni/result: what is passed on, what is added to it, and what is refused. */

#include <stdio.h>
#include <string.h>

#include "result_random.h"
#include "unit.h"
#include "value/json.h"
#include "value/scope.h"

#define TIMES 300

/* Puts an unknown member into every object. */
static void decorate(cJSON *json)
{
	cJSON *item;

	cJSON_ArrayForEach(item, json)
		decorate(item);
	if (cJSON_IsObject(json)) {
		cJSON *more = cJSON_AddObjectToObject(json, "unknown");

		cJSON_AddNumberToObject(more, "deep", unit_below(1000));
	}
}

static void try_pass_on(void)
{
	for (int i = 0; i < TIMES; i++) {
		for (int v = 0; v < VERSIONS; v++) {
			_json_ cJSON *before = NULL, *after = NULL;
			struct result r, read;
			char text[512];

			random_result(&r);
			before = write_json(&r, (enum version)v);
			decorate(before);
			if (!read_json(&read, before))
				continue;
			after = write_json(&read, (enum version)v);
			expect(cJSON_Compare(before, after, true), "%s: %s", version_names[v],
			       json_str(after, text, sizeof(text)));
		}
	}
}

static int size_of(const cJSON *json, const char *list)
{
	return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, list));
}

/* What is added comes behind what was there, which stays with all that it had. */
static void try_append(void)
{
	for (int i = 0; i < TIMES; i++) {
		for (int v = VERSION_0_3_0; v < VERSIONS; v++) {
			_json_ cJSON *before = NULL, *after = NULL;
			struct result r, read, again;

			random_result(&r);
			before = write_json(&r, (enum version)v);
			decorate(before);
			if (!read_json(&read, before))
				continue;
			add_random_interface(&read);
			add_random_ip(&read);
			add_random_route(&read);
			after = write_json(&read, (enum version)v);
			if (!after || !read_json(&again, after))
				continue;
			forget(&read, (enum version)v);
			expect_core(&again, &read, version_names[v]);
			cJSON_DeleteItemFromArray(
				cJSON_GetObjectItemCaseSensitive(after, "interfaces"),
				size_of(after, "interfaces") - 1);
			expect(size_of(after, "interfaces") == r.n_interfaces, "%s",
			       version_names[v]);
			for (int j = 0; j < r.n_ips; j++)
				expect(cJSON_Compare(cJSON_GetArrayItem(
							     cJSON_GetObjectItem(before, "ips"), j),
						     cJSON_GetArrayItem(
							     cJSON_GetObjectItem(after, "ips"), j),
						     true),
				       "%s: ip %d", version_names[v], j);
		}
	}
}

/* A result of no version, of null or of "" has the configuration's, and says so from then on. */
static void try_no_version(void)
{
	for (int v = 0; v < VERSIONS; v++) {
		for (int kind = 0; kind < 3; kind++) {
			_json_ cJSON *before = NULL, *after = NULL;
			struct error err = { 0 };
			struct result r, read;

			random_result(&r);
			before = write_json(&r, (enum version)v);
			cJSON_DeleteItemFromObjectCaseSensitive(before, "cniVersion");
			if (kind == 1)
				cJSON_AddNullToObject(before, "cniVersion");
			if (kind == 2)
				cJSON_AddStringToObject(before, "cniVersion", "");
			expect(result_read(&read, before, (enum version)v, &err) == 0, "%s",
			       err.msg);
			forget(&r, (enum version)v);
			expect_core(&read, &r, version_names[v]);
			after = write_json(&read, (enum version)v);
			expect_shape(after, (enum version)v);
		}
	}
}

/* Refusals */

static void try_refusals(void)
{
	static const struct {
		int code;
		const char *text, *says;
	} cases[] = {
		{ 6, "[]", "object" },
		{ 6, "\"1.1.0\"", "object" },
		{ 1, "{\"cniVersion\":\"9.9.9\"}", "9.9.9" },
		{ 6, "{\"cniVersion\":1}", "cniVersion" },
		{ 6, "{\"ips\":{}}", "ips" },
		{ 6, "{\"ips\":[\"10.1.0.2/24\"]}", "ips[0] must be" },
		{ 7, "{\"ips\":[{}]}", "ips[0].address" },
		{ 7, "{\"ips\":[{\"address\":\"10.1.0.2\"}]}", "ips[0].address" },
		{ 6, "{\"ips\":[{\"address\":5}]}", "ips[0].address" },
		{ 7, "{\"ips\":[{\"address\":\"10.1.0.2/24\",\"gateway\":\"x\"}]}",
		  "ips[0].gateway" },
		{ 6, "{\"ips\":[{\"address\":\"10.1.0.2/24\",\"interface\":0}]}", "interface" },
		{ 6,
		  "{\"interfaces\":[{\"name\":\"a\"}],"
		  "\"ips\":[{\"address\":\"10.1.0.2/24\",\"interface\":1}]}",
		  "interface" },
		{ 7, "{\"ips\":[{\"address\":\"10.1.0.2/24\",\"interface\":-1}]}", "interface" },
		{ 6, "{\"ips\":[{\"address\":\"10.1.0.2/24\",\"interface\":\"0\"}]}", "interface" },
		{ 6, "{\"interfaces\":5}", "interfaces" },
		{ 7, "{\"interfaces\":[{}]}", "interfaces[0].name" },
		{ 6, "{\"interfaces\":[{\"name\":\"a\"},{\"name\":7}]}", "interfaces[1].name" },
		{ 6, "{\"interfaces\":[{\"name\":\"a\",\"mtu\":1.5}]}", "interfaces[0].mtu" },
		{ 7, "{\"interfaces\":[{\"name\":\"a\",\"mtu\":-1}]}", "interfaces[0].mtu" },
		{ 6, "{\"routes\":[5]}", "routes[0] must be" },
		{ 7, "{\"routes\":[{\"gw\":\"10.1.0.1\"}]}", "routes[0].dst" },
		{ 7, "{\"routes\":[{\"dst\":\"::/0\",\"scope\":256}]}", "routes[0].scope" },
		{ 7, "{\"routes\":[{\"dst\":\"::/0\",\"table\":4294967296}]}", "routes[0].table" },
		{ 6, "{\"cniVersion\":\"0.2.0\",\"ip4\":5}", "ip4" },
		{ 7, "{\"cniVersion\":\"0.2.0\",\"ip6\":{}}", "ip6.ip" },
		{ 7, "{\"cniVersion\":\"0.1.0\",\"ip4\":{\"ip\":\"10.1.0.2\"}}", "ip4.ip" },
		{ 6, "{\"cniVersion\":\"0.2.0\",\"ip4\":{\"ip\":\"10.1.0.2/24\",\"routes\":5}}",
		  "ip4.routes" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		_json_ cJSON *json = cJSON_Parse(cases[i].text);
		struct error err = { 0 };
		struct result r;

		expect(json, "%s", cases[i].text);
		expect(result_read(&r, json, VERSION_1_1_0, &err) < 0, "%s", cases[i].text);
		expect(err.code == cases[i].code && strstr(err.msg, cases[i].says), "%s: %d, %s",
		       cases[i].text, err.code, err.msg);
	}
}

static void try_room(void)
{
	static struct result r;
	struct error err = { 0 };

	for (int i = 0; i < RESULT_INTERFACES; i++)
		add_random_interface(&r);
	for (int i = 0; i < RESULT_IPS; i++)
		add_random_ip(&r);
	for (int i = 0; i < RESULT_ROUTES; i++)
		add_random_route(&r);
	expect(result_add_interface(&r, &r.interface[0], &err) < 0 && strstr(err.msg, "32"), "%s",
	       err.msg);
	expect(result_add_ip(&r, &r.ip[0], &err) < 0 && strstr(err.msg, "64"), "%s", err.msg);
	expect(result_add_route(&r, &r.route[0], &err) < 0 && strstr(err.msg, "512"), "%s",
	       err.msg);
	for (int v = 0; v < VERSIONS; v++) {
		_json_ cJSON *json = write_json(&r, (enum version)v);
		static struct result read;

		if (json && read_json(&read, json) && !is_old((enum version)v))
			expect(read.n_routes == RESULT_ROUTES && read.n_ips == RESULT_IPS, "%d",
			       read.n_routes);
	}
}

int main(void)
{
	unit_promise("what was read is written with every member it came with, also unknown ones",
		     try_pass_on);
	unit_promise("what is added comes behind, and what was there stays", try_append);
	unit_promise("a result without a version has the configuration's, and then says so",
		     try_no_version);
	unit_promise("a member that cannot be is refused, with its place and the right code",
		     try_refusals);
	unit_promise("what is too much for a result is an error, and what fits is told", try_room);
	return unit_end();
}
