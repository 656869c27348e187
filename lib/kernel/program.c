/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/program.h"
#include "value/scope.h"

#define NOT_FOUND 127 /* as shells have it; killed by a signal is 128 and its number */

/* A file without a name that holds the text, to be read from its beginning. */
static int text_file(const char *text)
{
	size_t len = text ? strlen(text) : 0;
	_close_ int fd = memfd_create("podwire", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return take_fd(fd);
}

struct files {
	int in, out;
};

static int spawn(const struct program *program, const struct files *files, pid_t *pid)
{
	static const char *const dirs[] = { "", "/usr/sbin/", "/sbin/" };
	posix_spawn_file_actions_t actions;
	char path[256];
	int r = ENOENT;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, files->in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, files->out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, files->out, STDERR_FILENO);
	for (size_t i = 0; r == ENOENT && i < COUNT(dirs); i++) {
		snprintf(path, sizeof(path), "%s%s", dirs[i], program->argv[0]);
		r = posix_spawnp(pid, path, &actions, NULL, (char **)(uintptr_t)program->argv,
				 environ);
	}
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

static void read_words(struct program *program, int fd)
{
	ssize_t n = pread(fd, program->said, sizeof(program->said) - 1, 0);

	program->said[n > 0 ? n : 0] = '\0';
	while (n > 0 && program->said[n - 1] == '\n')
		program->said[--n] = '\0';
}

/* NULL: it did not fit into memory. */
static char *read_all(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *all = size < 0 ? NULL : malloc((size_t)size + 1);
	ssize_t n = all ? pread(fd, all, (size_t)size, 0) : 0;

	if (all)
		all[n > 0 ? n : 0] = '\0';
	return all;
}

int program_run(struct program *program, struct error *err)
{
	_close_ int in = text_file(program->input), out = text_file(NULL);
	const struct files files = { in, out };
	int status, r;
	pid_t pid;

	if (in < 0 || out < 0)
		return error_errno(err, errno, "write the input of %s", program->argv[0]);
	r = spawn(program, &files, &pid);
	if (r == ENOENT) {
		snprintf(program->said, sizeof(program->said), "there is no program %s",
			 program->argv[0]);
		return NOT_FOUND;
	}
	if (r)
		return error_errno(err, r, "run %s", program->argv[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, errno, "wait for %s", program->argv[0]);
	read_words(program, out);
	if (program->all && !(*program->all = read_all(out)))
		return error_errno(err, errno, "read what %s said", program->argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : NOT_FOUND + 1 + WTERMSIG(status);
}
