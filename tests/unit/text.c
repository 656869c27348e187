/* SPDX-License-Identifier: Apache-2.0 */

/* value/text: names against their grammar, scrubbing against RFC 3629. */

#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "value/scope.h"
#include "value/text.h"

#define TIMES 20000
#define LONG 64

static bool is_alnum(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool model_is_name(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (!is_alnum((unsigned char)text[i]) &&
		    (i == 0 || (text[i] != '_' && text[i] != '.' && text[i] != '-')))
			return false;
	return len > 0;
}

/* The kernel's isspace() is Latin-1's, with the no-break space: lib/ctype.c. */
static bool is_kernel_space(unsigned char c)
{
	return (c >= 9 && c <= 13) || c == 32 || c == 160;
}

static bool model_is_ifname(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (strchr("/:%", text[i]) || is_kernel_space((unsigned char)text[i]))
			return false;
	return len >= 1 && len <= 15 && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

/* Mostly what is allowed, so that both answers are frequent. */
static void random_text(char text[static LONG])
{
	static const char alphabet[] = "abzAZ0189_.-abzAZ0189_.-/: \n%\\\xa0\xc3";
	unsigned len = unit_below(24), frequent = unit_below(2) ? 24 : sizeof(alphabet) - 1;

	for (unsigned i = 0; i < len; i++)
		text[i] = alphabet[unit_below(frequent)];
	text[len] = '\0';
}

static void try_names(void)
{
	unsigned n_names = 0;

	for (int i = 0; i < TIMES; i++) {
		char text[LONG];

		random_text(text);
		expect(text_is_name(text) == model_is_name(text), "%s",
		       unit_quote(text, strlen(text)));
		n_names += model_is_name(text);
	}
	expect(n_names > TIMES / 10 && n_names < TIMES * 9 / 10, "%u", n_names);
}

static void try_ifnames(void)
{
	unsigned n_names = 0;

	for (int i = 0; i < TIMES; i++) {
		char text[LONG];

		random_text(text);
		expect(text_is_ifname(text) == model_is_ifname(text), "%s",
		       unit_quote(text, strlen(text)));
		n_names += model_is_ifname(text);
	}
	expect(n_names > TIMES / 10 && n_names < TIMES * 9 / 10, "%u", n_names);
}

/* Every byte there is, alone, first, in the middle and last. */
static void try_bytes(void)
{
	static const char *const around[][2] = {
		{ "", "" }, { "", "a" }, { "a", "b" }, { "a", "" }
	};

	for (int byte = 1; byte < 256; byte++) {
		for (size_t i = 0; i < COUNT(around); i++) {
			char text[8];
			size_t len = (size_t)snprintf(text, sizeof(text), "%s%c%s", around[i][0],
						      byte, around[i][1]);

			expect(text_is_name(text) == model_is_name(text), "%s",
			       unit_quote(text, len));
			expect(text_is_ifname(text) == model_is_ifname(text), "%s",
			       unit_quote(text, len));
			expect(text_is_filename(text) == (byte != '/' && strcmp(text, ".") != 0),
			       "%s", unit_quote(text, len));
		}
	}
}

static void try_paths(void)
{
	static const char *const bad[] = { "", ".", "..", "/", "a/b", "../a", "/etc", "a/", "./a" };
	static const char *const good[] = { "a",  "...",	"..a", "a..",
					    ".a", "host-local", "a b", "\\" };

	for (size_t i = 0; i < COUNT(bad); i++) {
		expect(!text_is_filename(bad[i]), "\"%s\"", bad[i]);
		expect(!text_is_name(bad[i]), "\"%s\"", bad[i]);
		expect(!text_is_ifname(bad[i]), "\"%s\"", bad[i]);
	}
	for (size_t i = 0; i < COUNT(good); i++)
		expect(text_is_filename(good[i]), "\"%s\"", good[i]);
}

static void try_long_names(void)
{
	char text[301];

	for (size_t len = 1; len < sizeof(text); len++) {
		memset(text, 'a', len);
		text[len] = '\0';
		expect(text_is_name(text), "%zu bytes", len);
		expect(text_is_ifname(text) == (len <= 15), "%zu bytes", len);
		text[len - 1] = '/';
		expect(!text_is_name(text), "%zu bytes and /", len - 1);
	}
}

/* Decodes a sequence, and looks at the number: not at patterns of bytes. 0: there is none. */
static size_t model_sequence(const unsigned char *s, size_t left)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	uint32_t code = n < 2 ? s[0] : s[0] & (0x7fU >> n);

	if (!n || n > left || s[0] >= 0xf8)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < smallest[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

static bool is_utf8(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t left = strlen(text), n;

	for (; left; at += n, left -= n) {
		n = model_sequence(at, left);
		if (!n)
			return false;
	}
	return true;
}

/* Bytes that begin and continue sequences are frequent, and those at the limits of the rules. */
static size_t random_bytes(char text[static LONG])
{
	static const unsigned char odd[] = { 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
					     0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef,
					     0xf0, 0xf1, 0xf4, 0xf5, 0xf8, 0xff };
	size_t len = unit_below(LONG);

	for (size_t i = 0; i < len; i++)
		text[i] = unit_below(2) ? (char)odd[unit_below(COUNT(odd))] :
					  (char)(1 + unit_below(255));
	text[len] = '\0';
	return len;
}

static void try_scrub(void)
{
	for (int i = 0; i < TIMES; i++) {
		char before[LONG], text[LONG], again[LONG];
		size_t len = random_bytes(before);

		memcpy(text, before, sizeof(text));
		text_scrub(text);
		expect(strlen(text) == len && is_utf8(text), "%s", unit_quote(before, len));
		for (size_t at = 0; at < len; at++)
			expect(text[at] == before[at] || text[at] == '?', "byte %zu of %s", at,
			       unit_quote(before, len));
		memcpy(again, text, sizeof(again));
		text_scrub(again);
		expect(!strcmp(text, again), "%s", unit_quote(text, len));
	}
}

static size_t encode(uint32_t code, char *to)
{
	static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; code >>= 6)
		to[i] = (char)(0x80 | (code & 0x3f));
	to[0] = (char)(n == 1 ? code : first[n] | code);
	return n;
}

/* Appends a character, or a byte that belongs to none, and what must become of it. */
static size_t append(char *text, char *want)
{
	static const unsigned char lone[] = {
		0x80, 0xa5, 0xbf, 0xc0, 0xc1, 0xf5, 0xf8, 0xfe, 0xff
	};
	uint32_t limit = 1U << (3 + unit_below(18)), code = 1 + unit_below(limit);

	if (code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) && unit_below(4)) {
		encode(code, want);
		return encode(code, text);
	}
	*text = (char)lone[unit_below(COUNT(lone))];
	*want = '?';
	return 1;
}

static void try_scrub_exactly(void)
{
	for (int i = 0; i < TIMES; i++) {
		char text[LONG], want[LONG];
		size_t len = 0;

		while (len < LONG - 8)
			len += append(text + len, want + len);
		text[len] = want[len] = '\0';
		text_scrub(text);
		expect(!strcmp(text, want), "%s", unit_quote(text, len));
	}
}

/* Messages are cut at a fixed size, wherever a character then ends. */
static void try_scrub_cut(void)
{
	for (uint32_t code = 0x80; code <= 0x10ffff; code += 1 + code / 16) {
		char whole[8] = { 0 };
		size_t n = encode(code, whole);

		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		for (size_t cut = 1; cut < n; cut++) {
			char text[8] = { 0 };

			memcpy(text, whole, cut);
			text_scrub(text);
			expect(strspn(text, "?") == cut && strlen(text) == cut, "%s",
			       unit_quote(whole, cut));
		}
	}
}

int main(void)
{
	unit_promise("a name is what the specification's pattern matches", try_names);
	unit_promise("an interface name is what the kernel takes as it is", try_ifnames);
	unit_promise("each of the 255 bytes is judged right, wherever it stands", try_bytes);
	unit_promise("no name of any kind leads out of a directory", try_paths);
	unit_promise("names may be long, interface names may not", try_long_names);
	unit_promise("scrubbed text is UTF-8 of the same length, and stays as it is", try_scrub);
	unit_promise("scrubbing changes only the bytes that are in no character",
		     try_scrub_exactly);
	unit_promise("a character that was cut is scrubbed whole", try_scrub_cut);
	return unit_end();
}
