/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "kernel/watch.h"

static void close_socket(struct nl_sock **sock)
{
	nl_socket_free(*sock);
}
#define _sock_ __attribute__((__cleanup__(close_socket)))

static int subscribe(struct nl_sock **sock, const struct watch *watch, struct error *err)
{
	int r;

	*sock = nl_socket_alloc();
	if (!*sock)
		return error_errno(err, ENOMEM, "open a netlink socket");
	if (netns_enter(watch->ns, err) < 0)
		return -1;
	r = nl_connect(*sock, NETLINK_ROUTE);
	netns_leave(watch->ns);
	if (r == 0)
		r = nl_socket_add_membership(*sock, watch->group);
	return r < 0 ? error_set(err, CNI_INTERNAL, "watch netlink group %d: %s", watch->group,
				 nl_geterror(r)) :
		       0;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* What was announced is not read: the condition is asked anew, so a lost message loses nothing. */
static void drain(int fd)
{
	char buf[4096];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC) > 0)
		;
}

int watch_wait(const struct watch *watch, struct error *err)
{
	long long end = now_ms() + watch->deadline;
	_sock_ struct nl_sock *sock = NULL;
	int r = watch->holds(watch->ns, watch->arg, err);

	if (r <= 0)
		return r;
	if (subscribe(&sock, watch, err) < 0)
		return -1;
	for (;;) {
		struct pollfd p = { .fd = nl_socket_get_fd(sock), .events = POLLIN };
		long long left;

		r = watch->holds(watch->ns, watch->arg, err);
		left = end - now_ms();
		if (r <= 0 || left <= 0)
			return r;
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return error_errno(err, errno, "wait for the kernel");
		drain(p.fd);
	}
}
