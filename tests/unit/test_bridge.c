/* SPDX-License-Identifier: ISC */
/* The switch: ports, decisions, reasons, guards. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "frame.h"
#include "header.h"
#include "net/bridge.h"
#include "packet/ethernet.h"

#define LIMITS                                                                 \
	{                                                                      \
		.is_hub = true, .ageing_ns = 300 * NS_PER_S, .macs_max = 4096, \
		.macs_per_port = 256                                           \
	}
#define HOST_MAC  0x0200000000ff
#define PEERS	  3
#define BROADCAST 0xffffffffffff
#define BPDU	  0x0180c2000000
#define PAUSE	  0x0180c2000001

static const uint8_t secret[16] = {7};

/* A switch with PEERS peers, a clock, and what came of the last frame. */
struct room {
	struct bridge_limits limits;
	struct bridge *bridge;
	struct bridge_port *host, *peers[PEERS];
	struct instant now;
	struct bridge_decision decision;
};

static struct mac mac_of(uint64_t number)
{
	struct mac mac;

	for (size_t i = 0; i < MAC_BYTES; i++)
		mac.bytes[i] = (uint8_t)(number >> (40 - 8 * i));
	return mac;
}

static struct room room_start(const struct bridge_limits *limits)
{
	static const char *const names[PEERS] = {"one", "two", "three"};
	struct room room = {.limits = *limits, .now = {NS_PER_S}};
	struct mac host = mac_of(HOST_MAC);

	ck_assert_int_eq(bridge_new(&room.bridge, limits, secret), 0);
	bridge_set_host_mac(room.bridge, &host);
	room.host = bridge_host(room.bridge);
	for (size_t i = 0; i < PEERS; i++) {
		struct bridge_port_setup setup = {.name = names[i]};

		ck_assert_int_eq(bridge_port_add(room.bridge, &room.peers[i],
				     &setup, room.now),
		    0);
	}
	return room;
}

static struct room room_default(void)
{
	struct bridge_limits limits = LIMITS;

	return room_start(&limits);
}

static void room_end(struct room *room)
{
	bridge_free(room->bridge);
}

static struct packet frame_of(uint64_t from, uint64_t to, uint16_t vlan)
{
	return (struct packet){.source_mac = mac_of(from),
	    .destination_mac = mac_of(to),
	    .vlan = vlan,
	    .segments = 1};
}

static enum drop send_vlan(struct room *room, struct bridge_port *port,
    uint64_t from, uint64_t to, uint16_t vlan)
{
	struct packet pkt = frame_of(from, to, vlan);

	bridge_ingress(room->bridge, port, &pkt, room->now, &room->decision);
	return room->decision.drop;
}

static enum drop send(
    struct room *room, struct bridge_port *port, uint64_t from, uint64_t to)
{
	return send_vlan(room, port, from, to, 0);
}

static enum drop egress(struct room *room, struct bridge_port *from,
    struct bridge_port *to, const struct packet *pkt)
{
	return bridge_egress(room->bridge, from, to, pkt, room->now);
}

static uint32_t macs_of(const struct room *room)
{
	struct bridge_status status;

	bridge_status(room->bridge, room->now, &status);
	return status.macs;
}

START_TEST(bridge_floods_what_it_does_not_know_and_learns)
{
	struct room room = room_default();

	ck_assert_int_eq(send(&room, room.peers[0], 2, 4), DROP_NONE);
	ck_assert_ptr_null(room.decision.to);
	ck_assert_int_eq(send(&room, room.peers[1], 4, 2), DROP_NONE);
	ck_assert_ptr_eq(room.decision.to, room.peers[0]);
	ck_assert_int_eq(send(&room, room.host, 6, 4), DROP_NONE);
	ck_assert_ptr_eq(room.decision.to, room.peers[1]);
	ck_assert_int_eq(send(&room, room.peers[0], 2, HOST_MAC), DROP_NONE);
	ck_assert_ptr_eq(room.decision.to, room.host);
	ck_assert_int_eq(send(&room, room.peers[0], 2, BROADCAST), DROP_NONE);
	ck_assert_ptr_null(room.decision.to);
	room_end(&room);
}
END_TEST

START_TEST(bridge_refuses_a_source_that_is_none)
{
	struct room room = room_default();

	ck_assert_int_eq(
	    send(&room, room.peers[0], 0, 4), DROP_MAC_INVALID_SOURCE);
	ck_assert_int_eq(
	    send(&room, room.peers[0], BROADCAST, 4), DROP_MAC_INVALID_SOURCE);
	ck_assert_int_eq(send(&room, room.host, 0x010000000002, BPDU),
	    DROP_MAC_INVALID_SOURCE);
	ck_assert_uint_eq(macs_of(&room), 1);
	room_end(&room);
}
END_TEST

START_TEST(bridge_refuses_link_local_frames_and_learns_nothing_of_them)
{
	struct room room = room_default();

	bridge_port_hold(room.peers[0], instant_after(room.now, NS_PER_S));
	ck_assert_int_eq(send(&room, room.peers[0], 2, BPDU), DROP_VPN_BPDU);
	ck_assert_int_eq(
	    send(&room, room.peers[0], 2, PAUSE), DROP_MAC_IEEE_MAC_CONTROL);
	ck_assert_int_eq(send(&room, room.host, 4, BPDU + 15), DROP_VPN_BPDU);
	ck_assert_int_eq(send(&room, room.host, 4, BPDU + 16), DROP_NONE);
	ck_assert_uint_eq(macs_of(&room), 2);
	room_end(&room);
}
END_TEST

START_TEST(bridge_passes_link_local_frames_as_configured)
{
	struct bridge_limits limits = LIMITS;
	struct room room;

	limits.pass_bpdu = true;
	room = room_start(&limits);
	ck_assert_int_eq(send(&room, room.peers[0], 2, BPDU), DROP_NONE);
	ck_assert_ptr_null(room.decision.to);
	ck_assert_int_eq(
	    send(&room, room.peers[0], 2, PAUSE), DROP_MAC_IEEE_MAC_CONTROL);
	room.limits.pass_bpdu = false;
	room.limits.pass_pause = true;
	ck_assert_int_eq(bridge_set_limits(room.bridge, &room.limits), 0);
	ck_assert_int_eq(send(&room, room.peers[0], 2, BPDU), DROP_VPN_BPDU);
	ck_assert_int_eq(send(&room, room.peers[0], 2, PAUSE), DROP_NONE);
	ck_assert_ptr_null(room.decision.to);
	room_end(&room);
}
END_TEST

START_TEST(bridge_sends_nothing_back_where_it_came_from)
{
	struct room room = room_default();

	send(&room, room.peers[0], 2, 4);
	ck_assert_int_eq(
	    send(&room, room.peers[0], 6, 2), DROP_VPN_SPLIT_HORIZON);
	send(&room, room.host, 8, 4);
	ck_assert_int_eq(send(&room, room.host, 10, 8), DROP_VPN_SPLIT_HORIZON);
	room_end(&room);
}
END_TEST

START_TEST(bridge_without_hub_joins_peers_with_the_host_only)
{
	struct bridge_limits limits = LIMITS;
	struct room room;
	struct packet pkt = frame_of(2, BROADCAST, 0);

	limits.is_hub = false;
	room = room_start(&limits);
	send(&room, room.peers[0], 2, BROADCAST);
	ck_assert_int_eq(egress(&room, room.peers[0], room.peers[1], &pkt),
	    DROP_VPN_ISOLATED);
	ck_assert_int_eq(
	    egress(&room, room.peers[0], room.host, &pkt), DROP_NONE);
	ck_assert_int_eq(
	    egress(&room, room.host, room.peers[1], &pkt), DROP_NONE);
	ck_assert_int_eq(send(&room, room.peers[1], 4, 2), DROP_VPN_ISOLATED);
	ck_assert_int_eq(send(&room, room.host, 6, 2), DROP_NONE);
	room_end(&room);
}
END_TEST

START_TEST(bridge_flood_leaves_by_all_ports_but_one)
{
	struct room room = room_default();
	struct packet pkt = frame_of(2, BROADCAST, 0);
	struct bridge_port *port = NULL;
	size_t count = 0, out = 0;

	while ((port = bridge_next_port(room.bridge, port))) {
		count++;
		out += !egress(&room, room.peers[1], port, &pkt);
	}
	ck_assert_uint_eq(count, PEERS + 1);
	ck_assert_uint_eq(out, PEERS);
	bridge_port_hold(room.peers[2], instant_after(room.now, 1));
	ck_assert_int_eq(egress(&room, room.peers[1], room.peers[2], &pkt),
	    DROP_BRIDGE_INGRESS_STP_STATE);
	room_end(&room);
}
END_TEST

START_TEST(bridge_keeps_vlans_of_a_port)
{
	struct room room = room_default();
	struct vlan_set vlans = {{0}};
	struct bridge_port_setup setup = {.name = "one", .vlans = &vlans};
	struct packet pkt = frame_of(2, 4, 20);

	vlan_set_add(&vlans, 10);
	send(&room, room.peers[0], 2, 4);
	ck_assert_int_eq(
	    bridge_port_change(room.bridge, room.peers[0], &setup), 0);
	ck_assert_uint_eq(macs_of(&room), 1);
	ck_assert_int_eq(send_vlan(&room, room.peers[0], 2, 4, 10), DROP_NONE);
	ck_assert_int_eq(
	    send_vlan(&room, room.peers[0], 2, 4, 0), DROP_VPN_VLAN);
	ck_assert_int_eq(
	    send_vlan(&room, room.peers[0], 2, 4, 20), DROP_VPN_VLAN);
	ck_assert_int_eq(
	    egress(&room, room.peers[1], room.peers[0], &pkt), DROP_VPN_VLAN);
	ck_assert_int_eq(send_vlan(&room, room.peers[1], 4, 2, 10), DROP_NONE);
	ck_assert_ptr_eq(room.decision.to, room.peers[0]);
	ck_assert_int_eq(send_vlan(&room, room.host, 6, 2, 20), DROP_NONE);
	ck_assert_ptr_null(room.decision.to);
	room_end(&room);
}
END_TEST

START_TEST(bridge_locks_a_port_with_static_addresses)
{
	struct room room = room_default();
	const struct mac macs[] = {mac_of(2), mac_of(4)};
	struct bridge_port_setup setup = {
	    .name = "one", .macs = macs, .macs_count = 2};

	ck_assert_int_eq(
	    bridge_port_change(room.bridge, room.peers[0], &setup), 0);
	ck_assert_int_eq(
	    send(&room, room.peers[0], 2, 4), DROP_VPN_SPLIT_HORIZON);
	ck_assert_int_eq(send(&room, room.peers[0], 4, 8), DROP_NONE);
	ck_assert_int_eq(send(&room, room.peers[0], 6, 8), DROP_VPN_MAC_LOCKED);
	ck_assert_int_eq(
	    send(&room, room.peers[0], HOST_MAC, 8), DROP_VPN_MAC_LOCKED);
	ck_assert_int_eq(send(&room, room.peers[1], 2, 8), DROP_VPN_MAC_MOVE);
	ck_assert_int_eq(send(&room, room.host, 2, 8), DROP_VPN_MAC_MOVE);
	ck_assert_int_eq(send_vlan(&room, room.host, 8, 2, 7), DROP_NONE);
	ck_assert_ptr_eq(room.decision.to, room.peers[0]);
	room_end(&room);
}
END_TEST

START_TEST(bridge_refuses_static_addresses_that_another_port_has)
{
	struct room room = room_default();
	const struct mac macs[] = {mac_of(2), mac_of(HOST_MAC)};
	struct bridge_port_setup setup = {
	    .name = "one", .macs = macs, .macs_count = 1};
	struct bridge_port *port = NULL;

	ck_assert_int_eq(
	    bridge_port_change(room.bridge, room.peers[0], &setup), 0);
	ck_assert_int_eq(
	    bridge_port_add(room.bridge, &port, &setup, room.now), -EEXIST);
	ck_assert_ptr_null(port);
	setup.macs_count = 2;
	ck_assert_int_eq(
	    bridge_port_change(room.bridge, room.peers[0], &setup), -EEXIST);
	ck_assert_uint_eq(macs_of(&room), 2);
	/* the device is who has its address, whatever was configured */
	bridge_set_host_mac(room.bridge, &macs[0]);
	bridge_set_host_mac(room.bridge, &macs[0]);
	ck_assert_uint_eq(macs_of(&room), 1);
	ck_assert_int_eq(send(&room, room.peers[0], 2, 8), DROP_VPN_MAC_LOCKED);
	bridge_port_remove(room.bridge, room.peers[0]);
	ck_assert_uint_eq(macs_of(&room), 1);
	room_end(&room);
}
END_TEST

START_TEST(bridge_keeps_room_for_the_address_of_the_host)
{
	struct bridge_limits limits = LIMITS;
	const struct mac macs[] = {mac_of(2), mac_of(4), mac_of(2)};
	struct bridge_port_setup setup = {
	    .name = "one", .macs = macs, .macs_count = 3};
	struct room room;

	limits.macs_max = 2;
	room = room_start(&limits);
	ck_assert_int_eq(
	    bridge_port_change(room.bridge, room.peers[0], &setup), -ENOSPC);
	ck_assert_uint_eq(macs_of(&room), 1);
	room.limits.macs_max = 3;
	ck_assert_int_eq(bridge_set_limits(room.bridge, &room.limits), 0);
	ck_assert_int_eq(
	    bridge_port_change(room.bridge, room.peers[0], &setup), 0);
	ck_assert_int_eq(bridge_set_limits(room.bridge, &limits), -ENOSPC);
	ck_assert_int_eq(send(&room, room.host, 8, 4), DROP_NONE);
	ck_assert_uint_eq(macs_of(&room), 3);
	room_end(&room);
	limits.macs_max = 0;
	room = room_start(&limits);
	ck_assert_uint_eq(macs_of(&room), 1);
	ck_assert_int_eq(send(&room, room.peers[0], 2, 4), DROP_VPN_MAC_QUOTA);
	room_end(&room);
}
END_TEST

START_TEST(bridge_takes_256_addresses_of_a_peer_and_4096_in_all)
{
	struct room room = room_default();
	uint64_t number = 1 << 20;

	for (int i = 0; i < 256; i++, number += 2)
		ck_assert_int_eq(
		    send(&room, room.peers[0], number, BROADCAST), DROP_NONE);
	ck_assert_int_eq(
	    send(&room, room.peers[0], number, BROADCAST), DROP_VPN_MAC_QUOTA);
	ck_assert_int_eq(
	    send(&room, room.peers[0], 1 << 20, BROADCAST), DROP_NONE);
	ck_assert_int_eq(
	    send(&room, room.peers[1], number, BROADCAST), DROP_NONE);
	/* one moves to a peer that has its share */
	ck_assert_int_eq(
	    send(&room, room.peers[0], number, BROADCAST), DROP_VPN_MAC_QUOTA);
	for (number += 2; macs_of(&room) < 4096; number += 2)
		ck_assert_int_eq(
		    send(&room, room.host, number, BROADCAST), DROP_NONE);
	ck_assert_int_eq(send(&room, room.host, number, BROADCAST), DROP_NONE);
	ck_assert_int_eq(
	    send(&room, room.peers[1], number, BROADCAST), DROP_VPN_MAC_QUOTA);
	ck_assert_uint_eq(macs_of(&room), 4096);
	room.now.ns += 300 * NS_PER_S;
	ck_assert_int_eq(
	    send(&room, room.peers[0], number, BROADCAST), DROP_NONE);
	ck_assert_uint_eq(macs_of(&room), 2);
	room_end(&room);
}
END_TEST

START_TEST(bridge_keeps_room_for_peers_from_the_host)
{
	struct room room = room_default();

	room.limits.macs_max = 100;
	room.limits.macs_per_port = 30;
	ck_assert_int_eq(bridge_set_limits(room.bridge, &room.limits), 0);
	for (uint64_t i = 0; i < 200; i++) {
		send(&room, room.host, 1000 + 2 * i, BROADCAST);
		ck_assert_int_eq(room.decision.drop, DROP_NONE);
	}
	ck_assert_uint_eq(macs_of(&room), 71); /* with the device's own */
	for (uint64_t i = 0; i < 29; i++) {
		send(&room, room.peers[0], 5000 + 2 * i, 2);
		ck_assert_int_eq(room.decision.drop, DROP_NONE);
	}
	ck_assert_uint_eq(macs_of(&room), 100);
	room_end(&room);
}
END_TEST

START_TEST(bridge_forgets_the_oldest_beyond_a_smaller_limit)
{
	struct room room = room_default();
	struct bridge_port_status status;

	for (uint64_t i = 0; i < 100; i++)
		send(&room, room.peers[i % 2], 1000 + 2 * i, BROADCAST);
	room.limits.macs_per_port = 10;
	ck_assert_int_eq(bridge_set_limits(room.bridge, &room.limits), 0);
	bridge_port_status(room.peers[0], room.now, &status);
	ck_assert_uint_eq(status.macs, 10);
	ck_assert_uint_eq(macs_of(&room), 21);
	send(&room, room.host, 2, 1000 + 2 * 80);
	ck_assert_ptr_eq(room.decision.to, room.peers[0]);
	send(&room, room.host, 2, 1000 + 2 * 79);
	ck_assert_ptr_null(room.decision.to);
	room.limits.macs_max = 5;
	ck_assert_int_eq(bridge_set_limits(room.bridge, &room.limits), 0);
	ck_assert_uint_eq(macs_of(&room), 5);
	room_end(&room);
}
END_TEST

START_TEST(bridge_limits_what_a_peer_floods)
{
	static const uint64_t kinds[] = {BROADCAST, 0x333300000001, 4};
	struct bridge_limits limits = LIMITS;
	struct room room;

	for (int kind = 0; kind < BRIDGE_STORMS; kind++)
		limits.storm[kind] = 1000;
	room = room_start(&limits);
	for (int kind = 0; kind < BRIDGE_STORMS; kind++) {
		for (int i = 0; i < 250; i++)
			ck_assert_int_eq(
			    send(&room, room.peers[0], 2, kinds[kind]),
			    DROP_NONE);
		ck_assert_int_eq(
		    send(&room, room.peers[0], 2, kinds[kind]), DROP_VPN_STORM);
		ck_assert_int_eq(
		    send(&room, room.peers[1], 6, kinds[kind]), DROP_NONE);
	}
	/* what is known, and what the host sends, is no flood */
	ck_assert_int_eq(send(&room, room.peers[0], 2, 6), DROP_NONE);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(
		    send(&room, room.host, 8, BROADCAST), DROP_NONE);
	room.now.ns += NS_PER_S / 1000;
	ck_assert_int_eq(send(&room, room.peers[0], 2, BROADCAST), DROP_NONE);
	ck_assert_int_eq(
	    send(&room, room.peers[0], 2, BROADCAST), DROP_VPN_STORM);
	room_end(&room);
}
END_TEST

START_TEST(bridge_counts_a_super_packet_by_its_segments)
{
	struct bridge_limits limits = LIMITS;
	struct packet pkt = frame_of(2, BROADCAST, 0);
	struct room room;
	uint64_t passed = 0;

	limits.storm[BRIDGE_BROADCAST] = 20;
	room = room_start(&limits);
	pkt.segments = 44; /* more than the bucket ever holds */
	for (int i = 0; i < 10000; i++) {
		room.now.ns += NS_PER_S / 100;
		bridge_ingress(
		    room.bridge, room.peers[0], &pkt, room.now, &room.decision);
		passed += room.decision.drop ? 0 : pkt.segments;
	}
	/* in 100 s */
	ck_assert_uint_ge(passed, 2000 - 44);
	ck_assert_uint_le(passed, 2000 + 2 * 44);
	room_end(&room);
}
END_TEST

/* An address that goes to and fro; how often until something is dropped. */
static int moves_until_drop(struct room *room, struct bridge_port *a,
    struct bridge_port *b, int64_t step_ns, int most)
{
	int moves = 0;

	send(room, a, 2, BROADCAST);
	while (moves < most && !send(room, moves % 2 ? a : b, 2, BROADCAST)) {
		moves++;
		room->now.ns += step_ns;
	}
	return moves;
}

START_TEST(loop_guard_holds_at_the_sixth_move)
{
	struct room room = room_default();
	struct bridge_alarm alarm;
	struct bridge_port_status status;

	ck_assert_int_eq(
	    moves_until_drop(&room, room.peers[0], room.peers[1], NS_PER_S, 20),
	    6);
	ck_assert_int_eq(room.decision.drop, DROP_BRIDGE_INGRESS_STP_STATE);
	room.now.ns -= NS_PER_S;
	bridge_port_status(room.peers[1], room.now, &status);
	ck_assert_uint_eq(status.holds, 1);
	ck_assert_int_eq(status.held_until.ns, room.now.ns + BRIDGE_HOLD_NS);
	ck_assert_uint_eq(status.macs, 0);
	ck_assert(bridge_take_alarm(room.bridge, &alarm));
	ck_assert_str_eq(alarm.held, "two");
	ck_assert_str_eq(alarm.other, "one");
	ck_assert_uint_eq(alarm.mac.bytes[5], 2);
	ck_assert(!bridge_take_alarm(room.bridge, &alarm));
	ck_assert_int_eq(send(&room, room.peers[0], 2, 8), DROP_NONE);
	room.now.ns += BRIDGE_HOLD_NS - 1;
	ck_assert_int_eq(
	    send(&room, room.peers[1], 6, 8), DROP_BRIDGE_INGRESS_STP_STATE);
	room.now.ns++;
	ck_assert_int_eq(send(&room, room.peers[1], 6, 8), DROP_NONE);
	bridge_port_status(room.peers[1], room.now, &status);
	ck_assert(instant_is_never(status.held_until));
	room_end(&room);
}
END_TEST

START_TEST(loop_guard_lets_five_moves_and_slow_ones_pass)
{
	struct room room = room_default();

	ck_assert_int_eq(
	    moves_until_drop(&room, room.peers[0], room.peers[1], NS_PER_S, 5),
	    5);
	room_end(&room);
	room = room_default();
	ck_assert_int_eq(moves_until_drop(&room, room.peers[0], room.host,
			     BRIDGE_MOVES_NS / 5, 1000),
	    1000);
	room_end(&room);
}
END_TEST

START_TEST(loop_guard_holds_the_peer_of_a_host_and_a_peer)
{
	struct room room = room_default();
	struct bridge_alarm alarm;

	/* the sixth move is one from the peer to the host */
	ck_assert_int_eq(
	    moves_until_drop(&room, room.host, room.peers[2], 0, 6), 6);
	ck_assert_int_eq(
	    send(&room, room.peers[2], 2, 8), DROP_BRIDGE_INGRESS_STP_STATE);
	ck_assert(bridge_take_alarm(room.bridge, &alarm));
	ck_assert_str_eq(alarm.held, "three");
	ck_assert_str_eq(alarm.other, "this host");
	send(&room, room.peers[0], 4, 2);
	ck_assert_ptr_eq(room.decision.to, room.host);
	bridge_flush(room.bridge, NULL);
	/* and now the other way */
	ck_assert_int_eq(
	    moves_until_drop(&room, room.peers[2], room.host, 0, 19), 11);
	ck_assert(bridge_take_alarm(room.bridge, &alarm));
	ck_assert_str_eq(alarm.held, "three");
	room_end(&room);
}
END_TEST

/* Two and three lead to the same network; the frames that go round there are
 * one's, and its next ones count as moves, too. */
START_TEST(loop_guard_never_holds_whose_address_it_is)
{
	for (int turn = 2; turn <= 12; turn++) {
		struct room room = room_default();
		struct bridge_alarm alarm;

		send(&room, room.peers[0], 2, BROADCAST);
		for (int i = 1; !bridge_take_alarm(room.bridge, &alarm); i++) {
			ck_assert_int_lt(i, 12);
			send(&room, room.peers[i % turn ? 1 + i % 2 : 0], 2,
			    BROADCAST);
		}
		ck_assert_str_ne(alarm.held, "one");
		ck_assert_int_eq(send(&room, room.peers[0], 2, 8), DROP_NONE);
		room_end(&room);
	}
}
END_TEST

/* The host and two lead to the same network, and frames of one go round. */
START_TEST(loop_guard_holds_no_home_for_the_host)
{
	for (int turn = 2; turn <= 12; turn++) {
		struct room room = room_default();
		struct bridge_port *ring[] = {room.host, room.peers[1]};
		struct bridge_alarm alarm;

		send(&room, room.peers[0], 2, BROADCAST);
		for (int i = 1; !bridge_take_alarm(room.bridge, &alarm); i++) {
			ck_assert_int_lt(i, 16);
			send(&room, i % turn ? ring[i % 2] : room.peers[0], 2,
			    BROADCAST);
		}
		ck_assert_str_eq(alarm.held, "two");
		room_end(&room);
	}
}
END_TEST

START_TEST(loop_guard_takes_home_what_moved)
{
	struct room room = room_default();
	struct bridge_alarm alarm;

	/* long ago; it stays where it moved to */
	send(&room, room.peers[0], 6, BROADCAST);
	send(&room, room.peers[2], 6, BROADCAST);
	room.now.ns += BRIDGE_MOVES_NS;
	send(&room, room.peers[0], 4, BROADCAST);
	send(&room, room.host, 4, BROADCAST);
	for (int i = 0; i < 7; i++)
		send(&room, room.peers[1 + i % 2], 2, BROADCAST);
	ck_assert(bridge_take_alarm(room.bridge, &alarm));
	ck_assert_str_eq(alarm.held, "three");
	send(&room, room.peers[1], 8, 4);
	ck_assert_ptr_eq(room.decision.to, room.peers[0]);
	send(&room, room.peers[0], 10, 2);
	ck_assert_ptr_eq(room.decision.to, room.peers[1]);
	send(&room, room.peers[0], 10, 6);
	ck_assert_int_eq(room.decision.drop, DROP_NONE);
	ck_assert_ptr_null(room.decision.to);
	room_end(&room);
}
END_TEST

/* Two sends from an address of one, at any pace: it is the last one when a
 * window ends, and answers each frame of one with its own. */
START_TEST(loop_guard_holds_the_thief_of_an_address)
{
	static const int64_t paces_ns[] = {NS_PER_MS, NS_PER_S,
	    BRIDGE_MOVES_NS - 1, BRIDGE_MOVES_NS, 3 * BRIDGE_MOVES_NS};
	struct room room = room_default();
	struct bridge_alarm alarm;

	send(&room, room.peers[0], 2, BROADCAST);
	for (int i = 0; i < 3; i++) {
		send(&room, room.peers[1], 2, BROADCAST);
		room.now.ns += paces_ns[_i];
		send(&room, room.peers[0], 2, BROADCAST);
		send(&room, room.peers[1], 2, BROADCAST);
		room.now.ns += BRIDGE_MOVES_NS;
	}
	while (!bridge_take_alarm(room.bridge, &alarm)) {
		ck_assert(!send(&room, room.peers[0], 2, BROADCAST));
		send(&room, room.peers[1], 2, BROADCAST);
	}
	ck_assert_str_eq(alarm.held, "two");
	room_end(&room);
}
END_TEST

/* A host that went from one to two long ago is at home there. */
START_TEST(loop_guard_lets_a_home_move)
{
	struct bridge_limits limits = LIMITS;
	struct room room = room_start(&limits);
	struct bridge_alarm alarm;

	send(&room, room.peers[0], 2, BROADCAST);
	for (int i = 0; i < 11; i++) {
		send(&room, room.peers[1], 2, BROADCAST);
		room.now.ns += limits.ageing_ns / 10;
	}
	while (!bridge_take_alarm(room.bridge, &alarm)) {
		send(&room, room.peers[0], 2, BROADCAST);
		send(&room, room.peers[1], 2, BROADCAST);
	}
	ck_assert_str_eq(alarm.held, "one");
	room_end(&room);
}
END_TEST

/* Where its home was is another one's now. */
START_TEST(loop_guard_does_not_take_a_new_port_for_a_home)
{
	struct room room = room_default();
	struct bridge_port_setup setup = {.name = "new"};
	struct bridge_alarm alarm;
	struct bridge_port *added;

	send(&room, room.peers[0], 2, BROADCAST);
	send(&room, room.peers[1], 2, BROADCAST);
	bridge_port_remove(room.bridge, room.peers[0]);
	ck_assert(!bridge_port_add(room.bridge, &added, &setup, room.now));
	for (int i = 0; i < 5; i++)
		send(&room, i % 2 ? room.peers[1] : added, 2, BROADCAST);
	ck_assert(bridge_take_alarm(room.bridge, &alarm));
	ck_assert_str_eq(alarm.held, "new");
	room_end(&room);
}
END_TEST

START_TEST(loop_guard_counts_the_own_address_of_a_bridge)
{
	struct room room = room_default();
	struct bridge_alarm alarm;

	send(&room, room.host, 2, BROADCAST);
	for (int i = 0; i < 6; i++) {
		ck_assert(!bridge_take_alarm(room.bridge, &alarm));
		ck_assert_int_eq(
		    send_vlan(&room, room.peers[1], HOST_MAC, BROADCAST, 9),
		    DROP_VPN_MAC_MOVE);
	}
	ck_assert_int_eq(send(&room, room.peers[1], HOST_MAC, BROADCAST),
	    DROP_BRIDGE_INGRESS_STP_STATE);
	ck_assert(bridge_take_alarm(room.bridge, &alarm));
	ck_assert_str_eq(alarm.held, "two");
	ck_assert_str_eq(alarm.other, "this host");
	ck_assert_uint_eq(alarm.vlan, 9);
	/* with a hold, counting begins anew */
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(
		    send(&room, room.peers[2], HOST_MAC, BROADCAST),
		    DROP_VPN_MAC_MOVE);
	ck_assert(!bridge_take_alarm(room.bridge, &alarm));
	room_end(&room);
}
END_TEST

/* A loop behind a peer is none of its ports. */
START_TEST(loop_guard_lets_a_station_hear_itself)
{
	struct room room = room_default();
	struct bridge_alarm alarm;

	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(
		    send(&room, room.peers[1], HOST_MAC, BROADCAST),
		    DROP_VPN_MAC_MOVE);
	ck_assert(!bridge_take_alarm(room.bridge, &alarm));
	ck_assert_int_eq(send(&room, room.peers[1], 4, BROADCAST), DROP_NONE);
	room_end(&room);
}
END_TEST

START_TEST(loop_guard_alarms_once_for_each_hold)
{
	struct room room = room_default();
	struct bridge_alarm alarm;
	int alarms = 0;

	/* a loop of a minute */
	for (int i = 0; i < 60000; i++) {
		send(&room, room.peers[i % 2], 2, BROADCAST);
		room.now.ns += NS_PER_MS;
		alarms += bridge_take_alarm(room.bridge, &alarm);
	}
	ck_assert_int_ge(alarms, 6);
	ck_assert_int_le(alarms, 12);
	room_end(&room);
}
END_TEST

START_TEST(loop_guard_forgets_alarms_of_ports_that_go)
{
	struct room room = room_default();
	struct bridge_alarm alarm;

	moves_until_drop(&room, room.peers[0], room.peers[1], 0, 9);
	bridge_port_remove(room.bridge, room.peers[1]);
	ck_assert(!bridge_take_alarm(room.bridge, &alarm));
	bridge_flush(room.bridge, room.peers[0]);
	moves_until_drop(&room, room.peers[2], room.peers[0], 0, 9);
	bridge_port_remove(room.bridge, room.peers[2]);
	ck_assert(!bridge_take_alarm(room.bridge, &alarm));
	ck_assert_ptr_eq(
	    bridge_next_port(room.bridge, room.host), room.peers[0]);
	ck_assert_ptr_null(bridge_next_port(room.bridge, room.peers[0]));
	room_end(&room);
}
END_TEST

START_TEST(bridge_flush_lets_a_held_port_go)
{
	struct room room = room_default();

	bridge_port_hold(room.peers[0], INSTANT_NEVER);
	bridge_port_hold(room.peers[1], INSTANT_NEVER);
	bridge_flush(room.bridge, room.peers[0]);
	ck_assert_int_eq(send(&room, room.peers[0], 2, 4), DROP_NONE);
	ck_assert_int_eq(
	    send(&room, room.peers[1], 4, 2), DROP_BRIDGE_INGRESS_STP_STATE);
	bridge_flush(room.bridge, NULL);
	ck_assert_uint_eq(macs_of(&room), 1);
	ck_assert_int_eq(send(&room, room.peers[1], 4, 2), DROP_NONE);
	ck_assert_ptr_null(room.decision.to);
	room_end(&room);
}
END_TEST

struct shown {
	struct bridge_entry entries[4];
	size_t len;
};

static void show(void *context, const struct bridge_entry *entry)
{
	struct shown *shown = context;

	shown->entries[shown->len++] = *entry;
}

START_TEST(bridge_shows_its_entries_with_their_age)
{
	struct room room = room_default();
	struct shown shown = {.len = 0};

	send_vlan(&room, room.peers[0], 2, 4, 7);
	room.now.ns += 5 * NS_PER_S;
	send(&room, room.peers[1], 4, 2);
	bridge_each_entry(room.bridge, room.now, show, &shown);
	ck_assert_uint_eq(shown.len, 3);
	ck_assert(shown.entries[0].is_static);
	ck_assert_ptr_eq(shown.entries[0].port, room.host);
	ck_assert_uint_eq(shown.entries[0].vlan, 0);
	ck_assert_ptr_eq(shown.entries[1].port, room.peers[1]);
	ck_assert_int_eq(shown.entries[1].age_ns, 0);
	ck_assert_uint_eq(shown.entries[2].vlan, 7);
	ck_assert_int_eq(shown.entries[2].age_ns, 5 * NS_PER_S);
	room_end(&room);
}
END_TEST

START_TEST(bridge_port_keeps_what_it_learned_over_a_change)
{
	struct room room = room_default();
	struct bridge_port_setup setup = {.name = "new", .user = &room};
	struct bridge_port_status status;

	send(&room, room.peers[0], 2, 4);
	ck_assert_int_eq(
	    bridge_port_change(room.bridge, room.peers[0], &setup), 0);
	bridge_port_status(room.peers[0], room.now, &status);
	ck_assert_str_eq(status.name, "new");
	ck_assert_uint_eq(status.macs, 1);
	ck_assert_ptr_eq(bridge_port_user(room.peers[0]), &room);
	ck_assert_ptr_null(bridge_port_user(room.host));
	bridge_port_status(room.host, room.now, &status);
	ck_assert_str_eq(status.name, "this host");
	bridge_free(NULL);
	room_end(&room);
}
END_TEST

/* An IPv4 packet of one protocol in a frame. */
static void hold_message(
    struct held *held, const char *protocol, const char *payload)
{
	uint8_t bytes[128];
	char hex[256];
	size_t len;

	snprintf(hex, sizeof(hex),
	    "02005e100001 02005e100002 0800"
	    "4500001c 00070000 40%s0000 0a090007 0a090001 %s",
	    protocol, payload);
	len = frame_unhex(bytes, hex);
	header_finish(bytes + ETHERNET_BYTES, IPV4_BYTES);
	frame_hold(held, bytes, len);
	ck_assert_int_eq(packet_parse_ethernet(&held->pkt), DROP_NONE);
	ck_assert_int_eq(packet_parse_payload(&held->pkt), DROP_NONE);
}

/* Who may send it: the host, peers 0 (nobody special), 1 (router), 2 (DHCP). */
static const struct guarded {
	const char *protocol, *payload;
	bool may_send[PEERS];
} guardeds[] = {
    {"01", "0501000000000000", {false, true, false}}, /* redirect */
    {"11", "0043004400080000", {false, false, true}}, /* DHCP offer */
    {"11", "0044004300080000", {true, true, true}},   /* DHCP request */
};

START_TEST(bridge_guards_what_routers_and_servers_say)
{
	const struct guarded *guarded = &guardeds[_i];
	struct room room = room_default();
	struct held held;

	hold_message(&held, guarded->protocol, guarded->payload);
	for (size_t i = 0; i < PEERS; i++) {
		struct bridge_port_setup setup = {.name = "one",
		    .is_router = i == 1,
		    .is_dhcp_server = i == 2};

		ck_assert_int_eq(
		    bridge_port_change(room.bridge, room.peers[i], &setup), 0);
		ck_assert_int_eq(bridge_guard(room.peers[i], &held.pkt),
		    guarded->may_send[i] ? DROP_NONE : DROP_VPN_GUARD);
	}
	ck_assert_int_eq(bridge_guard(room.host, &held.pkt), DROP_NONE);
	frame_release(&held);
	room_end(&room);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("bridge");
	TCase *tcase = tcase_create("bridge");

	tcase_add_test(tcase, bridge_floods_what_it_does_not_know_and_learns);
	tcase_add_test(tcase, bridge_refuses_a_source_that_is_none);
	tcase_add_test(
	    tcase, bridge_refuses_link_local_frames_and_learns_nothing_of_them);
	tcase_add_test(tcase, bridge_passes_link_local_frames_as_configured);
	tcase_add_test(tcase, bridge_sends_nothing_back_where_it_came_from);
	tcase_add_test(
	    tcase, bridge_without_hub_joins_peers_with_the_host_only);
	tcase_add_test(tcase, bridge_flood_leaves_by_all_ports_but_one);
	tcase_add_test(tcase, bridge_keeps_vlans_of_a_port);
	tcase_add_test(tcase, bridge_locks_a_port_with_static_addresses);
	tcase_add_test(
	    tcase, bridge_refuses_static_addresses_that_another_port_has);
	tcase_add_test(tcase, bridge_keeps_room_for_the_address_of_the_host);
	tcase_add_test(
	    tcase, bridge_takes_256_addresses_of_a_peer_and_4096_in_all);
	tcase_add_test(tcase, bridge_keeps_room_for_peers_from_the_host);
	tcase_add_test(tcase, bridge_forgets_the_oldest_beyond_a_smaller_limit);
	tcase_add_test(tcase, bridge_limits_what_a_peer_floods);
	tcase_add_test(tcase, bridge_counts_a_super_packet_by_its_segments);
	tcase_add_test(tcase, loop_guard_holds_at_the_sixth_move);
	tcase_add_test(tcase, loop_guard_lets_five_moves_and_slow_ones_pass);
	tcase_add_test(tcase, loop_guard_holds_the_peer_of_a_host_and_a_peer);
	tcase_add_test(tcase, loop_guard_never_holds_whose_address_it_is);
	tcase_add_test(tcase, loop_guard_holds_no_home_for_the_host);
	tcase_add_test(tcase, loop_guard_takes_home_what_moved);
	tcase_add_loop_test(
	    tcase, loop_guard_holds_the_thief_of_an_address, 0, 5);
	tcase_add_test(tcase, loop_guard_lets_a_home_move);
	tcase_add_test(tcase, loop_guard_does_not_take_a_new_port_for_a_home);
	tcase_add_test(tcase, loop_guard_counts_the_own_address_of_a_bridge);
	tcase_add_test(tcase, loop_guard_lets_a_station_hear_itself);
	tcase_add_test(tcase, loop_guard_alarms_once_for_each_hold);
	tcase_add_test(tcase, loop_guard_forgets_alarms_of_ports_that_go);
	tcase_add_test(tcase, bridge_flush_lets_a_held_port_go);
	tcase_add_test(tcase, bridge_shows_its_entries_with_their_age);
	tcase_add_test(tcase, bridge_port_keeps_what_it_learned_over_a_change);
	tcase_add_loop_test(tcase, bridge_guards_what_routers_and_servers_say,
	    0, ARRAY_SIZE(guardeds));
	suite_add_tcase(suite, tcase);
	return suite;
}
