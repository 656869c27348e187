/* SPDX-License-Identifier: Apache-2.0 */

/* value/ip: the text of addresses. */

#include <stdio.h>
#include <string.h>

#include "ip_random.h"
#include "unit.h"
#include "value/scope.h"

#define TIMES 5000

static void try_round_trip(void)
{
	char text[IP_STRLEN];

	for (int i = 0; i < TIMES; i++) {
		struct ip ip = random_ip(), net = random_net(), read = { 0 };

		expect(ip_parse(&read, ip_str(&ip, text)) && ip_identical(&ip, &read), "%s", text);
		expect(ip_parse_cidr(&read, ip_cidr_str(&net, text)) && ip_identical(&net, &read),
		       "%s", text);
	}
}

/* RFC 5952: no leading zeros, lower case, and "::" for the first longest run of two zeros or more.
 */
static void model_str(const struct ip *ip, char *text)
{
	int best = -1, best_len = 1, group[8];

	for (int i = 0; i < 8; i++)
		group[i] = ip->byte[2 * i] << 8 | ip->byte[2 * i + 1];
	for (int i = 0; i < 8; i++) {
		int len = 0;

		while (i + len < 8 && !group[i + len])
			len++;
		if (len > best_len) {
			best = i;
			best_len = len;
		}
	}
	*text = '\0';
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			text += sprintf(text, "::");
			i += best_len - 1;
		} else {
			text += sprintf(text, "%s%x", i && i != best + best_len ? ":" : "",
					(unsigned)group[i]);
		}
	}
}

static void try_canonical(void)
{
	char text[IP_STRLEN], want[IP_STRLEN];

	for (int i = 0; i < TIMES; i++) {
		struct ip ip = random_ip();

		if (ip.family == AF_INET) {
			snprintf(want, sizeof(want), "%u.%u.%u.%u", ip.byte[0], ip.byte[1],
				 ip.byte[2], ip.byte[3]);
		} else {
			ip.byte[0] |= 0x20; /* not one of those that have IPv4 within */
			model_str(&ip, want);
		}
		expect(!strcmp(ip_str(&ip, text), want), "%s, not %s", text, want);
	}
}

/* clang-format off */
static const char *const no_addresses[] = {
	"", " ", ".", ":", ":::", "...", "1", "1.2", "1.2.3", "1.2.3.", ".1.2.3", "1.2.3.4.",
	"1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.+4", "1.2.3.04", "01.2.3.4", "1.2.3.4 ",
	" 1.2.3.4", "1.2.3.4\n", "1..3.4", "1.2.3.0x4", "1.2.3.1e1", "16909060", "0x01020304",
	"1.2.3.4/24", "1.2.3.4%eth0", "localhost", "a.b.c.d", "1,2,3,4", "1.2.3.4444444444",
	"1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:", ":1:2:3:4:5:6:7",
	"::1::", "1::2::3", "fd00::g", "fd00::12345", "fd00::1 ", " fd00::1", "fd00::1\n",
	"[fd00::1]", "fd00::1%eth0", "fd00::1/64", "fe80::1%1", "::1.2.3", "::1.2.3.256",
	"1.2.3.4::", "0:0:0:0:0:0:0:0:0", "::-1", "0xfd00::1", "fd00:::1", ":fd00::1",
};

static const char *const no_cidrs[] = {
	"", "/", "/24", "1.2.3.4", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/+1",
	"1.2.3.4/ 1", "1.2.3.4/1 ", "1.2.3.4/1.", "1.2.3.4/1x", "1.2.3.4/0x8", "1.2.3.4/8/8",
	"1.2.3.4//8", "1.2.3.4/255.0.0.0", "1.2.3.4/4294967304", "1.2.3.4/256", "1.2.3/8",
	"1.2.3.4 /8", "fd00::1", "fd00::1/", "fd00::1/129", "fd00::1/-1", "fd00::1/0064",
	"fd00::1/64 ", "fd00::1/1e1", "fd00::1/999", "fd00::1/18446744073709551680",
	"fd00::1%eth0/64", "1.2.3.4/8\n", "0000:0000:0000:0000:0000:0000:0000:0000:0000/8",
	"0000000000000000000000000000000000000000000000000000000000000001.2.3.4/8",
};
/* clang-format on */

static void try_refusals(void)
{
	const struct ip before = { .family = 7, .byte = { 1, 2, 3 }, .prefix = 9 };
	struct ip ip = before;

	for (size_t i = 0; i < COUNT(no_addresses); i++)
		expect(!ip_parse(&ip, no_addresses[i]) && ip_identical(&ip, &before),
		       "\"%s\" is %s", no_addresses[i], ip_show(&ip));
	for (size_t i = 0; i < COUNT(no_cidrs); i++)
		expect(!ip_parse_cidr(&ip, no_cidrs[i]) && ip_identical(&ip, &before),
		       "\"%s\" is %s", no_cidrs[i], ip_show(&ip));
}

/* Whatever one byte more does to an address, it is refused or still prints as one. */
static void try_noise(void)
{
	static const char alphabet[] = "0123456789abcdefABCDEF:./% xg-";
	char text[IP_STRLEN + 2], canon[IP_STRLEN];

	for (int i = 0; i < TIMES; i++) {
		struct ip ip = random_ip(), read = { 0 }, again = { 0 };
		size_t len = strlen(ip_str(&ip, text)), at = unit_below((unsigned)len + 1);

		memmove(text + at + 1, text + at, len + 1 - at);
		text[at] = alphabet[unit_below(sizeof(alphabet) - 1)];
		if (ip_parse(&read, text))
			expect(ip_parse(&again, ip_str(&read, canon)) &&
				       ip_identical(&read, &again) &&
				       strspn(text, "0123456789abcdefABCDEF:.") == len + 1,
			       "\"%s\" is %s", text, canon);
	}
}

int main(void)
{
	unit_promise("what is printed is read back, bit for bit", try_round_trip);
	unit_promise("an address prints in the one canonical way", try_canonical);
	unit_promise("what is no address is refused, and nothing is written", try_refusals);
	unit_promise("one odd byte in an address makes none, or another", try_noise);
	return unit_end();
}
