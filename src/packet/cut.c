/* SPDX-License-Identifier: ISC */
/* Fragments as the kernel's ip_do_fragment makes them. */
#include "packet/cut.h"

#include <assert.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/l4.h"

#define TOTAL_LENGTH   2
#define FRAGMENT_FIELD 6
#define DONT_FRAGMENT  0x4000
#define MORE_FRAGMENTS 0x2000
#define OFFSET_MASK    0x1fff
#define OFFSET_UNIT    8 /* bytes */

#define OPTION_END  0
#define OPTION_NOP  1
#define OPTION_COPY 0x80 /* bit of the kind: it is in all fragments */

static uint16_t word_at(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put_word(uint8_t *at, size_t word)
{
	at[0] = (uint8_t)(word >> 8);
	at[1] = (uint8_t)word;
}

static size_t l4_header_bytes(const struct packet *pkt)
{
	const uint8_t *l4 = l4_data(pkt);

	if (pkt->l4_protocol == IP_PROTOCOL_TCP && l4_len(pkt) >= TCP_BYTES)
		return (l4[12] >> 4) * 4u;
	return UDP_BYTES;
}

size_t packet_wire_bytes(const struct packet *pkt)
{
	if (!pkt->segment_bytes)
		return pkt->ip_bytes;
	return pkt->l3_bytes + l4_header_bytes(pkt) + pkt->segment_bytes;
}

uint64_t packet_all_bytes(const struct packet *pkt)
{
	uint64_t header;

	if (pkt->segments == 1)
		return pkt->len;
	header = pkt->l2_bytes + pkt->l3_bytes + l4_header_bytes(pkt);
	return pkt->len + (pkt->segments - 1) * header;
}

bool packet_may_be_cut(const struct packet *pkt)
{
	return pkt->family == FAMILY_IPV4 &&
	       !(word_at(packet_l3(pkt) + FRAGMENT_FIELD) & DONT_FRAGMENT);
}

/* What is not to be in later fragments becomes padding: offsets stay. */
static void blank_options(uint8_t *header, size_t bytes)
{
	size_t at = IPV4_BYTES;

	while (at < bytes && header[at] != OPTION_END) {
		size_t len = 1;

		if (header[at] != OPTION_NOP)
			len = at + 1 < bytes ? header[at + 1] : 0;
		if (!len || at + len > bytes)
			return; /* damaged: for the receiver to judge */
		if (!(header[at] & OPTION_COPY))
			memset(header + at, OPTION_NOP, len);
		at += len;
	}
}

/* Where a fragment lies in the packet's payload. */
struct piece {
	size_t at, bytes;
	bool is_last;
};

static void write_piece(
    struct packet *to, const struct packet *from, const struct piece *piece)
{
	uint8_t *header = packet_data(to);
	size_t bytes = from->l3_bytes;
	uint16_t field = word_at(packet_l3(from) + FRAGMENT_FIELD);
	size_t offset = (field & OFFSET_MASK) + piece->at / OFFSET_UNIT;

	memcpy(header, packet_l3(from), bytes);
	memcpy(header + bytes, l4_data(from) + piece->at, piece->bytes);
	/* one that ends beyond 65535 bytes runs into the flag above it */
	if (!piece->is_last || field & MORE_FRAGMENTS)
		offset |= MORE_FRAGMENTS;
	put_word(header + TOTAL_LENGTH, bytes + piece->bytes);
	put_word(header + FRAGMENT_FIELD, offset);
	/* what is a later fragment already has the right ones */
	if (piece->at && !from->fragment_offset)
		blank_options(header, bytes);
	put_word(header + IPV4_CHECKSUM, 0);
	put_word(header + IPV4_CHECKSUM,
	    checksum_finish(checksum_add(0, header, bytes)));
	to->len = (uint32_t)(bytes + piece->bytes);
}

/* All that is not of the bytes. */
static void take_fields(struct packet *to, const struct packet *from)
{
	struct packet fresh = *to;

	*to = *from;
	to->next = NULL;
	to->buffer = fresh.buffer;
	to->buffer_bytes = fresh.buffer_bytes;
	to->offset = fresh.offset;
}

static struct packet *make_piece(
    struct pool *pool, const struct packet *from, const struct piece *piece)
{
	struct packet *pkt = pool_get(pool);
	enum drop reason;

	if (!pkt)
		return NULL;
	take_fields(pkt, from);
	write_piece(pkt, from, piece);
	reason = packet_parse_ip(pkt);
	assert(!reason);
	return pkt;
}

bool packet_cut(struct pool *pool, const struct packet *pkt, size_t mtu,
    struct packet_list *to)
{
	size_t total = l4_len(pkt), step = mtu - pkt->l3_bytes;
	struct packet_list list = {0};

	assert(!pkt->l2_bytes && mtu >= pkt->l3_bytes + (size_t)OFFSET_UNIT);
	step -= step % OFFSET_UNIT;
	for (size_t at = 0; at < total; at += step) {
		size_t left = total - at;
		struct piece piece = {
		    at, left < step ? left : step, left <= step};
		struct packet *it = make_piece(pool, pkt, &piece);

		if (!it) {
			pool_put_list(pool, &list);
			return false;
		}
		packet_list_push(&list, it);
	}
	packet_list_append(to, &list);
	return true;
}
