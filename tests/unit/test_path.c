/* SPDX-License-Identifier: ISC */
/* The outbound table over a fake tunnel, and the runner of both. */
#include "unit.h"

#include <string.h>

#include "packet/ecn.h"
#include "path_lab.h"

START_TEST(a_packet_of_the_device_reaches_the_wire)
{
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_ptr_eq(path_to_wire(path)->first->peer, &tunnel.peers[0]);
	ck_assert_uint_eq(totals().tx_sent, 1);
	ck_assert_uint_ne(tunnel.last_flow_hash, 0);
}
END_TEST

START_TEST(the_inner_mark_goes_outside)
{
	struct packet *pkt = udp("10.9.0.1", "10.9.0.7", 53);

	packet_data(pkt)[1] = ECN_ECT_1;
	header_finish(packet_data(pkt), IPV4_BYTES);
	transmit(pkt);
	ck_assert_uint_eq(path_to_wire(path)->first->outer_ecn, ECN_ECT_1);
}
END_TEST

START_TEST(what_is_encrypted_is_not_compressed)
{
	transmit(udp("10.9.0.1", "10.9.0.7", 443));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_uint_eq(tunnel.last_flow_hash, 0);
}
END_TEST

START_TEST(a_partial_checksum_goes_to_peers_only_that_take_it)
{
	struct packet *pkt = udp("10.9.0.1", "10.9.0.7", 53);

	pkt->checksum = CHECKSUM_PARTIAL;
	transmit(pkt);
	ck_assert_int_eq(path_to_wire(path)->last->checksum, CHECKSUM_FULL);
	tunnel.peers[0].takes_checksums = true;
	pkt = udp("10.9.0.1", "10.9.0.7", 53);
	pkt->checksum = CHECKSUM_PARTIAL;
	transmit(pkt);
	ck_assert_int_eq(path_to_wire(path)->last->checksum, CHECKSUM_PARTIAL);
}
END_TEST

START_TEST(tun_read_drops_what_is_not_ip)
{
	transmit(raw(0x50));
	check_dropped("tun_read", DROP_UNHANDLED_PROTO);
}
END_TEST

START_TEST(tun_read_drops_nothing_at_all)
{
	struct packet *pkt = raw(0x45);

	pkt->len = 0;
	transmit(pkt);
	check_dropped("tun_read", DROP_UNHANDLED_PROTO);
}
END_TEST

START_TEST(tun_read_drops_what_is_larger_than_a_frame)
{
	struct packet *pkt = raw(0x45);

	pkt->len = 1501;
	transmit(pkt);
	check_dropped("tun_read", DROP_PKT_TOO_BIG);
}
END_TEST

START_TEST(ip_out_drops_a_bad_header)
{
	struct packet *pkt = udp("10.9.0.1", "10.9.0.7", 53);

	pkt->len--;
	transmit(pkt);
	check_dropped("ip_out", DROP_PKT_TOO_SMALL);
}
END_TEST

static const char *const unroutable[] = {
    "192.0.2.1", "224.0.0.22", "255.255.255.255", "10.9.0.255"};

START_TEST(route_drops_what_no_peer_has)
{
	transmit(udp("10.9.0.1", unroutable[_i], 53));
	ck_assert_str_eq(
	    only_drop("route", DROP_IP_OUTNOROUTES).direction, "out");
}
END_TEST

static void check_told(const char *expected)
{
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_str_eq(icmp_text(path_to_device(path)->first), expected);
	ck_assert_uint_eq(totals().rx_ours, 1);
}

/* Of groups and broadcasts nobody is told. */
START_TEST(the_host_hears_that_no_peer_has_it)
{
	transmit(udp("10.9.0.1", "192.0.2.1", 53));
	check_told("192.0.2.1 > 10.9.0.1 icmp 3/1");
	transmit(udp("10.9.0.1", "224.0.0.22", 53));
	transmit(udp("10.9.0.1", "255.255.255.255", 53));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

START_TEST(the_host_hears_that_no_peer_has_it_ipv6)
{
	transmit(udp6("fd09::1", "2001:db8::1"));
	check_told("2001:db8::1 > fd09::1 icmp 1/3");
}
END_TEST

START_TEST(the_host_hears_that_a_peer_is_not_reached)
{
	struct packet *pkt = udp("10.9.0.1", "10.9.0.7", 53);

	tunnel.has_session = false;
	transmit(pkt);
	pkt->drop = DROP_NEIGH_FAILED;
	packet_list_append(&tunnel.dropped, &tunnel.staged);
	path_run_emitted(path, &now);
	check_told("10.9.0.7 > 10.9.0.1 icmp 3/1");
}
END_TEST

START_TEST(neigh_drops_what_can_not_wait)
{
	tunnel.neigh = DROP_NEIGH_DEAD;
	transmit(udp("10.9.0.1", "10.9.0.8", 53));
	(void)only_drop("neigh", DROP_NEIGH_DEAD);
	check_told("10.9.0.8 > 10.9.0.1 icmp 3/1");
	ck_assert_uint_eq(tunnel.peers[1].drops[DROP_NEIGH_DEAD], 1);
}
END_TEST

START_TEST(encap_drops_what_is_not_sealed)
{
	tunnel.seal = DROP_VPN_LIMIT;
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	check_dropped("encap", DROP_VPN_LIMIT);
}
END_TEST

START_TEST(what_waited_goes_out_when_it_is_released)
{
	tunnel.has_session = false;
	for (int i = 0; i < 3; i++)
		transmit(udp("10.9.0.1", "10.9.0.7", 53));
	ck_assert_uint_eq(tunnel.staged.len, 3);
	ck_assert_uint_eq(totals().tx_sent, 0);
	tunnel.has_session = true;
	packet_list_append(&tunnel.released, &tunnel.staged);
	path_run_emitted(path, &now);
	ck_assert_uint_eq(path_to_wire(path)->len, 3);
	ck_assert_uint_eq(totals().tx_sent, 3);
	ck_assert_uint_ne(tunnel.last_flow_hash, 0);
}
END_TEST

START_TEST(what_waited_in_vain_is_counted_under_neigh)
{
	struct packet *pkt = udp("10.9.0.1", "10.9.0.7", 53);

	tunnel.has_session = false;
	transmit(pkt);
	pkt->drop = DROP_NEIGH_QUEUEFULL;
	packet_list_append(&tunnel.dropped, &tunnel.staged);
	path_run_emitted(path, &now);
	check_dropped("neigh", DROP_NEIGH_QUEUEFULL);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_NEIGH_QUEUEFULL], 1);
}
END_TEST

/* HELLO first, then what waited for the session. */
START_TEST(frames_of_ours_go_before_released_packets)
{
	struct packet *frame = raw(0x10), *pkt;

	tunnel.has_session = false;
	pkt = udp("10.9.0.1", "10.9.0.7", 53);
	transmit(pkt);
	frame->is_ours = true;
	tunnel.has_session = true;
	packet_list_push(&tunnel.frames, frame);
	packet_list_append(&tunnel.released, &tunnel.staged);
	path_run_emitted(path, &now);
	ck_assert_ptr_eq(path_to_wire(path)->first, frame);
	ck_assert_ptr_eq(path_to_wire(path)->last, pkt);
	ck_assert_uint_eq(frame->outer_ecn, ECN_NOT_ECT);
	ck_assert_uint_eq(totals().tx_ours, 1);
	ck_assert_uint_eq(totals().tx_sent, 2);
}
END_TEST

START_TEST(handshake_messages_go_out_unsealed)
{
	packet_list_push(&tunnel.messages, raw(1));
	path_run_emitted(path, &now);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_uint_eq(tunnel.seal_calls, 0);
	ck_assert_uint_eq(totals().tx_ours, 1);
}
END_TEST

START_TEST(an_answer_goes_out_within_the_inbound_run)
{
	packet_list_push(&tunnel.messages, raw(2));
	receive(raw(FAKE_HANDSHAKE));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
}
END_TEST

START_TEST(batches_are_bounded_and_keep_order)
{
	struct packet_list list = {0};
	uint16_t port = 0;

	for (uint16_t i = 0; i < 2 * PACKET_BATCH + 5; i++)
		packet_list_push(&list, i % 7 == 3 ? raw(FAKE_FORGED)
						   : udp("10.9.0.7", "10.9.0.1",
							 (uint16_t)(i + 1)));
	path_run_inbound(path, &list, &now);
	ck_assert_uint_eq(tunnel.open_calls, 3);
	ck_assert_uint_eq(tunnel.largest_batch, PACKET_BATCH);
	ck_assert_uint_eq(totals().rx_packets, 2 * PACKET_BATCH + 5);
	for (struct packet *pkt = path_to_device(path)->first; pkt;
	     pkt = pkt->next) {
		ck_assert_uint_gt(pkt->destination_port, port);
		port = pkt->destination_port;
	}
}
END_TEST

START_TEST(drops_before_the_tables_are_counted)
{
	struct drops drops = {0};

	path_count_outside(path, PATH_OUTSIDE_OUTER, DROP_SOCKET_RCVBUFF, 0);
	path_each_drop(path, found, &drops);
	ck_assert_uint_eq(drops.lines, 0);
	path_count_outside(path, PATH_OUTSIDE_OUTER, DROP_SOCKET_RCVBUFF, 5);
	path_count_outside(path, PATH_OUTSIDE_TUN_READ, DROP_FULL_RING, 704);
	path_each_drop(path, found, &drops);
	ck_assert_uint_eq(drops.lines, 2);
	ck_assert_str_eq(drops.last.stage, "tun_read");
	ck_assert_uint_eq(drops.last.packets, 704);
	ck_assert_str_eq(drops.last.example, "");
	ck_assert_uint_eq(totals().rx_dropped, 5);
	ck_assert_uint_eq(totals().tx_dropped, 704);
}
END_TEST

START_TEST(a_packet_that_the_device_refused_is_not_delivered)
{
	struct path_drop drop;

	receive(udp("10.9.0.7", "10.9.0.1", 53));
	path_drop_outside(path, PATH_OUTSIDE_TUN_WRITE, DROP_DEV_READY,
	    packet_list_pop(path_to_device(path)));
	check_dropped("tun_write", DROP_DEV_READY);
	drop = only_drop("tun_write", DROP_DEV_READY);
	ck_assert_str_eq(
	    drop.example, "udp 10.9.0.7:4000 > 10.9.0.1:53 len 32");
	ck_assert_uint_eq(totals().rx_delivered, 0);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_DEV_READY], 1);
}
END_TEST

START_TEST(a_packet_that_could_not_be_sent_is_not_sent)
{
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	path_drop_outside(path, PATH_OUTSIDE_ENCAP, DROP_VPN_UNREACHABLE,
	    packet_list_pop(path_to_wire(path)));
	check_dropped("encap", DROP_VPN_UNREACHABLE);
	ck_assert_uint_eq(totals().tx_sent, 0);
}
END_TEST

START_TEST(results_may_be_left_behind)
{
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	path_emit(path, TABLE_OUT, OUTBOUND_NEIGH, raw(0x45));
	path_free(path);
	path = NULL;
	ck_assert_uint_eq(pool_available(pool), PACKETS);
}
END_TEST

/* A packet that goes on in the other table: what "forward" will do. */
static enum verdict turn_back(struct path *on, struct packet *pkt)
{
	(void)pkt;
	return path_go(on, TABLE_OUT, OUTBOUND_TUN_READ);
}

START_TEST(a_branched_packet_goes_on_in_the_other_table)
{
	static const struct stage back[] = {
	    {"back", "ip_forward", .run = turn_back}, {0}};

	path->tables[TABLE_IN] = back;
	receive(udp("10.9.0.8", "10.9.0.7", 53));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_uint_eq(path_to_device(path)->len, 0);
}
END_TEST

/* To the wire what is for port 53, to the host the others. */
static enum verdict sort_by_port(struct path *on, struct packet *pkt)
{
	if (packet_parse_ip(pkt))
		return verdict_of(pkt, DROP_IP_INHDR);
	if (pkt->destination_port == 53)
		return path_go(on, TABLE_OUT, OUTBOUND_ROUTE);
	return path_go(on, TABLE_INPUT, INPUT_FIRST);
}

START_TEST(each_packet_of_a_batch_branches_its_own_way)
{
	static const struct stage sort[] = {
	    {"sort", "ip_route_input", .run = sort_by_port}, {0}};
	struct packet_list list = {0};

	path->tables[TABLE_IN] = sort;
	packet_list_push(&list, udp("10.9.0.8", "10.9.0.7", 53));
	packet_list_push(&list, udp("10.9.0.8", "10.9.0.7", 54));
	path_run_inbound(path, &list, &now);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_uint_eq(path_to_wire(path)->first->destination_port, 53);
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

static const char *const names[TABLE_COUNT][PATH_STAGES_MAX + 1] = {
    {"outer", "decap", "expand", "gro", "capture", "ip_rcv", "conntrack",
	"prerouting", "rcv_finish"},
    {"input", "tun_write"},
    {"udp_rcv", "lookup", "sock_queue", "data_ready"},
    {"forward"},
    {"tun_read", "capture", "ip_out", "output", "route", "mtu", "neigh",
	"qdisc", "postrouting", "compress", "encap"},
};

START_TEST(stage_names_never_change)
{
	static const struct stage *const tables[] = {
	    path_inbound, path_input, path_socket, path_forward, path_outbound};
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

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_packet_of_the_device_reaches_the_wire);
	tcase_add_test(tcase, the_inner_mark_goes_outside);
	tcase_add_test(tcase, what_is_encrypted_is_not_compressed);
	tcase_add_test(
	    tcase, a_partial_checksum_goes_to_peers_only_that_take_it);
	tcase_add_test(tcase, tun_read_drops_what_is_not_ip);
	tcase_add_test(tcase, tun_read_drops_nothing_at_all);
	tcase_add_test(tcase, tun_read_drops_what_is_larger_than_a_frame);
	tcase_add_test(tcase, ip_out_drops_a_bad_header);
	EACH(tcase, route_drops_what_no_peer_has, unroutable);
	tcase_add_test(tcase, the_host_hears_that_no_peer_has_it);
	tcase_add_test(tcase, the_host_hears_that_no_peer_has_it_ipv6);
	tcase_add_test(tcase, the_host_hears_that_a_peer_is_not_reached);
	tcase_add_test(tcase, neigh_drops_what_can_not_wait);
	tcase_add_test(tcase, encap_drops_what_is_not_sealed);
	tcase_add_test(tcase, what_waited_goes_out_when_it_is_released);
	tcase_add_test(tcase, what_waited_in_vain_is_counted_under_neigh);
	tcase_add_test(tcase, frames_of_ours_go_before_released_packets);
	tcase_add_test(tcase, handshake_messages_go_out_unsealed);
	return tcase;
}

static TCase *runner_cases(void)
{
	TCase *tcase = tcase_create("runner");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_answer_goes_out_within_the_inbound_run);
	tcase_add_test(tcase, batches_are_bounded_and_keep_order);
	tcase_add_test(tcase, drops_before_the_tables_are_counted);
	tcase_add_test(
	    tcase, a_packet_that_the_device_refused_is_not_delivered);
	tcase_add_test(tcase, a_packet_that_could_not_be_sent_is_not_sent);
	tcase_add_test(tcase, results_may_be_left_behind);
	tcase_add_test(tcase, a_branched_packet_goes_on_in_the_other_table);
	tcase_add_test(tcase, each_packet_of_a_batch_branches_its_own_way);
	tcase_add_loop_test(tcase, stage_names_never_change, 0, TABLE_COUNT);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("path");

	suite_add_tcase(suite, outbound_cases());
	suite_add_tcase(suite, runner_cases());
	return suite;
}
