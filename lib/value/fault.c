/* SPDX-License-Identifier: Apache-2.0 */

#include "value/fault.h"

#ifdef PODWIRE_FAULTS
#include <stdlib.h>
#include <string.h>

bool fault_due(const char *what)
{
	static unsigned long seen;
	const char *order = getenv("PODWIRE_FAULT");
	size_t len = strlen(what);

	if (!order || strncmp(order, what, len) || order[len] != ':')
		return false;
	return ++seen == strtoul(order + len + 1, NULL, 10);
}
#endif
