/* SPDX-License-Identifier: Apache-2.0 */

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "value/json.h"
#include "value/scope.h"

#define OF_ITSELF "must be " /* how a message begins that is not of a member */

int json_error_at(struct error *err, const char *fmt, ...)
{
	bool of_itself = !strncmp(err->msg, OF_ITSELF, strlen(OF_ITSELF));
	char path[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	return error_prefix(err, "%s%s", path, of_itself ? " " : ".");
}

const char *json_str(const cJSON *item, char *buf, size_t size)
{
	_free_ char *text = cJSON_PrintUnformatted(item);
	int n = snprintf(buf, size, "%s", text ? text : "?");

	if (n >= 0 && (size_t)n >= size && size > 4)
		strcpy(buf + size - 4, "...");
	return buf;
}

static int wrong_type(const char *name, const cJSON *item, const char *type, struct error *err)
{
	char text[80];

	return error_set(err, CNI_BAD_CONTENT, "%s must be %s, not %s", name, type,
			 json_str(item, text, sizeof(text)));
}

static int read_uint(const cJSON *item, const struct json_field *f, unsigned *to, struct error *err)
{
	double max = f->max ? f->max : UINT_MAX, value = item->valuedouble;
	char text[80];

	if (!cJSON_IsNumber(item) || (isfinite(value) && value != floor(value)))
		return wrong_type(f->name, item, "a whole number", err);
	if (!isfinite(value) || value < f->min || value > max)
		return error_set(err, CNI_INVALID_CONFIG, "%s must be between %u and %.0f, not %s",
				 f->name, f->min, max,
				 isfinite(value) ? json_str(item, text, sizeof(text)) :
						   "a number that large");
	*to = (unsigned)value;
	return 0;
}

static int read_ip(const cJSON *item, const struct json_field *f, struct ip *to, struct error *err)
{
	bool cidr = f->kind == JSON_KIND_CIDR;
	const char *form = cidr ? "an address with a prefix length, such as 10.1.0.0/16" :
				  "an IP address";

	if (!cJSON_IsString(item))
		return wrong_type(f->name, item, form, err);
	/* The reference takes "" for none. */
	if (!cidr && !*item->valuestring)
		return 0;
	if (cidr ? ip_parse_cidr(to, item->valuestring) : ip_parse(to, item->valuestring))
		return 0;
	wrong_type(f->name, item, form, err);
	err->code = CNI_INVALID_CONFIG;
	return -1;
}

int json_read_value(const cJSON *item, const struct json_field *f, void *to, struct error *err)
{
	switch (f->kind) {
	case JSON_KIND_BOOL:
		if (!cJSON_IsBool(item))
			return wrong_type(f->name, item, "true or false", err);
		*(bool *)to = cJSON_IsTrue(item);
		return 0;
	case JSON_KIND_UINT:
		return read_uint(item, f, to, err);
	case JSON_KIND_STRING:
		if (!cJSON_IsString(item))
			return wrong_type(f->name, item, "a string", err);
		*(const char **)to = item->valuestring;
		return 0;
	case JSON_KIND_IP:
	case JSON_KIND_CIDR:
		return read_ip(item, f, to, err);
	case JSON_KIND_OBJECT:
		if (!cJSON_IsObject(item))
			return wrong_type(f->name, item, "an object", err);
		break;
	case JSON_KIND_ARRAY:
		if (!cJSON_IsArray(item))
			return wrong_type(f->name, item, "a list", err);
		break;
	case JSON_KIND_ANY:
		break;
	}
	*(const cJSON **)to = item;
	return 0;
}

static const cJSON *find_member(const cJSON *object, const struct json_field *f)
{
	const cJSON *exact = cJSON_GetObjectItemCaseSensitive(object, f->name);

	return exact || !f->any_case ? exact : cJSON_GetObjectItem(object, f->name);
}

static int read_field(const cJSON *object, const struct json_field *f, void *into,
		      struct error *err)
{
	const cJSON *item = find_member(object, f);

	if (item && !cJSON_IsNull(item))
		return json_read_value(item, f, (char *)into + f->offset, err);
	return f->required ? error_set(err, CNI_INVALID_CONFIG, "%s is missing", f->name) : 0;
}

int json_read(const cJSON *object, const struct json_field *table, void *into, struct error *err)
{
	struct error later;
	char text[80];
	int r = 0;

	if (object && !cJSON_IsObject(object))
		return error_set(err, CNI_BAD_CONTENT, OF_ITSELF "an object, not %s",
				 json_str(object, text, sizeof(text)));
	for (const struct json_field *f = table; f->name; f++)
		if (read_field(object, f, into, r ? &later : err) < 0)
			r = -1;
	return r;
}

int json_read_at(const struct json_place *place, const struct json_field *table, void *into,
		 struct error *err)
{
	const cJSON *object = place->object;
	const char *path = place->path;
	char name[64];

	while (object && *path) {
		size_t len = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		object = cJSON_GetObjectItemCaseSensitive(object, name);
		if (cJSON_IsNull(object))
			object = NULL;
		path += len;
		snprintf(name, sizeof(name), "%.*s", (int)(path - place->path), place->path);
		if (object && !cJSON_IsObject(object))
			return wrong_type(name, object, "an object", err);
		path += *path == '.';
	}
	return json_read(object, table, into, err) < 0 ? json_error_at(err, "%s", place->path) : 0;
}
