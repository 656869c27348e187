/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Results: what an ADD achieved, as one type for every cniVersion
 *
 * The wire differs by version; only result_read.c and result_write.c know how.
 * A result that was read from another plugin is written with every member it
 * came with, also those that nobody here knows, and with what was added since.
 *
 * Source: CNI specification 1.1, "Section 5: Result Types", and those of 0.2.0
 * and 0.4.0.
 */

#include <cjson/cJSON.h>

#include "cni/identity.h"
#include "cni/version.h"
#include "value/error.h"
#include "value/ip.h"

#define RESULT_SANDBOX 256

struct result_interface {
	char name[64], mac[64], sandbox[RESULT_SANDBOX]; /* sandbox "": on the host */
	unsigned mtu;					 /* 0: not told */
	const char *socket_path, *pci_id;		 /* NULL: none */
};

struct result_ip {
	struct ip address, gateway;
	int interface; /* index into the interfaces; -1: none */
};

struct result_route {
	struct ip to, via;
	unsigned mtu, advmss, priority; /* 0: not told */
	int table, scope;		/* -1: not told */
};

#define RESULT_INTERFACES 32
#define RESULT_IPS 64
#define RESULT_ROUTES 512

struct result {
	struct result_interface interface[RESULT_INTERFACES];
	struct result_ip ip[RESULT_IPS];
	struct result_route route[RESULT_ROUTES];
	int n_interfaces, n_ips, n_routes;
	const cJSON *dns; /* borrowed; NULL: none */
	/* What it was read from (borrowed; NULL: it was not), in which version, and how much. */
	const cJSON *before;
	enum version before_version;
	int before_interfaces, before_ips, before_routes;
};

/* Empties it. A result is large: no initialiser should write zeros over what will not be used. */
void result_clear(struct result *result);

/* Each answers the index, or -1: there is no more room. */
int result_add_interface(struct result *result, const struct result_interface *interface,
			 struct error *err);
int result_add_ip(struct result *result, const struct result_ip *ip, struct error *err);
int result_add_route(struct result *result, const struct result_route *route, struct error *err);

/* The index of the last interface of that name, in a sandbox or on the host; -1: there is none. */
int result_find(const struct result *result, const char *name, bool in_sandbox);

/* `from` may be of any version; without a cniVersion it is of `fallback`'s. It outlives *result. */
int result_read(struct result *result, const cJSON *from, enum version fallback, struct error *err);

/* One route as a result or an IPAM configuration has it. */
int result_read_route(struct result_route *route, const cJSON *from, struct error *err);

/* Refuses a "dns" object whose members are not of their types. NULL is none. */
int result_check_dns(const cJSON *dns, struct error *err);

/* The result as JSON text; the caller frees *text. */
int result_write(const struct result *result, enum version version, char **text, struct error *err);
