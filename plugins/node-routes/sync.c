/* SPDX-License-Identifier: Apache-2.0 */

#include "sync.h"

int routes_sync(struct layout *layout, struct error *err)
{
	_world_ struct world world = WORLD_NONE;
	_plan_ struct plan plan = PLAN_NONE;

	layout_wants(layout, &plan);
	if (world_open(&world, err) < 0 || world_lock(&world, err) < 0)
		return -1;
	return plan_make(&plan, &world, err);
}
