/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "cni/result.h"

void result_clear(struct result *result)
{
	result->n_interfaces = result->n_ips = result->n_routes = 0;
	result->before_interfaces = result->before_ips = result->before_routes = 0;
	result->dns = result->before = NULL;
	result->before_version = VERSION_NEWEST;
}

static int no_room(const char *what, int room, struct error *err)
{
	return error_set(err, CNI_INVALID_CONFIG, "more than %d %s in one result", room, what);
}

int result_add_interface(struct result *result, const struct result_interface *interface,
			 struct error *err)
{
	if (result->n_interfaces == RESULT_INTERFACES)
		return no_room("interfaces", RESULT_INTERFACES, err);
	result->interface[result->n_interfaces] = *interface;
	return result->n_interfaces++;
}

int result_add_ip(struct result *result, const struct result_ip *ip, struct error *err)
{
	if (result->n_ips == RESULT_IPS)
		return no_room("ips", RESULT_IPS, err);
	result->ip[result->n_ips] = *ip;
	return result->n_ips++;
}

int result_add_route(struct result *result, const struct result_route *route, struct error *err)
{
	if (result->n_routes == RESULT_ROUTES)
		return no_room("routes", RESULT_ROUTES, err);
	result->route[result->n_routes] = *route;
	return result->n_routes++;
}

int result_find(const struct result *result, const char *name, bool in_sandbox)
{
	for (int i = result->n_interfaces; i-- > 0;)
		if (!strcmp(result->interface[i].name, name) &&
		    !!result->interface[i].sandbox[0] == in_sandbox)
			return i;
	return -1;
}
