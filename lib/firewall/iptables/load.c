/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/iptables/load.h"
#include "kernel/program.h"
#include "value/scope.h"

#define NOT_FOUND 127
#define TRIES 3 /* somebody may flush the rules between our look and our change */

static FILE *open_text(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);

	if (!out)
		abort();
	return out;
}

static void close_text(FILE *out)
{
	if (fclose(out) != 0)
		abort();
}

int iptables_load(struct firewall *fw, int family, const char *text, struct error *err)
{
	/* iptables-legacy has a lock of its own, and does not wait for it by itself. */
	const char *argv[] = { family == AF_INET ? "iptables-restore" : "ip6tables-restore",
			       "--noflush", "--wait=10", NULL };
	struct program restore = { .argv = argv, .input = text };
	int r = program_run(&restore, err);

	if (r <= 0)
		return r;
	snprintf(fw->why_not, sizeof(fw->why_not), "%s: %.480s", argv[0], restore.said);
	return r == NOT_FOUND ? IPTABLES_UNUSABLE : IPTABLES_REFUSED;
}

bool iptables_needs_are_met(const char *text, const struct saved *saved)
{
	struct iptables_line line = { .rest = text };

	while (iptables_line_next(&line))
		if (line.verb == 'C' && !saved_has_rule(saved, line.table, line.what))
			return false;
	return true;
}

/* Everything back */

static const char *const shared_chains[] = { IPTABLES_MASQ, IPTABLES_HOSTPORT };

/* One table's part of what is to be loaded. */
struct rebuilding {
	const char *table, *text;
	const struct saved *saved;
	char **chain; /* that the text makes, sorted */
	size_t n_chains;
	bool refill[COUNT(shared_chains)]; /* everything in it is in the text, too */
	FILE *out;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void keep_chain(struct rebuilding *r, const char *name)
{
	char **more = realloc(r->chain, (r->n_chains + 1) * sizeof(*more));

	if (!more || !(more[r->n_chains] = strdup(name)))
		abort();
	r->chain = more;
	r->n_chains++;
}

static bool is_made(const struct rebuilding *r, const char *chain)
{
	return r->n_chains &&
	       bsearch(&chain, r->chain, r->n_chains, sizeof(*r->chain), by_name) != NULL;
}

static size_t which_shared(const char *chain)
{
	size_t i = 0;

	while (i < COUNT(shared_chains) && strcmp(chain, shared_chains[i]) != 0)
		i++;
	return i;
}

/* To fill a shared chain anew is quicker than to take a thousand rules out of it one by one. */
static void survey(struct rebuilding *r)
{
	struct iptables_line line = { .rest = r->text };
	struct saved_rule rule = { .line.rest = r->saved->text };

	while (iptables_line_next(&line))
		if (line.verb == 'N' && !strcmp(line.table, r->table))
			keep_chain(r, line.what);
	if (r->n_chains)
		qsort(r->chain, r->n_chains, sizeof(*r->chain), by_name);
	for (size_t i = 0; i < COUNT(shared_chains); i++)
		r->refill[i] = true;
	while (saved_next(&rule)) {
		size_t i = which_shared(rule.chain);

		if (i < COUNT(shared_chains) && !strcmp(rule.line.table, r->table))
			r->refill[i] &= is_made(r, rule.target);
	}
}

static void forget_survey(struct rebuilding *r)
{
	for (size_t i = 0; i < r->n_chains; i++)
		free(r->chain[i]);
	free(r->chain);
}

/* Everybody else's rules of the same chains stay where they are: in the chains of redirections
 * before ours, everywhere else behind. */
static char verb_of(const char *table, const char *what)
{
	bool redirects = !strncmp(what, "PREROUTING ", 11) || !strncmp(what, "OUTPUT ", 7);

	return redirects && !strcmp(table, "nat") ? 'A' : 'I';
}

/* Every attachment's text says what it needs, so most say the same. */
static void write_needs(const struct rebuilding *r)
{
	struct iptables_line line = { .rest = r->text };
	_free_ char *seen = NULL;
	size_t size;
	FILE *out = open_text(&seen, &size);

	while (iptables_line_next(&line)) {
		char rule[sizeof(line.buf) + 2];

		snprintf(rule, sizeof(rule), "%s\n", line.what);
		fflush(out);
		if (line.verb != 'C' || strcmp(line.table, r->table) != 0 || strstr(seen, rule))
			continue;
		fputs(rule, out);
		if (!saved_has_rule(r->saved, r->table, line.what))
			fprintf(r->out, "-%c %s", verb_of(r->table, line.what), rule);
	}
	close_text(out);
}

/* A declaration makes a chain, or empties it. */
static void write_chains(const struct rebuilding *r)
{
	for (size_t i = 0; i < COUNT(shared_chains) && !strcmp(r->table, "nat"); i++)
		if (r->refill[i] || !saved_has_chain(r->saved, r->table, shared_chains[i]))
			fprintf(r->out, ":%s - [0:0]\n", shared_chains[i]);
	for (size_t i = 0; i < r->n_chains; i++)
		fprintf(r->out, ":%s - [0:0]\n", r->chain[i]);
}

/* What leads to a chain that the text makes is in the text. */
static void write_removals(const struct rebuilding *r)
{
	struct saved_rule rule = { .line.rest = r->saved->text };

	while (saved_next(&rule)) {
		size_t i = which_shared(rule.chain);

		if (!strcmp(rule.line.table, r->table) && is_made(r, rule.target) &&
		    (i == COUNT(shared_chains) || !r->refill[i]))
			fprintf(r->out, "-D %s\n", rule.line.what);
	}
}

static void write_rules(const struct rebuilding *r)
{
	struct iptables_line line = { .rest = r->text };

	while (iptables_line_next(&line))
		if (strchr("AI", line.verb) && !strcmp(line.table, r->table))
			fprintf(r->out, "-%c %s\n", line.verb, line.what);
}

static int load_whole(struct firewall *fw, int family, const char *text, struct error *err)
{
	static const char *const tables[] = { "raw", "nat" };
	_saved_ struct saved saved = SAVED_NONE;
	_free_ char *all = NULL;
	size_t size;
	FILE *out;
	int r = saved_read(&saved, family, NULL, err);

	if (r < 0)
		return r;
	/* Nothing is there, then; why, iptables-restore will say. */
	if (r > 0 && !(saved.text = strdup("")))
		abort();
	out = open_text(&all, &size);
	for (size_t i = 0; i < COUNT(tables); i++) {
		struct rebuilding rebuilding = {
			.table = tables[i], .text = text, .saved = &saved, .out = out
		};
		char from[32];

		snprintf(from, sizeof(from), "*%s\n", tables[i]);
		if (!strstr(text, from))
			continue;
		fputs(from, out);
		survey(&rebuilding);
		write_chains(&rebuilding);
		write_removals(&rebuilding);
		write_needs(&rebuilding);
		write_rules(&rebuilding);
		fputs("COMMIT\n", out);
		forget_survey(&rebuilding);
	}
	close_text(out);
	return iptables_load(fw, family, all, err);
}

struct gathering {
	struct firewall *fw;
	int family;
	FILE *out; /* NULL: each is loaded by itself */
};

static void gather(const struct journal_text *text, void *arg)
{
	const struct gathering *gathering = arg;
	_free_ char *part = iptables_text_part(text->text, gathering->family);
	struct error ignored;

	if (gathering->out)
		fputs(part, gathering->out);
	else if (*part && load_whole(gathering->fw, gathering->family, part, &ignored) != 0)
		fprintf(stderr, "cannot put back %s of network %s: %s\n", text->file, text->network,
			gathering->fw->why_not);
}

/* What the text needs, without what it makes. */
static void write_needs_of(const char *text, FILE *out)
{
	struct iptables_line line = { .rest = text };

	while (iptables_line_next(&line))
		if (line.verb == 'C')
			fprintf(out, "*%s\n-C %s\n", line.table, line.what);
}

static int load_one_by_one(struct gathering *gathering, const char *needs, struct error *err)
{
	const struct journal_visit visit = { IPTABLES_JOURNAL, gather, gathering };
	int r = load_whole(gathering->fw, gathering->family, needs, err);

	return r ? r : journal_each(&gathering->fw->journal, &visit, err);
}

static int rebuild(struct firewall *fw, int family, const char *text, struct error *err)
{
	struct gathering gathering = { .fw = fw, .family = family };
	const struct journal_visit visit = { IPTABLES_JOURNAL, gather, &gathering };
	_free_ char *all = NULL, *needs = NULL;
	size_t size;
	FILE *out = open_text(&needs, &size);
	int r;

	write_needs_of(text, out);
	close_text(out);
	gathering.out = open_text(&all, &size);
	fputs(needs, gathering.out);
	r = journal_each(&fw->journal, &visit, err);
	close_text(take_ptr(gathering.out));
	if (r < 0 || !*all)
		return r;
	r = IPTABLES_REFUSED;
	for (int i = 0; i < TRIES && r == IPTABLES_REFUSED; i++)
		r = load_whole(fw, family, all, err);
	if (r == IPTABLES_REFUSED)
		r = load_one_by_one(&gathering, needs, err);
	return r > 0 ? 1 : r;
}

int iptables_rebuild(struct firewall *fw, int family, const char *text, struct error *err)
{
	int r = rebuild(fw, family, text, err);

	return r ? r : rebuild(fw, family == AF_INET ? AF_INET6 : AF_INET, "", err);
}
