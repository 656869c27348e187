/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Giving: one address out of each set, all of them or none
 *
 * An address that was asked for goes before; else the one that the attachment
 * has of another sandbox, which ended uncleanly; else the next free one behind
 * the last that was given, around the set.
 *
 * It is one transaction under the store's lock: until give_end() all of it can
 * be taken back, and a process that is killed on the way leaves what a DEL of
 * the attachment finds.
 */

#include "conf.h"
#include "store.h"

struct giving {
	const struct attachment *to;
	const struct conf *conf;
	struct store *store;
	struct sandbox by;
	struct entry had, has;	     /* of the attachment, before and after */
	struct ip given[RANGE_SETS]; /* by set */
	int n;			     /* sets that have given */
	bool met[CONF_WANTED];	     /* by address asked for */
	bool noted;		     /* the entry is written */
	char *last[RANGE_SETS]; /* what was written before of the last given, by set; or NULL */
	int n_last;		/* sets that have a new one */
};

int give_all(struct giving *giving, struct error *err);

/* Where the next ADD goes on from: the round robin moves only when all sets have given. */
int give_note(struct giving *giving, struct error *err);

/* Everything is as it was before. */
void give_back(struct giving *giving);

/* It is done: what the attachment had besides goes. */
void give_end(struct giving *giving);

void give_close(struct giving *giving);
#define _giving_ __attribute__((__cleanup__(give_close)))
