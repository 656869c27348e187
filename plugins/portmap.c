/* SPDX-License-Identifier: Apache-2.0 */

/*
 * portmap: ports of the host that lead to a pod
 *
 * It runs after the plugin that gave the pod its addresses, and finds them in
 * that one's result, which it passes on as it is. The runtime says which ports
 * (runtimeConfig.portMappings).
 */

#include "cni/result.h"
#include "portmap_conf.h"
#include "value/scope.h"
#include "verb/attach.h"
#include "want/claimed.h"
#include "want/localnet.h"
#include "want/world.h"

static const struct ip *first_of(const struct result *known, int family, int interface)
{
	for (int i = 0; i < known->n_ips; i++)
		if (known->ip[i].address.family == family &&
		    (known->ip[i].interface < 0 || known->ip[i].interface == interface))
			return &known->ip[i].address;
	return NULL;
}

/* The pod's first address of each family, IPv4 first. */
static size_t own_ips(const struct request *req, const struct result *known, struct ip ip[2])
{
	static const int families[] = { AF_INET, AF_INET6 };
	const char *ifname = req->attachment.ifname ? req->attachment.ifname : "";
	int interface = result_find(known, ifname, true);
	size_t n = 0;

	for (size_t f = 0; f < COUNT(families); f++) {
		const struct ip *first = first_of(known, families[f], interface);

		if (first)
			ip[n++] = *first;
	}
	return n;
}

static bool needs_plan(const struct request *req, const struct portmap_conf *conf)
{
	return conf->n_ports || req->verb == VERB_DEL || req->verb == VERB_GC ||
	       req->verb == VERB_STATUS;
}

static int check_chain(const struct request *req, const struct portmap_conf *conf, size_t n_ips,
		       struct error *err)
{
	if (req->verb != VERB_ADD && req->verb != VERB_CHECK)
		return 0;
	if (!req->prev_result)
		return error_set(err, CNI_INVALID_CONFIG,
				 "prevResult is missing: portmap runs after the plugin that gives "
				 "the pod its addresses");
	if (conf->n_ports && !n_ips)
		return error_set(err, CNI_INVALID_CONFIG,
				 "prevResult has no address of %s, which host ports could lead to",
				 req->attachment.ifname);
	return 0;
}

static int portmap_wants(struct plan *plan, const struct request *req, const struct result *known,
			 struct error *err)
{
	struct ip *ip = plan_room(plan, 2 * sizeof(*ip));
	struct portmap_conf conf;
	size_t n_ips;
	int r = portmap_conf_read(&conf, plan, req, err);

	n_ips = own_ips(req, known, ip);
	if (r == 0)
		r = check_chain(req, &conf, n_ips, err);
	if (!needs_plan(req, &conf))
		return r;
	if (conf.snat && n_ips && ip[0].family == AF_INET)
		want_localnet(plan, .ip = ip[0]);
	want_hostport(plan, .owner = &req->attachment, .backend = conf.backend, .ip = ip,
		      .n_ips = n_ips, .port = conf.port, .n_ports = conf.n_ports, .snat = conf.snat,
		      .masq_all = conf.masq_all,
		      .conditions = { conf.conditions[0], conf.conditions[1] },
		      .mark_chain = conf.mark_chain);
	return r;
}

static int restore(int argc, char **argv, struct error *err)
{
	_firewall_ struct firewall fw = FIREWALL_NONE;

	(void)argc, (void)argv;
	return firewall_restore(&fw, err);
}

static const struct command commands[] = {
	{ "restore", "put back what a firewall reload took away, of all pods", restore },
	{},
};

static const struct plugin portmap = {
	.name = "portmap",
	.about = "leads ports of the host to a pod",
	.verbs = &attach_verbs,
	.wants = portmap_wants,
	.commands = commands,
	.passes = true,
};

int main(int argc, char **argv)
{
	return plugin_main(&portmap, argc, argv);
}
