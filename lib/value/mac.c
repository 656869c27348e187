/* SPDX-License-Identifier: Apache-2.0 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "value/mac.h"

static int hex(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

bool mac_parse(struct mac *mac, const char *text)
{
	struct mac read;

	if (strlen(text) != MAC_STRLEN - 1 || (text[2] != ':' && text[2] != '-'))
		return false;
	for (size_t i = 0; i < sizeof(read.byte); i++, text += 3) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			return false;
		if (i < 5 && text[2] != ':' && text[2] != '-')
			return false;
		read.byte[i] = (unsigned char)(hex(text[0]) << 4 | hex(text[1]));
	}
	*mac = read;
	return true;
}

const char *mac_str(const struct mac *mac, char buf[static MAC_STRLEN])
{
	const unsigned char *b = mac->byte;

	snprintf(buf, MAC_STRLEN, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
		 b[5]);
	return buf;
}

bool mac_equal(const struct mac *a, const struct mac *b)
{
	return !memcmp(a->byte, b->byte, sizeof(a->byte));
}

bool mac_is_zero(const struct mac *mac)
{
	return mac_equal(mac, &(struct mac){ 0 });
}

bool mac_is_group(const struct mac *mac)
{
	return mac->byte[0] & 1;
}
