/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "show.h"
#include "sync.h"
#include "value/json.h"
#include "value/json_text.h"
#include "value/scope.h"
#include "watch.h"

#define CONFIG_MAX (1 << 20)

static void tell_left_out(const struct cluster *cluster)
{
	for (size_t i = 0; i < cluster->nodes.n; i++) {
		const char *why = layout_leaves_out(&cluster->nodes.node[i]);

		if (why)
			fprintf(stderr, "node-routes: node %s is left out: it %s\n",
				cluster->nodes.node[i].name, why);
	}
}

static int run_sync(const struct routes_conf *conf, struct error *err)
{
	_cluster_ struct cluster cluster = CLUSTER_NONE;
	_layout_ struct layout layout = { 0 };

	if (cluster_look(&cluster, conf, err) < 0 || layout_make(&layout, &cluster, err) < 0)
		return -1;
	tell_left_out(&cluster);
	return routes_sync(&layout, err);
}

static int run_plan(const struct routes_conf *conf, struct error *err)
{
	_cluster_ struct cluster cluster = CLUSTER_NONE;
	_layout_ struct layout layout = { 0 };
	_plan_ struct plan plan = PLAN_NONE;

	if (cluster_look(&cluster, conf, err) < 0 || layout_make(&layout, &cluster, err) < 0)
		return -1;
	layout_wants(&layout, &plan);
	plan_print(&plan, 0, stdout);
	return 0;
}

static int run_clean(const struct routes_conf *conf, struct error *err)
{
	_layout_ struct layout layout;

	(void)conf;
	layout_clear(&layout);
	return routes_sync(&layout, err);
}

static int run_show(const struct routes_conf *conf, struct error *err)
{
	_cluster_ struct cluster cluster = CLUSTER_NONE;
	_layout_ struct layout layout = { 0 };

	if (cluster_look(&cluster, conf, err) < 0 || layout_make(&layout, &cluster, err) < 0)
		return -1;
	return routes_show(&layout, err);
}

static const struct command {
	const char *name, *about;
	int (*run)(const struct routes_conf *, struct error *); /* 1: it has told why not */
} commands[] = {
	{ "sync", "makes the kernel's tables what the node list says", run_sync },
	{ "watch", "goes on doing so, whenever the list or the network changes", routes_watch },
	{ "show", "tells node by node how its pods are reached, and whether that is in place",
	  run_show },
	{ "plan", "tells what sync would want, and changes nothing", run_plan },
	{ "clean", "removes everything that it made", run_clean },
};

static const struct command *find(const char *word)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (!strcmp(commands[i].name, word))
			return &commands[i];
	return NULL;
}

bool routes_is_command(const char *word)
{
	return find(word) || !strcmp(word, "--help") || !strcmp(word, "help");
}

static int help(void)
{
	puts("node-routes COMMAND [--config CONFLIST] [--OPTION VALUE]...\n");
	for (size_t i = 0; i < COUNT(commands); i++)
		printf("  %-6s %s\n", commands[i].name, commands[i].about);
	puts("\nOptions: --nodes FILE|- --node NAME --backend auto|host-gw|vxlan --device NAME\n"
	     "  --vni N --port N --mtu N --checksumOffload true|false --interval SECONDS");
	return EXIT_SUCCESS;
}

static int read_file(const char *path, char **text, size_t *len, struct error *err)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_free_ char *read_text = malloc(CONFIG_MAX);
	ssize_t n;

	if (fd < 0 || !read_text)
		return error_set(err, CNI_IO_FAILURE, "open %s: %s", path, strerror(errno));
	n = read(fd, read_text, CONFIG_MAX - 1);
	if (n < 0)
		return error_set(err, CNI_IO_FAILURE, "read %s: %s", path, strerror(errno));
	read_text[n] = '\0';
	*text = take_ptr(read_text);
	*len = (size_t)n;
	return 0;
}

static bool is_ours(const cJSON *plugin)
{
	const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(plugin, "type"));

	return type && !strcmp(type, "node-routes");
}

/* Ours among the plugins of a list, or an object by itself. */
static int load(cJSON **options, const char *path, struct error *err)
{
	_json_ cJSON *list = NULL;
	_free_ char *text = NULL;
	cJSON *plugin, *plugins;
	size_t len = 0;

	if (read_file(path, &text, &len, err) < 0)
		return -1;
	if (json_parse(&list, text, len, err) < 0)
		return error_prefix(err, "%s: ", path);
	plugins = cJSON_GetObjectItemCaseSensitive(list, "plugins");
	cJSON_ArrayForEach(plugin, plugins)
		if (is_ours(plugin))
			break;
	if (!plugins)
		plugin = is_ours(list) ? list : NULL;
	if (!plugin)
		return error_set(err, CNI_INVALID_CONFIG,
				 "%s: there is no plugin node-routes in it", path);
	cJSON_Delete(*options);
	*options = cJSON_Duplicate(plugin, true);
	return 0;
}

static int read_options(cJSON **options, char **word, struct error *err)
{
	for (; *word; word += 2) {
		const char *name = *word;
		int r;

		if (strncmp(name, "--", 2) != 0)
			return error_set(err, CNI_INVALID_CONFIG, "%.60s is no option", name);
		if (!word[1])
			return error_set(err, CNI_INVALID_CONFIG, "%.60s needs a value", name);
		r = !strcmp(name, "--config") ?
			    load(options, word[1], err) :
			    routes_conf_option(*options, name + 2, word[1], err);
		if (r < 0)
			return -1;
	}
	return 0;
}

int routes_command(int argc, char **argv)
{
	const struct command *command = find(argv[1]);
	_json_ cJSON *options = cJSON_CreateObject();
	struct routes_conf conf;
	struct error err = { 0 };
	int r = -1;

	(void)argc;
	if (!command)
		return help();
	if (read_options(&options, argv + 2, &err) == 0 &&
	    routes_conf_read(&conf, options, &err) == 0)
		r = command->run(&conf, &err);
	if (r >= 0)
		return r;
	fprintf(stderr, "node-routes %s: %s%s%s\n", command->name, err.msg,
		err.details[0] ? ": " : "", err.details);
	return EXIT_FAILURE;
}
