/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The table for people: node, podCIDR, way, state. */

#include "node-routes_layout.h"

/* Prints it on stdout. */
int routes_show(struct layout *layout, struct error *err);
