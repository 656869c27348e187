/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall/nftables/entries.h"
#include "firewall/nftables/find.h"
#include "value/scope.h"

#define SETS_MAX 128

struct sets {
	enum claim_sort sort;
	struct nft_set *set;
	size_t n;
};

static void keep_set(const struct nft_set *set, void *arg)
{
	struct sets *sets = arg;

	if (sets->n < SETS_MAX && entries_belong(sets->sort, set))
		sets->set[sets->n++] = *set;
}

static void keep_element(const struct nft_element *element, void *arg)
{
	struct found *found = arg;

	if (!found->is_wanted(element, found->arg))
		return;
	if (found->n == found->room) {
		found->room = found->room ? 2 * found->room : 16;
		found->element = realloc(found->element, found->room * sizeof(*found->element));
		if (!found->element)
			abort();
	}
	found->element[found->n++] = *element;
}

static int find(struct firewall *fw, struct sets *sets, struct found *found)
{
	int r;

	sets->n = found->n = 0;
	r = nft_each_set(&fw->nft, entries_table(sets->sort), keep_set, sets);
	for (size_t i = 0; i < sets->n && (r == 0 || r == -ENOENT); i++)
		r = nft_each(&fw->nft, &sets->set[i], keep_element, found);
	return r;
}

bool found_nothing(int r)
{
	return r == -ENOENT || r == -EOPNOTSUPP || r == -EPROTONOSUPPORT;
}

int found_remove(struct firewall *fw, enum claim_sort sort, struct found *found, struct error *err)
{
	_free_ struct nft_set *room = calloc(SETS_MAX, sizeof(*room));
	struct sets sets = { .sort = sort, .set = room };
	struct error ignored;
	int r;

	if (!room)
		return error_errno(err, ENOMEM, "list the sets of table podwire");
	if (nft_open(&fw->nft, &ignored) < 0)
		return 0;
	do {
		r = nft_watch(&fw->nft);
		if (r == 0)
			r = find(fw, &sets, found);
		if (r == 0 || (r == -ENOENT && found->n))
			r = nft_remove(&fw->nft, found->element, found->n);
	} while (r == -EINTR || r == -ERESTART);
	return r < 0 && !found_nothing(r) ?
		       nft_error(&fw->nft, err, "remove %s elements of table podwire",
				 claim_sorts[sort]) :
		       0;
}

bool found_port(const struct nft_element *element, struct conntrack_port *port)
{
	const uint8_t *pod = element->data.byte, *key = element->key.byte;
	bool v6 = element->data.size == 20;
	uint16_t number;

	if (element->data.size != 20 && element->data.size != 8)
		return false;
	if (!strncmp(element->set.name, "hostip", 6))
		key += v6 ? 16 : 4;
	memcpy(&number, key + 4, sizeof(number));
	*port = (struct conntrack_port){ .protocol = key[0],
					 .port = ntohs(number),
					 .pod = { .family = v6 ? AF_INET6 : AF_INET,
						  .prefix = v6 ? 128 : 32 } };
	memcpy(port->pod.byte, pod, v6 ? 16 : 4);
	return true;
}

void found_close(struct found *found)
{
	free(found->element);
	*found = FOUND_NONE;
}
