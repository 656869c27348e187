/* SPDX-License-Identifier: Apache-2.0 */

#include "want/tell.h"
#include "kernel/glance.h"
#include "kernel/routes.h"

int tell_link(struct netns *ns, const struct told_link *told, struct result *result,
	      struct error *err)
{
	struct result_interface interface = { 0 };
	struct glance link;

	if (glance_at(ns, told->name, &link, err) < 0)
		return -1;
	snprintf(interface.name, sizeof(interface.name), "%s", told->name);
	mac_str(&link.mac, interface.mac);
	interface.mtu = link.mtu;
	snprintf(interface.sandbox, sizeof(interface.sandbox), "%s",
		 told->sandbox ? told->sandbox : "");
	return result_add_interface(result, &interface, err) < 0 ? -1 : 0;
}

void tell_mtu(unsigned mtu, FILE *out)
{
	if (mtu == MTU_AUTO)
		fputs(" mtu auto", out);
	else if (mtu)
		fprintf(out, " mtu %u", mtu);
}
