/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* MAC addresses of Ethernet: six bytes and their text. */

#include <stdbool.h>

struct mac {
	unsigned char byte[6];
};

#define MAC_STRLEN sizeof("00:00:00:00:00:00")

/* "0a:58:0a:f4:00:05", with ':' or '-', either case; *mac is untouched when it is not one. */
bool mac_parse(struct mac *mac, const char *text);
const char *mac_str(const struct mac *mac, char buf[static MAC_STRLEN]);

bool mac_equal(const struct mac *a, const struct mac *b);
bool mac_is_zero(const struct mac *mac);  /* "none" in the wants */
bool mac_is_group(const struct mac *mac); /* multicast or broadcast: no interface can have it */
