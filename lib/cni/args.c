/* SPDX-License-Identifier: Apache-2.0 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cni/args.h"

static void keep(struct args *args, const char *key, const char *value, const char **unknown)
{
	if (!strcmp(key, "MAC"))
		args->mac = value;
	else if (!strcmp(key, "IP"))
		args->ip = value;
	else if (!strcmp(key, "GATEWAY"))
		args->gateway = value;
	else if (strcmp(key, "IgnoreUnknown") != 0 && strncmp(key, "K8S_", 4) != 0)
		*unknown = key;
}

int args_read(struct args *args, const char *text, struct error *err)
{
	const char *unknown = NULL;
	bool tolerant = false;
	char *rest, *pair;

	*args = (struct args){ .copy = strdup(text) };
	if (!args->copy)
		return error_set(err, CNI_INTERNAL, "out of memory for CNI_ARGS");
	rest = args->copy;
	while ((pair = strsep(&rest, ";"))) {
		char *value = strchr(pair, '=');

		if (!*pair && !rest)
			break;
		if (!value || value == pair)
			return error_set(err, CNI_INVALID_ENVIRONMENT,
					 "CNI_ARGS: \"%.100s\" is not of the form KEY=VALUE", pair);
		*value++ = '\0';
		if (!strcmp(pair, "IgnoreUnknown"))
			tolerant = !strcmp(value, "1") || !strcasecmp(value, "true");
		keep(args, pair, value, &unknown);
	}
	if (unknown && !tolerant)
		return error_set(err, CNI_INVALID_ENVIRONMENT,
				 "CNI_ARGS: unknown key %.100s (IgnoreUnknown=1 would allow it)",
				 unknown);
	return 0;
}
