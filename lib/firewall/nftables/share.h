/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Shared host ports: of a container that is on several networks
 *
 * podman asks for all of a container's ports on each of its networks. A key of a
 * map leads to one place only: the network that came first serves them, the
 * others' attachments leave them to it. They do not inherit them when that one
 * goes alone.
 */

#include "firewall/nftables/entries.h"

/* Is it a host port? */
bool element_is_port(const struct nft_element *element);

/* Does the holder of the same key, another attachment of the container, serve the port for it? */
bool element_serves(const struct nft_element *holder, const struct nft_element *mine);

/* Leaves out all that is served by others of the same container. */
void entries_leave_served(struct entries *entries, struct nft *nft);
