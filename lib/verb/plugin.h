/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Plugins: the main() of every executable, and its card
 *
 * It reads the request, finds the verb, and prints what comes of it: one JSON
 * object on stdout, a result or an error, once. stderr is for warnings.
 *
 * It does not know what a verb does. A plugin that plans takes its verbs from
 * attach.h; host-local brings its own.
 */

#include "cni/request.h"
#include "value/error.h"

struct plan;
struct plugin;
struct result;

/* A verb that is absent has nothing to do and succeeds. */
struct verbs {
	int (*add)(const struct plugin *, const struct request *, struct error *);
	int (*del)(const struct plugin *, const struct request *, struct error *);
	int (*check)(const struct plugin *, const struct request *, struct error *);
	int (*status)(const struct plugin *, const struct request *, struct error *);
	int (*gc)(const struct plugin *, const struct request *, struct error *);
	/* The dry run: "<plugin> plan". */
	int (*plan)(const struct plugin *, const struct request *, struct error *);
};

/*
 * What people can ask for by name: "<plugin> <command>". A request is not read
 * for it. It answers the exit status, or -1 with an error, which goes to stderr.
 */
struct command {
	const char *name, *about;
	int (*run)(int argc, char **argv, struct error *); /* argv[0]: the command's name */
};

struct plugin {
	const char *name, *about; /* about: one line of help */
	const struct verbs *verbs;
	/*
	 * Writes down what should exist, given what is known: what IPAM leased
	 * (ADD), what ADD reported (CHECK), or nothing (an ADD that has no lease
	 * yet, DEL, GC). It only ever adds to what it wants with less known. It
	 * writes as much as the configuration allows even where it fails: DEL
	 * works with that.
	 */
	int (*wants)(struct plan *, const struct request *, const struct result *known,
		     struct error *);
	const struct command *commands; /* ends with {}; NULL: none */
	bool leases;			/* asks the configuration's IPAM plugin for addresses */
	bool passes;			/* a prevResult is what is known, and passed on as it is */
};

/*
 * Prints the result of an ADD: its last step, because when nobody can be told
 * of it, everything has to go again.
 */
int plugin_answer(const struct result *result, enum version version, struct error *err);

int plugin_main(const struct plugin *plugin, int argc, char **argv);
