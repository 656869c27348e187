/* SPDX-License-Identifier: Apache-2.0 */

/*
 * host-local: addresses out of this host's own ranges
 *
 * The interface plugin runs it. It gives one address of each set of ranges, all
 * of them under one lock or none, and keeps who has which in files.
 */

#include <string.h>

#include "cni/attachments.h"
#include "free.h"
#include "give.h"
#include "resolv.h"
#include "show.h"
#include "value/json.h"
#include "verb/plugin.h"

/* ADD */

static int describe(const struct giving *g, struct result *result, struct error *err)
{
	const cJSON *item;

	for (int i = 0; i < g->n; i++) {
		const struct range *range = range_set_find(&g->conf->ranges.set[i], &g->given[i]);
		struct result_ip ip = { g->given[i], range->gateway, -1 };

		ip.address.prefix = range->subnet.prefix;
		if (result_add_ip(result, &ip, err) < 0)
			return -1;
	}
	cJSON_ArrayForEach(item, g->conf->routes) {
		struct result_route route;

		if (result_read_route(&route, item, err) < 0 ||
		    result_add_route(result, &route, err) < 0)
			return -1;
	}
	return 0;
}

static int answer_with(struct giving *g, enum version version, struct error *err)
{
	_json_ cJSON *dns = NULL;
	struct result result;

	result_clear(&result);
	if (g->conf->resolv_conf && resolv_read(&dns, g->conf->resolv_conf, err) < 0)
		return -1;
	result.dns = dns;
	if (describe(g, &result, err) < 0 || give_note(g, err) < 0)
		return -1;
	return plugin_answer(&result, version, err);
}

static int give_to(struct giving *g, const struct request *req, struct error *err)
{
	g->to = &req->attachment;
	sandbox_read(&g->by, &g->store->here, req->netns);
	if (give_all(g, err) < 0 || answer_with(g, req->version, err) < 0) {
		give_back(g);
		return -1;
	}
	give_end(g);
	return 0;
}

static int add(const struct plugin *plugin, const struct request *req, struct error *err)
{
	_conf_ struct conf conf = CONF_NONE;
	_store_ struct store store = STORE_NONE;
	_giving_ struct giving g = { .conf = &conf, .store = &store };

	(void)plugin;
	if (conf_read(&conf, req, err) < 0 ||
	    store_make(&store, conf.data_dir, req->attachment.network, err) < 0 ||
	    store_ready(&store, err) < 0)
		return -1;
	return give_to(&g, req, err);
}

/* DEL, GC */

/* 1: there is no store, and so nothing to release. */
static int open_to_release(struct store *store, const struct request *req, struct error *err)
{
	_conf_ struct conf conf = CONF_NONE;

	conf_read_place(&conf, req);
	return store_open(store, conf.data_dir, req->attachment.network, err);
}

/* Frees what `goes` says, over the whole directory, whatever the ranges now are. */
static int release_walked(struct store *store,
			  bool (*goes)(const struct reservation *, const void *arg),
			  const void *arg, struct error *err)
{
	struct error one;

	*err = (struct error){ 0 };
	for (size_t i = store->n; i-- > 0;) {
		const struct reservation *held = &store->held[i];
		const struct attachment of = { .container = held->container,
					       .ifname = held->ifname };

		if (goes(held, arg) && (store_release(store, held->at.name, &one) < 0 ||
					index_drop(&store->shelf, &of, &one) < 0))
			error_join(err, &one);
	}
	return err->code ? -1 : 0;
}

static int release_found(struct store *store, const struct attachment *attachment,
			 const struct entry *entry, struct error *err)
{
	const struct attachment old = { .container = attachment->container };
	struct error one;

	*err = (struct error){ 0 };
	for (int i = 0; i < entry->n; i++)
		if (store_release(store, entry->held[i].name, &one) < 0)
			error_join(err, &one);
	if (err->code)
		return -1;
	if (index_drop(&store->shelf, attachment, err) < 0)
		return -1;
	return index_drop(&store->shelf, &old, err);
}

static bool is_of(const struct reservation *held, const void *arg)
{
	return store_holds(held, arg);
}

static int del(const struct plugin *plugin, const struct request *req, struct error *err)
{
	_store_ struct store store = STORE_NONE;
	struct entry entry = ENTRY_NONE;
	int r = open_to_release(&store, req, err);

	(void)plugin;
	if (r == 0)
		r = store_ready(&store, err);
	if (r == 0)
		r = store_find(&store, &req->attachment, &entry, err);
	if (r)
		return r < 0 ? r : 0;
	if (store.walked)
		return release_walked(&store, is_of, &req->attachment, err);
	return entry.n ? release_found(&store, &req->attachment, &entry, err) : 0;
}

/* Somebody's note is no attachment that could be stale. */
static bool is_stale(const struct reservation *held, const void *arg)
{
	return !held->by_hand && !attachments_have(arg, held->container, held->ifname);
}

static int gc(const struct plugin *plugin, const struct request *req, struct error *err)
{
	_store_ struct store store = STORE_NONE;
	struct attachments valid;
	int r = attachments_read(&valid, req, err);

	(void)plugin;
	if (r == 0)
		r = open_to_release(&store, req, err);
	if (r == 0)
		r = store_walk(&store, err);
	if (r)
		return r < 0 ? r : 0;
	return release_walked(&store, is_stale, &valid, err);
}

/* CHECK, STATUS */

/* Addresses of other interfaces of the result are other plugins'. */
static bool is_ours(const struct result *result, const struct result_ip *ip, const char *ifname)
{
	return ip->interface < 0 || !strcmp(result->interface[ip->interface].name, ifname);
}

static int check_held(const struct request *req, const struct store *store,
		      const struct result *result, struct error *err)
{
	char text[IP_STRLEN];

	for (int i = 0; i < result->n_ips; i++) {
		const struct ip *ip = &result->ip[i].address;
		int r;

		if (!is_ours(result, &result->ip[i], req->attachment.ifname))
			continue;
		r = store_look(store, ip, &req->attachment, err);
		if (r > 0)
			error_set(
				err, CNI_CHECK_FAILED,
				"address %s is not reserved for container %s, interface %s, in %s",
				ip_str(ip, text), req->attachment.container, req->attachment.ifname,
				store->shelf.path);
		if (r)
			return -1;
	}
	return 0;
}

static int check(const struct plugin *plugin, const struct request *req, struct error *err)
{
	_conf_ struct conf conf = CONF_NONE;
	_store_ struct store store = STORE_NONE;
	struct result before;
	int r;

	(void)plugin;
	if (!req->prev_result)
		return error_set(err, CNI_INVALID_CONFIG,
				 "prevResult is missing, which CHECK needs");
	if (result_read(&before, req->prev_result, req->version, err) < 0)
		return error_prefix(err, "prevResult: ");
	if (conf_read(&conf, req, err) < 0)
		return -1;
	r = store_open(&store, conf.data_dir, req->attachment.network, err);
	if (r > 0)
		return error_set(err, CNI_CHECK_FAILED, "there is no address store %s",
				 store.shelf.path);
	return r < 0 ? r : check_held(req, &store, &before, err);
}

static int status(const struct plugin *plugin, const struct request *req, struct error *err)
{
	_conf_ struct conf conf = CONF_NONE;
	_store_ struct store store = STORE_NONE;

	(void)plugin;
	if (conf_read(&conf, req, err) == 0 &&
	    store_make(&store, conf.data_dir, req->attachment.network, err) == 0 &&
	    store_ready(&store, err) == 0 && free_everywhere(&store, &conf.ranges, err) == 0 &&
	    store_probe(&store, err) == 0)
		return 0;
	err->code = CNI_NOT_AVAILABLE;
	return -1;
}

static const struct verbs verbs = {
	.add = add,
	.del = del,
	.check = check,
	.status = status,
	.gc = gc,
};

static const struct command commands[] = {
	{ "show", "[--json] NETWORK   who has which address", show_run },
	{},
};

static const struct plugin host_local = {
	.name = "host-local",
	.about = "gives addresses out of this host's own ranges",
	.verbs = &verbs,
	.commands = commands,
};

int main(int argc, char **argv)
{
	return plugin_main(&host_local, argc, argv);
}
