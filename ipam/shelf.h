/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Shelves: a directory of small files, under a lock
 *
 * A file is replaced, never edited. It is drafted first, complete, and then put
 * under its name by link() or rename(), so a reader sees all of it or nothing,
 * and a full disk leaves what was there. Drafts lie aside, in the directory
 * <parent>/.<name>.index, whose other contents are index.h's; where a link
 * cannot lead from there (no such directory, another mount), in the shelf itself.
 *
 * The lock is the file "lock"; it guards what is aside too. Nobody here knows what the files say.
 */

#include <stdbool.h>
#include <time.h>

#include "value/error.h"

struct shelf {
	int dir, lock;
	int aside;			 /* -1: there is none, and things go without */
	bool apart;			 /* no link leads from aside into dir */
	char path[512], aside_path[512]; /* of dir for messages, too */
};

#define SHELF_NONE ((struct shelf){ .dir = -1, .lock = -1, .aside = -1 })

/* Takes the lock. 1: there is no such directory. */
int shelf_open(struct shelf *shelf, const char *parent, const char *name, struct error *err);

/* Makes the directory, and those above it, if there is none. */
int shelf_make(struct shelf *shelf, const char *parent, const char *name, struct error *err);

/* For who only looks: without the lock. */
int shelf_look(struct shelf *shelf, const char *parent, const char *name, struct error *err);

void shelf_close(struct shelf *shelf);

/* Makes what is aside, if it is missing and can be. */
int shelf_make_aside(struct shelf *shelf, struct error *err);

/* What cannot be read (a link, a directory) is as good as empty; *text is the caller's. 1: none. */
int shelf_read(const struct shelf *shelf, const char *name, char **text, struct error *err);

/* One draft at a time; an older one that somebody left is none. */
int shelf_draft(const struct shelf *shelf, const char *text, struct error *err);
void shelf_discard(const struct shelf *shelf);

/* Gives the draft that name too. 1: there is something of that name already. */
int shelf_place(const struct shelf *shelf, const char *name, struct error *err);

/* Replaces what had the name. */
int shelf_write(const struct shelf *shelf, const char *name, const char *text, struct error *err);
/* A file that has lost its text gets it; it stays the same file. */
int shelf_refill(const struct shelf *shelf, const char *name, const char *text, struct error *err);

int shelf_remove(const struct shelf *shelf, const char *name, struct error *err); /* or absent */

/* Whether a file could be written now; nothing stays behind. */
int shelf_probe(const struct shelf *shelf, struct error *err);

/* Tells every name to `each`, until it answers other than 0. */
struct shelf_visit {
	int (*each)(const char *name, void *arg, struct error *err);
	void *arg;
};
int shelf_list(const struct shelf *shelf, const struct shelf_visit *visit, struct error *err);
int shelf_list_aside(const struct shelf *shelf, const struct shelf_visit *visit, struct error *err);

/*
 * When the file was made (where the file system does not know: last written),
 * which nobody can forge by writing to it, and when it was last written. 1: no file.
 */
struct shelf_facts {
	struct timespec born, written;
	bool regular;
};
int shelf_stat(const struct shelf *shelf, const char *name, struct shelf_facts *facts);
