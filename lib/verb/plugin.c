/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cni/result.h"
#include "value/json.h"
#include "value/scope.h"
#include "value/text.h"
#include "verb/plugin.h"

#define PLACEHOLDER_CONTAINER "example"
#define PLACEHOLDER_NETNS "/run/netns/example"
#define PLACEHOLDER_IFNAME "eth0"

static int print(const cJSON *json)
{
	_free_ char *text = cJSON_Print(json);

	return text && puts(text) >= 0 && fflush(stdout) == 0 ? 0 : -1;
}

static int print_error(struct error *err, enum version version)
{
	_json_ cJSON *root = cJSON_CreateObject();

	text_scrub(err->msg);
	text_scrub(err->details);
	cJSON_AddStringToObject(root, "cniVersion", version_names[version]);
	cJSON_AddNumberToObject(root, "code", err->code);
	cJSON_AddStringToObject(root, "msg", err->msg);
	if (err->details[0])
		cJSON_AddStringToObject(root, "details", err->details);
	print(root);
	return EXIT_FAILURE;
}

static int print_versions(const struct request *req)
{
	const char *version = req->given_version ? req->given_version :
						   version_names[VERSION_NEWEST];
	_json_ cJSON *root = cJSON_CreateObject();

	cJSON_AddStringToObject(root, "cniVersion", version);
	cJSON_AddItemToObject(root, "supportedVersions",
			      cJSON_CreateStringArray(version_names, VERSIONS));
	return print(root) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* A runtime that is gone does not read: that must be an error here, and not our end. */
int plugin_answer(const struct result *result, enum version version, struct error *err)
{
	_free_ char *text = NULL;

	signal(SIGPIPE, SIG_IGN);
	if (result_write(result, version, &text, err) < 0)
		return -1;
	if (puts(text) < 0 || fflush(stdout) != 0)
		return error_set(err, CNI_IO_FAILURE, "write the result to stdout: %s",
				 strerror(errno));
	return 0;
}

static int run(const struct plugin *plugin, const struct request *req, struct error *err)
{
	const struct verbs *verbs = plugin->verbs;
	int (*const by_verb[VERBS])(const struct plugin *, const struct request *,
				    struct error *) = {
		[VERB_ADD] = verbs->add,       [VERB_DEL] = verbs->del, [VERB_CHECK] = verbs->check,
		[VERB_STATUS] = verbs->status, [VERB_GC] = verbs->gc,
	};

	return by_verb[req->verb] ? by_verb[req->verb](plugin, req, err) : 0;
}

static int serve(const struct plugin *plugin)
{
	_request_ struct request req = REQUEST_NONE;
	struct error err = { 0 };
	int r = request_read(&req, &err);

	if (r == 0 && req.verb == VERB_VERSION)
		return print_versions(&req);
	if (r == 0)
		r = run(plugin, &req, &err);
	return r < 0 ? print_error(&err, req.version) : EXIT_SUCCESS;
}

/* For people: what a runtime would give comes from placeholders where it is not set. */
static int dry_run(const struct plugin *plugin)
{
	_request_ struct request req = REQUEST_NONE;
	struct error err = { 0 };

	setenv("CNI_COMMAND", "ADD", 1);
	setenv("CNI_CONTAINERID", PLACEHOLDER_CONTAINER, 0);
	setenv("CNI_NETNS", PLACEHOLDER_NETNS, 0);
	setenv("CNI_IFNAME", PLACEHOLDER_IFNAME, 0);
	if (request_read(&req, &err) < 0 || plugin->verbs->plan(plugin, &req, &err) < 0)
		return print_error(&err, req.version);
	return EXIT_SUCCESS;
}

static const struct command *find_command(const struct plugin *plugin, const char *name)
{
	for (const struct command *c = plugin->commands; c && c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

/* Its errors are for people, not for a runtime. */
static int run_command(const struct command *command, int argc, char **argv)
{
	struct error err = { 0 };
	int r = command->run(argc, argv, &err);

	if (r < 0)
		fprintf(stderr, "%s: %s%s%s\n", command->name, err.msg, err.details[0] ? ": " : "",
			err.details);
	return r < 0 ? EXIT_FAILURE : r;
}

static void introduce(const struct plugin *plugin)
{
	fprintf(stderr, "podwire %s %s: %s\nCNI versions:", plugin->name, PODWIRE_VERSION,
		plugin->about);
	for (int v = 0; v < VERSIONS; v++)
		fprintf(stderr, " %s", version_names[v]);
	fputs("\nA container runtime runs it with CNI_COMMAND set.", stderr);
	if (plugin->verbs->plan || plugin->commands)
		fputs(" By hand:", stderr);
	if (plugin->verbs->plan)
		fprintf(stderr, "\n  %s plan < configuration   what an ADD would do", plugin->name);
	for (const struct command *c = plugin->commands; c && c->name; c++)
		fprintf(stderr, "\n  %s %s   %s", plugin->name, c->name, c->about);
	fputc('\n', stderr);
}

/*
 * What a runtime blocks or ignores comes down to us: then nobody can wait for a delegate, and no
 * alarm ends the wait for a lock. And a file that may not grow (ulimit -f) is an error, no death.
 */
static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGXFSZ, SIG_IGN);
}

int plugin_main(const struct plugin *plugin, int argc, char **argv)
{
	const struct command *command = argc > 1 ? find_command(plugin, argv[1]) : NULL;

	reset_signals();
	if (command)
		return run_command(command, argc - 1, argv + 1);
	if (argc > 1 && plugin->verbs->plan && !strcmp(argv[1], "plan"))
		return dry_run(plugin);
	if (argc > 1 || !getenv("CNI_COMMAND")) {
		introduce(plugin);
		return argc > 1 ? 2 : EXIT_SUCCESS;
	}
	return serve(plugin);
}
