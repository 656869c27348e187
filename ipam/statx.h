/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* statx(2), also where the C library does not know it yet: musl before 1.2.4. */

#include <fcntl.h>
#include <sys/stat.h>

#ifndef STATX_BASIC_STATS
#include <linux/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef AT_STATX_FORCE_SYNC /* <linux/fcntl.h> and <fcntl.h> do not go together */
#define AT_STATX_FORCE_SYNC 0x2000
#endif

static inline int statx(int dir, const char *path, int flags, unsigned mask, struct statx *st)
{
	return (int)syscall(SYS_statx, dir, path, flags, mask, st);
}
#endif
