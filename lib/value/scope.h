/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Scope guards
 *
 * A resource is declared with its release: when the name goes out of scope,
 * the resource goes with it. take_fd() and take_ptr() hand ownership on: they
 * answer the value and leave the empty one behind.
 *
 * This room knows the resources of the C library. Every other owning type has
 * its guard beside itself: _json_, _plan_, _world_, ...
 */

#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((__cleanup__(fn)))

static inline void scope_free(void *p)
{
	free(*(void **)p);
}

static inline void scope_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _free_ _cleanup_(scope_free)
#define _close_ _cleanup_(scope_close)

#define take(var, empty)                                                                           \
	({                                                                                         \
		__typeof__(var) taken_ = (var);                                                    \
		(var) = (empty);                                                                   \
		taken_;                                                                            \
	})
#define take_fd(fd) take(fd, -1)
#define take_ptr(p) take(p, NULL)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
