/* SPDX-License-Identifier: ISC */
/* Cutting super-packets, and putting packets together. */
#include "unit.h"

#include <string.h>

#include "base/attributes.h"
#include "frame.h"
#include "header.h"
#include "offload_story.h"
#include "packet/checksum.h"
#include "packet/coalesce.h"
#include "packet/ecn.h"
#include "packet/l4.h"
#include "packet/segment.h"
#include "packet/tcp.h"
#include "seed.h"

#define STORIES	 3000
#define HEADER_4 (IPV4_BYTES + TCP_BYTES)

static uint32_t draw(void *context, uint32_t below)
{
	return (uint32_t)seed_below(context, below);
}

START_TEST(what_was_put_together_comes_apart_as_it_was)
{
	struct seed seed = seed_start();
	const struct offload_source source = {draw, &seed};
	struct offload_seen seen = {0};

	for (int i = 0; i < STORIES; i++)
		offload_story(&source, 1 + seed_below(&seed, 47), &seen);
	/* it is no dull test */
	ck_assert_uint_gt(seen.wholes, STORIES);
	ck_assert_uint_gt(seen.joined, 3 * STORIES);
	ck_assert_uint_lt(seen.joined, seen.packets);
	ck_assert_uint_gt(seen.gathered, 3 * STORIES);
}
END_TEST

/* ---- cutting ---- */

static uint8_t whole_bytes[4096];

/* IPv4, TCP with all flags that matter, payload 250. */
static struct packet whole_tcp(void)
{
	struct packet pkt = {.buffer = whole_bytes,
	    .buffer_bytes = sizeof(whole_bytes),
	    .len = HEADER_4 + 250};
	uint8_t *tcp = whole_bytes + IPV4_BYTES;

	memset(whole_bytes, 0, sizeof(whole_bytes));
	whole_bytes[0] = 0x45;
	whole_bytes[2] = (HEADER_4 + 250) >> 8;
	whole_bytes[3] = (uint8_t)(HEADER_4 + 250);
	whole_bytes[4] = 0xff;
	whole_bytes[5] = 0xff;
	whole_bytes[8] = 64;
	whole_bytes[9] = IP_PROTOCOL_TCP;
	whole_bytes[12] = whole_bytes[16] = 10;
	header_finish(whole_bytes, IPV4_BYTES);
	memset(tcp + TCP_SEQUENCE, 0xff, 4);
	tcp[TCP_OFFSET] = 0x50;
	tcp[TCP_FLAGS] = TCP_ACK | TCP_FIN | TCP_PSH | TCP_CWR;
	for (size_t i = HEADER_4; i < pkt.len; i++)
		whole_bytes[i] = (uint8_t)i;
	(void)!packet_parse_ip(&pkt);
	checksum_store(
	    tcp + TCP_CHECKSUM, checksum_pseudo(&pkt.source, &pkt.destination,
				    IP_PROTOCOL_TCP, TCP_BYTES + 250));
	return pkt;
}

struct piece {
	struct packet pkt;
	uint8_t bytes[512];
};

static void write_piece(
    const struct segments *segments, uint32_t idx, struct piece *piece)
{
	memset(piece, 0, sizeof(*piece));
	piece->pkt.buffer = piece->bytes;
	piece->pkt.buffer_bytes = sizeof(piece->bytes);
	piece->pkt.segments = 1;
	ck_assert_int_eq(segments_write(segments, idx, &piece->pkt), DROP_NONE);
	ck_assert_int_eq(packet_parse_ip(&piece->pkt), DROP_NONE);
}

START_TEST(flags_numbers_and_lengths_are_those_of_the_kernel)
{
	static const uint8_t flags[] = {
	    TCP_ACK | TCP_CWR, TCP_ACK, TCP_ACK | TCP_FIN | TCP_PSH};
	static const uint32_t sequences[] = {0xffffffff, 99, 199};
	struct packet whole = whole_tcp();
	struct segments segments;

	ck_assert_int_eq(
	    segments_plan(&segments, &whole, false, 100), DROP_NONE);
	ck_assert_uint_eq(segments.count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		struct piece piece;
		const uint8_t *tcp = piece.bytes + IPV4_BYTES;

		write_piece(&segments, i, &piece);
		ck_assert_uint_eq(tcp[TCP_FLAGS], flags[i]);
		ck_assert_uint_eq((uint32_t)tcp[4] << 24 | tcp[5] << 16 |
				      tcp[6] << 8 | tcp[7],
		    sequences[i]);
		ck_assert_uint_eq(
		    piece.pkt.fragment_id, (uint16_t)(0xffff + i));
		ck_assert_uint_eq(
		    piece.pkt.len, HEADER_4 + (i < 2 ? 100u : 50u));
		ck_assert_int_eq(piece.pkt.checksum, CHECKSUM_PARTIAL);
		checksum_complete(&piece.pkt);
		ck_assert_uint_eq(checksum_finish(checksum_l4(&piece.pkt)), 0);
		ck_assert_mem_eq(piece.bytes + HEADER_4,
		    whole_bytes + HEADER_4 + 100 * i, i < 2 ? 100 : 50);
	}
}
END_TEST

/* What the parser has found in both. */
static void check_same_fields(const struct packet *a, const struct packet *b)
{
	ck_assert_uint_eq(a->len, b->len);
	ck_assert_uint_eq(a->ip_bytes, b->ip_bytes);
	ck_assert_uint_eq(a->l3_bytes, b->l3_bytes);
	ck_assert_uint_eq(a->fragment_id, b->fragment_id);
	ck_assert_uint_eq(a->tcp_flags, b->tcp_flags);
	ck_assert_uint_eq(a->has_l4, b->has_l4);
	ck_assert_uint_eq(a->source_port, b->source_port);
	ck_assert_uint_eq(a->flow_hash, b->flow_hash);
	ck_assert_int_eq(a->checksum, b->checksum);
}

/* Whatever was decided about the whole is in each; what the parser finds is
 * as if it had been cut before. */
START_TEST(a_segment_that_is_taken_out_is_as_one_that_was_cut_before)
{
	struct packet whole = whole_tcp();
	struct segments segments;

	ck_assert_int_eq(
	    segments_plan(&segments, &whole, false, 100), DROP_NONE);
	whole.segments = 3;
	whole.segment_bytes = 100;
	whole.to_id = 7;
	segments_of(&segments, &whole);
	ck_assert_uint_eq(segments.count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		struct piece cut, taken = {0};

		write_piece(&segments, i, &cut);
		taken.pkt.buffer = taken.bytes;
		taken.pkt.buffer_bytes = sizeof(taken.bytes);
		ck_assert_int_eq(
		    segments_take(&segments, &whole, i, &taken.pkt), DROP_NONE);
		ck_assert_mem_eq(taken.bytes, cut.bytes, cut.pkt.len);
		ck_assert_ptr_eq(taken.pkt.buffer, taken.bytes);
		ck_assert_uint_eq(taken.pkt.to_id, 7);
		ck_assert_uint_eq(taken.pkt.segments, 1);
		ck_assert_uint_eq(taken.pkt.segment_bytes, 0);
		check_same_fields(&taken.pkt, &cut.pkt);
	}
}
END_TEST

static const uint16_t sizes[] = {100, 50, 7, 249, 1};

/* Down to less payload than there is header. */
START_TEST(headers_slid_over_the_payload_make_the_same_packets)
{
	static uint8_t original[sizeof(whole_bytes)];

	for (int completes = 0; completes < 2; completes++) {
		struct packet whole = whole_tcp(), before = whole;
		struct segments segments;
		struct slide slide;

		memcpy(original, whole_bytes, sizeof(original));
		before.buffer = original;
		whole.segment_bytes = before.segment_bytes = sizes[_i];
		segments_of(&segments, &before);
		slide_begin(&slide, &whole, completes);
		for (uint32_t i = 0; i < segments.count; i++) {
			const uint8_t *at = slide_to(&slide, i);
			struct piece piece;

			write_piece(&segments, i, &piece);
			if (completes)
				checksum_complete(&piece.pkt);
			ck_assert_uint_eq(
			    segments_len(&segments, i), piece.pkt.len);
			ck_assert_mem_eq(at, piece.bytes, piece.pkt.len);
		}
	}
}
END_TEST

START_TEST(what_can_not_be_cut_is_refused)
{
	struct packet whole = whole_tcp();
	struct segments segments;
	struct piece small = {0};

	ck_assert_int_eq(
	    segments_plan(&segments, &whole, false, 0), DROP_DEV_HDR);
	whole_bytes[9] = IP_PROTOCOL_ICMP;
	header_finish(whole_bytes, IPV4_BYTES);
	ck_assert_int_eq(
	    segments_plan(&segments, &whole, false, 100), DROP_DEV_HDR);
	whole = whole_tcp();
	whole_bytes[6] = 0x20;
	header_finish(whole_bytes, IPV4_BYTES);
	ck_assert_int_eq(
	    segments_plan(&segments, &whole, false, 100), DROP_DEV_HDR);
	whole = whole_tcp();
	whole.len = HEADER_4;
	ck_assert_int_eq(
	    segments_plan(&segments, &whole, false, 100), DROP_PKT_TOO_SMALL);
	whole = whole_tcp();
	ck_assert_int_eq(
	    segments_plan(&segments, &whole, false, 100), DROP_NONE);
	small.pkt.buffer = small.bytes;
	small.pkt.buffer_bytes = HEADER_4 + 100 + PACKET_TAIL_BYTES - 1;
	ck_assert_int_eq(
	    segments_write(&segments, 0, &small.pkt), DROP_PKT_TOO_BIG);
}
END_TEST

/* ---- putting together ---- */

static struct piece pieces[80];
static struct coalescer coalescer;

/* Pieces of one long segment, without the flags that end it. */
static void cut_up(uint32_t count)
{
	struct packet whole = whole_tcp();
	struct segments segments;

	whole_bytes[IPV4_BYTES + TCP_FLAGS] = TCP_ACK;
	ck_assert_int_eq(segments_plan(&segments, &whole, false,
			     (uint16_t)((250 + count - 1) / count)),
	    DROP_NONE);
	for (uint32_t i = 0; i < segments.count; i++)
		write_piece(&segments, i, &pieces[i]);
	coalescer_begin(&coalescer, true, true);
}

/* Goes on by itself, and others may join it. */
static void begins(size_t idx)
{
	ck_assert(!coalescer_join(&coalescer, &pieces[idx].pkt));
}

static void joins(size_t idx)
{
	ck_assert(coalescer_join(&coalescer, &pieces[idx].pkt));
}

static void change(size_t idx, size_t at, uint8_t value)
{
	pieces[idx].bytes[at] = value;
	header_finish(pieces[idx].bytes, IPV4_BYTES);
	ck_assert_int_eq(packet_parse_ip(&pieces[idx].pkt), DROP_NONE);
}

START_TEST(what_continues_joins)
{
	const struct packet *pkt = &pieces[0].pkt;

	cut_up(5);
	begins(0);
	for (size_t i = 1; i < 5; i++)
		joins(i);
	ck_assert_uint_eq(pkt->segments, 5);
	ck_assert_uint_eq(pkt->segment_bytes, 50);
	ck_assert_uint_eq(pkt->rest.len, 4);
	for (size_t i = 0; i < 5; i++, pkt = packet_behind(&pieces[0].pkt, pkt))
		ck_assert_ptr_eq(pkt, &pieces[i].pkt);
	ck_assert_ptr_null(pkt);
}
END_TEST

/* Each differs in one byte from what would join. */
static const struct {
	size_t at;
	uint8_t value;
} differences[] = {
    {1, 1},		 /* ECN */
    {5, 9},		 /* identification of what may be cut */
    {6, 0x40},		 /* DF */
    {8, 63},		 /* TTL */
    {15, 9},		 /* source */
    {19, 9},		 /* destination */
    {IPV4_BYTES + 1, 9}, /* source port */
    {IPV4_BYTES + 3, 9}, /* destination port */
    {IPV4_BYTES + TCP_SEQUENCE + 3, 9},
    {IPV4_BYTES + TCP_ACKNOWLEDGES + 3, 9},
    {IPV4_BYTES + TCP_WINDOW + 1, 9},
    {IPV4_BYTES + TCP_FLAGS, TCP_ACK | TCP_ECE},
    {IPV4_BYTES + TCP_FLAGS, TCP_ACK | TCP_FIN},
    {IPV4_BYTES + TCP_FLAGS, TCP_ACK | TCP_CWR},
    {IPV4_BYTES + TCP_FLAGS, TCP_ACK | TCP_URG},
    {IPV4_BYTES + TCP_FLAGS, TCP_SYN},
    {IPV4_BYTES + TCP_FLAGS, TCP_RST},
};

START_TEST(what_differs_stays_apart)
{
	cut_up(5);
	change(1, differences[_i].at, differences[_i].value);
	begins(0);
	begins(1);
	ck_assert_uint_eq(pieces[0].pkt.segments, 1);
	ck_assert_uint_eq(pieces[0].pkt.segment_bytes, 0);
}
END_TEST

/* What may not be cut needs no number (RFC 6864, 4.1). */
START_TEST(numbers_of_what_may_not_be_cut_do_not_matter)
{
	cut_up(5);
	for (size_t i = 0; i < 2; i++) {
		change(i, 5, 0);
		change(i, 6, 0x40);
	}
	begins(0);
	joins(1);
}
END_TEST

START_TEST(two_peers_that_send_one_flow_are_never_joined)
{
	cut_up(5);
	pieces[1].pkt.peer = (struct peer *)&pieces[0];
	begins(0);
	begins(1);
}
END_TEST

START_TEST(two_outer_marks_are_never_joined)
{
	cut_up(5);
	for (size_t i = 0; i < 3; i++)
		change(i, 1, ECN_ECT_0);
	pieces[1].pkt.outer_ecn = ECN_ECT_0;
	begins(0);
	begins(1);
	pieces[2].pkt.outer_ecn = ECN_ECT_0;
	joins(2);
}
END_TEST

/* The one is marked by what joins, the other is dropped. */
START_TEST(what_the_outer_mark_changes_stays_alone)
{
	cut_up(5);
	for (size_t i = 0; i < 2; i++) {
		change(i, 1, _i ? ECN_ECT_0 : ECN_NOT_ECT);
		pieces[i].pkt.outer_ecn = ECN_CE;
		begins(i);
	}
}
END_TEST

START_TEST(a_wrong_checksum_stays_apart_and_wrong)
{
	cut_up(5);
	for (size_t i = 0; i < 3; i++)
		checksum_complete(&pieces[i].pkt);
	pieces[1].bytes[HEADER_4] ^= 1;
	for (size_t i = 0; i < 3; i++)
		begins(i);
	ck_assert_int_eq(pieces[0].pkt.checksum, CHECKSUM_VERIFIED);
	ck_assert_int_eq(pieces[1].pkt.checksum, CHECKSUM_FULL);
}
END_TEST

START_TEST(an_acknowledgement_without_data_lets_the_data_join)
{
	struct piece ack;

	cut_up(5);
	ack = pieces[0];
	ack.pkt.buffer = ack.bytes;
	ack.pkt.len = HEADER_4;
	ack.bytes[2] = 0;
	ack.bytes[3] = HEADER_4;
	header_finish(ack.bytes, IPV4_BYTES);
	ck_assert_int_eq(packet_parse_ip(&ack.pkt), DROP_NONE);
	begins(0);
	ck_assert(!coalescer_join(&coalescer, &ack.pkt));
	joins(1);
	ck_assert_uint_eq(ack.pkt.segments, 1);
}
END_TEST

START_TEST(push_and_a_shorter_one_are_the_last)
{
	cut_up(5);
	change(1, IPV4_BYTES + TCP_FLAGS, TCP_ACK | TCP_PSH);
	begins(0);
	joins(1);
	begins(2);
	joins(3);
	/* the whole has what the last one has */
	ck_assert_uint_eq(pieces[0].pkt.tcp_flags, TCP_ACK | TCP_PSH);
	ck_assert_uint_eq(pieces[2].pkt.tcp_flags, TCP_ACK);
	cut_up(4); /* 63, 63, 63, 61 */
	begins(0);
	for (size_t i = 1; i < 4; i++)
		joins(i);
	pieces[4] = pieces[3];
	pieces[4].pkt.buffer = pieces[4].bytes;
	change(4, IPV4_BYTES + TCP_SEQUENCE + 3, 249);
	begins(4);
}
END_TEST

START_TEST(a_switched_off_kind_stays_apart)
{
	cut_up(5);
	coalescer_begin(&coalescer, false, true);
	begins(0);
	begins(1);
}
END_TEST

/* More flows than slots: none is joined to another one, and none is lost. */
START_TEST(flows_that_share_a_slot_begin_anew)
{
	size_t joined = 0;

	cut_up(2);
	for (size_t i = 2; i < ARRAY_SIZE(pieces); i++) {
		pieces[i] = pieces[0];
		pieces[i].pkt.buffer = pieces[i].bytes;
		change(i, IPV4_BYTES + 1, (uint8_t)i);
		begins(i);
	}
	for (size_t i = 2; i < ARRAY_SIZE(pieces); i++) {
		pieces[0] = pieces[1];
		pieces[0].pkt.buffer = pieces[0].bytes;
		change(0, IPV4_BYTES + 1, (uint8_t)i);
		joined += coalescer_join(&coalescer, &pieces[0].pkt);
		coalescer_begin(&coalescer, true, true);
	}
	ck_assert_uint_lt(joined, 2);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("offload");
	TCase *tcase = tcase_create("offload");

	tcase_add_test(tcase, what_was_put_together_comes_apart_as_it_was);
	tcase_add_test(
	    tcase, flags_numbers_and_lengths_are_those_of_the_kernel);
	tcase_add_test(
	    tcase, a_segment_that_is_taken_out_is_as_one_that_was_cut_before);
	tcase_add_loop_test(tcase,
	    headers_slid_over_the_payload_make_the_same_packets, 0,
	    ARRAY_SIZE(sizes));
	tcase_add_test(tcase, what_can_not_be_cut_is_refused);
	tcase_add_test(tcase, what_continues_joins);
	tcase_add_loop_test(
	    tcase, what_differs_stays_apart, 0, ARRAY_SIZE(differences));
	tcase_add_test(tcase, numbers_of_what_may_not_be_cut_do_not_matter);
	tcase_add_test(tcase, two_peers_that_send_one_flow_are_never_joined);
	tcase_add_test(tcase, two_outer_marks_are_never_joined);
	tcase_add_loop_test(
	    tcase, what_the_outer_mark_changes_stays_alone, 0, 2);
	tcase_add_test(tcase, a_wrong_checksum_stays_apart_and_wrong);
	tcase_add_test(
	    tcase, an_acknowledgement_without_data_lets_the_data_join);
	tcase_add_test(tcase, push_and_a_shorter_one_are_the_last);
	tcase_add_test(tcase, a_switched_off_kind_stays_apart);
	tcase_add_test(tcase, flows_that_share_a_slot_begin_anew);
	suite_add_tcase(suite, tcase);
	return suite;
}
