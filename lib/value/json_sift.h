/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Long lists in JSON, sifted
 *
 * A cluster's node list may measure a hundred megabytes, of which a few names
 * and addresses are wanted. So the text is read once, in pieces; of each
 * element only the members that `keep` names are kept, read strictly
 * (json_text.h) and handed over. It takes the memory of one such element.
 *
 * Of what is not kept only the shape is looked at: strings end, brackets match
 * in number. A text that ends too early is an error wherever it ends.
 */

#include <cjson/cJSON.h>
#include <stddef.h>

#include "value/error.h"

struct json_sift {
	const char *name;	 /* of the text, for messages */
	const char *list;	 /* the text is a list, or an object with the list as this member */
	const char *const *keep; /* "metadata.name", ..., NULL */
	/* `element` is freed when this returns; <0 ends the reading. */
	int (*seen)(const cJSON *element, void *arg, struct error *err);
	void *arg;
};

/* Reads `fd` to its end. */
int json_sift(const struct json_sift *sift, int fd, struct error *err);
