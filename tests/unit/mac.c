/* SPDX-License-Identifier: Apache-2.0 */

/* value/mac */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "value/mac.h"
#include "value/scope.h"

#define TIMES 2000

static struct mac random_mac(void)
{
	struct mac mac;

	unit_random_bytes(mac.byte, sizeof(mac.byte));
	return mac;
}

static void try_round_trip(void)
{
	char text[MAC_STRLEN], want[MAC_STRLEN];

	for (int i = 0; i < TIMES; i++) {
		struct mac mac = random_mac(), read = { 0 };

		for (int b = 0; b < 6; b++)
			sprintf(want + 3 * b, b < 5 ? "%02x:" : "%02x", mac.byte[b]);
		expect(!strcmp(mac_str(&mac, text), want), "%s, not %s", text, want);
		expect(mac_parse(&read, text) && mac_equal(&mac, &read), "%s", text);
	}
}

static void try_spellings(void)
{
	char text[MAC_STRLEN];

	for (int i = 0; i < TIMES; i++) {
		struct mac mac = random_mac(), read = { 0 };
		bool dashes = unit_below(2);

		mac_str(&mac, text);
		for (char *c = text; *c; c++)
			*c = *c == ':' && dashes ? '-' :
			     unit_below(2)	 ? (char)toupper((unsigned char)*c) :
						   *c;
		expect(mac_parse(&read, text) && mac_equal(&mac, &read), "%s", text);
	}
}

static void try_refusals(void)
{
	static const char *const texts[] = {
		"",
		":",
		"0a",
		"0a:58:0a:f4:00",
		"0a:58:0a:f4:00:",
		"0a:58:0a:f4:00:5",
		"0a:58:0a:f4:00:05:",
		"0a:58:0a:f4:00:05:06",
		"0a:58:0a:f4:00:055",
		":0a:58:0a:f4:00:05",
		"0a58.0af4.0005",
		"0a580af40005",
		"0a 58 0a f4 00 05",
		"0a:58:0a:f4:00:0g",
		"g0:58:0a:f4:00:05",
		"0a:58:0a:f4:00:-5",
		"0a:58:0a:f4:00:+5",
		"0a:58:0a:f4:00: 5",
		"0a:58:0a:f4:00:5 ",
		" a:58:0a:f4:00:05",
		"0a:58:0a:f4:00:05 ",
		" 0a:58:0a:f4:00:05",
		"0a:58:0a:f4:00:05\n",
		"0x:58:0a:f4:00:05",
		"0a;58;0a;f4;00;05",
		"0a:58:0a:f4:00.05",
		"0a::58:0a:f4:005",
		"00:00:00:00:fe:80:00:00:00:00:00:00:02:00:5e:10:00:00:00:01",
		"\xb0\xb0:58:0a:f4:00:5",
	};
	const struct mac before = { { 1, 2, 3, 4, 5, 6 } };
	struct mac mac = before;

	for (size_t i = 0; i < COUNT(texts); i++)
		expect(!mac_parse(&mac, texts[i]) && mac_equal(&mac, &before), "\"%s\"", texts[i]);
}

static void try_byte_noise(void)
{
	static const char plain[] = "0a:58:0a:f4:00:05";

	for (size_t at = 0; at < MAC_STRLEN - 1; at++) {
		for (int byte = 1; byte < 256; byte++) {
			char text[MAC_STRLEN];
			struct mac mac;
			bool fits = at % 3 == 2 ? byte == ':' || byte == '-' :
						  byte < 128 && isxdigit(byte);

			memcpy(text, plain, sizeof(text));
			text[at] = (char)byte;
			expect(mac_parse(&mac, text) == fits, "%s",
			       unit_quote(text, sizeof(plain) - 1));
		}
	}
}

static void try_kinds(void)
{
	const struct mac zero = { 0 };

	expect(mac_is_zero(&zero) && !mac_is_group(&zero), "zero");
	for (int i = 0; i < TIMES; i++) {
		struct mac mac = random_mac(), other = mac;

		expect(mac_is_group(&mac) == mac.byte[0] % 2, "%02x", mac.byte[0]);
		other.byte[unit_below(6)] ^= (unsigned char)(1 << unit_below(8));
		expect(mac_equal(&mac, &mac) && !mac_equal(&mac, &other), "%02x", mac.byte[0]);
		expect(!mac_is_zero(&mac), "%02x", mac.byte[0]);
	}
	for (int i = 0; i < 48; i++) {
		struct mac one = { 0 };

		one.byte[i / 8] = (unsigned char)(1 << i % 8);
		expect(!mac_is_zero(&one), "bit %d", i);
		expect(mac_is_group(&one) == (i == 0), "bit %d", i);
	}
}

int main(void)
{
	unit_promise("a MAC prints as six lower-case pairs with colons, and is read back",
		     try_round_trip);
	unit_promise("a MAC is read in either case, with ':' or with '-'", try_spellings);
	unit_promise("what is no MAC is refused, and nothing is written", try_refusals);
	unit_promise("no other byte is taken in any place of a MAC", try_byte_noise);
	unit_promise("zero, group and equal are what the bits say", try_kinds);
	return unit_end();
}
