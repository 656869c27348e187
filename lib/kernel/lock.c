/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>

#include "kernel/lock.h"

#define PATIENCE 10 /* seconds */

/* /proc/locks: "7: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF"; 0: it does not say. */
static int holder(int fd)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256], file[64];
	struct stat st;
	int pid, found = 0;

	if (!locks || fstat(fd, &st) < 0) {
		if (locks)
			fclose(locks);
		return 0;
	}
	snprintf(file, sizeof(file), " %02x:%02x:%lu ", major(st.st_dev), minor(st.st_dev),
		 (unsigned long)st.st_ino);
	while (!found && fgets(line, sizeof(line), locks)) {
		char *at = strstr(line, file);

		if (at && sscanf(line, "%*d: FLOCK %*s %*s %d", &pid) == 1)
			found = pid;
	}
	fclose(locks);
	return found;
}

static void on_alarm(int signal)
{
	(void)signal;
}

/*
 * flock() has no timeout, but a signal ends it. The timer rings on, so that one
 * ring that came just before flock() began is no ring missed.
 */
static int wait_for(int fd, int operation)
{
	const struct itimerval bell = { { .tv_usec = 100000 }, { .tv_sec = PATIENCE } };
	const struct itimerval silence = { 0 };
	struct sigaction action = { .sa_handler = on_alarm }, before;
	int r, errnum;

	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &bell, NULL);
	r = flock(fd, operation);
	errnum = errno;
	setitimer(ITIMER_REAL, &silence, NULL);
	sigaction(SIGALRM, &before, NULL);
	errno = errnum;
	return r;
}

int lock_take(int fd, enum lock_mode mode, const char *what, struct error *err)
{
	int operation = mode == LOCK_ALONE ? LOCK_EX : LOCK_SH, pid;

	if (flock(fd, operation | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK && wait_for(fd, operation) == 0)
		return 0;
	if (errno != EINTR && errno != EWOULDBLOCK)
		return error_errno(err, errno, "lock %s", what);
	pid = holder(fd);
	error_set(err, CNI_TRY_AGAIN, "lock %s: still held after %d s", what, PATIENCE);
	if (pid)
		error_detail(err, "held by process %d", pid);
	return -1;
}
