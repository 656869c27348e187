/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* IP addresses and prefixes of both families. Arithmetic only: no kernel, no JSON. */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct ip {
	int family; /* AF_INET, AF_INET6, or 0: no address */
	uint8_t byte[16];
	unsigned prefix; /* bits of network; 32 or 128 for a bare address */
};

#define IP_STRLEN (INET6_ADDRSTRLEN + sizeof("/128"))

/* Both leave *ip untouched when `text` is not of that form. */
bool ip_parse(struct ip *ip, const char *text);	     /* "10.1.0.5" */
bool ip_parse_cidr(struct ip *ip, const char *text); /* "10.1.0.5/16" */

/* The canonical text, in `buf`. */
const char *ip_str(const struct ip *ip, char buf[static IP_STRLEN]);
const char *ip_cidr_str(const struct ip *ip, char buf[static IP_STRLEN]);

size_t ip_size(const struct ip *ip);   /* bytes: 4 or 16 */
unsigned ip_bits(const struct ip *ip); /* 32 or 128 */

/* Order of addresses, prefixes left aside: <0, 0, >0. IPv4 comes before IPv6. */
int ip_cmp(const struct ip *a, const struct ip *b);
bool ip_equal(const struct ip *a, const struct ip *b);

struct ip ip_network(const struct ip *net); /* the first address: host bits cleared */
struct ip ip_last(const struct ip *net);    /* the last: host bits set */
struct ip ip_next(const struct ip *ip);	    /* wraps around at the end of the family */
struct ip ip_prev(const struct ip *ip);
bool ip_contains(const struct ip *net, const struct ip *ip); /* false across families */
bool ip_overlap(const struct ip *net, const struct ip *other);
