/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/iptables/text.h"
#include "firewall/owner.h"

#define CHAIN_LEN 29 /* XT_EXTENSION_MAXNAMELEN */

static const char mark4[] = "# iptables-restore --noflush\n";
static const char mark6[] = "# ip6tables-restore --noflush\n";

struct writing {
	const struct claim *claim;
	int family;
	FILE *out;
	char owner[OWNER_STRLEN];
	char chain[CHAIN_LEN]; /* of the attachment */
};

static FILE *open_text(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);

	if (!out)
		abort();
	return out;
}

static char *network_str(const struct ip *ip, char buf[static IP_STRLEN])
{
	struct ip network = ip_network(ip);

	ip_cidr_str(&network, buf);
	return buf;
}

/* The rule that leads from a shared chain to one of the attachment's, and says whose that is. */
static void write_jump(const struct writing *w, const char *matches, const char *chain)
{
	fprintf(w->out, "%s -m comment --comment \"%s\" -j %s\n", matches, w->owner, chain);
}

/* Masquerading */

static void write_exceptions(const struct writing *w, const struct ip *net, size_t n)
{
	char text[IP_STRLEN];

	for (size_t i = 0; i < n; i++)
		if (net[i].family == w->family)
			fprintf(w->out, "-A %s -d %s -j RETURN\n", w->chain,
				network_str(&net[i], text));
}

static void write_masquerade(const struct writing *w)
{
	const struct claim *claim = w->claim;
	char matches[128], text[IP_STRLEN];

	fprintf(w->out, "*nat\n-C POSTROUTING -j %s\n-N %s\n", IPTABLES_MASQ, w->chain);
	for (size_t i = 0; i < claim->n_ips; i++) {
		if (claim->ip[i].family != w->family)
			continue;
		snprintf(matches, sizeof(matches), "-A %s -s %s", IPTABLES_MASQ,
			 ip_str(&claim->ip[i], text));
		write_jump(w, matches, w->chain);
	}
	write_exceptions(w, claim->ip, claim->n_ips);
	write_exceptions(w, claim->except, claim->n_excepts);
	fprintf(w->out, "-A %s -d %s -j RETURN\n", w->chain,
		w->family == AF_INET ? "224.0.0.0/4" : "ff00::/8");
	fprintf(w->out, "-A %s -j MASQUERADE\nCOMMIT\n", w->chain);
}

/* Host ports */

/* Localhost reaches host ports because this link has route_localnet; nobody else may use that. */
static void write_guard(const struct writing *w, const char *way)
{
	static const char sides[] = "sd";

	fputs("*raw\n", w->out);
	for (const char *side = sides; *side; side++)
		fprintf(w->out,
			"-C PREROUTING -%c 127.0.0.0/8 -i %s -m comment --comment \"podwire guard\""
			" -j DROP\n",
			*side, way);
	fputs("COMMIT\n", w->out);
}

/* Answers to ::1 never come back from a link (IPv6 has no route_localnet): it is left alone. */
static void write_entries(const struct writing *w)
{
	const char *local = "-m addrtype --dst-type LOCAL -j " IPTABLES_HOSTPORT;

	fprintf(w->out, "*nat\n-C POSTROUTING -j %s\n-C PREROUTING %s\n-C OUTPUT %s%s\n",
		IPTABLES_MASQ, local, w->family == AF_INET6 ? "! -d ::1/128 " : "", local);
}

static void write_answer_of_port(const struct writing *w, const struct ip *ip,
				 const struct claim_port *port)
{
	char text[IP_STRLEN];

	fprintf(w->out,
		"-A %s -s %s -p %s -m conntrack --ctstate DNAT --ctorigdstport %u -j MASQUERADE\n",
		w->chain, network_str(ip, text), claim_protocol(port->protocol), port->host);
}

/* The answer to a redirected packet must come back here to be turned round again. */
static void write_answers(const struct writing *w, const struct ip *ip)
{
	const struct claim *claim = w->claim;
	char matches[128], text[IP_STRLEN];

	fprintf(w->out, "-N %s\n", w->chain);
	snprintf(matches, sizeof(matches), "-A %s -d %s", IPTABLES_MASQ, ip_str(ip, text));
	write_jump(w, matches, w->chain);
	if (claim->masq_all) {
		fprintf(w->out, "-A %s -m conntrack --ctstate DNAT -j MASQUERADE\n", w->chain);
		return;
	}
	if (w->family == AF_INET)
		fprintf(w->out, "-A %s -s 127.0.0.0/8 -m conntrack --ctstate DNAT -j MASQUERADE\n",
			w->chain);
	fprintf(w->out, "-A %s -s %s -j MASQUERADE\n", w->chain, text);
	for (size_t i = 0; i < claim->n_ports; i++)
		if (claim_port_serves(&claim->port[i], ip))
			write_answer_of_port(w, ip, &claim->port[i]);
}

/* The same port may be held once on all addresses, once on each, and so for each condition. */
static void name_port(const struct claim_port *port, const char *conditions,
		      char chain[static CHAIN_LEN])
{
	bool special = *conditions || !claim_port_is_everywhere(port);
	char text[IP_STRLEN] = "", place[2048];
	int n = snprintf(chain, CHAIN_LEN, IPTABLES_OWN "%s-%u", claim_protocol(port->protocol),
			 port->host);

	if (!special)
		return;
	if (!claim_port_is_everywhere(port))
		ip_str(&port->on, text);
	snprintf(place, sizeof(place), "%s %s", text, conditions);
	snprintf(chain + n, CHAIN_LEN - (size_t)n, "-%08x", owner_hash(place));
}

/* Who shall masquerade is told by a mark: the chain that sets it comes before the packet is
 * redirected. */
static void write_marks(const struct writing *w, const struct ip *ip, const char *chain)
{
	const struct claim *claim = w->claim;
	char text[IP_STRLEN];

	if (claim->masq_all) {
		fprintf(w->out, "-A %s -j %s\n", chain, claim->mark_chain);
		return;
	}
	fprintf(w->out, "-A %s -s %s -j %s\n", chain, network_str(ip, text), claim->mark_chain);
	if (w->family == AF_INET)
		fprintf(w->out, "-A %s -s 127.0.0.0/8 -j %s\n", chain, claim->mark_chain);
}

static bool wants_answers(const struct claim *claim)
{
	return claim->snat || claim->masq_all;
}

/* What holds for one address or under conditions comes before what holds for all. */
static void write_port(const struct writing *w, const struct ip *ip, const struct claim_port *port)
{
	const char *protocol = claim_protocol(port->protocol);
	const char *conditions = w->claim->conditions[w->family == AF_INET6];
	bool everywhere = claim_port_is_everywhere(port), v6 = w->family == AF_INET6;
	char chain[CHAIN_LEN], text[IP_STRLEN], matches[2048];

	conditions = conditions ? conditions : "";
	name_port(port, conditions, chain);
	fprintf(w->out, "-N %s\n", chain);
	if (w->claim->mark_chain && wants_answers(w->claim))
		write_marks(w, ip, chain);
	fprintf(w->out, "-A %s -p %s -j DNAT --to-destination %s%s%s:%u\n", chain, protocol,
		v6 ? "[" : "", ip_str(ip, text), v6 ? "]" : "", port->pod);
	snprintf(matches, sizeof(matches), "-%c %s%s%s -p %s --dport %u%s%s",
		 everywhere && !*conditions ? 'A' : 'I', IPTABLES_HOSTPORT,
		 everywhere ? "" : " -d ", everywhere ? "" : ip_str(&port->on, text), protocol,
		 port->host, *conditions ? " " : "", conditions);
	write_jump(w, matches, chain);
}

/* An address of this family that ports lead to; NULL: none. */
static const struct ip *served(const struct writing *w, size_t *which)
{
	const struct claim *claim = w->claim;

	for (*which = 0; *which < claim->n_ips; ++*which)
		for (size_t p = 0; p < claim->n_ports; p++)
			if (claim->ip[*which].family == w->family &&
			    claim_port_serves(&claim->port[p], &claim->ip[*which]))
				return &claim->ip[*which];
	return NULL;
}

static void write_hostports(const struct writing *w)
{
	const struct claim *claim = w->claim;
	size_t which;
	const struct ip *ip = served(w, &which);

	if (!ip)
		return;
	if (claim->snat && w->family == AF_INET && claim->way[which].str[0])
		write_guard(w, claim->way[which].str);
	write_entries(w);
	if (wants_answers(claim) && !claim->mark_chain)
		write_answers(w, ip);
	for (size_t i = 0; i < claim->n_ports; i++)
		if (claim_port_serves(&claim->port[i], ip))
			write_port(w, ip, &claim->port[i]);
	fputs("COMMIT\n", w->out);
}

static bool has_family(const struct claim *claim, int family)
{
	for (size_t i = 0; i < claim->n_ips; i++)
		if (claim->ip[i].family == family)
			return true;
	return false;
}

char *iptables_text(const struct claim *claim, int family)
{
	struct writing w = { .claim = claim, .family = family };
	struct ifname veth = identity_veth(claim->owner);
	char *text = NULL;
	size_t size;

	if (!has_family(claim, family))
		return NULL;
	owner_str(claim->owner, w.owner);
	snprintf(w.chain, sizeof(w.chain), "%s%s",
		 claim->sort == CLAIM_MASQUERADE ? IPTABLES_OWN_MASQ : IPTABLES_OWN "SNAT-",
		 veth.str + strlen("veth"));
	w.out = open_text(&text, &size);
	if (claim->sort == CLAIM_MASQUERADE)
		write_masquerade(&w);
	else
		write_hostports(&w);
	if (fclose(w.out) != 0)
		abort();
	if (!size) {
		free(text);
		return NULL;
	}
	return text;
}

/* Both families in one */

char *iptables_text_join(const char *text4, const char *text6)
{
	char *joined = NULL;
	size_t size;
	FILE *out = open_text(&joined, &size);

	if (text4)
		fprintf(out, "%s%s", mark4, text4);
	if (text6)
		fprintf(out, "%s%s", mark6, text6);
	if (fclose(out) != 0)
		abort();
	return joined;
}

char *iptables_text_part(const char *joined, int family)
{
	const char *from = strstr(joined, family == AF_INET ? mark4 : mark6);
	const char *to = from && family == AF_INET ? strstr(from, mark6) : NULL;
	char *part;

	from = from ? from : "";
	part = to ? strndup(from, (size_t)(to - from)) : strdup(from);
	if (!part)
		abort();
	return part;
}

bool iptables_line_next(struct iptables_line *line)
{
	while (*line->rest) {
		size_t len = strcspn(line->rest, "\n");

		snprintf(line->buf, sizeof(line->buf), "%.*s", (int)len, line->rest);
		line->rest += len + (line->rest[len] == '\n');
		if (line->buf[0] == '*')
			snprintf(line->table, sizeof(line->table), "%.15s", line->buf + 1);
		line->verb = line->buf[1];
		line->what = line->buf + 3;
		if (line->buf[0] == '-' && len > 3)
			return true;
	}
	return false;
}
