/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kinds: what can be done with a sort of thing that a plan may want
 *
 * Each kind has a room of its own (bridge, veth, route, ...), which ends with
 * its card. All but `name` and `print` may be absent.
 *
 * A kind that is `shared` serves other pods too and outlives the attachment:
 * it is checked before it is made, made alone (world.h), and unmade only when
 * the very run that made it fails. A kind without `unmake` goes with its link.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cni/attachments.h"
#include "cni/result.h"
#include "want/world.h"

struct want_kind {
	const char *name;
	bool shared;
	/* 1: it was true already. Makes all of it or nothing; may note in *what how to go back. */
	int (*make)(void *what, struct world *, struct error *);
	/* Absence is success. */
	int (*unmake)(const void *what, struct world *, struct error *);
	int (*check)(const void *what, struct world *, struct error *);
	/* Could it be made now? (STATUS) */
	int (*ready)(const void *what, struct world *, struct error *);
	/* Adds to the result what the runtime should know of it. */
	int (*report)(const void *what, struct world *, struct result *, struct error *);
	/* Removes those of the network that belong to no valid attachment (GC). */
	int (*sweep)(const struct attachments *valid, struct world *, struct error *);
	/* One line of text, without its end. */
	void (*print)(const void *what, FILE *);
};
