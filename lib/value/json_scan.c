/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "value/json_scan.h"

static int fail(struct json_scan *s, const char *why)
{
	return error_set(s->err, CNI_BAD_CONTENT, "%s: %s at byte %zu", s->name, why,
			 s->behind + s->at);
}

/* 0: there is nothing more. */
static ssize_t refill(struct json_scan *s)
{
	ssize_t n;

	do
		n = read(s->fd, s->piece, sizeof(s->piece));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_set(s->err, CNI_IO_FAILURE, "read %s: %s", s->name, strerror(errno));
	s->behind += s->end;
	s->at = 0;
	s->end = (size_t)n;
	return n;
}

/* The next byte, which stays the next. */
static int peek(struct json_scan *s)
{
	if (s->at == s->end) {
		ssize_t n = refill(s);

		if (n <= 0)
			return n < 0 ? -1 : fail(s, "it ends in the middle");
	}
	return (unsigned char)s->piece[s->at];
}

int json_scan_keep(struct json_scan *s, const char *text, size_t n)
{
	if (s->n_kept + n >= sizeof(s->kept))
		return fail(s, "an element is larger than a megabyte");
	memcpy(s->kept + s->n_kept, text, n);
	s->n_kept += n;
	return 0;
}

/* Goes over `n` bytes of the piece. */
static int pass(struct json_scan *s, size_t n)
{
	if (s->keeping && json_scan_keep(s, s->piece + s->at, n) < 0)
		return -1;
	s->at += n;
	return 0;
}

/* The next byte that is not white space. */
int json_scan_token(struct json_scan *s)
{
	int c = peek(s);

	while (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
		s->at++;
		c = peek(s);
	}
	return c;
}

static int expect(struct json_scan *s, int wanted)
{
	int c = json_scan_token(s);

	if (c < 0)
		return c;
	return c == wanted ? pass(s, 1) : fail(s, "not JSON");
}

/* How many bytes of the piece neither end a string nor escape. */
static size_t plain(const struct json_scan *s)
{
	const char *from = s->piece + s->at;
	size_t left = s->end - s->at;
	const char *quote = memchr(from, '"', left);
	const char *escape;

	if (quote)
		left = (size_t)(quote - from);
	escape = memchr(from, '\\', left);
	return escape ? (size_t)(escape - from) : left;
}

static int pass_string(struct json_scan *s)
{
	int c;

	if (expect(s, '"') < 0)
		return -1;
	for (;;) {
		if (peek(s) < 0 || pass(s, plain(s)) < 0)
			return -1;
		if (s->at == s->end)
			continue;
		c = (unsigned char)s->piece[s->at];
		if (pass(s, 1) < 0)
			return -1;
		if (c == '"')
			return 0;
		/* What was escaped may be a quote. */
		if (peek(s) < 0 || pass(s, 1) < 0)
			return -1;
	}
}

/* Numbers, true, false, null: whether they are that is seen by who reads what is kept. */
static int pass_word(struct json_scan *s)
{
	static const char word[] = "+-.0123456789abcdefghijklmnopqrstuvwxyzE";
	int c = peek(s);

	if (c <= 0 || !strchr(word, c))
		return c < 0 ? -1 : fail(s, "not JSON");
	while (c > 0 && strchr(word, c)) {
		if (pass(s, 1) < 0)
			return -1;
		c = peek(s);
	}
	return c < 0 ? -1 : 0;
}

/* Any value, with all that is in it. */
int json_scan_value(struct json_scan *s)
{
	size_t depth = 0;

	do {
		int c = json_scan_token(s);
		int done = -1;

		if (c == '"')
			done = pass_string(s);
		else if (c == '{' || c == '[')
			done = (depth++, pass(s, 1));
		else if (depth && (c == '}' || c == ']'))
			done = (depth--, pass(s, 1));
		else if (depth && (c == ',' || c == ':'))
			done = pass(s, 1);
		else if (c >= 0)
			done = pass_word(s);
		if (done < 0)
			return -1;
	} while (depth);
	return 0;
}

/* A member's name and its colon. */
int json_scan_key(struct json_scan *s, char *key, size_t size)
{
	size_t n = 0, len;

	s->keeping = true;
	n = s->n_kept;
	if (pass_string(s) < 0)
		return -1;
	s->keeping = false;
	len = s->n_kept - n - 2;
	s->n_kept = n;
	if (len >= size)
		len = 0; /* none of ours is so long */
	memcpy(key, s->kept + n + 1, len);
	key[len] = '\0';
	return expect(s, ':');
}

/* After a value: 1: another follows; 0: that was the last. */
int json_scan_more(struct json_scan *s, int closing)
{
	int c = json_scan_token(s);

	if (c < 0)
		return c;
	if (c != ',' && c != closing)
		return fail(s, "not JSON");
	s->at++;
	return c == ',';
}

/* 1: it is the first value that comes; 0: there is none, and the bracket is closed. */
int json_scan_enter(struct json_scan *s, int opening, int closing)
{
	int c;

	if (expect(s, opening) < 0)
		return -1;
	c = json_scan_token(s);
	if (c < 0)
		return c;
	s->at += c == closing;
	return c != closing;
}

int json_scan_end(struct json_scan *s)
{
	ssize_t n = (ssize_t)(s->end - s->at);

	for (; n > 0; n = refill(s))
		for (; s->at < s->end; s->at++)
			if (!strchr(" \t\r\n", s->piece[s->at]) || !s->piece[s->at])
				return fail(s, "something follows the JSON");
	return n < 0 ? -1 : 0;
}
