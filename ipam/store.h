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
 * interface of that container. Whatever else has an address for its name (an
 * empty file, a link, a directory) keeps that address from being given:
 * somebody put it there.
 *
 * The directory is read once; under the lock it changes only through us. The store knows nothing of
 * ranges.
 */

#include <stddef.h>

#include "cni/identity.h"
#include "shelf.h"
#include "value/ip.h"

struct reservation {
	struct ip ip;
	char name[IP_STRLEN];	  /* of its file; the reference may have written it otherwise */
	char *container, *ifname; /* ifname NULL: any; container "": nobody's in particular */
};

struct store {
	struct shelf shelf;
	struct reservation *held; /* sorted by address */
	size_t n, room;
};

#define STORE_NONE ((struct store){ .shelf = SHELF_NONE })

/* Takes the lock. 1: there is none, and so no reservation. */
int store_open(struct store *store, const char *data_dir, const char *network, struct error *err);

/* Makes the directory first, if there is none. */
int store_make(struct store *store, const char *data_dir, const char *network, struct error *err);

void store_close(struct store *store);
#define _store_ __attribute__((__cleanup__(store_close)))

/* Reads the whole directory into `held`, which all but store_look() goes by. */
int store_read(struct store *store, struct error *err);

/* 0: the attachment has the address. 1: it has not. */
int store_look(const struct store *store, const struct ip *ip, const struct attachment *attachment,
	       struct error *err);

/* NULL: the address is free. */
const struct reservation *store_find(const struct store *store, const struct ip *ip);

bool store_holds(const struct reservation *held, const struct attachment *attachment);

/* When it was made, in seconds since 1970; 0: that cannot be told. */
long long store_since(const struct store *store, const struct reservation *held);

/* An address that is free. */
int store_reserve(struct store *store, const struct ip *ip, const struct attachment *attachment,
		  struct error *err);

/* Frees an address, whoever holds it. Absence is success. */
int store_release(struct store *store, const struct ip *ip, struct error *err);

/* The address that was given last out of that set. 1: none was, or the file is garbled. */
int store_last(const struct store *store, int set, struct ip *ip, struct error *err);
int store_set_last(struct store *store, int set, const struct ip *ip, struct error *err);
