/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Shelves: a directory of small files, under a lock
 *
 * A file is replaced, never edited: it is written beside the directory, as
 * <parent>/.<name>.new (in it, where it is a mount of its own), and renamed, so a reader sees all
 * of it or nothing, and a full disk leaves what was there. The lock is the file "lock" in the
 * directory. Nobody here knows what the files say.
 */

#include <stdbool.h>

#include "value/error.h"

struct shelf {
	int parent, dir, lock;
	char path[512];	 /* of dir, for messages */
	char fresh[300]; /* the new file's name in parent */
};

#define SHELF_NONE ((struct shelf){ .parent = -1, .dir = -1, .lock = -1 })

/* Takes the lock. 1: there is no such directory. */
int shelf_open(struct shelf *shelf, const char *parent, const char *name, struct error *err);

/* Makes the directory, and those above it, if there is none. */
int shelf_make(struct shelf *shelf, const char *parent, const char *name, struct error *err);

void shelf_close(struct shelf *shelf);

/* What cannot be read is as good as empty: a link, a directory. The caller frees *text. 1: no file.
 */
int shelf_read(const struct shelf *shelf, const char *name, char **text, struct error *err);

int shelf_write(const struct shelf *shelf, const char *name, const char *text, struct error *err);

/* Absence is success. */
int shelf_remove(const struct shelf *shelf, const char *name, struct error *err);

/* Whether a file could be written now; nothing stays behind. */
int shelf_probe(const struct shelf *shelf, struct error *err);

/* Tells every name to `each`, until it answers other than 0. */
struct shelf_visit {
	int (*each)(const char *name, void *arg, struct error *err);
	void *arg;
};
int shelf_list(const struct shelf *shelf, const struct shelf_visit *visit, struct error *err);

/* When the file was last written, in seconds since 1970; 0: that cannot be told. */
long long shelf_time(const struct shelf *shelf, const char *name);
