/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Shared host ports: of a container that is on several networks
 *
 * As with the other backend (nftables/share.h): the network that came first
 * serves them, the others' attachments leave them to it.
 */

#include "firewall/iptables/saved.h"

/* Takes the ports that another attachment of the owner's container serves out of a text. false:
 * there is none. */
bool iptables_leave_served(char *text, const struct saved *saved, const struct attachment *owner);
