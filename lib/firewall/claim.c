/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "firewall/claim.h"

const char *const claim_sorts[CLAIM_SORTS] = {
	[CLAIM_MASQUERADE] = "masquerade",
	[CLAIM_HOSTPORT] = "hostport",
	[CLAIM_MACCHECK] = "maccheck",
};

bool claim_backend_parse(enum claim_backend *backend, const char *text)
{
	enum claim_backend found = BACKEND_ANY;

	if (text && !strcmp(text, "nftables"))
		found = BACKEND_NFTABLES;
	else if (text && !strcmp(text, "iptables"))
		found = BACKEND_IPTABLES;
	else if (text && *text)
		return false;
	*backend = found;
	return true;
}

bool claim_port_serves(const struct claim_port *port, const struct ip *ip)
{
	return !port->on.family || port->on.family == ip->family;
}

bool claim_port_is_everywhere(const struct claim_port *port)
{
	static const struct ip zero;

	return !port->on.family || !memcmp(port->on.byte, zero.byte, sizeof(zero.byte));
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
