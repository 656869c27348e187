/* SPDX-License-Identifier: Apache-2.0 */

/*
 * host-local: addresses out of this host's own ranges
 *
 * The interface plugin runs it. It gives one address of each set of ranges, all
 * of them under one lock or none, and keeps who has which in files.
 */

#include <string.h>
#include <time.h>

#include "cni/attachments.h"
#include "conf.h"
#include "resolv.h"
#include "store.h"
#include "value/json.h"
#include "verb/plugin.h"

/* ADD */

struct giving {
	const struct request *req;
	const struct conf *conf;
	struct store *store;
	struct ip given[RANGE_SETS];
	bool wanted_met[CONF_WANTED];
	int n; /* sets that have given */
};

static int refuse_second(const struct giving *g, struct error *err)
{
	char text[IP_STRLEN];

	for (size_t i = 0; i < g->store->n; i++)
		if (store_holds(&g->store->held[i], &g->req->attachment))
			return error_set(err, CNI_ADDRESS_TAKEN,
					 "container %s has the address %s for %s already",
					 g->req->attachment.container,
					 ip_str(&g->store->held[i].ip, text),
					 g->req->attachment.ifname);
	return 0;
}

static int exhausted(const struct giving *g, const struct range_set *set, struct error *err)
{
	const struct reservation *oldest = NULL;
	long long oldest_since = 0;
	unsigned long long n = 0;
	char text[512];

	for (size_t i = 0; i < g->store->n; i++) {
		const struct reservation *held = &g->store->held[i];
		long long since;

		if (!range_set_find(set, &held->ip))
			continue;
		since = store_since(g->store, held);
		if (!oldest || since < oldest_since) {
			oldest = held;
			oldest_since = since;
		}
		n++;
	}
	error_set(err, CNI_NO_ADDRESS, "no IP addresses available in %s: %llu reserved",
		  range_set_str(set, text, sizeof(text)), n);
	if (oldest)
		error_detail(err, "oldest by %s",
			     *oldest->container ? oldest->container : "nobody");
	return -1;
}

/* An asked-for address that lies in the set. 1: none does. */
static int choose_wanted(struct giving *g, const struct range_set *set, struct ip *ip,
			 struct error *err)
{
	const struct reservation *held;
	const struct range *range;
	char text[IP_STRLEN];
	int i = 0;

	while (i < g->conf->n_wanted &&
	       (g->wanted_met[i] || !range_set_find(set, &g->conf->wanted[i])))
		i++;
	if (i == g->conf->n_wanted)
		return 1;
	*ip = g->conf->wanted[i];
	range = range_set_find(set, ip);
	if (ip_equal(&range->gateway, ip))
		return error_set(err, CNI_INVALID_CONFIG,
				 "address %s is asked for, which is the gateway's",
				 ip_str(ip, text));
	held = store_find(g->store, ip);
	if (held)
		return error_set(err, CNI_ADDRESS_TAKEN,
				 "address %s is asked for, which container %s has",
				 ip_str(ip, text), held->container);
	g->wanted_met[i] = true;
	return 0;
}

/* The next free one behind the last that was given. */
static int choose_next(const struct giving *g, const struct range_set *set, struct ip *ip,
		       struct error *err)
{
	struct ip last;
	int r = store_last(g->store, g->n, &last, err);
	struct range_walk walk = range_walk_begin(set, r == 0 ? &last : NULL);

	if (r < 0)
		return r;
	while (range_walk_next(&walk, ip))
		if (!store_find(g->store, ip))
			return 0;
	return exhausted(g, set, err);
}

static int give(struct giving *g, const struct range_set *set, struct error *err)
{
	struct ip ip;
	int r = choose_wanted(g, set, &ip, err);

	if (r > 0)
		r = choose_next(g, set, &ip, err);
	if (r < 0 || store_reserve(g->store, &ip, &g->req->attachment, err) < 0)
		return -1;
	g->given[g->n++] = ip;
	return store_set_last(g->store, g->n - 1, &ip, err);
}

static int refuse_left_over(const struct giving *g, struct error *err)
{
	char text[IP_STRLEN];

	for (int i = 0; i < g->conf->n_wanted; i++)
		if (!g->wanted_met[i])
			return error_set(err, CNI_INVALID_CONFIG,
					 "address %s is asked for, which no set of ranges can give",
					 ip_str(&g->conf->wanted[i], text));
	return 0;
}

static int give_all(struct giving *g, struct error *err)
{
	if (store_read(g->store, err) < 0 || refuse_second(g, err) < 0)
		return -1;
	for (int i = 0; i < g->conf->ranges.n; i++)
		if (give(g, &g->conf->ranges.set[i], err) < 0)
			return -1;
	return refuse_left_over(g, err);
}

static void take_back(struct giving *g)
{
	struct error ignored;

	while (g->n > 0)
		store_release(g->store, &g->given[--g->n], &ignored);
}

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

static int answer_with(const struct giving *g, char **answer, struct error *err)
{
	_json_ cJSON *dns = NULL;
	struct result result = { 0 };

	if (g->conf->resolv_conf && resolv_read(&dns, g->conf->resolv_conf, err) < 0)
		return -1;
	result.dns = dns;
	if (describe(g, &result, err) < 0)
		return -1;
	return result_write(&result, g->req->version, answer, err);
}

static int add(const struct plugin *plugin, const struct request *req, char **answer,
	       struct error *err)
{
	_conf_ struct conf conf = CONF_NONE;
	_store_ struct store store = STORE_NONE;
	struct giving g = { .req = req, .conf = &conf, .store = &store };

	(void)plugin;
	if (conf_read(&conf, req, err) < 0 ||
	    store_open(&store, conf.data_dir, req->attachment.network, err) < 0)
		return -1;
	if (give_all(&g, err) == 0 && answer_with(&g, answer, err) == 0)
		return 0;
	take_back(&g);
	return -1;
}

/* DEL, GC */

/* Frees what `goes` says, over the whole directory, whatever the ranges now are. */
static int release(struct store *store, bool (*goes)(const struct reservation *, const void *arg),
		   const void *arg, struct error *err)
{
	struct error one;

	*err = (struct error){ 0 };
	for (size_t i = store->n; i-- > 0;) {
		struct ip ip = store->held[i].ip;

		if (goes(&store->held[i], arg) && store_release(store, &ip, &one) < 0)
			error_join(err, &one);
	}
	return err->code ? -1 : 0;
}

/* 1: there is no store, and so nothing to release. */
static int open_to_release(struct store *store, const struct request *req, struct error *err)
{
	_conf_ struct conf conf = CONF_NONE;
	int r;

	conf_read_place(&conf, req);
	r = store_open_existing(store, conf.data_dir, req->attachment.network, err);
	return r ? r : store_read(store, err);
}

static bool is_of(const struct reservation *held, const void *arg)
{
	return store_holds(held, arg);
}

static int del(const struct plugin *plugin, const struct request *req, struct error *err)
{
	_store_ struct store store = STORE_NONE;
	int r = open_to_release(&store, req, err);

	(void)plugin;
	if (r)
		return r < 0 ? r : 0;
	return release(&store, is_of, &req->attachment, err);
}

static bool is_stale(const struct reservation *held, const void *arg)
{
	return *held->container && !attachments_have(arg, held->container, held->ifname);
}

static int gc(const struct plugin *plugin, const struct request *req, struct error *err)
{
	_store_ struct store store = STORE_NONE;
	struct attachments valid;
	int r = attachments_read(&valid, req, err);

	(void)plugin;
	if (r == 0)
		r = open_to_release(&store, req, err);
	if (r)
		return r < 0 ? r : 0;
	return release(&store, is_stale, &valid, err);
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
		const struct reservation *held = store_find(store, ip);

		if (!is_ours(result, &result->ip[i], req->attachment.ifname) ||
		    (held && store_holds(held, &req->attachment)))
			continue;
		return error_set(err, CNI_CHECK_FAILED,
				 "address %s is not reserved for container %s, interface %s, in %s",
				 ip_str(ip, text), req->attachment.container,
				 req->attachment.ifname, store->path);
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
	r = store_open_existing(&store, conf.data_dir, req->attachment.network, err);
	if (r > 0)
		return error_set(err, CNI_CHECK_FAILED, "there is no address store %s", store.path);
	if (r < 0 || store_read(&store, err) < 0)
		return -1;
	return check_held(req, &store, &before, err);
}

static int check_room(const struct conf *conf, const struct store *store, struct error *err)
{
	struct giving g = { .conf = conf, .store = (struct store *)(uintptr_t)store };

	for (int i = 0; i < conf->ranges.n; i++) {
		const struct range_set *set = &conf->ranges.set[i];
		uint64_t taken = 0;

		for (size_t n = 0; n < store->n; n++)
			if (range_set_find(set, &store->held[n].ip))
				taken++;
		if (taken >= range_set_size(set))
			return exhausted(&g, set, err);
	}
	return 0;
}

static int status(const struct plugin *plugin, const struct request *req, struct error *err)
{
	_conf_ struct conf conf = CONF_NONE;
	_store_ struct store store = STORE_NONE;

	(void)plugin;
	if (conf_read(&conf, req, err) == 0 &&
	    store_open(&store, conf.data_dir, req->attachment.network, err) == 0 &&
	    store_read(&store, err) == 0 && check_room(&conf, &store, err) == 0 &&
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

static const struct plugin host_local = {
	.name = "host-local",
	.about = "gives addresses out of this host's own ranges",
	.verbs = &verbs,
};

int main(int argc, char **argv)
{
	return plugin_main(&host_local, argc, argv);
}
