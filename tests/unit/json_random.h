/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Random JSON documents, and what becomes of a text, for tests. */

#include <cjson/cJSON.h>
#include <stddef.h>

struct error;

/* json_parse() on a copy that ends where it ends, so that one byte too far is seen. */
int parse_bytes(cJSON **json, const char *text, size_t len, struct error *err);

/* The text is refused as code 6 with such a message, and nothing is written. */
void expect_refused(const char *text, size_t len, const char *says);
void expect_taken(const char *text, size_t len);

cJSON *random_scalar(void);

/* Lists and objects in each other; the keys of an object differ. */
cJSON *random_tree(unsigned depth);

/* The text of one; the caller frees it. */
char *random_document(void);
