/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/late.h"

void late_keep(struct late *late, int fd)
{
	struct io_uring_params params = { 0 };

	if (late->ring >= 0)
		return;
	late->ring = (int)syscall(SYS_io_uring_setup, 1, &params);
	if (late->ring >= 0 &&
	    syscall(SYS_io_uring_register, late->ring, IORING_REGISTER_FILES, &fd, 1) < 0)
		late_close(late);
}

void late_close(struct late *late)
{
	if (late->ring >= 0)
		close(late->ring);
	*late = LATE_NONE;
}
