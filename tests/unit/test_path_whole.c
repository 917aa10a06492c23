/* SPDX-License-Identifier: ISC */
/* Super-packets on their way through the tables. */
#include "unit.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/ecn.h"
#include "path_lab.h"

#define PAYLOAD (IPV4_BYTES + UDP_BYTES)

/* ---- a table of our own: `second` wants some of them cut ---- */

static size_t seen; /* by `first` */

static enum verdict first(struct path *at, struct packet *pkt)
{
	(void)at;
	(void)pkt;
	seen++;
	return VERDICT_PASS;
}

static enum verdict second(struct path *at, struct packet *pkt)
{
	(void)at;
	(void)pkt;
	return VERDICT_PASS;
}

static bool has_port_one(const struct path *at, const struct packet *pkt)
{
	(void)at;
	return pkt->destination_port == 1;
}

static enum verdict last(struct path *at, struct packet *pkt)
{
	packet_list_push(&at->lane->to_wire, pkt);
	return VERDICT_TAKEN;
}

static const struct stage table[] = {
    {"first", "", .run = first},
    {"second", "", .run = second, .wants_single = has_port_one},
    {"last", "", .run = last},
    {0},
};

static struct packet *numbered(struct packet *pkt, uint32_t number)
{
	ck_assert_int_eq(packet_parse_ip(pkt), DROP_NONE);
	pkt->trace_id = number;
	return pkt;
}

static struct packet *single(uint32_t number)
{
	return numbered(udp("10.9.0.1", "10.9.0.7", 53), number);
}

static struct packet *whole(uint32_t number, uint16_t port, uint16_t segments)
{
	return numbered(
	    udp_whole("10.9.0.1", "10.9.0.7", port, segments), number);
}

static void run(struct packet_list *list)
{
	seen = 0;
	path->tables[TABLE_OUT] = table;
	path_run_from(path, TABLE_OUT, 0, list);
	path->tables[TABLE_OUT] = path_outbound;
}

/* Next of the result: this one, or segment `idx` of it. */
static void expect(uint32_t number, uint16_t segments, uint8_t idx)
{
	struct packet *pkt = packet_list_pop(path_to_wire(path));

	ck_assert_ptr_nonnull(pkt);
	ck_assert_uint_eq(pkt->trace_id, number);
	ck_assert_uint_eq(pkt->segments, segments);
	ck_assert_uint_eq(packet_data(pkt)[PAYLOAD], idx);
	pool_put(pool, pkt);
}

static void expect_segments(uint32_t number, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++)
		expect(number, 1, (uint8_t)i);
}

START_TEST(what_is_cut_on_the_way_keeps_its_place)
{
	struct packet_list list = {0};

	packet_list_push(&list, single(1));
	packet_list_push(&list, whole(2, 2, 3));
	packet_list_push(&list, whole(3, 1, 40));
	packet_list_push(&list, single(4));
	packet_list_push(&list, whole(5, 1, 50));
	packet_list_push(&list, whole(6, 2, 5));
	run(&list);
	ck_assert_uint_eq(seen, 6);
	expect(1, 1, 0);
	expect(2, 3, 0);
	expect_segments(3, 40);
	expect(4, 1, 0);
	expect_segments(5, 50);
	expect(6, 5, 0);
	ck_assert_ptr_null(path_to_wire(path)->first);
}
END_TEST

START_TEST(more_than_a_batch_of_cut_ones_keeps_its_order)
{
	struct packet_list list = {0};

	for (uint32_t i = 0; i < LARGE - 1; i++) {
		packet_list_push(&list, whole(2 * i, 1, 30));
		packet_list_push(&list, single(2 * i + 1));
	}
	run(&list);
	for (uint32_t i = 0; i < LARGE - 1; i++) {
		expect_segments(2 * i, 30);
		expect(2 * i + 1, 1, 0);
	}
	ck_assert_ptr_null(path_to_wire(path)->first);
}
END_TEST

START_TEST(segments_without_a_buffer_are_dropped_where_they_would_be_cut)
{
	struct packet_list list = {0}, kept = {0};

	packet_list_push(&list, whole(1, 1, 40));
	while (pool_available(pool) > 30)
		packet_list_push(&kept, pool_get(pool));
	run(&list);
	expect_segments(1, 30);
	ck_assert_ptr_null(path_to_wire(path)->first);
	ck_assert_uint_eq(path->counters[TABLE_OUT][1][DROP_NOMEM].packets, 10);
	pool_put_list(pool, &kept);
}
END_TEST

/* ---- the outbound table ---- */

#define SEGMENTS 150

static uint8_t datagrams[2][2 * SEGMENTS * 64];
static size_t datagrams_bytes[2], trains;

/* All that is on its way to the wire, one behind the other. */
static void collect(int which)
{
	struct packet *pkt;

	datagrams_bytes[which] = 0;
	trains = 0;
	while ((pkt = packet_list_pop(path_to_wire(path)))) {
		ck_assert(pkt->is_sealed);
		ck_assert_ptr_eq(pkt->peer, &tunnel.peers[0]);
		ck_assert_uint_le(pkt->segments, PACKET_TRAIN_SEGMENTS);
		memcpy(datagrams[which] + datagrams_bytes[which],
		    packet_data(pkt), pkt->len);
		datagrams_bytes[which] += pkt->len;
		trains += pkt->segments > 1;
		pool_put(pool, pkt);
	}
}

static void transmit_cut(struct packet *pkt)
{
	const struct path_branch nowhere = {TABLE_OUT, OUTBOUND_TUN_READ};
	struct packet_list list = {0};

	path_cut(path, nowhere, pkt, &list);
	path_run_outbound(path, &list, &now);
}

/* The oracle: what is cut before all stages gives the same datagrams. */
static void compare_with_cut(uint16_t segments)
{
	struct path_totals once, twice;

	transmit_cut(whole(0, 53, segments));
	collect(0);
	once = totals();
	transmit(whole(0, 53, segments));
	collect(1);
	twice = totals();
	ck_assert_uint_eq(datagrams_bytes[0], 32u * segments);
	ck_assert_uint_eq(datagrams_bytes[1], datagrams_bytes[0]);
	ck_assert_mem_eq(datagrams[0], datagrams[1], datagrams_bytes[0]);
	ck_assert_uint_eq(once.tx_sent, segments);
	ck_assert_uint_eq(twice.tx_sent, 2u * segments);
	ck_assert_uint_eq(twice.tx_packets, 2u * segments);
}

START_TEST(a_super_packet_is_sealed_as_what_it_stands_for)
{
	compare_with_cut(SEGMENTS);
	ck_assert_uint_eq(trains, 3); /* 63, 63, 24 */
	ck_assert_uint_eq(tunnel.train_calls, 3);
}
END_TEST

/* Two super-packets in a turn, the second one with a mark of its own. */
static void transmit_two(uint16_t segments, uint8_t ecn)
{
	struct packet_list list = {0};
	struct packet *pkt = whole(0, 53, segments);

	packet_list_push(&list, whole(0, 53, segments));
	packet_data(pkt)[1] |= ecn;
	checksum_store(packet_data(pkt) + 10, 0);
	checksum_store(packet_data(pkt) + 10,
	    checksum_finish(checksum_add(0, packet_data(pkt), IPV4_BYTES)));
	packet_list_push(&list, pkt);
	path_run_outbound(path, &list, &now);
}

START_TEST(a_super_packet_fills_the_train_before)
{
	transmit_cut(whole(0, 53, SEGMENTS));
	transmit_cut(whole(0, 53, SEGMENTS));
	collect(0);
	transmit_two(SEGMENTS, 0);
	ck_assert_uint_eq(path_to_wire(path)->len, 5); /* 63 each, then 48 */
	collect(1);
	ck_assert_uint_eq(datagrams_bytes[0], 2 * 32u * SEGMENTS);
	ck_assert_uint_eq(datagrams_bytes[1], datagrams_bytes[0]);
	ck_assert_mem_eq(datagrams[0], datagrams[1], datagrams_bytes[0]);
	ck_assert_uint_eq(totals().tx_sent, 4 * SEGMENTS);
}
END_TEST

/* Two super-packets are 63, 63, 24 + 39, 63 and 48 datagrams; so many are
 * sealed after each call. */
static const uint64_t sealed[] = {63, 126, 150, 189, 252, 300};

START_TEST(what_was_sealed_before_a_session_ended_is_sent)
{
	transmit_cut(whole(0, 53, SEGMENTS));
	transmit_cut(whole(0, 53, SEGMENTS));
	collect(0);
	tunnel.last_train = (size_t)_i + 1;
	transmit_two(SEGMENTS, 0);
	collect(1);
	ck_assert_uint_eq(datagrams_bytes[1], 32 * sealed[_i]);
	ck_assert_mem_eq(datagrams[0], datagrams[1], datagrams_bytes[1]);
	ck_assert_uint_eq(totals().tx_sent, 2 * SEGMENTS + sealed[_i]);
	ck_assert_uint_eq(totals().tx_dropped, 2 * SEGMENTS - sealed[_i]);
}
END_TEST

static uint16_t dropped_segments;
static uint32_t dropped_bytes;
static uint8_t dropped_first;

static void watch_rest(void *context, const struct path_sight *sight)
{
	const struct packet *pkt = sight->pkt;

	(void)context;
	if (sight->what != PATH_WATCH_DROPS)
		return;
	dropped_segments = pkt->segments;
	dropped_bytes = pkt->len;
	dropped_first = packet_data(pkt)[PAYLOAD];
	ck_assert_uint_eq(packet_data(pkt)[0], 0x45);
}

START_TEST(what_a_session_that_ended_leaves_is_dropped)
{
	tunnel.last_train = 2;
	transmit(whole(0, 53, SEGMENTS));
	ck_assert_uint_eq(dropped_segments, 24);
	ck_assert_uint_eq(dropped_bytes, PAYLOAD + 24 * 4);
	ck_assert_uint_eq(dropped_first, 126);
	collect(0);
}
END_TEST

START_TEST(a_train_has_one_mark)
{
	transmit_two(40, ECN_ECT_0);
	ck_assert_uint_eq(path_to_wire(path)->len, 2);
	ck_assert_uint_eq(path_to_wire(path)->first->segments, 40);
	ck_assert_uint_eq(path_to_wire(path)->first->outer_ecn, 0);
	ck_assert_uint_eq(path_to_wire(path)->last->outer_ecn, ECN_ECT_0);
}
END_TEST

START_TEST(a_partial_checksum_stays_so_for_a_peer_that_takes_it)
{
	tunnel.peers[0].takes_checksums = true;
	compare_with_cut(40);
	transmit(whole(0, 53, 40));
	ck_assert_int_eq(path_to_wire(path)->first->checksum, CHECKSUM_PARTIAL);
	collect(0);
	tunnel.peers[0].takes_checksums = false;
	transmit(whole(0, 53, 40));
	ck_assert_int_eq(path_to_wire(path)->first->checksum, CHECKSUM_FULL);
}
END_TEST

static void check_complete(struct packet *train)
{
	for (uint32_t at = 0; at < train->len; at += train->segment_bytes) {
		struct packet one = {.buffer = packet_data(train) + at,
		    .buffer_bytes = train->segment_bytes,
		    .len = train->segment_bytes,
		    .segments = 1};

		ck_assert_int_eq(packet_parse_ip(&one), DROP_NONE);
		ck_assert_uint_eq(checksum_l4(&one), 0xffff);
	}
}

/* Another thread has begun a session meanwhile, and the peer has not spoken in
 * it: what is sealed from then on says that it is complete. */
START_TEST(a_session_that_begins_in_the_middle_gets_complete_checksums)
{
	struct packet *pkt;

	tunnel.peers[0].takes_checksums = true;
	tunnel.last_told = 1;
	transmit(whole(0, 53, SEGMENTS));
	pkt = path_to_wire(path)->first;
	ck_assert_int_eq(pkt->checksum, CHECKSUM_PARTIAL);
	while ((pkt = pkt->next)) {
		ck_assert_int_eq(pkt->checksum, CHECKSUM_FULL);
		check_complete(pkt);
	}
	collect(0);
}
END_TEST

/* Two segments, the first of them longer than a train may be: a device with an
 * MTU of 65535 bytes has such. */
START_TEST(segments_longer_than_a_train_go_singly)
{
	struct packet *pkt = pool_get_large(pool), *first = single(0);
	uint32_t l4_bytes = UDP_BYTES + PACKET_TRAIN_BYTES + 1;
	uint8_t *bytes = packet_data(pkt);

	memcpy(bytes, packet_data(first), first->len);
	pool_put(pool, first);
	pkt->len = IPV4_BYTES + l4_bytes;
	pkt->segments = 2;
	pkt->segment_bytes = PACKET_TRAIN_BYTES;
	pkt->checksum = CHECKSUM_PARTIAL;
	checksum_store(bytes + 2, (uint16_t)pkt->len);
	checksum_store(bytes + IPV4_BYTES + 4, (uint16_t)l4_bytes);
	header_finish(bytes, IPV4_BYTES);
	transmit(pkt);
	/* this pool has no buffers for them */
	ck_assert_uint_eq(totals().tx_dropped, 2);
	ck_assert_uint_eq(tunnel.train_calls, 0);
}
END_TEST

START_TEST(octets_are_those_of_all_segments)
{
	transmit_cut(whole(0, 53, 40));
	ck_assert_uint_eq(path->snmp.counts[SNMP_IpExtOutOctets], 40 * 32);
	transmit(whole(0, 53, 40));
	ck_assert_uint_eq(path->snmp.counts[SNMP_IpExtOutOctets], 80 * 32);
	ck_assert_uint_eq(path->snmp.counts[SNMP_IpOutTransmits], 80);
}
END_TEST

START_TEST(without_large_packets_it_goes_out_in_single_ones)
{
	struct packet_list kept = {0}, list = {0};
	struct packet *pkt;

	packet_list_push(&list, single(0));
	packet_list_push(&list, whole(0, 53, SEGMENTS));
	packet_list_push(&list, single(0));
	while ((pkt = pool_get_large(pool)))
		packet_list_push(&kept, pkt);
	path_run_outbound(path, &list, &now);
	ck_assert_uint_eq(path_to_wire(path)->len, SEGMENTS + 2);
	for (pkt = path_to_wire(path)->first; pkt; pkt = pkt->next)
		ck_assert_uint_eq(pkt->segments, 1);
	/* in their order */
	pool_put(pool, packet_list_pop(path_to_wire(path)));
	for (uint16_t i = 0; i < SEGMENTS; i++)
		expect(0, 1, (uint8_t)i);
	ck_assert_uint_eq(totals().tx_sent, SEGMENTS + 2);
	pool_put_list(pool, &kept);
}
END_TEST

START_TEST(what_waits_for_a_session_are_packets)
{
	tunnel.has_session = false;
	transmit(whole(0, 53, 40));
	ck_assert_uint_eq(tunnel.staged.len, 40);
	ck_assert_uint_eq(totals().tx_sent, 0);
}
END_TEST

START_TEST(a_flow_that_is_compressed_is_cut)
{
	tunnel.peers[0].compresses = true;
	transmit(whole(0, 53, 40));
	ck_assert_uint_eq(path_to_wire(path)->len, 40);
	transmit(whole(0, 443, 40)); /* encrypted inside */
	ck_assert_uint_eq(path_to_wire(path)->len, 41);
}
END_TEST

/* As single ones are: with a frame's head, the state of the checksum, or the
 * checksum itself. */
START_TEST(what_is_sealed_for_anybody_is_single)
{
	tunnel.peers[0].seals_singly = true;
	transmit(whole(0, 53, 40));
	ck_assert_uint_eq(path_to_wire(path)->len, 40);
	ck_assert_uint_eq(tunnel.train_calls, 0);
	ck_assert_uint_eq(tunnel.compress_calls, 1 + 40);
	for (struct packet *pkt = path_to_wire(path)->first; pkt;
	     pkt = pkt->next)
		ck_assert_int_eq(pkt->checksum, CHECKSUM_FULL);
	for (uint16_t i = 0; i < 40; i++)
		expect(0, 1, (uint8_t)i);
}
END_TEST

START_TEST(a_rate_is_one_of_packets)
{
	ck_assert_int_eq(path_add_peer(path, 1), 0);
	path_set_rate(path, 1, 1000000000, &now);
	transmit(whole(0, 53, 40));
	ck_assert_uint_eq(path_to_wire(path)->len, 40);
	path_forget_peer(path, 1, &now);
}
END_TEST

START_TEST(segments_too_large_for_the_peer_are_judged_one_by_one)
{
	struct packet *pkt = pool_get_large(pool), *small;

	small = whole(0, 53, 250); /* as if it were two of 500 bytes */
	pool_put(pool, pkt);
	small->segment_bytes = 600;
	small->segments = 2;
	tunnel.peers[0].largest_frame = 600;
	transmit(small);
	ck_assert_uint_eq(totals().tx_dropped, 0);
	/* the first one in two fragments */
	ck_assert_uint_eq(path_to_wire(path)->len, 3);
	ck_assert_uint_eq(totals().tx_cut, 1);
}
END_TEST

START_TEST(a_drop_counts_all_segments_and_is_one_example)
{
	struct path_drop drop;
	struct drops drops = {0};

	tunnel.seal = DROP_VPN_NOSESSION;
	transmit(whole(0, 53, 40));
	path_each_drop(path, found, &drops);
	drop = drops.last;
	ck_assert_uint_eq(drops.lines, 1);
	ck_assert_str_eq(drop.stage, "encap");
	ck_assert_uint_eq(drop.packets, 40);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_VPN_NOSESSION], 40);
	ck_assert_uint_eq(totals().tx_dropped, 40);
	ck_assert_uint_eq(traced, 1);
}
END_TEST

static size_t shown, shown_bytes, shown_each;

static void watch(void *context, const struct path_sight *sight)
{
	(void)context;
	ck_assert_uint_eq(sight->pkt->segments, 1);
	ck_assert_uint_eq(
	    packet_data(sight->pkt)[PAYLOAD], (uint8_t)(shown % shown_each));
	shown++;
	shown_bytes += sight->pkt->len;
}

static void setup_watched(void)
{
	watching = watch;
	shown = shown_bytes = 0;
	shown_each = SEGMENTS;
	setup();
	path_set_watched(path, PATH_WATCH_OUTER);
}

static void setup_dropped(void)
{
	watching = watch_rest;
	setup();
	path_set_watched(path, PATH_WATCH_DROPS);
}

static void teardown_watched(void)
{
	watching = NULL;
	teardown();
}

START_TEST(each_datagram_of_a_train_is_shown)
{
	transmit(whole(0, 53, SEGMENTS));
	ck_assert_uint_eq(shown, SEGMENTS);
	ck_assert_uint_eq(shown_bytes, SEGMENTS * 32);
}
END_TEST

START_TEST(what_is_shown_fills_no_train_before)
{
	shown_each = 40;
	transmit_two(40, 0);
	ck_assert_uint_eq(shown, 80);
}
END_TEST

START_TEST(a_datagram_that_is_away_is_shown_whole)
{
	struct packet *pkt = single(0);
	struct packet_list list = {0};
	uint8_t bytes[64];

	memcpy(bytes, packet_data(pkt), pkt->len);
	memset(packet_data(pkt) + PACKET_PEEK_BYTES, 0xee,
	    pkt->len - PACKET_PEEK_BYTES);
	pkt->away = bytes;
	packet_list_push(&list, pkt);
	path_run_inbound(path, &list, &now);
	ck_assert_uint_eq(shown, 1);
}
END_TEST

static TCase *outbound_cases(void)
{
	TCase *tcase = tcase_create("outbound");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_super_packet_is_sealed_as_what_it_stands_for);
	tcase_add_test(tcase, a_super_packet_fills_the_train_before);
	EACH(tcase, what_was_sealed_before_a_session_ended_is_sent, sealed);
	tcase_add_test(tcase, a_train_has_one_mark);
	tcase_add_test(
	    tcase, a_partial_checksum_stays_so_for_a_peer_that_takes_it);
	tcase_add_test(
	    tcase, a_session_that_begins_in_the_middle_gets_complete_checksums);
	tcase_add_test(tcase, segments_longer_than_a_train_go_singly);
	tcase_add_test(tcase, octets_are_those_of_all_segments);
	tcase_add_test(tcase, without_large_packets_it_goes_out_in_single_ones);
	tcase_add_test(tcase, what_waits_for_a_session_are_packets);
	tcase_add_test(tcase, a_flow_that_is_compressed_is_cut);
	tcase_add_test(tcase, what_is_sealed_for_anybody_is_single);
	tcase_add_test(tcase, a_rate_is_one_of_packets);
	tcase_add_test(
	    tcase, segments_too_large_for_the_peer_are_judged_one_by_one);
	tcase_add_test(tcase, a_drop_counts_all_segments_and_is_one_example);
	return tcase;
}

static TCase *dropped_cases(void)
{
	TCase *tcase = tcase_create("dropped");

	tcase_add_checked_fixture(tcase, setup_dropped, teardown_watched);
	tcase_add_test(tcase, what_a_session_that_ended_leaves_is_dropped);
	return tcase;
}

static TCase *watched_cases(void)
{
	TCase *tcase = tcase_create("watched");

	tcase_add_checked_fixture(tcase, setup_watched, teardown_watched);
	tcase_add_test(tcase, each_datagram_of_a_train_is_shown);
	tcase_add_test(tcase, what_is_shown_fills_no_train_before);
	tcase_add_test(tcase, a_datagram_that_is_away_is_shown_whole);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("path_whole");
	TCase *tcase = tcase_create("runner");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_is_cut_on_the_way_keeps_its_place);
	tcase_add_test(tcase, more_than_a_batch_of_cut_ones_keeps_its_order);
	tcase_add_test(tcase,
	    segments_without_a_buffer_are_dropped_where_they_would_be_cut);
	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, outbound_cases());
	suite_add_tcase(suite, dropped_cases());
	suite_add_tcase(suite, watched_cases());
	return suite;
}
