/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/nftables/put.h"
#include "firewall/nftables/reload.h"
#include "firewall/nftables/rules.h"
#include "kernel/program.h"
#include "value/scope.h"

static const char *const nft_argv[] = { "nft", "-f", "-", NULL };

struct table {
	enum claim_sort sort; /* of a claim that needs it */
	const char *rules;    /* of a network, not in the journal yet; NULL: none */
};

/* The texts of one table, as the journal holds them, one after the other. */
struct gathering {
	enum claim_sort sort;
	FILE *out;
	size_t n;
};

/* Only the MAC check has a table of its own. */
static bool is_of_table(const struct journal_text *text, enum claim_sort sort)
{
	bool maccheck = text->sort && !strcmp(text->sort, claim_sorts[CLAIM_MACCHECK]);

	return maccheck == (sort == CLAIM_MACCHECK);
}

static void gather(const struct journal_text *text, void *arg)
{
	struct gathering *gathering = arg;

	if (!is_of_table(text, gathering->sort))
		return;
	fputs(text->text, gathering->out);
	gathering->n++;
}

static void load_one(const struct journal_text *text, void *arg)
{
	struct program nft = { .argv = nft_argv, .input = text->text };
	struct gathering *gathering = arg;
	struct error ignored;

	if (is_of_table(text, gathering->sort) && program_run(&nft, &ignored) != 0)
		fprintf(stderr, "cannot put back %s of network %s: %s\n", text->file, text->network,
			nft.said);
}

/* 0: it is loaded. 1: nft refused; `nft` says why. */
static int load(struct program *nft, const char *text, struct error *err)
{
	int r;

	*nft = (struct program){ .argv = nft_argv, .input = text };
	r = program_run(nft, err);
	return r > 0 ? 1 : r;
}

static int unusable(struct firewall *fw, const struct program *nft)
{
	snprintf(fw->why_not, sizeof(fw->why_not), "nft: %.480s", nft->said);
	return 1;
}

/* What is wrong: the tables' own text, the network's, or something of the journal. */
static int load_one_by_one(struct firewall *fw, const struct table *table, struct error *err)
{
	struct gathering gathering = { .sort = table->sort };
	const struct journal_visit visit = { NFTABLES_JOURNAL, load_one, &gathering };
	struct program nft;
	int r = load(&nft, rules_skeleton(table->sort), err);

	if (r)
		return r < 0 ? r : unusable(fw, &nft);
	r = table->rules ? load(&nft, table->rules, err) : 0;
	if (r > 0) {
		error_set(err, CNI_INVALID_CONFIG, "nft refuses the rules of the network");
		error_detail(err, "%s", nft.said);
		return -1;
	}
	return r < 0 ? r : journal_each(&fw->journal, &visit, err);
}

/* A table that is not `needed` by the caller is loaded for what the journal has of it, if anything.
 */
static int load_table(struct firewall *fw, const struct table *table, bool needed,
		      struct error *err)
{
	_free_ char *text = NULL;
	struct gathering gathering = { .sort = table->sort };
	const struct journal_visit visit = { NFTABLES_JOURNAL, gather, &gathering };
	struct program nft;
	size_t size;
	int r;

	gathering.out = open_memstream(&text, &size);
	if (!gathering.out)
		abort();
	fprintf(gathering.out, "%s%s", rules_skeleton(table->sort),
		table->rules ? table->rules : "");
	r = journal_each(&fw->journal, &visit, err);
	if (fclose(gathering.out) != 0)
		abort();
	if (r < 0 || (!needed && !gathering.n))
		return r;
	r = load(&nft, text, err);
	return r > 0 ? load_one_by_one(fw, table, err) : r;
}

int reload(struct firewall *fw, enum claim_sort sort, const char *rules, struct error *err)
{
	const struct table needed = { sort, rules };
	const struct table other = { sort == CLAIM_MACCHECK ? CLAIM_MASQUERADE : CLAIM_MACCHECK,
				     NULL };
	int r = load_table(fw, &needed, true, err);

	if (r == 0 && load_table(fw, &other, false, err) > 0)
		fprintf(stderr, "cannot put back the firewall of other pods: %s\n", fw->why_not);
	return r;
}

int reload_all(struct firewall *fw, struct error *err)
{
	static const struct table tables[] = { { CLAIM_MASQUERADE, NULL },
					       { CLAIM_MACCHECK, NULL } };

	for (size_t i = 0; i < COUNT(tables); i++) {
		int r = load_table(fw, &tables[i], false, err);

		if (r)
			return r < 0 ? r : error_set(err, CNI_INTERNAL, "%s", fw->why_not);
	}
	return 0;
}
