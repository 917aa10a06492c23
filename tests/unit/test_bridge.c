/* SPDX-License-Identifier: ISC */
/* The switch: ports, decisions, reasons, guards. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "net/bridge.h"

#define LIMITS                                                                 \
	{                                                                      \
		.is_hub = true, .ageing_ns = 300 * NS_PER_S, .macs_max = 4096, \
		.macs_per_port = 256                                           \
	}
#define HOST_MAC 0x0200000000ff
#define PEERS	 3

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
	room_end(&room);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("bridge");
	TCase *tcase = tcase_create("bridge");

	tcase_add_test(tcase, bridge_floods_what_it_does_not_know_and_learns);
	suite_add_tcase(suite, tcase);
	return suite;
}
