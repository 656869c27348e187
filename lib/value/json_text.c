/* SPDX-License-Identifier: Apache-2.0 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "value/json.h"
#include "value/json_text.h"
#include "value/scope.h"

static int bad_byte(const char *text, size_t at, struct error *err)
{
	return error_set(err, CNI_BAD_CONTENT, "not JSON: byte %zu is 0x%02x%s", at,
			 (unsigned char)text[at], text[at] ? "" : " (NUL)");
}

/* RFC 8259, section 6: no leading zero, a digit on either side of the point. */
static bool is_number(const char *text, size_t len)
{
	const char *p = text + (*text == '-'), *digits = p;

	p += strspn(p, "0123456789");
	if (p == digits || (*digits == '0' && p > digits + 1))
		return false;
	if (*p == '.') {
		digits = ++p;
		p += strspn(p, "0123456789");
		if (p == digits)
			return false;
	}
	if (*p == 'e' || *p == 'E') {
		p += p[1] == '+' || p[1] == '-' ? 2 : 1;
		digits = p;
		p += strspn(p, "0123456789");
		if (p == digits)
			return false;
	}
	return p == text + len;
}

/* Behind the string that begins at `at`; 0: there is something in it that no string may hold. */
static size_t skip_string(const char *text, size_t at, struct error *err)
{
	for (at++; text[at] != '"'; at++) {
		if ((unsigned char)text[at] < ' ')
			return bad_byte(text, at, err), 0;
		if (text[at] != '\\')
			continue;
		if (!strncmp(text + at + 1, "u0000", 5)) {
			error_set(err, CNI_BAD_CONTENT,
				  "\\u0000 at byte %zu: no string may hold NUL", at);
			return 0;
		}
		if ((unsigned char)text[++at] < ' ')
			return bad_byte(text, at, err), 0;
	}
	return at + 1;
}

/* cJSON lets pass what is not JSON: any control character as white space, 007 as a number. */
static int refuse_sloppy(const char *text, size_t len, struct error *err)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = strspn(text + i, "+-.0123456789eE");
		if (text[i] == '"') {
			n = skip_string(text, i, err);
			if (!n)
				return -1;
			n -= i;
		} else if ((unsigned char)text[i] < ' ' &&
			   (!text[i] || !strchr("\t\r\n", text[i]))) {
			return bad_byte(text, i, err);
		} else if (strchr("+-.0123456789", text[i]) && !is_number(text + i, n)) {
			return error_set(err, CNI_BAD_CONTENT,
					 "not JSON: no number at byte %zu: %.*s", i,
					 (int)(n < 40 ? n : 40), text + i);
		} else if (!strchr("+-.0123456789", text[i])) {
			n = 1;
		}
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

	if (refuse_sloppy(text, len, err) < 0)
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
