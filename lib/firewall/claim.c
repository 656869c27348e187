/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>

#include "firewall/claim.h"

const char *const claim_sorts[CLAIM_SORTS] = {
	[CLAIM_MASQUERADE] = "masquerade",
	[CLAIM_HOSTPORT] = "hostport",
	[CLAIM_MACCHECK] = "maccheck",
};

bool claim_port_serves(const struct claim_port *port, const struct ip *ip)
{
	return !port->on.family || port->on.family == ip->family;
}

const char *claim_protocol(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_UDP ? "udp" : "sctp";
}

const char *claim_port_str(const struct claim_port *port, char buf[static CLAIM_PORT_STRLEN])
{
	char on[IP_STRLEN];

	snprintf(buf, CLAIM_PORT_STRLEN, "%u/%s%s%s", port->host, claim_protocol(port->protocol),
		 port->on.family ? " of " : "", port->on.family ? ip_str(&port->on, on) : "");
	return buf;
}
