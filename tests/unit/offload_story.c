/* SPDX-License-Identifier: ISC */
/* Packets of a few flows, put together and cut again. */
#include "offload_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "header.h"
#include "packet/checksum.h"
#include "packet/coalesce.h"
#include "packet/gather.h"
#include "packet/l4.h"
#include "packet/segment.h"
#include "packet/tcp.h"

#define FLOWS	    4 /* odd: IPv6; from 2 on: UDP */
#define PACKETS_MAX 48
#define BYTES_MAX   2048
#define WHOLE_BYTES 70000

#define must(claim)                                                            \
	do {                                                                   \
		if (!(claim)) {                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,     \
			    #claim);                                           \
			abort();                                               \
		}                                                              \
	} while (0)

struct made {
	struct packet pkt;
	struct packet fresh; /* before it was put together */
	uint8_t bytes[BYTES_MAX];
	unsigned flow;
	bool is_seen;
};

struct story {
	const struct offload_source *source;
	uint32_t sequence[FLOWS];
	uint8_t number[FLOWS]; /* IPv4's identification */
	unsigned flow;	       /* of the last one */
	struct made made[PACKETS_MAX];
	size_t count;
};

static uint32_t draw(struct story *story, uint32_t below)
{
	return story->source->draw(story->source->context, below);
}

/* Now and then something is another way. */
static bool is_odd(struct story *story)
{
	return draw(story, 24) == 1;
}

static size_t write_ip(
    struct story *story, uint8_t *at, unsigned flow, size_t l4_bytes)
{
	uint8_t protocol = flow >= 2 ? IP_PROTOCOL_UDP : IP_PROTOCOL_TCP;

	memset(at, 0, IPV6_BYTES);
	if (flow % 2) {
		at[0] = 0x60;
		at[1] = is_odd(story) ? 0x20 : 0;
		at[3] = is_odd(story);
		at[4] = (uint8_t)(l4_bytes >> 8);
		at[5] = (uint8_t)l4_bytes;
		at[6] = protocol;
		at[7] = is_odd(story) ? 63 : 64;
		at[8] = at[24] = 0xfd;
		at[23] = (uint8_t)flow;
		at[39] = 1;
		return IPV6_BYTES;
	}
	at[0] = 0x45;
	at[1] = is_odd(story) ? 2 : 0;
	at[2] = (uint8_t)((IPV4_BYTES + l4_bytes) >> 8);
	at[3] = (uint8_t)(IPV4_BYTES + l4_bytes);
	story->number[flow] += is_odd(story) ? 2 : 1;
	at[5] = story->number[flow];
	at[6] = is_odd(story) ? 0 : 0x40;
	at[8] = is_odd(story) ? 63 : 64;
	at[9] = protocol;
	at[12] = at[16] = 10;
	at[15] = (uint8_t)flow;
	at[19] = 1;
	header_finish(at, IPV4_BYTES);
	return IPV4_BYTES;
}

static const uint8_t odd_flags[] = {TCP_ACK | TCP_FIN, TCP_SYN, TCP_RST,
    TCP_ACK | TCP_CWR, TCP_ACK | TCP_URG, TCP_ACK | TCP_ECE, 0};

static size_t write_tcp(
    struct story *story, uint8_t *at, unsigned flow, size_t payload)
{
	uint32_t sequence = story->sequence[flow];
	size_t options = draw(story, 2) ? 12 : 0;

	if (is_odd(story))
		sequence += 1;
	memset(at, 0, TCP_BYTES + 12);
	at[0] = 0x10;
	at[2] = 0x20;
	for (int i = 0; i < 4; i++)
		at[TCP_SEQUENCE + i] = (uint8_t)(sequence >> (24 - 8 * i));
	at[TCP_ACKNOWLEDGES] = is_odd(story);
	at[TCP_OFFSET] = (uint8_t)((TCP_BYTES + options) / 4 << 4);
	at[TCP_FLAGS] = TCP_ACK | (is_odd(story) ? TCP_PSH : 0);
	if (is_odd(story))
		at[TCP_FLAGS] = odd_flags[draw(story, ARRAY_SIZE(odd_flags))];
	at[TCP_WINDOW] = is_odd(story) ? 2 : 1;
	at[TCP_BYTES + 3] = is_odd(story);
	story->sequence[flow] = sequence + (uint32_t)payload;
	return TCP_BYTES + options;
}

static size_t write_udp(uint8_t *at, size_t payload)
{
	memset(at, 0, UDP_BYTES);
	at[0] = 0x10;
	at[2] = 0x20;
	at[4] = (uint8_t)((UDP_BYTES + payload) >> 8);
	at[5] = (uint8_t)(UDP_BYTES + payload);
	return UDP_BYTES;
}

/* Its state is one that may be: partial with the pseudo header's sum; complete
 * and right, or wrong now and then. */
static void write_checksum(struct story *story, struct packet *pkt)
{
	size_t field = checksum_field(pkt);
	uint8_t *at = packet_data(pkt) + field;

	if (!field)
		return;
	checksum_store(at, checksum_pseudo(&pkt->source, &pkt->destination,
			       pkt->l4_protocol, l4_len(pkt)));
	pkt->checksum = CHECKSUM_PARTIAL;
	if (draw(story, 2))
		return;
	checksum_complete(pkt);
	if (draw(story, 2))
		pkt->checksum = CHECKSUM_VERIFIED;
	else if (is_odd(story))
		at[0] ^= 1;
}

static void make(struct story *story)
{
	static const size_t sizes[] = {1400, 1400, 1400, 1400, 0, 1, 700, 1399};
	struct made *made = &story->made[story->count++];
	size_t payload = sizes[draw(story, ARRAY_SIZE(sizes))], l3, l4;
	uint8_t l4_bytes[TCP_BYTES + 40];

	if (draw(story, 4) == 1)
		story->flow = draw(story, FLOWS);
	made->flow = story->flow;
	made->is_seen = false;
	l4 = made->flow >= 2 ? write_udp(l4_bytes, payload)
			     : write_tcp(story, l4_bytes, made->flow, payload);
	l3 = write_ip(story, made->bytes, made->flow, l4 + payload);
	memcpy(made->bytes + l3, l4_bytes, l4);
	for (size_t i = 0; i < payload; i++)
		made->bytes[l3 + l4 + i] = (uint8_t)(i + story->count);
	made->pkt = (struct packet){.buffer = made->bytes,
	    .buffer_bytes = BYTES_MAX,
	    .len = (uint32_t)(l3 + l4 + payload),
	    .segments = 1};
	must(packet_parse_ip(&made->pkt) == DROP_NONE);
	write_checksum(story, &made->pkt);
	made->fresh = made->pkt;
}

/* ---- the oracle ---- */

static struct made *made_of(struct story *story, const struct packet *pkt)
{
	for (size_t i = 0; i < story->count; i++)
		if (&story->made[i].pkt == pkt)
			return &story->made[i];
	must(!"a packet from nowhere");
	return NULL;
}

/* What may not be cut is numbered anew; checksums are complete in both. */
static void compare(const struct packet *pkt, struct packet *piece)
{
	uint8_t bytes[BYTES_MAX];
	struct packet copy = *pkt;

	copy.buffer = bytes;
	memcpy(bytes, packet_data(pkt), pkt->len);
	copy.offset = 0;
	if (copy.checksum == CHECKSUM_PARTIAL)
		checksum_complete(&copy);
	must(packet_parse_ip(piece) == DROP_NONE);
	must(piece->checksum == CHECKSUM_PARTIAL);
	checksum_complete(piece);
	if (pkt->family == FAMILY_IPV4 && bytes[6] & 0x40) {
		memcpy(packet_data(piece) + 4, bytes + 4, 2);
		header_finish(packet_data(piece), IPV4_BYTES);
	}
	must(piece->len == copy.len);
	must(memcmp(packet_data(piece), bytes, copy.len) == 0);
}

static void check_whole(const struct packet *chain)
{
	static uint8_t bytes[70000];
	uint8_t cut[BYTES_MAX];
	uint32_t head = coalesced_header(chain, bytes), i = 0;
	struct packet whole = {.buffer = bytes,
	    .buffer_bytes = sizeof(bytes),
	    .len = head,
	    .segments = 1};
	struct segments segments;

	for (const struct packet *pkt = chain; pkt;
	     pkt = packet_behind(chain, pkt)) {
		memcpy(bytes + whole.len, packet_data(pkt) + head,
		    pkt->len - head);
		whole.len += pkt->len - head;
	}
	must(!segments_plan(&segments, &whole, false, chain->segment_bytes));
	must(segments.count == chain->segments);
	for (const struct packet *pkt = chain; pkt;
	     pkt = packet_behind(chain, pkt)) {
		struct packet piece = {
		    .buffer = cut, .buffer_bytes = sizeof(cut), .segments = 1};

		must(!segments_write(&segments, i++, &piece));
		compare(pkt, &piece);
	}
}

/* ---- in place ---- */

/* What is opened has padding behind it, and a head before. */
static void open_to(
    struct story *story, uint8_t *place, const struct made *made)
{
	memset(place - GATHER_HEAD_BYTES, 0xaa, GATHER_HEAD_BYTES);
	memcpy(place, made->bytes, made->fresh.len);
	memset(place + made->fresh.len, 0xbb, draw(story, 16));
}

/* The coalescer's word, but for what cutting would not give again. */
static bool should_follow(const struct made *first, size_t count,
    const struct made *made, struct coalescer *coalescer, struct packet *model)
{
	struct packet copy = made->fresh;

	if (!coalescer_join(coalescer, &copy))
		return false;
	model->rest = (struct packet_list){0};
	return made->fresh.family != FAMILY_IPV4 ||
	       (uint16_t)made->fresh.fragment_id ==
		   (uint16_t)(first->fresh.fragment_id + count);
}

static bool should_begin(const struct made *made)
{
	struct packet copy = made->fresh;

	return coalesce_may_join(&copy, true, true) &&
	       coalesce_header_bytes(&copy) < copy.len &&
	       !(copy.tcp_flags & TCP_PSH) &&
	       coalesce_has_right_checksum(&copy);
}

static void compare_gathered(
    const struct packet *whole, const struct made *first)
{
	uint8_t cut[BYTES_MAX], bytes[BYTES_MAX];
	struct segments segments;

	segments_of(&segments, whole);
	must(segments.count == whole->segments);
	for (uint32_t i = 0; i < whole->segments; i++) {
		struct packet piece = {
		    .buffer = cut, .buffer_bytes = sizeof(cut), .segments = 1};
		struct packet copy = first[i].fresh;

		must(!segments_take(&segments, whole, i, &piece));
		checksum_complete(&piece);
		copy.buffer = bytes;
		memcpy(bytes, first[i].bytes, copy.len);
		if (copy.checksum == CHECKSUM_PARTIAL)
			checksum_complete(&copy);
		must(piece.len == copy.len && piece.ip_bytes == copy.ip_bytes);
		must(memcmp(cut, bytes, copy.len) == 0);
		must(piece.tcp_flags == copy.tcp_flags);
		must(piece.fragment_id == copy.fragment_id);
	}
}

static void end_gathered(struct gather *gather, const struct made *first,
    size_t count, struct offload_seen *seen)
{
	const struct packet *whole = gather_end(gather);

	must(whole->segments == (count ? count : 1));
	must(count || !whole->len);
	if (count == 1)
		must(whole->len == first->fresh.len &&
		     !memcmp(packet_data(whole), first->bytes, whole->len));
	if (count < 2)
		return;
	seen->gathered += count;
	compare_gathered(whole, first);
}

/* Gathers from `first` on; returns how many are in the whole. */
static size_t gather_some(
    struct story *story, size_t first, struct offload_seen *seen)
{
	static uint8_t bytes[WHOLE_BYTES];
	static struct coalescer coalescer;
	struct packet whole = {.buffer = bytes,
	    .buffer_bytes = sizeof(bytes),
	    .offset = PACKET_HEAD_BYTES,
	    .segments = 1};
	struct packet model = story->made[first].fresh;
	struct gather gather;
	size_t count = 0;

	gather_begin(&gather, &whole, false, true, true);
	coalescer_begin(&coalescer, true, true);
	(void)!coalescer_join(&coalescer, &model);
	while (first + count < story->count) {
		struct made *made = &story->made[first + count];
		bool is_taken, should;

		if (!gather_has_room(&gather, made->fresh.len + 15))
			break;
		open_to(story, gather_place(&gather), made);
		if (is_odd(story)) { /* forged */
			must(!gather_take(&gather, 0, CHECKSUM_FULL));
			break;
		}
		is_taken =
		    gather_take(&gather, made->fresh.len, made->fresh.checksum);
		should = count ? should_follow(&story->made[first], count, made,
				     &coalescer, &model)
			       : should_begin(made);
		must(is_taken == should);
		if (!is_taken)
			break;
		count++;
	}
	end_gathered(&gather, &story->made[first], count, seen);
	return count;
}

static void check_chain(
    struct story *story, const struct packet *chain, struct offload_seen *seen)
{
	size_t count = 0;

	for (const struct packet *pkt = chain; pkt;
	     pkt = packet_behind(chain, pkt)) {
		struct made *made = made_of(story, pkt);

		count++;
		must(!made->is_seen);
		made->is_seen = true;
		/* nothing of its flow with data was before it in vain */
		for (struct made *at = story->made; at < made; at++)
			must(at->is_seen || at->flow != made->flow ||
			     l4_len(&at->pkt) <= TCP_BYTES + 12);
	}
	must(count == chain->segments);
	if (count < 2)
		return;
	seen->wholes++;
	seen->joined += count;
	check_whole(chain);
}

static void check(struct story *story, const struct packet_list *went_on,
    struct offload_seen *seen)
{
	for (struct packet *pkt = went_on->first; pkt; pkt = pkt->next)
		check_chain(story, pkt, seen);
	for (size_t i = 0; i < story->count; i++)
		must(story->made[i].is_seen);
}

void offload_story(const struct offload_source *source, size_t packets,
    struct offload_seen *seen)
{
	static struct story story;
	static struct coalescer coalescer;
	struct packet_list went_on = {0};

	memset(&story, 0, sizeof(story));
	story.source = source;
	coalescer_begin(&coalescer, true, true);
	for (size_t i = 0; i < packets && i < PACKETS_MAX; i++) {
		struct packet *pkt = &story.made[i].pkt;

		make(&story);
		if (!coalescer_join(&coalescer, pkt))
			packet_list_push(&went_on, pkt);
	}
	seen->packets += story.count;
	check(&story, &went_on, seen);
	for (size_t i = 0; i < story.count; i++)
		i += gather_some(&story, i, seen);
}
