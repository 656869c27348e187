/* SPDX-License-Identifier: Apache-2.0 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

#define SHOWN 5 /* failures of one promise; the rest would only repeat them */

static unsigned n_promises, n_broken, n_failures;

void unit_broken(const char *file, int line, const char *condition, const char *fmt, ...)
{
	va_list args;

	if (++n_failures > SHOWN)
		return;
	printf("# %s:%d: not so: %s: ", file, line, condition);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

void unit_promise(const char *sentence, void (*try)(void))
{
	n_failures = 0;
	try();
	if (n_failures > SHOWN)
		printf("# and %u more\n", n_failures - SHOWN);
	n_broken += n_failures > 0;
	printf("%sok %u - %s\n", n_failures ? "not " : "", ++n_promises, sentence);
	fflush(stdout); /* what follows may crash */
}

int unit_end(void)
{
	printf("1..%u\n", n_promises);
	return n_broken || !n_promises ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SplitMix64, by Sebastiano Vigna. */
uint64_t unit_random(void)
{
	static uint64_t state = 20240229;
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

unsigned unit_below(unsigned below)
{
	return (unsigned)(unit_random() % below);
}

void unit_random_bytes(void *to, size_t n)
{
	unsigned char *byte = to;

	for (size_t i = 0; i < n; i++)
		byte[i] = (unsigned char)unit_random();
}

const char *unit_quote(const void *bytes, size_t n)
{
	static char text[512];
	const unsigned char *byte = bytes;
	size_t used = 0;

	text[used++] = '"';
	for (size_t i = 0; i < n && used < sizeof(text) - 8; i++) {
		bool plain = byte[i] >= ' ' && byte[i] < 0x7f && byte[i] != '"' && byte[i] != '\\';

		used += (size_t)snprintf(text + used, sizeof(text) - used, plain ? "%c" : "\\x%02x",
					 byte[i]);
	}
	snprintf(text + used, sizeof(text) - used, "\"");
	return text;
}
