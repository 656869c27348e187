/* SPDX-License-Identifier: Apache-2.0 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "value/json.h"
#include "value/json_text.h"
#include "value/scope.h"

static int refuse_nul(const char *text, size_t len, struct error *err)
{
	const char *nul = memchr(text, '\0', len);

	if (nul)
		return error_set(err, CNI_BAD_CONTENT, "not JSON: byte %td is NUL", nul - text);
	for (size_t i = 0; i + 6 <= len; i++) {
		if (text[i] != '\\')
			continue;
		if (!memcmp(text + i + 1, "u0000", 5))
			return error_set(err, CNI_BAD_CONTENT,
					 "\\u0000 at byte %zu: no string may hold NUL", i);
		i++;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int refuse_twins(const cJSON *object, struct error *err)
{
	size_t n = 0, size = (size_t)cJSON_GetArraySize(object);
	_free_ const char **names = calloc(size + 1, sizeof(*names));
	const cJSON *item;

	if (!names)
		return error_set(err, CNI_INTERNAL, "out of memory at %zu members", size);
	cJSON_ArrayForEach(item, object)
		names[n++] = item->string;
	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(names[i - 1], names[i]))
			return error_set(err, CNI_BAD_CONTENT, "%.100s is there twice", names[i]);
	return 0;
}

static int refuse_twins_within(const cJSON *json, struct error *err)
{
	const cJSON *item;

	if (cJSON_IsObject(json) && refuse_twins(json, err) < 0)
		return -1;
	cJSON_ArrayForEach(item, json)
		if (refuse_twins_within(item, err) < 0)
			return item->string ? error_prefix(err, "%.100s.", item->string) : -1;
	return 0;
}

int json_parse(cJSON **json, const char *text, size_t len, struct error *err)
{
	const char *end = text + len, *stop = text;
	_json_ cJSON *read = NULL;

	if (refuse_nul(text, len, err) < 0)
		return -1;
	read = cJSON_ParseWithLengthOpts(text, len, &stop, false);
	if (!read)
		return error_set(err, CNI_BAD_CONTENT, "not JSON at byte %td of %zu", stop - text,
				 len);
	stop += strspn(stop, " \t\r\n");
	if (stop != end)
		return error_set(err, CNI_BAD_CONTENT, "something follows the JSON at byte %td",
				 stop - text);
	if (refuse_twins_within(read, err) < 0)
		return -1;
	*json = take_ptr(read);
	return 0;
}
