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

#include "want/kind.h"

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
	void *rooms;	/* see plan_room() */
	bool torn;	/* it wanted other things the second time: a mistake in the plugin */
};

#define PLAN_NONE ((struct plan){ .want = NULL })

/* Memory that lives as long as the plan: for what wants point to. Out of memory ends the process.
 */
void *plan_room(struct plan *plan, size_t size);

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
