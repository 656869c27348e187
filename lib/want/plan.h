/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Plans
 *
 * A plan is an ordered list of wants: things that are to be true on the host
 * or in the container. It is data. A plugin writes it; this room works it, and
 * is the only one to do so: there is one rollback in the project.
 *
 * A plan has no conditions, no dependencies and no priorities. Order is its
 * only relation: it is made forwards and unmade backwards.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cni/attachments.h"
#include "cni/result.h"
#include "want/world.h"

/*
 * What can be done with a kind of thing. All but `name` and `print` may be absent.
 *
 * A kind that is `shared` serves other pods too and outlives the attachment:
 * it is checked before it is made, made alone (world.h), and unmade only when
 * the very run that made it fails. A kind without `unmake` goes with its link.
 */
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

struct want {
	const struct want_kind *kind;
	void *what;
	bool made; /* by us, in this run */
};

struct plan {
	struct want *want;
	size_t n, room;
	size_t done;	/* so many have been made or found true */
	size_t written; /* so many has the plugin wanted since plan_rewrite() */
	bool torn;	/* it wanted other things the second time: a mistake in the plugin */
};

#define PLAN_NONE ((struct plan){ .want = NULL })

void plan_want(struct plan *plan, const struct want_kind *kind, const void *what, size_t size);

/* The next plan_want()s say it all again from the start; what is done already stays done. */
void plan_rewrite(struct plan *plan);

/* Goes on from where it stood; stops at the first error. */
int plan_make(struct plan *plan, struct world *world, struct error *err);

/* What this run made, backwards and including what is shared: the way back of a failed ADD. */
int plan_undo(struct plan *plan, struct world *world, struct error *err);

/* Everything that is the attachment's own, backwards: DEL. Goes on after errors, and joins them. */
int plan_unmake(const struct plan *plan, struct world *world, struct error *err);

int plan_check(const struct plan *plan, struct world *world, struct error *err);
int plan_ready(const struct plan *plan, struct world *world, struct error *err);
int plan_report(const struct plan *plan, struct world *world, struct result *result,
		struct error *err);

/* Each kind that occurs, once. Goes on after errors, and joins them. */
int plan_sweep(const struct plan *plan, const struct attachments *valid, struct world *world,
	       struct error *err);

/* From the want number `from` on. */
void plan_print(const struct plan *plan, size_t from, FILE *out);

void plan_close(struct plan *plan);
#define _plan_ __attribute__((__cleanup__(plan_close)))
