/* SPDX-License-Identifier: ISC */
/* Cutting a super-packet into the packets that it stands for. */
#include "packet/segment.h"

#include <assert.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/ethernet.h"
#include "packet/ip.h"
#include "packet/l4.h"
#include "packet/tcp.h"

#define IPV4_TOTAL	    2
#define IPV4_IDENTIFICATION 4
#define IPV6_PAYLOAD	    4
#define UDP_LENGTH	    4

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* ---- planning ---- */

static enum drop parse(struct packet *whole, bool is_frame)
{
	enum drop reason;

	if (!is_frame)
		return packet_parse_ip(whole);
	reason = packet_parse_ethernet(whole);
	return reason ? reason : packet_parse_payload(whole);
}

/* 0: there is no whole header of one of the two. */
static uint32_t l4_header_bytes(const struct packet *whole)
{
	if (!whole->has_l4 || whole->is_fragment)
		return 0;
	if (whole->l4_protocol == IP_PROTOCOL_UDP)
		return UDP_BYTES;
	if (whole->l4_protocol == IP_PROTOCOL_TCP)
		return (l4_data(whole)[TCP_OFFSET] >> 4) * 4u;
	return 0;
}

/* The kernel's sum is in the field, with the length of the whole: it knows the
 * final destination of a routing header. */
static uint16_t pseudo_of(const struct packet *whole)
{
	uint8_t len[2];

	put16(len, ~l4_len(whole));
	return checksum_add(get16(packet_data(whole) + checksum_field(whole)),
	    len, sizeof(len));
}

static void plan(struct segments *ret, const struct packet *whole,
    uint32_t l4_bytes, uint16_t size)
{
	*ret = (struct segments){
	    .bytes = packet_data(whole),
	    .l3_at = whole->l2_bytes,
	    .l4_at = whole->l2_bytes + whole->l3_bytes,
	    .header_bytes = whole->l2_bytes + whole->l3_bytes + l4_bytes,
	    .payload_bytes = l4_len(whole) - l4_bytes,
	    .size = size,
	    .family = (enum family)whole->family,
	    .l4_protocol = whole->l4_protocol,
	    .pseudo = pseudo_of(whole),
	};
	ret->count = (ret->payload_bytes + size - 1) / size;
}

enum drop segments_plan(
    struct segments *ret, struct packet *whole, bool is_frame, uint16_t size)
{
	enum drop reason = parse(whole, is_frame);
	uint32_t l4_bytes = reason ? 0 : l4_header_bytes(whole);

	if (reason)
		return reason;
	if (!l4_bytes || !size || l4_len(whole) <= l4_bytes)
		return DROP_DEV_HDR;
	plan(ret, whole, l4_bytes, size);
	return DROP_NONE;
}

void segments_of(struct segments *ret, const struct packet *whole)
{
	plan(ret, whole, l4_header_bytes(whole), whole->segment_bytes);
}

/* ---- writing ---- */

static void write_ipv4(uint8_t *l3, uint32_t bytes, uint32_t idx)
{
	size_t header = (l3[0] & 15u) * 4;

	put16(l3 + IPV4_TOTAL, bytes);
	put16(l3 + IPV4_IDENTIFICATION, get16(l3 + IPV4_IDENTIFICATION) + idx);
	put16(l3 + IPV4_CHECKSUM, 0);
	put16(l3 + IPV4_CHECKSUM, checksum_finish(checksum_add(0, l3, header)));
}

static void write_tcp(
    const struct segments *segments, uint8_t *l4, uint32_t idx)
{
	uint32_t sequence = (uint32_t)get16(l4 + TCP_SEQUENCE) << 16 |
			    get16(l4 + TCP_SEQUENCE + 2);

	sequence += idx * segments->size;
	put16(l4 + TCP_SEQUENCE, sequence >> 16);
	put16(l4 + TCP_SEQUENCE + 2, sequence);
	if (idx > 0)
		l4[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
	if (idx + 1 < segments->count)
		l4[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
}

/* The pseudo header's sum with this packet's length. */
static uint16_t partial(const struct segments *segments, uint32_t l4_bytes)
{
	uint8_t len[2];

	put16(len, l4_bytes);
	return checksum_add(segments->pseudo, len, sizeof(len));
}

static void write_l4(const struct segments *segments, uint8_t *l4, uint32_t idx,
    uint32_t l4_bytes)
{
	if (segments->l4_protocol == IP_PROTOCOL_TCP) {
		write_tcp(segments, l4, idx);
		put16(l4 + TCP_CHECKSUM, partial(segments, l4_bytes));
		return;
	}
	put16(l4 + UDP_LENGTH, l4_bytes);
	put16(l4 + UDP_CHECKSUM, partial(segments, l4_bytes));
}

/* What differs from the whole's, in a copy of its header. */
static void write_header(
    const struct segments *segments, uint8_t *at, uint32_t idx, uint32_t len)
{
	uint32_t l3_at = segments->l3_at, l4_at = segments->l4_at;

	if (segments->family == FAMILY_IPV4)
		write_ipv4(at + l3_at, len - l3_at, idx);
	else
		put16(at + l3_at + IPV6_PAYLOAD, len - l3_at - IPV6_BYTES);
	write_l4(segments, at + l4_at, idx, len - l4_at);
}

uint32_t segments_len(const struct segments *segments, uint32_t idx)
{
	uint32_t left = segments->payload_bytes - idx * segments->size;

	return segments->header_bytes +
	       (left < segments->size ? left : segments->size);
}

enum drop segments_write(
    const struct segments *segments, uint32_t idx, struct packet *pkt)
{
	uint32_t header_bytes = segments->header_bytes;
	uint32_t len = segments_len(segments, idx);
	uint8_t *bytes = packet_data(pkt);

	if (len + PACKET_TAIL_BYTES > packet_tail_room(pkt) + pkt->len)
		return DROP_PKT_TOO_BIG;
	memcpy(bytes, segments->bytes, header_bytes);
	memcpy(bytes + header_bytes,
	    segments->bytes + header_bytes + idx * segments->size,
	    len - header_bytes);
	write_header(segments, bytes, idx, len);
	pkt->len = len;
	pkt->checksum = CHECKSUM_PARTIAL;
	return DROP_NONE;
}

enum drop segments_take(const struct segments *segments,
    const struct packet *whole, uint32_t idx, struct packet *pkt)
{
	enum drop reason = segments_write(segments, idx, pkt);
	enum checksum_state checksum = pkt->checksum;

	if (reason)
		return reason;
	packet_copy_fields(pkt, whole);
	pkt->checksum = checksum;
	pkt->segments = 1;
	pkt->segment_bytes = 0;
	pkt->ip_bytes = pkt->len - segments->l3_at;
	if (pkt->family == FAMILY_IPV4)
		pkt->fragment_id = get16(packet_l3(pkt) + IPV4_IDENTIFICATION);
	if (pkt->l4_protocol == IP_PROTOCOL_TCP)
		pkt->tcp_flags = l4_data(pkt)[TCP_FLAGS];
	return DROP_NONE;
}

/* ---- in place ---- */

void slide_begin(struct slide *slide, struct packet *whole, bool completes)
{
	segments_of(&slide->segments, whole);
	assert(slide->segments.header_bytes <= sizeof(slide->header));
	memcpy(
	    slide->header, slide->segments.bytes, slide->segments.header_bytes);
	slide->bytes = packet_data(whole);
	slide->completes = completes;
}

static void complete(uint8_t *l4, uint32_t bytes, uint8_t l4_protocol)
{
	uint16_t checksum = checksum_finish(checksum_add(0, l4, bytes));

	if (l4_protocol == IP_PROTOCOL_TCP)
		checksum_store(l4 + TCP_CHECKSUM, checksum);
	else /* zero says "none" (RFC 768) */
		checksum_store(l4 + UDP_CHECKSUM, checksum ? checksum : 0xffff);
}

uint8_t *slide_to(struct slide *slide, uint32_t idx)
{
	const struct segments *segments = &slide->segments;
	uint8_t *at = slide->bytes + idx * segments->size;
	uint32_t len = segments_len(segments, idx);

	memcpy(at, slide->header, segments->header_bytes);
	write_header(segments, at, idx, len);
	if (slide->completes)
		complete(at + segments->l4_at, len - segments->l4_at,
		    segments->l4_protocol);
	return at;
}

void slide_end(const struct slide *slide, struct packet *whole, uint32_t count)
{
	uint32_t bytes = count * slide->segments.size;

	whole->offset += bytes;
	whole->len -= bytes;
	whole->segments -= (uint16_t)count;
	memcpy(packet_data(whole), slide->header, slide->segments.header_bytes);
}
