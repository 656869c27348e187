/* SPDX-License-Identifier: Apache-2.0 */

/*
 * crowd PAR PROGRAM CONFIG OUT POD...: calls a plugin once for each pod, PAR at a time
 *
 * CONFIG is each call's stdin, OUT/POD its stdout; CNI_CONTAINERID is POD and
 * CNI_NETNS /run/netns/POD, the rest of the environment is ours. Prints a line
 * for each call, as launch does, and at last the ns that all of them took.
 *
 * It is not the runner that is to be measured: this one takes little of the
 * processors.
 */

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct call {
	pid_t pid;
	long long begin;
};

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(127);
}

static void start(struct call *call, char **argv, const char *pod)
{
	char netns[512], out[512], *plugin[] = { argv[2], NULL };
	posix_spawn_file_actions_t files;

	snprintf(netns, sizeof(netns), "/run/netns/%s", pod);
	snprintf(out, sizeof(out), "%s/%s", argv[4], pod);
	setenv("CNI_CONTAINERID", pod, 1);
	setenv("CNI_NETNS", netns, 1);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, argv[3], O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	call->begin = now_ns();
	errno = posix_spawn(&call->pid, plugin[0], &files, NULL, plugin, environ);
	if (errno)
		fail(plugin[0]);
	posix_spawn_file_actions_destroy(&files);
}

static void finish(const struct call *calls, int n)
{
	struct rusage used;
	int status;
	pid_t pid = wait4(-1, &status, 0, &used);

	if (pid < 0)
		fail("wait");
	for (int i = 0; i < n; i++)
		if (calls[i].pid == pid)
			printf("%d %lld %lld %ld\n",
			       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
			       now_ns() - calls[i].begin,
			       (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL +
				       used.ru_utime.tv_usec + used.ru_stime.tv_usec,
			       used.ru_maxrss);
}

int main(int argc, char **argv)
{
	int n = argc - 5, par = argc > 5 ? atoi(argv[1]) : 0;
	struct call *calls = calloc((size_t)argc, sizeof(*calls));
	long long begin = now_ns();

	if (par < 1 || !calls)
		return 2;
	for (int i = 0; i < n + par; i++) {
		if (i >= par && i - par < n)
			finish(calls, i < n ? i : n);
		if (i < n)
			start(&calls[i], argv, argv[5 + i]);
	}
	printf("%lld\n", now_ns() - begin);
	return 0;
}
