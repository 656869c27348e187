/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The backend of iptables and the reference's leftovers, from a shell
 *
 *   claim VERB NETWORK/CONTAINER/IFNAME SORT [KEY=VALUE...]
 *
 * VERB: put, remove, check, ready, restore; sweep (NETWORK; valid=CONTAINER/IFNAME); reference
 * and reference-sweep; text prints what put would load.
 * KEY: ip, except (CIDR); port (PROTOCOL:HOST:POD[:ADDRESS]); way, mark, cond4, cond6 (text);
 * snat, masqall (1).
 *
 * Exit status: 0, 1 for an error ("CODE MESSAGE | DETAILS"), 2 for the answer 1 and its reason.
 */

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/firewall.h"
#include "firewall/iptables/text.h"
#include "firewall/reference.h"
#include "value/scope.h"

#define MANY 16

struct call {
	struct claim claim;
	struct attachment owner;
	struct attachments valid;
	struct ip ip[2], except[MANY];
	struct claim_port port[MANY];
};

static void bad(const char *what)
{
	fprintf(stderr, "claim: bad %s\n", what);
	exit(3);
}

static void read_owner(struct call *call, char *text)
{
	call->owner.network = strsep(&text, "/");
	call->owner.container = strsep(&text, "/");
	call->owner.ifname = text;
	call->claim.owner = &call->owner;
	call->valid.network = call->owner.network;
	call->valid.list = cJSON_CreateArray();
}

static void read_sort(struct call *call, const char *name)
{
	for (int i = 0; i < CLAIM_SORTS; i++)
		if (!strcmp(name, claim_sorts[i]))
			call->claim.sort = i;
}

static void read_cidr(struct ip *ip, const char *text)
{
	if (!ip_parse_cidr(ip, text))
		bad(text);
}

static void read_port(struct claim_port *port, char *text)
{
	const char *protocol = strsep(&text, ":");

	port->protocol = !strcmp(protocol, "tcp") ? IPPROTO_TCP :
			 !strcmp(protocol, "udp") ? IPPROTO_UDP :
						    IPPROTO_SCTP;
	port->host = (uint16_t)atoi(strsep(&text, ":"));
	port->pod = (uint16_t)atoi(strsep(&text, ":"));
	if (text && !ip_parse(&port->on, text))
		bad(text);
}

static void read_valid(struct call *call, char *text)
{
	cJSON *one = cJSON_CreateObject();

	cJSON_AddStringToObject(one, "containerID", strsep(&text, "/"));
	cJSON_AddStringToObject(one, "ifname", text);
	cJSON_AddItemToArray((cJSON *)(uintptr_t)call->valid.list, one);
}

static void read_key(struct call *call, const char *key, char *value)
{
	struct claim *claim = &call->claim;

	if (!strcmp(key, "ip"))
		read_cidr(&call->ip[claim->n_ips++], value);
	else if (!strcmp(key, "except"))
		read_cidr(&call->except[claim->n_excepts++], value);
	else if (!strcmp(key, "port"))
		read_port(&call->port[claim->n_ports++], value);
	else if (!strcmp(key, "way"))
		claim->way[0] = claim->way[1] = ifname_of(value);
	else if (!strcmp(key, "mark"))
		claim->mark_chain = value;
	else if (!strcmp(key, "cond4"))
		claim->conditions[0] = value;
	else if (!strcmp(key, "cond6"))
		claim->conditions[1] = value;
	else if (!strcmp(key, "valid"))
		read_valid(call, value);
	else if (!strcmp(key, "snat"))
		claim->snat = true;
	else if (!strcmp(key, "masqall"))
		claim->masq_all = true;
	else
		bad(key);
}

static int print_text(const struct claim *claim)
{
	_free_ char *text4 = iptables_text(claim, AF_INET), *text6 = iptables_text(claim, AF_INET6);
	_free_ char *joined = iptables_text_join(text4, text6);

	fputs(joined, stdout);
	return 0;
}

static int run(struct firewall *fw, const char *verb, const struct call *call, struct error *err)
{
	const struct backend *backend = &iptables_backend;
	const struct claim_of of = { call->claim.sort, &call->owner };

	if (!strcmp(verb, "text"))
		return print_text(&call->claim);
	if (!strcmp(verb, "put"))
		return backend->put(fw, &call->claim, err);
	if (!strcmp(verb, "remove"))
		return backend->remove(fw, &of, err);
	if (!strcmp(verb, "check"))
		return backend->check(fw, &call->claim, err);
	if (!strcmp(verb, "ready"))
		return backend->ready(fw, &call->claim, err);
	if (!strcmp(verb, "sweep"))
		return backend->sweep(fw, call->claim.sort, &call->valid, err);
	if (!strcmp(verb, "restore"))
		return backend->restore(fw, err);
	if (!strcmp(verb, "reference"))
		return reference_remove(fw, &of, err);
	if (!strcmp(verb, "reference-sweep"))
		return reference_sweep(fw, call->claim.sort, &call->valid, err);
	bad(verb);
	return 0;
}

int main(int argc, char **argv)
{
	static struct call call;
	struct firewall fw = FIREWALL_NONE;
	struct error err = { 0 };
	int r;

	call.claim.ip = call.ip;
	call.claim.except = call.except;
	call.claim.port = call.port;
	if (argc < 4)
		bad("number of arguments");
	read_owner(&call, argv[2]);
	read_sort(&call, argv[3]);
	for (int i = 4; i < argc; i++) {
		const char *key = strsep(&argv[i], "=");

		if (!argv[i])
			bad(key);
		read_key(&call, key, argv[i]);
	}
	r = run(&fw, argv[1], &call, &err);
	if (r < 0)
		printf("%d %s | %s\n", err.code, err.msg, err.details);
	if (r > 0)
		printf("%s\n", fw.why_not);
	journal_close(&fw.journal);
	nft_close(&fw.nft);
	cJSON_Delete((cJSON *)(uintptr_t)call.valid.list);
	return r < 0 ? 1 : r > 0 ? 2 : 0;
}
