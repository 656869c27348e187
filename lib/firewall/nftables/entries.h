/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Entries: a claim as elements of podwire's sets and maps
 *
 * Each element exists twice: as bytes, for the kernel, and as text, for the
 * journal and for messages. Some need chains of their own, which are text too:
 * their names hold a hash of what they say, so a text never changes under its
 * name, and pods of an older configuration keep theirs.
 */

#include "firewall/claim.h"
#include "kernel/nft_elements.h"

struct entry_text {
	char key[128], data[128];
};

struct entries {
	struct nft_element *element;
	struct entry_text *text; /* of each */
	size_t n, room;
	char rules_name[NFT_CHAIN]; /* "": there are none */
	char *rules;
};

#define ENTRIES_NONE ((struct entries){ .n = 0 })

/* Out of memory ends the process. */
void entries_write(struct entries *entries, const struct claim *claim);

/* Leaves one out; those behind it move up. */
void entries_leave(struct entries *entries, size_t i);

/* As commands for nft(8); the caller frees it. */
char *entries_text(const struct entries *entries);

/* "hostport4 { tcp . 8080 }", for messages. */
#define ENTRY_STRLEN 256
const char *entry_str(const struct entries *entries, size_t i, char buf[static ENTRY_STRLEN]);

/* Where the elements of a sort are: the table, and whether a set of it is theirs. */
const struct nft_set *entries_table(enum claim_sort sort);
bool entries_belong(enum claim_sort sort, const struct nft_set *set);

void entries_close(struct entries *entries);
#define _entries_ __attribute__((__cleanup__(entries_close)))
