/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <netlink/handlers.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "kernel/netns.h"
#include "value/fault.h"
#include "value/scope.h"

#define OWN_NETNS "/proc/self/ns/net"
#define DUMP_TRIES 5
#define ANSWER_MAX 65536 /* the largest is that of a bridge port with all 4094 VLANs: 33 kB */

static int on_refusal(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct nlmsghdr *hdr = (struct nlmsghdr *)(void *)((char *)e - NLMSG_HDRLEN);
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	struct netns *ns = arg;

	(void)from;
	ns->errnum = -e->error;
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS &&
	    nlmsg_parse(hdr, sizeof(*e), tb, NLMSGERR_ATTR_MAX, NULL) == 0 && tb[NLMSGERR_ATTR_MSG])
		nla_strlcpy(ns->words, tb[NLMSGERR_ATTR_MSG], sizeof(ns->words));
	return NL_STOP;
}

static int open_session(struct netns *ns, struct error *err)
{
	const int on = 1;
	int fd, r;

	ns->sock = nl_socket_alloc();
	if (!ns->sock)
		return error_errno(err, ENOMEM, "open a netlink socket");
	r = nl_connect(ns->sock, NETLINK_ROUTE);
	if (r < 0)
		return error_set(err, CNI_INTERNAL, "open a netlink socket: %s", nl_geterror(r));
	fd = nl_socket_get_fd(ns->sock);
	/* Comforts, each newer than the oldest kernel that could run us: no error without them. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	/* Who wants an acknowledgement asks for it: behind an answer it would be one too many. */
	nl_socket_disable_auto_ack(ns->sock);
	/* A buffer for the largest answer spares one look at each to learn its size. */
	nl_socket_disable_msg_peek(ns->sock);
	nl_socket_set_msg_buf_size(ns->sock, ANSWER_MAX);
	nl_socket_modify_err_cb(ns->sock, NL_CB_CUSTOM, on_refusal, ns);
	return 0;
}

int netns_open_here(struct netns *ns, struct error *err)
{
	ns->fd = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);
	if (ns->fd < 0)
		return error_errno(err, errno, "open the host's network namespace");
	return open_session(ns, err);
}

/* Since Linux 3.19 a namespace is a file of nsfs; before, and in a copy of /proc, of procfs. */
static bool is_namespace(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == NSFS_MAGIC || fs.f_type == PROC_SUPER_MAGIC);
}

int netns_open(struct netns *ns, const char *path, const struct netns *host, struct error *err)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ENXIO))
		return 1;
	if (fd < 0)
		return error_errno(err, errno, "open network namespace %s", path);
	if (!is_namespace(fd))
		return 1;

	ns->home = fcntl(host->fd, F_DUPFD_CLOEXEC, 0);
	if (ns->home < 0)
		return error_errno(err, errno, "keep the host's network namespace open");
	ns->fd = take_fd(fd);
	if (netns_enter(ns, err) < 0)
		return error_prefix(err, "%s: ", path);
	r = open_session(ns, err);
	netns_leave(ns);
	return r;
}

void netns_close(struct netns *ns)
{
	nl_socket_free(ns->sock);
	scope_close(&ns->fd);
	scope_close(&ns->home);
	*ns = NETNS_NONE;
}

bool netns_is_open(const struct netns *ns)
{
	return ns->sock != NULL;
}

bool netns_same(const struct netns *a, const struct netns *b)
{
	struct stat sa, sb;

	return fstat(a->fd, &sa) == 0 && fstat(b->fd, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

int netns_enter(const struct netns *ns, struct error *err)
{
	if (ns->home < 0 || setns(ns->fd, CLONE_NEWNET) == 0)
		return 0;
	return error_errno(err, errno, "enter the network namespace");
}

void netns_leave(const struct netns *ns)
{
	if (ns->home >= 0 && setns(ns->home, CLONE_NEWNET) < 0)
		abort();
}

static int send_and_receive(struct netns *ns, struct nl_msg *msg)
{
	int r;

	ns->errnum = 0;
	ns->words[0] = '\0';
	nl_complete_msg(ns->sock, msg);
	r = nl_send(ns->sock, msg);
	if (r >= 0)
		r = nl_recvmsgs_default(ns->sock);
	/* It was not the kernel who refused: then libnl says why. */
	if (r < 0 && !ns->errnum) {
		ns->errnum = EIO;
		snprintf(ns->words, sizeof(ns->words), "%s", nl_geterror(r));
	}
	return r;
}

int netns_ask(struct netns *ns, struct nl_msg *msg, int (*seen)(struct nl_msg *, void *), void *arg)
{
	int r = -NLE_DUMP_INTR;

	nl_socket_modify_cb(ns->sock, NL_CB_VALID, NL_CB_CUSTOM, seen, arg);
	for (int tries = 0; r == -NLE_DUMP_INTR && tries < DUMP_TRIES; tries++) {
		/* A new number for each try: what is left of the last one is not for us. */
		nlmsg_hdr(msg)->nlmsg_seq = NL_AUTO_SEQ;
		r = send_and_receive(ns, msg);
	}
	nlmsg_free(msg);
	return r < 0 ? -ns->errnum : 0;
}

int netns_talk(struct netns *ns, struct nl_msg *msg)
{
	int r = -1;

	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_ACK;
	ns->errnum = EIO;
	if (!fault_due("talk"))
		r = send_and_receive(ns, msg);
	nlmsg_free(msg);
	return r < 0 ? -ns->errnum : 0;
}

int netns_error(const struct netns *ns, struct error *err, const char *fmt, ...)
{
	char what[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	error_errno(err, ns->errnum ? ns->errnum : EIO, "%s", what);
	if (ns->words[0])
		error_detail(err, " (%s)", ns->words);
	return -1;
}
