/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Claims as text that iptables-restore(8) reads, and what is in the text
 *
 *   *nat
 *   -C POSTROUTING -j PODWIRE-MASQ             what all share, and must be there already
 *   -N PW-MASQ-aed1554a5e9                     the attachment's own chain; its veth ends so too
 *   -A PODWIRE-MASQ -s 10.1.0.5 -m comment --comment "net/c1/eth0" -j PW-MASQ-aed1554a5e9
 *   -A PW-MASQ-aed1554a5e9 -d 10.1.0.0/24 -j RETURN
 *   -A PW-MASQ-aed1554a5e9 -j MASQUERADE
 *   COMMIT
 *
 * A host port is a chain, PW-tcp-8080: to make it again is refused, so a port
 * has one holder. The rule that leads to a chain says whose it is. Nothing is
 * done if any line fails.
 *
 * The lines with -C are written as iptables-save(8) prints them, so that they
 * can be looked for in what it says.
 */

#include "firewall/claim.h"

#define IPTABLES_MASQ "PODWIRE-MASQ"
#define IPTABLES_HOSTPORT "PODWIRE-HOSTPORT"
#define IPTABLES_OWN "PW-" /* what chains of attachments begin with */
#define IPTABLES_OWN_MASQ "PW-MASQ-"

/* Of one family; to be freed. NULL: the claim has nothing in this family. */
char *iptables_text(const struct claim *claim, int family);

/* Both families in one text, for the journal; NULL: nothing of that family. To be freed. */
char *iptables_text_join(const char *text4, const char *text6);

/* The part of one family; to be freed. */
char *iptables_text_part(const char *joined, int family);

/* A line of a text. Begin with { .rest = text }. */
struct iptables_line {
	const char *rest;
	char table[16]; /* "raw", "nat" */
	char verb;	/* of "-A PREROUTING -j X": 'A' */
	char *what;	/* and "PREROUTING -j X" */
	char buf[2048]; /* a longer line is cut */
};

/* The next line that is a command; false: there are no more. */
bool iptables_line_next(struct iptables_line *line);
