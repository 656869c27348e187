/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include "bridge_conf.h"
#include "kernel/routes.h"
#include "value/json.h"
#include "value/text.h"

#define MTU_MIN 68 /* RFC 791; what the kernel takes for a bridge and a veth too */
#define MTU_MAX 65535

/* As it stands in the file, before anything is made of it. */
struct wire {
	const char *bridge, *mac, *backend;
	const cJSON *mtu, *trunk, *exceptions;
	unsigned vlan;
	bool is_gateway, is_default_gateway, force_address, hairpin, promisc, isolated;
	bool keep_default_vlan, enabledad, layer2_only, ip_masq, macspoofchk;
};

static const struct json_field table[] = {
	{ "bridge", JSON_STRING(struct wire, bridge) },
	{ "isGateway", JSON_BOOL(struct wire, is_gateway) },
	{ "isDefaultGateway", JSON_BOOL(struct wire, is_default_gateway) },
	{ "forceAddress", JSON_BOOL(struct wire, force_address) },
	{ "ipMasq", JSON_BOOL(struct wire, ip_masq) },
	{ "ipMasqBackend", JSON_STRING(struct wire, backend) },
	{ "nonMasqueradeCIDRs", JSON_ARRAY(struct wire, exceptions) },
	{ "mtu", JSON_ANY(struct wire, mtu) },
	{ "hairpinMode", JSON_BOOL(struct wire, hairpin) },
	{ "promiscMode", JSON_BOOL(struct wire, promisc) },
	{ "portIsolation", JSON_BOOL(struct wire, isolated) },
	{ "vlan", JSON_UINT(struct wire, vlan), .max = VLAN_MAX },
	{ "vlanTrunk", JSON_ARRAY(struct wire, trunk) },
	{ "preserveDefaultVlan", JSON_BOOL(struct wire, keep_default_vlan) },
	{ "macspoofchk", JSON_BOOL(struct wire, macspoofchk) },
	{ "enabledad", JSON_BOOL(struct wire, enabledad) },
	{ "disableContainerInterface", JSON_BOOL(struct wire, layer2_only) },
	{},
};

static int read_masquerade(struct bridge_conf *conf, const struct wire *wire, struct error *err)
{
	const cJSON *item;
	struct ip net;
	int i = 0;

	if (!claim_backend_parse(&conf->backend, wire->backend))
		return error_set(err, CNI_INVALID_CONFIG,
				 "ipMasqBackend is \"%.50s\", must be nftables or iptables",
				 wire->backend);
	cJSON_ArrayForEach(item, wire->exceptions) {
		if (!cJSON_IsString(item))
			return error_set(err, CNI_BAD_CONTENT,
					 "nonMasqueradeCIDRs[%d] must be a text", i);
		if (!ip_parse_cidr(&net, item->valuestring))
			return error_set(err, CNI_INVALID_CONFIG,
					 "nonMasqueradeCIDRs[%d] is \"%.50s\", must be a network "
					 "such as 10.244.0.0/16",
					 i, item->valuestring);
		i++;
	}
	conf->exceptions = wire->exceptions;
	return 0;
}

static int refuse_exclusions(const struct wire *wire, const struct bridge_conf *conf,
			     struct error *err)
{
	if (wire->hairpin && wire->promisc)
		return error_set(
			err, CNI_INVALID_CONFIG,
			"hairpinMode and promiscMode are both true, but exclude each other");
	if (wire->layer2_only && conf->layer3)
		return error_set(err, CNI_INVALID_CONFIG,
				 "disableContainerInterface is true, which leaves no use for the "
				 "addresses of ipam");
	return 0;
}

static int read_mtu(struct bridge_conf *conf, const cJSON *mtu, struct error *err)
{
	static const struct json_field field = { .name = "mtu",
						 .kind = JSON_KIND_UINT,
						 .max = MTU_MAX };

	if (cJSON_IsString(mtu) && !strcmp(mtu->valuestring, "auto")) {
		conf->mtu = MTU_AUTO;
		return 0;
	}
	if (!mtu)
		return 0;
	if (cJSON_IsString(mtu))
		return error_set(err, CNI_BAD_CONTENT,
				 "mtu must be a whole number or \"auto\", not \"%.50s\"",
				 mtu->valuestring);
	if (json_read_value(mtu, &field, &conf->mtu, err) < 0)
		return -1;
	if (conf->mtu && conf->mtu < MTU_MIN)
		return error_set(err, CNI_INVALID_CONFIG, "mtu must be between %d and %d, not %u",
				 MTU_MIN, MTU_MAX, conf->mtu);
	return 0;
}

/* The later of these counts: CNI_ARGS MAC, args.cni.mac, runtimeConfig.mac. */
static int read_mac(struct bridge_conf *conf, const struct request *req, struct error *err)
{
	const struct json_place args = { req->config, "args.cni" };
	const struct json_place runtime = { req->config, "runtimeConfig" };
	static const struct json_field mac_field[] = {
		{ "mac", JSON_STRING(struct wire, mac) },
		{},
	};
	struct wire found = { .mac = req->args.mac };

	if (json_read_at(&args, mac_field, &found, err) < 0 ||
	    json_read_at(&runtime, mac_field, &found, err) < 0)
		return -1;
	if (!found.mac || !*found.mac)
		return 0;
	if (!mac_parse(&conf->mac, found.mac) || mac_is_zero(&conf->mac))
		return error_set(
			err, CNI_INVALID_CONFIG,
			"mac is \"%.50s\", must be a MAC address such as 0a:58:0a:01:00:02",
			found.mac);
	if (mac_is_group(&conf->mac))
		return error_set(err, CNI_INVALID_CONFIG,
				 "mac is %s, a multicast address, which no interface can have",
				 found.mac);
	return 0;
}

struct trunk {
	unsigned min, max, id;
};

static int read_trunk_entry(struct vlans *vlans, const cJSON *item, struct error *err)
{
	static const struct json_field fields[] = {
		{ "minID", JSON_UINT(struct trunk, min), .min = 1, .max = VLAN_MAX },
		{ "maxID", JSON_UINT(struct trunk, max), .min = 1, .max = VLAN_MAX },
		{ "id", JSON_UINT(struct trunk, id), .min = 1, .max = VLAN_MAX },
		{},
	};
	struct trunk trunk = { 0 };

	if (json_read(item, fields, &trunk, err) < 0)
		return -1;
	if (!trunk.min != !trunk.max)
		return error_set(err, CNI_INVALID_CONFIG,
				 "%s is missing: minID and maxID go together",
				 trunk.min ? "maxID" : "minID");
	if (trunk.min > trunk.max)
		return error_set(err, CNI_INVALID_CONFIG, "minID is %u, greater than maxID, %u",
				 trunk.min, trunk.max);
	if (!trunk.min && !trunk.id)
		return error_set(err, CNI_INVALID_CONFIG, "id, or minID and maxID, are missing");
	for (unsigned id = trunk.min; id && id <= trunk.max; id++)
		vlans->id[id] = VLAN_MEMBER;
	if (trunk.id)
		vlans->id[trunk.id] = VLAN_MEMBER;
	return 0;
}

/* With a trunk and no vlan, frames without a tag are VLAN 1's. */
static int read_vlans(struct bridge_conf *conf, const struct wire *wire, struct error *err)
{
	const cJSON *item;
	int i = 0;

	conf->vlan = wire->vlan;
	conf->keep_default_vlan = wire->keep_default_vlan;
	conf->has_vlans = wire->vlan || (wire->trunk && wire->trunk->child);
	cJSON_ArrayForEach(item, wire->trunk) {
		if (read_trunk_entry(&conf->vlans, item, err) < 0)
			return json_error_at(err, "vlanTrunk[%d]", i);
		i++;
	}
	if (conf->has_vlans)
		conf->vlans.id[wire->vlan ? wire->vlan : 1] = VLAN_MEMBER | VLAN_PVID |
							      VLAN_UNTAGGED;
	return 0;
}

/* The gateway of a VLAN is on a link of its own. */
static int name_gateway_link(struct bridge_conf *conf, struct error *err)
{
	int len = conf->vlan ? snprintf(conf->gateway_link.str, IFNAMSIZ, "%s.%u", conf->bridge,
					conf->vlan) :
			       snprintf(conf->gateway_link.str, IFNAMSIZ, "%s", conf->bridge);

	if (len < IFNAMSIZ || !conf->is_gateway)
		return 0;
	return error_set(
		err, CNI_INVALID_CONFIG,
		"bridge is \"%s\": with isGateway and vlan %u the gateway's interface would "
		"be %s.%u, which is longer than 15 bytes",
		conf->bridge, conf->vlan, conf->bridge, conf->vlan);
}

static int read_ipam(struct bridge_conf *conf, const struct request *req, struct error *err)
{
	const char *ipam = NULL;
	int r = request_ipam(req, &ipam, err);

	conf->layer3 = r == 0;
	/* A DHCP lease hangs on the MAC address, which has to be there first. */
	conf->mac_follows_address = mac_is_zero(&conf->mac) && ipam && strcmp(ipam, "dhcp") != 0;
	return r < 0 ? r : 0;
}

static void copy_switches(struct bridge_conf *conf, const struct wire *wire)
{
	conf->is_gateway = wire->is_gateway || wire->is_default_gateway;
	conf->is_default_gateway = wire->is_default_gateway;
	conf->force_address = wire->force_address;
	conf->hairpin = wire->hairpin;
	conf->promisc = wire->promisc;
	conf->isolated = wire->isolated;
	conf->detect_duplicates = wire->enabledad;
	conf->layer2_only = wire->layer2_only;
	conf->masquerade = wire->ip_masq;
	conf->check_mac = wire->macspoofchk;
}

int bridge_conf_read(struct bridge_conf *conf, const struct request *req, struct error *err)
{
	struct wire wire = { .bridge = "cni0" };

	*conf = (struct bridge_conf){ .bridge = "cni0" };
	if (json_read(req->config, table, &wire, err) < 0)
		return -1;
	copy_switches(conf, &wire);
	if (!text_is_ifname(wire.bridge))
		return error_set(err, CNI_INVALID_CONFIG,
				 "bridge is \"%.50s\", must be an interface name: 1 to 15 bytes "
				 "without '/', ':', '%%' and white space",
				 wire.bridge);
	conf->bridge = wire.bridge;
	if (read_mtu(conf, wire.mtu, err) < 0 || read_mac(conf, req, err) < 0 ||
	    read_vlans(conf, &wire, err) < 0 || read_ipam(conf, req, err) < 0 ||
	    name_gateway_link(conf, err) < 0 || read_masquerade(conf, &wire, err) < 0)
		return -1;
	return refuse_exclusions(&wire, conf, err);
}
