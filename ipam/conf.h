/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The configuration of host-local: its ranges, the addresses asked for, routes and DNS. */

#include "cni/request.h"
#include "cni/result.h"
#include "range.h"

#define CONF_DATA_DIR "/var/lib/cni/networks"
#define CONF_WANTED 64

struct conf {
	const char *data_dir;
	const char *resolv_conf; /* NULL: none */
	struct ranges ranges;
	struct ip wanted[CONF_WANTED]; /* asked for, one by one */
	int n_wanted;
	const cJSON *routes; /* a list, or NULL */
};

#define CONF_NONE ((struct conf){ .data_dir = "", .ranges = RANGES_NONE })

/* Where the store is; that much is there in the worst configuration. */
void conf_read_place(struct conf *conf, const struct request *req);

/* All of it. */
int conf_read(struct conf *conf, const struct request *req, struct error *err);

void conf_close(struct conf *conf);
#define _conf_ __attribute__((__cleanup__(conf_close)))
