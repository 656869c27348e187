/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "firewall/iptables/share.h"
#include "firewall/owner.h"

#define VERB 3 /* "-A " */

/* Does the line make the chain, fill it, or lead to it? */
static bool is_about(const char *line, size_t len, const char *chain)
{
	size_t n = strlen(chain);

	if (len < VERB + n || line[0] != '-')
		return false;
	if (!memcmp(line + VERB, chain, n) && (len == VERB + n || line[VERB + n] == ' '))
		return true;
	return line[len - n - 1] == ' ' && !memcmp(line + len - n, chain, n);
}

/* false: the text has no such chain. */
static bool leave(char *text, const char *chain)
{
	char *to = text;

	for (const char *from = text; *from;) {
		size_t len = strcspn(from, "\n");
		size_t all = len + (from[len] == '\n');

		if (!is_about(from, len, chain)) {
			memmove(to, from, all);
			to += all;
		}
		from += all;
	}
	if (!*to)
		return false;
	*to = '\0';
	return true;
}

bool iptables_leave_served(char *text, const struct saved *saved, const struct attachment *owner)
{
	struct saved_rule rule = { .line.rest = saved->text };
	char mine[OWNER_STRLEN];
	bool left = false;

	owner_str(owner, mine);
	while (saved_next(&rule))
		if (!strcmp(rule.chain, IPTABLES_HOSTPORT) && strcmp(rule.comment, mine) != 0 &&
		    owner_is_same_container(rule.comment, mine))
			left |= leave(text, rule.target);
	return left;
}
