/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The journal: what is in the firewall, as text that can be loaded again
 *
 *   /run/podwire/<network>/rules/<name>.<backend>
 *   /run/podwire/<network>/pods/<container>:<ifname>.<sort>.<backend>
 *
 * A firewall reload takes away everything of everybody. Whoever notices first
 * loads it all again from here. What is to be removed the kernel knows, by its
 * owner's name; a text here only says what is likely to be there. /run is gone
 * after a reboot, as the firewall is.
 *
 * Whoever changes claims holds the journal's lock together with the others
 * while both kernel and journal are changed; whoever loads it is alone. So
 * nothing that was removed comes back.
 */

#include <stdbool.h>

#include "cni/attachments.h"
#include "kernel/lock.h"

#define JOURNAL_ROOT "/run/podwire"

struct journal {
	int dir;    /* of the root; -1: not open */
	bool stuck; /* somebody sits on the lock: who waited for it once does not wait again */
};

#define JOURNAL_NONE ((struct journal){ .dir = -1 })

/* Opens it, if it is not, and takes the lock. */
int journal_lock(struct journal *journal, enum lock_mode mode, struct error *err);

/* For those who only take away. 1: there is no journal; nothing is locked, nothing else works. */
int journal_lock_if_there(struct journal *journal, enum lock_mode mode, struct error *err);
void journal_unlock(struct journal *journal);
void journal_close(struct journal *journal);

/* A text of the network itself, which never changes. Dropping answers 1 when there was none. */
struct journal_rules {
	const char *network, *name, *backend;
};
int journal_keep(struct journal *journal, const struct journal_rules *rules, const char *text,
		 struct error *err);
int journal_drop(struct journal *journal, const struct journal_rules *rules, struct error *err);

/* The text of a claim: `sort` of an attachment. journal_has() answers 1 where there is none. */
struct journal_pod {
	const struct attachment *owner;
	const char *sort, *backend;
};
int journal_write(struct journal *journal, const struct journal_pod *pod, const char *text,
		  struct error *err);
int journal_has(struct journal *journal, const struct journal_pod *pod, struct error *err);
char *journal_read(struct journal *journal, const struct journal_pod *pod); /* NULL; to be freed */
int journal_erase(struct journal *journal, const struct journal_pod *pod, struct error *err);

/* Erases the pods' texts of the network, sort and backend that belong to no valid attachment. */
struct journal_sort {
	const char *sort, *backend;
};
int journal_sweep(struct journal *journal, const struct journal_sort *of,
		  const struct attachments *valid, struct error *err);

/* Shows every text of one backend: of all networks, then of all pods. What cannot be read is not.
 */
struct journal_text {
	const char *network, *file, *text;
	const char *sort; /* NULL: a text of the network itself */
};
struct journal_visit {
	const char *backend;
	void (*seen)(const struct journal_text *text, void *arg);
	void *arg;
};
int journal_each(struct journal *journal, const struct journal_visit *visit, struct error *err);
