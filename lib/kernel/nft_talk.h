/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Netlink as nf_tables speaks it: for the rooms of nft and for xtables only. */

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "kernel/nft.h"

#define NFT_ROOM 1024 /* more than any message about one element */

typedef void nft_heard_fn(struct nlmsghdr *hdr, void *arg);

/* A message about an NFT_MSG_*, numbered. Out of memory ends the process. */
struct nl_msg *nft_message(struct nft *nft, int verb, int flags, uint8_t family);

/* Eats the message and hears the answers: 0 or -errno. Who wants a mere yes asks by NLM_F_ACK. */
int nft_ask(struct nft *nft, struct nl_msg *msg, nft_heard_fn *heard, void *arg);

/*
 * A change: begin, what is to be done, end, all in one datagram. nft_batch_add()
 * eats the message, nft_batch_send() the batch, whose last message asks for the
 * answer (NLM_F_ACK).
 */
struct nft_batch {
	struct nl_msg *msg;
	uint32_t begin; /* how long its first message is: libnl takes a batch for one message */
};

struct nft_batch nft_batch_open(struct nft *nft, size_t messages);
void nft_batch_add(struct nft_batch *batch, struct nl_msg *msg);
int nft_batch_send(struct nft *nft, struct nft_batch *batch);

/* What is not there has no comment: "". Rules and elements have the same kind of user data. */
void nft_read_comment(char *comment, size_t room, const struct nlattr *user_data);
