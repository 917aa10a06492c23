/* SPDX-License-Identifier: ISC */
/* Directed scenarios: the extension, roaming, restarts, reloads, attackers. */
#include <string.h>

#include "scenario.h"

#include "../unit/unit.h"

#define FROM_START ((struct instant){0})
#define HOUR_NS	   (3600 * SIM_S)

static struct peer_plan *plan_of(struct world *world, size_t host)
{
	return &world->hosts[host].plan.peers[1 - host];
}

START_TEST(changed_preshared_key_is_applied)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	size_t number;

	memset(plan_of(world, 0)->preshared_key, 7, CONFIG_KEY_BYTES);
	host_reload(&world->hosts[0]);
	number = scenario_say(world, 0);
	scenario_run(world, 8 * SIM_S);
	ck_assert(!scenario_has_heard(world, number));
	memset(plan_of(world, 1)->preshared_key, 7, CONFIG_KEY_BYTES);
	host_reload(&world->hosts[1]);
	scenario_run(world, 6 * SIM_S);
	ck_assert(scenario_has_heard(world, number));
	scenario_end(world);
}
END_TEST

START_TEST(reload_of_another_setting_keeps_the_session)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	struct instant begin = world->now;

	plan_of(world, 0)->keepalive_s = 5;
	plan_of(world, 0)->compress = CONFIG_COMPRESS_LZ4;
	host_reload(&world->hosts[0]);
	scenario_chat(world, 10 * SIM_S, SIM_S);
	ck_assert_uint_eq(
	    scenario_sent(world, TAP_ANY, WIRE_INITIATION, begin), 0);
	ck_assert_uint_eq(world->book.delivered, world->book.count);
	scenario_end(world);
}
END_TEST

START_TEST(reload_that_needs_a_restart_applies_nothing)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);

	world->hosts[0].plan.mtu = 1300;
	plan_of(world, 0)->keepalive_s = 5;
	host_reload(&world->hosts[0]);
	ck_assert_uint_eq(
	    core_config(world->hosts[0].core)->mtu, CONFIG_MTU_DEFAULT);
	ck_assert_uint_eq(host_peer_status(&world->hosts[0], 1).keepalive_s, 0);
	scenario_end(world);
}
END_TEST

START_TEST(plain_peer_gets_three_hellos_and_then_one_an_hour)
{
	struct world *world = scenario_new(CONFIG_EXTENSION_AUTO);
	size_t hellos;

	plan_of(world, 1)->extension = CONFIG_EXTENSION_OFF;
	host_start(&world->hosts[1], false);
	host_start(&world->hosts[0], false);
	scenario_chat(world, 110 * SIM_S, SIM_S);
	ck_assert_uint_eq(
	    scenario_sent_frames(world, 0, WIRE_FRAME_HELLO, FROM_START), 3);
	scenario_chat(world, 3 * HOUR_NS, 10 * SIM_S);
	hellos = scenario_sent_frames(world, 0, WIRE_FRAME_HELLO, FROM_START);
	ck_assert_uint_ge(hellos, 5);
	ck_assert_uint_le(hellos, 6);
	ck_assert(host_peer_status(&world->hosts[0], 1).is_plain);
	scenario_end(world);
}
END_TEST

START_TEST(plain_peer_gets_no_frame_but_hello)
{
	struct world *world = scenario_new(CONFIG_EXTENSION_AUTO);

	plan_of(world, 0)->compress = CONFIG_COMPRESS_LZ4;
	plan_of(world, 1)->extension = CONFIG_EXTENSION_OFF;
	host_start(&world->hosts[1], false);
	host_start(&world->hosts[0], false);
	scenario_run(world, SIM_S);
	scenario_chat(world, 300 * SIM_S, SIM_S);
	ck_assert_uint_eq(
	    scenario_sent(world, TAP_ANY, WIRE_DATA_AES256GCM, FROM_START), 0);
	ck_assert_uint_eq(scenario_sent_data(world, 0, FROM_START),
	    scenario_sent_frames(world, 0, WIRE_FRAME_HELLO, FROM_START) +
		scenario_sent_frames(world, 0, WIRE_FRAME_IP, FROM_START) -
		scenario_sent(world, 0, WIRE_INITIATION, FROM_START));
	ck_assert_uint_eq(world->book.delivered, world->book.count);
	scenario_end(world);
}
END_TEST

START_TEST(unanswered_hello_begins_no_handshake)
{
	struct world *world = scenario_new(CONFIG_EXTENSION_AUTO);
	struct instant begin = world->now;

	plan_of(world, 1)->extension = CONFIG_EXTENSION_OFF;
	host_start(&world->hosts[1], false);
	host_start(&world->hosts[0], false);
	scenario_run(world, 100 * SIM_S);
	ck_assert_uint_ge(
	    scenario_sent_frames(world, 0, WIRE_FRAME_HELLO, begin), 1);
	ck_assert_uint_eq(
	    scenario_sent(world, TAP_ANY, WIRE_INITIATION, begin), 1);
	scenario_end(world);
}
END_TEST

START_TEST(hello_and_its_answer_cause_no_keepalive)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	struct instant begin;

	ck_assert(host_peer_status(&world->hosts[0], 1).knows_features);
	ck_assert(host_peer_status(&world->hosts[1], 0).knows_features);
	scenario_run(world, 4 * SIM_S);
	begin = world->now;
	scenario_run(world, 100 * SIM_S);
	ck_assert_uint_eq(scenario_sent(world, TAP_ANY, TAP_ANY, begin), 0);
	scenario_end(world);
}
END_TEST

/* Rule 5: what each frame may set off at the one who sent it into the void. */
START_TEST(echo_and_close_never_arm_the_silence_timer)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	struct host *host = &world->hosts[0];
	struct moment now;
	struct core_answer answer;
	struct instant begin;

	scenario_run(world, 4 * SIM_S);
	scenario_cut(world, 1, true);
	begin = world->now;
	now = world_moment(world, host);
	check_before(host);
	core_ping(host->core, "h1", 1, SIM_S, &now, &answer);
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	host_turn(host);
	ck_assert_uint_eq(
	    scenario_sent_frames(world, 0, WIRE_FRAME_ECHO, begin), 1);
	scenario_run(world, 60 * SIM_S);
	ck_assert_uint_eq(
	    scenario_sent(world, TAP_ANY, WIRE_INITIATION, begin), 0);
	scenario_end(world);
}
END_TEST

START_TEST(lost_hello_answer_costs_time_and_no_packets)
{
	struct world *world = scenario_new(CONFIG_EXTENSION_AUTO);

	plan_of(world, 0)->compress = CONFIG_COMPRESS_LZ4;
	plan_of(world, 1)->compress = CONFIG_COMPRESS_LZ4;
	host_start(&world->hosts[1], false);
	host_start(&world->hosts[0], false);
	scenario_run(world, 45 * SIM_MS);
	scenario_cut(world, 1, true);
	scenario_run(world, 3 * SIM_S);
	scenario_cut(world, 1, false);
	scenario_chat(world, 60 * SIM_S, SIM_S / 4);
	scenario_run(world, SIM_S);
	ck_assert_uint_eq(world->book.delivered, world->book.count);
	ck_assert(host_peer_status(&world->hosts[0], 1).knows_features);
	ck_assert(host_peer_status(&world->hosts[1], 0).knows_features);
	scenario_end(world);
}
END_TEST

START_TEST(aes_gcm_survives_rekeys_without_a_gap)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	struct instant begin;

	scenario_chat(world, 10 * SIM_S, SIM_S);
	begin = world->now;
	scenario_chat(world, 400 * SIM_S, SIM_S / 5);
	ck_assert_uint_ge(scenario_sent(world, 0, WIRE_INITIATION, begin), 3);
	ck_assert_uint_ge(
	    scenario_sent(world, 1, WIRE_DATA_AES256GCM, begin), 1900);
	/* all but HELLOs, their answers, and what confirms a session */
	ck_assert_uint_eq(
	    tap_count(world, &(struct tap_filter){1, TAP_ANY, WIRE_DATA,
				 WIRE_FRAME_IP, begin}),
	    0);
	ck_assert_uint_le(
	    tap_count(world, &(struct tap_filter){0, TAP_ANY, WIRE_DATA,
				 WIRE_FRAME_IP, begin}),
	    scenario_sent(world, 0, WIRE_INITIATION, begin));
	scenario_run(world, SIM_S);
	ck_assert_uint_eq(world->book.delivered, world->book.count);
	scenario_end(world);
}
END_TEST

START_TEST(required_extension_lets_nothing_through_to_a_plain_peer)
{
	struct world *world = scenario_new(CONFIG_EXTENSION_REQUIRED);

	plan_of(world, 1)->extension = CONFIG_EXTENSION_OFF;
	host_start(&world->hosts[1], false);
	host_start(&world->hosts[0], false);
	scenario_chat(world, 60 * SIM_S, SIM_S);
	ck_assert_uint_eq(world->book.delivered, 0);
	ck_assert(host_peer_status(&world->hosts[0], 1).is_refused);
	scenario_end(world);
}
END_TEST

START_TEST(close_ends_the_session_until_there_is_demand)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	struct instant begin;
	size_t number;

	scenario_chat(world, 5 * SIM_S, SIM_S);
	host_stop(&world->hosts[1], true);
	scenario_run(world, SIM_S);
	ck_assert(!host_peer_status(&world->hosts[0], 1).has_session);
	ck_assert(host_peer_status(&world->hosts[0], 1).is_closed);
	begin = world->now;
	scenario_run(world, 100 * SIM_S);
	ck_assert_uint_eq(scenario_sent(world, 0, TAP_ANY, begin), 0);
	host_start(&world->hosts[1], false);
	number = scenario_say(world, 0);
	scenario_run(world, SIM_S);
	ck_assert(scenario_has_heard(world, number));
	scenario_end(world);
}
END_TEST

START_TEST(restart_with_state_heals_at_once)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	size_t number;

	scenario_chat(world, 5 * SIM_S, SIM_S);
	host_stop(&world->hosts[1], false);
	host_start(&world->hosts[1], true);
	scenario_run(world, 300 * SIM_MS);
	number = scenario_say(world, 0);
	scenario_run(world, 100 * SIM_MS);
	ck_assert(scenario_has_heard(world, number));
	scenario_end(world);
}
END_TEST

START_TEST(restart_without_state_heals_within_16_s)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	size_t number;

	scenario_chat(world, 5 * SIM_S, SIM_S);
	host_stop(&world->hosts[1], false);
	host_start(&world->hosts[1], false);
	for (int i = 0; i < 16; i++) {
		scenario_say(world, 0);
		scenario_run(world, SIM_S);
	}
	number = scenario_say(world, 0);
	scenario_run(world, SIM_S);
	ck_assert(scenario_has_heard(world, number));
	scenario_end(world);
}
END_TEST

START_TEST(endpoint_follows_the_newest_packet_and_never_an_older_one)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	struct endpoint away = world->hosts[0].home;
	struct host *hub = &world->hosts[1];
	size_t old;

	world->links[0][1].delay_ns = 2 * SIM_S;
	old = scenario_say(world, 0);
	world->links[0][1].delay_ns = 20 * SIM_MS;
	away.port = 7777;
	host_move(&world->hosts[0], &away, false);
	scenario_say(world, 0);
	scenario_run(world, SIM_S);
	ck_assert(
	    endpoint_is_equal(tunnel_peer_endpoint(host_peer(hub, 0)), &away));
	scenario_run(world, 2 * SIM_S);
	ck_assert(scenario_has_heard(world, old));
	ck_assert(
	    endpoint_is_equal(tunnel_peer_endpoint(host_peer(hub, 0)), &away));
	ck_assert(!scenario_has_heard(world, scenario_say(world, 1)));
	scenario_run(world, SIM_S);
	ck_assert_uint_eq(world->book.delivered, world->book.count);
	scenario_end(world);
}
END_TEST

START_TEST(moved_host_tells_its_peer_at_once)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	struct endpoint away = world->hosts[0].home;
	size_t number;

	away.address.bytes[2] = 99;
	host_move(&world->hosts[0], &away, true);
	scenario_run(world, 30 * SIM_MS);
	number = scenario_say(world, 1);
	scenario_run(world, 100 * SIM_MS);
	ck_assert(scenario_has_heard(world, number));
	scenario_end(world);
}
END_TEST

static const struct endpoint stranger = {
    .address = {.family = FAMILY_IPV4, .bytes = {203, 0, 113, 66}},
    .port = 6666};

START_TEST(replays_are_neither_delivered_nor_followed)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	size_t delivered;

	scenario_chat(world, 20 * SIM_S, SIM_S);
	delivered = world->book.delivered;
	for (size_t i = 0; i < SIM_CAUGHT; i++) {
		struct datagram it;

		if (!world->caught[i])
			continue;
		it = *world->caught[i];
		it.from = stranger;
		for (int again = 0; again < 3; again++)
			wire_inject(world, &it, SIM_MS);
	}
	scenario_run(world, SIM_S);
	ck_assert_uint_eq(world->book.delivered, delivered);
	for (size_t i = 0; i < 2; i++)
		ck_assert(endpoint_is_equal(
		    tunnel_peer_endpoint(host_peer(&world->hosts[i], 1 - i)),
		    &world->hosts[1 - i].home));
	scenario_chat(world, 20 * SIM_S, SIM_S);
	ck_assert_uint_eq(world->book.delivered, world->book.count);
	scenario_end(world);
}
END_TEST

/* An attacker on the path holds a packet back and sends it from elsewhere. */
START_TEST(forged_path_does_not_lock_a_peer_out)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);
	struct datagram it;
	size_t number;

	scenario_cut(world, 1, true);
	scenario_say(world, 1);
	it = *world->caught[(world->ids - 1) % SIM_CAUGHT];
	it.from = stranger;
	wire_inject(world, &it, SIM_MS);
	scenario_run(world, SIM_S);
	ck_assert(endpoint_is_equal(
	    tunnel_peer_endpoint(host_peer(&world->hosts[0], 1)), &stranger));
	scenario_run(world, 200 * SIM_S);
	scenario_cut(world, 1, false);
	number = scenario_say(world, 0);
	scenario_run(world, 10 * SIM_S);
	ck_assert(scenario_has_heard(world, number));
	scenario_end(world);
}
END_TEST

START_TEST(unknown_key_is_met_with_silence)
{
	struct world *world = scenario_new(CONFIG_EXTENSION_AUTO);

	plan_of(world, 1)->is_present = false;
	host_start(&world->hosts[1], false);
	host_start(&world->hosts[0], false);
	scenario_run(world, 20 * SIM_S);
	ck_assert_uint_ge(
	    scenario_sent(world, 0, WIRE_INITIATION, FROM_START), 5);
	ck_assert_uint_eq(scenario_sent(world, 1, TAP_ANY, FROM_START), 0);
	scenario_end(world);
}
END_TEST

/* All sources differ, so that no address is limited. */
static void flood(struct world *world, size_t count)
{
	const struct tapped *first = tap_find(world,
	    &(struct tap_filter){0, 1, WIRE_INITIATION, TAP_ANY, FROM_START},
	    0);
	struct datagram it = *world->caught[first - world->tap];

	ck_assert_uint_eq(it.bytes[0], WIRE_INITIATION);
	it.from = stranger;
	for (size_t i = 0; i < count; i++) {
		it.from.address.bytes[1] = (uint8_t)(i >> 8);
		it.from.address.bytes[2] = (uint8_t)i;
		it.id = world->ids - 1;
		wire_inject(world, &it, (int64_t)i * SIM_MS / 4);
	}
}

/* A pair whose session is over, while host 1 is under load for 4 seconds. */
static struct world *loaded_pair(void)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);

	scenario_run(world, 185 * SIM_S);
	flood(world, 20000);
	scenario_run(world, SIM_S);
	return world;
}

static size_t cookies_for(const struct world *world, int host)
{
	return tap_count(world, &(struct tap_filter){1, host, WIRE_COOKIE_REPLY,
				    TAP_ANY, FROM_START});
}

START_TEST(flood_does_not_keep_a_peer_out)
{
	struct world *world = loaded_pair();
	size_t number = scenario_say(world, 0);

	scenario_run(world, 2 * SIM_S);
	ck_assert(scenario_has_heard(world, number));
	ck_assert_uint_eq(cookies_for(world, 0), 1);
	scenario_end(world);
}
END_TEST

START_TEST(cookie_moves_no_endpoint)
{
	struct world *world = loaded_pair();
	struct datagram it;

	scenario_cut(world, 1, true);
	scenario_say(world, 0);
	while (cookies_for(world, 0) == 0)
		scenario_run(world, SIM_MS / 8);
	it = *world->caught[(world->ids - 1) % SIM_CAUGHT];
	ck_assert_uint_eq(it.bytes[0], WIRE_COOKIE_REPLY);
	it.from = stranger;
	wire_inject(world, &it, 0);
	scenario_run(world, SIM_MS);
	ck_assert(endpoint_is_equal(
	    tunnel_peer_endpoint(host_peer(&world->hosts[0], 1)),
	    &world->hosts[1].home));
	scenario_end(world);
}
END_TEST

START_TEST(late_close_leaves_the_newer_session_alone)
{
	struct world *world = scenario_pair(CONFIG_EXTENSION_AUTO);

	scenario_chat(world, 5 * SIM_S, SIM_S);
	world->links[1][0].delay_ns = 3 * SIM_S;
	host_stop(&world->hosts[1], true);
	world->links[1][0].delay_ns = 20 * SIM_MS;
	host_start(&world->hosts[1], true);
	scenario_run(world, 2 * SIM_S);
	ck_assert(host_peer_status(&world->hosts[0], 1).has_session);
	scenario_run(world, 2 * SIM_S);
	ck_assert(host_peer_status(&world->hosts[0], 1).has_session);
	scenario_end(world);
}
END_TEST

START_TEST(source_of_another_peer_is_refused)
{
	struct world_setup setup = {.seed = 1, .hosts = 3};
	struct world *world = world_new(&setup);
	struct inner_wish wish = {.sender = 1, .receiver = 0, .len = 100};
	size_t number;

	for (size_t i = 0; i < 3; i++)
		host_start(&world->hosts[i], false);
	scenario_run(world, 5 * SIM_S);
	number = host_send_inner(&world->hosts[2], &wish);
	scenario_run(world, SIM_S);
	ck_assert(!scenario_has_heard(world, number));
	number = host_send_inner(&world->hosts[1], &wish);
	scenario_run(world, SIM_S);
	ck_assert(scenario_has_heard(world, number));
	scenario_end(world);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("sim_peers");
	TCase *cases = tcase_create("peers");

	tcase_add_test(cases, changed_preshared_key_is_applied);
	tcase_add_test(cases, reload_of_another_setting_keeps_the_session);
	tcase_add_test(cases, reload_that_needs_a_restart_applies_nothing);
	tcase_add_test(
	    cases, plain_peer_gets_three_hellos_and_then_one_an_hour);
	tcase_add_test(cases, plain_peer_gets_no_frame_but_hello);
	tcase_add_test(cases, unanswered_hello_begins_no_handshake);
	tcase_add_test(cases, hello_and_its_answer_cause_no_keepalive);
	tcase_add_test(cases, echo_and_close_never_arm_the_silence_timer);
	tcase_add_test(cases, lost_hello_answer_costs_time_and_no_packets);
	tcase_add_test(cases, aes_gcm_survives_rekeys_without_a_gap);
	tcase_add_test(
	    cases, required_extension_lets_nothing_through_to_a_plain_peer);
	tcase_add_test(cases, close_ends_the_session_until_there_is_demand);
	tcase_add_test(cases, restart_with_state_heals_at_once);
	tcase_add_test(cases, restart_without_state_heals_within_16_s);
	tcase_add_test(
	    cases, endpoint_follows_the_newest_packet_and_never_an_older_one);
	tcase_add_test(cases, moved_host_tells_its_peer_at_once);
	tcase_add_test(cases, replays_are_neither_delivered_nor_followed);
	tcase_add_test(cases, forged_path_does_not_lock_a_peer_out);
	tcase_add_test(cases, unknown_key_is_met_with_silence);
	tcase_add_test(cases, flood_does_not_keep_a_peer_out);
	tcase_add_test(cases, cookie_moves_no_endpoint);
	tcase_add_test(cases, late_close_leaves_the_newer_session_alone);
	tcase_add_test(cases, source_of_another_peer_is_refused);
	suite_add_tcase(suite, cases);
	return suite;
}
