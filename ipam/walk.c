/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "value/scope.h"
#include "value/text.h"
#include "walk.h"

static int out_of_memory(const struct store *store, struct error *err)
{
	return error_set(err, CNI_INTERNAL, "out of memory at reservation %zu of %s", store->n,
			 store->shelf.path);
}

/* A word and the end of its line is what a shell's echo writes, and no plugin. */
struct reservation walk_parse(char *text)
{
	struct reservation one = { .container = text };
	const char *begin = text + strspn(text, " \t\r\n");
	size_t len = strlen(begin);
	bool echoed = len && begin[len - 1] == '\n';

	while (len && strchr(" \t\r\n", begin[len - 1]))
		len--;
	memmove(text, begin, len);
	text[len] = '\0';
	one.ifname = strstr(text, "\r\n");
	if (one.ifname) {
		*one.ifname = '\0';
		one.ifname += 2;
	}
	one.by_hand = !text_is_name(text) || (echoed && !one.ifname);
	return one;
}

static int keep(struct store *store, const struct reservation *one, struct error *err)
{
	struct reservation *more;

	if (store->n == store->room) {
		more = realloc(store->held, (2 * store->room + 64) * sizeof(*more));
		if (!more)
			return out_of_memory(store, err);
		store->held = more;
		store->room = 2 * store->room + 64;
	}
	store->held[store->n++] = *one;
	return 0;
}

/* A name that is not canonical would not keep its address from being given under the right one. */
static int read_one(const char *name, void *arg, struct error *err)
{
	char canonical[IP_STRLEN];
	struct store *store = arg;
	struct shelf_facts facts;
	struct reservation one;
	char *text = NULL;
	struct ip ip;
	int r;

	if (!ip_parse(&ip, name))
		return 0;
	r = shelf_read(&store->shelf, name, &text, err);
	if (r)
		return r < 0 ? r : 0;
	one = walk_parse(text);
	one.at.ip = ip;
	snprintf(one.at.name, sizeof(one.at.name), "%s", name);
	if (shelf_stat(&store->shelf, name, &facts) == 0)
		one.at.born = facts.born;
	store->whole &= !strcmp(name, ip_str(&ip, canonical));
	if (keep(store, &one, err) == 0)
		return 0;
	free(text);
	return -1;
}

static int by_ip(const void *a, const void *b)
{
	const struct reservation *one = a, *other = b;

	return ip_cmp(&one->at.ip, &other->at.ip);
}

static void forget(struct store *store)
{
	for (size_t i = 0; i < store->n; i++)
		free(store->held[i].container);
	store->n = 0;
}

int walk_read(struct store *store, struct error *err)
{
	const struct shelf_visit visit = { read_one, store };

	forget(store);
	if (shelf_list(&store->shelf, &visit, err) < 0)
		return -1;
	if (store->n)
		qsort(store->held, store->n, sizeof(*store->held), by_ip);
	return 0;
}

/* What power took */

static bool is_same_file(const struct holding *a, const struct holding *b)
{
	return ip_equal(&a->ip, &b->ip) && a->born.tv_sec == b->born.tv_sec &&
	       a->born.tv_nsec == b->born.tv_nsec;
}

struct healing {
	struct store *store;
	bool done;
};

/* Only an attachment with an interface: the old form is none of ours. */
static int heal(const struct attachment *attachment, const struct entry *entry, void *arg,
		struct error *err)
{
	struct healing *healing = arg;
	struct store *store = healing->store;
	_free_ char *text = NULL;

	if (!attachment->ifname ||
	    asprintf(&text, "%s\r\n%s", attachment->container, attachment->ifname) < 0) {
		text = NULL;
		return 0;
	}
	for (int i = 0; i < entry->n; i++) {
		const struct reservation key = { .at = entry->held[i] };
		const struct reservation *held =
			bsearch(&key, store->held, store->n, sizeof(key), by_ip);

		if (!held || *held->container || !is_same_file(&held->at, &entry->held[i]))
			continue;
		if (shelf_refill(&store->shelf, held->at.name, text, err) < 0)
			return -1;
		healing->done = true;
	}
	return 0;
}

static int heal_all(struct store *store, struct error *err)
{
	struct healing healing = { store, false };
	const struct index_visit visit = { heal, &healing };
	bool needed = false;

	for (size_t i = 0; i < store->n; i++)
		needed |= !*store->held[i].container;
	if (!needed)
		return 0;
	if (index_each(&store->shelf, &visit, err) < 0)
		return -1;
	return healing.done ? walk_read(store, err) : 0;
}

/* The index */

static struct attachment attachment_of(const struct reservation *held)
{
	return (struct attachment){ .container = held->container, .ifname = held->ifname };
}

static int by_holder(const void *a, const void *b)
{
	const struct reservation *one = *(const struct reservation *const *)a;
	const struct reservation *other = *(const struct reservation *const *)b;
	int r = strcmp(one->container, other->container);

	if (r == 0)
		r = strcmp(one->ifname ? one->ifname : "", other->ifname ? other->ifname : "");
	return r ? r : ip_cmp(&one->at.ip, &other->at.ip);
}

struct holders {
	struct store *store;
	const struct reservation **held; /* those of attachments, by attachment */
	size_t n;
};

static bool is_one_holder(const struct reservation *a, const struct reservation *b)
{
	return !strcmp(a->container, b->container) &&
	       !strcmp(a->ifname ? a->ifname : "", b->ifname ? b->ifname : "");
}

static bool knows(const struct entry *entry, const struct holding *held)
{
	for (int i = 0; i < entry->n; i++)
		if (is_same_file(&entry->held[i], held))
			return true;
	return false;
}

/* The entry of the group that begins at `first`; its end. */
static size_t mend(const struct holders *holders, size_t first, struct error *err)
{
	const struct attachment attachment = attachment_of(holders->held[first]);
	struct entry before = ENTRY_NONE, now = ENTRY_NONE;
	bool known = true;
	size_t i = first;
	int r = index_find(&holders->store->shelf, &attachment, &before, err) < 0 ? -1 : 0;

	for (; i < holders->n && is_one_holder(holders->held[first], holders->held[i]); i++) {
		known &= knows(&before, &holders->held[i]->at);
		if (now.n < ENTRY_ADDRESSES)
			now.held[now.n++] = holders->held[i]->at;
	}
	if (known)
		now.by = before.by;
	if (r == 0 && (!known || now.n != before.n))
		r = index_put(&holders->store->shelf, &attachment, &now, err);
	holders->store->whole &= r == 0 && i - first <= ENTRY_ADDRESSES;
	return i;
}

/* What cannot be written now will be walked again: only the stamp depends on it. */
static void mend_all(const struct holders *holders)
{
	struct error ignored;

	for (size_t i = 0; i < holders->n;)
		i = mend(holders, i, &ignored);
}

static int drop_stray(const struct attachment *attachment, const struct entry *entry, void *arg,
		      struct error *err)
{
	const struct holders *holders = arg;
	struct error ignored;

	(void)entry;
	(void)err;
	for (size_t low = 0, high = holders->n; low < high;) {
		size_t middle = (low + high) / 2;
		const struct reservation *held = holders->held[middle];
		int r = strcmp(attachment->container, held->container);

		if (r == 0)
			r = strcmp(attachment->ifname ? attachment->ifname : "",
				   held->ifname ? held->ifname : "");
		if (r == 0)
			return 0;
		*(r < 0 ? &high : &low) = r < 0 ? middle : middle + 1;
	}
	holders->store->whole &= index_drop(&holders->store->shelf, attachment, &ignored) == 0;
	return 0;
}

static int mend_index(struct store *store, struct error *err)
{
	_free_ const struct reservation **list = calloc(store->n + 1, sizeof(struct reservation *));
	struct holders holders = { store, list, 0 };
	const struct index_visit visit = { drop_stray, &holders };

	if (!list)
		return out_of_memory(store, err);
	for (size_t i = 0; i < store->n; i++)
		if (text_is_name(store->held[i].container))
			list[holders.n++] = &store->held[i];
	qsort(list, holders.n, sizeof(struct reservation *), by_holder);
	mend_all(&holders);
	return index_each(&store->shelf, &visit, err);
}

int walk(struct store *store, struct error *err)
{
	if (shelf_make_aside(&store->shelf, err) < 0)
		return -1;
	index_tidy(&store->shelf);
	shelf_discard(&store->shelf);
	store->whole = store->shelf.aside >= 0;
	store->walked = store->touched = true;
	if (walk_read(store, err) < 0 || heal_all(store, err) < 0)
		return -1;
	return mend_index(store, err);
}
