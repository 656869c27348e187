/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Watching: syncing whenever the node list or the network changes
 *
 * What happened is not remembered and not acted upon; it only says when to look
 * at everything anew. So nothing can be missed for long: a slow timer looks too,
 * and one that was killed is right again with its first look.
 *
 * It ends on SIGTERM and SIGINT, and leaves everything in place. SIGHUP: look now.
 */

#include "conf.h"
#include "value/error.h"

int routes_watch(const struct routes_conf *conf, struct error *err);
