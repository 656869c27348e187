/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "reclaim.h"
#include "value/scope.h"
#include "value/text.h"
#include "walk.h"

struct reclaiming {
	struct store *store;
	int n;
};

static bool is_that_file(const struct store *store, const struct holding *held)
{
	struct shelf_facts facts;

	return shelf_stat(&store->shelf, held->name, &facts) == 0 &&
	       facts.born.tv_sec == held->born.tv_sec && facts.born.tv_nsec == held->born.tv_nsec;
}

static int take_dead(const struct attachment *attachment, const struct entry *entry, void *arg,
		     struct error *err)
{
	struct reclaiming *reclaiming = arg;

	if (!sandbox_is_dead(&entry->by, &reclaiming->store->here))
		return 0;
	for (int i = 0; i < entry->n; i++) {
		if (!is_that_file(reclaiming->store, &entry->held[i]))
			continue;
		if (store_release(reclaiming->store, entry->held[i].name, err) < 0)
			return -1;
		reclaiming->n++;
	}
	return index_drop(&reclaiming->store->shelf, attachment, err);
}

/* A person writes text; a disk that lost its power leaves nothing, or zeros, or anything. */
static bool is_garbled(char *text)
{
	_free_ char *copy = strdup(text);

	if (!copy)
		return false;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' && !strchr("\t\r\n", *c))
			return true;
	text_scrub(copy);
	return strcmp(copy, text) != 0 || !text[strspn(text, " \t\r\n")];
}

static int take_garbled(const char *name, void *arg, struct error *err)
{
	struct reclaiming *reclaiming = arg;
	struct store *store = reclaiming->store;
	struct shelf_facts facts;
	_free_ char *text = NULL;
	struct ip ip;

	if (!ip_parse(&ip, name) || shelf_stat(&store->shelf, name, &facts) || !facts.regular ||
	    !machine_booted_after(&facts.written))
		return 0;
	if (shelf_read(&store->shelf, name, &text, err) || !is_garbled(text))
		return 0;
	reclaiming->n++;
	return store_release(store, name, err);
}

int reclaim(struct store *store, struct error *err)
{
	struct reclaiming reclaiming = { store, 0 };
	const struct index_visit entries = { take_dead, &reclaiming };
	const struct shelf_visit files = { take_garbled, &reclaiming };

	if (index_each(&store->shelf, &entries, err) < 0 ||
	    shelf_list(&store->shelf, &files, err) < 0)
		return -1;
	return reclaiming.n;
}
