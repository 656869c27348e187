/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Delegates: another plugin, run on behalf of this one
 *
 * It gets our environment with another CNI_COMMAND, and the very bytes that
 * came on our stdin. Its stdin, stdout and stderr are files in memory: nothing
 * can block, there is nothing to poll, and an answer may be of any length.
 *
 * When it says no, its code, msg and details become ours, unchanged. When it
 * dies without a word, the error says how, with the last lines of its stderr.
 *
 * Source: CNI specification 1.1, "Section 4: Plugin Delegation".
 */

#include "cni/request.h"

/*
 * Runs the plugin `type` with the request's verb. *answer is what it printed, or
 * stays NULL; the caller frees it with cJSON_Delete().
 */
int delegate_run(const struct request *req, const char *type, cJSON **answer, struct error *err);
