/* SPDX-License-Identifier: Apache-2.0 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel/batch.h"
#include "value/fault.h"

static void refuse(struct batch *b, struct nlmsghdr *hdr, unsigned number)
{
	const struct nlmsgerr *e = nlmsg_data(hdr);
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];

	b->ns->errnum = -e->error;
	b->ns->words[0] = '\0';
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS &&
	    nlmsg_parse(hdr, sizeof(*e), tb, NLMSGERR_ATTR_MAX, NULL) == 0 && tb[NLMSGERR_ATTR_MSG])
		nla_strlcpy(b->ns->words, tb[NLMSGERR_ATTR_MSG], sizeof(b->ns->words));
	b->refused(b->about[number], b->ns, b->arg);
}

/* True: the last message of the batch was answered. */
static bool read_answers(struct batch *b, struct nlmsghdr *hdr, int left)
{
	bool last = false;

	for (; nlmsg_ok(hdr, left); hdr = nlmsg_next(hdr, &left)) {
		const struct nlmsgerr *e = nlmsg_data(hdr);

		if (hdr->nlmsg_type != NLMSG_ERROR || hdr->nlmsg_seq - 1 >= b->n)
			continue;
		if (e->error)
			refuse(b, hdr, hdr->nlmsg_seq - 1);
		last |= hdr->nlmsg_seq == b->n;
	}
	return last;
}

static int fail(struct batch *b)
{
	b->failed = true;
	b->ns->errnum = errno;
	b->ns->words[0] = '\0';
	return -1;
}

static int receive(struct batch *b)
{
	union {
		struct nlmsghdr hdr;
		char bytes[8192];
	} answer;
	ssize_t n;

	do {
		n = recv(nl_socket_get_fd(b->ns->sock), &answer, sizeof(answer), 0);
		if (n < 0 && errno != EINTR)
			return fail(b);
	} while (n < 0 || !read_answers(b, &answer.hdr, (int)n));
	return 0;
}

static int send_all(struct batch *b)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr *hdr = (struct nlmsghdr *)(void *)b->bytes;
	int left = (int)b->used, r;

	if (!b->n || b->failed)
		return b->failed ? -1 : 0;
	for (unsigned i = 1; i <= b->n; i++, hdr = nlmsg_next(hdr, &left)) {
		hdr->nlmsg_seq = i;
		hdr->nlmsg_flags |= i == b->n ? NLM_F_ACK : 0;
	}
	errno = EIO;
	if (fault_due("talk") || sendto(nl_socket_get_fd(b->ns->sock), b->bytes, b->used, 0,
					(struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return fail(b);
	r = receive(b);
	b->n = 0;
	b->used = 0;
	return r;
}

void batch_add(struct batch *b, struct nl_msg *msg, const void *about)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	size_t size = NLMSG_ALIGN(hdr->nlmsg_len);

	if (b->n == BATCH_MESSAGES || b->used + size > sizeof(b->bytes))
		send_all(b);
	if (!b->failed) {
		hdr->nlmsg_flags |= NLM_F_REQUEST;
		hdr->nlmsg_pid = 0;
		memset(b->bytes + b->used, 0, size);
		memcpy(b->bytes + b->used, hdr, hdr->nlmsg_len);
		b->about[b->n++] = about;
		b->used += size;
	}
	nlmsg_free(msg);
}

int batch_end(struct batch *b, struct error *err)
{
	return send_all(b) < 0 ? netns_error(b->ns, err, "send a batch to the kernel") : 0;
}
