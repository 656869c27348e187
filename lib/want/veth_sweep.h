/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * GC of pairs: those of a network that belong to no valid attachment
 *
 * Ours are told by two things that only we do together: an alias that begins
 * with the network's name, and a derived name. To delete one link costs the
 * kernel about 20 ms (an RCU grace period), fifty of one link group together
 * 30 ms; so the stale ones are marked with a group of their own, and go at once.
 */

#include "want/plan.h"

int veth_sweep(const struct attachments *valid, struct world *world, struct error *err);
