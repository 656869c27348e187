/* SPDX-License-Identifier: Apache-2.0 */

/* value/ip: addresses against a slow model, which knows one bit at a time. */

#include <stdio.h>
#include <string.h>

#include "ip_random.h"
#include "unit.h"
#include "value/scope.h"

#define TIMES 5000

static bool bit(const struct ip *ip, unsigned i)
{
	return ip->byte[i / 8] >> (7 - i % 8) & 1;
}

static void set_bit(struct ip *ip, unsigned i, bool on)
{
	uint8_t mask = (uint8_t)(0x80 >> i % 8);

	ip->byte[i / 8] = on ? ip->byte[i / 8] | mask : ip->byte[i / 8] & (uint8_t)~mask;
}

static struct ip model_fill(const struct ip *net, bool with)
{
	struct ip ip = *net;

	for (unsigned i = net->prefix; i < ip_bits(net); i++)
		set_bit(&ip, i, with);
	return ip;
}

static bool model_same_bits(const struct ip *a, const struct ip *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (bit(a, i) != bit(b, i))
			return false;
	return true;
}

/* Bits flip from the last on, until one becomes `stop`. */
static struct ip model_ripple(const struct ip *from, bool stop)
{
	struct ip ip = *from;
	unsigned i = ip_bits(from);

	while (i-- > 0) {
		set_bit(&ip, i, !bit(&ip, i));
		if (bit(&ip, i) == stop)
			break;
	}
	return ip;
}

static unsigned __int128 model_number(const struct ip *ip)
{
	unsigned __int128 number = 0;

	for (unsigned i = 0; i < ip_bits(ip); i++)
		number = number << 1 | bit(ip, i);
	return number;
}

static void try_size(void)
{
	const struct ip v4 = { .family = AF_INET }, v6 = { .family = AF_INET6 };

	expect(ip_size(&v4) == 4 && ip_bits(&v4) == 32, "%zu", ip_size(&v4));
	expect(ip_size(&v6) == 16 && ip_bits(&v6) == 128, "%zu", ip_size(&v6));
}

static void try_steps(void)
{
	for (int i = 0; i < TIMES; i++) {
		struct ip ip = random_net(), next = ip_next(&ip), prev = ip_prev(&ip);
		struct ip want_next = model_ripple(&ip, true), want_prev = model_ripple(&ip, false);
		struct ip there = ip_prev(&next), here = ip_next(&prev);

		expect(ip_identical(&next, &want_next), "%s: %s", ip_show(&ip), ip_show(&next));
		expect(ip_identical(&prev, &want_prev), "%s: %s", ip_show(&ip), ip_show(&prev));
		expect(ip_identical(&there, &ip), "%s: %s", ip_show(&ip), ip_show(&there));
		expect(ip_identical(&here, &ip), "%s: %s", ip_show(&ip), ip_show(&here));
	}
}

static void try_wrap(void)
{
	const char *const ends[][2] = {
		{ "0.0.0.0", "255.255.255.255" },
		{ "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};

	for (size_t i = 0; i < COUNT(ends); i++) {
		struct ip first, last, next, prev;

		expect(ip_parse(&first, ends[i][0]) && ip_parse(&last, ends[i][1]), "%s",
		       ends[i][0]);
		next = ip_next(&last);
		prev = ip_prev(&first);
		expect(ip_equal(&next, &first), "%s", ip_show(&next));
		expect(ip_equal(&prev, &last), "%s", ip_show(&prev));
	}
}

static void try_order(void)
{
	for (int i = 0; i < TIMES; i++) {
		struct ip a = random_net(), b = unit_below(4) ? random_net() : a;
		unsigned __int128 x = model_number(&a), y = model_number(&b);
		int want = x < y ? -1 : x > y;
		int got;

		if (a.family != b.family)
			want = a.family == AF_INET ? -1 : 1;
		b.prefix = a.family == b.family ? unit_below(ip_bits(&b) + 1) : b.prefix;
		got = ip_cmp(&a, &b);
		expect((got > 0) - (got < 0) == want, "%s, %s: %d", ip_show(&a), ip_show(&b), got);
		expect(ip_equal(&a, &b) == (want == 0), "%s, %s", ip_show(&a), ip_show(&b));
	}
}

static void try_network(void)
{
	for (int i = 0; i < TIMES; i++) {
		struct ip net = random_net(), first = ip_network(&net), last = ip_last(&net);
		struct ip want_first = model_fill(&net, false), want_last = model_fill(&net, true);

		expect(ip_identical(&first, &want_first), "%s: %s", ip_show(&net), ip_show(&first));
		expect(ip_identical(&last, &want_last), "%s: %s", ip_show(&net), ip_show(&last));
	}
}

/* An address that has the first so many bits in common with another. */
static struct ip relative(const struct ip *of)
{
	unsigned common = unit_below(ip_bits(of) + 1);
	struct ip ip = *of;

	for (unsigned i = common; i < ip_bits(of); i++)
		set_bit(&ip, i, unit_below(2));
	return ip;
}

static void try_contains(void)
{
	unsigned n_within = 0, n_overlaps = 0;

	for (int i = 0; i < TIMES; i++) {
		struct ip net = random_net(), other = unit_below(8) ? relative(&net) : random_net();
		unsigned shorter;
		bool within, overlap;

		other.prefix = unit_below(ip_bits(&other) + 1);
		shorter = net.prefix < other.prefix ? net.prefix : other.prefix;
		within = net.family == other.family && model_same_bits(&net, &other, net.prefix);
		overlap = net.family == other.family && model_same_bits(&net, &other, shorter);
		expect(ip_contains(&net, &other) == within, "%s, %s", ip_show(&net),
		       ip_show(&other));
		expect(ip_overlap(&net, &other) == overlap, "%s, %s", ip_show(&net),
		       ip_show(&other));
		expect(ip_overlap(&other, &net) == overlap, "%s, %s", ip_show(&other),
		       ip_show(&net));
		n_within += within;
		n_overlaps += overlap;
	}
	expect(n_within > TIMES / 10 && n_within < TIMES * 9 / 10, "%u", n_within);
	expect(n_overlaps > TIMES / 10 && n_overlaps < TIMES * 9 / 10, "%u", n_overlaps);
}

int main(void)
{
	unit_promise("an address has 4 or 16 bytes", try_size);
	unit_promise("next and prev add and take one, carry, and undo each other", try_steps);
	unit_promise("next and prev wrap around at the ends of a family", try_wrap);
	unit_promise("addresses are ordered as numbers, IPv4 first, prefixes aside", try_order);
	unit_promise("the network has no host bit, the last has all", try_network);
	unit_promise("a network contains what shares its prefix, and overlaps what it shares",
		     try_contains);
	return unit_end();
}
