/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/cluster.h"
#include "firewall/nftables/put.h"
#include "firewall/nftables/reload.h"
#include "kernel/nft_elements.h"
#include "kernel/nft_rules.h"
#include "kernel/program.h"
#include "value/scope.h"

/* Where no network of a configuration can be: those begin with a letter or a digit. */
#define JOURNAL_NETWORK "_cluster"

static const struct nft_set sets[] = { { NFT_INET, "podwire", "cluster4" },
				       { NFT_INET, "podwire", "cluster6" } };
static const struct journal_rules rules = { JOURNAL_NETWORK, "pods", NFTABLES_JOURNAL };

static bool is_of(const struct ip *cidr, size_t set)
{
	return (cidr->family == AF_INET6) == (set == 1);
}

static void write_set(FILE *out, const struct cluster_pods *pods, size_t set)
{
	const char *separator = "{ ";
	char text[IP_STRLEN];

	fprintf(out, "flush set inet podwire %s\n", sets[set].name);
	for (size_t i = 0; i < pods->n; i++) {
		if (!is_of(&pods->cidr[i], set))
			continue;
		if (*separator == '{')
			fprintf(out, "add element inet podwire %s ", sets[set].name);
		fprintf(out, "%s%s", separator, ip_cidr_str(&pods->cidr[i], text));
		separator = ", ";
	}
	fputs(*separator == ',' ? " }\n" : "", out);
}

static char *text_of(const struct cluster_pods *pods)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (size_t set = 0; set < COUNT(sets); set++)
		write_set(out, pods, set);
	if (fclose(out) != 0)
		abort();
	return text;
}

/* A set of ranges tells where each begins, and what comes behind its end. */
struct bounds {
	struct ip *at;
	size_t n, room;
};

static void add_bound(struct bounds *bounds, const struct ip *ip)
{
	if (bounds->n == bounds->room) {
		bounds->room = bounds->room ? 2 * bounds->room : 64;
		bounds->at = realloc(bounds->at, bounds->room * sizeof(*ip));
		if (!bounds->at)
			abort();
	}
	bounds->at[bounds->n++] = *ip;
}

static void see_bound(const struct nft_element *element, void *arg)
{
	struct ip ip = { .family = element->key.size == 4 ? AF_INET : AF_INET6 };
	static const struct ip zero;

	memcpy(ip.byte, element->key.byte, ip_size(&ip));
	/* nft puts an end in front of everything, at address zero. */
	if (memcmp(ip.byte, zero.byte, sizeof(ip.byte)) != 0)
		add_bound(arg, &ip);
}

static void expect(struct bounds *bounds, const struct cluster_pods *pods, size_t set)
{
	static const struct ip zero;

	for (size_t i = 0; i < pods->n; i++) {
		struct ip first = ip_network(&pods->cidr[i]), last = ip_last(&pods->cidr[i]);
		struct ip behind = ip_next(&last);

		if (!is_of(&pods->cidr[i], set))
			continue;
		if (memcmp(first.byte, zero.byte, sizeof(first.byte)) != 0)
			add_bound(bounds, &first);
		if (memcmp(behind.byte, zero.byte, sizeof(behind.byte)) != 0)
			add_bound(bounds, &behind);
	}
}

static int by_address(const void *a, const void *b)
{
	return ip_cmp(a, b);
}

/* Ranges that touch share a bound, of which the kernel may tell one or both. */
static void settle(struct bounds *bounds)
{
	size_t n = 0;

	if (bounds->n)
		qsort(bounds->at, bounds->n, sizeof(*bounds->at), by_address);
	for (size_t i = 0; i < bounds->n; i++)
		if (!n || !ip_equal(&bounds->at[n - 1], &bounds->at[i]))
			bounds->at[n++] = bounds->at[i];
	bounds->n = n;
}

static bool are_equal(const struct bounds *a, const struct bounds *b)
{
	for (size_t i = 0; a->n == b->n && i < a->n; i++)
		if (!ip_equal(&a->at[i], &b->at[i]))
			return false;
	return a->n == b->n;
}

/* 0: it holds them. 1: others. -ENOENT: there is no such set. */
static int look(struct firewall *fw, const struct cluster_pods *pods, size_t set)
{
	struct bounds is = { .n = 0 }, must = { .n = 0 };
	int r = nft_each(&fw->nft, &sets[set], see_bound, &is);

	expect(&must, pods, set);
	settle(&is);
	settle(&must);
	if (r == 0)
		r = are_equal(&is, &must) ? 0 : 1;
	free(is.at);
	free(must.at);
	return r;
}

/* By itself; where that fails, as a set is missing, with everything else. */
static int load(struct firewall *fw, const char *text, struct error *err)
{
	static const char *const argv[] = { "nft", "-f", "-", NULL };
	struct program nft = { .argv = argv, .input = text };
	int r;

	if (program_run(&nft, err) == 0)
		return 0;
	r = reload(fw, CLAIM_MASQUERADE, NULL, err);
	return r > 0 ? error_set(err, CNI_INTERNAL, "%s", fw->why_not) : r;
}

/* The journal first: whoever loads the table afterwards loads this. */
static int put_alone(struct firewall *fw, const struct cluster_pods *pods, struct error *err)
{
	_free_ char *text = text_of(pods);

	if (journal_drop(&fw->journal, &rules, err) < 0 ||
	    (pods->n && journal_keep(&fw->journal, &rules, text, err) < 0))
		return -1;
	return nft_has_table(&fw->nft, &sets[0]) == 0 ? load(fw, text, err) : 0;
}

int cluster_pods_put(struct firewall *fw, const struct cluster_pods *pods, struct error *err)
{
	struct error ignored;
	int r;

	if (nft_open(&fw->nft, &ignored) < 0)
		return 1;
	if (look(fw, pods, 0) == 0 && look(fw, pods, 1) == 0)
		return 1;
	if (journal_lock(&fw->journal, LOCK_ALONE, err) < 0)
		return -1;
	r = put_alone(fw, pods, err);
	journal_unlock(&fw->journal);
	return r;
}

int cluster_pods_check(struct firewall *fw, const struct cluster_pods *pods, struct error *err)
{
	struct error ignored;

	if (nft_open(&fw->nft, &ignored) < 0)
		return 0;
	for (size_t set = 0; set < COUNT(sets); set++)
		if (look(fw, pods, set) > 0)
			return error_set(err, CNI_CHECK_FAILED,
					 "firewall set %s does not hold the networks of the "
					 "cluster's pods",
					 sets[set].name);
	return 0;
}
