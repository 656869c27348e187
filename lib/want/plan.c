/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>
#include <string.h>

#include "value/fault.h"
#include "want/plan.h"

/* Out of memory here ends the process: it is a few hundred bytes, before anything was done. */
static void *grow(void *old, size_t size)
{
	void *more = realloc(old, size);

	if (!more)
		abort();
	return more;
}

/* Each room begins with the way to the one before. */
void *plan_room(struct plan *plan, size_t size)
{
	void **room = grow(NULL, sizeof(*room) + size);

	*room = plan->rooms;
	plan->rooms = room;
	return room + 1;
}

static void free_rooms(struct plan *plan)
{
	while (plan->rooms) {
		void *room = plan->rooms;

		plan->rooms = *(void **)room;
		free(room);
	}
}

void plan_want(struct plan *plan, const struct want_kind *kind, const void *what, size_t size)
{
	struct want *w;

	if (plan->written++ < plan->done) {
		plan->torn |= plan->want[plan->written - 1].kind != kind;
		return;
	}
	if (plan->n == plan->room) {
		plan->room += 32;
		plan->want = grow(plan->want, plan->room * sizeof(*plan->want));
	}
	w = &plan->want[plan->n++];
	*w = (struct want){ .kind = kind, .what = grow(NULL, size) };
	memcpy(w->what, what, size);
}

void plan_rewrite(struct plan *plan)
{
	while (plan->n > plan->done)
		free(plan->want[--plan->n].what);
	plan->written = 0;
}

void plan_close(struct plan *plan)
{
	while (plan->n > 0)
		free(plan->want[--plan->n].what);
	free(plan->want);
	free_rooms(plan);
	*plan = PLAN_NONE;
}

static int make(struct want *w, struct world *world, struct error *err)
{
	struct error why;

	if (fault_due("want"))
		return error_set(err, CNI_INTERNAL, "a fault was ordered at %s", w->kind->name);
	if (w->kind->shared) {
		if (w->kind->check(w->what, world, &why) == 0)
			return 1;
		if (world_lock_alone(world, err) < 0)
			return -1;
	}
	return w->kind->make(w->what, world, err);
}

int plan_make(struct plan *plan, struct world *world, struct error *err)
{
	if (plan->torn || plan->written < plan->done)
		return error_set(err, CNI_INTERNAL, "the plan changed while it was worked on");

	for (; plan->done < plan->n; plan->done++) {
		struct want *w = &plan->want[plan->done];
		int r = make(w, world, err);

		if (r < 0)
			return r;
		w->made = r == 0;
	}
	return 0;
}

/* `err` must begin as { 0 } and gathers all. */
static int unmake(const struct want *w, struct world *world, struct error *err)
{
	struct error one;

	if (w->kind->unmake(w->what, world, &one) >= 0)
		return 0;
	error_join(err, &one);
	return -1;
}

int plan_undo(struct plan *plan, struct world *world, struct error *err)
{
	int r = 0;

	*err = (struct error){ 0 };
	for (; plan->done > 0; plan->done--) {
		const struct want *w = &plan->want[plan->done - 1];

		if (w->made && w->kind->unmake && unmake(w, world, err) < 0)
			r = -1;
	}
	return r;
}

int plan_unmake(const struct plan *plan, struct world *world, struct error *err)
{
	int r = 0;

	*err = (struct error){ 0 };
	for (size_t n = plan->n; n-- > 0;) {
		const struct want *w = &plan->want[n];

		if (w->kind->unmake && !w->kind->shared && unmake(w, world, err) < 0)
			r = -1;
	}
	return r;
}

int plan_check(const struct plan *plan, struct world *world, struct error *err)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct want *w = &plan->want[i];

		if (w->kind->check && w->kind->check(w->what, world, err) < 0)
			return -1;
	}
	return 0;
}

int plan_ready(const struct plan *plan, struct world *world, struct error *err)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct want *w = &plan->want[i];

		if (w->kind->ready && w->kind->ready(w->what, world, err) < 0)
			return -1;
	}
	return 0;
}

int plan_report(const struct plan *plan, struct world *world, struct result *result,
		struct error *err)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct want *w = &plan->want[i];

		if (!w->kind->report)
			continue;
		if (fault_due("report"))
			return error_set(err, CNI_INTERNAL,
					 "a fault was ordered at the report of %s", w->kind->name);
		if (w->kind->report(w->what, world, result, err) < 0)
			return -1;
	}
	return 0;
}

static bool is_first_of_its_kind(const struct plan *plan, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (plan->want[i].kind == plan->want[n].kind)
			return false;
	return true;
}

int plan_sweep(const struct plan *plan, const struct attachments *valid, struct world *world,
	       struct error *err)
{
	struct error one;
	int r = 0;

	*err = (struct error){ 0 };
	for (size_t i = 0; i < plan->n; i++) {
		const struct want_kind *kind = plan->want[i].kind;

		if (!kind->sweep || !is_first_of_its_kind(plan, i))
			continue;
		if (kind->sweep(valid, world, &one) < 0) {
			error_join(err, &one);
			r = -1;
		}
	}
	return r;
}

void plan_print(const struct plan *plan, size_t from, FILE *out)
{
	for (size_t i = from; i < plan->n; i++) {
		fprintf(out, "%-10s ", plan->want[i].kind->name);
		plan->want[i].kind->print(plan->want[i].what, out);
		fputc('\n', out);
	}
}
