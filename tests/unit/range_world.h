/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Random ranges in a world so small that a model can list every address of it, for tests. */

#include "range.h"

#define SMALL 1024 /* addresses of the world: from 10.1.0.0, or from fd00:: on */

/* An address by its number in the world, and back. */
struct ip at(int family, unsigned number);
unsigned number_of(const struct ip *ip);

/* A range as numbers; its subnet is `size` addresses from `subnet` on. */
struct model {
	unsigned subnet, size, start, end, gateway;
	bool has_start, has_end, has_gateway;
};

/* Mostly a legal one. */
struct model random_range(int family);
bool is_legal(const struct model *range);
cJSON *to_json(const struct model *range, int family);

struct world {
	int family, n;
	struct model range[4];
	bool given[SMALL], gateway[SMALL]; /* what a set can give, and what it must not */
	unsigned n_given;
};

/* A legal set, as a configuration has it and as the model knows it. */
cJSON *random_set(struct world *world);

/* The configuration, for messages. */
const char *show(const cJSON *list);
