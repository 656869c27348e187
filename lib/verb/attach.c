/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>

#include "cni/delegate.h"
#include "cni/result.h"
#include "value/json.h"
#include "verb/attach.h"
#include "want/plan.h"

/*
 * Results are static: a process serves one call, and one that is on the stack would be touched page
 * by page (-fstack-clash-protection), most of it for nothing.
 */
static const struct result nothing;

/* 1: no IPAM plugin is to be asked. */
static int ipam_of(const struct plugin *plugin, const struct request *req, const char **ipam,
		   struct error *err)
{
	return plugin->leases ? request_ipam(req, ipam, err) : 1;
}

static int gone(const struct request *req, struct error *err)
{
	return error_set(err, CNI_UNKNOWN_CONTAINER,
			 "there is no network namespace at CNI_NETNS %s", req->netns);
}

/* ADD */

struct addition {
	const struct plugin *plugin;
	const struct request *req;
	struct plan *plan;
	struct world *world;
	const char *ipam; /* the delegate; NULL: layer 2 */
	bool asked;	  /* whether it got as far as asking for the lease */
	cJSON *lease_json;
	struct result *lease, *result;
};

static int ask_for_lease(struct addition *a, struct error *err)
{
	a->asked = true;
	if (delegate_run(a->req, a->ipam, &a->lease_json, err) < 0)
		return -1;
	if (result_read(a->lease, a->lease_json, a->req->version, err) < 0)
		return error_prefix(err, "result of IPAM plugin %s: ", a->ipam);
	if (!a->lease->n_ips)
		return error_set(err, CNI_INTERNAL, "IPAM plugin %s gave no address", a->ipam);
	return 0;
}

static int build(struct addition *a, struct error *err)
{
	if (plan_make(a->plan, a->world, err) < 0)
		return -1;
	if (!a->ipam)
		return 0;
	if (ask_for_lease(a, err) < 0)
		return -1;
	plan_rewrite(a->plan);
	if (a->plugin->wants(a->plan, a->req, a->lease, err) < 0)
		return -1;
	return plan_make(a->plan, a->world, err);
}

static const cJSON *own_dns(const struct request *req)
{
	return cJSON_GetObjectItemCaseSensitive(req->config, "dns");
}

/* An empty list says as little as one that is not there. */
static bool says_anything(const cJSON *dns)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, dns)
		if (member->child || (member->valuestring && *member->valuestring))
			return true;
	return false;
}

/* The configuration's dns, if it has any member, counts before the lease's. */
static const cJSON *choose_dns(const struct addition *a)
{
	const cJSON *own = own_dns(a->req);

	return says_anything(own) ? own : a->lease->dns;
}

static int report(struct addition *a, struct error *err)
{
	if (!a->req->prev_result || !a->plugin->passes) {
		if (plan_report(a->plan, a->world, a->result, err) < 0)
			return -1;
		if (choose_dns(a))
			a->result->dns = choose_dns(a);
	}
	return plugin_answer(a->result, a->req->version, err);
}

static void undo(struct addition *a)
{
	struct request del = *a->req;
	cJSON *answer = NULL;
	struct error why;

	del.verb = VERB_DEL;
	if (plan_undo(a->plan, a->world, &why) < 0)
		fprintf(stderr, "after the failure, also: %s: %s\n", why.msg, why.details);
	if (a->asked && delegate_run(&del, a->ipam, &answer, &why) < 0)
		fprintf(stderr, "after the failure, also: %s: %s\n", why.msg, why.details);
	cJSON_Delete(answer);
}

static int open_world(struct addition *a, struct error *err)
{
	int r;

	if (world_open(a->world, err) < 0)
		return -1;
	r = world_open_container(a->world, a->req->netns, err);
	if (r)
		return r < 0 ? r : gone(a->req, err);
	return world_lock(a->world, err);
}

/* What is known before anything is done: to a chained plugin, what the ones before it achieved. */
static const struct result *known_before(const struct plugin *plugin, const struct result *before)
{
	return plugin->passes ? before : &nothing;
}

static int prepare(struct addition *a, struct error *err)
{
	if (ipam_of(a->plugin, a->req, &a->ipam, err) < 0 ||
	    result_check_dns(own_dns(a->req), err) < 0)
		return -1;
	if (a->req->prev_result &&
	    result_read(a->result, a->req->prev_result, a->req->version, err) < 0)
		return error_prefix(err, "prevResult: ");
	if (a->plugin->wants(a->plan, a->req, known_before(a->plugin, a->result), err) < 0)
		return -1;
	return open_world(a, err);
}

static int attach_add(const struct plugin *plugin, const struct request *req, struct error *err)
{
	_world_ struct world world = WORLD_NONE;
	_plan_ struct plan plan = PLAN_NONE;
	static struct result lease, result;
	struct addition a = { .plugin = plugin,
			      .req = req,
			      .plan = &plan,
			      .world = &world,
			      .lease = &lease,
			      .result = &result };
	int r;

	result_clear(&lease);
	result_clear(&result);
	r = prepare(&a, err);

	if (r == 0 && (build(&a, err) < 0 || report(&a, err) < 0)) {
		undo(&a);
		r = -1;
	}
	cJSON_Delete(a.lease_json);
	return r;
}

/* DEL */

/* The delegate's part of a verb that answers nothing. */
static int delegate_too(const struct plugin *plugin, const struct request *req, struct error *err)
{
	const char *ipam = NULL;
	cJSON *answer = NULL;
	int r = ipam_of(plugin, req, &ipam, err);

	if (r)
		return r < 0 ? r : 0;
	r = delegate_run(req, ipam, &answer, err);
	cJSON_Delete(answer);
	return r;
}

static int unmake(const struct plugin *plugin, const struct request *req, struct world *world,
		  struct error *err)
{
	_plan_ struct plan plan = PLAN_NONE;
	struct error of_netns = { 0 }, of_plan, ignored;

	if (world_open(world, err) < 0)
		return -1;
	if (*req->netns && world_open_container(world, req->netns, &of_netns) < 0 &&
	    of_netns.code == CNI_INVALID_ENVIRONMENT) {
		*err = of_netns;
		return -1;
	}
	/* What is wrong with the configuration did not keep it from saying what is ours. */
	plugin->wants(&plan, req, &nothing, &ignored);
	*err = of_netns;
	if (plan_unmake(&plan, world, &of_plan) < 0)
		error_join(err, &of_plan);
	return err->code ? -1 : 0;
}

/* The world closes last: the kernel frees firewall elements while links and lease go. */
static int attach_del(const struct plugin *plugin, const struct request *req, struct error *err)
{
	_world_ struct world world = WORLD_NONE;
	struct error of_links, of_lease;
	int r = unmake(plugin, req, &world, &of_links);

	*err = (struct error){ 0 };
	if (r < 0)
		error_join(err, &of_links);
	/* In a namespace that is our own nothing was done, and nothing may be released. */
	if ((r == 0 || of_links.code != CNI_INVALID_ENVIRONMENT) &&
	    delegate_too(plugin, req, &of_lease) < 0)
		error_join(err, &of_lease);
	return err->code ? -1 : 0;
}

/* CHECK, STATUS, GC */

static int check(const struct plugin *plugin, const struct request *req, struct error *err)
{
	_world_ struct world world = WORLD_NONE;
	_plan_ struct plan plan = PLAN_NONE;
	static struct result before;
	int r;

	if (!req->prev_result)
		return error_set(err, CNI_INVALID_CONFIG,
				 "prevResult is missing, which CHECK needs");
	if (result_read(&before, req->prev_result, req->version, err) < 0)
		return error_prefix(err, "prevResult: ");
	if (plugin->wants(&plan, req, &before, err) < 0 || world_open(&world, err) < 0)
		return -1;
	r = world_open_container(&world, req->netns, err);
	if (r)
		return r < 0 ? r : gone(req, err);
	return plan_check(&plan, &world, err);
}

static int attach_check(const struct plugin *plugin, const struct request *req, struct error *err)
{
	return check(plugin, req, err) < 0 ? -1 : delegate_too(plugin, req, err);
}

static int ready(const struct plugin *plugin, const struct request *req, struct error *err)
{
	_world_ struct world world = WORLD_NONE;
	_plan_ struct plan plan = PLAN_NONE;

	if (plugin->wants(&plan, req, &nothing, err) < 0 || world_open(&world, err) < 0)
		return -1;
	return plan_ready(&plan, &world, err);
}

/* Whatever it is that an ADD would fail of now: code 50, but a delegate may know worse (51). */
static int attach_status(const struct plugin *plugin, const struct request *req, struct error *err)
{
	if (ready(plugin, req, err) == 0 && delegate_too(plugin, req, err) == 0)
		return 0;
	if (err->code != CNI_LIMITED)
		err->code = CNI_NOT_AVAILABLE;
	return -1;
}

static int sweep(const struct plugin *plugin, const struct request *req,
		 const struct attachments *valid, struct error *err)
{
	_world_ struct world world = WORLD_NONE;
	_plan_ struct plan plan = PLAN_NONE;
	struct error ignored;

	if (world_open(&world, err) < 0)
		return -1;
	plugin->wants(&plan, req, &nothing, &ignored);
	return plan_sweep(&plan, valid, &world, err);
}

static int attach_gc(const struct plugin *plugin, const struct request *req, struct error *err)
{
	struct error of_links = { 0 }, of_lease = { 0 };
	struct attachments valid;
	int r = attachments_read(&valid, req, err);

	if (r)
		return r < 0 ? r : 0;
	*err = (struct error){ 0 };
	if (sweep(plugin, req, &valid, &of_links) < 0)
		error_join(err, &of_links);
	if (delegate_too(plugin, req, &of_lease) < 0)
		error_join(err, &of_lease);
	return err->code ? -1 : 0;
}

/* The dry run */

static int print_lease(const char *ipam, bool known)
{
	printf("%-10s from %s\n", "lease", ipam);
	if (!known)
		puts("# The rest follows from the lease. To see it, put a result, as ADD would\n"
		     "# print it, under \"prevResult\" in the configuration.");
	return 0;
}

static int attach_plan(const struct plugin *plugin, const struct request *req, struct error *err)
{
	_plan_ struct plan plan = PLAN_NONE;
	static struct result known;
	const char *ipam = NULL;
	size_t first;

	result_clear(&known);
	if (req->prev_result && result_read(&known, req->prev_result, req->version, err) < 0)
		return error_prefix(err, "prevResult: ");
	if (ipam_of(plugin, req, &ipam, err) < 0 ||
	    plugin->wants(&plan, req, known_before(plugin, &known), err) < 0)
		return -1;
	plan_print(&plan, 0, stdout);
	if (!ipam)
		return 0;
	print_lease(ipam, req->prev_result);
	first = plan.n;
	plan_close(&plan);
	if (req->prev_result && plugin->wants(&plan, req, &known, err) < 0)
		return -1;
	plan_print(&plan, first, stdout);
	return 0;
}

const struct verbs attach_verbs = {
	.add = attach_add,
	.del = attach_del,
	.check = attach_check,
	.status = attach_status,
	.gc = attach_gc,
	.plan = attach_plan,
};
