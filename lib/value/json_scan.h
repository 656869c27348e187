/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON text, walked over in pieces
 *
 * For texts that are too long for the memory: whoever walks says at each value
 * whether to go over it or into it, and whether to keep what is gone over. What
 * is kept loses its white space.
 *
 * Only the shape is looked at: strings end, brackets match in number. A text
 * that ends too early is an error wherever it ends.
 */

#include <stdbool.h>
#include <stddef.h>

#include "value/error.h"

#define JSON_SCAN_PIECE 65536
#define JSON_SCAN_KEPT (1 << 20)

struct json_scan {
	const char *name; /* of the text, for messages */
	int fd;
	struct error *err;
	bool keeping;	/* what is gone over from now on */
	size_t n_kept;	/* so many bytes of `kept` are in use */
	size_t at, end; /* in the piece */
	size_t behind;	/* bytes of earlier pieces */
	char piece[JSON_SCAN_PIECE], kept[JSON_SCAN_KEPT];
};

/* All answer <0 with s->err set when they fail. */

/* The byte that the next value begins with; it is not gone over. */
int json_scan_token(struct json_scan *s);

/* Goes over a value, with all that is in it. */
int json_scan_value(struct json_scan *s);

/* 1: it has gone into a list or an object that has values; 0: it had none, and is behind. */
int json_scan_enter(struct json_scan *s, int opening, int closing);

/* After a value in it. 1: another follows. 0: that was the last, and all of it is behind. */
int json_scan_more(struct json_scan *s, int closing);

/* A member's name, and its colon. A name that is too long for `key` is "". */
int json_scan_key(struct json_scan *s, char *key, size_t size);

/* Nothing but white space may follow. */
int json_scan_end(struct json_scan *s);

/* Adds words of one's own to what is kept. */
int json_scan_keep(struct json_scan *s, const char *text, size_t n);
