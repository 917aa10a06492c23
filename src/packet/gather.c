/* SPDX-License-Identifier: ISC */
/* Putting the packets of one flow together where they are opened. */
#include "packet/gather.h"

#include <assert.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/ethernet.h"
#include "packet/ip.h"
#include "packet/l4.h"
#include "packet/tcp.h"

#define WHOLE_BYTES_MAX	    65535 /* of the IP packet */
#define IPV4_TOTAL	    2
#define IPV4_IDENTIFICATION 4
#define IPV4_FRAGMENT	    6 /* and TTL, protocol */
#define IPV4_ADDRESSES	    12
#define IPV6_PAYLOAD	    4
#define IPV6_NEXT	    6
#define UDP_LENGTH	    4
#define TCP_URGENT	    18
#define RIGHT		    0 /* what a sum over right bytes is at its end */

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

void gather_begin(struct gather *gather, struct packet *whole, bool is_frame,
    bool joins_tcp, bool joins_udp)
{
	gather->whole = whole;
	gather->is_frame = is_frame;
	gather->joins_tcp = joins_tcp;
	gather->joins_udp = joins_udp;
	gather->header_bytes = gather->payload_bytes = gather->size = 0;
	gather->is_closed = false;
}

/* ---- where ---- */

/* What it adds is at most the first one's payload. */
static bool is_full(const struct gather *gather, uint32_t len)
{
	uint32_t payload = len - gather->header_bytes;

	if (payload > gather->size)
		payload = gather->size;
	return gather->whole->segments == COALESCE_SEGMENTS ||
	       gather->header_bytes - gather->whole->l2_bytes +
		       gather->payload_bytes + payload >
		   WHOLE_BYTES_MAX;
}

bool gather_has_room(const struct gather *gather, uint32_t len)
{
	const struct packet *whole = gather->whole;

	if (!whole || gather->is_closed || len <= gather->header_bytes ||
	    whole->offset + gather->payload_bytes + len + PACKET_TAIL_BYTES >
		whole->buffer_bytes)
		return false;
	return !gather->header_bytes || !is_full(gather, len);
}

static size_t kept_bytes(const struct gather *gather)
{
	return GATHER_HEAD_BYTES + gather->header_bytes;
}

uint8_t *gather_place(struct gather *gather)
{
	uint8_t *place = packet_data(gather->whole) + gather->payload_bytes;

	gather->place = place;
	if (gather->header_bytes)
		memcpy(gather->kept, place - GATHER_HEAD_BYTES,
		    kept_bytes(gather));
	return place;
}

static void put_back(struct gather *gather)
{
	if (gather->header_bytes)
		memcpy(gather->place - GATHER_HEAD_BYTES, gather->kept,
		    kept_bytes(gather));
}

/* ---- the first one ---- */

static bool parse(const struct gather *gather, struct packet *pkt)
{
	if (!gather->is_frame)
		return packet_parse_ip(pkt) == DROP_NONE;
	return packet_parse_ethernet(pkt) == DROP_NONE &&
	       packet_parse_payload(pkt) == DROP_NONE;
}

/* What is to be the last one as well is no business of ours. */
static bool may_begin(struct gather *gather, struct packet *pkt)
{
	uint32_t header_bytes;

	if (!parse(gather, pkt) ||
	    !coalesce_may_join(pkt, gather->joins_tcp, gather->joins_udp) ||
	    pkt->tcp_flags & TCP_PSH)
		return false;
	header_bytes = coalesce_header_bytes(pkt);
	return pkt->len > header_bytes &&
	       header_bytes <= sizeof(gather->header) &&
	       coalesce_has_right_checksum(pkt);
}

static bool take_first(
    struct gather *gather, uint32_t len, enum checksum_state checksum)
{
	struct packet *whole = gather->whole;

	whole->len = len;
	whole->checksum = checksum;
	if (!may_begin(gather, whole)) {
		whole->len = 0;
		return false;
	}
	whole->is_parsed = true;
	whole->plain_bytes = len;
	gather->header_bytes = coalesce_header_bytes(whole);
	gather->size = gather->payload_bytes =
	    whole->len - gather->header_bytes;
	memcpy(gather->header, packet_data(whole), gather->header_bytes);
	return true;
}

/* ---- the others ---- */

/* The IP packet's length as it says itself; 0: its header does not follow the
 * first one's. */
static uint32_t judge_ipv4(
    const uint8_t *first, const uint8_t *l3, uint16_t number)
{
	if (get16(l3) != get16(first) ||
	    memcmp(l3 + IPV4_FRAGMENT, first + IPV4_FRAGMENT, 4) != 0 ||
	    memcmp(l3 + IPV4_ADDRESSES, first + IPV4_ADDRESSES, 8) != 0 ||
	    get16(l3 + IPV4_IDENTIFICATION) !=
		(uint16_t)(get16(first + IPV4_IDENTIFICATION) + number) ||
	    checksum_finish(checksum_add(0, l3, IPV4_BYTES)) != RIGHT)
		return 0;
	return get16(l3 + IPV4_TOTAL);
}

static uint32_t judge_ipv6(const uint8_t *first, const uint8_t *l3)
{
	if (memcmp(l3, first, IPV6_PAYLOAD) != 0 ||
	    memcmp(l3 + IPV6_NEXT, first + IPV6_NEXT, IPV6_BYTES - IPV6_NEXT) !=
		0)
		return 0;
	return IPV6_BYTES + get16(l3 + IPV6_PAYLOAD);
}

/* All but sequence number, PSH and checksum. */
static bool follows_tcp(const struct gather *gather, const uint8_t *first,
    const uint8_t *l4, uint32_t bytes)
{
	return get32(l4) == get32(first) &&
	       get32(l4 + TCP_SEQUENCE) ==
		   get32(first + TCP_SEQUENCE) + gather->payload_bytes &&
	       memcmp(l4 + TCP_ACKNOWLEDGES, first + TCP_ACKNOWLEDGES, 5) ==
		   0 &&
	       (l4[TCP_FLAGS] & ~TCP_PSH) == first[TCP_FLAGS] &&
	       get16(l4 + TCP_WINDOW) == get16(first + TCP_WINDOW) &&
	       memcmp(l4 + TCP_URGENT, first + TCP_URGENT,
		   bytes - TCP_URGENT) == 0;
}

static bool follows_udp(
    const uint8_t *first, const uint8_t *l4, uint32_t l4_bytes)
{
	return get32(l4) == get32(first) &&
	       get16(l4 + UDP_LENGTH) == l4_bytes &&
	       get16(l4 + UDP_CHECKSUM) != 0;
}

static bool is_right(const struct packet *whole, const uint8_t *l4,
    uint32_t l4_bytes, enum checksum_state checksum)
{
	uint16_t sum;

	if (checksum != CHECKSUM_FULL)
		return true;
	sum = checksum_pseudo(
	    &whole->source, &whole->destination, whole->l4_protocol, l4_bytes);
	return checksum_finish(checksum_add(sum, l4, l4_bytes)) == RIGHT;
}

/* The bytes of its payload; 0: it does not follow. */
static uint32_t judge(
    const struct gather *gather, uint32_t len, enum checksum_state checksum)
{
	const struct packet *whole = gather->whole;
	const uint8_t *l3 = gather->place + whole->l2_bytes;
	const uint8_t *first = gather->header + whole->l2_bytes;
	const uint8_t *l4 = l3 + whole->l3_bytes;
	const uint8_t *first_l4 = first + whole->l3_bytes;
	uint32_t headers = gather->header_bytes - whole->l2_bytes, bytes;

	if (memcmp(gather->place, gather->header, whole->l2_bytes) != 0)
		return 0;
	bytes = whole->family == FAMILY_IPV4
		    ? judge_ipv4(first, l3, whole->segments)
		    : judge_ipv6(first, l3);
	if (bytes <= headers || bytes > len - whole->l2_bytes ||
	    bytes - headers > gather->size ||
	    (gather->is_frame && bytes != len - whole->l2_bytes))
		return 0;
	if (whole->l4_protocol == IP_PROTOCOL_TCP
		? !follows_tcp(gather, first_l4, l4, headers - whole->l3_bytes)
		: !follows_udp(first_l4, l4, bytes - whole->l3_bytes))
		return 0;
	return is_right(whole, l4, bytes - whole->l3_bytes, checksum)
		   ? bytes - headers
		   : 0;
}

bool gather_take(
    struct gather *gather, uint32_t len, enum checksum_state checksum)
{
	struct packet *whole = gather->whole;
	uint32_t payload = 0;

	if (!gather->header_bytes)
		return take_first(gather, len, checksum);
	if (len > gather->header_bytes)
		payload = judge(gather, len, checksum);
	if (payload && whole->l4_protocol == IP_PROTOCOL_TCP)
		whole->tcp_flags |= (gather->place + whole->l2_bytes +
				     whole->l3_bytes)[TCP_FLAGS];
	put_back(gather);
	if (!payload)
		return false;
	whole->segments++;
	whole->plain_bytes += len;
	gather->payload_bytes += payload;
	gather->is_closed =
	    payload < gather->size || whole->tcp_flags & TCP_PSH;
	return true;
}

/* ---- the whole ---- */

struct packet *gather_end(struct gather *gather)
{
	struct packet *whole = gather->whole;

	gather->whole = NULL;
	if (whole->segments == 1)
		return whole;
	whole->segment_bytes = (uint16_t)gather->size;
	whole->checksum = CHECKSUM_PARTIAL;
	whole->len = gather->header_bytes + gather->payload_bytes;
	whole->ip_bytes = whole->len - whole->l2_bytes;
	coalesce_write_header(whole, packet_data(whole), whole->ip_bytes,
	    whole->tcp_flags & TCP_PSH);
	return whole;
}
