/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include "range_world.h"
#include "unit.h"
#include "value/json.h"
#include "value/scope.h"

/* The world: SMALL addresses from 10.1.0.0, or from fd00::, by number. */
struct ip at(int family, unsigned number)
{
	struct ip ip = { .family = family };

	if (family == AF_INET) {
		ip.byte[0] = 10;
		ip.byte[1] = 1;
		ip.byte[2] = (uint8_t)(number >> 8);
		ip.byte[3] = (uint8_t)number;
	} else {
		ip.byte[0] = 0xfd;
		ip.byte[14] = (uint8_t)(number >> 8);
		ip.byte[15] = (uint8_t)number;
	}
	ip.prefix = ip_bits(&ip);
	return ip;
}

unsigned number_of(const struct ip *ip)
{
	size_t end = ip_size(ip);

	return (unsigned)(ip->byte[end - 2] << 8 | ip->byte[end - 1]);
}

cJSON *to_json(const struct model *m, int family)
{
	cJSON *object = cJSON_CreateObject();
	struct ip subnet = at(family, m->subnet), start = at(family, m->start);
	struct ip end = at(family, m->end), gateway = at(family, m->gateway);
	char text[IP_STRLEN];

	for (unsigned size = m->size; size > 1; size /= 2)
		subnet.prefix--;
	cJSON_AddStringToObject(object, "subnet", ip_cidr_str(&subnet, text));
	if (m->has_start)
		cJSON_AddStringToObject(object, "rangeStart", ip_str(&start, text));
	if (m->has_end)
		cJSON_AddStringToObject(object, "rangeEnd", ip_str(&end, text));
	if (m->has_gateway)
		cJSON_AddStringToObject(object, "gateway", ip_str(&gateway, text));
	return object;
}

static bool within(unsigned number, const struct model *m)
{
	return number >= m->subnet && number < m->subnet + m->size;
}

bool is_legal(const struct model *m)
{
	return m->size >= 4 && m->subnet % m->size == 0 && within(m->start, m) &&
	       within(m->end, m) && within(m->gateway, m) && m->start <= m->end;
}

/* Mostly legal ones. */
struct model random_range(int family)
{
	struct model m = { .size = 4U << unit_below(6) };

	m.subnet = unit_below(SMALL / m.size) * m.size;
	m.has_start = unit_below(2);
	m.has_end = unit_below(2);
	m.has_gateway = unit_below(2);
	m.start = m.has_start ? m.subnet + unit_below(m.size) : m.subnet + 1;
	m.end = m.has_end ? m.subnet + unit_below(m.size) :
			    m.subnet + m.size - (family == AF_INET ? 2 : 1);
	m.gateway = m.has_gateway ? m.subnet + unit_below(m.size) : m.subnet + 1;
	return m;
}

/* Adds it where it is legal and overlaps nothing. */
static void add_legal(struct world *w, const struct model *m)
{
	if (!is_legal(m))
		return;
	for (unsigned i = m->start; i <= m->end; i++)
		if (w->given[i])
			return;
	for (unsigned i = m->start; i <= m->end; i++)
		w->given[i] = true;
	w->range[w->n++] = *m;
}

cJSON *random_set(struct world *w)
{
	cJSON *list = cJSON_CreateArray();
	unsigned tries = 1 + unit_below(COUNT(w->range));

	*w = (struct world){ .family = unit_below(2) ? AF_INET : AF_INET6 };
	while (!w->n || tries-- > 1) {
		struct model m = random_range(w->family);

		add_legal(w, &m);
	}
	for (int i = 0; i < w->n; i++) {
		w->gateway[w->range[i].gateway] = true;
		cJSON_AddItemToArray(list, to_json(&w->range[i], w->family));
	}
	for (unsigned i = 0; i < SMALL; i++)
		w->n_given += w->given[i] && !w->gateway[i];
	return list;
}

/* What the configuration says, for messages. */
const char *show(const cJSON *list)
{
	static char text[1024];

	return json_str(list, text, sizeof(text));
}
