/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value/json.h"
#include "value/json_scan.h"
#include "value/json_sift.h"
#include "value/json_text.h"
#include "value/scope.h"

#define PATH 256

struct sieve {
	const struct json_sift *sift;
	struct json_scan *text;
	size_t elements; /* so far */
};

enum fit { FITS_NOT, LEADS_THERE, FITS };

static enum fit fit(const struct sieve *sieve, const char *path)
{
	size_t len = strlen(path);

	for (const char *const *k = sieve->sift->keep; *k; k++)
		if (!strncmp(*k, path, len) && ((*k)[len] == '.' || !(*k)[len]))
			return (*k)[len] ? LEADS_THERE : FITS;
	return FITS_NOT;
}

static int sift_object(struct sieve *sieve, const char *path);

static int sift_member(struct sieve *sieve, const char *path, const char *key, bool first)
{
	struct json_scan *s = sieve->text;
	char below[PATH];
	enum fit how;
	int done;

	snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", key);
	how = fit(sieve, below);
	if (how == FITS_NOT)
		return json_scan_value(s);
	if ((!first && json_scan_keep(s, ",", 1) < 0) || json_scan_keep(s, "\"", 1) < 0 ||
	    json_scan_keep(s, key, strlen(key)) < 0 || json_scan_keep(s, "\":", 2) < 0)
		return -1;
	if (how == LEADS_THERE && json_scan_token(s) == '{')
		return sift_object(sieve, below);
	s->keeping = true;
	done = json_scan_value(s);
	s->keeping = false;
	return done;
}

/* As deep as the paths are: never deep. */
static int sift_object(struct sieve *sieve, const char *path)
{
	struct json_scan *s = sieve->text;
	char key[64];
	size_t begin = s->n_kept + 1;
	int next = json_scan_enter(s, '{', '}');

	if (next < 0 || json_scan_keep(s, "{", 1) < 0)
		return -1;
	while (next > 0) {
		if (json_scan_key(s, key, sizeof(key)) < 0 ||
		    sift_member(sieve, path, key, s->n_kept == begin) < 0)
			return -1;
		next = json_scan_more(s, '}');
	}
	return next < 0 ? -1 : json_scan_keep(s, "}", 1);
}

static int sift_element(struct sieve *sieve)
{
	struct json_scan *s = sieve->text;
	_json_ cJSON *element = NULL;
	int c = json_scan_token(s);

	s->n_kept = 0;
	if (c == '{') {
		if (sift_object(sieve, "") < 0)
			return -1;
	} else if (c >= 0) {
		s->keeping = true;
		c = json_scan_value(s);
		s->keeping = false;
	}
	if (c < 0)
		return -1;
	s->kept[s->n_kept] = '\0';
	if (json_parse(&element, s->kept, s->n_kept, s->err) < 0 ||
	    sieve->sift->seen(element, sieve->sift->arg, s->err) < 0)
		return error_prefix(s->err, "%s: [%zu]: ", s->name, sieve->elements);
	sieve->elements++;
	return 0;
}

static int sift_list(struct sieve *sieve)
{
	struct json_scan *s = sieve->text;
	int next = json_scan_enter(s, '[', ']');

	while (next > 0) {
		if (sift_element(sieve) < 0)
			return -1;
		next = json_scan_more(s, ']');
	}
	return next;
}

/* 1: there is no list in it. */
static int sift_around(struct sieve *sieve)
{
	struct json_scan *s = sieve->text;
	int next = json_scan_enter(s, '{', '}'), found = 1;
	char key[64];

	while (next > 0) {
		if (json_scan_key(s, key, sizeof(key)) < 0)
			return -1;
		if (found && !strcmp(key, sieve->sift->list))
			found = sift_list(sieve);
		else if (json_scan_value(s) < 0)
			return -1;
		if (found < 0)
			return -1;
		next = json_scan_more(s, '}');
	}
	return next < 0 ? next : found;
}

int json_sift(const struct json_sift *sift, int fd, struct error *err)
{
	_free_ struct json_scan *text = calloc(1, sizeof(*text));
	struct sieve sieve = { .sift = sift, .text = text };
	int first, done;

	if (!text)
		return error_errno(err, ENOMEM, "read %s", sift->name);
	text->name = sift->name;
	text->fd = fd;
	text->err = err;
	first = json_scan_token(text);
	if (first < 0)
		return -1;
	done = first == '[' ? sift_list(&sieve) : sift_around(&sieve);
	if (done > 0)
		return error_set(err, CNI_BAD_CONTENT,
				 "%s: must be a list, or an object with the list \"%s\"",
				 sift->name, sift->list);
	return done < 0 ? -1 : json_scan_end(text);
}
