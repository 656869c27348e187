/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* resolv.conf(5) as the "dns" member of a result. */

#include <cjson/cJSON.h>

#include "value/error.h"

/* The caller frees *dns with cJSON_Delete(). */
int resolv_read(cJSON **dns, const char *path, struct error *err);
