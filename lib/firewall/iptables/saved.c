/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/iptables/saved.h"
#include "kernel/program.h"
#include "value/scope.h"

void saved_close(struct saved *saved)
{
	free(saved->text);
	*saved = SAVED_NONE;
}

int saved_read(struct saved *saved, int family, const char *table, struct error *err)
{
	const char *argv[] = { family == AF_INET ? "iptables-save" : "ip6tables-save",
			       table ? "-t" : NULL, table, NULL };
	struct program save = { .argv = argv, .all = &saved->text };
	int r = program_run(&save, err);

	if (r)
		saved_close(saved);
	return r > 0 ? 1 : r;
}

/* The next word of a rule, without its quotes, cut to fit; false: there are no more. */
static bool next_word(const char **rest, char *word, size_t room)
{
	size_t n = 0;
	bool quoted = false;
	const char *c = *rest + strspn(*rest, " ");

	if (!*c)
		return false;
	for (; *c && (quoted || *c != ' '); c++) {
		if (*c == '"') {
			quoted = !quoted;
			continue;
		}
		if (*c == '\\' && c[1])
			c++;
		if (n + 1 < room)
			word[n++] = *c;
	}
	word[n] = '\0';
	*rest = c;
	return true;
}

static uint8_t protocol_of(const char *name)
{
	static const uint8_t all[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };

	for (size_t i = 0; i < sizeof(all); i++)
		if (!strcmp(name, claim_protocol(all[i])))
			return all[i];
	return 0;
}

/* "10.1.0.5:80", "[fd00::5]:80" */
static void read_destination(struct ip *to, char *text)
{
	char *end = strrchr(text, ':');

	if (end)
		*end = '\0';
	if (text[0] == '[' && (end = strchr(++text, ']')))
		*end = '\0';
	ip_parse(to, text);
}

/* The value of an option of which we know what it means. */
static void read_option(struct saved_rule *rule, const char *option, char *value)
{
	if (!strcmp(option, "--comment"))
		snprintf(rule->comment, sizeof(rule->comment), "%s", value);
	else if (!strcmp(option, "-j"))
		snprintf(rule->target, sizeof(rule->target), "%.31s", value);
	else if (!strcmp(option, "-p"))
		rule->protocol = protocol_of(value);
	else if (!strcmp(option, "--dport"))
		rule->port = (uint16_t)strtoul(value, NULL, 10);
	else if (!strcmp(option, "--to-destination"))
		read_destination(&rule->to, value);
}

static bool is_known(const char *option)
{
	static const char *const known[] = { "--comment", "-j", "-p", "--dport",
					     "--to-destination" };

	for (size_t i = 0; i < COUNT(known); i++)
		if (!strcmp(option, known[i]))
			return true;
	return false;
}

bool saved_next(struct saved_rule *rule)
{
	char option[256], value[256];
	const char *rest;

	do {
		if (!iptables_line_next(&rule->line))
			return false;
	} while (!strchr("AI", rule->line.verb));
	rule->target[0] = rule->comment[0] = '\0';
	rule->protocol = 0;
	rule->port = 0;
	rule->to.family = 0;
	rest = rule->line.what;
	next_word(&rest, rule->chain, sizeof(rule->chain));
	while (next_word(&rest, option, sizeof(option)))
		if (is_known(option) && next_word(&rest, value, sizeof(value)))
			read_option(rule, option, value);
	return true;
}

bool saved_has_rule(const struct saved *saved, const char *table, const char *what)
{
	struct iptables_line line = { .rest = saved->text };

	while (iptables_line_next(&line))
		if (line.verb == 'A' && !strcmp(line.table, table) && !strcmp(line.what, what))
			return true;
	return false;
}

bool saved_has_chain(const struct saved *saved, const char *table, const char *chain)
{
	char from[32], declaration[64];
	const char *at, *end;

	snprintf(from, sizeof(from), "*%s\n", table);
	snprintf(declaration, sizeof(declaration), "\n:%s ", chain);
	at = strstr(saved->text, from);
	end = at ? strstr(at, "\nCOMMIT") : NULL;
	at = at ? strstr(at, declaration) : NULL;
	return at && (!end || at < end);
}
