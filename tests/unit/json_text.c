/* SPDX-License-Identifier: Apache-2.0 */

/* value/json_text: what is read is JSON, whole, and means one thing. */

#include <stdio.h>
#include <string.h>

#include "json_random.h"
#include "unit.h"
#include "value/json.h"
#include "value/scope.h"

#define TIMES 2000
#define DEEPEST 1000

static void try_round_trip(void)
{
	for (int i = 0; i < TIMES; i++) {
		_json_ cJSON *tree = random_tree(4), *json = NULL;
		_free_ char *text = cJSON_Print(tree);
		struct error err;

		expect(parse_bytes(&json, text, strlen(text), &err) == 0, "%s: %s", text, err.msg);
		expect(cJSON_Compare(tree, json, true), "%s", text);
	}
}

/* Cut */

static void try_cut(void)
{
	for (int i = 0; i < TIMES / 20; i++) {
		_free_ char *text = random_document();

		for (size_t len = 0; len < strlen(text); len++)
			expect_refused(text, len, "not JSON");
	}
}

/* Whatever becomes of one byte, the answer is a value or an error, and never more than that. */
static void try_noise(void)
{
	for (int i = 0; i < TIMES; i++) {
		_free_ char *text = random_document();
		_json_ cJSON *json = NULL;
		size_t len = strlen(text);
		struct error err;
		int r;

		text[unit_below((unsigned)len)] = (char)unit_random();
		r = parse_bytes(&json, text, len, &err);
		expect(r == 0 ? json != NULL :
				r < 0 && !json && err.code == CNI_BAD_CONTENT && err.msg[0],
		       "%s: %d, code %d", unit_quote(text, len), r, err.code);
	}
}

/* Trailing */

static void try_trailing(void)
{
	static const char *const values[] = { "{}",   "[]",   "1",	    "\"a\"",
					      "null", "true", "{\"a\":[1]}" };
	static const char *const rest[] = { "x",      "}",  "]",   ",", "{}",		" null",
					    "\n\n{}", "//", "\"",  "#", "\xef\xbb\xbf", "\xa0",
					    "\v",     "\f", "\x01" };
	char text[64];

	for (size_t i = 0; i < COUNT(values); i++) {
		for (size_t j = 0; j < COUNT(rest); j++) {
			size_t len =
				(size_t)snprintf(text, sizeof(text), "%s%s", values[i], rest[j]);

			expect_refused(text, len, "");
		}
		expect_taken(text, (size_t)snprintf(text, sizeof(text), " \t\r\n%s \t\r\n\n ",
						    values[i]));
	}
}

/* NUL */

static void try_nul(void)
{
	for (int i = 0; i < TIMES / 20; i++) {
		_free_ char *text = random_document();
		size_t len = strlen(text);
		_free_ char *with = malloc(len + 1);

		for (size_t at = 0; at <= len; at++) {
			memcpy(with, text, at);
			with[at] = '\0';
			memcpy(with + at + 1, text + at, len - at);
			expect_refused(with, len + 1, "NUL");
		}
	}
}

static void try_escaped_nul(void)
{
	static const char *const refused[] = {
		"\"\\u0000\"",
		"\"a\\u0000\"",
		"\"\\u0000a\"",
		"{\"\\u0000\":1}",
		"{\"name\\u0000\":1,\"name\":2}",
		"[[\"a\\u0000b\"]]",
		"\"\\\\\\u0000\"",
		"\"\\n\\u0000\"",
		"\"\\u0041\\u0000\"",
		"\"\\u00000\"",
	};
	static const char *const taken[] = {
		"\"\\\\u0000\"", "\"u0000\"",	      "\"\\u0001\"",
		"\"\\u1000\"",	 "\"\\\\\\\\u0000\"", "{\"\\\\u0000\":1}",
	};

	for (size_t i = 0; i < COUNT(refused); i++)
		expect_refused(refused[i], strlen(refused[i]), "NUL");
	for (size_t i = 0; i < COUNT(taken); i++)
		expect_taken(taken[i], strlen(taken[i]));
}

/* Depth */

static char *nested(size_t depth, const char *open, char close)
{
	size_t step = strlen(open);
	char *text = malloc(depth * (step + 1) + 8);

	for (size_t i = 0; i < depth; i++)
		memcpy(text + i * step, open, step);
	text[depth * step] = '1';
	memset(text + depth * step + 1, close, depth);
	text[depth * (step + 1) + 1] = '\0';
	return text;
}

static void try_depth(void)
{
	static const size_t depths[] = { 1, 2, 10, 999, DEEPEST, DEEPEST + 1, 2000, 10000, 300000 };

	for (size_t i = 0; i < COUNT(depths); i++) {
		_free_ char *lists = nested(depths[i], "[", ']');
		_free_ char *objects = nested(depths[i], "{\"a\":", '}');

		if (depths[i] <= DEEPEST) {
			expect_taken(lists, strlen(lists));
			expect_taken(objects, strlen(objects));
		} else {
			expect_refused(lists, strlen(lists), "not JSON");
			expect_refused(objects, strlen(objects), "not JSON");
		}
		expect_refused(lists, depths[i], "not JSON");
	}
}

static void try_garbage(void)
{
	static const char *const texts[] = {
		"",
		" ",
		"\n",
		"{",
		"}",
		"[",
		"]",
		"\"",
		":",
		",",
		"-",
		"+1",
		".5",
		"nul",
		"nulll",
		"True",
		"NULL",
		"NaN",
		"Infinity",
		"undefined",
		"'a'",
		"{a:1}",
		"{'a':1}",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{,}",
		"[1,]",
		"[,1]",
		"[1 2]",
		"{\"a\":1 \"b\":2}",
		"{1:2}",
		"\"\\x41\"",
		"\"\\u12\"",
		"\"\\ud800\"",
		"\"\\udc00\"",
		"\"\\",
		"// c\n{}",
		"/* c */{}",
		"{\"a\":1}}",
		"{}{}",
		"1e",
		"1-2",
		"0x10",
		"--1",
		"<xml/>",
		"name=value",
		"\xff\xfe{}",
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		expect_refused(texts[i], strlen(texts[i]), "JSON");
}

/* RFC 8259, section 6 */
static void try_numbers(void)
{
	static const char *const no_numbers[] = { "007", "01",	"-01",	"00",	"1.",
						  ".1",	 "-.1", "-",	"+1",	"1e+",
						  "1e",	 "e1",	"1.e1", "1..2", "1e1.5",
						  "--1", "1-1", "1+1",	"0x1",	"1e1e1" };
	static const char *const numbers[] = { "0",	"-0",  "10",   "-1.5",	 "0.5",	   "1e1",
					       "1E+10", "0e0", "1e-5", "0.0e-0", "123.456" };
	char text[64];

	for (size_t i = 0; i < COUNT(no_numbers); i++) {
		expect_refused(no_numbers[i], strlen(no_numbers[i]), "JSON");
		expect_refused(text, (size_t)sprintf(text, "{\"a\":[%s]}", no_numbers[i]), "JSON");
		expect_taken(text, (size_t)sprintf(text, "{\"a\":[\"%s\"]}", no_numbers[i]));
	}
	for (size_t i = 0; i < COUNT(numbers); i++) {
		expect_taken(numbers[i], strlen(numbers[i]));
		expect_taken(text,
			     (size_t)sprintf(text, "{\"a\":[%s ,%s]}", numbers[i], numbers[i]));
	}
}

/* RFC 8259, sections 2 and 7: none in a string, and four of them between what is none. */
static void try_control_characters(void)
{
	static const size_t blanks[] = { 0, 2, 6, 8, 10, 12 };
	char text[64];

	for (int c = 1; c < ' '; c++) {
		expect_refused(text, (size_t)sprintf(text, "{\"a%c\":1}", c), "JSON");
		expect_refused(text, (size_t)sprintf(text, "\"%c\"", c), "JSON");
		expect_refused(text, (size_t)sprintf(text, "\"\\%c\"", c), "JSON");
		if (strchr("\t\r\n", c)) {
			expect_taken(text, (size_t)sprintf(text, "%c{%c\"a\"%c:%c1%c}%c", c, c, c,
							   c, c, c));
			continue;
		}
		for (size_t at = 0; at < COUNT(blanks); at++) {
			size_t len = (size_t)sprintf(text, " { \"a\" : 1 } ");

			text[blanks[at]] = (char)c;
			expect_refused(text, len, "JSON");
		}
	}
}

int main(void)
{
	unit_promise("what is JSON is read as what it says", try_round_trip);
	unit_promise("what is no JSON is code 6", try_garbage);
	unit_promise("a document that was cut anywhere is refused", try_cut);
	unit_promise("whatever one byte becomes, the answer is a value or code 6", try_noise);
	unit_promise("numbers are those of RFC 8259, without leading zeros and bare points",
		     try_numbers);
	unit_promise("control characters stand in no string, and outside only as white space",
		     try_control_characters);
	unit_promise("nothing but white space may follow the value", try_trailing);
	unit_promise("a NUL byte anywhere is refused", try_nul);
	unit_promise("an escaped NUL is refused, an escaped backslash before u0000 is not",
		     try_escaped_nul);
	unit_promise("nesting is read to a depth of 1,000 and refused beyond, without crashing",
		     try_depth);
	return unit_end();
}
