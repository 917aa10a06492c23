/* SPDX-License-Identifier: ISC */
/* Putting packets of one flow together before they go to a device. */
#include "packet/coalesce.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/l4.h"
#include "packet/tcp.h"

#define WHOLE_BYTES_MAX 65535 /* of the IP packet */
#define IPV4_TOTAL	2
#define IPV4_FRAGMENT	6
#define IPV4_TTL	8
#define IPV4_ADDRESSES	12
#define IPV6_PAYLOAD	4
#define IPV6_NEXT	6
#define UDP_LENGTH	4
#define RIGHT		0 /* what a sum over right bytes is at its end */

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
	coalescer->count = 0;
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

static bool is_simple(const struct packet *pkt)
{
	uint32_t plain = pkt->family == FAMILY_IPV4 ? IPV4_BYTES : IPV6_BYTES;

	return pkt->family != FAMILY_NONE && !pkt->is_fragment && pkt->has_l4 &&
	       pkt->l3_bytes == plain && pkt->segments <= 1 &&
	       pkt->len == pkt->l2_bytes + pkt->ip_bytes;
}

static bool is_kind_joined(
    const struct coalescer *coalescer, const struct packet *pkt)
{
	const uint8_t *l4 = l4_data(pkt);

	if (pkt->l4_protocol == IP_PROTOCOL_TCP)
		return coalescer->joins_tcp && (l4[TCP_FLAGS] & TCP_ACK) &&
		       !(l4[TCP_FLAGS] & ~JOINED_FLAGS);
	if (pkt->l4_protocol == IP_PROTOCOL_UDP)
		return coalescer->joins_udp &&
		       (l4[UDP_CHECKSUM] || l4[UDP_CHECKSUM + 1]) &&
		       (uint32_t)(l4[UDP_LENGTH] << 8 | l4[UDP_LENGTH + 1]) ==
			   l4_len(pkt);
	return false;
}

/* The checksum of a whole says that each of its packets had a right one. */
static bool has_right_checksum(struct packet *pkt)
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

/* All of the IP header that does not follow from length and number. */
static bool has_same_l3(const struct packet *a, const struct packet *b)
{
	const uint8_t *x = packet_l3(a), *y = packet_l3(b);

	if (a->family == FAMILY_IPV6)
		return memcmp(x, y, IPV6_PAYLOAD) == 0 &&
		       memcmp(x + IPV6_NEXT, y + IPV6_NEXT, 2) == 0;
	return memcmp(x, y, IPV4_TOTAL) == 0 &&
	       memcmp(x + IPV4_FRAGMENT, y + IPV4_FRAGMENT, 2) == 0 &&
	       x[IPV4_TTL] == y[IPV4_TTL];
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

static bool continues(
    const struct coalesced *item, const struct packet *pkt, uint32_t payload)
{
	const struct packet *first = item->pkts[0];

	if (item->is_closed || item->count == COALESCE_SEGMENTS ||
	    payload > item->size || !has_same_l3(first, pkt) ||
	    item->header_bytes - first->l2_bytes + item->payload_bytes +
		    payload >
		WHOLE_BYTES_MAX)
		return false;
	return pkt->l4_protocol == IP_PROTOCOL_UDP ||
	       (has_same_tcp(first, pkt) &&
		   get32(l4_data(pkt) + TCP_SEQUENCE) ==
		       get32(l4_data(first) + TCP_SEQUENCE) +
			   item->payload_bytes);
}

/* The flow's newest item, NULL: it has none. */
static struct coalesced *find(
    struct coalescer *coalescer, const struct packet *pkt)
{
	for (size_t i = coalescer->count; i-- > 0;)
		if (!coalescer->items[i].is_passed &&
		    is_same_flow(coalescer->items[i].pkts[0], pkt))
			return &coalescer->items[i];
	return NULL;
}

/* A shorter one, or PSH, is the last. */
static void add_to(struct coalesced *item, struct packet *pkt, uint32_t payload)
{
	item->pkts[item->count++] = pkt;
	item->payload_bytes += payload;
	if (payload < item->size || (pkt->l4_protocol == IP_PROTOCOL_TCP &&
					(l4_data(pkt)[TCP_FLAGS] & TCP_PSH)))
		item->is_closed = true;
}

static struct coalesced *new_item(struct coalescer *coalescer)
{
	struct coalesced *item;

	if (coalescer->count == COALESCE_ITEMS)
		return NULL;
	item = &coalescer->items[coalescer->count++];
	item->count = 0;
	item->payload_bytes = 0;
	item->size = 0;
	item->header_bytes = 0;
	item->is_closed = item->is_passed = false;
	return item;
}

static bool add_alone(
    struct coalescer *coalescer, struct packet *pkt, bool is_passed)
{
	struct coalesced *item = new_item(coalescer);

	if (!item)
		return false;
	item->pkts[item->count++] = pkt;
	item->is_closed = true;
	item->is_passed = is_passed;
	return true;
}

static bool begin_item(
    struct coalescer *coalescer, struct packet *pkt, uint32_t payload)
{
	struct coalesced *item = new_item(coalescer);

	if (!item)
		return false;
	item->size = (uint16_t)payload;
	item->header_bytes =
	    pkt->l2_bytes + pkt->l3_bytes + l4_header_bytes(pkt);
	add_to(item, pkt, payload);
	return true;
}

/* An acknowledgement without data does not disturb the data around it. */
static bool add_unjoined(
    struct coalescer *coalescer, struct packet *pkt, bool is_pure_ack)
{
	struct coalesced *item;

	if (!is_pure_ack && pkt->family != FAMILY_NONE) {
		item = find(coalescer, pkt);
		if (item)
			item->is_closed = true;
	}
	return add_alone(coalescer, pkt, is_pure_ack);
}

bool coalescer_add(struct coalescer *coalescer, struct packet *pkt)
{
	struct coalesced *item;
	uint32_t payload;

	if (!is_simple(pkt) || !is_kind_joined(coalescer, pkt))
		return add_unjoined(coalescer, pkt, false);
	payload = l4_len(pkt) - l4_header_bytes(pkt);
	if (!payload || !has_right_checksum(pkt))
		return add_unjoined(coalescer, pkt,
		    pkt->l4_protocol == IP_PROTOCOL_TCP && !payload);
	item = find(coalescer, pkt);
	if (item && continues(item, pkt, payload)) {
		add_to(item, pkt, payload);
		return true;
	}
	if (item)
		item->is_closed = true;
	return begin_item(coalescer, pkt, payload);
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

void coalesced_header(
    const struct coalesced *item, uint8_t header[COALESCE_HEADER_BYTES])
{
	const struct packet *first = item->pkts[0];
	const struct packet *last = item->pkts[item->count - 1];
	uint8_t *l3 = header + first->l2_bytes, *l4 = l3 + first->l3_bytes;
	uint32_t ip_bytes =
	    item->header_bytes - first->l2_bytes + item->payload_bytes;
	uint32_t l4_bytes = ip_bytes - first->l3_bytes;
	uint16_t pseudo = checksum_pseudo(
	    &first->source, &first->destination, first->l4_protocol, l4_bytes);

	memcpy(header, packet_data(first), item->header_bytes);
	write_l3(first, l3, ip_bytes);
	if (first->l4_protocol == IP_PROTOCOL_TCP) {
		l4[TCP_FLAGS] |= l4_data(last)[TCP_FLAGS] & TCP_PSH;
		put16(l4 + TCP_CHECKSUM, pseudo);
	} else {
		put16(l4 + UDP_LENGTH, l4_bytes);
		put16(l4 + UDP_CHECKSUM, pseudo);
	}
}
