/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "value/scope.h"

static int out_of_memory(const struct store *store, struct error *err)
{
	return error_set(err, CNI_INTERNAL, "out of memory at reservation %zu of %s", store->n,
			 store->shelf.path);
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

static int by_ip(const void *a, const void *b)
{
	const struct reservation *one = a, *other = b;

	return ip_cmp(&one->ip, &other->ip);
}

static void sort(struct store *store)
{
	if (store->n)
		qsort(store->held, store->n, sizeof(*store->held), by_ip);
}

/* Takes `text` over. White space around it counts for nothing, as in the reference. */
static struct reservation parse(const struct ip *ip, char *text)
{
	struct reservation one = { .ip = *ip, .container = text };
	const char *begin = text + strspn(text, " \t\r\n");
	size_t len = strlen(begin);

	ip_str(ip, one.name);
	while (len && strchr(" \t\r\n", begin[len - 1]))
		len--;
	memmove(text, begin, len);
	text[len] = '\0';
	one.ifname = strstr(text, "\r\n");
	if (one.ifname) {
		*one.ifname = '\0';
		one.ifname += 2;
	}
	return one;
}

static int read_entry(const char *name, void *arg, struct error *err)
{
	struct store *store = arg;
	struct reservation one;
	char *text = NULL;
	struct ip ip;
	int r;

	if (!ip_parse(&ip, name))
		return 0;
	r = shelf_read(&store->shelf, name, &text, err);
	if (r)
		return r < 0 ? r : 0;
	one = parse(&ip, text);
	snprintf(one.name, sizeof(one.name), "%s", name);
	if (keep(store, &one, err) == 0)
		return 0;
	free(text);
	return -1;
}

int store_read(struct store *store, struct error *err)
{
	const struct shelf_visit visit = { read_entry, store };

	if (shelf_list(&store->shelf, &visit, err) < 0)
		return -1;
	sort(store);
	return 0;
}

int store_open(struct store *store, const char *data_dir, const char *network, struct error *err)
{
	return shelf_open(&store->shelf, data_dir, network, err);
}

int store_make(struct store *store, const char *data_dir, const char *network, struct error *err)
{
	return shelf_make(&store->shelf, data_dir, network, err);
}

void store_close(struct store *store)
{
	for (size_t i = 0; i < store->n; i++)
		free(store->held[i].container);
	free(store->held);
	shelf_close(&store->shelf);
	*store = STORE_NONE;
}

const struct reservation *store_find(const struct store *store, const struct ip *ip)
{
	const struct reservation key = { .ip = *ip };

	return store->n ? bsearch(&key, store->held, store->n, sizeof(key), by_ip) : NULL;
}

bool store_holds(const struct reservation *held, const struct attachment *attachment)
{
	return !strcmp(held->container, attachment->container) &&
	       (!held->ifname || !strcmp(held->ifname, attachment->ifname));
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
	one = parse(ip, text);
	r = !store_holds(&one, attachment);
	free(text);
	return r;
}

long long store_since(const struct store *store, const struct reservation *held)
{
	return shelf_time(&store->shelf, held->name);
}

int store_reserve(struct store *store, const struct ip *ip, const struct attachment *attachment,
		  struct error *err)
{
	struct reservation one;
	struct error ignored;
	char name[IP_STRLEN];
	char *text;

	if (asprintf(&text, "%s\r\n%s", attachment->container, attachment->ifname) < 0)
		return out_of_memory(store, err);
	if (shelf_write(&store->shelf, ip_str(ip, name), text, err) < 0) {
		free(text);
		return -1;
	}
	one = parse(ip, text);
	if (keep(store, &one, err) < 0) {
		shelf_remove(&store->shelf, name, &ignored);
		free(text);
		return -1;
	}
	sort(store);
	return 0;
}

int store_release(struct store *store, const struct ip *ip, struct error *err)
{
	const struct reservation *held = store_find(store, ip);
	char name[IP_STRLEN];
	size_t at;

	if (shelf_remove(&store->shelf, held ? held->name : ip_str(ip, name), err) < 0)
		return -1;
	if (!held)
		return 0;
	at = (size_t)(held - store->held);
	free(store->held[at].container);
	memmove(&store->held[at], &store->held[at + 1], (--store->n - at) * sizeof(*store->held));
	return 0;
}

/* Round robin */

static const char *last_name(int set, char name[static 40])
{
	snprintf(name, 40, "last_reserved_ip.%d", set);
	return name;
}

int store_last(const struct store *store, int set, struct ip *ip, struct error *err)
{
	_free_ char *text = NULL;
	char name[40];
	int r = shelf_read(&store->shelf, last_name(set, name), &text, err);

	if (r)
		return r;
	text[strcspn(text, " \t\r\n")] = '\0';
	return ip_parse(ip, text) ? 0 : 1;
}

int store_set_last(struct store *store, int set, const struct ip *ip, struct error *err)
{
	char name[40], text[IP_STRLEN];

	return shelf_write(&store->shelf, last_name(set, name), ip_str(ip, text), err);
}
