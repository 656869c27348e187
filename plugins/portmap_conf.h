/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The configuration of the portmap plugin: its keys, their types, and what excludes what. */

#include "cni/request.h"
#include "firewall/claim.h"
#include "want/plan.h"

struct portmap_conf {
	enum claim_backend backend;
	bool snat, masq_all;
	const char *conditions[2]; /* of IPv4, of IPv6: the words with spaces between; NULL: none */
	const char *mark_chain;	   /* externalSetMarkChain */
	const struct claim_port *port;
	size_t n_ports;
};

/* As far as it can be read, even when it answers -1. What it points to lives as long as the plan.
 */
int portmap_conf_read(struct portmap_conf *conf, struct plan *plan, const struct request *req,
		      struct error *err);
