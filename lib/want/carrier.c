/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>

#include "kernel/link.h"
#include "kernel/watch.h"
#include "want/carrier.h"

#define DEADLINE 5000 /* milliseconds: on a loaded machine it takes one */

/* To ask about a link is what makes the kernel look after it at once, and not by and by. So the
 * bridge, which passes the host's own frames from its first port on, is asked about too. */
static int is_open(struct netns *host, const void *arg, struct error *err)
{
	struct link port, bridge;

	if (link_need(host, arg, &port, err) < 0)
		return -1;
	if (!(port.flags & IFF_RUNNING) || port.port.state == BR_STATE_DISABLED)
		return 1;
	return link_get_by_index(host, port.master, &bridge, err) < 0 ? -1 : 0;
}

static int carrier_make(void *what, struct world *world, struct error *err)
{
	const struct carrier *c = what;
	struct ifname name = identity_veth(c->attachment);
	const struct watch watch = { .ns = &world->ns[HOST],
				     .group = RTNLGRP_LINK,
				     .deadline = DEADLINE,
				     .holds = is_open,
				     .arg = name.str };
	int r = watch_wait(&watch, err);

	return r > 0 ? error_set(err, CNI_TRY_AGAIN, "port %s did not open within %d ms", name.str,
				 DEADLINE) :
		       r;
}

static void carrier_print(const void *what, FILE *out)
{
	const struct carrier *c = what;

	fprintf(out, "host %s passes frames", identity_veth(c->attachment).str);
}

static const struct want_kind carrier_kind = {
	.name = "carrier",
	.make = carrier_make,
	.print = carrier_print,
};

void want_carrier_(struct plan *plan, const struct carrier *carrier)
{
	plan_want(plan, &carrier_kind, carrier, sizeof(*carrier));
}
