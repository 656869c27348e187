/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Heap: the memory of a process that lives for two milliseconds
 *
 * musl's malloc() gives memory back to the kernel as soon as it can. That is
 * right for those who live long; an ADD would spend a third of its time on
 * asking for the same pages again. Here memory is taken from one end of a
 * region. It comes back when it was the last that was taken, which what is
 * taken and given within a function mostly is; the rest ends with the process.
 *
 * In a static build (-Dstatic) these are malloc(), free(), realloc() and
 * calloc(); elsewhere the C library has its own, and nobody calls these.
 *
 * Not for threads, and not for who frees in another order for ever.
 */

#include <stddef.h>

/* `n` bytes, aligned for everything, of any contents; NULL and ENOMEM: there are none. */
void *heap_take(size_t n);

/* The contents stay, as far as they fit. */
void *heap_resize(void *p, size_t n);

void heap_give(void *p);
