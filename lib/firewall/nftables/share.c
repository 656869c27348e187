/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "firewall/nftables/share.h"
#include "firewall/owner.h"

bool element_is_port(const struct nft_element *element)
{
	return !strncmp(element->set.name, "hostip", 6) ||
	       !strncmp(element->set.name, "hostport", 8);
}

bool element_serves(const struct nft_element *holder, const struct nft_element *mine)
{
	return element_is_port(mine) && strcmp(holder->comment, mine->comment) != 0 &&
	       owner_is_same_container(holder->comment, mine->comment);
}

/* All at once: the kernel names one at a time, and each refusal is a wait for RCU. */
void entries_leave_served(struct entries *entries, struct nft *nft)
{
	for (size_t i = entries->n; i-- > 0;) {
		struct nft_element holder = entries->element[i];

		if (element_is_port(&holder) && nft_get(nft, &holder) == 0 &&
		    element_serves(&holder, &entries->element[i]))
			entries_leave(entries, i);
	}
}
