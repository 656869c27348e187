/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>
#include <strings.h>

#include "portmap_conf.h"
#include "value/json.h"
#include "value/scope.h"

#define PORT_MAX 65535
#define MARK_BIT_MAX 31

/* As it stands in the file, before anything is made of it. */
struct wire {
	const char *backend, *mark_chain;
	bool snat, masq_all;
	const cJSON *conditions[2], *mark_bit, *ports;
};

static const struct json_field table[] = {
	{ "backend", JSON_STRING(struct wire, backend) },
	{ "snat", JSON_BOOL(struct wire, snat) },
	{ "masqAll", JSON_BOOL(struct wire, masq_all) },
	{ "conditionsV4", JSON_ARRAY(struct wire, conditions[0]) },
	{ "conditionsV6", JSON_ARRAY(struct wire, conditions[1]) },
	{ "markMasqBit", JSON_ANY(struct wire, mark_bit) },
	{ "externalSetMarkChain", JSON_STRING(struct wire, mark_chain) },
	{},
};

static const struct json_field runtime_table[] = {
	{ "portMappings", JSON_ARRAY(struct wire, ports) },
	{},
};

/* Conditions */

static int check_words(const cJSON *list, const char *name, struct error *err)
{
	const cJSON *item;
	int i = 0;

	cJSON_ArrayForEach(item, list) {
		if (!cJSON_IsString(item))
			return error_set(err, CNI_BAD_CONTENT, "%s[%d] must be a text", name, i);
		if (strpbrk(item->valuestring, "\n\r;"))
			return error_set(err, CNI_INVALID_CONFIG,
					 "%s[%d] is \"%.50s\", must be words of one condition, "
					 "without line ends and semicolons",
					 name, i, item->valuestring);
		i++;
	}
	return 0;
}

static const char *join(struct plan *plan, const cJSON *list)
{
	const cJSON *item;
	size_t len = 1;
	char *text, *to;

	cJSON_ArrayForEach(item, list)
		len += strlen(item->valuestring) + 1;
	text = to = plan_room(plan, len);
	*to = '\0';
	cJSON_ArrayForEach(item, list)
		to += sprintf(to, "%s%s", to > text ? " " : "", item->valuestring);
	return *text ? text : NULL;
}

static int read_conditions(struct portmap_conf *conf, struct plan *plan, const struct wire *wire,
			   struct error *err)
{
	static const char *const names[] = { "conditionsV4", "conditionsV6" };

	for (size_t i = 0; i < COUNT(names); i++) {
		if (check_words(wire->conditions[i], names[i], err) < 0)
			return -1;
		conf->conditions[i] = join(plan, wire->conditions[i]);
	}
	return 0;
}

/* The first word of a condition of iptables begins with a hyphen or is "!", which none of nft's
 * does. */
static enum claim_backend language_of(const char *condition)
{
	if (!condition)
		return BACKEND_ANY;
	return strchr("-!", condition[0]) ? BACKEND_IPTABLES : BACKEND_NFTABLES;
}

/* Keys that only one backend understands choose it, where the configuration does not. */
static int choose_backend(struct portmap_conf *conf, struct error *err)
{
	static const char *const keys[] = { "conditionsV4", "conditionsV6",
					    "externalSetMarkChain" };
	const enum claim_backend asked[] = { language_of(conf->conditions[0]),
					     language_of(conf->conditions[1]),
					     conf->mark_chain ? BACKEND_IPTABLES : BACKEND_ANY };

	for (size_t i = 0; i < COUNT(keys); i++) {
		if (asked[i] == BACKEND_ANY)
			continue;
		if (conf->backend != BACKEND_ANY && conf->backend != asked[i])
			return error_set(err, CNI_INVALID_CONFIG, "%s is for %s, not for %s",
					 keys[i],
					 asked[i] == BACKEND_IPTABLES ? "iptables" : "nftables",
					 asked[i] == BACKEND_IPTABLES ? "nftables" : "iptables");
		conf->backend = asked[i];
	}
	return 0;
}

/* Masquerading here needs no mark; the bit is looked at because a mistake in it should be heard of.
 */
static int check_marks(const struct wire *wire, struct error *err)
{
	static const struct json_field field = { .name = "markMasqBit",
						 .kind = JSON_KIND_UINT,
						 .max = MARK_BIT_MAX };
	unsigned bit = 0;

	if (!wire->mark_bit || cJSON_IsNull(wire->mark_bit))
		return 0;
	if (json_read_value(wire->mark_bit, &field, &bit, err) < 0)
		return -1;
	if (wire->mark_chain && *wire->mark_chain)
		return error_set(err, CNI_INVALID_CONFIG,
				 "markMasqBit and externalSetMarkChain exclude each other");
	return 0;
}

/* Ports */

struct mapping {
	unsigned host, pod;
	const char *protocol, *on;
};

static int read_protocol(struct claim_port *port, const char *text, struct error *err)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };

	for (size_t i = 0; i < COUNT(protocols); i++) {
		if (strcasecmp(text, claim_protocol(protocols[i])) != 0)
			continue;
		port->protocol = protocols[i];
		return 0;
	}
	return error_set(err, CNI_INVALID_CONFIG, "protocol is \"%.50s\", must be tcp, udp or sctp",
			 text);
}

/* ::ffff:192.0.2.1 is how some write 192.0.2.1, and reaches no pod as what it is. */
static void unmap(struct ip *ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (ip->family != AF_INET6 || memcmp(ip->byte, mapped, sizeof(mapped)) != 0)
		return;
	memmove(ip->byte, ip->byte + sizeof(mapped), 4);
	memset(ip->byte + 4, 0, sizeof(ip->byte) - 4);
	ip->family = AF_INET;
	ip->prefix = 32;
}

static int read_host_ip(struct claim_port *port, const char *text, struct error *err)
{
	static const struct in6_addr localhost = IN6ADDR_LOOPBACK_INIT;

	if (!*text)
		return 0;
	if (!ip_parse(&port->on, text))
		return error_set(err, CNI_INVALID_CONFIG,
				 "hostIP is \"%.50s\", must be an IP address", text);
	unmap(&port->on);
	if (port->on.family == AF_INET6 && !memcmp(port->on.byte, &localhost, sizeof(localhost)))
		return error_set(err, CNI_INVALID_CONFIG,
				 "hostIP is ::1, from which no pod can be reached: IPv6 has no "
				 "route_localnet, and answers to ::1 would be dropped");
	return 0;
}

static int read_port(struct claim_port *port, const cJSON *item, struct error *err)
{
	static const struct json_field fields[] = {
		{ "hostPort", JSON_UINT(struct mapping, host), .min = 1, .max = PORT_MAX,
		  .required = true, .any_case = true },
		{ "containerPort", JSON_UINT(struct mapping, pod), .min = 1, .max = PORT_MAX,
		  .required = true, .any_case = true },
		{ "protocol", JSON_STRING(struct mapping, protocol), .any_case = true },
		{ "hostIP", JSON_STRING(struct mapping, on), .any_case = true },
		{},
	};
	struct mapping mapping = { .protocol = "tcp", .on = "" };

	*port = (struct claim_port){ .protocol = IPPROTO_TCP };
	if (json_read(item, fields, &mapping, err) < 0)
		return -1;
	port->host = (uint16_t)mapping.host;
	port->pod = (uint16_t)mapping.pod;
	if (read_protocol(port, mapping.protocol, err) < 0)
		return -1;
	return read_host_ip(port, mapping.on, err);
}

/* Do both hold the same port of the same address? */
static bool collide(const struct claim_port *a, const struct claim_port *b)
{
	if (a->host != b->host || a->protocol != b->protocol)
		return false;
	if (claim_port_is_everywhere(a) && claim_port_is_everywhere(b))
		return !a->on.family || !b->on.family || a->on.family == b->on.family;
	return !claim_port_is_everywhere(a) && !claim_port_is_everywhere(b) &&
	       ip_equal(&a->on, &b->on);
}

/* 1: the very same is in the list already. */
static int check_collision(const struct claim_port *port, size_t n, struct error *err)
{
	char text[CLAIM_PORT_STRLEN];

	for (size_t i = 0; i < n; i++) {
		if (!collide(&port[i], &port[n]))
			continue;
		if (port[i].pod == port[n].pod && port[i].on.family == port[n].on.family)
			return 1;
		return error_set(err, CNI_INVALID_CONFIG, "hostPort %s is mapped twice",
				 claim_port_str(&port[n], text));
	}
	return 0;
}

static int read_ports(struct portmap_conf *conf, struct plan *plan, const cJSON *list,
		      struct error *err)
{
	struct claim_port *port = plan_room(plan, (size_t)cJSON_GetArraySize(list) * sizeof(*port));
	const cJSON *item;
	int i = 0, r;

	conf->port = port;
	cJSON_ArrayForEach(item, list) {
		r = read_port(&port[conf->n_ports], item, err);
		if (r == 0)
			r = check_collision(port, conf->n_ports, err);
		if (r < 0)
			return json_error_at(err, "runtimeConfig.portMappings[%d]", i);
		conf->n_ports += r == 0;
		i++;
	}
	return 0;
}

int portmap_conf_read(struct portmap_conf *conf, struct plan *plan, const struct request *req,
		      struct error *err)
{
	const struct json_place runtime = { req->config, "runtimeConfig" };
	struct wire wire = { .snat = true };

	*conf = (struct portmap_conf){ .snat = true };
	if (json_read(req->config, table, &wire, err) < 0 ||
	    json_read_at(&runtime, runtime_table, &wire, err) < 0)
		return -1;
	conf->snat = wire.snat;
	conf->masq_all = wire.masq_all;
	conf->mark_chain = wire.mark_chain && *wire.mark_chain ? wire.mark_chain : NULL;
	if (!claim_backend_parse(&conf->backend, wire.backend))
		return error_set(err, CNI_INVALID_CONFIG,
				 "backend is \"%.50s\", must be nftables or iptables",
				 wire.backend);
	if (check_marks(&wire, err) < 0 || read_conditions(conf, plan, &wire, err) < 0 ||
	    choose_backend(conf, err) < 0)
		return -1;
	return read_ports(conf, plan, wire.ports, err);
}
