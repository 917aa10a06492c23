/* SPDX-License-Identifier: ISC */
/*
 * The one UDP socket: receiving what the kernel has put together (UDP_GRO).
 *
 * How it works: a buffer holds datagrams of one sender, one after the other and
 * all of the size that a control message names, but for a shorter last one.
 * Many are one packet, a received train. Few get a packet each, and opening
 * writes it there: until then, or until the buffer is needed again, all but its
 * head stays where it is.
 */
#include "io/udp_internal.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

/* Handshake messages are shorter, and whatever else is no data. */
#define AWAY_BYTES 256

/* A train pays from here on: as long as it is there, nothing more can be
 * received. */
#define TRAIN_DATAGRAMS 8

void udp_gro_begin(struct udp *udp)
{
	int on = 1;

	if (setsockopt(udp->fd, SOL_UDP, UDP_GRO, &on, sizeof(on)))
		return;
	udp->gro_bytes = malloc(UDP_GRO_SLOTS * (size_t)UDP_GRO_BYTES);
	if (udp->gro_bytes)
		return;
	on = 0;
	(void)setsockopt(udp->fd, SOL_UDP, UDP_GRO, &on, sizeof(on));
}

bool udp_has_gro(const struct udp *udp)
{
	return udp->gro_bytes;
}

static uint8_t *buffer_of(struct udp *udp, size_t idx)
{
	return udp->gro_bytes + idx * UDP_GRO_BYTES;
}

/* What is longer than a packet's room is cut, and marked. */
static void fill(struct packet *pkt, const struct packet *like,
    const uint8_t *bytes, size_t len)
{
	size_t room = packet_tail_room(pkt);

	pkt->endpoint = like->endpoint;
	pkt->outer_ecn = like->outer_ecn;
	pkt->is_truncated = like->is_truncated || len > room;
	if (len > room)
		len = room;
	packet_leave(pkt, bytes, (uint32_t)len);
	if (len < AWAY_BYTES)
		packet_fetch(pkt);
}

static void fetch_all(struct packet_list *list)
{
	for (struct packet *pkt = list->first; pkt; pkt = pkt->next)
		packet_fetch(pkt);
}

static void take_one(struct udp *udp, const struct packet *like,
    const uint8_t *bytes, size_t len, struct packet_list *to,
    struct udp_received *ret)
{
	struct packet *pkt = pool_get(udp->pool);

	if (!pkt) {
		ret->lost++;
		return;
	}
	fill(pkt, like, bytes, len);
	packet_list_push(to, pkt);
	ret->count++;
}

static bool is_train(const struct udp *udp, size_t size, size_t len)
{
	return len > (TRAIN_DATAGRAMS - 1) * size && size >= AWAY_BYTES &&
	       size <= pool_largest(udp->pool);
}

static void take_train(struct udp *udp, const struct packet *like,
    const uint8_t *bytes, size_t len, struct packet_list *to,
    struct udp_received *ret)
{
	size_t count = (len + like->segment_bytes - 1) / like->segment_bytes;
	struct packet *pkt = pool_get(udp->pool);

	if (!pkt) {
		ret->lost += count;
		return;
	}
	packet_leave(pkt, bytes, (uint32_t)len);
	pkt->endpoint = like->endpoint;
	pkt->outer_ecn = like->outer_ecn;
	pkt->is_truncated = like->is_truncated;
	pkt->segments = (uint16_t)count;
	pkt->segment_bytes = like->segment_bytes;
	packet_list_push(to, pkt);
	ret->count += count;
	ret->has_train = true;
}

static void take_all(struct udp *udp, size_t idx, struct packet_list *to,
    struct udp_received *ret)
{
	size_t len = udp->rx_headers[idx].msg_len, at = 0, size;
	struct packet like = {0};

	udp_describe_received(udp, idx, &like, ret);
	size = like.segment_bytes ? like.segment_bytes : len;
	if (is_train(udp, size, len)) {
		take_train(udp, &like, buffer_of(udp, idx), len, to, ret);
		return;
	}
	do {
		size_t left = len - at;

		take_one(udp, &like, buffer_of(udp, idx) + at,
		    left < size ? left : size, to, ret);
		at += size;
	} while (at < len);
}

/* False: there is no buffer. */
static bool begin(struct udp *udp, size_t slots, struct udp_received *ret)
{
	*ret =
	    (struct udp_received){.is_starved = pool_available(udp->pool) == 0};
	if (ret->is_starved)
		return false;
	for (size_t i = 0; i < slots; i++) {
		udp->rx[i].bytes.iov_base = buffer_of(udp, i);
		udp->rx[i].bytes.iov_len = UDP_GRO_BYTES;
	}
	return true;
}

static size_t take_some(struct udp *udp, size_t slots, struct packet_list *to,
    struct udp_received *ret)
{
	size_t got;

	fetch_all(to);
	got = udp_receive_some(udp, slots);
	for (size_t i = 0; i < got; i++)
		take_all(udp, i, to, ret);
	return got;
}

void udp_gro_receive_one(
    struct udp *udp, struct packet_list *to, struct udp_received *ret)
{
	if (begin(udp, 1, ret))
		(void)take_some(udp, 1, to, ret);
}

void udp_gro_receive(
    struct udp *udp, struct packet_list *to, struct udp_received *ret)
{
	size_t got = 0;

	if (!begin(udp, UDP_GRO_SLOTS, ret))
		return;
	/* where the kernel puts nothing together, a few bring little */
	do {
		got = take_some(udp, UDP_GRO_SLOTS, to, ret);
	} while (got == UDP_GRO_SLOTS && !ret->lost && !ret->has_train &&
		 ret->count < PACKET_BATCH);
	ret->has_more = got == UDP_GRO_SLOTS;
}
