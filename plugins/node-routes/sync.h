/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Syncing: the kernel gets what follows from the cluster, and loses what does not. */

#include "layout.h"

/* `layout` is of a cluster, or a clear one. Goes as far as it can; the error tells the rest. */
int routes_sync(struct layout *layout, struct error *err);
