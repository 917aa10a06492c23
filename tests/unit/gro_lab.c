/* SPDX-License-Identifier: ISC */
/* Packets that gro puts together. */
#include "gro_lab.h"

#include <string.h>

#include "packet/l4.h"
#include "packet/tcp.h"
#include "unit.h"

static void put(uint8_t *at, uint32_t value, size_t bytes)
{
	while (bytes-- > 0) {
		at[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

static uint32_t write_l4(
    uint8_t *l4, const struct flow_of *flow, uint32_t number, uint32_t payload)
{
	put(l4, flow->port, 2);
	put(l4 + 2, 53, 2);
	if (flow->protocol == IP_PROTOCOL_UDP) {
		put(l4 + 4, UDP_BYTES + payload, 2);
		return UDP_BYTES;
	}
	put(l4 + TCP_SEQUENCE, number * PIECE_BYTES, 4);
	l4[TCP_OFFSET] = 0x50;
	l4[TCP_FLAGS] = TCP_ACK;
	return TCP_BYTES;
}

static void write_ip(
    uint8_t *bytes, const struct flow_of *flow, uint32_t len, uint32_t number)
{
	struct address from, to;

	ck_assert_int_eq(address_parse(&from, flow->source), 0);
	ck_assert_int_eq(address_parse(&to, flow->destination), 0);
	bytes[0] = 0x45;
	put(bytes + 2, len, 2);
	put(bytes + 4, number, 2);
	bytes[6] = 0x40;
	bytes[8] = 64;
	bytes[9] = flow->protocol;
	memcpy(bytes + 12, from.bytes, 4);
	memcpy(bytes + 16, to.bytes, 4);
	header_finish(bytes, IPV4_BYTES);
}

struct packet *piece_of(
    const struct flow_of *flow, uint32_t number, uint32_t payload)
{
	struct packet *pkt = pool_get(pool), parsed;
	uint8_t *bytes = packet_data(pkt);
	uint32_t head;

	memset(bytes, 0, IPV4_BYTES + TCP_BYTES);
	head = IPV4_BYTES + write_l4(bytes + IPV4_BYTES, flow, number, payload);
	for (uint32_t i = 0; i < payload; i++)
		bytes[head + i] = (uint8_t)(number + i);
	pkt->len = head + payload;
	write_ip(bytes, flow, pkt->len, number);
	parsed = *pkt;
	ck_assert_int_eq(packet_parse_ip(&parsed), DROP_NONE);
	parsed.checksum = CHECKSUM_PARTIAL;
	checksum_store(bytes + checksum_field(&parsed),
	    checksum_pseudo(&parsed.source, &parsed.destination, flow->protocol,
		l4_len(&parsed)));
	checksum_complete(&parsed);
	pkt->counter = number;
	return pkt;
}

uint32_t number_of(const struct packet *pkt)
{
	const uint8_t *l3 = packet_l3(pkt);

	return (uint32_t)l3[4] << 8 | l3[5];
}

/* ---- trains ---- */

#define DATAGRAMS      256
#define DATAGRAM_BYTES 256

static struct {
	uint8_t bytes[DATAGRAMS * DATAGRAM_BYTES];
	size_t used, count;
	struct {
		const uint8_t *at;
		uint64_t counter;
	} datagrams[DATAGRAMS];
} away;

void trains_forget(void)
{
	away.used = away.count = 0;
}

uint64_t train_counter_of(const uint8_t *datagram)
{
	for (size_t i = 0; i < away.count; i++)
		if (away.datagrams[i].at == datagram)
			return away.datagrams[i].counter;
	ck_abort_msg("no datagram is there");
}

void train_add(struct packet *train, struct packet *pkt)
{
	uint8_t *at = away.bytes + away.used;

	ck_assert_uint_le(away.used + pkt->len, sizeof(away.bytes));
	ck_assert_uint_lt(away.count, DATAGRAMS);
	away.datagrams[away.count].at = at;
	away.datagrams[away.count++].counter = pkt->counter;
	memcpy(at, packet_data(pkt), pkt->len);
	away.used += pkt->len;
	train->len += pkt->len;
	train->segments++;
	pool_put(pool, pkt);
}

struct packet *train_begin(struct packet *first)
{
	struct packet *train = pool_get(pool);

	train->away = away.bytes + away.used;
	train->segment_bytes = (uint16_t)first->len;
	train->segments = 0;
	train->endpoint = first->endpoint;
	train->outer_ecn = first->outer_ecn;
	train_add(train, first);
	memcpy(packet_data(train), train->away, PACKET_PEEK_BYTES);
	return train;
}
