/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Random results, and what each version can tell of them, for tests. */

#include "cni/result.h"

/* 0.1.0 and 0.2.0: the first address of each family, and bare routes. */
bool is_old(enum version version);

void add_random_interface(struct result *result);
void add_random_ip(struct result *result);
void add_random_route(struct result *result);

/* With one address at least, which the old versions need. */
void random_result(struct result *result);

/* Both expect() that it works. The caller frees the JSON, which the result read borrows from. */
cJSON *write_json(const struct result *result, enum version version);
bool read_json(struct result *result, const cJSON *json);

/* Leaves of the result what the version can tell. */
void forget(struct result *result, enum version version);

/* NULL is as good as "". */
bool same_text(const char *a, const char *b);

/* That interfaces, addresses and routes are the same, the rarer members of them aside. */
void expect_core(const struct result *a, const struct result *b, const char *where);

/* That the JSON is as the version wants it. */
void expect_shape(const cJSON *json, enum version version);
