/* SPDX-License-Identifier: Apache-2.0 */

/*
 * launch PROGRAM: runs it as a runtime does, and tells what that took
 *
 * stdin, stdout, stderr and the environment are the program's. On descriptor 3
 * goes one line: exit status (128 + n: killed by signal n), wall time in ns,
 * CPU time in us (user and system, its children's too), peak memory in KiB (of
 * the largest process).
 *
 * Statically linked and tiny on purpose: the memory of whoever starts a
 * program counts into its peak.
 */

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPORT 3

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long cpu_us(const struct rusage *used)
{
	return (used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000000LL +
	       used->ru_utime.tv_usec + used->ru_stime.tv_usec;
}

static int spawn_without_report(pid_t *pid, char **argv)
{
	posix_spawn_file_actions_t files;
	int r;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addclose(&files, REPORT);
	r = posix_spawn(pid, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return r;
}

int main(int argc, char **argv)
{
	long long begin = now_ns(), end;
	struct rusage used;
	int r, status;
	pid_t pid;

	if (argc < 2)
		return 2;
	r = spawn_without_report(&pid, argv + 1);
	if (r) {
		fprintf(stderr, "run %s: %s\n", argv[1], strerror(r));
		return 127;
	}
	while (wait4(pid, &status, 0, &used) < 0)
		if (errno != EINTR)
			return 127;
	end = now_ns();
	dprintf(REPORT, "%d %lld %lld %ld\n",
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), end - begin,
		cpu_us(&used), used.ru_maxrss);
	return 0;
}
