/* SPDX-License-Identifier: ISC */
/* Directed scenarios: WireGuard's timers and key rotation. */
#include "scenario.h"

#include "../unit/unit.h"

#define FROM_START ((struct instant){0})

/* Bytes of a data message without inner packet. */
#define KEEPALIVE_BYTES WIRE_DATA_BYTES_MIN

static const struct tapped *nth_initiation(const struct world *world, size_t n)
{
	return tap_find(world,
	    &(struct tap_filter){
		0, TAP_ANY, WIRE_INITIATION, TAP_ANY, FROM_START},
	    n);
}

START_TEST(rekey_comes_after_120_s_and_from_the_initiator_alone)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_OFF);
	struct instant begin = world->now;

	scenario_chat(world, 118 * SIM_S, SIM_S);
	ck_assert_uint_eq(scenario_sent(world, 0, WIRE_INITIATION, begin), 0);
	scenario_chat(world, 4 * SIM_S, SIM_S);
	ck_assert_uint_eq(scenario_sent(world, 0, WIRE_INITIATION, begin), 1);
	scenario_chat(world, 600 * SIM_S, SIM_S);
	ck_assert_uint_eq(scenario_sent(world, 0, WIRE_INITIATION, begin), 5);
	ck_assert_uint_eq(
	    scenario_sent(world, 1, WIRE_INITIATION, FROM_START), 0);
	ck_assert_uint_eq(world->book.delivered, world->book.count);
	scenario_end(world);
}
END_TEST

START_TEST(responder_says_nothing_under_an_unconfirmed_key)
{
	struct world *world = scenario_new(CONFIG_EXTENSION_OFF);
	size_t number;

	host_start(&world->hosts[1], false);
	scenario_cut(world, 1, true);
	host_start(&world->hosts[0], false);
	scenario_run(world, 100 * SIM_MS);
	ck_assert_uint_eq(
	    scenario_sent(world, 1, WIRE_RESPONSE, FROM_START), 1);
	number = scenario_say(world, 1);
	scenario_run(world, SIM_S);
	ck_assert_uint_eq(scenario_sent_data(world, 1, FROM_START), 0);
	ck_assert_uint_eq(
	    host_peer_status(&world->hosts[1], 0).staged_packets, 1);
	scenario_cut(world, 1, false);
	scenario_run(world, 6 * SIM_S);
	ck_assert(scenario_has_heard(world, number));
	scenario_end(world);
}
END_TEST

START_TEST(no_data_is_sent_under_keys_older_than_180_s)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_OFF);
	struct instant later;
	size_t number;

	scenario_run(world, 181 * SIM_S);
	later = world->now;
	scenario_cut(world, 0, true);
	number = scenario_say(world, 0);
	scenario_run(world, 100 * SIM_MS);
	ck_assert_uint_eq(scenario_sent_data(world, 0, later), 0);
	ck_assert_uint_eq(scenario_sent(world, 0, WIRE_INITIATION, later), 1);
	scenario_cut(world, 0, false);
	scenario_run(world, 2 * SIM_S);
	ck_assert(scenario_has_heard(world, number));
	scenario_end(world);
}
END_TEST

/* A packet under way for so long; nothing else happens meanwhile. */
static bool is_heard_after(int64_t delay_ns)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_OFF);
	struct link *link = &world->links[0][1];
	size_t number;
	bool is_heard;

	link->delay_ns = delay_ns - SIM_S;
	number = scenario_say(world, 0);
	link->is_cut = true;
	scenario_run(world, delay_ns + SIM_S);
	is_heard = scenario_has_heard(world, number);
	scenario_end(world);
	return is_heard;
}

START_TEST(data_is_accepted_until_its_key_is_180_s_old)
{
	ck_assert(is_heard_after(179 * SIM_S));
	ck_assert(!is_heard_after(181 * SIM_S));
}
END_TEST

START_TEST(who_only_hears_answers_with_a_keepalive_after_10_s)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_OFF);
	struct instant begin = world->now;
	const struct tapped *answer;

	scenario_say(world, 0);
	scenario_run(world, 9900 * SIM_MS);
	ck_assert_uint_eq(scenario_sent_data(world, 1, begin), 0);
	scenario_run(world, 300 * SIM_MS);
	ck_assert_uint_eq(scenario_sent_data(world, 1, begin), 1);
	answer = tap_find(
	    world, &(struct tap_filter){1, 0, WIRE_DATA, TAP_ANY, begin}, 0);
	ck_assert_uint_eq(answer->len, KEEPALIVE_BYTES);
	scenario_end(world);
}
END_TEST

START_TEST(idle_peers_do_not_answer_keepalives_with_keepalives)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_OFF);
	struct instant later;

	scenario_say(world, 0);
	scenario_run(world, 11 * SIM_S);
	later = world->now;
	scenario_run(world, 100 * SIM_S);
	ck_assert_uint_eq(scenario_sent(world, TAP_ANY, TAP_ANY, later), 0);
	scenario_end(world);
}
END_TEST

START_TEST(persistent_keepalives_come_at_their_interval)
{
	struct world *world = scenario_new(CONFIG_EXTENSION_OFF);
	struct instant begin;

	world->hosts[0].plan.peers[1].keepalive_s = 25;
	host_start(&world->hosts[1], false);
	host_start(&world->hosts[0], false);
	scenario_run(world, SIM_S);
	begin = world->now;
	scenario_run(world, 110 * SIM_S);
	ck_assert_uint_eq(scenario_sent_data(world, 0, begin), 4);
	ck_assert_uint_eq(scenario_sent_data(world, 1, begin), 0);
	scenario_end(world);
}
END_TEST

START_TEST(silence_of_15_s_after_data_begins_a_handshake)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_OFF);
	struct instant begin = world->now;

	scenario_cut(world, 1, true);
	scenario_say(world, 0);
	scenario_run(world, 14900 * SIM_MS);
	ck_assert_uint_eq(scenario_sent(world, 0, WIRE_INITIATION, begin), 0);
	scenario_run(world, 600 * SIM_MS);
	ck_assert_uint_ge(scenario_sent(world, 0, WIRE_INITIATION, begin), 1);
	scenario_end(world);
}
END_TEST

START_TEST(first_retries_come_quickly)
{
	static const int64_t gaps_ms[] = {250, 500, 1000, 2000, 5000, 5000};
	struct world *world = scenario_new(CONFIG_EXTENSION_OFF);

	host_start(&world->hosts[0], false);
	scenario_run(world, 20 * SIM_S);
	for (size_t i = 0; i < ARRAY_SIZE(gaps_ms); i++) {
		const struct tapped *a = nth_initiation(world, i);
		const struct tapped *b = nth_initiation(world, i + 1);
		int64_t gap_ns;

		ck_assert_ptr_nonnull(b);
		gap_ns = b->when.ns - a->when.ns;
		ck_assert_int_ge(gap_ns, gaps_ms[i] * SIM_MS);
		/* one end of each pair waits half as long again */
		ck_assert_int_le(
		    gap_ns, (gaps_ms[i] * (i < 4 ? 3 : 2) / 2 + 334) * SIM_MS);
	}
	scenario_end(world);
}
END_TEST

START_TEST(handshakes_end_after_90_s_and_begin_again_on_demand)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_OFF);
	struct tunnel_peer_status status;
	struct instant later;
	size_t number;

	scenario_run(world, 200 * SIM_S);
	scenario_cut(world, 0, true);
	scenario_say(world, 0);
	scenario_run(world, 95 * SIM_S);
	later = world->now;
	status = host_peer_status(&world->hosts[0], 1);
	ck_assert(status.has_given_up);
	ck_assert_uint_eq(status.staged_packets, 0);
	scenario_run(world, 300 * SIM_S);
	ck_assert_uint_eq(scenario_sent(world, 0, TAP_ANY, later), 0);
	scenario_cut(world, 0, false);
	number = scenario_say(world, 0);
	scenario_run(world, SIM_S);
	ck_assert(scenario_has_heard(world, number));
	scenario_end(world);
}
END_TEST

START_TEST(simultaneous_opens_settle_at_once)
{
	struct world *world = scenario_new(CONFIG_EXTENSION_AUTO);

	world->hosts[1].plan.peers[0].endpoint = ENDPOINT_LITERAL;
	host_start(&world->hosts[0], false);
	host_start(&world->hosts[1], false);
	scenario_chat(world, 30 * SIM_S, 10 * SIM_MS);
	scenario_run(world, SIM_S);
	ck_assert_uint_le(
	    scenario_sent(world, TAP_ANY, WIRE_INITIATION, FROM_START), 4);
	ck_assert_uint_eq(world->book.delivered, world->book.count);
	scenario_end(world);
}
END_TEST

START_TEST(suspend_ends_the_session_and_the_first_packet_brings_it_back)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	size_t number;

	scenario_chat(world, 10 * SIM_S, SIM_S);
	world->hosts[0].is_asleep = true;
	scenario_run(world, 300 * SIM_S);
	world->hosts[0].is_asleep = false;
	number = scenario_say(world, 0);
	scenario_run(world, SIM_S);
	ck_assert(scenario_has_heard(world, number));
	scenario_end(world);
}
END_TEST

START_TEST(wall_clock_jumps_leave_sessions_alone)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	struct instant begin = world->now;

	for (int i = 0; i < 10; i++) {
		world->hosts[1].wall_offset_s =
		    (i % 2 ? -1 : 1) * INT64_C(10) * 365 * 86400;
		scenario_chat(world, 5 * SIM_S, SIM_S);
	}
	ck_assert_uint_eq(
	    scenario_sent(world, TAP_ANY, WIRE_INITIATION, begin), 0);
	ck_assert_uint_eq(world->book.delivered, world->book.count);
	scenario_end(world);
}
END_TEST

START_TEST(same_seed_gives_the_same_history)
{
	uint64_t hashes[3];

	for (size_t i = 0; i < 3; i++) {
		struct world_setup setup = {.seed = 7 + i / 2, .hosts = 3};
		struct world *world = world_new(&setup);

		ck_assert(chaos_run(world, 0.1));
		hashes[i] = world->trace_hash;
		scenario_end(world);
	}
	ck_assert_uint_eq(hashes[0], hashes[1]);
	ck_assert_uint_ne(hashes[1], hashes[2]);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("sim_timers");
	TCase *cases = tcase_create("timers");

	tcase_add_test(
	    cases, rekey_comes_after_120_s_and_from_the_initiator_alone);
	tcase_add_test(cases, responder_says_nothing_under_an_unconfirmed_key);
	tcase_add_test(cases, no_data_is_sent_under_keys_older_than_180_s);
	tcase_add_test(cases, data_is_accepted_until_its_key_is_180_s_old);
	tcase_add_test(
	    cases, who_only_hears_answers_with_a_keepalive_after_10_s);
	tcase_add_test(
	    cases, idle_peers_do_not_answer_keepalives_with_keepalives);
	tcase_add_test(cases, persistent_keepalives_come_at_their_interval);
	tcase_add_test(cases, silence_of_15_s_after_data_begins_a_handshake);
	tcase_add_test(cases, first_retries_come_quickly);
	tcase_add_test(
	    cases, handshakes_end_after_90_s_and_begin_again_on_demand);
	tcase_add_test(cases, simultaneous_opens_settle_at_once);
	tcase_add_test(cases,
	    suspend_ends_the_session_and_the_first_packet_brings_it_back);
	tcase_add_test(cases, wall_clock_jumps_leave_sessions_alone);
	tcase_add_test(cases, same_seed_gives_the_same_history);
	suite_add_tcase(suite, cases);
	return suite;
}
