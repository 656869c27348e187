/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>

#include "firewall/flows.h"
#include "kernel/conntrack.h"
#include "value/scope.h"

int flows_forget_strays(const struct claim *claim, struct error *err)
{
	_free_ struct conntrack_port *ports = NULL;
	size_t n = 0;

	if (claim->sort != CLAIM_HOSTPORT)
		return 0;
	ports = calloc(claim->n_ports * claim->n_ips + 1, sizeof(*ports));
	for (size_t i = 0; ports && i < claim->n_ips; i++)
		for (size_t p = 0; p < claim->n_ports; p++)
			if (claim_port_serves(&claim->port[p], &claim->ip[i]))
				ports[n++] = (struct conntrack_port){ claim->port[p].protocol,
								      claim->port[p].host,
								      claim->ip[i] };
	return conntrack_forget(ports, n, FLOWS_ASTRAY, err);
}
