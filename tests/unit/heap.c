/* SPDX-License-Identifier: Apache-2.0 */

/* value/heap */

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "unit.h"
#include "value/heap.h"
#include "value/scope.h"

#define TIMES 20000
#define HELD 64
#define LARGE 50000 /* a few of them are more than the first region */

static struct {
	unsigned char *p, pattern;
	size_t n;
} held[HELD];

static void fill(size_t i, unsigned char *p, size_t n)
{
	held[i].p = p;
	held[i].n = n;
	held[i].pattern = (unsigned char)unit_below(256);
	memset(p, held[i].pattern, n);
}

/* Whatever others were given meanwhile. */
static bool whole(size_t i, size_t n)
{
	for (size_t at = 0; at < n; at++)
		if (held[i].p[at] != held[i].pattern)
			return false;
	return true;
}

static size_t random_size(void)
{
	return unit_below(10) ? unit_below(300) : unit_below(LARGE);
}

static void try_contents(void)
{
	for (int t = 0; t < TIMES; t++) {
		size_t i = unit_below(HELD), n = random_size(), before = held[i].n;
		unsigned char *p;

		expect(whole(i, before), "block %zu of %zu bytes", i, before);
		if (held[i].p && unit_below(2)) {
			heap_give(held[i].p);
			held[i].p = NULL;
			held[i].n = 0;
			continue;
		}
		p = heap_resize(held[i].p, n);
		expect(p && (uintptr_t)p % 16 == 0, "%zu bytes at %p", n, p);
		held[i].p = p;
		expect(whole(i, n < before ? n : before), "%zu of %zu bytes", n, before);
		fill(i, p, n);
	}
}

static void try_last(void)
{
	for (int t = 0; t < TIMES; t++) {
		size_t n = unit_below(300);
		void *first = heap_take(n), *second = heap_take(unit_below(300));

		expect(heap_resize(second, 400) == second, "%zu", n);
		heap_give(second);
		heap_give(first);
		expect(heap_take(n) == first, "%zu", n);
		heap_give(first);
	}
}

static void try_too_much(void)
{
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 16, SIZE_MAX / 2 };
	void *p = heap_take(1);

	for (size_t i = 0; i < COUNT(sizes); i++) {
		errno = 0;
		expect(!heap_take(sizes[i]) && errno == ENOMEM, "%zu", sizes[i]);
		expect(!heap_resize(p, sizes[i]), "%zu", sizes[i]);
	}
	heap_give(p);
	heap_give(NULL);
}

int main(void)
{
	unit_promise("blocks keep what is in them, whoever takes, resizes and gives others",
		     try_contents);
	unit_promise("what was taken last can grow in its place, and is taken again once given",
		     try_last);
	unit_promise("what is larger than memory is refused", try_too_much);
	return unit_end();
}
