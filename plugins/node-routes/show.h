/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The table for people: node, podCIDR, way, state. */

#include "layout.h"

/* Prints it on stdout, and what else is not in place. 1: not everything is. */
int routes_show(struct layout *layout, struct error *err);
