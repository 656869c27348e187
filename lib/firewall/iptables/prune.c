/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/iptables/load.h"
#include "firewall/iptables/prune.h"
#include "kernel/xtables.h"
#include "value/scope.h"

#define TRIES 10 /* against somebody who flushes the rules all the time */

static const int families[] = { AF_INET, AF_INET6 };

bool prune_may_find(struct firewall *fw, int family, const struct pruning *pruning)
{
	const struct xtables_search search = { family, pruning->chains, pruning->text };

	return xtables_hold(&fw->nft, &search);
}

static bool is_among(const char *chain, const char *const *chains)
{
	while (*chains && strcmp(chain, *chains) != 0)
		chains++;
	return *chains != NULL;
}

static void keep_port(struct pruning *pruning, const struct conntrack_port *port)
{
	struct conntrack_port *more =
		realloc(pruning->port, (pruning->n_ports + 1) * sizeof(*pruning->port));

	if (!more)
		abort();
	pruning->port = more;
	pruning->port[pruning->n_ports++] = *port;
}

/* The port of a redirection is in its own rule, or in the one that leads to its chain. TCP flows
 * end by themselves. */
static void keep_ports(struct pruning *pruning, const struct saved *saved,
		       const struct saved_rule *jump)
{
	struct saved_rule rule = { .line.rest = saved->text };

	if (!jump->protocol || jump->protocol == IPPROTO_TCP)
		return;
	while (saved_next(&rule)) {
		struct conntrack_port port = { rule.protocol, rule.port ? rule.port : jump->port,
					       rule.to };

		if (rule.to.family && port.port && !strcmp(rule.chain, jump->target))
			keep_port(pruning, &port);
	}
}

/* Chains that several rules led to go once. */
struct removal {
	FILE *rules, *chains;
	char *rules_text, *chains_text;
	size_t rules_size, chains_size;
};

static void remove_rule(struct removal *removal, const struct saved_rule *rule)
{
	char removed[64];

	fprintf(removal->rules, "-D %s\n", rule->line.what);
	snprintf(removed, sizeof(removed), "-X %s\n", rule->target);
	fflush(removal->chains);
	if (!strstr(removal->chains_text, removed))
		fprintf(removal->chains, "-F %s\n%s", rule->target, removed);
}

/* NULL: there is nothing to be removed. */
static char *write_removal(struct pruning *pruning, const struct saved *saved)
{
	struct saved_rule rule = { .line.rest = saved->text };
	struct removal removal;
	char *text = NULL;

	removal.rules = open_memstream(&removal.rules_text, &removal.rules_size);
	removal.chains = open_memstream(&removal.chains_text, &removal.chains_size);
	if (!removal.rules || !removal.chains)
		abort();
	while (saved_next(&rule)) {
		if (!is_among(rule.chain, pruning->chains) ||
		    !pruning->is_wanted(&rule, pruning->arg))
			continue;
		remove_rule(&removal, &rule);
		keep_ports(pruning, saved, &rule);
	}
	if (fclose(removal.rules) != 0 || fclose(removal.chains) != 0)
		abort();
	if (removal.rules_size &&
	    asprintf(&text, "*nat\n%s%sCOMMIT\n", removal.rules_text, removal.chains_text) < 0)
		abort();
	free(removal.rules_text);
	free(removal.chains_text);
	return text;
}

static int prune_once(struct firewall *fw, int family, struct pruning *pruning, struct error *err)
{
	_saved_ struct saved saved = SAVED_NONE;
	_free_ char *text = NULL;
	int r = saved_read(&saved, family, "nat", err);

	if (r > 0)
		snprintf(fw->why_not, sizeof(fw->why_not), "iptables-save cannot be used");
	if (r)
		return r < 0 ? r : IPTABLES_UNUSABLE;
	text = write_removal(pruning, &saved);
	return text ? iptables_load(fw, family, text, err) : 0;
}

/* What was there a moment ago may be gone: then it is looked at again. */
static int prune_family(struct firewall *fw, int family, struct pruning *pruning, struct error *err)
{
	int r = IPTABLES_REFUSED;

	for (int i = 0; i < TRIES && r == IPTABLES_REFUSED; i++)
		r = prune_once(fw, family, pruning, err);
	if (r <= 0)
		return r;
	error_set(err, CNI_INTERNAL, "remove iptables rules of %s", pruning->text);
	error_detail(err, "%s", fw->why_not);
	return -1;
}

/* true: it was all there, and is gone. */
static bool try_likely(struct firewall *fw, int family, struct pruning *pruning)
{
	_free_ char *part = iptables_text_part(pruning->likely, family), *text = NULL;
	const struct saved likely = { part };
	struct error ignored;

	text = write_removal(pruning, &likely);
	return text && iptables_load(fw, family, text, &ignored) == 0;
}

int prune(struct firewall *fw, struct pruning *pruning, struct error *err)
{
	struct error one;

	*err = (struct error){ 0 };
	for (size_t i = 0; i < COUNT(families); i++) {
		if (pruning->likely && try_likely(fw, families[i], pruning))
			continue;
		if (prune_may_find(fw, families[i], pruning) &&
		    prune_family(fw, families[i], pruning, &one) < 0)
			error_join(err, &one);
	}
	return err->code ? -1 : 0;
}

int prune_forget(const struct pruning *pruning, struct error *err)
{
	return conntrack_forget(pruning->port, pruning->n_ports, FLOWS_OF_POD, err);
}

void prune_close(struct pruning *pruning)
{
	free(pruning->port);
	pruning->port = NULL;
	pruning->n_ports = 0;
}
