/* SPDX-License-Identifier: ISC */
/* The one UDP socket: receiving batches. */
#include "io/udp_internal.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#include "base/instant.h"

#define ECN_BITS 0x03

/* Borrows packets until all slots have one; returns the slots that have. */
static size_t borrow(struct udp *udp)
{
	size_t ready = 0;

	while (ready < PACKET_BATCH) {
		struct udp_slot *slot = &udp->rx[ready];

		if (!slot->pkt)
			slot->pkt = pool_get(udp->pool);
		if (!slot->pkt)
			break;
		slot->bytes.iov_base = packet_data(slot->pkt);
		slot->bytes.iov_len = packet_tail_room(slot->pkt);
		ready++;
	}
	return ready;
}

static void arm(struct udp *udp, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct msghdr *header = &udp->rx_headers[i].msg_hdr;

		header->msg_namelen = sizeof(udp->rx[i].name);
		header->msg_controllen = sizeof(udp->rx[i].control);
		header->msg_flags = 0;
	}
}

/* cmsg data has no alignment that may be relied upon. */
static bool read_option(const struct cmsghdr *option, void *to, size_t len)
{
	size_t have = option->cmsg_len - CMSG_LEN(0);

	if (have < len)
		return false;
	memcpy(to, CMSG_DATA(option), len);
	return true;
}

static void take_tos(const struct cmsghdr *option, struct packet *pkt)
{
	uint8_t tos = 0;

	if (read_option(option, &tos, sizeof(tos)))
		pkt->outer_ecn = tos & ECN_BITS;
}

static void take_class(const struct cmsghdr *option, struct packet *pkt)
{
	int traffic_class = 0;

	if (read_option(option, &traffic_class, sizeof(traffic_class)))
		pkt->outer_ecn = (uint8_t)traffic_class & ECN_BITS;
}

static void take_v4_info(const struct cmsghdr *option, struct packet *pkt)
{
	struct in_pktinfo info;

	if (!read_option(option, &info, sizeof(info)))
		return;
	pkt->endpoint.source = address_of_in(&info.ipi_spec_dst);
	pkt->endpoint.source_ifindex = (uint32_t)info.ipi_ifindex;
}

static void take_v6_info(const struct cmsghdr *option, struct packet *pkt)
{
	struct in6_pktinfo info;

	if (!read_option(option, &info, sizeof(info)))
		return;
	pkt->endpoint.source = address_of_in6(&info.ipi6_addr);
	pkt->endpoint.source_ifindex = info.ipi6_ifindex;
}

static void take_segment(const struct cmsghdr *option, struct packet *pkt)
{
	int bytes = 0;

	if (read_option(option, &bytes, sizeof(bytes)) && bytes > 0 &&
	    bytes <= UINT16_MAX)
		pkt->segment_bytes = (uint16_t)bytes;
}

static const struct {
	int level, type;
	void (*take)(const struct cmsghdr *option, struct packet *pkt);
} takers[] = {
    {SOL_IP, IP_TOS, take_tos},
    {SOL_IP, IP_PKTINFO, take_v4_info},
    {SOL_IPV6, IPV6_TCLASS, take_class},
    {SOL_IPV6, IPV6_PKTINFO, take_v6_info},
    {SOL_UDP, UDP_GRO, take_segment},
};

/* What was received first had waited longest. */
static void take_time(const struct cmsghdr *option, struct udp_received *ret)
{
	struct timespec at;

	if (!ret->came_ns && read_option(option, &at, sizeof(at)))
		ret->came_ns = at.tv_sec * NS_PER_S + at.tv_nsec;
}

static void take_option(struct udp *udp, const struct cmsghdr *option,
    struct packet *pkt, struct udp_received *ret)
{
	uint32_t overflow;

	if (option->cmsg_level == SOL_SOCKET &&
	    option->cmsg_type == SO_RXQ_OVFL &&
	    read_option(option, &overflow, sizeof(overflow))) {
		ret->overflow += overflow - udp->overflow;
		udp->overflow = overflow;
		return;
	}
	if (option->cmsg_level == SOL_SOCKET &&
	    option->cmsg_type == SCM_TIMESTAMPNS)
		take_time(option, ret);
	for (size_t i = 0; i < ARRAY_SIZE(takers); i++)
		if (takers[i].level == option->cmsg_level &&
		    takers[i].type == option->cmsg_type)
			takers[i].take(option, pkt);
}

void udp_describe_received(
    struct udp *udp, size_t idx, struct packet *pkt, struct udp_received *ret)
{
	struct msghdr *header = &udp->rx_headers[idx].msg_hdr;
	struct cmsghdr *option;

	pkt->is_truncated = header->msg_flags & MSG_TRUNC;
	sockaddr_read(&pkt->endpoint, &udp->rx[idx].name);
	for (option = CMSG_FIRSTHDR(header); option;
	     option = CMSG_NXTHDR(header, option))
		take_option(udp, option, pkt, ret);
}

/* An error stands for an earlier datagram of ours (ICMP); it is taken off by
 * being returned, and whoever could forge it must not stop us. */
size_t udp_receive_some(struct udp *udp, size_t count)
{
	int got, tries = 8;

	arm(udp, count);
	do
		got = recvmmsg(udp->fd, udp->rx_headers, (unsigned)count,
		    MSG_DONTWAIT, NULL);
	while (got < 0 && errno != EAGAIN && --tries);
	return got < 0 ? 0 : (size_t)got;
}

static void receive_most(struct udp *udp, size_t most, struct packet_list *to,
    struct udp_received *ret)
{
	size_t ready = borrow(udp);
	size_t got = 0;

	*ret = (struct udp_received){.is_starved = ready == 0};
	if (ready > most)
		ready = most;
	if (ready)
		got = udp_receive_some(udp, ready);
	for (size_t i = 0; i < got; i++) {
		struct packet *pkt = udp->rx[i].pkt;

		pkt->len = udp->rx_headers[i].msg_len;
		udp_describe_received(udp, i, pkt, ret);
		packet_list_push(to, pkt);
		udp->rx[i].pkt = NULL;
	}
	ret->count = got;
	ret->has_more = got == PACKET_BATCH;
	for (size_t i = got, at = 0; got && i < PACKET_BATCH; i++, at++) {
		struct packet *pkt = udp->rx[i].pkt;

		udp->rx[i].pkt = NULL;
		udp->rx[at].pkt = pkt;
	}
}

void udp_receive(
    struct udp *udp, struct packet_list *to, struct udp_received *ret)
{
	if (udp->gro_bytes)
		udp_gro_receive(udp, to, ret);
	else
		receive_most(udp, PACKET_BATCH, to, ret);
}

void udp_receive_one(
    struct udp *udp, struct packet_list *to, struct udp_received *ret)
{
	if (udp->gro_bytes)
		udp_gro_receive_one(udp, to, ret);
	else
		receive_most(udp, 1, to, ret);
}

/* Takes off what the kernel has put together; how many datagrams that was. */
static size_t discard_some(struct udp *udp)
{
	uint8_t byte;
	struct iovec bytes = {&byte, sizeof(byte)};
	struct msghdr header = {.msg_iov = &bytes,
	    .msg_iovlen = 1,
	    .msg_control = udp->rx[0].control,
	    .msg_controllen = sizeof(udp->rx[0].control)};
	ssize_t len = recvmsg(udp->fd, &header, MSG_DONTWAIT | MSG_TRUNC);
	struct packet like = {0};
	struct cmsghdr *option;

	if (len < 0)
		return 0;
	for (option = CMSG_FIRSTHDR(&header); option;
	     option = CMSG_NXTHDR(&header, option))
		if (option->cmsg_level == SOL_UDP &&
		    option->cmsg_type == UDP_GRO)
			take_segment(option, &like);
	if (!like.segment_bytes)
		return 1;
	return ((size_t)len + like.segment_bytes - 1) / like.segment_bytes;
}

size_t udp_discard(struct udp *udp, size_t most)
{
	size_t count = 0, some;

	while (count < most && (some = discard_some(udp)))
		count += some;
	return count;
}
