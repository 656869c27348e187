/* SPDX-License-Identifier: Apache-2.0 */

#include <linux/if_addr.h>
#include <string.h>

#include "kernel/addrs.h"
#include "kernel/link.h"
#include "kernel/proc.h"
#include "kernel/vxlan.h"
#include "want/tunnel.h"

#define HEADER_V4 50 /* RFC 7348: outer IPv4, UDP, VXLAN, inner Ethernet */
#define HEADER_V6 70

/* The devices that matter: that of the name, and those of podwire's that are one too many. */
struct found {
	const char *name;
	struct vxlan device;
	bool there;
	char other[IFNAMSIZ]; /* "": there is none */
};

static void on_device(const struct vxlan *device, void *arg)
{
	struct found *found = arg;

	if (!strcmp(device->name, found->name)) {
		found->device = *device;
		found->there = true;
	} else if (device->ours) {
		memcpy(found->other, device->name, sizeof(found->other));
	}
}

static int find(struct found *found, struct netns *host, const char *name, struct error *err)
{
	*found = (struct found){ .name = name };
	return vxlan_each(host, &(struct vxlan_visit){ on_device, found }, err);
}

/* All but that of the name, one after the other: there is never more than one. */
static int remove_others(struct found *found, struct netns *host, struct error *err)
{
	while (found->other[0])
		if (link_delete(host, found->other, err) < 0 ||
		    find(found, host, found->name, err) < 0)
			return -1;
	return 0;
}

static int device_of(struct vxlan *device, const struct tunnel *t, struct netns *host,
		     struct error *err)
{
	unsigned header = t->local.family == AF_INET ? HEADER_V4 : HEADER_V6;
	struct link uplink;

	if (link_need(host, t->uplink, &uplink, err) < 0)
		return -1;
	*device = (struct vxlan){ .vni = t->vni,
				  .port = t->port,
				  .uplink = uplink.index,
				  .local = t->local,
				  .mac = t->mac,
				  .mtu = t->mtu ? t->mtu : uplink.mtu - header,
				  .up = true };
	memcpy(device->name, t->name.str, sizeof(device->name));
	return 0;
}

/* What cannot be changed while it lives. */
static bool same_nature(const struct vxlan *wanted, const struct vxlan *have)
{
	return wanted->vni == have->vni && wanted->port == have->port &&
	       wanted->uplink == have->uplink && ip_equal(&wanted->local, &have->local) &&
	       !have->learning;
}

static bool same_dress(const struct vxlan *wanted, const struct vxlan *have)
{
	return have->up && have->ours && have->mtu == wanted->mtu &&
	       mac_equal(&have->mac, &wanted->mac);
}

static int make_device(const struct vxlan *wanted, struct found *found, struct netns *host,
		       struct error *err)
{
	const struct vxlan *have = &found->device;

	if (remove_others(found, host, err) < 0)
		return -1;
	if (found->there && same_nature(wanted, have))
		return vxlan_dress(host, wanted) < 0 ?
			       netns_error(host, err, "set up VXLAN device %s", wanted->name) :
			       0;
	if (found->there && !have->ours)
		return error_set(err, CNI_INVALID_CONFIG,
				 "device: %s exists, is not podwire's, and has VNI %u and port %u",
				 wanted->name, have->vni, have->port);
	if (found->there && link_delete(host, wanted->name, err) < 0)
		return -1;
	if (vxlan_create(host, wanted) < 0)
		return netns_error(host, err, "create VXLAN device %s with VNI %u and UDP port %u",
				   wanted->name, wanted->vni, wanted->port);
	return 0;
}

/* Its inner addresses, compared. */
struct addresses {
	const struct tunnel *tunnel;
	bool have[TUNNEL_ADDRESSES];
	struct ip stale; /* family 0: there is none */
};

static bool is_link_local(const struct ip *ip)
{
	return ip->family == AF_INET6 && ip->byte[0] == 0xfe && (ip->byte[1] & 0xc0) == 0x80;
}

static void on_address(const struct addr_seen *seen, void *arg)
{
	struct addresses *a = arg;
	bool wanted = false;

	for (size_t i = 0; i < a->tunnel->n_addresses; i++)
		if (ip_equal(&a->tunnel->address[i], &seen->ip) &&
		    seen->ip.prefix == ip_bits(&seen->ip))
			wanted = a->have[i] = true;
	if (!wanted && !is_link_local(&seen->ip))
		a->stale = seen->ip;
}

static int compare_addresses(struct addresses *a, const struct tunnel *t, struct netns *host,
			     struct error *err)
{
	struct addrs_visit visit = { .seen = on_address, .arg = a };
	struct link link;

	*a = (struct addresses){ .tunnel = t };
	if (link_need(host, t->name.str, &link, err) < 0)
		return -1;
	visit.link = link.index;
	return addrs_each(host, &visit, err);
}

/* Nothing is written without need: in a container without privileges nobody can write there. */
static int enable_ipv6(const struct tunnel *t, struct netns *host, struct error *err)
{
	char name[64], value[PROC_VALUE];
	int r;

	snprintf(name, sizeof(name), "net/ipv6/conf/%s/disable_ipv6", t->name.str);
	r = proc_read(host, name, value, err);
	if (r == 0 && strcmp(value, "0") != 0)
		r = proc_write(host, name, "0", err);
	return r < 0 ? r : 0;
}

static int add_address(const struct tunnel *t, struct ip ip, struct netns *host, struct error *err)
{
	char text[IP_STRLEN];
	struct link link;

	ip.prefix = ip_bits(&ip);
	if (ip.family == AF_INET6 && enable_ipv6(t, host, err) < 0)
		return -1;
	if (link_need(host, t->name.str, &link, err) < 0)
		return -1;
	if (addrs_add(host, link.index, &(struct addr_seen){ .ip = ip, .flags = IFA_F_NODAD }) < 0)
		return netns_error(host, err, "add address %s to %s", ip_cidr_str(&ip, text),
				   t->name.str);
	return 0;
}

static int make_addresses(const struct tunnel *t, struct netns *host, struct error *err)
{
	struct addresses a;
	struct link link;

	if (link_need(host, t->name.str, &link, err) < 0 || compare_addresses(&a, t, host, err) < 0)
		return -1;
	while (a.stale.family) {
		if (addrs_remove(host, link.index, &a.stale) < 0)
			return netns_error(host, err, "remove a stale address from %s",
					   t->name.str);
		if (compare_addresses(&a, t, host, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < t->n_addresses; i++)
		if (!a.have[i] && add_address(t, t->address[i], host, err) < 0)
			return -1;
	return 0;
}

static int tunnel_make(void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	const struct tunnel *t = what;
	struct vxlan wanted;
	struct found found;
	bool on;
	int r;

	if (device_of(&wanted, t, host, err) < 0 || find(&found, host, t->name.str, err) < 0 ||
	    make_device(&wanted, &found, host, err) < 0)
		return -1;
	r = vxlan_offload(host, t->name.str, &on, err);
	if (r == 0 && on != t->offload)
		r = vxlan_set_offload(host, t->name.str, t->offload, err);
	return r < 0 ? r : make_addresses(t, host, err);
}

static int check_addresses(const struct tunnel *t, struct netns *host, struct error *err)
{
	struct addresses a;
	char text[IP_STRLEN];

	if (compare_addresses(&a, t, host, err) < 0)
		return -1;
	if (a.stale.family)
		return error_set(err, CNI_CHECK_FAILED, "%s has another address, %s", t->name.str,
				 ip_cidr_str(&a.stale, text));
	for (size_t i = 0; i < t->n_addresses; i++)
		if (!a.have[i])
			return error_set(err, CNI_CHECK_FAILED, "%s has no address %s", t->name.str,
					 ip_str(&t->address[i], text));
	return 0;
}

static int tunnel_check(const void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	const struct tunnel *t = what;
	struct vxlan wanted;
	struct found found;
	bool on;
	int r;

	if (device_of(&wanted, t, host, err) < 0 || find(&found, host, t->name.str, err) < 0)
		return -1;
	if (!found.there)
		return error_set(err, CNI_CHECK_FAILED, "there is no VXLAN device %s", t->name.str);
	if (found.other[0])
		return error_set(err, CNI_CHECK_FAILED, "VXLAN device %s is nobody's any more",
				 found.other);
	if (!same_nature(&wanted, &found.device) || !same_dress(&wanted, &found.device))
		return error_set(err, CNI_CHECK_FAILED, "VXLAN device %s is not as it should be",
				 t->name.str);
	r = vxlan_offload(host, t->name.str, &on, err);
	if (r == 0 && on != t->offload)
		return error_set(err, CNI_CHECK_FAILED, "checksum offload of %s is %s", t->name.str,
				 on ? "on" : "off");
	return r < 0 ? r : check_addresses(t, host, err);
}

static int tunnel_ready(const void *what, struct world *world, struct error *err)
{
	const struct tunnel *t = what;
	struct link link;
	int r = link_get(&world->ns[HOST], t->name.str, &link, err);

	if (r == 0 && strcmp(link.kind, "vxlan") != 0)
		return error_set(err, CNI_LIMITED, "device: %s exists and is no VXLAN device",
				 t->name.str);
	return r < 0 ? r : 0;
}

static void tunnel_print(const void *what, FILE *out)
{
	const struct tunnel *t = what;
	char text[IP_STRLEN], mac[MAC_STRLEN];

	fprintf(out, "host %s vni %u port %u local %s dev %s mac %s", t->name.str, t->vni, t->port,
		ip_str(&t->local, text), t->uplink, mac_str(&t->mac, mac));
	for (size_t i = 0; i < t->n_addresses; i++)
		fprintf(out, " addr %s", ip_str(&t->address[i], text));
	fprintf(out, t->mtu ? " mtu %u" : " mtu auto", t->mtu);
	fputs(t->offload ? "" : " without checksum offload", out);
}

static const struct want_kind tunnel_kind = {
	.name = "tunnel",
	.shared = true,
	.make = tunnel_make,
	.check = tunnel_check,
	.ready = tunnel_ready,
	.print = tunnel_print,
};

void want_tunnel_(struct plan *plan, const struct tunnel *tunnel)
{
	plan_want(plan, &tunnel_kind, tunnel, sizeof(*tunnel));
}

static int none_make(void *what, struct world *world, struct error *err)
{
	struct found found;

	(void)what;
	if (find(&found, &world->ns[HOST], "", err) < 0)
		return -1;
	return remove_others(&found, &world->ns[HOST], err);
}

static int none_check(const void *what, struct world *world, struct error *err)
{
	struct found found;

	(void)what;
	if (find(&found, &world->ns[HOST], "", err) < 0)
		return -1;
	return found.other[0] ? error_set(err, CNI_CHECK_FAILED,
					  "VXLAN device %s is nobody's any more", found.other) :
				0;
}

static void none_print(const void *what, FILE *out)
{
	(void)what;
	fputs("host none", out);
}

static const struct want_kind none_kind = {
	.name = "tunnel",
	.shared = true,
	.make = none_make,
	.check = none_check,
	.print = none_print,
};

void want_no_tunnel(struct plan *plan)
{
	plan_want(plan, &none_kind, &(char){ 0 }, 1);
}
