/* SPDX-License-Identifier: ISC */
/*
 * The one UDP socket: sending batches, and what becomes of failures.
 *
 * How it works: packets go by one call of sendmmsg, those of equal length and
 * a train (many datagrams in one packet) as segments of one large datagram.
 * What is refused is tried datagram by datagram; whether the next ones of that
 * way are tried as segments is for the caller to say (goes_alone), who knows
 * ways.
 */
#include "io/udp_internal.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#define RETRIES 8

/* What a failed datagram means. Everything else: the host has no way there. */
static const struct {
	int error;
	enum drop reason;
} reasons[] = {
    {EPERM, DROP_NETFILTER_DROP},
    {ENOBUFS, DROP_VPN_SENDBUF},
    {ENOMEM, DROP_NOMEM},
    {EMSGSIZE, DROP_VPN_DATAGRAM_SIZE},
};

static enum drop reason_of(int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].error == error)
			return reasons[i].reason;
	return DROP_VPN_UNREACHABLE;
}

static void add_option(
    struct msghdr *header, int level, int type, const void *value, size_t len)
{
	uint8_t *end = (uint8_t *)header->msg_control + header->msg_controllen;
	struct cmsghdr option = {
	    .cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};

	memset(end, 0, CMSG_SPACE(len));
	memcpy(end, &option, sizeof(option));
	memcpy(end + CMSG_LEN(0), value, len);
	header->msg_controllen += CMSG_SPACE(len);
}

/* The interface is named only where the address alone says nothing. */
static void add_source(struct msghdr *header, const struct endpoint *endpoint)
{
	struct in_pktinfo v4 = {0};
	struct in6_pktinfo v6 = {0};

	if (endpoint->source.family != endpoint->address.family)
		return;
	if (endpoint->source.family == FAMILY_IPV4) {
		memcpy(&v4.ipi_spec_dst, endpoint->source.bytes, 4);
		add_option(header, SOL_IP, IP_PKTINFO, &v4, sizeof(v4));
	} else if (endpoint->source.family == FAMILY_IPV6) {
		memcpy(&v6.ipi6_addr, endpoint->source.bytes, 16);
		if (endpoint->scope_id)
			v6.ipi6_ifindex = endpoint->source_ifindex;
		add_option(header, SOL_IPV6, IPV6_PKTINFO, &v6, sizeof(v6));
	}
}

static void add_ecn(struct msghdr *header, const struct packet *pkt)
{
	int tos = pkt->outer_ecn;

	if (!tos)
		return;
	if (pkt->endpoint.address.family == FAMILY_IPV4)
		add_option(header, SOL_IP, IP_TOS, &tos, sizeof(tos));
	else
		add_option(header, SOL_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
}

static uint32_t first_len(const struct packet *pkt)
{
	return packet_is_train(pkt) ? pkt->segment_bytes : pkt->len;
}

/* Its datagram, of a train the first. False: this socket can not reach such an
 * address. */
static bool describe(struct udp *udp, size_t idx)
{
	struct msghdr *header = &udp->tx_headers[idx].msg_hdr;
	struct udp_slot *slot = &udp->tx[idx];
	struct packet *pkt = slot->pkt;

	header->msg_namelen =
	    sockaddr_write(&slot->name, udp->family, &pkt->endpoint);
	slot->bytes.iov_base = packet_data(pkt);
	slot->bytes.iov_len = first_len(pkt);
	header->msg_control = slot->control;
	header->msg_controllen = 0;
	add_source(header, &pkt->endpoint);
	add_ecn(header, pkt);
	if (!header->msg_controllen)
		header->msg_control = NULL;
	return header->msg_namelen != 0;
}

static bool goes_by_datagrams(const struct udp *udp, const struct packet *pkt)
{
	return packet_is_train(pkt) && (!udp->has_gso || pkt->goes_alone);
}

/* A train that does not go as one is alone. */
static size_t fill(
    struct udp *udp, struct packet_list *list, const struct udp_sender *sender)
{
	size_t count = 0;

	while (count < PACKET_BATCH && list->first) {
		bool is_alone = goes_by_datagrams(udp, list->first);
		struct packet *pkt;

		if (count && is_alone)
			break;
		pkt = packet_list_pop(list);
		udp->tx[count].pkt = pkt;
		if (describe(udp, count)) {
			count++;
		} else {
			sender->failed(
			    sender->context, DROP_VPN_UNREACHABLE, pkt);
			pool_put(udp->pool, pkt);
		}
		if (count && is_alone)
			break;
	}
	return count;
}

/* True: the entry is described anew, without its source, and worth a try. */
static bool forget_source(
    struct udp *udp, size_t idx, const struct udp_sender *sender)
{
	struct packet *pkt = udp->tx[idx].pkt;

	if (pkt->endpoint.source.family == FAMILY_NONE)
		return false;
	sender->source_failed(sender->context, pkt);
	pkt->endpoint.source = (struct address){.family = FAMILY_NONE};
	pkt->endpoint.source_ifindex = 0;
	return describe(udp, idx);
}

/* Puts what was not sent back before the rest of the list. */
static void put_back(
    struct udp *udp, size_t from, size_t count, struct packet_list *list)
{
	struct packet_list unsent = {0};

	for (size_t i = from; i < count; i++)
		packet_list_push(&unsent, udp->tx[i].pkt);
	packet_list_append(&unsent, list);
	*list = unsent;
}

/* Of an entry the first datagram, which was not sent; a bundle counts as what
 * is in it. */
static void fail(struct udp *udp, size_t idx, enum drop reason,
    const struct udp_sender *sender)
{
	struct packet first = *udp->tx[idx].pkt;

	if (packet_is_train(&first)) {
		first.len = first_len(&first);
		first.segments = 1;
		first.segment_bytes = 0;
	}
	sender->failed(sender->context, reason, &first);
}

/* Sends the first datagram of an entry that failed in a batch. True: done with,
 * one way or the other; false: the socket is full. */
static bool send_first(
    struct udp *udp, size_t idx, int error, const struct udp_sender *sender)
{
	int tries = RETRIES;

	udp->failures++;
	for (; tries; tries--) {
		if (error == EAGAIN)
			return false;
		/* ICMP's word on an earlier datagram, or a signal */
		if (error != ECONNREFUSED && error != EINTR &&
		    (reason_of(error) != DROP_VPN_UNREACHABLE ||
			!forget_source(udp, idx, sender)))
			break;
		if (sendmsg(udp->fd, &udp->tx_headers[idx].msg_hdr, 0) >= 0)
			return true;
		error = errno;
	}
	fail(udp, idx, reason_of(error), sender);
	return true;
}

/* Moves *at on; -EAGAIN: the socket is full, *at is the next one. */
static int send_plain(
    struct udp *udp, size_t *at, size_t end, const struct udp_sender *sender)
{
	while (*at < end) {
		int sent = sendmmsg(udp->fd, udp->tx_headers + *at,
		    (unsigned)(end - *at), MSG_DONTWAIT);

		if (sent < 0) {
			if (!send_first(udp, *at, errno, sender))
				return -EAGAIN;
			sent = 1;
		}
		while (sent--)
			pool_put(udp->pool, udp->tx[(*at)++].pkt);
	}
	return 0;
}

/* ---- a train, datagram by datagram ---- */

static unsigned describe_train(struct udp *udp, size_t idx)
{
	const struct packet *pkt = udp->tx[idx].pkt;
	uint8_t *at = packet_data(pkt), *end = at + pkt->len;
	unsigned count = 0;

	for (; at < end && count < PACKET_BATCH; count++) {
		struct msghdr *header = &udp->train[count].msg_hdr;
		size_t left = (size_t)(end - at), len = first_len(pkt);

		udp->train_bytes[count] =
		    (struct iovec){at, left < len ? left : len};
		*header = udp->tx_headers[idx].msg_hdr;
		header->msg_iov = &udp->train_bytes[count];
		header->msg_iovlen = 1;
		at += len;
	}
	return count;
}

/* Takes datagrams off its front. */
static void shorten(struct udp *udp, size_t idx, uint32_t datagrams)
{
	struct packet *pkt = udp->tx[idx].pkt;
	uint32_t bytes = datagrams * first_len(pkt);

	if (bytes > pkt->len)
		bytes = pkt->len;
	pkt->offset += bytes;
	pkt->len -= bytes;
	if (pkt->len)
		pkt->segments = (uint16_t)(pkt->segments - datagrams);
}

/* 0: it is through, and released. -EAGAIN: the rest of it is left. */
static int send_train(
    struct udp *udp, size_t idx, const struct udp_sender *sender)
{
	struct packet *pkt = udp->tx[idx].pkt;

	while (pkt->len) {
		unsigned count = describe_train(udp, idx);
		int sent = sendmmsg(udp->fd, udp->train, count, MSG_DONTWAIT);

		if (sent < 0) {
			udp->tx[idx].bytes = udp->train_bytes[0];
			if (!send_first(udp, idx, errno, sender))
				return -EAGAIN;
			sent = 1;
		}
		shorten(udp, idx, (uint32_t)sent);
	}
	pool_put(udp->pool, pkt);
	return 0;
}

/* ---- runs: what one call may carry as segments of one large datagram ---- */

static bool goes_with(const struct packet *first, const struct packet *pkt)
{
	return !first->goes_alone && !pkt->goes_alone &&
	       pkt->outer_ecn == first->outer_ecn && !packet_is_train(pkt) &&
	       endpoint_is_equal(&pkt->endpoint, &first->endpoint) &&
	       address_is_equal(&pkt->endpoint.source, &first->endpoint.source);
}

/* All segments are equally long, but for a shorter last one. */
static size_t run_end(const struct udp *udp, size_t at, size_t count)
{
	const struct packet *first = udp->tx[at].pkt;
	size_t end = at + 1, bytes = first->len;

	if (!udp->has_gso || packet_is_train(first))
		return end;
	while (end < count && end - at < PACKET_TRAIN_SEGMENTS &&
	       udp->tx[end - 1].pkt->len == first->len &&
	       udp->tx[end].pkt->len <= first->len &&
	       bytes + udp->tx[end].pkt->len <= PACKET_TRAIN_BYTES &&
	       goes_with(first, udp->tx[end].pkt))
		bytes += udp->tx[end++].pkt->len;
	return end;
}

static void describe_run(
    struct udp *udp, struct mmsghdr *run, size_t at, size_t end)
{
	const struct packet *first = udp->tx[at].pkt;
	uint16_t segment_bytes = (uint16_t)first_len(first);

	*run = udp->tx_headers[at];
	for (size_t i = at; i < end; i++) {
		udp->run_bytes[i] = udp->tx[i].bytes;
		udp->run_bytes[i].iov_len = udp->tx[i].pkt->len;
	}
	run->msg_hdr.msg_iov = &udp->run_bytes[at];
	run->msg_hdr.msg_iovlen = end - at;
	if (end - at == 1 && !packet_is_train(first))
		return;
	run->msg_hdr.msg_control = udp->tx[at].control;
	add_option(&run->msg_hdr, SOL_UDP, UDP_SEGMENT, &segment_bytes,
	    sizeof(segment_bytes));
}

static size_t plan_runs(struct udp *udp, size_t count)
{
	size_t runs = 0;

	for (size_t at = 0; at < count; runs++) {
		size_t end = run_end(udp, at, count);

		udp->run_first[runs] = at;
		describe_run(udp, &udp->runs[runs], at, end);
		at = end;
	}
	udp->run_first[runs] = count;
	return runs;
}

static bool is_about_segments(int error)
{
	return error == EIO || error == EINVAL || error == EMSGSIZE ||
	       error == EOPNOTSUPP;
}

/* Sends the datagrams of a refused run one by one. When they all go, it was
 * the segmentation that was refused: the device, a policy or the path does not
 * take it. */
static int send_refused(struct udp *udp, size_t *at, size_t end, int error,
    const struct udp_sender *sender)
{
	const struct packet first = *udp->tx[*at].pkt; /* it is released */
	bool is_alone = packet_is_train(&first);
	bool is_run = is_alone || end - *at > 1;
	uint64_t failures = udp->failures;
	int code = is_alone ? send_train(udp, *at, sender)
			    : send_plain(udp, at, end, sender);

	if (!code)
		*at = end;
	if (!code && is_run && failures == udp->failures &&
	    is_about_segments(error))
		sender->segments_refused(sender->context, error, &first);
	return code;
}

static int send_batch(struct udp *udp, size_t count, struct packet_list *list,
    const struct udp_sender *sender)
{
	size_t runs = plan_runs(udp, count), run = 0, at = 0;
	int error = 0;

	while (run < runs && !error) {
		int sent = sendmmsg(udp->fd, udp->runs + run,
		    (unsigned)(runs - run), MSG_DONTWAIT);

		if (sent < 0)
			error = send_refused(
			    udp, &at, udp->run_first[++run], errno, sender);
		else
			run += (size_t)sent;
		while (!error && at < udp->run_first[run])
			pool_put(udp->pool, udp->tx[at++].pkt);
	}
	if (error)
		put_back(udp, at, count, list);
	return error;
}

static int send_some(
    struct udp *udp, struct packet_list *list, const struct udp_sender *sender)
{
	size_t count = fill(udp, list, sender);
	int error;

	if (!count || !goes_by_datagrams(udp, udp->tx[0].pkt))
		return send_batch(udp, count, list, sender);
	error = send_train(udp, 0, sender);
	if (error)
		put_back(udp, 0, 1, list);
	return error;
}

int udp_send(
    struct udp *udp, struct packet_list *list, const struct udp_sender *sender)
{
	int error = 0;

	while (list->first && !error)
		error = send_some(udp, list, sender);
	return error;
}
