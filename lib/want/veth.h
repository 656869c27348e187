/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The pair: the host's end a port of the bridge, the other in the container
 *
 * It is the attachment's own. Both ends are born where they belong; the host's
 * is up and carries the attachment's name as its alias, the container's is down
 * until it has its addresses ("up").
 *
 * DEL finds it by its derived name, and a pair that another plugin set made by
 * the container's end. A container's end that belongs to another attachment,
 * as its alias on the host tells, is left alone.
 */

#include "want/plan.h"

struct veth {
	const struct attachment *attachment; /* borrowed; gives the host's end its name */
	const char *sandbox;		     /* CNI_NETNS, for the report */
	const char *bridge;
	unsigned mtu;		/* of both ends; 0: the kernel's default; MTU_AUTO */
	unsigned mtu_told;	/* of the container's end, as ADD told it; 0: it did not */
	struct mac mac;		/* of the container's end, until "up" sets another */
	bool hairpin, isolated; /* of the port */
};

#define want_veth(plan, ...) want_veth_(plan, &(struct veth){ __VA_ARGS__ })
void want_veth_(struct plan *plan, const struct veth *veth);
