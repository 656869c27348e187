/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Glances: what the kernel tells of a link without its lock of the network's configuration
 *
 * The requests of old, which any socket takes. A glance costs a tenth of a
 * link_get() (link.h), and when many pods come at once it does not queue with
 * those that change something. It does not tell the kind of a link, nor anything
 * that only some kinds have.
 *
 * Source: net/core/dev_ioctl.c (dev_ioctl).
 */

#include <net/if.h>

#include "kernel/netns.h"
#include "value/mac.h"

struct glance {
	unsigned index, mtu, flags; /* flags: IFF_UP, IFF_RUNNING, IFF_PROMISC, ... */
	struct mac mac;
};

/* That there is no such link is an error. */
int glance_at(struct netns *ns, const char *name, struct glance *glance, struct error *err);

/* Its number alone. */
int glance_index(struct netns *ns, const char *name, unsigned *index, struct error *err);
