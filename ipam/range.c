/* SPDX-License-Identifier: Apache-2.0 */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "range.h"
#include "value/json.h"

static int misplaced(const char *what, const struct ip *ip, const struct ip *subnet,
		     struct error *err)
{
	char text[IP_STRLEN], net[IP_STRLEN];

	return error_set(err, CNI_INVALID_CONFIG, "%s is %s, which is not in the subnet %s", what,
			 ip_str(ip, text), ip_cidr_str(subnet, net));
}

static int check_subnet(const struct ip *subnet, struct error *err)
{
	struct ip network = ip_network(subnet);
	char text[IP_STRLEN], net[IP_STRLEN];

	if (subnet->prefix > ip_bits(subnet) - 2)
		return error_set(err, CNI_INVALID_CONFIG,
				 "subnet is %s, too small: its prefix can be %u at most",
				 ip_cidr_str(subnet, text), ip_bits(subnet) - 2);
	if (!ip_equal(subnet, &network))
		return error_set(err, CNI_INVALID_CONFIG,
				 "subnet is %s, which has host bits set; the network is %s",
				 ip_cidr_str(subnet, text), ip_cidr_str(&network, net));
	return 0;
}

/* IPv4 keeps the last address of a subnet for broadcasts. */
static void set_defaults(struct range *r)
{
	struct ip first = ip_next(&r->subnet), last = ip_last(&r->subnet);

	first.prefix = last.prefix = ip_bits(&r->subnet);
	if (!r->gateway.family)
		r->gateway = first;
	if (!r->start.family)
		r->start = first;
	if (!r->end.family)
		r->end = r->subnet.family == AF_INET ? ip_prev(&last) : last;
}

static int read_range(struct range *range, const cJSON *from, struct error *err)
{
	static const struct json_field table[] = {
		{ "subnet", JSON_CIDR(struct range, subnet), .required = true, .any_case = true },
		{ "rangeStart", JSON_IP(struct range, start), .any_case = true },
		{ "rangeEnd", JSON_IP(struct range, end), .any_case = true },
		{ "gateway", JSON_IP(struct range, gateway), .any_case = true },
		{},
	};
	char start[IP_STRLEN], end[IP_STRLEN];
	struct range r = { 0 };

	if (json_read(from, table, &r, err) < 0 || check_subnet(&r.subnet, err) < 0)
		return -1;
	set_defaults(&r);
	if (!ip_contains(&r.subnet, &r.gateway))
		return misplaced("gateway", &r.gateway, &r.subnet, err);
	if (!ip_contains(&r.subnet, &r.start))
		return misplaced("rangeStart", &r.start, &r.subnet, err);
	if (!ip_contains(&r.subnet, &r.end))
		return misplaced("rangeEnd", &r.end, &r.subnet, err);
	if (ip_cmp(&r.start, &r.end) > 0)
		return error_set(err, CNI_INVALID_CONFIG, "rangeStart is %s, behind rangeEnd, %s",
				 ip_str(&r.start, start), ip_str(&r.end, end));
	*range = r;
	return 0;
}

/* An empty one; NULL: there is no more room. */
static struct range_set *add_set(struct ranges *ranges, struct error *err)
{
	struct range_set *more = NULL, *set;

	if (ranges->n < RANGE_SETS)
		more = realloc(ranges->set, ((size_t)ranges->n + 1) * sizeof(*more));
	if (!more) {
		error_set(err, CNI_INVALID_CONFIG, "more than %d sets of ranges", ranges->n);
		return NULL;
	}
	ranges->set = more;
	set = &ranges->set[ranges->n++];
	*set = (struct range_set){ .n = 0 };
	return set;
}

static bool overlap(const struct range *a, const struct range *b)
{
	return a->subnet.family == b->subnet.family && ip_cmp(&a->start, &b->end) <= 0 &&
	       ip_cmp(&b->start, &a->end) <= 0;
}

static const char *range_str(const struct range *r, char buf[static 2 * IP_STRLEN])
{
	char end[IP_STRLEN];

	ip_str(&r->start, buf);
	snprintf(buf + strlen(buf), IP_STRLEN, "-%s", ip_str(&r->end, end));
	return buf;
}

static int overlapping(const struct range *a, const struct range *b, struct error *err)
{
	char one[2 * IP_STRLEN], other[2 * IP_STRLEN];

	return error_set(err, CNI_INVALID_CONFIG, "the ranges %s and %s overlap", range_str(a, one),
			 range_str(b, other));
}

static int add_range(struct range_set *set, const struct range *range, struct error *err)
{
	if (set->n == RANGES)
		return error_set(err, CNI_INVALID_CONFIG, "more than %d ranges in one set", RANGES);
	if (set->n && range->subnet.family != set->range[0].subnet.family)
		return error_set(err, CNI_INVALID_CONFIG,
				 "one set holds ranges of IPv4 and of IPv6");
	for (int i = 0; i < set->n; i++)
		if (overlap(&set->range[i], range))
			return overlapping(&set->range[i], range, err);
	set->range[set->n++] = *range;
	return 0;
}

int ranges_read_set(struct ranges *ranges, const cJSON *list, struct error *err)
{
	struct range_set *set;
	const cJSON *item;
	int i = 0;

	if (!cJSON_IsArray(list))
		return error_set(err, CNI_BAD_CONTENT, " must be a list of ranges");
	if (!list->child)
		return error_set(err, CNI_INVALID_CONFIG, " is an empty set");
	set = add_set(ranges, err);
	if (!set)
		return -1;
	cJSON_ArrayForEach(item, list) {
		struct range range = { 0 };

		if (read_range(&range, item, err) < 0)
			return json_error_at(err, "[%d]", i);
		if (add_range(set, &range, err) < 0)
			return error_prefix(err, "[%d]: ", i);
		i++;
	}
	return 0;
}

int ranges_read_single(struct ranges *ranges, const cJSON *object, struct error *err)
{
	struct range range = { 0 };
	struct range_set *set;

	if (read_range(&range, object, err) < 0)
		return -1;
	set = add_set(ranges, err);
	return set ? add_range(set, &range, err) : -1;
}

static int check_overlaps(const struct range_set *a, const struct range_set *b, struct error *err)
{
	for (int i = 0; i < a->n; i++)
		for (int j = 0; j < b->n; j++)
			if (overlap(&a->range[i], &b->range[j]))
				return overlapping(&a->range[i], &b->range[j], err);
	return 0;
}

int ranges_check(const struct ranges *ranges, enum version version, struct error *err)
{
	int n_v4 = 0, n_v6 = 0;

	if (!ranges->n)
		return error_set(err, CNI_INVALID_CONFIG,
				 "no ranges: ipam needs \"ranges\" or \"subnet\"");
	for (int i = 0; i < ranges->n; i++) {
		*(ranges->set[i].range[0].subnet.family == AF_INET ? &n_v4 : &n_v6) += 1;
		for (int j = 0; j < i; j++)
			if (check_overlaps(&ranges->set[j], &ranges->set[i], err) < 0)
				return -1;
	}
	if (version <= VERSION_0_2_0 && (n_v4 > 1 || n_v6 > 1))
		return error_set(err, CNI_INVALID_CONFIG,
				 "CNI version %s does not support more than 1 address per family",
				 version_names[version]);
	return 0;
}

void ranges_close(struct ranges *ranges)
{
	free(ranges->set);
	*ranges = RANGES_NONE;
}

const struct range *range_set_find(const struct range_set *set, const struct ip *ip)
{
	for (int i = 0; i < set->n; i++) {
		const struct range *r = &set->range[i];

		if (ip->family == r->start.family && ip_cmp(&r->start, ip) <= 0 &&
		    ip_cmp(ip, &r->end) <= 0)
			return r;
	}
	return NULL;
}

const char *range_set_str(const struct range_set *set, char *buf, size_t size)
{
	char one[2 * IP_STRLEN];
	size_t used = 0;

	*buf = '\0';
	for (int i = 0; i < set->n && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
					 range_str(&set->range[i], one));
	return buf;
}

/* end - start + 1, cut at what fits. */
static unsigned long long range_size(const struct range *r)
{
	unsigned long long high = 0, low = 0;
	int borrow = 0;

	for (size_t i = ip_size(&r->start), shift = 0; i-- > 0; shift += 8) {
		int digit = r->end.byte[i] - r->start.byte[i] - borrow;

		borrow = digit < 0;
		*(shift < 64 ? &low : &high) |= (unsigned long long)(digit & 0xff) << shift % 64;
	}
	return high || low == ULLONG_MAX ? ULLONG_MAX : low + 1;
}

unsigned long long range_set_size(const struct range_set *set)
{
	unsigned long long n = 0;

	for (int i = 0; i < set->n; i++) {
		unsigned long long more = range_size(&set->range[i]);
		bool first = range_set_find(set, &set->range[i].gateway) != NULL;

		n = n + more < n ? ULLONG_MAX : n + more;
		for (int j = 0; j < i && first; j++)
			first = !ip_equal(&set->range[j].gateway, &set->range[i].gateway);
		n -= first && n != ULLONG_MAX;
	}
	return n;
}

bool range_set_is_gateway(const struct range_set *set, const struct ip *ip)
{
	for (int i = 0; i < set->n; i++)
		if (ip_equal(&set->range[i].gateway, ip))
			return true;
	return false;
}

struct range_walk range_walk_begin(const struct range_set *set, const struct ip *last)
{
	struct range_walk walk = { .set = set };
	const struct range *r = last ? range_set_find(set, last) : NULL;

	if (r) {
		walk.at = (int)(r - set->range);
		walk.cur = *last;
	} else {
		/* As if the last one had been the last of the last range. */
		walk.at = set->n - 1;
		walk.cur = set->range[walk.at].end;
	}
	return walk;
}

static void step(struct range_walk *walk)
{
	if (ip_equal(&walk->cur, &walk->set->range[walk->at].end)) {
		walk->at = (walk->at + 1) % walk->set->n;
		walk->cur = walk->set->range[walk->at].start;
	} else {
		walk->cur = ip_next(&walk->cur);
	}
}

bool range_walk_next(struct range_walk *walk, struct ip *ip)
{
	do {
		step(walk);
		if (walk->begun && ip_equal(&walk->cur, &walk->first))
			return false;
		if (!walk->begun)
			walk->first = walk->cur;
		walk->begun = true;
	} while (range_set_is_gateway(walk->set, &walk->cur));
	walk->range = &walk->set->range[walk->at];
	*ip = walk->cur;
	return true;
}
