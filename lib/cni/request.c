/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cni/request.h"
#include "value/json.h"
#include "value/json_text.h"
#include "value/scope.h"
#include "value/text.h"

/* Room for a GC list of some 30,000 attachments; what is larger was not meant for us. */
#define STDIN_MAX (4U << 20)

const char *const verb_names[VERBS] = {
	[VERB_ADD] = "ADD",	  [VERB_DEL] = "DEL", [VERB_CHECK] = "CHECK",
	[VERB_STATUS] = "STATUS", [VERB_GC] = "GC",   [VERB_VERSION] = "VERSION",
};

#define ON(verb) (1U << (verb))
#define ON_ATTACHMENT (ON(VERB_ADD) | ON(VERB_DEL) | ON(VERB_CHECK))

/* The table of the specification: which verb needs which variable, and what it may hold. */
static const struct variable {
	const char *name;
	unsigned needed, used; /* by these verbs */
	bool (*valid)(const char *);
	const char *must_be;
} variables[] = {
	{ "CNI_CONTAINERID", ON_ATTACHMENT, ON_ATTACHMENT, text_is_name,
	  "letters, digits, '_', '.' and '-', beginning with a letter or digit" },
	{ "CNI_NETNS", ON(VERB_ADD) | ON(VERB_CHECK), ON_ATTACHMENT, NULL, NULL },
	{ "CNI_IFNAME", ON_ATTACHMENT, ON_ATTACHMENT, text_is_ifname,
	  "1 to 15 bytes without '/', ':', '%' and white space" },
};

/* All that is wrong is said at once: who has to mend it sees one error, not three in turn. */
static void check_variables(enum verb verb, struct error *all)
{
	struct error one;

	for (size_t i = 0; i < COUNT(variables); i++) {
		const struct variable *v = &variables[i];
		const char *value = getenv(v->name);

		if (v->needed & ON(verb) && (!value || !*value))
			error_set(&one, CNI_INVALID_ENVIRONMENT, "%s is missing", v->name);
		else if (v->used & ON(verb) && value && v->valid && !v->valid(value))
			error_set(&one, CNI_INVALID_ENVIRONMENT, "%s is \"%.100s\", must be %s",
				  v->name, value, v->must_be);
		else
			continue;
		error_join(all, &one);
	}
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static int read_environment(struct request *req, struct error *err)
{
	struct error all = { 0 }, one;

	check_variables(req->verb, &all);
	req->path = variable("CNI_PATH");
	if (ON_ATTACHMENT & ON(req->verb)) {
		req->attachment.container = variable("CNI_CONTAINERID");
		req->attachment.ifname = variable("CNI_IFNAME");
		req->netns = variable("CNI_NETNS");
		if (args_read(&req->args, variable("CNI_ARGS"), &one) < 0)
			error_join(&all, &one);
	}
	if (!all.code)
		return 0;
	*err = all;
	return -1;
}

static int read_stdin(struct request *req, struct error *err)
{
	size_t room = 16384;
	ssize_t n = 1;

	req->text = malloc(room);
	while (req->text && n) {
		if (req->text_len > STDIN_MAX)
			return error_set(err, CNI_BAD_CONTENT,
					 "the network configuration is larger than %u bytes",
					 STDIN_MAX);
		if (room - req->text_len < 8192) {
			char *more = realloc(req->text, room *= 2);

			if (!more)
				return error_set(err, CNI_INTERNAL, "out of memory for stdin");
			req->text = more;
		}
		n = read(STDIN_FILENO, req->text + req->text_len, room - req->text_len - 1);
		if (n < 0 && errno != EINTR)
			return error_set(err, CNI_IO_FAILURE, "read stdin: %s", strerror(errno));
		req->text_len += n < 0 ? 0 : (size_t)n;
	}
	if (!req->text)
		return error_set(err, CNI_INTERNAL, "out of memory for stdin");
	req->text[req->text_len] = '\0';
	return 0;
}

static int unsupported(const char *version, struct error *err)
{
	error_set(err, CNI_INCOMPATIBLE_VERSION, "incompatible CNI versions");
	error_detail(err, "config is \"%.50s\", plugin supports [", version);
	for (int v = 0; v < VERSIONS; v++)
		error_detail(err, "%s\"%s\"", v ? " " : "", version_names[v]);
	error_detail(err, "]");
	return -1;
}

static int check_version(struct request *req, struct error *err)
{
	static const enum version since[VERBS] = {
		[VERB_CHECK] = VERSION_0_4_0,
		[VERB_STATUS] = VERSION_1_1_0,
		[VERB_GC] = VERSION_1_1_0,
	};

	if (req->given_version && !version_parse(&req->version, req->given_version))
		return unsupported(req->given_version, err);
	if (req->version < since[req->verb])
		return error_set(err, CNI_INCOMPATIBLE_VERSION,
				 "%s needs cniVersion %s or later, the configuration has %s",
				 verb_names[req->verb], version_names[since[req->verb]],
				 version_names[req->version]);
	return 0;
}

struct head {
	const char *version, *name;
};

static int read_config(struct request *req, struct error *err)
{
	static const struct json_field version_field[] = {
		{ "cniVersion", JSON_STRING(struct head, version) },
		{},
	};
	static const struct json_field name_field[] = {
		{ "name", JSON_STRING(struct head, name), .required = true },
		{},
	};
	struct head head = { 0 };

	if (read_stdin(req, err) < 0 || json_parse(&req->config, req->text, req->text_len, err) < 0)
		return error_prefix(err, "network configuration: ");
	if (json_read(req->config, version_field, &head, err) < 0)
		return error_prefix(err, "network configuration: ");
	req->given_version = head.version && *head.version ? head.version : NULL;
	if (check_version(req, err) < 0 || json_read(req->config, name_field, &head, err) < 0)
		return -1;
	if (!text_is_name(head.name))
		return error_set(err, CNI_INVALID_CONFIG,
				 "name is \"%.100s\", must be letters, digits, '_', '.' and '-', "
				 "beginning with a letter or digit",
				 head.name);
	req->attachment.network = head.name;
	req->prev_result = cJSON_GetObjectItemCaseSensitive(req->config, "prevResult");
	if (cJSON_IsNull(req->prev_result))
		req->prev_result = NULL;
	return 0;
}

/* A person may ask for the versions with nothing on stdin; whatever is there is not judged. */
static void read_version_request(struct request *req)
{
	struct error ignored;

	if (read_stdin(req, &ignored) == 0 &&
	    json_parse(&req->config, req->text, req->text_len, &ignored) == 0)
		req->given_version = cJSON_GetStringValue(
			cJSON_GetObjectItemCaseSensitive(req->config, "cniVersion"));
}

static int read_verb(enum verb *verb, struct error *err)
{
	const char *command = variable("CNI_COMMAND");

	for (int v = 0; v < VERBS; v++) {
		if (!strcmp(command, verb_names[v])) {
			*verb = (enum verb)v;
			return 0;
		}
	}
	return error_set(err, CNI_INVALID_ENVIRONMENT,
			 "CNI_COMMAND is \"%.50s\", must be ADD, DEL, CHECK, STATUS, GC or VERSION",
			 command);
}

int request_read(struct request *req, struct error *err)
{
	if (read_verb(&req->verb, err) < 0)
		return -1;
	if (req->verb == VERB_VERSION) {
		read_version_request(req);
		return 0;
	}
	if (read_environment(req, err) < 0)
		return -1;
	return read_config(req, err);
}

void request_close(struct request *req)
{
	cJSON_Delete(req->config);
	free(req->text);
	free(req->args.copy);
	*req = REQUEST_NONE;
}

int request_ipam(const struct request *req, const char **type, struct error *err)
{
	static const struct json_field table[] = {
		{ "type", JSON_MEMBER_(struct head, name, const char *, JSON_KIND_STRING) },
		{},
	};
	const struct json_place ipam = { req->config, "ipam" };
	struct head head = { 0 };

	if (json_read_at(&ipam, table, &head, err) < 0)
		return -1;
	if (!head.name || !*head.name)
		return 1;
	if (!text_is_filename(head.name))
		return error_set(err, CNI_INVALID_CONFIG,
				 "ipam.type is \"%.100s\", must be the plain name of a plugin",
				 head.name);
	*type = head.name;
	return 0;
}
