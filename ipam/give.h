/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Giving: one address out of each set, all of them or none
 *
 * An address that was asked for goes before; else the next free one behind the
 * last that was given, around the set.
 */

#include "conf.h"
#include "store.h"

struct giving {
	const struct attachment *to;
	const struct conf *conf;
	struct store *store;
	struct ip given[RANGE_SETS]; /* by set */
	int n;			     /* sets that have given */
	bool met[CONF_WANTED];	     /* by address asked for */
};

int give_all(struct giving *giving, struct error *err);

/* Where the next ADD goes on from: the round robin moves only when nothing can fail any more. */
int give_note(const struct giving *giving, struct error *err);

/* All that was given goes back. */
void give_back(struct giving *giving);

/* Code 100 if a set has no free address left, telling how full it is. */
int give_possible(const struct conf *conf, const struct store *store, struct error *err);
