/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "json_random.h"
#include "unit.h"
#include "value/json.h"
#include "value/json_text.h"
#include "value/scope.h"

/* A copy that ends where it ends, so that one byte too far is seen. */
int parse_bytes(cJSON **json, const char *text, size_t len, struct error *err)
{
	_free_ char *copy = malloc(len + 1);

	if (!copy)
		abort();
	memcpy(copy, text, len);
	copy[len] = '\0';
	*err = (struct error){ 0 };
	return json_parse(json, copy, len, err);
}

/* It is refused as code 6 with a message, and nothing is written. */
void expect_refused(const char *text, size_t len, const char *says)
{
	cJSON untouched, *json = &untouched;
	struct error err;

	expect(parse_bytes(&json, text, len, &err) < 0, "%s", unit_quote(text, len));
	expect(json == &untouched, "%s", unit_quote(text, len));
	expect(err.code == CNI_BAD_CONTENT && strstr(err.msg, says), "%s: code %d, \"%s\"",
	       unit_quote(text, len), err.code, err.msg);
	if (json != &untouched)
		cJSON_Delete(json);
}

void expect_taken(const char *text, size_t len)
{
	_json_ cJSON *json = NULL;
	struct error err;

	expect(parse_bytes(&json, text, len, &err) == 0 && json, "%s: %s", unit_quote(text, len),
	       err.msg);
}

cJSON *random_scalar(void)
{
	static const char *const texts[] = { "", "a", "u0000", "\\u0000", "\"", "\n", "ü", "/" };

	switch (unit_below(5)) {
	case 0:
		return cJSON_CreateNull();
	case 1:
		return cJSON_CreateBool(unit_below(2));
	case 2:
		return cJSON_CreateNumber(unit_below(100000));
	default:
		return cJSON_CreateString(texts[unit_below(COUNT(texts))]);
	}
}

/* Lists and objects in each other; the keys of an object differ. */
cJSON *random_tree(unsigned depth)
{
	bool object = unit_below(3) > 0;
	cJSON *tree = object ? cJSON_CreateObject() : cJSON_CreateArray();

	for (unsigned i = unit_below(5); i > 0; i--) {
		cJSON *item = depth && unit_below(2) ? random_tree(depth - 1) : random_scalar();
		char key[16];

		snprintf(key, sizeof(key), unit_below(2) ? "k%u" : "\"\\%u", i);
		if (object)
			cJSON_AddItemToObject(tree, key, item);
		else
			cJSON_AddItemToArray(tree, item);
	}
	return tree;
}

char *random_document(void)
{
	_json_ cJSON *tree = random_tree(4);

	return unit_below(2) ? cJSON_Print(tree) : cJSON_PrintUnformatted(tree);
}
