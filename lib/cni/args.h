/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * CNI_ARGS: "K=V;K=V"
 *
 * A closing ';' and values that hold '=' are fine. IgnoreUnknown, MAC, IP,
 * GATEWAY and everything that begins with K8S_ is known, whether or not this
 * plugin has a use for it; any other key is error 4, unless IgnoreUnknown is
 * "1" or "true".
 */

#include "value/error.h"

struct args {
	const char *mac, *ip, *gateway; /* NULL: not given */
	char *copy;			/* what they point into */
};

/* The caller frees args->copy. */
int args_read(struct args *args, const char *text, struct error *err);
