/* SPDX-License-Identifier: ISC */
/* Received trains on their way to the device. */
#include "unit.h"

#include <string.h>

#include "gro_lab.h"
#include "net/rule.h"
#include "packet/ip.h"

static const struct flow_of tcp = {
    "10.9.0.7", "10.9.0.1", IP_PROTOCOL_TCP, 1000};
static const struct flow_of other = {
    "10.9.0.7", "10.9.0.1", IP_PROTOCOL_TCP, 1001};
static const struct flow_of datagrams = {
    "10.9.0.7", "10.9.0.1", IP_PROTOCOL_UDP, 1000};
static const struct flow_of through = {
    "10.9.0.7", "10.9.0.8", IP_PROTOCOL_TCP, 1000};

static struct packet_list came;
static unsigned shown;

static void begin(void)
{
	path_set_joins(path, true, true);
	path_set_partial(path, true);
	for (uint32_t id = 1; id <= FAKE_PEERS; id++)
		ck_assert_int_eq(path_add_peer(path, id), 0);
	trains_forget();
	tunnel.counter_of = train_counter_of;
}

static void setup_trains(void)
{
	setup();
	set_addresses();
	begin();
}

static void setup_tap_trains(void)
{
	setup_tap();
	learn_all();
	begin();
}

static void count_shown(void *context, const struct path_sight *sight)
{
	(void)context;
	ck_assert_uint_eq(sight->pkt->segments, 1);
	shown++;
}

static void setup_watched(void)
{
	watching = count_shown;
	setup_trains();
	path_set_watched(path, PATH_WATCH_OUTER | PATH_WATCH_INNER);
	shown = 0;
}

/* Sealed as number `counter`. */
static struct packet *piece(
    const struct flow_of *flow, uint32_t number, uint64_t counter)
{
	struct packet *pkt = piece_of(flow, number, PIECE_BYTES);

	pkt->counter = counter;
	return pkt;
}

/* A train of the flow's packets from `first` on, sealed in their order. */
static void come(const struct flow_of *flow, uint32_t first, uint32_t count)
{
	struct packet *train = train_begin(piece(flow, first, first));

	while (--count) {
		first++;
		train_add(train, piece(flow, first, first));
	}
	packet_list_push(&came, train);
}

static void run(void)
{
	path_run_inbound(path, &came, &now);
	ck_assert_ptr_null(path->lane->gather.whole);
}

static struct packet *only_whole(uint16_t segments)
{
	struct packet *whole = path_to_device(path)->first;

	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_ptr_null(whole->rest.first);
	ck_assert_uint_eq(whole->segments, segments);
	ck_assert_uint_eq(whole->segment_bytes, PIECE_BYTES);
	return whole;
}

static void check_totals(uint64_t packets)
{
	ck_assert_uint_eq(totals().rx_packets, packets);
	ck_assert_uint_eq(totals().rx_delivered, packets);
}

static void check_drops(const char *stage, enum drop reason, uint64_t packets)
{
	struct drops drops = {0};

	path_each_drop(path, found, &drops);
	ck_assert_uint_eq(drops.lines, 1);
	ck_assert_str_eq(drops.last.stage, stage);
	ck_assert_int_eq(drops.last.reason, reason);
	ck_assert_uint_eq(drops.last.packets, packets);
}

START_TEST(a_train_reaches_the_device_as_one)
{
	come(_i ? &tcp : &datagrams, 0, 10);
	run();
	ck_assert_uint_eq(number_of(only_whole(10)), 0);
	ck_assert_uint_eq(tunnel.open_calls, 0);
	check_totals(10);
	take_results();
}
END_TEST

START_TEST(a_train_goes_on_where_the_one_before_ended)
{
	come(&tcp, 0, 10);
	come(&tcp, 10, 20);
	run();
	(void)only_whole(30);
	check_totals(30);
	take_results();
}
END_TEST

/* It may have gone another way: datagrams do not tell their order. */
START_TEST(behind_a_gap_datagrams_begin_anew)
{
	come(_i ? &tcp : &datagrams, 0, 10);
	packet_list_push(
	    &came, piece(_i ? &other : &datagrams, _i ? 0 : 30, 10));
	packet_list_push(
	    &came, train_begin(piece(_i ? &tcp : &datagrams, 10, 11)));
	train_add(came.last, piece(_i ? &tcp : &datagrams, 11, 12));
	run();
	ck_assert_uint_eq(path_to_device(path)->len, _i ? 2 : 3);
	ck_assert_uint_eq(path_to_device(path)->first->segments, _i ? 12 : 10);
	take_results();
}
END_TEST

START_TEST(another_flow_is_another_packet)
{
	struct packet *train = train_begin(piece(&tcp, 0, 0));

	for (uint32_t i = 1; i < 5; i++)
		train_add(train, piece(&tcp, i, i));
	for (uint32_t i = 0; i < 5; i++)
		train_add(train, piece(&other, i, 5 + i));
	packet_list_push(&came, train);
	run();
	ck_assert_uint_eq(path_to_device(path)->len, 2);
	ck_assert_uint_eq(path_to_device(path)->first->source_port, 1000);
	ck_assert_uint_eq(path_to_device(path)->last->source_port, 1001);
	ck_assert_uint_eq(path_to_device(path)->last->segments, 5);
	ck_assert_uint_eq(tunnel.open_calls, 0);
	check_totals(10);
	take_results();
}
END_TEST

/* The first is in a super-packet of one; nobody else is. */
START_TEST(flows_in_turns_are_opened_singly)
{
	struct packet *train = train_begin(piece(&tcp, 0, 0));

	for (uint32_t i = 1; i < 10; i++)
		train_add(train, piece(i % 2 ? &other : &tcp, i / 2, i));
	packet_list_push(&came, train);
	run();
	ck_assert_uint_eq(tunnel.open_calls, 1);
	ck_assert_uint_eq(tunnel.largest_batch, 9);
	ck_assert_uint_eq(path_to_device(path)->len, 2);
	ck_assert_ptr_nonnull(path_to_device(path)->first->rest.first);
	check_totals(10);
	take_results();
}
END_TEST

START_TEST(peers_are_never_merged)
{
	come(&tcp, 0, 5);
	come(&tcp, 5, 5);
	came.last->endpoint.port = 1;
	run();
	ck_assert_uint_eq(totals().rx_packets, 10);
	ck_assert_uint_eq(path_to_device(path)->first->segments, 5);
	take_results();
}
END_TEST

START_TEST(where_nothing_is_joined_a_train_is_taken_apart)
{
	path_set_joins(path, false, false);
	come(&tcp, 0, 10);
	run();
	ck_assert_uint_eq(path_to_device(path)->len, 10);
	check_totals(10);
	take_results();
}
END_TEST

START_TEST(who_looks_on_sees_each_packet)
{
	come(&tcp, 0, 10);
	run();
	ck_assert_uint_eq(shown, 2 * 10);
	ck_assert_uint_eq(path_to_device(path)->first->segments, 10);
	ck_assert_ptr_nonnull(path_to_device(path)->first->rest.first);
	take_results();
}
END_TEST

START_TEST(without_large_packets_a_train_is_opened_singly)
{
	struct packet_list large = {0};
	struct packet *pkt;

	while ((pkt = pool_get_large(pool)))
		packet_list_push(&large, pkt);
	come(&tcp, 0, 10);
	run();
	ck_assert_uint_eq(tunnel.open_calls, 1);
	ck_assert_ptr_nonnull(path_to_device(path)->first->rest.first);
	check_totals(10);
	take_results();
	pool_put_list(pool, &large);
}
END_TEST

START_TEST(what_no_packet_is_left_for_is_counted)
{
	struct packet_list all = {0};

	path_set_joins(path, false, false);
	come(&tcp, 0, 10);
	while (pool_available(pool) > 3)
		packet_list_push(&all, pool_get(pool));
	path_run_inbound(path, &came, &now);
	ck_assert_uint_eq(path_to_device(path)->len, 3);
	check_drops("outer", DROP_NOMEM, 7);
	ck_assert_uint_eq(totals().rx_dropped, 7);
	take_results();
	pool_put_list(pool, &all);
}
END_TEST

static struct {
	unsigned sights, segments;
	uint32_t number;
} lost;

/* As a capture does, which copies it all. */
static void note_lost(void *context, const struct path_sight *sight)
{
	const struct packet *pkt = sight->pkt;

	(void)context;
	lost.sights++;
	lost.segments = pkt->segments;
	ck_assert_uint_le(pkt->offset + pkt->len, pkt->buffer_bytes);
	lost.number = number_of(pkt);
}

static void setup_lossy(void)
{
	lost.sights = 0;
	watching = note_lost;
	setup_trains();
	path_set_watched(path, PATH_WATCH_DROPS);
}

START_TEST(what_is_shown_of_lost_ones_is_the_first_of_them)
{
	struct packet_list all = {0};

	come(&tcp, 0, 20);
	while (pool_available(pool) > 3)
		packet_list_push(&all, pool_get(pool));
	path_run_inbound(path, &came, &now);
	ck_assert_uint_eq(lost.sights, 1);
	ck_assert_uint_eq(lost.segments, 17);
	ck_assert_uint_eq(lost.number, 3);
	check_drops("outer", DROP_NOMEM, 17);
	take_results();
	pool_put_list(pool, &all);
}
END_TEST

/* One that it would never have been. */
START_TEST(a_refused_train_is_answered_as_its_first_packet)
{
	const struct rule_spec spec = {
	    .name = "no", .hook = HOOK_INPUT, .action = RULE_REJECT};
	struct ruleset_setup how = {.specs = &spec,
	    .count = 1,
	    .generation = 1,
	    .last_peer_id = FAKE_PEERS};
	struct ruleset *rules;
	struct packet *answer;
	const uint8_t *quoted;

	ck_assert_int_eq(ruleset_new(&rules, &how, now.now), 0);
	path_set_filter(path, rules, NULL);
	come(&datagrams, 0, 10);
	run();
	check_drops("input", DROP_NETFILTER_DROP, 10);
	answer = path_to_wire(path)->first;
	ck_assert_ptr_nonnull(answer);
	quoted = packet_data(answer) + IPV4_BYTES + ICMP_BYTES;
	ck_assert_uint_eq(
	    quoted[2] << 8 | quoted[3], IPV4_BYTES + UDP_BYTES + PIECE_BYTES);
	take_results();
	path_set_filter(path, NULL, NULL);
	ruleset_free(rules);
}
END_TEST

START_TEST(to_another_peer_it_goes_packet_by_packet)
{
	path_set_forwarding(path, true);
	come(&through, 0, 10);
	run();
	ck_assert_uint_eq(path_to_device(path)->len, 0);
	ck_assert_uint_eq(path_to_wire(path)->len, 10);
	ck_assert_uint_eq(totals().rx_forwarded, 10);
	take_results();
}
END_TEST

static void come_framed(const char *to)
{
	struct packet *train = NULL;

	for (uint32_t i = 0; i < 10; i++) {
		struct packet *pkt =
		    framed(piece(&tcp, i, i), to, PEER_MAC(0), ETHERTYPE_IPV4);

		pkt->counter = i;
		if (train)
			train_add(train, pkt);
		else
			train = train_begin(pkt);
	}
	packet_list_push(&came, train);
	run();
}

START_TEST(a_train_of_frames_reaches_the_device_as_one)
{
	come_framed(HOST_MAC);
	ck_assert_uint_eq(only_whole(10)->l2_bytes, ETHERNET_BYTES);
	take_results();
}
END_TEST

START_TEST(a_switched_train_goes_packet_by_packet)
{
	come_framed(PEER_MAC(2));
	ck_assert_uint_eq(path_to_device(path)->len, 0);
	ck_assert_uint_eq(sent_to(2), 10);
	take_results();
}
END_TEST

START_TEST(a_flooded_train_goes_packet_by_packet)
{
	come_framed(ANY_MAC);
	ck_assert_uint_eq(sent_to(2), 10);
	ck_assert_uint_eq(sent_to(3), 10);
	take_results();
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("path/train");
	TCase *tun = tcase_create("tun"), *tap = tcase_create("tap");
	TCase *watched = tcase_create("watched"), *lossy = tcase_create("lossy");

	tcase_add_checked_fixture(tun, setup_trains, teardown);
	tcase_add_loop_test(tun, a_train_reaches_the_device_as_one, 0, 2);
	tcase_add_test(tun, a_train_goes_on_where_the_one_before_ended);
	tcase_add_loop_test(tun, behind_a_gap_datagrams_begin_anew, 0, 2);
	tcase_add_test(tun, another_flow_is_another_packet);
	tcase_add_test(tun, flows_in_turns_are_opened_singly);
	tcase_add_test(tun, peers_are_never_merged);
	tcase_add_test(tun, where_nothing_is_joined_a_train_is_taken_apart);
	tcase_add_test(tun, without_large_packets_a_train_is_opened_singly);
	tcase_add_test(tun, what_no_packet_is_left_for_is_counted);
	tcase_add_test(tun, a_refused_train_is_answered_as_its_first_packet);
	tcase_add_test(tun, to_another_peer_it_goes_packet_by_packet);
	suite_add_tcase(suite, tun);
	tcase_add_checked_fixture(watched, setup_watched, teardown);
	tcase_add_test(watched, who_looks_on_sees_each_packet);
	suite_add_tcase(suite, watched);
	tcase_add_checked_fixture(lossy, setup_lossy, teardown);
	tcase_add_test(
	    lossy, what_is_shown_of_lost_ones_is_the_first_of_them);
	suite_add_tcase(suite, lossy);
	tcase_add_checked_fixture(tap, setup_tap_trains, teardown_tap);
	tcase_add_test(tap, a_train_of_frames_reaches_the_device_as_one);
	tcase_add_test(tap, a_switched_train_goes_packet_by_packet);
	tcase_add_test(tap, a_flooded_train_goes_packet_by_packet);
	suite_add_tcase(suite, tap);
	return suite;
}
