/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Requests: what the runtime asked for, from the environment and stdin
 *
 * A request is read once, whole, and checked before anything else happens: the
 * verb, the variables it needs, the JSON, the version, the network's name.
 * What the members of the configuration mean is left to those who use them.
 *
 * Source: CNI specification 1.1, "Section 2: Execution Protocol".
 */

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "cni/args.h"
#include "cni/identity.h"
#include "cni/version.h"

enum verb { VERB_ADD, VERB_DEL, VERB_CHECK, VERB_STATUS, VERB_GC, VERB_VERSION, VERBS };

extern const char *const verb_names[VERBS];

struct request {
	enum verb verb;
	struct attachment attachment; /* for GC and STATUS only the network is set */
	const char *netns;	      /* "" where DEL has none */
	const char *path;	      /* CNI_PATH, "" if not set */
	struct args args;
	enum version version;	   /* of the configuration, and so of the answer */
	const char *given_version; /* as it stands there; NULL: it does not */
	cJSON *config;
	const cJSON *prev_result; /* a member of config, or NULL */
	char *text;		  /* the very bytes of stdin, which delegates get */
	size_t text_len;
};

#define REQUEST_NONE ((struct request){ .netns = "", .path = "" })

/* CNI_COMMAND says which verb. On failure, version and given_version may be set already. */
int request_read(struct request *req, struct error *err);
void request_close(struct request *req);
#define _request_ __attribute__((__cleanup__(request_close)))

/*
 * The IPAM plugin to delegate to. 1: none is asked for (layer 2). It is asked
 * for when needed and not when reading, because DEL must not fail for it early.
 */
int request_ipam(const struct request *req, const char **type, struct error *err);
