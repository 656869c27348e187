/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Finding elements by their comments, and removing what was found
 *
 * To find and to remove is one step: the kernel refuses the removal when
 * anybody changed anything in between (NFNL_BATCH_GENID), and it begins again.
 * So a late DEL never takes away what the next owner of an address has put there.
 */

#include "firewall/backend.h"
#include "kernel/conntrack.h"
#include "kernel/nft_elements.h"

struct found {
	bool (*is_wanted)(const struct nft_element *element, const void *arg);
	const void *arg;
	struct nft_element *element;
	size_t n, room;
};

#define FOUND_NONE ((struct found){ .n = 0 })

/* What is not there has nothing to find. `found` holds afterwards what was removed. */
int found_remove(struct firewall *fw, enum claim_sort sort, struct found *found, struct error *err);

/* Does an answer of nf_tables say that there is nothing? A kernel without it, a table that is not
 * there, or that went while we looked. */
bool found_nothing(int r);

/* Is it a host port's? Then of which flows. */
bool found_port(const struct nft_element *element, struct conntrack_port *port);

void found_close(struct found *found);
#define _found_ __attribute__((__cleanup__(found_close)))
