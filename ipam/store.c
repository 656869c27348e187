/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "value/scope.h"
#include "walk.h"

static int out_of_memory(const struct store *store, struct error *err)
{
	return error_set(err, CNI_INTERNAL, "out of memory for the address store %s",
			 store->shelf.path);
}

int store_open(struct store *store, const char *data_dir, const char *network, struct error *err)
{
	return shelf_open(&store->shelf, data_dir, network, err);
}

int store_make(struct store *store, const char *data_dir, const char *network, struct error *err)
{
	int r = shelf_make(&store->shelf, data_dir, network, err);

	return r == 0 ? shelf_make_aside(&store->shelf, err) : r;
}

void store_close(struct store *store)
{
	if (store->touched && store->whole)
		index_stamp(&store->shelf, store->here.boot);
	for (size_t i = 0; i < store->n; i++)
		free(store->held[i].container);
	free(store->held);
	shelf_close(&store->shelf);
	*store = STORE_NONE;
}

int store_ready(struct store *store, struct error *err)
{
	machine_read(&store->here);
	store->whole = index_is_stamped(&store->shelf, store->here.boot);
	return store->whole ? 0 : walk(store, err);
}

bool store_holds(const struct reservation *held, const struct attachment *attachment)
{
	return !strcmp(held->container, attachment->container) &&
	       (!held->ifname || !strcmp(held->ifname, attachment->ifname));
}

int store_walk(struct store *store, struct error *err)
{
	machine_read(&store->here);
	return walk(store, err);
}

/* Who has what */

static void find_walked(const struct store *store, const struct attachment *attachment,
			struct entry *entry)
{
	entry->n = 0;
	for (size_t i = 0; i < store->n; i++) {
		if (!store_holds(&store->held[i], attachment))
			continue;
		if (entry->n < ENTRY_ADDRESSES)
			entry->held[entry->n++] = store->held[i].at;
	}
}

/* With those of the old form, which are any interface's. */
static int find_indexed(const struct store *store, const struct attachment *attachment,
			struct entry *entry, struct error *err)
{
	const struct attachment old = { .container = attachment->container };
	struct entry more = ENTRY_NONE;

	*entry = ENTRY_NONE;
	if (index_find(&store->shelf, attachment, entry, err) < 0 ||
	    index_find(&store->shelf, &old, &more, err) < 0)
		return -1;
	for (int i = 0; i < more.n && entry->n < ENTRY_ADDRESSES; i++)
		entry->held[entry->n++] = more.held[i];
	return 0;
}

/* 1: a file says something else than the index, which nobody does but by hand. */
static int prove(const struct store *store, const struct attachment *attachment,
		 const struct entry *entry, struct error *err)
{
	int r = 0;

	for (int i = 0; i < entry->n && r == 0; i++)
		r = store_look(store, &entry->held[i].ip, attachment, err);
	return r;
}

/* What the index cannot tell, the files can. */
int store_find(struct store *store, const struct attachment *attachment, struct entry *entry,
	       struct error *err)
{
	int r = find_indexed(store, attachment, entry, err) < 0 || store->walked;

	if (r == 0)
		r = prove(store, attachment, entry, err);
	if (r > 0 && !store->walked) {
		r = walk(store, err);
		find_indexed(store, attachment, entry, &(struct error){ 0 });
	}
	if (r >= 0 && store->walked)
		find_walked(store, attachment, entry);
	return r < 0 ? r : 0;
}

int store_look(const struct store *store, const struct ip *ip, const struct attachment *attachment,
	       struct error *err)
{
	struct reservation one;
	char name[IP_STRLEN];
	char *text = NULL;
	int r = shelf_read(&store->shelf, ip_str(ip, name), &text, err);

	if (r)
		return r;
	one = walk_parse(text);
	r = !store_holds(&one, attachment);
	free(text);
	return r;
}

/* Changes */

int store_draft(struct store *store, const struct attachment *attachment, struct error *err)
{
	_free_ char *text = NULL;

	if (asprintf(&text, "%s\r\n%s", attachment->container, attachment->ifname) < 0) {
		text = NULL;
		return out_of_memory(store, err);
	}
	store->touched = true;
	return shelf_draft(&store->shelf, text, err);
}

int store_probe(struct store *store, struct error *err)
{
	store->touched = true;
	return shelf_probe(&store->shelf, err);
}

int store_take(struct store *store, const struct ip *ip, struct error *err)
{
	char name[IP_STRLEN];
	int r = shelf_place(&store->shelf, ip_str(ip, name), err);

	store->touched |= r == 0;
	return r;
}

int store_release(struct store *store, const char *name, struct error *err)
{
	int r = shelf_remove(&store->shelf, name, err);

	store->touched = true;
	store->whole &= r == 0; /* it may be in no entry any more, and is there */
	return r;
}

/* When a file was born is only known once it is there. */
static void fill_in(const struct store *store, struct entry *entry)
{
	struct shelf_facts facts;

	for (int i = 0; i < entry->n; i++) {
		ip_str(&entry->held[i].ip, entry->held[i].name);
		if (!entry->held[i].born.tv_sec &&
		    shelf_stat(&store->shelf, entry->held[i].name, &facts) == 0)
			entry->held[i].born = facts.born;
	}
}

int store_note(struct store *store, const struct attachment *attachment, struct entry *entry,
	       struct error *err)
{
	int r;

	store->touched = true;
	if (entry->n)
		fill_in(store, entry);
	r = entry->n ? index_put(&store->shelf, attachment, entry, err) :
		       index_drop(&store->shelf, attachment, err);
	store->whole &= r == 0;
	return r < 0 ? r : 0;
}

/* Round robin */

static const char *last_name(int set, char name[static 40])
{
	snprintf(name, 40, "last_reserved_ip.%d", set);
	return name;
}

int store_last_text(const struct store *store, int set, char **text, struct error *err)
{
	char name[40];

	return shelf_read(&store->shelf, last_name(set, name), text, err);
}

int store_last(const struct store *store, int set, struct ip *ip, struct error *err)
{
	_free_ char *text = NULL;
	int r = store_last_text(store, set, &text, err);

	if (r)
		return r;
	text[strcspn(text, " \t\r\n")] = '\0';
	return ip_parse(ip, text) ? 0 : 1;
}

int store_set_last(struct store *store, int set, const char *text, struct error *err)
{
	char name[40];

	store->touched = true;
	return text ? shelf_write(&store->shelf, last_name(set, name), text, err) :
		      shelf_remove(&store->shelf, last_name(set, name), err);
}
