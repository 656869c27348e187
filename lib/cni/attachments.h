/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The attachments that a runtime still knows, as it lists them for GC
 *
 * Source: CNI specification 1.1, "GC". Early runtimes of 1.1 wrote
 * "cni.dev/attachments"; the name that was settled on goes first.
 */

#include <stdbool.h>

#include "cni/request.h"

struct attachments {
	const char *network;
	const cJSON *list; /* borrowed from the request's configuration */
};

/* 1: the runtime gave no list, and so there is nothing that could be told to be stale. */
int attachments_read(struct attachments *valid, const struct request *req, struct error *err);

/* ifname NULL: any interface of that container. */
bool attachments_have(const struct attachments *valid, const char *container, const char *ifname);

/* Calls `each` for every valid attachment. */
void attachments_each(const struct attachments *valid,
		      void (*each)(const struct attachment *, void *arg), void *arg);
