/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "kernel/events.h"
#include "value/scope.h"

static const int groups[] = {
	RTNLGRP_LINK,	     RTNLGRP_NEIGH,	 RTNLGRP_IPV4_IFADDR,
	RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
};

int events_open(struct events *events, int *fd, struct error *err)
{
	int r;

	events->sock = nl_socket_alloc();
	if (!events->sock)
		return error_errno(err, ENOMEM, "open a netlink socket");
	r = nl_connect(events->sock, NETLINK_ROUTE);
	for (size_t i = 0; r == 0 && i < COUNT(groups); i++)
		r = nl_socket_add_membership(events->sock, groups[i]);
	if (r < 0)
		return error_set(err, CNI_INTERNAL, "watch the kernel's announcements: %s",
				 nl_geterror(r));
	*fd = nl_socket_get_fd(events->sock);
	return 0;
}

void events_close(struct events *events)
{
	nl_socket_free(events->sock);
	*events = EVENTS_NONE;
}

bool events_read(struct events *events, const struct events_filter *filter)
{
	union {
		struct nlmsghdr hdr;
		char bytes[32768];
	} buf;
	bool matters = false;

	for (;;) {
		ssize_t n = recv(nl_socket_get_fd(events->sock), &buf, sizeof(buf), MSG_DONTWAIT);
		struct nlmsghdr *hdr = &buf.hdr;
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ENOBUFS)
			return matters;
		matters |= n < 0;
		for (; n > 0 && !matters && nlmsg_ok(hdr, left); hdr = nlmsg_next(hdr, &left))
			matters |= filter->matters(hdr, filter->arg);
	}
}
