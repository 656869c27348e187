/* SPDX-License-Identifier: Apache-2.0 */

/*
 * cni/identity: names that running pods have
 *
 * The values here come from another implementation of RFC 4122 (Python's uuid5, in the namespace
 * ba4e2a0e-6a5c-4f0e-9d42-7c1f8f3b6d10) and may never change.
 */

#include <stdio.h>
#include <string.h>

#include "cni/identity.h"
#include "unit.h"
#include "value/scope.h"

#define TIMES 20000
#define LONGEST 254 /* of an alias: rtnetlink takes IFALIASZ - 1 bytes, with the NUL */

static void try_golden_attachments(void)
{
	static const struct {
		struct attachment attachment;
		const char *veth, *mac;
	} cases[] = {
		{ { "net", "c1", "eth0" }, "vethaed1554a5e9", "ae:d1:55:4a:5e:94" },
		{ { "net", "c1", "net1" }, "veth2e0734c51ea", "2e:07:34:c5:1e:ad" },
		{ { "cbr0", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		    "eth0" },
		  "veth34b65b6208d",
		  "36:b6:5b:62:08:da" },
		{ { "a_network.with-every_kind.1", "C0ntainer_x.y-z", "ifname_is_15byt" },
		  "veth81a6657bc57",
		  "82:a6:65:7b:c5:70" },
	};
	char text[MAC_STRLEN];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ifname veth = identity_veth(&cases[i].attachment);
		struct mac mac = identity_mac(&cases[i].attachment);

		expect(!strcmp(veth.str, cases[i].veth), "%s, not %s", veth.str, cases[i].veth);
		expect(!strcmp(mac_str(&mac, text), cases[i].mac), "%s, not %s", text,
		       cases[i].mac);
	}
}

static void try_golden_addresses(void)
{
	static const char *const cases[][2] = {
		{ "10.1.0.2", "0a:58:0a:01:00:02" },
		{ "255.255.255.255", "0a:58:ff:ff:ff:ff" },
		{ "0.0.0.0", "0a:58:00:00:00:00" },
		{ "fd00::2", "0a:58:56:05:c6:20" },
		{ "FD00:0:0:0:0:0:0:0002", "0a:58:56:05:c6:20" },
		{ "2001:db8:0:1::", "0a:58:c7:3d:21:e9" },
	};
	char text[MAC_STRLEN];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mac mac;
		struct ip ip;

		expect(ip_parse(&ip, cases[i][0]), "%s", cases[i][0]);
		for (unsigned prefix = 0; prefix <= ip_bits(&ip); prefix += 8) {
			ip.prefix = prefix;
			mac = identity_mac_of_ip(&ip);
			expect(!strcmp(mac_str(&mac, text), cases[i][1]), "%s/%u: %s, not %s",
			       cases[i][0], prefix, text, cases[i][1]);
		}
	}
}

static void try_golden_ports(void)
{
	static const struct {
		const char *bridge;
		unsigned vlan;
		const char *port;
	} cases[] = {
		{ "cni0", 100, "veth605a45fe115" },
		{ "cni0", 4094, "veth5116b02eb29" },
		{ "br-0123456789ab", 1, "vethec376583bdc" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ifname port = identity_gateway_port(cases[i].bridge, cases[i].vlan);

		expect(!strcmp(port.str, cases[i].port), "%s, not %s", port.str, cases[i].port);
	}
}

static bool is_local_unicast(const struct mac *mac)
{
	return (mac->byte[0] & 3) == 2;
}

static bool is_port_name(const char *name)
{
	return strlen(name) == 15 && !strncmp(name, "veth", 4) &&
	       strspn(name + 4, "0123456789abcdef") == 11;
}

/* A name of 1 to 24 characters. */
static void random_name(char name[static 32])
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789ABC_.-";
	unsigned len = 1 + unit_below(24);

	name[0] = alphabet[unit_below(36)];
	for (unsigned i = 1; i < len; i++)
		name[i] = alphabet[unit_below(sizeof(alphabet) - 1)];
	name[len] = '\0';
}

static void try_shape(void)
{
	for (int i = 0; i < TIMES / 10; i++) {
		char network[32], container[32], ifname[32];
		const struct attachment a = { network, container, ifname };
		struct ip ip = { .family = unit_below(2) ? AF_INET : AF_INET6 };
		struct ifname veth, port;
		struct mac mac, of_ip, shared;

		random_name(network);
		random_name(container);
		random_name(ifname);
		unit_random_bytes(ip.byte, ip_size(&ip));
		veth = identity_veth(&a);
		port = identity_gateway_port(ifname, unit_below(4095));
		mac = identity_mac(&a);
		of_ip = identity_mac_of_ip(&ip);
		shared = identity_mac_of_shared(ifname);
		expect(is_port_name(veth.str), "%s", veth.str);
		expect(is_port_name(port.str), "%s", port.str);
		expect(is_local_unicast(&mac), "%02x", mac.byte[0]);
		expect(is_local_unicast(&of_ip) && of_ip.byte[0] == 0x0a && of_ip.byte[1] == 0x58,
		       "%02x", of_ip.byte[0]);
		expect(is_local_unicast(&shared), "%02x", shared.byte[0]);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct ifname *)a)->str, ((const struct ifname *)b)->str);
}

/* Names that differ in one place only, the boundary between two members included. */
static void try_distinct(void)
{
	static struct ifname names[TIMES];
	char network[16], container[16], ifname[16];

	for (int i = 0; i < TIMES; i++) {
		snprintf(network, sizeof(network), "n%d", i % 20);
		snprintf(container, sizeof(container), "c%d", i / 20 % 100);
		snprintf(ifname, sizeof(ifname), "eth%d", i / 2000);
		names[i] = identity_veth(&(struct attachment){ network, container, ifname });
	}
	qsort(names, TIMES, sizeof(*names), by_text);
	for (int i = 1; i < TIMES; i++)
		expect(by_text(&names[i - 1], &names[i]) != 0, "%s", names[i].str);
}

static void try_boundaries(void)
{
	const struct attachment a = { "ab", "c", "d" }, b = { "a", "bc", "d" },
				c = { "ab", "cd", "" };
	struct ifname one = identity_veth(&a), two = identity_veth(&b), three = identity_veth(&c);

	expect(by_text(&one, &two) && by_text(&one, &three) && by_text(&two, &three), "%s %s %s",
	       one.str, two.str, three.str);
}

static void try_shared(void)
{
	struct mac cni0 = identity_mac_of_shared("cni0"), again = identity_mac_of_shared("cni0");
	struct mac cni1 = identity_mac_of_shared("cni1");

	expect(mac_equal(&cni0, &again), "%02x", cni0.byte[5]);
	expect(!mac_equal(&cni0, &cni1), "%02x", cni0.byte[5]);
}

static void try_alias(void)
{
	const struct attachment a = { "net", "c1", "eth0" };
	char text[IDENTITY_ALIAS], name[301];

	expect(!strcmp(identity_alias(&a, text), "net/c1/eth0"), "%s", text);
	for (size_t len = 200; len < sizeof(name); len++) {
		char whole[400];

		memset(name, 'x', len);
		name[len] = '\0';
		snprintf(whole, sizeof(whole), "net/%s/eth0", name);
		identity_alias(&(struct attachment){ "net", name, "eth0" }, text);
		expect(strlen(text) == (strlen(whole) < LONGEST ? strlen(whole) : LONGEST) &&
			       !strncmp(text, whole, strlen(text)),
		       "%s", text);
	}
}

static void try_ifname(void)
{
	static const char whole[] = "abcdefghijklmnopqrstuvwxyz";

	for (size_t from = 0; from < sizeof(whole); from++) {
		struct ifname name = ifname_of(whole + from);
		size_t len = sizeof(whole) - 1 - from;

		expect(strlen(name.str) == (len < 15 ? len : 15) &&
			       !strncmp(name.str, whole + from, 15),
		       "%s", name.str);
	}
}

int main(void)
{
	unit_promise("the host's end and the MAC of an attachment are what they always were",
		     try_golden_attachments);
	unit_promise("the MAC of an address is what it always was, whatever the prefix",
		     try_golden_addresses);
	unit_promise("the port of a VLAN's gateway is what it always was", try_golden_ports);
	unit_promise("ports have 15 bytes, veth and hex; MACs are unicast and locally administered",
		     try_shape);
	unit_promise("twenty thousand attachments have as many names", try_distinct);
	unit_promise("what belongs to which member makes a difference", try_boundaries);
	unit_promise("a shared link's MAC stays, and is its own", try_shared);
	unit_promise("the alias is network/container/interface, cut to what the kernel takes",
		     try_alias);
	unit_promise("a name is copied, cut at 15 bytes", try_ifname);
	return unit_end();
}
