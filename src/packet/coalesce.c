/* SPDX-License-Identifier: ISC */
/* Putting packets of one flow together into chains. */
#include "packet/coalesce.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/ecn.h"
#include "packet/ip.h"
#include "packet/l4.h"
#include "packet/tcp.h"

#define WHOLE_BYTES_MAX	    65535 /* of the IP packet */
#define IPV4_TOTAL	    2
#define IPV4_IDENTIFICATION 4
#define IPV4_FRAGMENT	    6
#define IPV4_DF		    0x40 /* bit of its first byte */
#define IPV4_TTL	    8
#define IPV4_ADDRESSES	    12
#define IPV6_PAYLOAD	    4
#define IPV6_NEXT	    6
#define UDP_LENGTH	    4
#define RIGHT		    0 /* what a sum over right bytes is at its end */

/* FIN and SYN and so on end what can be joined. */
#define JOINED_FLAGS (TCP_ACK | TCP_PSH | TCP_ECE)

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

void coalescer_begin(
    struct coalescer *coalescer, bool joins_tcp, bool joins_udp)
{
	for (size_t i = 0; i < COALESCE_SLOTS; i++)
		coalescer->slots[i].first = NULL;
	coalescer->joins_tcp = joins_tcp;
	coalescer->joins_udp = joins_udp;
}

/* ---- may it be joined at all? ---- */

static uint32_t l4_header_bytes(const struct packet *pkt)
{
	if (pkt->l4_protocol == IP_PROTOCOL_UDP)
		return UDP_BYTES;
	return (l4_data(pkt)[TCP_OFFSET] >> 4) * 4u;
}

uint32_t coalesce_header_bytes(const struct packet *pkt)
{
	return pkt->l2_bytes + pkt->l3_bytes + l4_header_bytes(pkt);
}

/* Also: the mark that the outer header gives to it is the one that it has. */
static bool is_simple(const struct packet *pkt)
{
	uint32_t plain = pkt->family == FAMILY_IPV4 ? IPV4_BYTES : IPV6_BYTES;

	return pkt->family != FAMILY_NONE && !pkt->is_fragment && pkt->has_l4 &&
	       pkt->l3_bytes == plain && pkt->segments <= 1 &&
	       pkt->len == pkt->l2_bytes + pkt->ip_bytes && ecn_is_settled(pkt);
}

static bool is_kind_joined(
    const struct packet *pkt, bool joins_tcp, bool joins_udp)
{
	const uint8_t *l4 = l4_data(pkt);

	if (pkt->l4_protocol == IP_PROTOCOL_TCP)
		return joins_tcp && (l4[TCP_FLAGS] & TCP_ACK) &&
		       !(l4[TCP_FLAGS] & ~JOINED_FLAGS);
	if (pkt->l4_protocol == IP_PROTOCOL_UDP)
		return joins_udp &&
		       (l4[UDP_CHECKSUM] || l4[UDP_CHECKSUM + 1]) &&
		       (uint32_t)(l4[UDP_LENGTH] << 8 | l4[UDP_LENGTH + 1]) ==
			   l4_len(pkt);
	return false;
}

bool coalesce_may_join(const struct packet *pkt, bool joins_tcp, bool joins_udp)
{
	return is_simple(pkt) && is_kind_joined(pkt, joins_tcp, joins_udp);
}

bool coalesce_has_right_checksum(struct packet *pkt)
{
	if (pkt->checksum == CHECKSUM_FULL &&
	    checksum_finish(checksum_l4(pkt)) == RIGHT)
		pkt->checksum = CHECKSUM_VERIFIED;
	return pkt->checksum != CHECKSUM_FULL;
}

/* ---- does it continue an item? ---- */

static bool is_same_flow(const struct packet *a, const struct packet *b)
{
	return a->flow_hash == b->flow_hash && a->family == b->family &&
	       a->l4_protocol == b->l4_protocol &&
	       a->source_port == b->source_port &&
	       a->destination_port == b->destination_port &&
	       a->peer == b->peer && a->l2_bytes == b->l2_bytes &&
	       memcmp(packet_data(a), packet_data(b), a->l2_bytes) == 0 &&
	       address_is_equal(&a->source, &b->source) &&
	       address_is_equal(&a->destination, &b->destination);
}

/* What may be cut needs numbers that tell, and cutting the whole counts up
 * (RFC 6864, 4.3). */
static bool has_right_number(const struct packet *first, const uint8_t *l3)
{
	const uint8_t *number = l3 + IPV4_IDENTIFICATION;

	return l3[IPV4_FRAGMENT] & IPV4_DF ||
	       (uint16_t)(number[0] << 8 | number[1]) ==
		   (uint16_t)(first->fragment_id + first->segments);
}

/* All of the IP header that does not follow from length and number. */
static bool has_same_l3(const struct packet *a, const struct packet *b)
{
	const uint8_t *x = packet_l3(a), *y = packet_l3(b);

	if (a->family == FAMILY_IPV6)
		return memcmp(x, y, IPV6_PAYLOAD) == 0 &&
		       memcmp(x + IPV6_NEXT, y + IPV6_NEXT, 2) == 0;
	return memcmp(x, y, IPV4_TOTAL) == 0 &&
	       memcmp(x + IPV4_FRAGMENT, y + IPV4_FRAGMENT, 2) == 0 &&
	       x[IPV4_TTL] == y[IPV4_TTL] && has_right_number(a, y);
}

/* All but sequence number, PSH and checksum; the urgent pointer is unused. */
static bool has_same_tcp(const struct packet *a, const struct packet *b)
{
	const uint8_t *x = l4_data(a), *y = l4_data(b);
	uint32_t bytes = l4_header_bytes(a);

	return memcmp(x + TCP_ACKNOWLEDGES, y + TCP_ACKNOWLEDGES, 5) == 0 &&
	       !((x[TCP_FLAGS] ^ y[TCP_FLAGS]) & ~TCP_PSH) &&
	       memcmp(x + TCP_WINDOW, y + TCP_WINDOW, 2) == 0 &&
	       memcmp(x + TCP_BYTES, y + TCP_BYTES, bytes - TCP_BYTES) == 0;
}

static bool continues(const struct coalesce_slot *slot,
    const struct packet *pkt, uint32_t payload)
{
	const struct packet *first = slot->first;

	if (slot->is_closed || first->segments == COALESCE_SEGMENTS ||
	    payload > slot->size || first->outer_ecn != pkt->outer_ecn ||
	    !has_same_l3(first, pkt) ||
	    slot->header_bytes - first->l2_bytes + slot->payload_bytes +
		    payload >
		WHOLE_BYTES_MAX)
		return false;
	return pkt->l4_protocol == IP_PROTOCOL_UDP ||
	       (has_same_tcp(first, pkt) &&
		   get32(l4_data(pkt) + TCP_SEQUENCE) ==
		       get32(l4_data(first) + TCP_SEQUENCE) +
			   slot->payload_bytes);
}

/* A shorter one, or PSH, is the last. */
static bool is_last(const struct coalesce_slot *slot, const struct packet *pkt,
    uint32_t payload)
{
	return payload < slot->size || (pkt->l4_protocol == IP_PROTOCOL_TCP &&
					   (l4_data(pkt)[TCP_FLAGS] & TCP_PSH));
}

static void begin(
    struct coalesce_slot *slot, struct packet *pkt, uint32_t payload)
{
	*slot = (struct coalesce_slot){
	    .first = pkt,
	    .header_bytes = coalesce_header_bytes(pkt),
	    .payload_bytes = payload,
	    .size = (uint16_t)payload,
	};
	slot->is_closed = is_last(slot, pkt, payload);
}

static void join(
    struct coalesce_slot *slot, struct packet *pkt, uint32_t payload)
{
	struct packet *first = slot->first;

	packet_list_push(&first->rest, pkt);
	first->segments++;
	first->segment_bytes = slot->size;
	first->tcp_flags |= pkt->tcp_flags & TCP_PSH;
	slot->payload_bytes += payload;
	slot->is_closed = is_last(slot, pkt, payload);
}

/* An acknowledgement without data does not disturb the data around it. */
static bool is_pure_ack(const struct packet *pkt, uint32_t payload)
{
	return pkt->l4_protocol == IP_PROTOCOL_TCP && !payload;
}

bool coalescer_join(struct coalescer *coalescer, struct packet *pkt)
{
	struct coalesce_slot *slot =
	    &coalescer->slots[pkt->flow_hash % COALESCE_SLOTS];
	bool is_known = slot->first && is_same_flow(slot->first, pkt);
	uint32_t payload = 0;

	if (coalesce_may_join(
		pkt, coalescer->joins_tcp, coalescer->joins_udp)) {
		payload = l4_len(pkt) - l4_header_bytes(pkt);
		if (is_pure_ack(pkt, payload))
			return false;
		if (!coalesce_has_right_checksum(pkt))
			payload = 0;
	}
	if (payload && is_known && continues(slot, pkt, payload)) {
		join(slot, pkt, payload);
		return true;
	}
	if (payload)
		begin(slot, pkt, payload);
	else if (is_known)
		slot->first = NULL;
	return false;
}

/* ---- the headers of the whole ---- */

static void write_l3(const struct packet *first, uint8_t *l3, uint32_t ip_bytes)
{
	if (first->family == FAMILY_IPV6) {
		put16(l3 + IPV6_PAYLOAD, ip_bytes - IPV6_BYTES);
		return;
	}
	put16(l3 + IPV4_TOTAL, ip_bytes);
	put16(l3 + IPV4_CHECKSUM, 0);
	put16(l3 + IPV4_CHECKSUM,
	    checksum_finish(checksum_add(0, l3, IPV4_BYTES)));
}

void coalesce_write_header(const struct packet *first, uint8_t *header,
    uint32_t ip_bytes, uint8_t push)
{
	uint8_t *l3 = header + first->l2_bytes, *l4 = l3 + first->l3_bytes;
	uint32_t l4_bytes = ip_bytes - first->l3_bytes;
	uint16_t pseudo = checksum_pseudo(
	    &first->source, &first->destination, first->l4_protocol, l4_bytes);

	write_l3(first, l3, ip_bytes);
	if (first->l4_protocol == IP_PROTOCOL_TCP) {
		l4[TCP_FLAGS] |= push;
		put16(l4 + TCP_CHECKSUM, pseudo);
	} else {
		put16(l4 + UDP_LENGTH, l4_bytes);
		put16(l4 + UDP_CHECKSUM, pseudo);
	}
}

/* Each is as long as the first, but for the last one. */
static uint32_t payload_bytes(const struct packet *chain, uint32_t header_bytes)
{
	return (chain->segments - 1u) * chain->segment_bytes +
	       chain->rest.last->len - header_bytes;
}

uint32_t coalesced_header(
    const struct packet *chain, uint8_t header[COALESCE_HEADER_BYTES])
{
	uint32_t bytes = coalesce_header_bytes(chain);
	const struct packet *last = chain->rest.last;

	memcpy(header, packet_data(chain), bytes);
	coalesce_write_header(chain, header,
	    bytes - chain->l2_bytes + payload_bytes(chain, bytes),
	    last->tcp_flags & TCP_PSH);
	return bytes;
}
