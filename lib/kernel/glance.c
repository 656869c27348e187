/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kernel/glance.h"

static int ask(struct netns *ns, unsigned long request, struct ifreq *req, struct error *err)
{
	if (ioctl(nl_socket_get_fd(ns->sock), request, req) == 0)
		return 0;
	return errno == ENODEV ?
		       error_set(err, CNI_INTERNAL, "there is no interface %s", req->ifr_name) :
		       error_errno(err, errno, "look up interface %s", req->ifr_name);
}

int glance_index(struct netns *ns, const char *name, unsigned *index, struct error *err)
{
	struct ifreq req = { 0 };

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (ask(ns, SIOCGIFINDEX, &req, err) < 0)
		return -1;
	*index = (unsigned)req.ifr_ifindex;
	return 0;
}

int glance_at(struct netns *ns, const char *name, struct glance *glance, struct error *err)
{
	struct glance seen = { 0 };
	struct ifreq req = { 0 };

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (glance_index(ns, name, &seen.index, err) < 0 || ask(ns, SIOCGIFFLAGS, &req, err) < 0)
		return -1;
	seen.flags = (unsigned short)req.ifr_flags;
	if (ask(ns, SIOCGIFMTU, &req, err) < 0)
		return -1;
	seen.mtu = (unsigned)req.ifr_mtu;
	if (ask(ns, SIOCGIFHWADDR, &req, err) < 0)
		return -1;
	memcpy(&seen.mac, req.ifr_hwaddr.sa_data, sizeof(seen.mac));
	*glance = seen;
	return 0;
}
