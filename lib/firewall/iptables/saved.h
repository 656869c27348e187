/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What iptables-save(8) says: the rules that are there, and as much of each as podwire looks at. */

#include "firewall/iptables/text.h"
#include "value/error.h"
#include "value/ip.h"

struct saved {
	char *text;
};

#define SAVED_NONE ((struct saved){ NULL })

/* Of one family; table NULL: all. 1: there is no such program, or the kernel cannot do it. */
int saved_read(struct saved *saved, int family, const char *table, struct error *err);
void saved_close(struct saved *saved);
#define _saved_ __attribute__((__cleanup__(saved_close)))

struct saved_rule {
	struct iptables_line line; /* its `what` can be given back to iptables-restore after "-D" */
	char chain[32], target[32];
	char comment[256];
	/* of rules that redirect, or lead to one that does */
	uint8_t protocol; /* IPPROTO_*, 0: any */
	uint16_t port;	  /* of the destination, 0: any */
	struct ip to;	  /* family 0: elsewhere */
};

/* The next rule; false: there are no more. Begin with { .line.rest = saved->text }, or with a text
 * that iptables-restore reads. */
bool saved_next(struct saved_rule *rule);

/* "POSTROUTING -j PODWIRE-MASQ" in a table. */
bool saved_has_rule(const struct saved *saved, const char *table, const char *what);
bool saved_has_chain(const struct saved *saved, const char *table, const char *chain);
