/* SPDX-License-Identifier: Apache-2.0 */

#include <arpa/inet.h>
#include <errno.h>
#include <netlink/socket.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel/nft_talk.h"
#include "value/fault.h"

#define SEND_BUFFER (1 << 20) /* a pod of 500 host ports is one datagram */
#define ANSWER_MAX (1 << 16)
#define UDATA_COMMENT 0 /* in the user data of nft(8): type, size, text and NUL */

int nft_open(struct nft *nft, struct error *err)
{
	const int on = 1;
	int r, fd;

	if (nft->sock)
		return 0;
	nft->sock = nl_socket_alloc();
	nft->seq = 1;
	r = nft->sock ? nl_connect(nft->sock, NETLINK_NETFILTER) : -NLE_NOMEM;
	if (r < 0) {
		nft_close(nft);
		return error_set(err, CNI_INTERNAL, "open a netfilter socket: %s", nl_geterror(r));
	}
	fd = nl_socket_get_fd(nft->sock);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	nl_socket_set_buffer_size(nft->sock, 0, SEND_BUFFER);
	nl_socket_set_msg_buf_size(nft->sock, ANSWER_MAX);
	nl_socket_disable_msg_peek(nft->sock);
	/* The kernel answers before sendto() returns: what is not there by then will not come. */
	nl_socket_set_nonblocking(nft->sock);
	return 0;
}

void nft_close(struct nft *nft)
{
	nl_socket_free(nft->sock);
	late_close(&nft->late);
	*nft = NFT_NONE;
}

int nft_error(const struct nft *nft, struct error *err, const char *fmt, ...)
{
	char what[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	error_errno(err, nft->errnum ? nft->errnum : EIO, "%s", what);
	if (nft->words[0])
		error_detail(err, " (%s)", nft->words);
	return -1;
}

struct opening {
	int type, flags;
	struct nfgenmsg head;
};

static struct nl_msg *message(struct nft *nft, struct opening opening, size_t room)
{
	struct nl_msg *msg = nlmsg_alloc_size(room);

	if (!msg)
		abort();
	nlmsg_put(msg, 0, nft->seq++, opening.type, 0, NLM_F_REQUEST | opening.flags);
	nlmsg_append(msg, &opening.head, sizeof(opening.head), NLMSG_ALIGNTO);
	return msg;
}

struct nl_msg *nft_message(struct nft *nft, int verb, int flags, uint8_t family)
{
	const struct opening opening = { NFNL_SUBSYS_NFTABLES << 8 | verb,
					 flags,
					 { .nfgen_family = family } };

	return message(nft, opening, NFT_ROOM);
}

/* The answers */

struct hearing {
	uint32_t first; /* the number of our first message */
	nft_heard_fn *heard;
	void *arg;
	bool torn; /* the ruleset changed while we were told of it */
};

/* The kernel's answer to one of our messages: 0 or its -errno. */
static int hear_answer(struct nft *nft, const struct hearing *hearing, struct nlmsghdr *hdr)
{
	const struct nlmsgerr *answer = nlmsg_data(hdr);
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1] = { 0 };

	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS &&
	    nlmsg_parse(hdr, sizeof(*answer), tb, NLMSGERR_ATTR_MAX, NULL) == 0 &&
	    tb[NLMSGERR_ATTR_MSG])
		nla_strlcpy(nft->words, tb[NLMSGERR_ATTR_MSG], sizeof(nft->words));
	if (answer->error)
		nft->refused = hdr->nlmsg_seq - hearing->first - 1;
	return answer->error;
}

/* 1: more is to come. */
static int hear_one(struct nft *nft, struct hearing *hearing, struct nlmsghdr *hdr)
{
	if (hdr->nlmsg_flags & NLM_F_DUMP_INTR)
		hearing->torn = true;
	if (hdr->nlmsg_type == NLMSG_ERROR)
		return hear_answer(nft, hearing, hdr);
	if (hdr->nlmsg_type == NLMSG_DONE)
		return hearing->torn ? -EINTR : *(int *)nlmsg_data(hdr);
	if (hearing->heard)
		hearing->heard(hdr, hearing->arg);
	return 1;
}

static int hear(struct nft *nft, struct hearing *hearing)
{
	struct sockaddr_nl from;
	int r = 1;

	while (r > 0) {
		unsigned char *bytes = NULL;
		int left = nl_recv(nft->sock, &from, &bytes, NULL);

		/* ENOBUFS: of many refusals only the first are there. */
		if (left <= 0 && errno != ENOBUFS)
			return -EIO;
		for (struct nlmsghdr *hdr = (void *)bytes; r > 0 && nlmsg_ok(hdr, left);
		     hdr = nlmsg_next(hdr, &left))
			r = hear_one(nft, hearing, hdr);
		free(bytes);
	}
	return r;
}

/* After a refusal nobody listens; what else was said then would only be in the way, and a full
 * queue would swallow the next answer. */
static void forget_answers(struct nft *nft)
{
	while (recv(nl_socket_get_fd(nft->sock), NULL, 0, MSG_TRUNC) >= 0 || errno == ENOBUFS)
		;
}

static int talk(struct nft *nft, struct nlmsghdr *hdr, size_t size, struct hearing *hearing)
{
	int r;

	forget_answers(nft);
	nft->refused = SIZE_MAX;
	nft->words[0] = '\0';
	r = nl_sendto(nft->sock, hdr, size) < 0 ? -errno : hear(nft, hearing);
	nft->errnum = -r;
	return r;
}

int nft_ask(struct nft *nft, struct nl_msg *msg, nft_heard_fn *heard, void *arg)
{
	struct hearing hearing = { .first = nlmsg_hdr(msg)->nlmsg_seq, .heard = heard, .arg = arg };
	int r = talk(nft, nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len, &hearing);

	nlmsg_free(msg);
	return r;
}

static void hear_generation(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *id = nlmsg_find_attr(hdr, sizeof(struct nfgenmsg), NFTA_GEN_ID);

	*(uint32_t *)arg = id ? ntohl(nla_get_u32(id)) : 0;
}

int nft_watch(struct nft *nft)
{
	return nft_ask(nft, nft_message(nft, NFT_MSG_GETGEN, NLM_F_ACK, 0), hear_generation,
		       &nft->generation);
}

/* Changes */

static struct nl_msg *batch_mark(struct nft *nft, int type, size_t room)
{
	const struct opening opening = { type, 0, { .res_id = htons(NFNL_SUBSYS_NFTABLES) } };

	return message(nft, opening, room);
}

struct nft_batch nft_batch_open(struct nft *nft, size_t messages)
{
	struct nl_msg *msg = batch_mark(nft, NFNL_MSG_BATCH_BEGIN, (messages + 2) * NFT_ROOM);

	if (nft->generation)
		nla_put_u32(msg, NFNL_BATCH_GENID, htonl(nft->generation));
	nft->generation = 0;
	return (struct nft_batch){ msg, nlmsg_hdr(msg)->nlmsg_len };
}

void nft_batch_add(struct nft_batch *batch, struct nl_msg *msg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);

	if (nlmsg_append(batch->msg, hdr, hdr->nlmsg_len, NLMSG_ALIGNTO) < 0)
		abort();
	nlmsg_free(msg);
}

int nft_batch_send(struct nft *nft, struct nft_batch *batch)
{
	struct nlmsghdr *begin = nlmsg_hdr(batch->msg);
	struct hearing hearing = { .first = begin->nlmsg_seq };
	size_t size;
	int r = -EIO;

	nft_batch_add(batch, batch_mark(nft, NFNL_MSG_BATCH_END, NFT_ROOM));
	size = begin->nlmsg_len;
	begin->nlmsg_len = batch->begin;
	nft->errnum = EIO;
	if (!fault_due("talk"))
		r = talk(nft, begin, size, &hearing);
	nlmsg_free(batch->msg);
	return r;
}

void nft_read_comment(char *comment, size_t room, const struct nlattr *user_data)
{
	const uint8_t *p = user_data ? nla_data(user_data) : NULL;
	const uint8_t *end = user_data ? p + nla_len(user_data) : NULL;

	comment[0] = '\0';
	for (; p + 2 < end && p + 2 + p[1] <= end; p += 2 + p[1])
		if (p[0] == UDATA_COMMENT)
			snprintf(comment, room, "%.*s", p[1], (const char *)p + 2);
}
