/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Taken: the addresses that a shelf has files of, by one reading and without a look into them. */

#include <stddef.h>

#include "shelf.h"
#include "value/ip.h"

struct taken {
	struct ip *ip; /* sorted, whatever way its name is written */
	size_t n, room;
};

#define TAKEN_NONE ((struct taken){ .ip = NULL })

int taken_read(struct taken *taken, const struct shelf *shelf, struct error *err);

bool taken_has(const struct taken *taken, const struct ip *ip);

void taken_close(struct taken *taken);
#define _taken_ __attribute__((__cleanup__(taken_close)))
