/* SPDX-License-Identifier: ISC */
/* Frames between peers and the host, over a fake tunnel and the real bridge. */
#include "unit.h"

#include <string.h>

#include "packet/ecn.h"
#include "tap_lab.h"

#define OTHERS (FAKE_PEERS - 1) /* peers but the one that sends */

static void setup_learned(void)
{
	setup_tap();
	learn_all();
}

static size_t in_use(void)
{
	return PACKETS - pool_available(pool);
}

/* Each of the peers that `expected` says has got one. */
static void check_receivers(const bool expected[FAKE_PEERS])
{
	for (unsigned i = 0; i < FAKE_PEERS; i++)
		ck_assert_uint_eq(sent_to(i), expected[i]);
}

static void check_all_same(
    const struct packet_list *list, const uint8_t *bytes, uint32_t len)
{
	for (const struct packet *pkt = list->first; pkt; pkt = pkt->next) {
		ck_assert_uint_eq(pkt->len, len);
		ck_assert_mem_eq(packet_data(pkt), bytes, len);
	}
}

/* ---- from a peer ---- */

static const char *const floods[] = {EVERYBODY, A_GROUP, ANY_MAC};

START_TEST(a_flooded_frame_reaches_the_host_and_all_other_peers)
{
	struct packet *pkt = frame(floods[_i], PEER_MAC(0));
	uint8_t bytes[2000];
	uint32_t len = pkt->len;

	memcpy(bytes, packet_data(pkt), len);
	receive_from(0, pkt);
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	check_receivers((bool[FAKE_PEERS]){false, true, true, true, true});
	check_all_same(path_to_device(path), bytes, len);
	check_all_same(path_to_wire(path), bytes, len);
	ck_assert_uint_eq(totals().rx_delivered, FAKE_PEERS + 1); /* learned */
	ck_assert_uint_eq(totals().rx_forwarded, 0);
	ck_assert_uint_eq(totals().tx_switched, OTHERS);
}
END_TEST

START_TEST(the_host_gets_the_original_of_a_flood)
{
	struct packet *pkt = frame(EVERYBODY, PEER_MAC(0));

	receive_from(0, pkt);
	ck_assert_ptr_eq(path_to_device(path)->first, pkt);
	ck_assert_uint_eq(in_use(), 1 + OTHERS);
}
END_TEST

START_TEST(a_flood_passes_over_who_can_not_be_reached)
{
	tunnel.peers[2].takes_no_floods = true;
	receive_from(0, frame(EVERYBODY, PEER_MAC(0)));
	check_receivers((bool[FAKE_PEERS]){false, true, false, true, true});
	ck_assert_uint_eq(in_use(), OTHERS);
}
END_TEST

START_TEST(a_flood_to_the_host_alone_is_not_copied)
{
	for (unsigned i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].takes_no_floods = true;
	receive_from(0, frame(EVERYBODY, PEER_MAC(0)));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
	ck_assert_uint_eq(in_use(), 1);
	ck_assert_uint_eq(traced, 0);
}
END_TEST

START_TEST(a_flood_leaves_by_ports_of_its_vlan_only)
{
	struct vlan_set vlans = {0};

	vlan_set_add(&vlans, 10);
	change_port(1, (struct bridge_port_setup){.vlans = &vlans});
	vlan_set_add(&vlans, 20);
	change_port(3, (struct bridge_port_setup){.vlans = &vlans});
	receive_from(
	    0, tagged(frame(EVERYBODY, PEER_MAC(0)), ETHERTYPE_VLAN, 20));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	check_receivers((bool[FAKE_PEERS]){false, false, true, true, true});
}
END_TEST

/* Behind the tag of no VLAN, a Linux host finds VLAN 20, but its bridge an
 * untagged frame. */
static struct packet *doubly_tagged(void)
{
	struct packet *pkt = frame(EVERYBODY, PEER_MAC(0));

	return tagged(tagged(pkt, ETHERTYPE_VLAN, 20), ETHERTYPE_VLAN, 0);
}

START_TEST(a_priority_tag_smuggles_nothing_into_a_vlan)
{
	struct vlan_set vlans = {0};

	vlan_set_add(&vlans, _i ? 20 : 0);
	change_port(0, (struct bridge_port_setup){.vlans = &vlans});
	receive_from(0, doubly_tagged());
	check_dropped("bridge", DROP_VPN_VLAN);
}
END_TEST

START_TEST(a_priority_tag_smuggles_nothing_out_of_a_vlan)
{
	struct vlan_set vlans = {0};

	vlan_set_add(&vlans, 0);
	change_port(1, (struct bridge_port_setup){.vlans = &vlans});
	vlan_set_add(&vlans, 20);
	change_port(3, (struct bridge_port_setup){.vlans = &vlans});
	receive_from(0, doubly_tagged());
	check_receivers((bool[FAKE_PEERS]){false, false, true, false, true});
}
END_TEST

START_TEST(a_known_frame_goes_to_its_peer_without_a_copy)
{
	struct packet *pkt = frame(PEER_MAC(3), PEER_MAC(0));

	receive_from(0, pkt);
	ck_assert_ptr_eq(path_to_wire(path)->first, pkt);
	check_receivers((bool[FAKE_PEERS]){false, false, false, true, false});
	ck_assert_uint_eq(path_to_device(path)->len, 0);
	ck_assert_uint_eq(in_use(), 1);
	ck_assert_uint_eq(totals().rx_forwarded, 1);
	ck_assert_uint_eq(totals().tx_switched, 1);
	ck_assert_uint_eq(totals().tx_sent, 1);
	ck_assert_uint_eq(totals().tx_packets, 0);
}
END_TEST

START_TEST(a_known_frame_goes_to_the_host_alone)
{
	receive_from(0, frame(HOST_MAC, PEER_MAC(0)));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
}
END_TEST

/* How it came is forgotten: who seals it, sees a frame of this host. */
START_TEST(a_forwarded_frame_is_a_fresh_one)
{
	struct packet *pkt = frame(PEER_MAC(3), PEER_MAC(0));

	ck_assert_int_eq(endpoint_parse(&pkt->endpoint, "192.0.2.1:9"), 0);
	pkt->counter = 17;
	pkt->generation = 18;
	pkt->frame = WIRE_FRAME_ETHERNET_PARTIAL;
	pkt->checksum = CHECKSUM_PARTIAL;
	receive_from(0, pkt);
	ck_assert_int_eq(pkt->endpoint.address.family, FAMILY_NONE);
	ck_assert_uint_eq(pkt->endpoint.port, 0);
	ck_assert(!pkt->is_data);
	ck_assert_uint_eq(pkt->counter, 0);
	ck_assert_uint_eq(pkt->generation, 0);
	ck_assert_uint_eq(pkt->frame, 0);
	/* but what it is stays */
	ck_assert_int_eq(pkt->checksum, CHECKSUM_PARTIAL);
	ck_assert_uint_eq(pkt->l2_bytes, ETHERNET_BYTES);
	ck_assert_uint_ne(tunnel.last_flow_hash, 0);
}
END_TEST

START_TEST(a_copy_is_a_fresh_one)
{
	struct packet *pkt = frame(EVERYBODY, PEER_MAC(0));

	ck_assert_int_eq(endpoint_parse(&pkt->endpoint, "192.0.2.1:9"), 0);
	pkt->frame = WIRE_FRAME_ETHERNET;
	receive_from(0, pkt);
	for (pkt = path_to_wire(path)->first; pkt; pkt = pkt->next) {
		ck_assert_int_eq(pkt->endpoint.address.family, FAMILY_NONE);
		ck_assert(!pkt->is_data);
		ck_assert_uint_eq(pkt->frame, 0);
		ck_assert_uint_eq(pkt->l2_bytes, ETHERNET_BYTES);
	}
}
END_TEST

/* Each receiver gets its packets, in their order. */
START_TEST(a_flooded_super_packet_is_cut)
{
	struct packet *pkt = udp_whole("10.9.0.1", "10.9.0.255", 53, 4);
	uint8_t next[FAKE_PEERS] = {0};

	pkt = framed(pkt, EVERYBODY, HOST_MAC, ETHERTYPE_IPV4);
	transmit(pkt);
	ck_assert_uint_eq(path_to_wire(path)->len, 4 * FAKE_PEERS);
	for (pkt = path_to_wire(path)->first; pkt; pkt = pkt->next) {
		size_t peer = (size_t)(pkt->peer - tunnel.peers);

		ck_assert_uint_eq(pkt->segments, 1);
		ck_assert_uint_eq(packet_data(pkt)[pkt->len - 1], next[peer]++);
	}
}
END_TEST

START_TEST(a_known_receiver_gets_a_super_packet_in_one_train)
{
	struct packet *pkt = udp_whole("10.9.0.1", "10.9.0.7", 53, 4);

	receive_from(2, frame(HOST_MAC, PEER_MAC(2)));
	transmit(framed(pkt, PEER_MAC(2), HOST_MAC, ETHERTYPE_IPV4));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	pkt = path_to_wire(path)->first;
	ck_assert_ptr_eq(pkt->peer, &tunnel.peers[2]);
	ck_assert_uint_eq(pkt->segments, 4);
	ck_assert_uint_eq(pkt->len, 4 * (ETHERNET_BYTES + INNER_BYTES));
}
END_TEST

START_TEST(a_partial_checksum_is_completed_for_the_host_alone)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.255", 53);
	uint8_t before[2];

	pkt = framed(pkt, EVERYBODY, PEER_MAC(0), ETHERTYPE_IPV4);
	for (unsigned i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].takes_checksums = true;
	pkt->checksum = CHECKSUM_PARTIAL;
	memcpy(before, packet_data(pkt) + 40, 2);
	receive_from(0, pkt);
	pkt = path_to_device(path)->first;
	ck_assert_int_eq(pkt->checksum, CHECKSUM_FULL);
	ck_assert_mem_ne(packet_data(pkt) + 40, before, 2);
	for (pkt = path_to_wire(path)->first; pkt; pkt = pkt->next) {
		ck_assert_int_eq(pkt->checksum, CHECKSUM_PARTIAL);
		ck_assert_mem_eq(packet_data(pkt) + 40, before, 2);
	}
}
END_TEST

/* RFC 6040 twice: out of the one tunnel, into the other. */
START_TEST(a_congestion_mark_goes_from_tunnel_to_tunnel)
{
	static const char *const destinations[] = {PEER_MAC(3), EVERYBODY};
	struct packet *pkt = udp("10.9.0.7", "10.9.0.9", 53);

	packet_data(pkt)[1] = ECN_ECT_0;
	header_finish(packet_data(pkt), IPV4_BYTES);
	pkt->outer_ecn = ECN_CE;
	receive_from(
	    0, framed(pkt, destinations[_i], PEER_MAC(0), ETHERTYPE_IPV4));
	ck_assert_uint_gt(path_to_wire(path)->len, 0);
	for (pkt = path_to_wire(path)->first; pkt; pkt = pkt->next) {
		ck_assert_uint_eq(packet_l3(pkt)[1], ECN_CE);
		ck_assert_uint_eq(pkt->outer_ecn, ECN_CE);
	}
}
END_TEST

START_TEST(an_outer_mark_ends_with_its_tunnel)
{
	struct packet *pkt = frame(PEER_MAC(3), PEER_MAC(0));

	pkt->outer_ecn = ECN_CE; /* of what is no IP */
	receive_from(0, pkt);
	ck_assert_uint_eq(path_to_wire(path)->first->outer_ecn, ECN_NOT_ECT);
}
END_TEST

START_TEST(bridge_drops_what_the_switch_refuses)
{
	receive_from(0, frame(PEER_MAC(0), PEER_MAC(0)));
	check_dropped("bridge", DROP_VPN_SPLIT_HORIZON);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_VPN_SPLIT_HORIZON], 1);
}
END_TEST

START_TEST(bridge_drops_a_source_that_is_a_group)
{
	receive_from(0, frame(HOST_MAC, A_GROUP));
	check_dropped("bridge", DROP_MAC_INVALID_SOURCE);
}
END_TEST

START_TEST(without_hub_peers_reach_the_host_alone)
{
	limits.is_hub = false;
	apply_limits();
	receive_from(0, frame(EVERYBODY, PEER_MAC(0)));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
	take_results();
	receive_from(0, frame(PEER_MAC(1), PEER_MAC(0)));
	check_dropped("bridge", DROP_VPN_ISOLATED);
}
END_TEST

START_TEST(nothing_comes_in_by_a_held_port)
{
	bridge_port_hold(ports[0], instant_after(now.now, NS_PER_S));
	receive_from(0, frame(HOST_MAC, PEER_MAC(0)));
	check_dropped("bridge", DROP_BRIDGE_INGRESS_STP_STATE);
}
END_TEST

START_TEST(nothing_is_flooded_to_a_held_port)
{
	bridge_port_hold(ports[2], instant_after(now.now, NS_PER_S));
	receive_from(0, frame(EVERYBODY, PEER_MAC(0)));
	check_receivers((bool[FAKE_PEERS]){false, true, false, true, true});
	ck_assert_uint_eq(traced, 0);
}
END_TEST

START_TEST(without_the_host_the_last_peer_gets_the_original_of_a_flood)
{
	struct packet *pkt = frame(EVERYBODY, PEER_MAC(0));

	bridge_port_hold(bridge_host(bridge), instant_after(now.now, NS_PER_S));
	receive_from(0, pkt);
	check_receivers((bool[FAKE_PEERS]){false, true, true, true, true});
	ck_assert_ptr_eq(path_to_wire(path)->last, pkt);
	ck_assert_uint_eq(path_to_device(path)->len, 0);
	ck_assert_uint_eq(in_use(), OTHERS);
	ck_assert_uint_eq(totals().rx_forwarded, 1);
	ck_assert_uint_eq(totals().tx_switched, OTHERS);
}
END_TEST

START_TEST(bridge_drops_a_flood_that_nobody_takes)
{
	bridge_port_hold(bridge_host(bridge), instant_after(now.now, NS_PER_S));
	for (unsigned i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].takes_no_floods = true;
	receive_from(0, frame(EVERYBODY, PEER_MAC(0)));
	check_dropped("bridge", DROP_NO_TX_TARGET);
}
END_TEST

START_TEST(a_flood_that_only_refused_peers_would_get_says_why)
{
	for (unsigned i = 1; i < FAKE_PEERS; i++)
		tunnel.peers[i].takes_no_floods = true;
	tunnel.peers[3].refusal = DROP_VPN_LINK;
	tunnel.peers[0].refusal = DROP_VPN_PLAIN;
	bridge_port_hold(bridge_host(bridge), instant_after(now.now, NS_PER_S));
	receive_from(0, frame(EVERYBODY, PEER_MAC(0)));
	check_dropped("bridge", DROP_VPN_LINK);
}
END_TEST

START_TEST(a_flood_of_the_host_that_only_refused_peers_would_get_says_why)
{
	for (unsigned i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].refusal = DROP_VPN_PLAIN;
	transmit(frame(EVERYBODY, HOST_MAC));
	check_dropped("route", DROP_VPN_PLAIN);
}
END_TEST

START_TEST(a_storm_is_held_to_its_limit)
{
	limits.storm[BRIDGE_BROADCAST] = 10;
	apply_limits();
	for (int i = 0; i < 40; i++) {
		receive_from(0, frame(EVERYBODY, PEER_MAC(0)));
		take_results();
	}
	ck_assert_uint_gt(tunnel.peers[0].drops[DROP_VPN_STORM], 0);
	ck_assert_uint_lt(totals().rx_delivered, 40);
}
END_TEST

/* ---- when something is missing ---- */

static struct packet_list take_all(void)
{
	struct packet_list list = {0};

	while (pool_available(pool))
		packet_list_push(&list, pool_get(pool));
	return list;
}

static void lend(struct packet_list *list, size_t count)
{
	while (count--)
		pool_put(pool, packet_list_pop(list));
}

#define RESERVE (PACKETS / 4) /* buffers that no forwarded frame takes */

/* As when the socket takes nothing more, and peers go on sending. */
START_TEST(frames_between_peers_leave_buffers_for_the_host)
{
	struct packet *last = frame(PEER_MAC(3), PEER_MAC(0));
	struct packet *first = frame(PEER_MAC(3), PEER_MAC(0));
	struct packet *own = frame(HOST_MAC, PEER_MAC(0));
	struct packet_list taken = take_all();

	lend(&taken, RESERVE);
	receive_from(0, last);
	(void)only_drop("bridge", DROP_NOMEM);
	ck_assert_uint_eq(totals().rx_forwarded, 0);
	receive_from(0, own);
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	lend(&taken, 1);
	receive_from(0, first);
	ck_assert_uint_eq(totals().rx_forwarded, 1);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	pool_put_list(pool, &taken);
}
END_TEST

START_TEST(a_copy_without_buffer_is_counted_and_the_rest_goes_on)
{
	struct packet_list taken;
	struct packet *pkt = frame(EVERYBODY, PEER_MAC(0));

	taken = take_all();
	lend(&taken, RESERVE + (size_t)_i);
	receive_from(0, pkt);
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(path_to_wire(path)->len, (size_t)_i);
	ck_assert_uint_eq(totals().tx_switched, OTHERS);
	ck_assert_uint_eq(totals().tx_dropped, OTHERS - (unsigned)_i);
	ck_assert_uint_eq(totals().rx_dropped, 0);
	ck_assert_uint_eq(traced, OTHERS - (unsigned)_i);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_NOMEM], 0);
	ck_assert_uint_eq(tunnel.peers[4].drops[DROP_NOMEM], _i < OTHERS);
	pool_put_list(pool, &taken);
}
END_TEST

START_TEST(a_copy_that_was_not_made_has_its_line)
{
	struct packet_list taken;
	struct packet *pkt = udp("10.9.0.7", "10.9.0.255", 53);
	struct path_drop drop;

	for (unsigned i = 2; i < FAKE_PEERS; i++)
		tunnel.peers[i].takes_no_floods = true;
	taken = take_all();
	receive_from(0, framed(pkt, EVERYBODY, PEER_MAC(0), ETHERTYPE_IPV4));
	drop = only_drop("route", DROP_NOMEM);
	ck_assert_str_eq(drop.direction, "out");
	ck_assert_ptr_nonnull(strstr(drop.example, "10.9.0.7:4000"));
	ck_assert_uint_eq(tunnel.peers[1].drops[DROP_NOMEM], 1);
	pool_put_list(pool, &taken);
}
END_TEST

START_TEST(the_last_peer_gets_the_original_of_the_hosts_flood)
{
	struct packet_list taken;
	struct packet *pkt = frame(EVERYBODY, HOST_MAC);

	taken = take_all();
	transmit(pkt);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_ptr_eq(path_to_wire(path)->first, pkt);
	ck_assert_uint_eq(totals().tx_dropped, OTHERS);
	pool_put_list(pool, &taken);
}
END_TEST

START_TEST(what_is_forwarded_waits_for_a_session)
{
	tunnel.has_session = false;
	receive_from(0, frame(PEER_MAC(3), PEER_MAC(0)));
	receive_from(0, frame(EVERYBODY, PEER_MAC(0)));
	ck_assert_uint_eq(tunnel.staged.len, 1 + OTHERS);
	ck_assert_uint_eq(totals().tx_switched, 1 + OTHERS);
	tunnel.has_session = true;
	packet_list_append(&tunnel.released, &tunnel.staged);
	path_run_emitted(path, &now);
	ck_assert_uint_eq(totals().tx_sent, 1 + OTHERS);
}
END_TEST

START_TEST(what_is_forwarded_in_vain_is_dropped_by_neigh)
{
	tunnel.neigh = DROP_NEIGH_DEAD;
	receive_from(0, frame(PEER_MAC(3), PEER_MAC(0)));
	check_dropped("neigh", DROP_NEIGH_DEAD);
	ck_assert_uint_eq(tunnel.peers[3].drops[DROP_NEIGH_DEAD], 1);
	ck_assert_uint_eq(totals().rx_dropped, 0);
}
END_TEST

/* ---- from the host ---- */

START_TEST(a_flood_of_the_host_reaches_all_peers)
{
	struct packet *pkt = frame(floods[_i], HOST_MAC);
	uint8_t bytes[2000];
	uint32_t len = pkt->len;

	memcpy(bytes, packet_data(pkt), len);
	transmit(pkt);
	check_receivers((bool[FAKE_PEERS]){true, true, true, true, true});
	check_all_same(path_to_wire(path), bytes, len);
	ck_assert_uint_eq(in_use(), FAKE_PEERS);
	ck_assert_uint_eq(totals().tx_packets, 1);
	ck_assert_uint_eq(totals().tx_switched, FAKE_PEERS - 1);
	ck_assert_uint_eq(totals().tx_sent, FAKE_PEERS);
}
END_TEST

START_TEST(without_hub_the_host_reaches_all_peers)
{
	limits.is_hub = false;
	apply_limits();
	transmit(frame(EVERYBODY, HOST_MAC));
	ck_assert_uint_eq(path_to_wire(path)->len, FAKE_PEERS);
}
END_TEST

START_TEST(a_flood_to_one_peer_is_not_copied)
{
	struct packet *pkt = frame(EVERYBODY, HOST_MAC);

	for (unsigned i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].takes_no_floods = i != 2;
	transmit(pkt);
	ck_assert_ptr_eq(path_to_wire(path)->first, pkt);
	check_receivers((bool[FAKE_PEERS]){false, false, true, false, false});
	ck_assert_uint_eq(totals().tx_switched, 0);
}
END_TEST

START_TEST(route_drops_a_flood_that_nobody_takes)
{
	for (unsigned i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].takes_no_floods = true;
	transmit(frame(EVERYBODY, HOST_MAC));
	check_dropped("route", DROP_NO_TX_TARGET);
}
END_TEST

START_TEST(route_drops_what_is_on_the_hosts_own_side)
{
	transmit(frame(HOST_MAC, "02:aa:00:00:00:fd"));
	check_dropped("route", DROP_VPN_SPLIT_HORIZON);
}
END_TEST

START_TEST(route_drops_a_source_that_can_not_be_one)
{
	transmit(frame(PEER_MAC(0), "00:00:00:00:00:00"));
	check_dropped("route", DROP_MAC_INVALID_SOURCE);
}
END_TEST

/* As udp() makes them, from port 4000: one to where peer 2 is, and others. */
static const struct {
	const char *destination, *to_mac;
	uint16_t to_port, own_port;
	bool is_own;
} datagrams[] = {
    {"192.0.2.2", EVERYBODY, 51820, 4000, true},
    {"192.0.2.2", PEER_MAC(3), 51820, 4000, true},
    {"192.0.2.2", EVERYBODY, 51821, 4000, false},
    {"192.0.2.3", EVERYBODY, 51820, 4000, false},
    {"192.0.2.2", EVERYBODY, 51820, 4001, false},
    {"192.0.2.2", EVERYBODY, 51820, 0, false},
};

START_TEST(route_drops_a_datagram_of_ours)
{
	struct endpoint *endpoint = &tunnel.peers[2].endpoint;

	ck_assert_int_eq(address_parse(&endpoint->address, "192.0.2.2"), 0);
	endpoint->port = 51820;
	path_set_port(path, datagrams[_i].own_port);
	transmit(framed(udp("198.51.100.1", datagrams[_i].destination,
			    datagrams[_i].to_port),
	    datagrams[_i].to_mac, HOST_MAC, ETHERTYPE_IPV4));
	if (datagrams[_i].is_own)
		check_dropped("route", DROP_RECURSION_LIMIT);
	else
		ck_assert_uint_gt(path_to_wire(path)->len, 0);
}
END_TEST

START_TEST(frames_behind_a_flood_keep_their_order)
{
	static const char *const destinations[] = {
	    PEER_MAC(2), EVERYBODY, PEER_MAC(2), PEER_MAC(0), A_GROUP};
	struct packet_list list = {0};
	uint16_t number = 0;

	for (size_t i = 0; i < ARRAY_SIZE(destinations); i++) {
		struct packet *pkt = frame(destinations[i], HOST_MAC);

		pkt->segment_bytes = (uint16_t)(i + 1);
		packet_list_push(&list, pkt);
	}
	path_run_outbound(path, &list, &now);
	for (struct packet *pkt = path_to_wire(path)->first; pkt;
	     pkt = pkt->next) {
		if (pkt->peer != &tunnel.peers[2])
			continue;
		ck_assert_uint_gt(pkt->segment_bytes, number);
		number = pkt->segment_bytes;
	}
	ck_assert_uint_eq(sent_to(2), 4);
	ck_assert_uint_eq(sent_to(0), 3);
}
END_TEST

static TCase *peer_cases(void)
{
	TCase *tcase = tcase_create("peers");

	tcase_add_checked_fixture(tcase, setup_learned, teardown_tap);
	EACH(tcase, a_flooded_frame_reaches_the_host_and_all_other_peers,
	    floods);
	tcase_add_test(tcase, the_host_gets_the_original_of_a_flood);
	tcase_add_test(tcase, a_flood_passes_over_who_can_not_be_reached);
	tcase_add_test(tcase, a_flood_to_the_host_alone_is_not_copied);
	tcase_add_test(tcase, a_flood_leaves_by_ports_of_its_vlan_only);
	tcase_add_loop_test(
	    tcase, a_priority_tag_smuggles_nothing_into_a_vlan, 0, 2);
	tcase_add_test(tcase, a_priority_tag_smuggles_nothing_out_of_a_vlan);
	tcase_add_test(tcase, a_known_frame_goes_to_its_peer_without_a_copy);
	tcase_add_test(tcase, a_known_frame_goes_to_the_host_alone);
	tcase_add_test(tcase, a_forwarded_frame_is_a_fresh_one);
	tcase_add_test(tcase, a_copy_is_a_fresh_one);
	tcase_add_test(tcase, a_flooded_super_packet_is_cut);
	tcase_add_test(
	    tcase, a_known_receiver_gets_a_super_packet_in_one_train);
	tcase_add_test(
	    tcase, a_partial_checksum_is_completed_for_the_host_alone);
	tcase_add_loop_test(
	    tcase, a_congestion_mark_goes_from_tunnel_to_tunnel, 0, 2);
	tcase_add_test(tcase, an_outer_mark_ends_with_its_tunnel);
	tcase_add_test(tcase, bridge_drops_what_the_switch_refuses);
	tcase_add_test(tcase, bridge_drops_a_source_that_is_a_group);
	tcase_add_test(tcase, without_hub_peers_reach_the_host_alone);
	tcase_add_test(tcase, nothing_comes_in_by_a_held_port);
	tcase_add_test(tcase, nothing_is_flooded_to_a_held_port);
	tcase_add_test(
	    tcase, without_the_host_the_last_peer_gets_the_original_of_a_flood);
	tcase_add_test(tcase, bridge_drops_a_flood_that_nobody_takes);
	tcase_add_test(
	    tcase, a_flood_that_only_refused_peers_would_get_says_why);
	tcase_add_test(tcase,
	    a_flood_of_the_host_that_only_refused_peers_would_get_says_why);
	tcase_add_test(tcase, a_storm_is_held_to_its_limit);
	return tcase;
}

static TCase *lack_cases(void)
{
	TCase *tcase = tcase_create("lack");

	tcase_add_checked_fixture(tcase, setup_learned, teardown_tap);
	tcase_add_test(tcase, frames_between_peers_leave_buffers_for_the_host);
	tcase_add_loop_test(tcase,
	    a_copy_without_buffer_is_counted_and_the_rest_goes_on, 0,
	    OTHERS + 1);
	tcase_add_test(tcase, a_copy_that_was_not_made_has_its_line);
	tcase_add_test(
	    tcase, the_last_peer_gets_the_original_of_the_hosts_flood);
	tcase_add_test(tcase, what_is_forwarded_waits_for_a_session);
	tcase_add_test(tcase, what_is_forwarded_in_vain_is_dropped_by_neigh);
	return tcase;
}

static TCase *host_cases(void)
{
	TCase *tcase = tcase_create("host");

	tcase_add_checked_fixture(tcase, setup_learned, teardown_tap);
	EACH(tcase, a_flood_of_the_host_reaches_all_peers, floods);
	tcase_add_test(tcase, without_hub_the_host_reaches_all_peers);
	tcase_add_test(tcase, a_flood_to_one_peer_is_not_copied);
	tcase_add_test(tcase, route_drops_a_flood_that_nobody_takes);
	tcase_add_test(tcase, route_drops_what_is_on_the_hosts_own_side);
	tcase_add_test(tcase, route_drops_a_source_that_can_not_be_one);
	EACH(tcase, route_drops_a_datagram_of_ours, datagrams);
	tcase_add_test(tcase, frames_behind_a_flood_keep_their_order);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("path_switch");

	suite_add_tcase(suite, peer_cases());
	suite_add_tcase(suite, lack_cases());
	suite_add_tcase(suite, host_cases());
	return suite;
}
