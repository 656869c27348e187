/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tables: thousands of entries that are one want
 *
 * A cluster's routes come and go together, so what is wanted is a whole table:
 * the kernel is to have exactly these entries of podwire's. It is listed once,
 * compared in order, and what differs is sent in batches: missing entries are
 * added, wrong ones replaced, and those that nobody wants any more removed.
 * What is right is not touched, and nothing that others made ever is.
 *
 * A table belongs to the node and not to a pod. A failed ADD leaves it as it
 * is; and it is the one want that is made in part: an entry that the kernel
 * refuses keeps no other from being made, and is told at the end. Entries that
 * cannot be, whatever is sent to the kernel, are left to a want of their own.
 *
 * The rooms of its kinds (node_routes, node_neighs) say what an entry is.
 */

#include <stdio.h>

#include "kernel/batch.h"
#include "value/ip.h"
#include "value/mac.h"
#include "want/plan.h"

struct entry {
	struct ip to;	  /* a route's destination; a neighbour's address; where a MAC is */
	struct ip via;	  /* a route's gateway; family 0: none */
	struct mac mac;	  /* of a neighbour */
	const char *link; /* NULL: there is no way to it, and the entry cannot be made */
	const char *node; /* for whom; NULL: it was found and not wanted */
	unsigned index;	  /* of the link; a wanted one's is filled in when the table is worked */
	unsigned priority;
	bool blackhole, onlink;
	bool foreign; /* found, and made by others */
};

struct table {
	const struct table_card *card;
	struct entry *entry; /* in the card's order, before anything else is done with it */
	size_t n, room;
	bool impossible; /* at the last look, an entry had no way, or another's in its place */
};

struct table_card {
	const char *noun;
	/* By what makes an entry that entry. */
	int (*order)(const void *, const void *);
	/* Whether one of the same order is right already. */
	bool (*same)(const struct entry *wanted, const struct entry *have);
	/* What podwire made; and what others made in the place of a wanted entry. */
	int (*list)(struct table *have, const struct table *wanted, struct netns *, struct error *);
	/* The messages that make `wanted` out of `have`; either may be NULL. */
	void (*mend)(struct batch *, const struct entry *wanted, const struct entry *have);
	void (*print)(const struct entry *, FILE *);
};

void table_add(struct table *table, const struct entry *entry);
void table_sort(struct table *table);
const struct entry *table_find(const struct table *table, const struct entry *entry);
void table_close(struct table *table);

struct table_visit {
	/* `have` NULL: missing; `wanted` NULL: nobody wants it; else it is wrong, or another's. */
	void (*differs)(const struct entry *wanted, const struct entry *have, void *arg);
	void *arg;
};
int table_compare(struct table *table, struct netns *ns, const struct table_visit *visit,
		  struct error *err);

/* The table is borrowed. The kind's card points to the functions below. */
void want_table(struct plan *plan, const struct want_kind *kind, struct table *table);
int table_make(void *what, struct world *world, struct error *err);
int table_check(const void *what, struct world *world, struct error *err);
void table_print(const void *what, FILE *out);

/* Which entries are impossible, and why, as an error of that code. */
int table_tell_impossible(struct table *table, struct world *world, int code, struct error *err);
