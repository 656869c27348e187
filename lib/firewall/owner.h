/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Owners: the name that an attachment has in firewall comments and file names
 *
 * "network/container/ifname", as the alias of its veth says it too. nft(8) reads
 * back no more than 128 characters, so a long part is cut and ends in a hash of
 * the whole: each attachment's name stays its own, and each network's prefix too.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cni/attachments.h"
#include "kernel/nft_elements.h"

#define OWNER_STRLEN NFT_COMMENT
#define OWNER_NETWORK 41 /* of the network's part, with its NUL */

const char *owner_str(const struct attachment *owner, char buf[static OWNER_STRLEN]);

/* The attachment of such a name, in pieces of `buf`. false: it is none, or was cut. */
bool owner_parse(struct attachment *owner, const char *name, char buf[static OWNER_STRLEN]);

/* The network's part, without the '/'. */
const char *owner_network(const char *network, char buf[static OWNER_NETWORK]);

/* FNV-1a: for names that follow from a text. */
uint32_t owner_hash(const char *text);

/* Are these names of one container, on whichever networks? */
bool owner_is_same_container(const char *name, const char *other);

/* Does this name belong to the network, and to none of its valid attachments? */
bool owner_is_stale(const char *name, const struct attachments *valid);
