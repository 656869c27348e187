/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/nftables/rules.h"
#include "firewall/owner.h"
#include "kernel/nft_rules.h"
#include "value/scope.h"

static const char inet[] =
#include "inet.nft.inc"
	;

static const char bridge[] =
#include "bridge.nft.inc"
	;

const char *rules_skeleton(enum claim_sort sort)
{
	return sort == CLAIM_MACCHECK ? bridge : inet;
}

/* A text in memory, written like a file. Out of memory ends the process. */
struct text {
	FILE *out;
	char *bytes;
	size_t size;
};

static void text_open(struct text *text)
{
	*text = (struct text){ .bytes = NULL };
	text->out = open_memstream(&text->bytes, &text->size);
	if (!text->out)
		abort();
}

static char *text_close(struct text *text)
{
	if (fclose(text->out) != 0)
		abort();
	return text->bytes;
}

/* Masquerade */

/* One rule each and no set of ranges: nested and overlapping networks are no mistake here. */
static void write_exception(FILE *out, const struct ip *ip)
{
	struct ip net = ip_network(ip);
	char text[IP_STRLEN];

	ip_cidr_str(&net, text);
	fprintf(out, "\t\tip%s daddr %s return comment \"%s sees pods' own addresses\"\n",
		net.family == AF_INET6 ? "6" : "", text, text);
}

static char *masquerade_rules(const struct claim *claim)
{
	struct text text;

	text_open(&text);
	for (size_t i = 0; i < claim->n_ips; i++)
		write_exception(text.out, &claim->ip[i]);
	for (size_t i = 0; i < claim->n_excepts; i++)
		write_exception(text.out, &claim->except[i]);
	fputs("\t\tmasquerade comment \"all else sees the host's address\"\n", text.out);
	return text_close(&text);
}

static char *masquerade_text(const struct claim *claim, char name[static NFT_CHAIN])
{
	_free_ char *rules = masquerade_rules(claim);
	char network[OWNER_NETWORK];
	struct text text;

	snprintf(name, NFT_CHAIN, "masq-%s-%08x", owner_network(claim->owner->network, network),
		 owner_hash(rules));
	/* A '~' marks a name that was cut, and is none of nft's letters. */
	for (char *c = name; (c = strchr(c, '~'));)
		*c = '_';
	text_open(&text);
	fprintf(text.out,
		"table inet podwire {\n\tchain %s { }\n}\n"
		"flush chain inet podwire %s\n"
		"table inet podwire {\n\tchain %s {\n%s\t}\n}\n",
		name, name, name, rules);
	return text_close(&text);
}

/* Host ports under conditions: before those without, in maps and chains of their own */

static void declare_conditional(FILE *out, const char *hash, const struct claim *claim)
{
	for (int v6 = 0; v6 < 2; v6++) {
		int digit = v6 ? 6 : 4;

		if (!claim->conditions[v6])
			continue;
		fprintf(out,
			"\tmap hostip%d-%s { type ipv%d_addr . inet_proto . inet_service : "
			"ipv%d_addr . inet_service; }\n",
			digit, hash, digit, digit);
		fprintf(out,
			"\tmap hostport%d-%s { type inet_proto . inet_service : "
			"ipv%d_addr . inet_service; }\n",
			digit, hash, digit);
	}
	fprintf(out,
		"\tchain prerouting-%s { type nat hook prerouting priority dstnat - 1; }\n"
		"\tchain output-%s { type nat hook output priority -101; }\n"
		"\tchain hostports-%s { }\n",
		hash, hash, hash);
}

static void write_entrance(FILE *out, const char *hook, const char *hash, const struct claim *claim)
{
	static const char *const families[] = { "ipv4", "ipv6" };
	char network[OWNER_NETWORK];

	fprintf(out, "\tchain %s-%s {\n", hook, hash);
	for (int v6 = 0; v6 < 2; v6++)
		if (claim->conditions[v6])
			fprintf(out,
				"\t\tmeta nfproto %s %s fib daddr type local jump hostports-%s "
				"comment \"under the conditions of %s, %s\"\n",
				families[v6], claim->conditions[v6], hash,
				owner_network(claim->owner->network, network), families[v6]);
	fputs("\t}\n", out);
}

static void write_destinations(FILE *out, const char *hash, const struct claim *claim)
{
	fprintf(out, "\tchain hostports-%s {\n", hash);
	for (int v6 = 0; v6 < 2; v6++) {
		int digit = v6 ? 6 : 4;
		const char *ip = v6 ? "ip6" : "ip";

		if (!claim->conditions[v6])
			continue;
		fprintf(out,
			"\t\tmeta nfproto ipv%d dnat %s to %s daddr . meta l4proto . th dport map "
			"@hostip%d-%s comment \"ports of one IPv%d address\"\n",
			digit, ip, ip, digit, hash, digit);
		fprintf(out,
			"\t\tmeta nfproto ipv%d dnat %s to meta l4proto . th dport map "
			"@hostport%d-%s comment \"ports of every IPv%d address\"\n",
			digit, ip, digit, hash, digit);
	}
	fputs("\t}\n", out);
}

static char *conditional_text(const struct claim *claim, char name[static NFT_CHAIN])
{
	char key[2048], hash[16], network[OWNER_NETWORK];
	struct text text;

	snprintf(key, sizeof(key), "%s|%s|%s", claim->owner->network,
		 claim->conditions[0] ? claim->conditions[0] : "",
		 claim->conditions[1] ? claim->conditions[1] : "");
	snprintf(hash, sizeof(hash), "%08x", owner_hash(key));
	snprintf(name, NFT_CHAIN, "ports-%s-%s", owner_network(claim->owner->network, network),
		 hash);
	text_open(&text);
	fputs("table inet podwire {\n", text.out);
	declare_conditional(text.out, hash, claim);
	fprintf(text.out,
		"}\nflush chain inet podwire prerouting-%s\nflush chain inet podwire output-%s\n"
		"flush chain inet podwire hostports-%s\ntable inet podwire {\n",
		hash, hash, hash);
	write_entrance(text.out, "prerouting", hash, claim);
	write_entrance(text.out, "output", hash, claim);
	write_destinations(text.out, hash, claim);
	fputs("}\n", text.out);
	return text_close(&text);
}

char *rules_write(const struct claim *claim, char name[static NFT_CHAIN])
{
	name[0] = '\0';
	if (claim->sort == CLAIM_MASQUERADE)
		return masquerade_text(claim, name);
	if (claim->sort == CLAIM_HOSTPORT && (claim->conditions[0] || claim->conditions[1]))
		return conditional_text(claim, name);
	return NULL;
}

/* Checking: a rule is known by its chain and its comment */

static void note(const char *chain, const char *comment, void *arg)
{
	fprintf(arg, "\n%s %s\n", chain, comment);
}

/* The next rule of a text: its chain and its comment, as note() writes them. */
static const char *next_rule(const char *at, char *chain, char *rule)
{
	while (*at) {
		int len = (int)strcspn(at, "\n");
		const char *comment = memmem(at, (size_t)len, " comment \"", 10);

		/* "chain NAME {": the rules that follow are in it */
		sscanf(at, " chain %95[^ ]", chain);
		at += len + (at[len] == '\n');
		if (!comment)
			continue;
		comment += 10;
		snprintf(rule, 256, "\n%s %.*s\n", chain, (int)strcspn(comment, "\"\n"), comment);
		return at;
	}
	return NULL;
}

int rules_check(struct nft *nft, const struct nft_set *table, const char *text, struct error *err)
{
	char chain[NFT_CHAIN] = "", rule[256];
	_free_ char *there = NULL;
	struct text known;
	int r;

	text_open(&known);
	r = nft_each_rule(nft, table, note, known.out);
	there = text_close(&known);
	if (r < 0)
		return nft_error(nft, err, "list the rules of table %s", table->table);
	while ((text = next_rule(text, chain, rule)))
		if (!strstr(there, rule))
			return error_set(
				err, CNI_CHECK_FAILED,
				"a firewall rule is missing in table podwire, chain %s: %.*s",
				chain, (int)strcspn(strchr(rule, ' ') + 1, "\n"),
				strchr(rule, ' ') + 1);
	return 0;
}
