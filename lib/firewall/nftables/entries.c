/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/nftables/entries.h"
#include "firewall/nftables/rules.h"
#include "firewall/owner.h"
#include "value/scope.h"

static const struct nft_set inet = { NFT_INET, "podwire", "" };
static const struct nft_set bridge = { NFT_BRIDGE, "podwire", "" };

const struct nft_set *entries_table(enum claim_sort sort)
{
	return sort == CLAIM_MACCHECK ? &bridge : &inet;
}

bool entries_belong(enum claim_sort sort, const struct nft_set *set)
{
	static const char *const names[CLAIM_SORTS][6] = {
		[CLAIM_MASQUERADE] = { "masq4", "masq6" },
		[CLAIM_HOSTPORT] = { "hostip", "hostport", "hairpin", "masqall", "links" },
		[CLAIM_MACCHECK] = { "ports", "macs" },
	};

	for (const char *const *name = names[sort]; *name; name++)
		if (!strncmp(set->name, *name, strlen(*name)))
			return true;
	return false;
}

static void *grow(void *old, size_t size)
{
	void *more = realloc(old, size);

	if (!more)
		abort();
	return more;
}

/* Begins the next element; the pushes that follow are about it. */
_printf_(3, 4) static struct nft_element *begin(struct entries *entries, enum claim_sort sort,
						const char *set, ...)
{
	struct nft_element *element;
	va_list args;

	if (entries->n == entries->room) {
		entries->room = entries->room ? 2 * entries->room : 16;
		entries->element =
			grow(entries->element, entries->room * sizeof(*entries->element));
		entries->text = grow(entries->text, entries->room * sizeof(*entries->text));
	}
	element = &entries->element[entries->n];
	*element = (struct nft_element){ .set = *entries_table(sort) };
	entries->text[entries->n++] = (struct entry_text){ .key = "" };
	va_start(args, set);
	vsnprintf(element->set.name, sizeof(element->set.name), set, args);
	va_end(args);
	return element;
}

/* A part of a key or of data, as bytes and as text. */
struct part {
	const void *bytes;
	size_t size;
	const char *text;
};

static void add_text(char *to, size_t room, const char *text)
{
	size_t len = strlen(to);

	snprintf(to + len, room - len, "%s%s", len ? " . " : "", text);
}

static void push_key(struct entries *entries, const struct part *part)
{
	struct entry_text *text = &entries->text[entries->n - 1];

	nft_push(&entries->element[entries->n - 1].key, part->bytes, part->size);
	add_text(text->key, sizeof(text->key), part->text);
}

static void push_data(struct entries *entries, const struct part *part)
{
	struct entry_text *text = &entries->text[entries->n - 1];

	nft_push(&entries->element[entries->n - 1].data, part->bytes, part->size);
	add_text(text->data, sizeof(text->data), part->text);
}

typedef void push_fn(struct entries *, const struct part *);

static void push_ip(struct entries *entries, push_fn *push, const struct ip *ip)
{
	char text[IP_STRLEN];

	push(entries, &(struct part){ ip->byte, ip_size(ip), ip_str(ip, text) });
}

static void push_port(struct entries *entries, push_fn *push, uint16_t port)
{
	uint16_t wire = htons(port);
	char text[8];

	snprintf(text, sizeof(text), "%u", port);
	push(entries, &(struct part){ &wire, sizeof(wire), text });
}

static void push_link(struct entries *entries, const char *name)
{
	char padded[IFNAMSIZ] = "", text[IFNAMSIZ + 2];

	snprintf(padded, sizeof(padded), "%s", name);
	snprintf(text, sizeof(text), "\"%s\"", padded);
	push_key(entries, &(struct part){ padded, sizeof(padded), text });
}

static char family_digit(const struct ip *ip)
{
	return ip->family == AF_INET ? '4' : '6';
}

/* Sorts of claims */

static void write_masquerade(struct entries *entries, const struct claim *claim)
{
	for (size_t i = 0; i < claim->n_ips; i++) {
		struct nft_element *element =
			begin(entries, claim->sort, "masq%c", family_digit(&claim->ip[i]));

		push_ip(entries, push_key, &claim->ip[i]);
		snprintf(element->chain, sizeof(element->chain), "%s", entries->rules_name);
	}
}

/* Ports under conditions are in maps of their own, whose names end as their chains' do. */
static const char *suffix(const struct entries *entries, const struct claim *claim,
			  const struct ip *ip)
{
	return claim->conditions[ip->family == AF_INET6] ? strrchr(entries->rules_name, '-') : "";
}

static void write_port(struct entries *entries, const struct claim *claim, const struct ip *ip,
		       const struct claim_port *port)
{
	const char *protocol = claim_protocol(port->protocol);

	begin(entries, claim->sort, "%s%c%s",
	      claim_port_is_everywhere(port) ? "hostport" : "hostip", family_digit(ip),
	      suffix(entries, claim, ip));
	if (!claim_port_is_everywhere(port))
		push_ip(entries, push_key, &port->on);
	push_key(entries, &(struct part){ &port->protocol, 1, protocol });
	push_port(entries, push_key, port->host);
	push_ip(entries, push_data, ip);
	push_port(entries, push_data, port->pod);
}

/* What makes answers come back here; the link is shared by all pods behind it. */
static void write_answers(struct entries *entries, const struct claim *claim, size_t i)
{
	const struct ip *ip = &claim->ip[i];

	if (claim->masq_all) {
		begin(entries, claim->sort, "masqall%c", family_digit(ip));
		push_ip(entries, push_key, ip);
	}
	if (!claim->snat)
		return;
	begin(entries, claim->sort, "hairpin%c", family_digit(ip));
	push_ip(entries, push_key, ip);
	push_ip(entries, push_key, ip);
	if (claim->way[i].str[0] && (i == 0 || strcmp(claim->way[0].str, claim->way[1].str) != 0)) {
		begin(entries, claim->sort, "links")->shared = true;
		push_link(entries, claim->way[i].str);
		push_link(entries, claim->way[i].str);
	}
}

static void write_hostports(struct entries *entries, const struct claim *claim)
{
	for (size_t i = 0; i < claim->n_ips; i++) {
		size_t before = entries->n;

		for (size_t p = 0; p < claim->n_ports; p++)
			if (claim_port_serves(&claim->port[p], &claim->ip[i]))
				write_port(entries, claim, &claim->ip[i], &claim->port[p]);
		if (entries->n > before)
			write_answers(entries, claim, i);
	}
}

static void write_maccheck(struct entries *entries, const struct claim *claim)
{
	char text[MAC_STRLEN];

	begin(entries, claim->sort, "ports");
	push_link(entries, claim->link.str);
	begin(entries, claim->sort, "macs");
	push_link(entries, claim->link.str);
	push_key(entries,
		 &(struct part){ &claim->mac, sizeof(claim->mac), mac_str(&claim->mac, text) });
}

/* What is shared belongs to nobody; all else says whose it is. */
static void sign(struct entries *entries, const struct claim *claim)
{
	char owner[OWNER_STRLEN];

	owner_str(claim->owner, owner);
	for (size_t i = 0; i < entries->n; i++) {
		struct nft_element *element = &entries->element[i];

		snprintf(element->comment, sizeof(element->comment), "%s",
			 element->shared ? "pods with host ports" : owner);
	}
}

void entries_write(struct entries *entries, const struct claim *claim)
{
	static void (*const write[CLAIM_SORTS])(struct entries *, const struct claim *) = {
		[CLAIM_MASQUERADE] = write_masquerade,
		[CLAIM_HOSTPORT] = write_hostports,
		[CLAIM_MACCHECK] = write_maccheck,
	};

	entries->rules = rules_write(claim, entries->rules_name);
	write[claim->sort](entries, claim);
	sign(entries, claim);
}

char *entries_text(const struct entries *entries)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (size_t i = 0; i < entries->n; i++) {
		const struct nft_element *e = &entries->element[i];

		fprintf(out, "add element %s %s %s { %s comment \"%s\"",
			e->set.family == NFT_INET ? "inet" : "bridge", e->set.table, e->set.name,
			entries->text[i].key, e->comment);
		if (e->chain[0])
			fprintf(out, " : jump %s", e->chain);
		else if (e->data.size)
			fprintf(out, " : %s", entries->text[i].data);
		fputs(" }\n", out);
	}
	if (fclose(out) != 0)
		abort();
	return text;
}

const char *entry_str(const struct entries *entries, size_t i, char buf[static ENTRY_STRLEN])
{
	snprintf(buf, ENTRY_STRLEN, "%s { %s }", entries->element[i].set.name,
		 entries->text[i].key);
	return buf;
}

void entries_leave(struct entries *entries, size_t i)
{
	size_t behind = --entries->n - i;

	memmove(&entries->element[i], &entries->element[i + 1], behind * sizeof(*entries->element));
	memmove(&entries->text[i], &entries->text[i + 1], behind * sizeof(*entries->text));
}

void entries_close(struct entries *entries)
{
	free(entries->element);
	free(entries->text);
	free(entries->rules);
	*entries = ENTRIES_NONE;
}
