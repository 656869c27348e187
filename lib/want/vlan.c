/* SPDX-License-Identifier: Apache-2.0 */

#include "want/vlan.h"
#include "kernel/link.h"

static int vlan_make(void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	const struct vlan *v = what;
	struct vlans surplus;
	struct link port;

	if (link_need(host, identity_veth(v->attachment).str, &port, err) < 0)
		return -1;
	if (!v->keep) {
		if (vlans_read(host, port.index, &surplus, err) < 0)
			return -1;
		for (unsigned id = 1; id <= VLAN_MAX; id++)
			if (v->vlans.id[id])
				surplus.id[id] = 0;
		if (vlans_remove(host, port.index, &surplus, err) < 0)
			return error_prefix(err, "%s: ", port.name);
	}
	if (vlans_add(host, port.index, &v->vlans, err) < 0)
		return error_prefix(err, "%s: ", port.name);
	return 0;
}

static int check_one(const struct vlan *v, unsigned id, int is, struct error *err)
{
	int must = v->vlans.id[id];

	if (is == must || (v->keep && !must))
		return 0;
	if (!is)
		return error_set(err, CNI_CHECK_FAILED,
				 "the port of the container is not in VLAN %u", id);
	if (!must)
		return error_set(err, CNI_CHECK_FAILED, "the port of the container is in VLAN %u",
				 id);
	return error_set(
		err, CNI_CHECK_FAILED,
		"VLAN %u of the container's port should%s be its PVID and leave%s untagged", id,
		must & VLAN_PVID ? "" : " not", must & VLAN_UNTAGGED ? "" : " not");
}

static int vlan_check(const void *what, struct world *world, struct error *err)
{
	struct netns *host = &world->ns[HOST];
	const struct vlan *v = what;
	struct vlans is;
	struct link port;

	if (link_need(host, identity_veth(v->attachment).str, &port, err) < 0 ||
	    vlans_read(host, port.index, &is, err) < 0)
		return -1;
	for (unsigned id = 1; id <= VLAN_MAX; id++)
		if (check_one(v, id, is.id[id], err) < 0)
			return -1;
	return 0;
}

static void vlan_print(const void *what, FILE *out)
{
	const struct vlan *v = what;

	fprintf(out, "host %s", identity_veth(v->attachment).str);
	for (unsigned first = 1, last; first <= VLAN_MAX; first = last + 1) {
		int flags = v->vlans.id[first];

		last = first;
		if (!flags)
			continue;
		while (last < VLAN_MAX && v->vlans.id[last + 1] == flags)
			last++;
		fprintf(out, last > first ? " %u-%u" : " %u", first, last);
		fputs(flags & VLAN_PVID ? " pvid" : "", out);
		fputs(flags & VLAN_UNTAGGED ? " untagged" : "", out);
	}
	fputs(v->keep ? " and what it has by itself" : "", out);
}

static const struct want_kind vlan_kind = {
	.name = "vlan",
	.make = vlan_make,
	.check = vlan_check,
	.print = vlan_print,
};

void want_vlan(struct plan *plan, const struct vlan *vlan)
{
	plan_want(plan, &vlan_kind, vlan, sizeof(*vlan));
}
