/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/link.h"
#include "want/table.h"

#define LINKS 8	 /* that a table's entries lead through; more only cost time */
#define TOLD 3	 /* so many troubles are told in full */
#define TEXT 256 /* of an entry */

void table_add(struct table *t, const struct entry *entry)
{
	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->entry = realloc(t->entry, t->room * sizeof(*t->entry));
		if (!t->entry)
			abort();
	}
	t->entry[t->n++] = *entry;
}

void table_sort(struct table *t)
{
	if (t->n)
		qsort(t->entry, t->n, sizeof(*t->entry), t->card->order);
}

const struct entry *table_find(const struct table *t, const struct entry *entry)
{
	return t->n ? bsearch(entry, t->entry, t->n, sizeof(*t->entry), t->card->order) : NULL;
}

void table_close(struct table *t)
{
	free(t->entry);
	*t = (struct table){ .card = t->card };
}
#define _table_ __attribute__((__cleanup__(table_close)))

static const char *text_of(const struct table *t, const struct entry *e, char text[static TEXT])
{
	FILE *out = fmemopen(text, TEXT, "w");

	text[0] = '\0';
	if (!out)
		return text;
	t->card->print(e, out);
	fclose(out);
	return text;
}

/* The entries name their links; the kernel wants numbers. A link that is not there has none. */
static void resolve(struct table *t, struct netns *ns)
{
	struct {
		const char *name;
		unsigned index;
	} known[LINKS] = { 0 };
	unsigned next = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct entry *e = &t->entry[i];
		struct error ignored;
		struct link link;
		unsigned k = 0;

		while (e->link && k < LINKS && (!known[k].name || strcmp(known[k].name, e->link)))
			k++;
		if (k == LINKS) {
			k = next++ % LINKS;
			known[k].name = e->link;
			known[k].index = link_get(ns, e->link, &link, &ignored) ? 0 : link.index;
		}
		e->index = e->link ? known[k].index : 0;
	}
}

/* A walk through both, in order. */
struct walk {
	struct table *wanted, have;
	size_t at; /* in `have` */
	const struct table_visit *visit;
};

/* The next that was found, if it is in the place of `wanted`, or before it (NULL: the end). */
static const struct entry *next(struct walk *w, const struct entry *wanted, bool before)
{
	const struct entry *found = w->at < w->have.n ? &w->have.entry[w->at] : NULL;
	int order = found && wanted ? w->wanted->card->order(found, wanted) : -1;

	if (!found || (before ? order >= 0 : order != 0))
		return NULL;
	w->at++;
	return found;
}

/* Whatever of podwire's is there beside the first is one too many. What others made stays. */
static void compare_entry(struct walk *w, const struct entry *wanted)
{
	const struct entry *first = NULL, *found;

	while ((found = next(w, wanted, false))) {
		if (found->foreign || (!first && !w->wanted->card->same(wanted, found)))
			w->visit->differs(wanted, found, w->visit->arg);
		else if (first && !first->foreign)
			w->visit->differs(NULL, found, w->visit->arg);
		if (!first || found->foreign)
			first = found;
	}
	if (!first)
		w->visit->differs(wanted, NULL, w->visit->arg);
}

int table_compare(struct table *t, struct netns *ns, const struct table_visit *visit,
		  struct error *err)
{
	_table_ struct table have = { .card = t->card };
	struct walk walk = { .wanted = t, .visit = visit };
	const struct entry *found;

	resolve(t, ns);
	if (t->card->list(&have, t, ns, err) < 0)
		return -1;
	table_sort(&have);
	walk.have = have;
	for (size_t i = 0; i < t->n; i++) {
		while ((found = next(&walk, &t->entry[i], true)))
			visit->differs(NULL, found, visit->arg);
		compare_entry(&walk, &t->entry[i]);
	}
	while ((found = next(&walk, NULL, true)))
		visit->differs(NULL, found, visit->arg);
	return 0;
}

/* What went wrong, entry by entry. */
struct troubles {
	struct table *table;
	struct error *err;
	size_t n;
	int code; /* of what only shows that something is not as it should be */
};

static void tell(struct troubles *t, const struct error *one)
{
	if (t->n++ < TOLD)
		error_join(t->err, one);
}

static int sum_up(const struct troubles *t)
{
	if (t->n > TOLD)
		error_detail(t->err, "%sand %zu more", t->err->details[0] ? "; " : "", t->n - TOLD);
	return t->n ? -1 : 0;
}

static void tell_no_way(struct troubles *t, const struct entry *e)
{
	char to[IP_STRLEN], via[IP_STRLEN];
	struct error one;

	if (e->via.family)
		error_set(&one, t->code,
			  "node %s: no way to %s: %s is on no subnet of this host, as backend "
			  "host-gw needs it",
			  e->node, ip_cidr_str(&e->to, to), ip_str(&e->via, via));
	else
		error_set(&one, t->code,
			  "node %s: no way to %s: the node has no address of a suitable family",
			  e->node, ip_cidr_str(&e->to, to));
	tell(t, &one);
}

static void tell_foreign(struct troubles *t, const struct entry *wanted, const struct entry *have)
{
	char text[TEXT];
	struct error one;

	error_set(&one, t->code, "node %s: in the place of its %s is one that others made: %s",
		  wanted->node, t->table->card->noun, text_of(t->table, have, text));
	tell(t, &one);
}

/* Make */

struct making {
	struct batch batch;
	struct troubles troubles;
};

static void on_refused(const void *about, struct netns *ns, void *arg)
{
	struct making *m = arg;
	const char *noun = m->troubles.table->card->noun;
	const struct entry *e = about;
	char text[TEXT];
	struct error one;

	/* It was to go, and went by itself. */
	if (!e && (ns->errnum == ESRCH || ns->errnum == ENOENT || ns->errnum == ENODEV))
		return;
	if (e)
		netns_error(ns, &one, "node %s: make %s %s", e->node, noun,
			    text_of(m->troubles.table, e, text));
	else
		netns_error(ns, &one, "remove a %s that nobody wants any more", noun);
	tell(&m->troubles, &one);
}

/* Nothing that could be sent to the kernel would make it so. */
static bool is_impossible(const struct entry *wanted, const struct entry *have)
{
	return wanted && (!wanted->link || (have && have->foreign));
}

static void mend(const struct entry *wanted, const struct entry *have, void *arg)
{
	struct making *m = arg;
	struct table *t = m->troubles.table;

	if (is_impossible(wanted, have)) {
		t->impossible = true;
		wanted = NULL; /* and what was there before leads nowhere */
		have = have && have->foreign ? NULL : have;
	}
	if (wanted || have)
		t->card->mend(&m->batch, wanted, have);
}

int table_make(void *what, struct world *world, struct error *err)
{
	struct table *t = *(struct table **)what;
	struct making m = { .batch = { .ns = &world->ns[HOST], .refused = on_refused, .arg = &m },
			    .troubles = { .table = t, .err = err, .code = CNI_ROUTE_TAKEN } };

	*err = (struct error){ 0 };
	if (table_compare(t, &world->ns[HOST], &(struct table_visit){ mend, &m }, err) < 0 ||
	    batch_end(&m.batch, err) < 0)
		return -1;
	return sum_up(&m.troubles);
}

/* Check */

static void tell_difference(const struct entry *wanted, const struct entry *have, void *arg)
{
	struct troubles *t = arg;
	const char *noun = t->table->card->noun;
	char is[TEXT], must[TEXT];
	struct error one;

	if (is_impossible(wanted, have)) {
		t->table->impossible = true;
		if (!have || have->foreign)
			return;
	}
	if (!wanted)
		error_set(&one, t->code, "%s %s is nobody's any more", noun,
			  text_of(t->table, have, is));
	else if (!have)
		error_set(&one, t->code, "node %s: %s %s is missing", wanted->node, noun,
			  text_of(t->table, wanted, must));
	else
		error_set(&one, t->code, "node %s: %s is %s, not %s", wanted->node, noun,
			  text_of(t->table, have, is), text_of(t->table, wanted, must));
	tell(t, &one);
}

int table_check(const void *what, struct world *world, struct error *err)
{
	struct table *t = *(struct table *const *)what;
	struct troubles troubles = { .table = t, .err = err, .code = CNI_CHECK_FAILED };

	*err = (struct error){ 0 };
	if (table_compare(t, &world->ns[HOST], &(struct table_visit){ tell_difference, &troubles },
			  err) < 0)
		return -1;
	return sum_up(&troubles);
}

/* What is impossible */

static void tell_impossible(const struct entry *wanted, const struct entry *have, void *arg)
{
	if (is_impossible(wanted, have) && wanted->link)
		tell_foreign(arg, wanted, have);
	else if (is_impossible(wanted, have))
		tell_no_way(arg, wanted);
}

int table_tell_impossible(struct table *t, struct world *world, int code, struct error *err)
{
	struct troubles troubles = { .table = t, .err = err, .code = code };

	*err = (struct error){ 0 };
	if (table_compare(t, &world->ns[HOST], &(struct table_visit){ tell_impossible, &troubles },
			  err) < 0)
		return -1;
	return sum_up(&troubles);
}

void table_print(const void *what, FILE *out)
{
	const struct table *t = *(struct table *const *)what;

	fprintf(out, "host exactly these %zu:", t->n);
	for (size_t i = 0; i < t->n; i++) {
		fprintf(out, "\n           %s: ", t->entry[i].node);
		t->card->print(&t->entry[i], out);
	}
}

void want_table(struct plan *plan, const struct want_kind *kind, struct table *table)
{
	plan_want(plan, kind, (const void *)&table, sizeof(struct table *));
}
