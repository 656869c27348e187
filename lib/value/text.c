/* SPDX-License-Identifier: Apache-2.0 */

#include <ctype.h>
#include <net/if.h>
#include <string.h>

#include "value/text.h"

bool text_is_name(const char *text)
{
	static const char first[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	if (!*text || !strchr(first, *text))
		return false;
	for (; *text; text++)
		if (!strchr(first, *text) && !strchr("_.-", *text))
			return false;
	return true;
}

bool text_is_ifname(const char *text)
{
	size_t len = strlen(text);

	if (!len || len >= IFNAMSIZ || !strcmp(text, ".") || !strcmp(text, ".."))
		return false;
	for (; *text; text++)
		/* To the kernel 0xa0 is white space too (lib/ctype.c). */
		if (strchr("/:%\xa0", *text) || isspace((unsigned char)*text))
			return false;
	return true;
}

bool text_is_filename(const char *text)
{
	return *text && !strchr(text, '/') && strcmp(text, ".") && strcmp(text, "..");
}

/* The length of the UTF-8 sequence at `s`; 0 where there is none. RFC 3629, section 4. */
static size_t sequence(const unsigned char *s)
{
	size_t n = *s < 0x80 ? 1 : *s >> 5 == 6 ? 2 : *s >> 4 == 14 ? 3 : *s >> 3 == 30 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if (s[i] >> 6 != 2)
			return 0;
	if ((n == 2 && s[0] < 0xc2) || (n == 3 && s[0] == 0xe0 && s[1] < 0xa0) ||
	    (n == 3 && s[0] == 0xed && s[1] > 0x9f) || (n == 4 && s[0] == 0xf0 && s[1] < 0x90) ||
	    (n == 4 && (s[0] > 0xf4 || (s[0] == 0xf4 && s[1] > 0x8f))))
		return 0;
	return n;
}

void text_scrub(char *text)
{
	while (*text) {
		size_t n = sequence((unsigned char *)text);

		if (!n)
			*text = '?';
		text += n ? n : 1;
	}
}
