/* SPDX-License-Identifier: Apache-2.0 */

/* value/json_text: no object has a key twice. */

#include <stdio.h>
#include <string.h>

#include "json_random.h"
#include "unit.h"
#include "value/json.h"
#include "value/scope.h"

#define TIMES 2000

/* Some object of the tree, at random; NULL: there is none. */
static cJSON *random_object(cJSON *tree, unsigned *seen)
{
	cJSON *chosen = cJSON_IsObject(tree) && unit_below(++*seen) == 0 ? tree : NULL, *item;

	cJSON_ArrayForEach(item, tree) {
		cJSON *within = random_object(item, seen);

		chosen = within ? within : chosen;
	}
	return chosen;
}

static void try_twins(void)
{
	unsigned n_tried = 0;

	for (int i = 0; i < TIMES; i++) {
		_json_ cJSON *tree = random_tree(4);
		unsigned seen = 0;
		cJSON *object = random_object(tree, &seen);
		_free_ char *text = NULL;

		if (!object || !object->child)
			continue;
		cJSON_AddItemToObject(object, object->child->string, random_scalar());
		text = cJSON_PrintUnformatted(tree);
		expect_refused(text, strlen(text), " is there twice");
		n_tried++;
	}
	expect(n_tried > TIMES / 4, "%u", n_tried);
}

static void try_twin_texts(void)
{
	static const char *const refused[][2] = {
		{ "{\"a\":1,\"a\":1}", "a is there twice" },
		{ "{\"a\":1,\"b\":2,\"a\":3}", "a is there twice" },
		{ "{\"a\":1,\"\\u0061\":2}", "a is there twice" },
		{ "{\"\":1,\"\":2}", " is there twice" },
		{ "{\"x\":{\"y\":{\"a\":1,\"a\":2}}}", "x.y.a is there twice" },
		{ "{\"x\":[1,{\"a\":1,\"a\":2}]}", "x.a is there twice" },
		{ "[{\"b\":[]},{\"b\":[],\"b\":[]}]", "b is there twice" },
	};
	static const char *const taken[] = {
		"{\"a\":1,\"A\":1}",
		"{\"a\":1,\"a \":1}",
		"{\"a\":{\"a\":{\"a\":1}}}",
		"[{\"a\":1},{\"a\":1}]",
		"{\"a\":[{\"a\":1},{\"a\":1}]}",
		"{\"a\":\"a\",\"b\":\"a\"}",
	};

	for (size_t i = 0; i < COUNT(refused); i++)
		expect_refused(refused[i][0], strlen(refused[i][0]), refused[i][1]);
	for (size_t i = 0; i < COUNT(taken); i++)
		expect_taken(taken[i], strlen(taken[i]));
}

/* Many keys must not take the square of their time. */
static void try_many_keys(void)
{
	_json_ cJSON *object = cJSON_CreateObject();
	_free_ char *text = NULL;
	char key[16];

	for (int i = 0; i < 50000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		cJSON_AddItemToArray(object, cJSON_CreateNull());
		object->child->prev->string = strdup(key);
	}
	text = cJSON_PrintUnformatted(object);
	expect_taken(text, strlen(text));
	cJSON_AddItemToObject(object, "k31", cJSON_CreateNull());
	free(text);
	text = cJSON_PrintUnformatted(object);
	expect_refused(text, strlen(text), "k31 is there twice");
}

int main(void)
{
	unit_promise("an object that has a key twice is refused, however deep it lies", try_twins);
	unit_promise("twins are found behind escapes and named with their path, others are none",
		     try_twin_texts);
	unit_promise("fifty thousand keys are looked through in no time", try_many_keys);
	return unit_end();
}
