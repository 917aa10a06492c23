/* SPDX-License-Identifier: ISC */
/* Many packets a call: a tun or tap device with virtio-net headers. */
#include "io/tun_offload.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "packet/checksum.h"
#include "packet/coalesce.h"
#include "packet/ethernet.h"
#include "packet/ip.h"
#include "packet/l4.h"
#include "packet/segment.h"

/* The headers of Debian 12 lack it (Linux 6.2). */
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

struct tun_batch {
	struct tun_batch_setup setup;
	int tcp_error, udp_error;
	uint8_t whole[TUN_WHOLE_BYTES];
};

int tun_batch_new(struct tun_batch **ret, const struct tun_batch_setup *setup)
{
	struct tun_batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return -ENOMEM;
	batch->setup = *setup;
	*ret = batch;
	return 0;
}

void tun_batch_free(struct tun_batch *batch)
{
	free(batch);
}

int tun_batch_tcp_error(const struct tun_batch *batch)
{
	return batch->tcp_error;
}

int tun_batch_udp_error(const struct tun_batch *batch)
{
	return batch->udp_error;
}

void tun_batch_learn(struct tun_batch *batch, const struct tun_batch *other)
{
	batch->tcp_error = other->tcp_error;
	batch->udp_error = other->udp_error;
}

/* ---- reading ---- */

static bool parse(struct packet *pkt, bool is_frame)
{
	if (!is_frame)
		return packet_parse_ip(pkt) == DROP_NONE;
	return packet_parse_ethernet(pkt) == DROP_NONE &&
	       packet_parse_payload(pkt) == DROP_NONE;
}

/* The header's words on a checksum that the kernel has left to us. Only what
 * our own parser finds there stays partial; anything else is made complete
 * where the kernel says, and as it does (CSUM_MANGLED_0). False: that is beyond
 * the packet. */
static bool take_checksum(
    struct packet *pkt, const struct virtio_net_hdr *header, bool is_frame)
{
	size_t start = header->csum_start;
	size_t field = start + header->csum_offset;
	uint8_t *bytes = packet_data(pkt);
	uint32_t len = pkt->len; /* the parser may trim it */
	uint16_t checksum;

	if (!(header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return true;
	if (start > len || field + 2 > len)
		return false;
	if (parse(pkt, is_frame) && checksum_field(pkt) == field &&
	    l4_data(pkt) - bytes == (ptrdiff_t)start) {
		pkt->checksum = CHECKSUM_PARTIAL;
		return true;
	}
	checksum = checksum_finish(checksum_add(0, bytes + start, len - start));
	checksum_store(bytes + field, checksum ? checksum : 0xffff);
	return true;
}

/* What was read, where: in a large packet of the pool, or, when there was none,
 * in the batch. */
struct taken {
	struct packet *large; /* NULL: none */
	uint8_t *bytes;
	size_t len;
};

static void take_single(struct tun_batch *batch,
    const struct virtio_net_hdr *header, const struct taken *taken,
    struct packet_list *to, struct tun_taken *ret)
{
	struct packet *pkt = pool_get(batch->setup.pool);

	if (!pkt) {
		ret->lost++;
		return;
	}
	ret->drop = DROP_PKT_TOO_BIG;
	if (taken->len + PACKET_TAIL_BYTES <= packet_tail_room(pkt)) {
		memcpy(packet_data(pkt), taken->bytes, taken->len);
		pkt->len = (uint32_t)taken->len;
		ret->drop = DROP_DEV_HDR;
		if (take_checksum(
			pkt, header, batch->setup.type == TUN_TYPE_TAP)) {
			packet_list_push(to, pkt);
			return;
		}
	}
	ret->refused++;
	pool_put(batch->setup.pool, pkt);
}

static void take_segments(struct tun_batch *batch,
    const struct segments *segments, struct packet_list *to,
    struct tun_taken *ret)
{
	for (uint32_t i = 0; i < segments->count; i++) {
		struct packet *pkt = pool_get(batch->setup.pool);
		enum drop reason;

		if (!pkt) {
			ret->lost += segments->count - i;
			return;
		}
		reason = segments_write(segments, i, pkt);
		if (reason) {
			ret->refused++;
			ret->drop = reason;
			pool_put(batch->setup.pool, pkt);
			continue;
		}
		packet_list_push(to, pkt);
	}
}

static bool goes_whole(
    const struct tun_batch *batch, const struct segments *segments)
{
	return segments->count > 1 &&
	       segments_len(segments, 0) <= pool_largest(batch->setup.pool);
}

/* True: the large packet is on the list. */
static bool take_whole(struct tun_batch *batch,
    const struct virtio_net_hdr *header, const struct taken *taken,
    struct packet_list *to, struct tun_taken *ret)
{
	struct packet in_batch = {.buffer = batch->whole,
	    .buffer_bytes = TUN_WHOLE_BYTES,
	    .segments = 1};
	struct packet *whole = taken->large ? taken->large : &in_batch;
	struct segments segments;

	whole->len = (uint32_t)taken->len;
	ret->drop = segments_plan(&segments, whole,
	    batch->setup.type == TUN_TYPE_TAP, header->gso_size);
	if (ret->drop) {
		ret->refused++;
		return false;
	}
	if (!taken->large || !goes_whole(batch, &segments)) {
		take_segments(batch, &segments, to, ret);
		return false;
	}
	whole->segments = (uint16_t)segments.count;
	whole->segment_bytes = segments.size;
	whole->checksum = CHECKSUM_PARTIAL;
	packet_list_push(to, whole);
	return true;
}

static struct taken place_for(struct tun_batch *batch)
{
	struct packet *pkt = pool_get_large(batch->setup.pool);

	if (pkt && packet_tail_room(pkt) >= TUN_WHOLE_BYTES + PACKET_TAIL_BYTES)
		return (struct taken){.large = pkt, .bytes = packet_data(pkt)};
	pool_put(batch->setup.pool, pkt);
	return (struct taken){.bytes = batch->whole};
}

static enum tun_result read_into(
    struct taken *taken, int fd, struct virtio_net_hdr *header)
{
	struct iovec parts[] = {
	    {header, sizeof(*header)}, {taken->bytes, TUN_WHOLE_BYTES}};
	ssize_t len;

	do
		len = readv(fd, parts, ARRAY_SIZE(parts));
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return errno == EBADFD ? TUN_GONE : TUN_EMPTY;
	if ((size_t)len < sizeof(*header))
		return TUN_EMPTY;
	taken->len = (size_t)len - sizeof(*header);
	return TUN_DONE;
}

enum tun_result tun_batch_read(struct tun_batch *batch, int fd,
    struct packet_list *to, struct tun_taken *ret)
{
	struct taken taken = place_for(batch);
	struct virtio_net_hdr header;
	enum tun_result result = read_into(&taken, fd, &header);
	bool is_listed = false;

	*ret = (struct tun_taken){0};
	if (result == TUN_DONE && header.gso_type == VIRTIO_NET_HDR_GSO_NONE)
		take_single(batch, &header, &taken, to, ret);
	else if (result == TUN_DONE)
		is_listed = take_whole(batch, &header, &taken, to, ret);
	if (!is_listed)
		pool_put(batch->setup.pool, taken.large);
	return result;
}

/* ---- writing ---- */

/* A packet by itself: its checksum may still be the kernel's to make. */
static void describe_single(
    const struct packet *pkt, struct virtio_net_hdr *header)
{
	size_t field = checksum_field(pkt);

	*header = (struct virtio_net_hdr){0};
	if (pkt->checksum != CHECKSUM_PARTIAL || !field)
		return;
	header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	header->csum_start = (uint16_t)(l4_data(pkt) - packet_data(pkt));
	header->csum_offset = (uint16_t)(field - header->csum_start);
}

static ssize_t write_parts(int fd, const struct iovec *parts, int count)
{
	ssize_t len;

	do
		len = writev(fd, parts, count);
	while (len < 0 && errno == EINTR);
	return len;
}

/* TUN_DONE and pkt is released, or it went to `failed`; or TUN_GONE. */
static enum tun_result write_single(struct tun_batch *batch, int fd,
    struct packet *pkt, const struct tun_writer *writer)
{
	struct virtio_net_hdr header;
	struct iovec parts[] = {
	    {&header, sizeof(header)}, {packet_data(pkt), pkt->len}};
	enum tun_result result = TUN_DONE;

	describe_single(pkt, &header);
	if (write_parts(fd, parts, ARRAY_SIZE(parts)) >= 0) {
		pool_put(batch->setup.pool, pkt);
		return TUN_DONE;
	}
	if (errno == EBADFD)
		result = TUN_GONE;
	pkt->drop = tun_drop_of_error(errno);
	if (result == TUN_GONE)
		pkt->drop = DROP_DEV_READY;
	writer->failed(writer->context, pkt);
	return result;
}

/* Those that there is no buffer for are one that failed. */
static void cut(struct tun_batch *batch, struct packet *whole,
    struct packet_list *to, const struct tun_writer *writer)
{
	struct segments segments;

	segments_of(&segments, whole);
	for (uint32_t i = 0; i < segments.count; i++) {
		struct packet *pkt = pool_get(batch->setup.pool);

		if (!pkt || segments_take(&segments, whole, i, pkt)) {
			pool_put(batch->setup.pool, pkt);
			whole->segments = (uint16_t)(segments.count - i);
			whole->drop = DROP_NOMEM;
			writer->failed(writer->context, whole);
			return;
		}
		packet_list_push(to, pkt);
	}
	pool_put(batch->setup.pool, whole);
}

static enum tun_result write_singly(struct tun_batch *batch, int fd,
    struct packet *pkt, const struct tun_writer *writer)
{
	enum tun_result result = TUN_DONE;
	struct packet_list list = {0};

	if (pkt->rest.first)
		packet_take_apart(pkt, &list);
	else
		cut(batch, pkt, &list, writer);
	while ((pkt = packet_list_pop(&list)))
		if (write_single(batch, fd, pkt, writer) == TUN_GONE)
			result = TUN_GONE;
	return result;
}

static uint8_t gso_type(const struct packet *first)
{
	if (first->l4_protocol == IP_PROTOCOL_UDP)
		return VIRTIO_NET_HDR_GSO_UDP_L4;
	return first->family == FAMILY_IPV4 ? VIRTIO_NET_HDR_GSO_TCPV4
					    : VIRTIO_NET_HDR_GSO_TCPV6;
}

static void describe_whole(const struct packet *whole, uint32_t header_bytes,
    struct virtio_net_hdr *header)
{
	bool is_udp = whole->l4_protocol == IP_PROTOCOL_UDP;

	*header = (struct virtio_net_hdr){
	    .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
	    .gso_type = gso_type(whole),
	    .hdr_len = (uint16_t)header_bytes,
	    .gso_size = whole->segment_bytes,
	    .csum_start = (uint16_t)(l4_data(whole) - packet_data(whole)),
	    .csum_offset = is_udp ? UDP_CHECKSUM : TCP_CHECKSUM,
	};
}

static ssize_t write_whole(int fd, struct packet *whole)
{
	struct virtio_net_hdr header;
	struct iovec parts[] = {
	    {&header, sizeof(header)}, {packet_data(whole), whole->len}};

	describe_whole(whole, coalesce_header_bytes(whole), &header);
	return write_parts(fd, parts, ARRAY_SIZE(parts));
}

static ssize_t write_chain(int fd, struct packet *chain)
{
	uint8_t headers[COALESCE_HEADER_BYTES];
	uint32_t bytes = coalesced_header(chain, headers);
	struct virtio_net_hdr header;
	struct iovec parts[2 + COALESCE_SEGMENTS] = {
	    {&header, sizeof(header)}, {headers, bytes}};
	int count = 2;

	for (struct packet *pkt = chain; pkt; pkt = packet_behind(chain, pkt))
		parts[count++] =
		    (struct iovec){packet_data(pkt) + bytes, pkt->len - bytes};
	describe_whole(chain, bytes, &header);
	return write_parts(fd, parts, count);
}

/* The error of chains of its kind. */
static int *error_of(struct tun_batch *batch, const struct packet *chain)
{
	return chain->l4_protocol == IP_PROTOCOL_UDP ? &batch->udp_error
						     : &batch->tcp_error;
}

static enum tun_result write_any(struct tun_batch *batch, int fd,
    struct packet *pkt, const struct tun_writer *writer)
{
	ssize_t written;

	if (pkt->segments == 1)
		return write_single(batch, fd, pkt, writer);
	if (!*error_of(batch, pkt)) {
		written = pkt->rest.first ? write_chain(fd, pkt)
					  : write_whole(fd, pkt);
		if (written >= 0) {
			pool_put(batch->setup.pool, pkt);
			return TUN_DONE;
		}
		if (errno == EINVAL)
			*error_of(batch, pkt) = errno;
	}
	return write_singly(batch, fd, pkt, writer);
}

bool tun_batch_joins_tcp(const struct tun_batch *batch)
{
	return batch->setup.offload->has_tso && !batch->tcp_error;
}

bool tun_batch_joins_udp(const struct tun_batch *batch)
{
	return batch->setup.offload->has_uso && !batch->udp_error;
}

enum tun_result tun_batch_write(struct tun_batch *batch, int fd,
    struct packet_list *list, const struct tun_writer *writer)
{
	enum tun_result result = TUN_DONE;
	struct packet *pkt;

	while ((pkt = packet_list_pop(list)))
		if (write_any(batch, fd, pkt, writer) == TUN_GONE)
			result = TUN_GONE;
	return result;
}
