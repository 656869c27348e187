/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON objects into C structs, by table
 *
 * A struct is filled with its defaults first; a member that is absent, or
 * null, leaves its default standing. Unknown members are not ours to judge.
 *
 * A bad member leaves its default standing too, and reading goes on: the first
 * error is reported, and the struct is as good as the object allows. That is
 * what DEL needs, which must work with whatever it can read.
 *
 * Nothing is converted: a number in quotes is no number, 1.5 no whole number.
 * A wrong JSON type is code 6, a value that is not allowed code 7; messages
 * begin with the member's name, so that callers can put its path in front.
 */

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "value/error.h"
#include "value/ip.h"

struct json_field {
	const char *name;
	enum json_kind {
		JSON_KIND_BOOL = 1,
		JSON_KIND_UINT,
		JSON_KIND_STRING,
		JSON_KIND_IP,	/* "10.1.0.1" */
		JSON_KIND_CIDR, /* "10.1.0.1/16" */
		JSON_KIND_OBJECT,
		JSON_KIND_ARRAY,
		JSON_KIND_ANY,
	} kind;
	size_t offset;
	unsigned min, max; /* of a UINT; max 0: no limit but the type's */
	bool required;
	bool any_case; /* of the name: containerd writes "HostPort" for "hostPort" */
};

#define JSON_MEMBER_(type, member, ctype, k)                                                       \
	.kind = (k),                                                                               \
	.offset = offsetof(type, member) + 0 * sizeof((ctype *)0 == &((type *)0)->member)
#define JSON_BOOL(type, member) JSON_MEMBER_(type, member, bool, JSON_KIND_BOOL)
#define JSON_UINT(type, member) JSON_MEMBER_(type, member, unsigned, JSON_KIND_UINT)
#define JSON_STRING(type, member) JSON_MEMBER_(type, member, const char *, JSON_KIND_STRING)
#define JSON_IP(type, member) JSON_MEMBER_(type, member, struct ip, JSON_KIND_IP)
#define JSON_CIDR(type, member) JSON_MEMBER_(type, member, struct ip, JSON_KIND_CIDR)
#define JSON_OBJECT(type, member) JSON_MEMBER_(type, member, const cJSON *, JSON_KIND_OBJECT)
#define JSON_ARRAY(type, member) JSON_MEMBER_(type, member, const cJSON *, JSON_KIND_ARRAY)
#define JSON_ANY(type, member) JSON_MEMBER_(type, member, const cJSON *, JSON_KIND_ANY)

/* What `into` gets is borrowed from `object`, which may be NULL. `table` ends with {}. */
int json_read(const cJSON *object, const struct json_field *table, void *into, struct error *err);

/* The same for an object below `object`: "runtimeConfig", "args.cni", which may be absent. */
struct json_place {
	const cJSON *object;
	const char *path;
};
int json_read_at(const struct json_place *place, const struct json_field *table, void *into,
		 struct error *err);

/* One value by itself, as a member of that name would be read. */
int json_read_value(const cJSON *item, const struct json_field *field, void *to, struct error *err);

/* Puts the path of an object in front: of "address is missing", "ips[0].address is missing". */
_cold_ _printf_(2, 3) int json_error_at(struct error *err, const char *fmt, ...);

/* For messages: the value as JSON, cut to fit. */
const char *json_str(const cJSON *item, char *buf, size_t size);

static inline void scope_json(cJSON **json)
{
	cJSON_Delete(*json);
}
#define _json_ __attribute__((__cleanup__(scope_json)))
