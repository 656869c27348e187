/* SPDX-License-Identifier: Apache-2.0 */

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <uuid/uuid.h>

#include "cni/identity.h"
#include "value/scope.h"

/* ba4e2a0e-6a5c-4f0e-9d42-7c1f8f3b6d10: made once, for good. */
static const uuid_t podwire = { 0xba, 0x4e, 0x2a, 0x0e, 0x6a, 0x5c, 0x4f, 0x0e,
				0x9d, 0x42, 0x7c, 0x1f, 0x8f, 0x3b, 0x6d, 0x10 };

__attribute__((__format__(__printf__, 2, 3))) static void derive(uuid_t uuid, const char *fmt, ...)
{
	_free_ char *name = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&name, fmt, args);
	va_end(args);
	if (n < 0)
		abort();
	uuid_generate_sha1(uuid, podwire, name, (size_t)n);
}

static void derive_attachment(uuid_t uuid, const struct attachment *a)
{
	derive(uuid, "%s/%s/%s", a->network ? a->network : "", a->container ? a->container : "",
	       a->ifname ? a->ifname : "");
}

static struct ifname port_name(const uuid_t uuid)
{
	struct ifname name;
	char hex[13];

	for (int i = 0; i < 6; i++)
		snprintf(hex + 2 * i, 3, "%02x", uuid[i]);
	snprintf(name.str, sizeof(name.str), "veth%.11s", hex);
	return name;
}

static struct mac local_mac(const uuid_t uuid)
{
	struct mac mac;

	memcpy(mac.byte, uuid, sizeof(mac.byte));
	mac.byte[0] = (mac.byte[0] & 0xfe) | 0x02;
	return mac;
}

struct ifname ifname_of(const char *name)
{
	struct ifname copy;

	snprintf(copy.str, sizeof(copy.str), "%s", name ? name : "");
	return copy;
}

struct ifname identity_veth(const struct attachment *attachment)
{
	uuid_t uuid;

	derive_attachment(uuid, attachment);
	return port_name(uuid);
}

struct mac identity_mac(const struct attachment *attachment)
{
	uuid_t uuid;

	derive_attachment(uuid, attachment);
	return local_mac(uuid);
}

struct mac identity_mac_of_ip(const struct ip *ip)
{
	struct mac mac = { { 0x0a, 0x58 } };
	char text[IP_STRLEN];
	uuid_t uuid;

	if (ip->family == AF_INET) {
		memcpy(mac.byte + 2, ip->byte, 4);
	} else {
		derive(uuid, "%s", ip_str(ip, text));
		memcpy(mac.byte + 2, uuid, 4);
	}
	return mac;
}

const char *identity_alias(const struct attachment *a, char buf[static IDENTITY_ALIAS])
{
	snprintf(buf, IDENTITY_ALIAS, "%s/%s/%s", a->network, a->container, a->ifname);
	return buf;
}

/* A machine without an identity of its own has one until it boots again: as long as its links. */
static const char *machine(char buf[static 64])
{
	static const char *const files[] = { "/etc/machine-id", "/proc/sys/kernel/random/boot_id" };

	for (size_t i = 0; i < COUNT(files); i++) {
		_close_ int fd = open(files[i], O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, buf, 63);

		if (n > 0) {
			buf[n] = '\0';
			buf[strcspn(buf, "\n")] = '\0';
			return buf;
		}
	}
	return "";
}

struct mac identity_mac_of_shared(const char *link)
{
	char id[64];
	uuid_t uuid;

	derive(uuid, "%s/%s", machine(id), link);
	return local_mac(uuid);
}

struct mac identity_mac_of_node(const char *node)
{
	uuid_t uuid;

	derive(uuid, "node/%s", node);
	return local_mac(uuid);
}

struct ifname identity_gateway_port(const char *bridge, unsigned vlan)
{
	uuid_t uuid;

	derive(uuid, "%s.%u", bridge, vlan);
	return port_name(uuid);
}
