/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "value/heap.h"

#define ALIGNMENT 16
#define REGION                                                                                     \
	(256UL << 10)	       /* enough for most calls; who does not touch it does not pay for it \
				*/
#define ANOTHER (1UL << 20)    /* at least, when it was not */
#define LARGEST (SIZE_MAX / 4) /* so that no sum overflows */

struct block {
	_Alignas(ALIGNMENT) size_t size; /* of what follows */
};

static _Alignas(ALIGNMENT) unsigned char region[REGION];
static unsigned char *top = region, *end = region + REGION;

/* What is left of the region before is lost. */
static bool another_region(size_t least)
{
	size_t size = least > ANOTHER ? least : ANOTHER;
	void *more = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (more == MAP_FAILED)
		return false;
	top = more;
	end = top + size;
	return true;
}

static size_t aligned(size_t n)
{
	return (n + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static struct block *block_of(void *p)
{
	return (struct block *)p - 1;
}

static bool is_last(const struct block *block)
{
	return (const unsigned char *)(block + 1) + block->size == top;
}

void *heap_take(size_t n)
{
	size_t need = sizeof(struct block) + aligned(n);
	struct block *block;

	if (n > LARGEST || ((size_t)(end - top) < need && !another_region(need))) {
		errno = ENOMEM;
		return NULL;
	}
	block = (struct block *)(void *)top;
	block->size = need - sizeof(*block);
	top += need;
	return block + 1;
}

void heap_give(void *p)
{
	if (p && is_last(block_of(p)))
		top = (unsigned char *)block_of(p);
}

/* Whether it now has room for `n` bytes where it stands. */
static bool grow(struct block *block, size_t n)
{
	unsigned char *p = (unsigned char *)(block + 1);

	if (n <= block->size)
		return true;
	if (!is_last(block) || n > (size_t)(end - p))
		return false;
	block->size = aligned(n);
	top = p + block->size;
	return true;
}

void *heap_resize(void *p, size_t n)
{
	void *larger;

	if (!p)
		return heap_take(n);
	if (grow(block_of(p), n))
		return p;
	larger = heap_take(n);
	if (larger) {
		memcpy(larger, p, block_of(p)->size);
		heap_give(p);
	}
	return larger;
}

#ifdef PODWIRE_STATIC
void *malloc(size_t n)
{
	return heap_take(n);
}

void free(void *p)
{
	heap_give(p);
}

void *realloc(void *p, size_t n)
{
	return heap_resize(p, n);
}

void *calloc(size_t n, size_t size)
{
	size_t all;
	void *p;

	if (__builtin_mul_overflow(n, size, &all))
		all = SIZE_MAX;
	p = heap_take(all);
	return p ? memset(p, 0, all) : NULL;
}
#endif
