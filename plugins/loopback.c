/* SPDX-License-Identifier: Apache-2.0 */

/*
 * loopback: the container's lo, up
 *
 * Whatever CNI_IFNAME says. It has no configuration of its own.
 */

#include "want/loopback.h"
#include "verb/attach.h"

static int loopback_wants(struct plan *plan, const struct request *req, const struct result *known,
			  struct error *err)
{
	(void)known, (void)err;
	want_loopback(plan, .sandbox = req->netns);
	return 0;
}

static const struct plugin loopback = {
	.name = "loopback",
	.about = "sets a container's loopback interface up",
	.verbs = &attach_verbs,
	.wants = loopback_wants,
	.passes = true,
};

int main(int argc, char **argv)
{
	return plugin_main(&loopback, argc, argv);
}
