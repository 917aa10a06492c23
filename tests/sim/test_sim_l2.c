/* SPDX-License-Identifier: ISC */
/*
 * Directed scenarios of taps: flooding, learning, moves, ageing, loops.
 *
 * In a star host 0 is the hub and the others know only it. Station 0 to 2 are
 * the hosts' own devices, 3 to 5 stand behind host 0 to 2.
 */
#include <string.h>

#include "scenario.h"

#include "../unit/unit.h"

#define HUB	   0
#define MOVER	   4 /* behind host 1 in the beginning */
#define MASK(host) (1u << (host))

static struct world *begin(const struct world_setup *setup)
{
	struct world *world = world_new(setup);

	for (size_t i = 0; i < setup->hosts; i++)
		host_start(&world->hosts[i], false);
	scenario_run(world, 2 * SIM_S);
	return world;
}

static struct world *star(void)
{
	return begin(&(struct world_setup){
	    .seed = 1, .hosts = 3, .is_tap = true, .is_star = true});
}

static struct world *mesh(void)
{
	return begin(
	    &(struct world_setup){.seed = 1, .hosts = 3, .is_tap = true});
}

/* Not started: host 0 has a tap, host 1 a tun. */
static struct world *tap_and_tun(enum config_extension of_tun)
{
	struct world *world = world_new(&(struct world_setup){
	    .seed = 1, .hosts = 2, .is_tap = true, .is_mixed = true});

	world->hosts[1].plan.peers[0].extension = of_tun;
	return world;
}

/* Sends a frame to a station and lets it arrive; its number. */
static size_t send_to(
    struct world *world, size_t from, uint8_t station, uint16_t vlan)
{
	struct inner_wish wish = lan_direct(world, from, from);
	size_t number;

	wish.destination = station;
	wish.tags = vlan != 0;
	wish.vlan = vlan;
	number = host_send_inner(&world->hosts[from], &wish);
	scenario_run(world, 200 * SIM_MS);
	return number;
}

static size_t announce(struct world *world, uint8_t station)
{
	size_t number = lan_announce(world, station);

	scenario_run(world, 200 * SIM_MS);
	return number;
}

static unsigned heard_by(const struct world *world, size_t number)
{
	return world->book.entries[number].delivered_to;
}

/* Frames from host to host, not counting ours. */
static size_t passed(
    const struct world *world, int from, int to, struct instant since)
{
	return tap_count(world, &(struct tap_filter){from, to, TAP_ANY,
				    WIRE_FRAME_ETHERNET, since});
}

START_TEST(a_broadcast_reaches_all_once_and_not_its_sender)
{
	struct world *world = _i ? star() : mesh();

	for (uint8_t station = 0; station < SIM_STATIONS; station++) {
		size_t home = world->stations[station];
		size_t number = announce(world, station);

		ck_assert_uint_eq(heard_by(world, number), 7u & ~MASK(home));
	}
	scenario_end(world);
}
END_TEST

START_TEST(a_known_destination_gets_it_alone)
{
	struct world *world = star();
	struct instant since;
	size_t number;

	/* unknown: to all */
	number = send_to(world, 1, 2, 0);
	ck_assert_uint_eq(heard_by(world, number), MASK(0) | MASK(2));
	announce(world, 2);
	since = world->now;
	number = send_to(world, 1, 2, 0);
	ck_assert_uint_eq(heard_by(world, number), MASK(2));
	ck_assert_uint_eq(passed(world, 1, HUB, since), 1);
	ck_assert_uint_eq(passed(world, HUB, 2, since), 1);
	ck_assert_uint_eq(passed(world, TAP_ANY, TAP_ANY, since), 2);
	number = send_to(world, HUB, 2, 0);
	ck_assert_uint_eq(heard_by(world, number), MASK(2));
	ck_assert_uint_eq(passed(world, HUB, 1, since), 0);
	scenario_end(world);
}
END_TEST

START_TEST(without_a_hub_nobody_passes_on_what_is_unknown)
{
	struct world *world = mesh();
	struct instant since = world->now;
	size_t number = send_to(world, 1, FRAME_NOBODY, 0);

	ck_assert_uint_eq(heard_by(world, number), MASK(0) | MASK(2));
	ck_assert_uint_eq(passed(world, TAP_ANY, TAP_ANY, since), 2);
	ck_assert_uint_eq(passed(world, 1, TAP_ANY, since), 2);
	announce(world, 2);
	since = world->now;
	number = send_to(world, 1, 2, 0);
	ck_assert_uint_eq(heard_by(world, number), MASK(2));
	ck_assert_uint_eq(passed(world, TAP_ANY, TAP_ANY, since), 1);
	scenario_end(world);
}
END_TEST

START_TEST(a_station_is_found_where_it_moved_to)
{
	struct world *world = star();

	announce(world, MOVER);
	ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], MOVER, 0), 1);
	ck_assert_uint_eq(lan_lookup(&world->hosts[2], MOVER, 0), HUB);
	ck_assert_uint_eq(lan_lookup(&world->hosts[1], MOVER, 0), 1);
	world->stations[MOVER] = 2;
	/* who moves in silence is looked for where it was */
	ck_assert_uint_eq(
	    heard_by(world, send_to(world, HUB, MOVER, 0)), MASK(1));
	announce(world, MOVER);
	ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], MOVER, 0), 2);
	ck_assert_uint_eq(lan_lookup(&world->hosts[1], MOVER, 0), HUB);
	ck_assert_uint_eq(
	    heard_by(world, send_to(world, HUB, MOVER, 0)), MASK(2));
	ck_assert_uint_eq(
	    heard_by(world, send_to(world, 1, MOVER, 0)), MASK(2));
	world->stations[MOVER] = HUB;
	announce(world, MOVER);
	ck_assert_uint_eq(
	    heard_by(world, send_to(world, 2, MOVER, 0)), MASK(HUB));
	scenario_end(world);
}
END_TEST

START_TEST(what_is_silent_for_300_seconds_is_forgotten)
{
	struct world *world = star();
	struct instant said = world->now;

	announce(world, MOVER);
	scenario_run(world, 299 * SIM_S - (world->now.ns - said.ns));
	ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], MOVER, 0), 1);
	ck_assert_uint_eq(
	    heard_by(world, send_to(world, HUB, MOVER, 0)), MASK(1));
	/* only what it says itself keeps it there */
	scenario_run(world, 2 * SIM_S);
	ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], MOVER, 0), SIM_HOSTS);
	ck_assert_uint_eq(
	    heard_by(world, send_to(world, HUB, MOVER, 0)), MASK(1) | MASK(2));
	for (int i = 0; i < 4; i++) {
		announce(world, MOVER);
		scenario_run(world, 200 * SIM_S);
		ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], MOVER, 0), 1);
	}
	scenario_run(world, 301 * SIM_S);
	/* the device's own */
	ck_assert_uint_eq(lan_entries(&world->hosts[HUB]), 1);
	scenario_end(world);
}
END_TEST

START_TEST(vlans_are_learned_apart)
{
	struct world *world = star();
	struct inner_wish wish = lan_direct(world, 1, 1);
	size_t number;

	wish.source = MOVER;
	wish.destination = FRAME_BROADCAST;
	wish.tags = 2; /* stacked: the outer one counts */
	wish.vlan = 10;
	number = host_send_inner(&world->hosts[1], &wish);
	scenario_run(world, 200 * SIM_MS);
	ck_assert_uint_eq(heard_by(world, number), MASK(0) | MASK(2));
	ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], MOVER, 10), 1);
	ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], MOVER, 11), SIM_HOSTS);
	ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], MOVER, 0), SIM_HOSTS);
	ck_assert_uint_eq(
	    heard_by(world, send_to(world, HUB, MOVER, 10)), MASK(1));
	ck_assert_uint_eq(
	    heard_by(world, send_to(world, HUB, MOVER, 0)), MASK(1) | MASK(2));
	scenario_end(world);
}
END_TEST

START_TEST(a_flapping_station_has_its_port_held_for_ten_seconds)
{
	struct world *world = star();
	size_t held, other;

	/* to the hub alone, so that the others see no loop */
	announce(world, HUB);
	for (size_t i = 0; !lan_held(&world->hosts[HUB]); i++) {
		struct inner_wish wish = lan_direct(world, 1 + i % 2, HUB);

		ck_assert_uint_le(i, 6); /* it came, and moved 6 times */
		wish.source = MOVER;
		host_send_inner(&world->hosts[1 + i % 2], &wish);
		scenario_run(world, 200 * SIM_MS);
	}
	ck_assert_uint_eq(lan_held(&world->hosts[HUB]), 1);
	held = lan_holds(&world->hosts[HUB], 1) ? 1 : 2;
	other = 3 - held;
	ck_assert_uint_eq(lan_holds(&world->hosts[HUB], other), 0);
	/* nothing of it and nothing for it; all else goes on */
	ck_assert_uint_eq(heard_by(world, announce(world, (uint8_t)held)), 0);
	ck_assert_uint_eq(
	    heard_by(world, announce(world, (uint8_t)other)), MASK(HUB));
	ck_assert_uint_eq(heard_by(world, announce(world, HUB)), MASK(other));
	ck_assert_uint_eq(
	    heard_by(world, send_to(world, HUB, (uint8_t)other, 0)),
	    MASK(other));
	scenario_run(world, 10 * SIM_S);
	ck_assert_uint_eq(lan_held(&world->hosts[HUB]), 0);
	ck_assert_uint_eq(heard_by(world, announce(world, (uint8_t)held)),
	    MASK(HUB) | MASK(other));
	scenario_end(world);
}
END_TEST

START_TEST(a_peer_has_no_more_addresses_than_the_limit)
{
	struct world *world = world_new(&(struct world_setup){
	    .seed = 1, .hosts = 3, .is_tap = true, .is_star = true});

	world->hosts[HUB].plan.macs_per_peer = 1;
	for (size_t i = 0; i < 3; i++)
		host_start(&world->hosts[i], false);
	scenario_run(world, 2 * SIM_S);
	announce(world, 1);
	announce(world, MOVER);
	ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], 1, 0), 1);
	ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], MOVER, 0), SIM_HOSTS);
	announce(world, 2);
	ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], 2, 0), 2);
	ck_assert_uint_eq(lan_entries(&world->hosts[HUB]), 3);
	scenario_end(world);
}
END_TEST

START_TEST(a_restarted_peer_is_heard_and_reached_again)
{
	struct world *world = star();

	announce(world, 1);
	announce(world, 2);
	host_stop(&world->hosts[2], _i);
	scenario_run(world, SIM_S);
	host_start(&world->hosts[2], true);
	scenario_run(world, 2 * SIM_S);
	/* the hub has not forgotten where it is */
	ck_assert_uint_eq(heard_by(world, send_to(world, 1, 2, 0)), MASK(2));
	/* but it knows nothing itself */
	ck_assert_uint_eq(lan_entries(&world->hosts[2]), 2);
	ck_assert_uint_eq(heard_by(world, send_to(world, 2, 1, 0)), MASK(1));
	scenario_end(world);
}
END_TEST

START_TEST(a_restarted_hub_learns_anew)
{
	struct world *world = star();

	announce(world, 1);
	announce(world, 2);
	host_stop(&world->hosts[HUB], false);
	host_start(&world->hosts[HUB], true);
	scenario_run(world, 2 * SIM_S);
	ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], 2, 0), SIM_HOSTS);
	ck_assert_uint_eq(
	    heard_by(world, send_to(world, 1, 2, 0)), MASK(HUB) | MASK(2));
	ck_assert_uint_eq(heard_by(world, send_to(world, 2, 1, 0)), MASK(1));
	scenario_end(world);
}
END_TEST

START_TEST(a_removed_peer_takes_its_entries_along)
{
	struct world *world = star();

	announce(world, MOVER);
	announce(world, 2);
	world->hosts[HUB].plan.peers[1].is_present = false;
	host_reload(&world->hosts[HUB]);
	ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], MOVER, 0), SIM_HOSTS);
	ck_assert_uint_eq(lan_lookup(&world->hosts[HUB], 2, 0), 2);
	ck_assert_uint_eq(
	    heard_by(world, send_to(world, 2, MOVER, 0)), MASK(HUB));
	scenario_end(world);
}
END_TEST

/* Both ways through the hub, and to the hub, while sessions are renewed. */
START_TEST(rekeys_under_traffic_lose_no_frame)
{
	struct world *world = star();
	struct instant since = world->now;

	for (uint8_t i = 0; i < 3; i++)
		announce(world, i);
	for (int i = 0; i < 2000; i++) {
		unsigned to = i % 2 ? 1 : 2;

		ck_assert_uint_eq(
		    heard_by(world, send_to(world, 3 - to, (uint8_t)to, 0)),
		    MASK(to));
	}
	ck_assert_uint_ge(
	    scenario_sent(world, TAP_ANY, WIRE_INITIATION, since), 6);
	scenario_end(world);
}
END_TEST

START_TEST(a_tap_and_a_tun_refuse_each_other_until_one_changes)
{
	struct world *world = tap_and_tun(CONFIG_EXTENSION_AUTO);
	struct tunnel_peer_status a, b;
	struct inner_wish wish;

	host_start(&world->hosts[0], false);
	host_start(&world->hosts[1], false);
	for (int i = 0; i < 300; i++) {
		announce(world, 0);
		wish = lan_direct(world, 1, 0);
		host_send_inner(&world->hosts[1], &wish);
		scenario_run(world, SIM_S);
	}
	a = host_peer_status(&world->hosts[0], 1);
	b = host_peer_status(&world->hosts[1], 0);
	ck_assert_uint_eq(world->book.delivered, 0);
	ck_assert(a.is_refused && b.is_refused);
	ck_assert_int_eq(a.peer_link, WIRE_LINK_IP);
	ck_assert_int_eq(b.peer_link, WIRE_LINK_ETHERNET);
	ck_assert_uint_eq(a.staged_packets + b.staged_packets, 0);
	host_stop(&world->hosts[1], true);
	world->hosts[1].plan.is_tap = true;
	world->hosts[1].plan.mtu = CONFIG_MTU_DEFAULT_TAP;
	host_start(&world->hosts[1], false);
	scenario_run(world, 2 * SIM_S);
	ck_assert_uint_eq(heard_by(world, announce(world, 0)), MASK(1));
	ck_assert_uint_eq(heard_by(world, announce(world, 1)), MASK(0));
	scenario_end(world);
}
END_TEST

START_TEST(a_plain_peer_gets_no_frame)
{
	struct world *world = tap_and_tun(CONFIG_EXTENSION_OFF);
	struct tunnel_peer_status status;

	host_start(&world->hosts[1], false);
	host_start(&world->hosts[0], false);
	for (int i = 0; i < 30; i++) {
		announce(world, 0);
		scenario_run(world, SIM_S);
	}
	status = host_peer_status(&world->hosts[0], 1);
	ck_assert(status.has_session && status.is_plain && status.is_refused);
	ck_assert_uint_eq(
	    passed(world, TAP_ANY, TAP_ANY, (struct instant){0}), 0);
	scenario_end(world);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("sim l2");
	TCase *tc = tcase_create("l2");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
	    tc, a_broadcast_reaches_all_once_and_not_its_sender, 0, 2);
	tcase_add_test(tc, a_known_destination_gets_it_alone);
	tcase_add_test(tc, without_a_hub_nobody_passes_on_what_is_unknown);
	tcase_add_test(tc, a_station_is_found_where_it_moved_to);
	tcase_add_test(tc, what_is_silent_for_300_seconds_is_forgotten);
	tcase_add_test(tc, vlans_are_learned_apart);
	tcase_add_test(
	    tc, a_flapping_station_has_its_port_held_for_ten_seconds);
	tcase_add_test(tc, a_peer_has_no_more_addresses_than_the_limit);
	tcase_add_loop_test(
	    tc, a_restarted_peer_is_heard_and_reached_again, 0, 2);
	tcase_add_test(tc, a_restarted_hub_learns_anew);
	tcase_add_test(tc, a_removed_peer_takes_its_entries_along);
	tcase_add_test(tc, rekeys_under_traffic_lose_no_frame);
	tcase_add_test(tc, a_tap_and_a_tun_refuse_each_other_until_one_changes);
	tcase_add_test(tc, a_plain_peer_gets_no_frame);
	suite_add_tcase(suite, tc);
	return suite;
}
