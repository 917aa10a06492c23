/* SPDX-License-Identifier: ISC */
/* The outbound table of a tap tunnel over a fake one, but for the switch. */
#include "unit.h"

#include <string.h>

#include "packet/ecn.h"
#include "tap_lab.h"

/* From the host to peer 0. */
static struct packet *to_peer(struct packet *pkt)
{
	uint16_t ethertype =
	    packet_data(pkt)[0] >> 4 == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;

	return framed(pkt, PEER_MAC(0), HOST_MAC, ethertype);
}

static void setup_learned(void)
{
	setup_tap();
	learn_all();
}

static struct packet *sent(void)
{
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_ptr_eq(path_to_wire(path)->first->peer, &tunnel.peers[0]);
	return path_to_wire(path)->first;
}

START_TEST(a_frame_of_the_host_reaches_the_wire)
{
	transmit(frame(PEER_MAC(0), HOST_MAC));
	ck_assert_uint_eq(sent()->len, 50 + ETHERNET_BYTES);
	ck_assert_uint_eq(totals().tx_sent, 1);
	ck_assert_uint_eq(totals().tx_switched, 0);
	ck_assert_uint_ne(tunnel.last_flow_hash, 0);
}
END_TEST

START_TEST(the_inner_mark_goes_outside)
{
	struct packet *pkt = udp("10.9.0.1", "10.9.0.7", 53);

	packet_data(pkt)[1] = ECN_ECT_1;
	header_finish(packet_data(pkt), IPV4_BYTES);
	transmit(to_peer(pkt));
	ck_assert_uint_eq(sent()->outer_ecn, ECN_ECT_1);
}
END_TEST

START_TEST(what_is_encrypted_is_not_compressed)
{
	transmit(to_peer(udp("10.9.0.1", "10.9.0.7", 443)));
	ck_assert_uint_eq(sent()->len, INNER_BYTES + ETHERNET_BYTES);
	ck_assert_uint_eq(tunnel.last_flow_hash, 0);
}
END_TEST

static const uint32_t short_lens[] = {0, 1, 6, ETHERNET_BYTES - 1};

START_TEST(tun_read_drops_what_is_shorter_than_a_frame)
{
	struct packet *pkt = frame(PEER_MAC(0), HOST_MAC);

	pkt->len = short_lens[_i];
	transmit(pkt);
	check_dropped("tun_read", DROP_HDR_TRUNC);
}
END_TEST

START_TEST(tun_read_drops_what_is_larger_than_a_buffer)
{
	struct packet *pkt = frame(PEER_MAC(0), HOST_MAC);

	pkt->len = (uint32_t)pool_largest(pool) + 1;
	transmit(pkt);
	check_dropped("tun_read", DROP_PKT_TOO_BIG);
}
END_TEST

START_TEST(ip_out_drops_a_cut_tag)
{
	struct packet *pkt =
	    tagged(frame(PEER_MAC(0), HOST_MAC), ETHERTYPE_VLAN, 1);

	pkt->len = ETHERNET_BYTES + 1;
	transmit(pkt);
	check_dropped("ip_out", DROP_HDR_TRUNC);
}
END_TEST

START_TEST(the_host_may_send_broken_packets)
{
	struct packet *pkt = udp("10.9.0.1", "10.9.0.7", 53);

	packet_data(pkt)[IPV4_CHECKSUM] ^= 1;
	transmit(to_peer(pkt));
	ck_assert_uint_eq(sent()->outer_ecn, ECN_NOT_ECT);
}
END_TEST

START_TEST(the_host_may_send_what_is_no_ip)
{
	transmit(framed(raw(0), PEER_MAC(0), HOST_MAC, 46));
	ck_assert_uint_eq(sent()->len, ETHERNET_BYTES + 1);
}
END_TEST

START_TEST(neigh_drops_what_can_not_wait)
{
	tunnel.neigh = DROP_NEIGH_DEAD;
	transmit(frame(PEER_MAC(1), HOST_MAC));
	check_dropped("neigh", DROP_NEIGH_DEAD);
	ck_assert_uint_eq(tunnel.peers[1].drops[DROP_NEIGH_DEAD], 1);
}
END_TEST

START_TEST(encap_drops_what_is_not_sealed)
{
	tunnel.seal = DROP_VPN_LIMIT;
	transmit(frame(PEER_MAC(0), HOST_MAC));
	check_dropped("encap", DROP_VPN_LIMIT);
}
END_TEST

START_TEST(what_waited_goes_out_when_it_is_released)
{
	tunnel.has_session = false;
	transmit(frame(PEER_MAC(0), HOST_MAC));
	ck_assert_uint_eq(tunnel.staged.len, 1);
	ck_assert_uint_eq(totals().tx_sent, 0);
	tunnel.has_session = true;
	packet_list_append(&tunnel.released, &tunnel.staged);
	path_run_emitted(path, &now);
	(void)sent();
	ck_assert_uint_eq(totals().tx_sent, 1);
}
END_TEST

START_TEST(drops_outside_have_the_stages_of_the_table)
{
	static const char *const stages[PATH_OUTSIDE_COUNT] = {
	    [PATH_OUTSIDE_OUTER] = "outer",
	    [PATH_OUTSIDE_TUN_READ] = "tun_read",
	    [PATH_OUTSIDE_TUN_WRITE] = "tun_write",
	    [PATH_OUTSIDE_ENCAP] = "encap",
	};
	struct drops drops = {0};

	path_count_outside(path, (enum path_outside)_i, DROP_NOMEM, 3);
	path_each_drop(path, found, &drops);
	ck_assert_uint_eq(drops.lines, 1);
	ck_assert_str_eq(drops.last.stage, stages[_i]);
	ck_assert_uint_eq(drops.last.packets, 3);
}
END_TEST

static const char *const names[TABLE_COUNT][PATH_STAGES_MAX + 1] = {
    {"outer", "decap", "expand", "gro", "capture", "eth", "ip_rcv", "conntrack",
	"prerouting", "rcv_finish", "bridge"},
    {"input", "tun_write"},
    {"udp_rcv", "lookup", "sock_queue", "data_ready"},
    {"forward"},
    {"tun_read", "capture", "ip_out", "output", "route", "mtu", "neigh",
	"qdisc", "postrouting", "compress", "encap"},
};

START_TEST(stage_names_never_change)
{
	static const struct stage *const tables[] = {path_inbound_tap,
	    path_input, path_socket, path_forward, path_outbound_tap};
	size_t idx = 0;

	for (; tables[_i][idx].name; idx++) {
		ck_assert_str_eq(tables[_i][idx].name, names[_i][idx]);
		ck_assert_str_ne(tables[_i][idx].kernel_function, "");
	}
	ck_assert_ptr_null(names[_i][idx]);
	ck_assert_uint_le(idx, PATH_STAGES_MAX);
}
END_TEST

static TCase *outbound_cases(void)
{
	TCase *tcase = tcase_create("outbound");

	tcase_add_checked_fixture(tcase, setup_learned, teardown_tap);
	tcase_add_test(tcase, a_frame_of_the_host_reaches_the_wire);
	tcase_add_test(tcase, the_inner_mark_goes_outside);
	tcase_add_test(tcase, what_is_encrypted_is_not_compressed);
	EACH(tcase, tun_read_drops_what_is_shorter_than_a_frame, short_lens);
	tcase_add_test(tcase, tun_read_drops_what_is_larger_than_a_buffer);
	tcase_add_test(tcase, ip_out_drops_a_cut_tag);
	tcase_add_test(tcase, the_host_may_send_broken_packets);
	tcase_add_test(tcase, the_host_may_send_what_is_no_ip);
	tcase_add_test(tcase, neigh_drops_what_can_not_wait);
	tcase_add_test(tcase, encap_drops_what_is_not_sealed);
	tcase_add_test(tcase, what_waited_goes_out_when_it_is_released);
	tcase_add_loop_test(tcase, drops_outside_have_the_stages_of_the_table,
	    0, PATH_OUTSIDE_COUNT);
	tcase_add_loop_test(tcase, stage_names_never_change, 0, TABLE_COUNT);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("outbound_tap");

	suite_add_tcase(suite, outbound_cases());
	return suite;
}
