/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>

#include "taken.h"

static int read_one(const char *name, void *arg, struct error *err)
{
	struct taken *taken = arg;
	struct ip ip, *more;

	if (!ip_parse(&ip, name))
		return 0;
	if (taken->n == taken->room) {
		more = realloc(taken->ip, (2 * taken->room + 256) * sizeof(*more));
		if (!more)
			return error_set(err, CNI_INTERNAL, "out of memory at %zu addresses",
					 taken->n);
		taken->ip = more;
		taken->room = 2 * taken->room + 256;
	}
	taken->ip[taken->n++] = ip;
	return 0;
}

static int by_ip(const void *a, const void *b)
{
	return ip_cmp(a, b);
}

int taken_read(struct taken *taken, const struct shelf *shelf, struct error *err)
{
	const struct shelf_visit visit = { read_one, taken };

	taken->n = 0;
	if (shelf_list(shelf, &visit, err) < 0)
		return -1;
	if (taken->n)
		qsort(taken->ip, taken->n, sizeof(*taken->ip), by_ip);
	return 0;
}

bool taken_has(const struct taken *taken, const struct ip *ip)
{
	return taken->n && bsearch(ip, taken->ip, taken->n, sizeof(*taken->ip), by_ip);
}

void taken_close(struct taken *taken)
{
	free(taken->ip);
	*taken = TAKEN_NONE;
}
