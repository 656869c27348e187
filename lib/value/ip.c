/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "value/ip.h"

size_t ip_size(const struct ip *ip)
{
	return ip->family == AF_INET ? 4 : 16;
}

unsigned ip_bits(const struct ip *ip)
{
	return 8 * ip_size(ip);
}

bool ip_parse(struct ip *ip, const char *text)
{
	struct ip read = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	if (inet_pton(read.family, text, read.byte) != 1)
		return false;
	read.prefix = ip_bits(&read);
	*ip = read;
	return true;
}

bool ip_parse_cidr(struct ip *ip, const char *text)
{
	const char *slash = strchr(text, '/');
	char addr[INET6_ADDRSTRLEN];
	unsigned prefix = 0;
	struct ip read;

	if (!slash || (size_t)(slash - text) >= sizeof(addr) || !slash[1] || strlen(slash) > 4)
		return false;
	memcpy(addr, text, slash - text);
	addr[slash - text] = '\0';
	if (!ip_parse(&read, addr))
		return false;
	for (const char *digit = slash + 1; *digit; digit++) {
		if (*digit < '0' || *digit > '9')
			return false;
		prefix = 10 * prefix + (*digit - '0');
	}
	if (prefix > read.prefix)
		return false;
	read.prefix = prefix;
	*ip = read;
	return true;
}

const char *ip_str(const struct ip *ip, char buf[static IP_STRLEN])
{
	static const uint8_t zero[12];

	if (!inet_ntop(ip->family, ip->byte, buf, IP_STRLEN))
		snprintf(buf, IP_STRLEN, "none");
	/* RFC 5952 has no dots in ::102:304, and neither have the reference's files. */
	if (ip->family == AF_INET6 && !memcmp(ip->byte, zero, sizeof(zero)) && strchr(buf, '.'))
		snprintf(buf, IP_STRLEN, "::%x:%x", 256U * ip->byte[12] + ip->byte[13],
			 256U * ip->byte[14] + ip->byte[15]);
	return buf;
}

const char *ip_cidr_str(const struct ip *ip, char buf[static IP_STRLEN])
{
	size_t used = strlen(ip_str(ip, buf));

	snprintf(buf + used, IP_STRLEN - used, "/%u", ip->prefix);
	return buf;
}

int ip_cmp(const struct ip *a, const struct ip *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->byte, b->byte, ip_size(a));
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
	return ip_cmp(a, b) == 0;
}

/* Bytes that the prefix covers stay; the rest take the bits of `fill`. */
static struct ip host_bits(const struct ip *net, uint8_t fill)
{
	struct ip ip = *net;

	for (size_t i = 0; i < ip_size(net); i++) {
		unsigned kept = net->prefix > 8 * i ? net->prefix - 8 * i : 0;
		uint8_t mask = kept >= 8 ? 0xff : (uint8_t)(0xff00 >> kept);

		ip.byte[i] = (net->byte[i] & mask) | (fill & ~mask);
	}
	return ip;
}

struct ip ip_network(const struct ip *net)
{
	return host_bits(net, 0x00);
}

struct ip ip_last(const struct ip *net)
{
	return host_bits(net, 0xff);
}

struct ip ip_next(const struct ip *ip)
{
	struct ip next = *ip;

	for (size_t i = ip_size(ip); i-- > 0 && ++next.byte[i] == 0;)
		;
	return next;
}

struct ip ip_prev(const struct ip *ip)
{
	struct ip prev = *ip;

	for (size_t i = ip_size(ip); i-- > 0 && prev.byte[i]-- == 0;)
		;
	return prev;
}

bool ip_contains(const struct ip *net, const struct ip *ip)
{
	struct ip first = ip_network(net), last = ip_last(net);

	return net->family == ip->family && ip_cmp(&first, ip) <= 0 && ip_cmp(ip, &last) <= 0;
}

bool ip_overlap(const struct ip *net, const struct ip *other)
{
	return ip_contains(net, other) || ip_contains(other, net);
}
