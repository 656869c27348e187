/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The store: who holds which address, on disk, under a lock
 *
 * Byte for byte the reference plugins' layout, so that a node can change
 * plugins under running pods, in either direction:
 *
 *   <dataDir>/<network>/lock                    flock()
 *   <dataDir>/<network>/10.1.0.5                "<containerID>\r\n<ifname>"
 *   <dataDir>/<network>/last_reserved_ip.<set>  "10.1.0.5"
 *
 * A file that holds "<containerID>" alone is of old, and stands for any
 * interface of that container. A reservation appears complete or not at all:
 * it is written beside the directory, as <dataDir>/.<network>.new, and renamed
 * into it. Whatever else has an address for its name (an empty file, a link, a
 * directory) keeps that address from being given: somebody put it there.
 *
 * The directory is read once, when it is first asked about; under the lock it
 * changes only through us. The store knows nothing of ranges.
 */

#include <stdbool.h>
#include <stddef.h>

#include "cni/identity.h"
#include "value/error.h"
#include "value/ip.h"

struct reservation {
	struct ip ip;
	char *container, *ifname; /* ifname NULL: any; container "": nobody known, but taken */
};

struct store {
	int dir, lock;		    /* the network's directory, and its lock */
	int parent;		    /* dataDir */
	char path[512], fresh[300]; /* of dir, for messages; the new file's name in parent */
	struct reservation *held;   /* sorted by address */
	size_t n, room;
};

#define STORE_NONE ((struct store){ .dir = -1, .lock = -1, .parent = -1 })

/* Makes the directory if there is none, and takes the lock. */
int store_open(struct store *store, const char *data_dir, const char *network, struct error *err);

/* Without making anything. 1: there is no such directory, and so no reservation. */
int store_open_existing(struct store *store, const char *data_dir, const char *network,
			struct error *err);

void store_close(struct store *store);
#define _store_ __attribute__((__cleanup__(store_close)))

/* Reads the directory into `held`, which the rest goes by. */
int store_read(struct store *store, struct error *err);

/* Whether a reservation could be written now; nothing stays behind. */
int store_probe(const struct store *store, struct error *err);

/* NULL: the address is free. */
const struct reservation *store_find(const struct store *store, const struct ip *ip);

bool store_holds(const struct reservation *held, const struct attachment *attachment);

/* When it was made, in seconds since 1970; 0: that cannot be told. */
long long store_since(const struct store *store, const struct reservation *held);

/* The holder's name must be free of '\r' and '\n'. */
int store_reserve(struct store *store, const struct ip *ip, const struct attachment *attachment,
		  struct error *err);

/* Frees an address that is in `held`. Absence is success. */
int store_release(struct store *store, const struct ip *ip, struct error *err);

/* The address that was given last out of that set. 1: none was, or the file is garbled. */
int store_last(const struct store *store, int set, struct ip *ip, struct error *err);
int store_set_last(struct store *store, int set, const struct ip *ip, struct error *err);
