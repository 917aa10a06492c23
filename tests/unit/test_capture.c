/* SPDX-License-Identifier: ISC */
/* Captures of a path over the fake tunnel. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "capture_lab.h"

/* ---- what is captured ---- */

START_TEST(a_packet_is_captured_with_time_peer_and_direction)
{
	look((struct capture_want){.watched = PATH_WATCH_INNER});
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	transmit(udp("10.9.0.1", "10.9.0.8", 53));
	take_first();
	ck_assert_uint_eq(lab.count, 2);
	ck_assert_int_eq(lab.records[0].kind, CAPTURE_PACKET);
	ck_assert_uint_eq(lab.records[0].flags, 0);
	ck_assert_uint_eq(lab.records[0].time_ns,
	    (uint64_t)CAPTURE_LAB_WALL_S * 1000000000 + 5);
	ck_assert_str_eq(lab.records[0].peer, "bob");
	ck_assert_str_eq(lab.records[0].stage, "");
	ck_assert_str_eq(lab.records[0].reason, "");
	ck_assert_uint_eq(lab.records[0].segments, 1);
	ck_assert_uint_eq(lab.records[0].len, INNER_BYTES);
	ck_assert_uint_eq(lab.records[0].captured, INNER_BYTES);
	ck_assert_uint_eq(lab.records[1].flags, CAPTURE_OUTBOUND);
	release();
}
END_TEST

START_TEST(padding_is_no_part_of_a_packet)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);
	struct packet *pkt6 = udp6("fd09::7", "fd09::1");

	pkt->len = 48;
	pkt6->len = 64;
	look((struct capture_want){.watched = PATH_WATCH_INNER});
	receive(pkt);
	receive(pkt6);
	receive(raw(0x45));
	take_first();
	ck_assert_uint_eq(lab.count, 3);
	ck_assert_uint_eq(lab.records[0].len, INNER_BYTES);
	ck_assert_uint_eq(lab.records[1].len, IPV6_BYTES + UDP_BYTES);
	ck_assert_uint_eq(lab.records[2].len, 1);
	release();
}
END_TEST

START_TEST(a_program_decides_before_anybody_asks_for_the_peer)
{
	look((struct capture_want){.watched = PATH_WATCH_INNER,
	    .program = longer_than(INNER_BYTES),
	    .peer = "bob"});
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	ck_assert_uint_eq(lab.peers_asked, 0);
	receive(udp6("fd09::7", "fd09::1"));
	ck_assert_uint_eq(lab.peers_asked, 1);
	take_first();
	ck_assert_uint_eq(lab.count, 1);
	release();
}
END_TEST

START_TEST(only_packets_of_its_peer_are_captured)
{
	struct packet *pkt = udp("10.9.0.8", "10.9.0.1", 53);

	pkt->endpoint.port = 1;
	look((struct capture_want){.watched = PATH_WATCH_INNER, .peer = "eve"});
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	receive(pkt);
	take_first();
	ck_assert_uint_eq(lab.count, 1);
	ck_assert_str_eq(lab.records[0].peer, "eve");
	release();
}
END_TEST

START_TEST(a_packet_is_cut_and_its_length_is_kept)
{
	look((struct capture_want){
	    .watched = PATH_WATCH_INNER, .snap_bytes = 20});
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	take_first();
	ck_assert_uint_eq(lab.records[0].captured, 20);
	ck_assert_uint_eq(lab.records[0].len, INNER_BYTES);
	release();
}
END_TEST

START_TEST(a_drop_has_its_stage_and_reason)
{
	look((struct capture_want){.watched = PATH_WATCH_DROPS});
	transmit(udp("10.9.0.1", "192.0.2.1", 53));
	take_first();
	ck_assert_uint_eq(lab.count, 1);
	ck_assert_uint_eq(
	    lab.records[0].flags, CAPTURE_OUTBOUND | CAPTURE_DROP);
	ck_assert_str_eq(lab.records[0].stage, "route");
	ck_assert_str_eq(lab.records[0].reason, "IP_OUTNOROUTES");
	ck_assert_uint_eq(lab.records[0].captured, INNER_BYTES);
}
END_TEST

static void come_from(struct packet *pkt, const char *endpoint)
{
	ck_assert_int_eq(endpoint_parse(&pkt->endpoint, endpoint), 0);
	ck_assert_int_eq(address_parse(&pkt->endpoint.source, "10.99.0.1"), 0);
}

START_TEST(a_datagram_has_its_headers)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);
	struct packet got = {0};

	come_from(pkt, "192.0.2.7:4000");
	look((struct capture_want){.watched = PATH_WATCH_OUTER});
	receive(pkt);
	take_first();
	ck_assert_uint_eq(lab.count, 1);
	ck_assert_uint_eq(lab.records[0].flags, CAPTURE_OUTER);
	ck_assert_uint_eq(lab.records[0].len, 28 + INNER_BYTES);
	got.buffer = (uint8_t *)(uintptr_t)lab.records[0].bytes;
	got.len = lab.records[0].captured;
	ck_assert_int_eq(packet_parse_ip(&got), DROP_NONE);
	ck_assert_uint_eq(got.source_port, 4000);
	ck_assert_uint_eq(got.destination_port, 51820);
	ck_assert_uint_eq(got.len, 28 + INNER_BYTES);
	release();
}
END_TEST

START_TEST(of_what_did_not_open_only_the_header_is_captured)
{
	struct path_sight sight = {.what = PATH_WATCH_DROPS,
	    .bytes = PATH_BYTES_HEADER,
	    .stage = "decap",
	    .now = &now};
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	come_from(pkt, "192.0.2.7:4000");
	pkt->drop = DROP_VPN_AUTH;
	sight.pkt = pkt;
	look((struct capture_want){.watched = PATH_WATCH_DROPS});
	captures_show(&lab.captures, &sight);
	take_first();
	ck_assert_uint_eq(lab.records[0].captured, 28 + 16);
	ck_assert_uint_eq(lab.records[0].len, 28 + INNER_BYTES);
	pool_put(pool, pkt);
}
END_TEST

START_TEST(of_what_is_no_packet_the_length_is_captured)
{
	look((struct capture_want){.watched = PATH_WATCH_DROPS});
	tunnel.expand = DROP_VPN_DECOMPRESS;
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	take_first();
	ck_assert_uint_eq(lab.count, 1);
	ck_assert_uint_eq(lab.records[0].captured, 0);
	ck_assert_uint_eq(lab.records[0].len, INNER_BYTES);
	ck_assert_str_eq(lab.records[0].peer, "bob");
}
END_TEST

/* 3 segments of 1 byte and one of 1: as one packet of 32 bytes. */
START_TEST(a_program_sees_the_length_of_a_segment)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	pkt->segments = 4;
	pkt->segment_bytes = 1;
	look((struct capture_want){
	    .watched = PATH_WATCH_INNER, .program = longer_than(28)});
	receive(pkt);
	take_first();
	ck_assert_uint_eq(lab.count, 1);
	ck_assert_uint_eq(lab.records[0].captured, INNER_BYTES);
	ck_assert_uint_eq(lab.records[0].len, INNER_BYTES);
	ck_assert_uint_eq(lab.records[0].segments, 4);
	ck_assert_uint_eq(lab.records[0].segment_bytes, 1);
	capture_free(lab.capture);
	look((struct capture_want){
	    .watched = PATH_WATCH_INNER, .program = longer_than(29)});
	pkt = udp("10.9.0.7", "10.9.0.1", 53);
	pkt->segments = 4;
	pkt->segment_bytes = 1;
	receive(pkt);
	take_first();
	ck_assert_uint_eq(lab.count, 0);
	release();
}
END_TEST

/* ---- ends ---- */

START_TEST(it_ends_after_its_count)
{
	look((struct capture_want){.watched = PATH_WATCH_INNER, .count = 2});
	for (int i = 0; i < 3; i++)
		receive(udp("10.9.0.7", "10.9.0.1", 53));
	ck_assert(!capture_is_over(lab.capture));
	take_first();
	ck_assert_uint_eq(lab.count, 2);
	ck_assert(capture_is_over(lab.capture));
	ck_assert_uint_eq(path->watched, 0);
	release();
}
END_TEST

START_TEST(once_stopped_it_gives_what_it_has)
{
	look((struct capture_want){.watched = PATH_WATCH_INNER});
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	capture_stop(lab.capture);
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	ck_assert(!capture_is_over(lab.capture));
	take_first();
	ck_assert_uint_eq(lab.count, 1);
	ck_assert(capture_is_over(lab.capture));
	release();
}
END_TEST

START_TEST(the_path_shows_what_any_capture_wants)
{
	struct capture *first;

	look((struct capture_want){.watched = PATH_WATCH_INNER});
	first = lab.capture;
	look((struct capture_want){.watched = PATH_WATCH_DROPS});
	ck_assert_uint_eq(path->watched, PATH_WATCH_INNER | PATH_WATCH_DROPS);
	capture_free(first);
	ck_assert_uint_eq(path->watched, PATH_WATCH_DROPS);
	capture_free(lab.capture);
	ck_assert_uint_eq(path->watched, 0);
}
END_TEST

START_TEST(there_are_no_more_than_four)
{
	struct capture_want want = {.program = longer_than(1)};
	struct capture *none = NULL;

	for (int i = 0; i < CAPTURES_MAX; i++)
		look((struct capture_want){.watched = PATH_WATCH_INNER});
	ck_assert_int_eq(captures_begin(&lab.captures, &none, &want), -EBUSY);
	ck_assert_ptr_null(none);
	capture_free(lab.capture);
	look((struct capture_want){.watched = PATH_WATCH_INNER});
}
END_TEST

/* ---- a slow reader ---- */

static struct packet *large(void)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	memset(packet_data(pkt) + INNER_BYTES, 0, 1400 - INNER_BYTES);
	packet_data(pkt)[2] = 1400 >> 8;
	packet_data(pkt)[3] = 1400 & 255;
	header_finish(packet_data(pkt), IPV4_BYTES);
	pkt->len = 1400;
	return pkt;
}

static uint64_t captured, lost, lost_in_order;

static void count_records(void)
{
	for (take(); lab.count; take())
		for (size_t i = 0; i < lab.count; i++) {
			lost += lab.records[i].lost;
			captured += lab.records[i].kind == CAPTURE_PACKET;
			if (lab.records[i].kind == CAPTURE_LOST)
				lost_in_order = captured;
		}
}

START_TEST(a_reader_that_is_slow_is_told_what_it_lost_and_where)
{
	uint64_t before;

	captured = lost = 0;
	look((struct capture_want){.watched = PATH_WATCH_INNER});
	for (int i = 0; i < 1000; i++) {
		receive(large());
		release();
	}
	count_records();
	ck_assert_uint_eq(captured + lost, 1000);
	ck_assert_uint_gt(captured, CAPTURE_RING_BYTES / 1500);
	ck_assert_uint_gt(lost, 200);
	ck_assert_uint_eq(lost_in_order, captured);
	before = captured;
	receive(large());
	count_records();
	ck_assert_uint_eq(captured, before + 1);
	ck_assert_uint_eq(captured + lost, 1001);
	release();
}
END_TEST

START_TEST(a_loss_is_told_before_the_next_packet)
{
	captured = lost = 0;
	look((struct capture_want){.watched = PATH_WATCH_INNER});
	for (int i = 0; i < 1000; i++) {
		receive(large());
		release();
	}
	take(); /* there is room again */
	receive(large());
	captured = lab.count - 1;
	count_records();
	ck_assert_uint_eq(captured + lost, 1001);
	ck_assert_uint_eq(lost_in_order, captured - 1);
	release();
}
END_TEST

START_TEST(it_is_not_over_before_the_loss_is_told)
{
	look((struct capture_want){.watched = PATH_WATCH_INNER});
	for (int i = 0; i < 1000; i++) {
		receive(large());
		release();
	}
	capture_stop(lab.capture);
	captured = lost = 0;
	while (!capture_is_over(lab.capture)) {
		take();
		ck_assert_uint_gt(lab.count, 0);
		for (size_t i = 0; i < lab.count; i++)
			lost += lab.records[i].lost;
	}
	ck_assert_uint_gt(lost, 200);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("capture");
	TCase *tcase = tcase_create("captures");

	tcase_add_checked_fixture(tcase, capture_lab_begin, capture_lab_end);
	tcase_add_test(
	    tcase, a_packet_is_captured_with_time_peer_and_direction);
	tcase_add_test(tcase, padding_is_no_part_of_a_packet);
	tcase_add_test(
	    tcase, a_program_decides_before_anybody_asks_for_the_peer);
	tcase_add_test(tcase, only_packets_of_its_peer_are_captured);
	tcase_add_test(tcase, a_packet_is_cut_and_its_length_is_kept);
	tcase_add_test(tcase, a_drop_has_its_stage_and_reason);
	tcase_add_test(tcase, a_datagram_has_its_headers);
	tcase_add_test(tcase, of_what_did_not_open_only_the_header_is_captured);
	tcase_add_test(tcase, of_what_is_no_packet_the_length_is_captured);
	tcase_add_test(tcase, a_program_sees_the_length_of_a_segment);
	tcase_add_test(tcase, it_ends_after_its_count);
	tcase_add_test(tcase, once_stopped_it_gives_what_it_has);
	tcase_add_test(tcase, the_path_shows_what_any_capture_wants);
	tcase_add_test(tcase, there_are_no_more_than_four);
	tcase_add_test(
	    tcase, a_reader_that_is_slow_is_told_what_it_lost_and_where);
	tcase_add_test(tcase, a_loss_is_told_before_the_next_packet);
	tcase_add_test(tcase, it_is_not_over_before_the_loss_is_told);
	suite_add_tcase(suite, tcase);
	return suite;
}
