/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "kernel/glance.h"
#include "kernel/link.h"
#include "want/up.h"

static int up_make(void *what, struct world *world, struct error *err)
{
	struct netns *container = &world->ns[CONTAINER];
	const struct up *u = what;
	struct nl_msg *msg = link_message(RTM_NEWLINK, 0, u->link, IFF_UP);
	char mac[MAC_STRLEN];

	nla_put(msg, IFLA_ADDRESS, sizeof(u->mac), &u->mac);
	if (netns_talk(container, msg) < 0)
		return netns_error(container, err, "set %s up with MAC %s", u->link,
				   mac_str(&u->mac, mac));
	return 0;
}

static int up_check(const void *what, struct world *world, struct error *err)
{
	char is[MAC_STRLEN], must[MAC_STRLEN];
	const struct up *u = what;
	struct glance link;

	if (glance_at(&world->ns[CONTAINER], u->link, &link, err) < 0)
		return -1;
	if (!(link.flags & IFF_UP))
		return error_set(err, CNI_CHECK_FAILED, "%s is down", u->link);
	if (!u->any_mac && !mac_equal(&link.mac, &u->mac))
		return error_set(err, CNI_CHECK_FAILED, "MAC of %s is %s, not %s", u->link,
				 mac_str(&link.mac, is), mac_str(&u->mac, must));
	return 0;
}

static void up_print(const void *what, FILE *out)
{
	const struct up *u = what;
	char mac[MAC_STRLEN];

	fprintf(out, "container %s mac %s", u->link, mac_str(&u->mac, mac));
}

static const struct want_kind up_kind = {
	.name = "up",
	.make = up_make,
	.check = up_check,
	.print = up_print,
};

void want_up_(struct plan *plan, const struct up *up)
{
	plan_want(plan, &up_kind, up, sizeof(*up));
}
