/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "ip_random.h"
#include "unit.h"

/* Bytes of 0 and of 255 are frequent: that is where carries and compressed zeros are. */
struct ip random_ip(void)
{
	struct ip ip = { .family = unit_below(2) ? AF_INET : AF_INET6 };
	size_t size = ip_size(&ip);

	for (size_t i = 0; i < size; i++) {
		unsigned dice = unit_below(4);

		ip.byte[i] = dice == 0 ? 0x00 : dice == 1 ? 0xff : (uint8_t)unit_random();
	}
	ip.prefix = ip_bits(&ip);
	return ip;
}

struct ip random_net(void)
{
	struct ip net = random_ip();

	net.prefix = unit_below(ip_bits(&net) + 1);
	return net;
}

bool ip_identical(const struct ip *a, const struct ip *b)
{
	return a->family == b->family && a->prefix == b->prefix &&
	       !memcmp(a->byte, b->byte, sizeof(a->byte));
}

const char *ip_show(const struct ip *ip)
{
	static char text[4][IP_STRLEN];
	static unsigned next;

	return ip_cidr_str(ip, text[next++ % 4]);
}
