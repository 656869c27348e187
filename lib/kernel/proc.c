/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "kernel/proc.h"
#include "value/scope.h"

/* /proc/sys/net shows the namespace of whoever looks. */
static int open_there(const struct netns *ns, const char *name, int flags, struct error *err)
{
	char path[PATH_MAX];
	int fd, errnum;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	if (netns_enter(ns, err) < 0)
		return -1;
	fd = open(path, flags | O_CLOEXEC);
	errnum = errno;
	netns_leave(ns);
	if (fd < 0)
		error_errno(err, errnum, "open %s", path);
	errno = errnum;
	return fd;
}

int proc_read(const struct netns *ns, const char *name, char value[static PROC_VALUE],
	      struct error *err)
{
	struct error refusal;
	_close_ int fd = open_there(ns, name, O_RDONLY, &refusal);
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0) {
		*err = refusal;
		return -1;
	}
	n = read(fd, value, PROC_VALUE - 1);
	if (n < 0)
		return error_errno(err, errno, "read sysctl %s", name);
	value[n] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return 0;
}

int proc_write(const struct netns *ns, const char *name, const char *value, struct error *err)
{
	struct error refusal;
	_close_ int fd = open_there(ns, name, O_WRONLY, &refusal);

	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0) {
		*err = refusal;
		return -1;
	}
	if (write(fd, value, strlen(value)) < 0)
		return error_errno(err, errno, "set sysctl %s to %s", name, value);
	return 0;
}
