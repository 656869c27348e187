/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON text, read strictly
 *
 * One value and nothing behind it; no NUL byte, neither bare nor as \u0000 (it
 * would cut a name short); no object with the same key twice (two readers could
 * take it for two configurations); no nesting deeper than cJSON's 1,000. Each
 * is code 6 and says where.
 *
 * It does not judge what the value means: that is json.h's.
 */

#include <cjson/cJSON.h>
#include <stddef.h>

#include "value/error.h"

/* `text[len]` must be NUL. The caller frees *json with cJSON_Delete() (guard: _json_). */
int json_parse(cJSON **json, const char *text, size_t len, struct error *err);
