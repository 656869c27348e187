/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Unit tests: what a room promises, tried on many values
 *
 * A program is a list of promises, each a sentence and a function that tries it:
 *
 *   int main(void)
 *   {
 *           unit_promise("a sum does not depend on the order", try_order);
 *           return unit_end();
 *   }
 *
 * Its output is TAP: one line "ok N - sentence" for each, and before a "not ok"
 * what was not so. The values are random but the same in every run.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Runs `try`, which says with expect() what must hold. */
void unit_promise(const char *sentence, void (*try)(void));

/* Prints the plan. The status of the program: 0 if all promises were kept. */
int unit_end(void);

/* What must hold, and the values with which it does not. The first few failures are printed. */
#define expect(condition, ...)                                                                     \
	((condition) ? (void)0 : unit_broken(__FILE__, __LINE__, #condition, __VA_ARGS__))

__attribute__((__format__(__printf__, 4, 5))) void unit_broken(const char *file, int line,
							       const char *condition,
							       const char *fmt, ...);

uint64_t unit_random(void);

/* From 0 to below - 1. */
unsigned unit_below(unsigned below);

void unit_random_bytes(void *to, size_t n);

/* The text of random bytes for messages: quoted, what cannot be printed as \xNN; cut to fit. */
const char *unit_quote(const void *bytes, size_t n);
