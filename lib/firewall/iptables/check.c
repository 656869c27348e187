/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/iptables/check.h"
#include "firewall/iptables/load.h"
#include "firewall/iptables/share.h"
#include "value/scope.h"

struct checking {
	struct firewall *fw;
	const struct claim *claim;
	int family;
	char *text;
};

#define LINES 3 /* of a question */

/* Every rule of the text as a question; to be freed. */
static char *questions(const char *text)
{
	struct iptables_line line = { .rest = text };
	char *asked = NULL;
	size_t size;
	FILE *out = open_memstream(&asked, &size);

	if (!out)
		abort();
	while (iptables_line_next(&line))
		if (line.verb != 'N')
			fprintf(out, "*%s\n-C %s\nCOMMIT\n", line.table, line.what);
	if (fclose(out) != 0)
		abort();
	return asked;
}

static int cannot_check(const struct checking *c, struct error *err)
{
	error_set(err, CNI_CHECK_FAILED, "check the %s of %s", claim_sorts[c->claim->sort],
		  c->claim->owner->container);
	error_detail(err, "%s", c->fw->why_not);
	return -1;
}

/* 0: every rule is there. 1: not so. */
static int ask(const struct checking *c, struct error *err)
{
	_free_ char *all = questions(c->text);
	int r = iptables_load(c->fw, c->family, all, err);

	return r == IPTABLES_UNUSABLE ? cannot_check(c, err) : r;
}

/* "line 7 failed", "Error occurred at line: 7"; both variants tell a question's second line or its
 * third. To ask again for each rule by itself is no use: ip6tables-legacy 1.8.9 then answers yes to
 * any "-m conntrack". */
static int name_missing(const struct checking *c, struct error *err)
{
	_free_ char *all = questions(c->text);
	const char *said = strstr(c->fw->why_not, "line");
	struct iptables_line line = { .rest = all };
	unsigned refused = 0;

	if (!said || sscanf(said, "line%*[: ]%u", &refused) != 1 || !refused)
		return cannot_check(c, err);
	for (unsigned i = 0; i <= (refused - 1) / LINES; i++)
		if (!iptables_line_next(&line))
			return cannot_check(c, err);
	return error_set(err, CNI_CHECK_FAILED, "%s rule \"%s\" of table %s is missing",
			 c->family == AF_INET ? "iptables" : "ip6tables", line.what, line.table);
}

/* A reload leaves no rule of ours, nor one that leads to us. */
static bool is_gone_as_a_whole(const struct saved *saved)
{
	struct saved_rule rule = { .line.rest = saved->text };

	while (saved_next(&rule))
		if (!strncmp(rule.chain, "PODWIRE-", 8) || !strncmp(rule.target, "PODWIRE-", 8))
			return false;
	return true;
}

static int heal(const struct checking *c, struct error *err)
{
	_saved_ struct saved saved = SAVED_NONE;
	int r = saved_read(&saved, c->family, "nat", err);

	if (r || !is_gone_as_a_whole(&saved))
		return r < 0 ? r : 0;
	r = journal_lock(&c->fw->journal, LOCK_ALONE, err);
	if (r == 0)
		r = iptables_rebuild(c->fw, c->family, c->text, err);
	journal_unlock(&c->fw->journal);
	return r < 0 ? r : 0;
}

static int ask_for_less(const struct checking *c, struct error *err)
{
	_saved_ struct saved saved = SAVED_NONE;
	int r = saved_read(&saved, c->family, "nat", err);

	if (r == 0)
		iptables_leave_served(c->text, &saved, c->claim->owner);
	return r < 0 ? r : ask(c, err);
}

/* Most rules are there at once, and then nothing else is looked at. */
static int check_family(const struct checking *c, struct error *err)
{
	int r = ask(c, err);

	if (r > 0)
		r = heal(c, err);
	else
		return r;
	if (r == 0)
		r = ask_for_less(c, err);
	return r > 0 ? name_missing(c, err) : r;
}

int iptables_check(struct firewall *fw, const struct claim *claim, struct error *err)
{
	static const int families[] = { AF_INET, AF_INET6 };

	if (claim->sort == CLAIM_MACCHECK)
		return error_set(err, CNI_CHECK_FAILED, "iptables cannot check MAC addresses");
	for (size_t i = 0; i < COUNT(families); i++) {
		_free_ char *text = iptables_text(claim, families[i]);
		const struct checking checking = { fw, claim, families[i], text };

		if (text && check_family(&checking, err) < 0)
			return -1;
	}
	return 0;
}
