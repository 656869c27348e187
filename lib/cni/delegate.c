/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cni/delegate.h"
#include "value/json.h"
#include "value/json_text.h"
#include "value/scope.h"

#define LAST_WORDS 512 /* of its stderr, when it has died */

static int find(const struct request *req, const char *type, char exe[static PATH_MAX],
		struct error *err)
{
	_free_ char *path = NULL;
	char *rest, *dir;
	struct stat st;

	if (!*req->path)
		return error_set(err, CNI_INVALID_ENVIRONMENT,
				 "CNI_PATH is missing, which is where to find the plugin %s", type);
	path = rest = strdup(req->path);
	while ((dir = strsep(&rest, ":"))) {
		if (!*dir || snprintf(exe, PATH_MAX, "%s/%s", dir, type) >= PATH_MAX)
			continue;
		if (stat(exe, &st) == 0 && S_ISREG(st.st_mode) && access(exe, X_OK) == 0)
			return 0;
	}
	return error_set(err, CNI_INVALID_CONFIG, "there is no plugin %s in CNI_PATH %s", type,
			 req->path);
}

/* Our environment with another verb; the strings stay where they are. */
static char **environment(char *command)
{
	static const char name[] = "CNI_COMMAND=";
	size_t n = 0, to = 0;
	char **env;

	while (environ[n])
		n++;
	env = calloc(n + 2, sizeof(*env));
	if (!env)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], name, sizeof(name) - 1) != 0)
			env[to++] = environ[i];
	env[to] = command;
	return env;
}

struct child {
	int in, out, errs; /* files in memory */
	int status;	   /* as waitpid() tells it */
};

static int spawn(const char *exe, enum verb verb, struct child *child, struct error *err)
{
	char *argv[] = { (char *)(uintptr_t)exe, NULL }, command[32];
	posix_spawn_file_actions_t files;
	_free_ char **env = NULL;
	pid_t pid;
	int r;

	snprintf(command, sizeof(command), "CNI_COMMAND=%s", verb_names[verb]);
	env = environment(command);
	if (!env)
		return error_errno(err, ENOMEM, "run %s", exe);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, child->in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, child->out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, child->errs, STDERR_FILENO);
	r = posix_spawn(&pid, exe, &files, NULL, argv, env);
	posix_spawn_file_actions_destroy(&files);
	if (r)
		return error_errno(err, r, "run %s", exe);
	while ((r = waitpid(pid, &child->status, 0)) < 0 && errno == EINTR)
		;
	return r < 0 ? error_errno(err, errno, "wait for %s", exe) : 0;
}

/* What a file in memory holds, and a NUL behind it. The caller frees it. */
static char *contents(int fd, size_t *len)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fstat(fd, &st) < 0 || !(text = malloc((size_t)st.st_size + 1)))
		return NULL;
	n = pread(fd, text, (size_t)st.st_size, 0);
	*len = n < 0 ? 0 : (size_t)n;
	text[*len] = '\0';
	return text;
}

static void tell_status(const char *type, int status, struct error *err)
{
	if (WIFSIGNALED(status))
		error_set(err, CNI_INTERNAL, "plugin %s was killed by signal %d (%s)", type,
			  WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		error_set(err, CNI_INTERNAL, "plugin %s ended with status %d and no error message",
			  type, WEXITSTATUS(status));
}

/* Whole lines, unless the last one alone is longer. */
static const char *last_lines(const char *words, size_t len)
{
	const char *from = words + (len > LAST_WORDS ? len - LAST_WORDS : 0);
	const char *line = from > words ? strchr(from, '\n') : NULL;

	return line && line[1] ? line + 1 : from;
}

struct refusal {
	unsigned code;
	const char *msg, *details;
};

/* Its error as it stands there; else what is known of its end. */
static int refused(const char *type, const struct child *child, const cJSON *answer,
		   struct error *err)
{
	static const struct json_field table[] = {
		{ "code", JSON_UINT(struct refusal, code), .required = true },
		{ "msg", JSON_STRING(struct refusal, msg) },
		{ "details", JSON_STRING(struct refusal, details) },
		{},
	};
	struct refusal refusal = { .msg = "", .details = "" };
	_free_ char *words = NULL;
	struct error ignored;
	size_t len = 0;

	if (answer && json_read(answer, table, &refusal, &ignored) == 0) {
		/* An error that calls itself none is one nevertheless. */
		error_set(err, refusal.code ? (int)refusal.code : CNI_INTERNAL, "%s", refusal.msg);
		error_detail(err, "%s", refusal.details);
		return -1;
	}
	tell_status(type, child->status, err);
	words = contents(child->errs, &len);
	if (words && len)
		error_detail(err, "its last words: %s", last_lines(words, len));
	return -1;
}

static void pass_on(int errs)
{
	_free_ char *words = NULL;
	size_t len = 0;

	words = contents(errs, &len);
	if (words && len && write(STDERR_FILENO, words, len) < 0)
		return; /* nobody listens: there is nothing to lose */
}

static int answer_of(const char *type, const struct child *child, cJSON **answer, struct error *err)
{
	_json_ cJSON *json = NULL;
	_free_ char *text = NULL;
	struct error garbage;
	size_t len = 0;
	int r = 0;

	text = contents(child->out, &len);
	if (text && len)
		r = json_parse(&json, text, len, &garbage);
	if (child->status)
		return refused(type, child, json, err);
	if (r < 0) {
		*err = garbage;
		return error_prefix(err, "answer of plugin %s: ", type);
	}
	*answer = take_ptr(json);
	return 0;
}

int delegate_run(const struct request *req, const char *type, cJSON **answer, struct error *err)
{
	_close_ int in = memfd_create("stdin", MFD_CLOEXEC);
	_close_ int out = memfd_create("stdout", MFD_CLOEXEC);
	_close_ int errs = memfd_create("stderr", MFD_CLOEXEC);
	struct child child = { .in = in, .out = out, .errs = errs };
	char exe[PATH_MAX];

	if (find(req, type, exe, err) < 0)
		return -1;
	if (in < 0 || out < 0 || errs < 0 ||
	    pwrite(in, req->text, req->text_len, 0) != (ssize_t)req->text_len)
		return error_errno(err, errno, "prepare to run %s", exe);
	if (spawn(exe, req->verb, &child, err) < 0)
		return -1;
	pass_on(errs);
	return answer_of(type, &child, answer, err);
}
