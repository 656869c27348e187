/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The walk: every file of the store read once, and the index mended by it
 *
 * What the files say counts; the index is made to say the same. It keeps whom
 * it knows a reservation to be of (the sandbox) as long as the very files are
 * there that it was written for; what the reference put there since is of a
 * sandbox that nobody knows.
 *
 * One thing is mended the other way: a file that has lost what was in it, as
 * power failed, gets it back, if the index knows that very file.
 */

#include "store.h"

int walk(struct store *store, struct error *err);

/* The first half: reads all into store->held, and mends nothing. */
int walk_read(struct store *store, struct error *err);

/* What a file says. Takes `text` over. White space around it counts for nothing, as in the
 * reference. */
struct reservation walk_parse(char *text);
