/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The store: who holds which address, on disk, under a lock
 *
 * Byte for byte the reference plugins' layout, so that a node can change
 * plugins under running pods, in either direction, or use both:
 *
 *   <dataDir>/<network>/lock                    flock()
 *   <dataDir>/<network>/10.1.0.5                "<containerID>\r\n<ifname>"
 *   <dataDir>/<network>/last_reserved_ip.<set>  "10.1.0.5"
 *
 * A file that holds "<containerID>" alone is of old, and stands for any interface of that
 * container. Whatever else has an address for its name (an empty file, a note, a link, a
 * directory) keeps that address from being given: somebody put it there.
 *
 * This directory is the truth. What it says of an attachment is found in the index beside it
 * (index.h); where that is not complete, because the reference wrote here, a process was killed,
 * or power failed, the directory is walked once and the index mended (walk.h). The store knows
 * nothing of ranges.
 */

#include "index.h"

struct reservation {
	struct holding at;
	char *container, *ifname; /* ifname NULL: any; container "": nobody's in particular */
	bool by_hand;		  /* of no attachment: a person's note, or what is left of a file */
};

struct store {
	struct shelf shelf;
	struct machine here;
	bool walked;	     /* `held` is all that there is, by address */
	bool whole, touched; /* the index is complete, and needs a new stamp */
	struct reservation *held;
	size_t n, room;
};

#define STORE_NONE ((struct store){ .shelf = SHELF_NONE })

/* Takes the lock. 1: there is none, and so no reservation. */
int store_open(struct store *store, const char *data_dir, const char *network, struct error *err);

/* Makes the directory first, if there is none. */
int store_make(struct store *store, const char *data_dir, const char *network, struct error *err);
void store_close(struct store *store); /* stamps the index, where anything was changed */
#define _store_ __attribute__((__cleanup__(store_close)))

/* Before the first question or change: finds the index complete, or walks. store_walk() walks. */
int store_ready(struct store *store, struct error *err);
int store_walk(struct store *store, struct error *err);

/* What the attachment has: none is n = 0. */
int store_find(struct store *store, const struct attachment *attachment, struct entry *entry,
	       struct error *err);

/* By the file alone. 0: the attachment has the address. 1: it has not. */
int store_look(const struct store *store, const struct ip *ip, const struct attachment *attachment,
	       struct error *err);
bool store_holds(const struct reservation *held, const struct attachment *attachment);

/* The shelf's draft, of a reservation for that attachment; then it takes the address. 1: taken. */
int store_draft(struct store *store, const struct attachment *attachment, struct error *err);
int store_take(struct store *store, const struct ip *ip, struct error *err);

int store_probe(struct store *store, struct error *err); /* shelf_probe() */

/* Frees an address, by its file's name, whoever holds it. Absence is success. */
int store_release(struct store *store, const char *name, struct error *err);

/* What the attachment has now; an entry of none is dropped. */
int store_note(struct store *store, const struct attachment *attachment, struct entry *entry,
	       struct error *err);

/* What was given last out of a set: the address, or the file's text (NULL: no file). 1: none. */
int store_last(const struct store *store, int set, struct ip *ip, struct error *err);
int store_last_text(const struct store *store, int set, char **text, struct error *err);
int store_set_last(struct store *store, int set, const char *text, struct error *err);
