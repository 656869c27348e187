/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/conntrack.h"
#include "value/scope.h"

#define FILTER_PROTOCOL                                                                            \
	(1 << 3) /* of CTA_FILTER, in no header; kernels before 5.8 show all flows */

struct search {
	const struct conntrack_port *port;
	size_t n;
	enum conntrack_flows which;
	struct nl_msg **found; /* each the order to forget it */
	size_t n_found, room;
};

static struct nl_msg *message(int verb, int flags, int family)
{
	const struct nfgenmsg head = { .nfgen_family = (unsigned char)family };
	struct nl_msg *msg = nlmsg_alloc_simple(NFNL_SUBSYS_CTNETLINK << 8 | verb, flags);

	if (!msg)
		abort();
	nlmsg_append(msg, (void *)(uintptr_t)&head, sizeof(head), NLMSG_ALIGNTO);
	return msg;
}

static struct nl_msg *question(int family, uint8_t protocol)
{
	struct nl_msg *msg = message(IPCTNL_MSG_CT_GET, NLM_F_DUMP, family);
	struct nlattr *tuple = nla_nest_start(msg, CTA_TUPLE_ORIG);
	struct nlattr *nest = nla_nest_start(msg, CTA_TUPLE_PROTO);

	nla_put_u8(msg, CTA_PROTO_NUM, protocol);
	nla_nest_end(msg, nest);
	nla_nest_end(msg, tuple);
	nest = nla_nest_start(msg, CTA_FILTER);
	nla_put_u32(msg, CTA_FILTER_ORIG_FLAGS, FILTER_PROTOCOL);
	nla_put_u32(msg, CTA_FILTER_REPLY_FLAGS, 0);
	nla_nest_end(msg, nest);
	return msg;
}

/* One direction of a flow, as far as it matters here. */
struct tuple {
	struct ip from, to;
	uint8_t protocol;
	uint16_t port; /* of its destination */
};

static void read_ip(struct ip *ip, const struct nlattr *v4, const struct nlattr *v6)
{
	*ip = (struct ip){ .family = v4 ? AF_INET : AF_INET6, .prefix = v4 ? 32 : 128 };
	if (v4)
		nla_memcpy(ip->byte, v4, 4);
	else
		nla_memcpy(ip->byte, v6, 16);
}

static bool read_tuple(struct tuple *tuple, struct nlattr *attr)
{
	struct nlattr *tb[CTA_TUPLE_MAX + 1], *ip[CTA_IP_MAX + 1], *proto[CTA_PROTO_MAX + 1];

	if (!attr || nla_parse_nested(tb, CTA_TUPLE_MAX, attr, NULL) < 0 || !tb[CTA_TUPLE_IP] ||
	    !tb[CTA_TUPLE_PROTO] || nla_parse_nested(ip, CTA_IP_MAX, tb[CTA_TUPLE_IP], NULL) < 0 ||
	    nla_parse_nested(proto, CTA_PROTO_MAX, tb[CTA_TUPLE_PROTO], NULL) < 0 ||
	    !proto[CTA_PROTO_NUM] || !proto[CTA_PROTO_DST_PORT])
		return false;
	read_ip(&tuple->from, ip[CTA_IP_V4_SRC], ip[CTA_IP_V6_SRC]);
	read_ip(&tuple->to, ip[CTA_IP_V4_DST], ip[CTA_IP_V6_DST]);
	tuple->protocol = nla_get_u8(proto[CTA_PROTO_NUM]);
	tuple->port = ntohs(nla_get_u16(proto[CTA_PROTO_DST_PORT]));
	return true;
}

/* Somebody else's port of the same number is not ours to disturb. Only what is local can be bound.
 */
static bool is_local(const struct ip *ip)
{
	_close_ int fd = socket(ip->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	if (ip->family == AF_INET) {
		memcpy(&v4.sin_addr, ip->byte, sizeof(v4.sin_addr));
		return bind(fd, (struct sockaddr *)&v4, sizeof(v4)) == 0;
	}
	memcpy(&v6.sin6_addr, ip->byte, sizeof(v6.sin6_addr));
	return bind(fd, (struct sockaddr *)&v6, sizeof(v6)) == 0;
}

static bool matches(const struct search *search, const struct tuple *there,
		    const struct tuple *back)
{
	for (size_t i = 0; i < search->n; i++) {
		const struct conntrack_port *port = &search->port[i];

		if (port->protocol != there->protocol || port->port != there->port ||
		    port->pod.family != there->to.family)
			continue;
		if (ip_equal(&back->from, &port->pod))
			return search->which == FLOWS_OF_POD && !ip_equal(&there->to, &port->pod);
		if (search->which == FLOWS_ASTRAY && is_local(&there->to))
			return true;
	}
	return false;
}

static void keep(struct search *search, struct nl_msg *order)
{
	if (search->n_found == search->room) {
		search->room = search->room ? 2 * search->room : 64;
		search->found = realloc(search->found, search->room * sizeof(struct nl_msg *));
		if (!search->found)
			abort();
	}
	search->found[search->n_found++] = order;
}

static int on_flow(struct nl_msg *msg, void *arg)
{
	const struct nfgenmsg *head = nlmsg_data(nlmsg_hdr(msg));
	struct search *search = arg;
	struct nlattr *tb[CTA_MAX + 1];
	struct tuple there, back;
	struct nl_msg *order;

	if (nlmsg_parse(nlmsg_hdr(msg), sizeof(*head), tb, CTA_MAX, NULL) < 0 ||
	    !read_tuple(&there, tb[CTA_TUPLE_ORIG]) || !read_tuple(&back, tb[CTA_TUPLE_REPLY]) ||
	    !matches(search, &there, &back))
		return NL_OK;
	order = message(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, head->nfgen_family);
	nla_put(order, CTA_TUPLE_ORIG | NLA_F_NESTED, nla_len(tb[CTA_TUPLE_ORIG]),
		nla_data(tb[CTA_TUPLE_ORIG]));
	/* The same five numbers may be a newer flow's by now, or another zone's. */
	if (tb[CTA_ID])
		nla_put(order, CTA_ID, nla_len(tb[CTA_ID]), nla_data(tb[CTA_ID]));
	if (tb[CTA_ZONE])
		nla_put(order, CTA_ZONE, nla_len(tb[CTA_ZONE]), nla_data(tb[CTA_ZONE]));
	keep(search, order);
	return NL_OK;
}

static int look(struct nl_sock *sock, int family, uint8_t protocol)
{
	struct nl_msg *msg = question(family, protocol);
	int r = nl_send_auto(sock, msg);

	nlmsg_free(msg);
	return r < 0 ? r : nl_recvmsgs_default(sock);
}

/* A flow that ended meanwhile is forgotten too: what the kernel says is of no interest. */
static void forget(struct nl_sock *sock, struct search *search)
{
	for (size_t i = 0; i < search->n_found; i++)
		nl_send_sync(sock, search->found[i]);
	free(search->found);
}

static bool wanted(const struct search *search, int family, uint8_t protocol)
{
	for (size_t i = 0; i < search->n; i++)
		if (search->port[i].pod.family == family && search->port[i].protocol == protocol)
			return true;
	return false;
}

static int look_for_all(struct nl_sock *sock, struct search *search)
{
	static const uint8_t protocols[] = { IPPROTO_UDP, IPPROTO_SCTP };
	static const int families[] = { AF_INET, AF_INET6 };
	int r = 0;

	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_flow, search);
	for (size_t p = 0; p < COUNT(protocols); p++)
		for (size_t f = 0; f < COUNT(families) && r >= 0; f++)
			if (wanted(search, families[f], protocols[p]))
				r = look(sock, families[f], protocols[p]);
	return r;
}

int conntrack_forget(const struct conntrack_port *port, size_t n, enum conntrack_flows which,
		     struct error *err)
{
	struct search search = { .port = port, .n = n, .which = which };
	struct nl_sock *sock;
	int r;

	if (!wanted(&search, AF_INET, IPPROTO_UDP) && !wanted(&search, AF_INET6, IPPROTO_UDP) &&
	    !wanted(&search, AF_INET, IPPROTO_SCTP) && !wanted(&search, AF_INET6, IPPROTO_SCTP))
		return 0;
	sock = nl_socket_alloc();
	r = sock ? nl_connect(sock, NETLINK_NETFILTER) : -NLE_NOMEM;
	if (r >= 0)
		r = look_for_all(sock, &search);
	forget(sock, &search);
	nl_socket_free(sock);
	if (r == -NLE_OPNOTSUPP || r == -NLE_INVAL || r == -NLE_PROTO_MISMATCH)
		return 0;
	return r < 0 ? error_set(err, CNI_INTERNAL, "forget old flows: %s", nl_geterror(r)) : 0;
}
