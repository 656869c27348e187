/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The index: which addresses an attachment has, without a walk
 *
 * It is a cache of the shelf, and lies aside of it. Each attachment has an entry,
 * which is a symbolic link: made whole by one system call, read by one, and all
 * of them are read by `ls -l`. Nothing is where it points.
 *
 *   <containerID>:<ifname> -> 10.1.0.5@<born>,fd00::5@<born> <boot> <machine> <netns>
 *   .boot                  -> <boot>, in which the stamp was taken
 *
 * The interface is empty for a reservation of the old form. What comes behind
 * the addresses is the sandbox, and only known of what podwire reserved. A file
 * of the shelf is told from a later one of the same name by when it was born.
 *
 * The stamp says that the index is complete. It is no file but four times: after
 * the last change, under the lock, both directories are given the same mtime, and
 * the index the other's ctime for its atime, a year ahead, where nobody comes by
 * chance (and relatime leaves it alone). So whoever changes either, or is killed
 * on the way, breaks it. The times that the kernel itself writes may be those of
 * its last tick, and equal for two changes within one (4 ms): the mtime that is
 * given is to a nanosecond, at which no tick is. The ctime, which nobody can give,
 * is there for archives that are unpacked over the shelf. A file system that keeps
 * no such times has no stamp.
 *
 * What a stamp does not notice: a file that is edited in place, which changes no
 * directory. And none is good for another boot, as power may have failed.
 */

#include "cni/identity.h"
#include "sandbox.h"
#include "shelf.h"
#include "value/ip.h"

#define ENTRY_ADDRESSES 64

struct holding {
	struct ip ip;
	char name[IP_STRLEN]; /* of its file: somebody may have written it otherwise */
	struct timespec born;
};

struct entry {
	struct holding held[ENTRY_ADDRESSES];
	int n;
	struct sandbox by;
};

#define ENTRY_NONE ((struct entry){ .n = 0 })

/* attachment.ifname NULL: the old form's. 1: there is none, or it is garbled. */
int index_find(const struct shelf *shelf, const struct attachment *attachment, struct entry *entry,
	       struct error *err);

/* 1: none can be there, for its name, its length, or the file system; so there must be no stamp. */
int index_put(const struct shelf *shelf, const struct attachment *attachment,
	      const struct entry *entry, struct error *err);

/* Absence is success. */
int index_drop(const struct shelf *shelf, const struct attachment *attachment, struct error *err);

/* Tells every entry to `each`, until it answers other than 0. */
struct index_visit {
	int (*each)(const struct attachment *, const struct entry *, void *arg, struct error *err);
	void *arg;
};
int index_each(const struct shelf *shelf, const struct index_visit *visit, struct error *err);

/* What a killed one left goes. */
void index_tidy(const struct shelf *shelf);

/* Whether the index is complete, on that boot's word. */
bool index_is_stamped(const struct shelf *shelf, const char *boot);

/* Says that it is. What cannot be stamped is walked the next time, and no worse. */
void index_stamp(const struct shelf *shelf, const char *boot);
