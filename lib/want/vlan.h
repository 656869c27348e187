/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The VLANs of the attachment's port
 *
 * A port gets VLAN 1 from its bridge by itself; it is taken out again unless
 * `keep` says to leave it. They go with their link.
 */

#include "kernel/vlans.h"
#include "want/plan.h"

struct vlan {
	const struct attachment *attachment; /* borrowed; gives the port its name */
	struct vlans vlans;
	bool keep; /* what the port has by itself */
};

void want_vlan(struct plan *plan, const struct vlan *vlan);
