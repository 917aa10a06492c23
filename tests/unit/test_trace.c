/* SPDX-License-Identifier: ISC */
/* Dry runs through the live tables, and traced packets among live ones. */
#include "unit.h"

#include <string.h>

#include "trace_lab.h"

static void setup_tun(void)
{
	setup();
	set_addresses();
	for (uint32_t i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].id = i + 1;
	tunnel.peers[1].name = "carol";
}

static void setup_switch(void)
{
	setup_tap();
	for (uint32_t i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].id = i + 1;
	learn_all();
}

static void from_peer(unsigned peer, struct packet *pkt)
{
	pkt->peer = &tunnel.peers[peer];
	trace_lab_run(TRACE_FROM_PEER, pkt);
	pool_put(pool, pkt);
}

static void from_host(struct packet *pkt)
{
	trace_lab_run(TRACE_FROM_HOST, pkt);
	pool_put(pool, pkt);
}

static void check_end(enum trace_end end, enum drop drop)
{
	ck_assert_int_eq(trace_lab.end, end);
	ck_assert_str_eq(drop_name(trace_lab.drop), drop_name(drop));
}

static void check_why(const char *stage, const char *why)
{
	ck_assert_str_eq(trace_lab_why(stage), why);
}

/* ---- tun ---- */

START_TEST(a_dry_packet_walks_to_the_device)
{
	from_peer(0, udp("10.9.0.7", "10.9.0.1", 53));
	check_end(TRACE_DEVICE, DROP_NONE);
	ck_assert_str_eq(trace_lab_stages(),
	    "ip_rcv conntrack prerouting rcv_finish "
	    "input tun_write");
	check_why("ip_rcv", "IPv4 ihl 5 ttl 64 checksum ok");
	check_why(
	    "rcv_finish", "10.9.0.7 in bob's 10.9.0.7/32; 10.9.0.1 is local");
}
END_TEST

START_TEST(a_dry_packet_meets_a_device_that_is_down)
{
	path_set_device_down(path, true);
	from_peer(0, udp("10.9.0.7", "10.9.0.1", 53));
	check_end(TRACE_DROPPED, DROP_DEV_READY);
	path_set_device_down(path, false);
	from_peer(0, udp("10.9.0.7", "10.9.0.1", 53));
	check_end(TRACE_DEVICE, DROP_NONE);
}
END_TEST

START_TEST(a_dry_packet_is_dropped_and_not_counted)
{
	from_peer(0, udp("192.0.2.5", "10.9.0.1", 53));
	check_end(TRACE_DROPPED, DROP_IP_RPFILTER);
	check_why("rcv_finish",
	    "192.0.2.5 not in any of bob's 4 allowed_ips (10.9.0.7/32, ...)");
	ck_assert_uint_eq(traced, 0);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_IP_RPFILTER], 0);
}
END_TEST

START_TEST(a_foreign_source_is_said_to_be_whose)
{
	from_peer(1, udp("10.1.2.3", "10.9.0.1", 53));
	check_why("rcv_finish",
	    "10.1.2.3 not in any of carol's 2 allowed_ips (10.9.0.8/32, ...), "
	    "but in bob's 10.1.0.0/16");
}
END_TEST

START_TEST(martians_are_named)
{
	static const struct {
		const char *source, *why;
	} cases[] = {
	    {"224.0.0.1", "224.0.0.1: source address can not be a source"},
	    {"10.9.0.1",
		"10.9.0.1: source is one of this host's tunnel addresses"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		from_peer(0, udp(cases[i].source, "10.9.0.1", 53));
		check_why("rcv_finish", cases[i].why);
	}
}
END_TEST

START_TEST(lengths_that_do_not_fit_are_told)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	pkt->len -= 2;
	from_peer(0, pkt);
	check_end(TRACE_DROPPED, DROP_PKT_TOO_SMALL);
	check_why("ip_rcv", "the header says 32 bytes, 30 are there");
	pkt = udp6("fd09::7", "fd09::1");
	pkt->len--;
	from_peer(0, pkt);
	check_why("ip_rcv", "the header says 48 bytes, 47 are there");
}
END_TEST

START_TEST(a_dry_packet_of_the_host_is_not_sealed)
{
	from_host(udp("10.9.0.1", "10.1.0.9", 53));
	check_end(TRACE_WIRE, DROP_NONE);
	ck_assert_str_eq(trace_lab_stages(),
	    "tun_read capture ip_out output route mtu neigh qdisc postrouting "
	    "compress encap");
	check_why("route", "10.1.0.9 in bob's 10.1.0.0/16");
	check_why("neigh", "there is a session with bob");
	ck_assert_uint_eq(tunnel.seal_calls, 0);
}
END_TEST

START_TEST(a_dry_packet_does_not_wait)
{
	tunnel.has_session = false;
	from_host(udp("10.9.0.1", "10.9.0.8", 53));
	check_end(TRACE_TAKEN, DROP_NONE);
	check_why("neigh", "no session with carol: waits for a handshake");
	ck_assert_uint_eq(tunnel.staged.len, 0);
}
END_TEST

START_TEST(a_dry_packet_without_a_route)
{
	from_host(udp("10.9.0.1", "192.0.2.1", 53));
	check_end(TRACE_DROPPED, DROP_IP_OUTNOROUTES);
	check_why("route", "192.0.2.1 is in no peer's allowed_ips");
}
END_TEST

START_TEST(a_dry_packet_is_forwarded)
{
	path_set_forwarding(path, true);
	from_peer(0, udp("10.9.0.7", "10.9.0.8", 53));
	check_end(TRACE_WIRE, DROP_NONE);
	ck_assert_str_eq(trace_lab_stages(),
	    "ip_rcv conntrack prerouting rcv_finish "
	    "forward mtu neigh qdisc postrouting compress encap");
	check_why("rcv_finish",
	    "10.9.0.7 in bob's 10.9.0.7/32; 10.9.0.8 in carol's 10.9.0.8/32");
	check_why("forward", "to carol with ttl 63; no filter");
}
END_TEST

START_TEST(results_that_wait_are_not_disturbed)
{
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	from_peer(0, udp("10.9.0.7", "10.9.0.1", 53));
	from_host(udp("10.9.0.1", "10.9.0.7", 53));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
}
END_TEST

/* ---- tap ---- */

START_TEST(a_dry_frame_teaches_the_switch_nothing)
{
	from_peer(2, frame(PEER_MAC(3), ANY_MAC));
	check_end(TRACE_WIRE, DROP_NONE);
	ck_assert_uint_eq(trace_lab.to_id, 4);
	ck_assert_str_eq(trace_lab_stages(),
	    "eth ip_rcv conntrack prerouting rcv_finish "
	    "bridge forward mtu neigh qdisc postrouting compress encap");
	check_why(
	    "eth", "02:aa:00:00:00:99 > 02:aa:00:00:00:03 ethertype 0x88b5");
	check_why("bridge", "02:aa:00:00:00:03 to bob");
	check_why("forward", "to bob; no filter");
}
END_TEST

START_TEST(a_dry_flood_names_its_copies)
{
	from_peer(2, tagged(frame(EVERYBODY, PEER_MAC(2)), ETHERTYPE_VLAN, 7));
	check_end(TRACE_DEVICE, DROP_NONE);
	check_why("eth",
	    "02:aa:00:00:00:02 > ff:ff:ff:ff:ff:ff ethertype 0x88b5 vlan 7");
	check_why("bridge", "ff:ff:ff:ff:ff:ff to the host");
	ck_assert_uint_eq(trace_lab.copies, FAKE_PEERS - 1);
	ck_assert_str_eq(trace_lab.entry, "forward");
}
END_TEST

START_TEST(a_dry_flood_of_the_host_names_its_copies)
{
	from_host(frame(EVERYBODY, HOST_MAC));
	check_end(TRACE_WIRE, DROP_NONE);
	ck_assert_uint_eq(trace_lab.made, FAKE_PEERS - 1);
}
END_TEST

START_TEST(a_dry_flood_takes_no_tokens)
{
	limits.storm[BRIDGE_BROADCAST] = 1;
	apply_limits();
	now.now = instant_after(now.now, 100 * NS_PER_S);
	for (int i = 0; i < 100; i++)
		from_peer(2, frame(EVERYBODY, PEER_MAC(2)));
	check_end(TRACE_DEVICE, DROP_NONE);
}
END_TEST

START_TEST(a_dry_frame_that_no_buffer_is_left_for)
{
	struct packet_list all = {0};

	while (pool_available(pool) > 2)
		packet_list_push(&all, pool_get(pool));
	from_peer(2, frame(PEER_MAC(3), PEER_MAC(2)));
	check_end(TRACE_DROPPED, DROP_NOMEM);
	pool_put_list(pool, &all);
}
END_TEST

/* ---- live ---- */

static void mark(struct packet *pkt, uint32_t id)
{
	pkt->is_traced = true;
	pkt->trace_id = id;
}

START_TEST(a_live_packet_is_traced_and_delivered)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	path_set_tracer(path, &trace_lab_tracer);
	memset(&trace_lab, 0, sizeof(trace_lab));
	mark(pkt, 1);
	receive(pkt);
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	check_end(TRACE_DEVICE, DROP_NONE);
	ck_assert_str_eq(trace_lab_stages(),
	    "outer decap expand gro capture ip_rcv conntrack prerouting "
	    "rcv_finish input tun_write");
	ck_assert_uint_eq(path_to_device(path)->len, 2);
	path_set_tracer(path, NULL);
	pkt = udp("10.9.0.7", "10.9.0.1", 53);
	mark(pkt, 2);
	receive(pkt);
	ck_assert_uint_eq(trace_lab.steps, 11);
}
END_TEST

START_TEST(a_live_packet_that_is_consumed_is_taken)
{
	struct packet *pkt = raw(FAKE_FRAME);

	path_set_tracer(path, &trace_lab_tracer);
	memset(&trace_lab, 0, sizeof(trace_lab));
	mark(pkt, 1);
	receive(pkt);
	check_end(TRACE_TAKEN, DROP_NONE);
	ck_assert_str_eq(trace_lab_stages(), "outer decap expand");
}
END_TEST

/* The one in trains, the other in a bundle. */
START_TEST(a_live_packet_that_goes_within_another_is_sent)
{
	struct packet *pkt = _i ? udp("10.9.0.1", "10.9.0.7", 53)
				: udp_whole("10.9.0.1", "10.9.0.7", 53, 40);
	struct packet_list list = {0};

	tunnel.bundles = _i;
	path_set_tracer(path, &trace_lab_tracer);
	memset(&trace_lab, 0, sizeof(trace_lab));
	mark(pkt, 1);
	packet_list_push(&list, udp("10.9.0.1", "10.9.0.7", 53));
	packet_list_push(&list, pkt);
	path_run_outbound(path, &list, &now);
	check_end(TRACE_WIRE, DROP_NONE);
	ck_assert_str_eq(trace_lab.stages[trace_lab.steps - 1], "encap");
	ck_assert_uint_eq(totals().tx_sent, _i ? 2 : 41);
}
END_TEST

static const struct {
	bool has_buffers, has_session;
	enum drop sealing, drop;
	const char *stage;
} cuts[] = {
    /* no large ones, so it is cut to be sealed, and then it is not */
    {true, true, DROP_VPN_NOSESSION, DROP_VPN_NOSESSION, "encap"},
    /* none to cut it */
    {false, true, DROP_NONE, DROP_NOMEM, "encap"},
    {false, false, DROP_NONE, DROP_NOMEM, "neigh"},
};

START_TEST(a_live_super_packet_that_is_dropped_in_pieces_is_dropped)
{
	struct packet *pkt = udp_whole("10.9.0.1", "10.9.0.7", 53, 5);
	struct packet_list taken = {0};
	struct packet *other;

	while ((other = pool_get_large(pool)))
		packet_list_push(&taken, other);
	while (!cuts[_i].has_buffers && (other = pool_get(pool)))
		packet_list_push(&taken, other);
	tunnel.has_session = cuts[_i].has_session;
	tunnel.seal = cuts[_i].sealing;
	path_set_tracer(path, &trace_lab_tracer);
	memset(&trace_lab, 0, sizeof(trace_lab));
	mark(pkt, 1);
	transmit(pkt);
	check_end(TRACE_DROPPED, cuts[_i].drop);
	ck_assert_str_eq(trace_lab.stages[trace_lab.steps - 1], cuts[_i].stage);
	ck_assert_uint_eq(totals().tx_dropped, 5);
	pool_put_list(pool, &taken);
}
END_TEST

START_TEST(an_answer_is_traced_because_of_its_cause)
{
	struct packet *pkt = udp("10.9.0.1", "192.0.2.1", 53);

	path_set_tracer(path, &trace_lab_tracer);
	memset(&trace_lab, 0, sizeof(trace_lab));
	trace_lab.caused_id = 7;
	mark(pkt, 1);
	transmit(pkt);
	ck_assert_uint_eq(trace_lab.caused[TRACE_ANSWER], 1);
	ck_assert_uint_eq(trace_lab.cause_id, 1);
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(path_to_device(path)->first->trace_id, 7);
	check_end(TRACE_DEVICE, DROP_NONE);
	transmit(udp("10.9.0.1", "192.0.2.1", 53));
	ck_assert_uint_eq(trace_lab.caused[TRACE_ANSWER], 1);
	(void)totals();
}
END_TEST

START_TEST(copies_are_traced_because_of_their_cause)
{
	struct packet *pkt = frame(EVERYBODY, PEER_MAC(2));

	path_set_tracer(path, &trace_lab_tracer);
	memset(&trace_lab, 0, sizeof(trace_lab));
	trace_lab.caused_id = 7;
	mark(pkt, 1);
	receive_from(2, pkt);
	ck_assert_uint_eq(trace_lab.caused[TRACE_COPY], FAKE_PEERS - 1);
	ck_assert_uint_eq(trace_lab.cause_id, 1);
	ck_assert_uint_eq(path_to_wire(path)->first->trace_id, 7);
	check_end(TRACE_WIRE, DROP_NONE);
	take_results();
	/* nothing that a dry one would cause is live */
	from_peer(2, frame(EVERYBODY, PEER_MAC(2)));
	ck_assert_uint_eq(trace_lab.caused[TRACE_COPY], 0);
}
END_TEST

START_TEST(a_live_flood_is_traced_once)
{
	struct packet *pkt = frame(EVERYBODY, PEER_MAC(2));

	path_set_tracer(path, &trace_lab_tracer);
	memset(&trace_lab, 0, sizeof(trace_lab));
	mark(pkt, 1);
	receive_from(2, pkt);
	check_end(TRACE_DEVICE, DROP_NONE);
	ck_assert_uint_eq(path_to_wire(path)->len, FAKE_PEERS - 1);
	take_results();
}
END_TEST

static TCase *tun_cases(void)
{
	TCase *tcase = tcase_create("tun");

	tcase_add_checked_fixture(tcase, setup_tun, teardown);
	tcase_add_test(tcase, a_dry_packet_walks_to_the_device);
	tcase_add_test(tcase, a_dry_packet_meets_a_device_that_is_down);
	tcase_add_test(tcase, a_dry_packet_is_dropped_and_not_counted);
	tcase_add_test(tcase, a_foreign_source_is_said_to_be_whose);
	tcase_add_test(tcase, martians_are_named);
	tcase_add_test(tcase, lengths_that_do_not_fit_are_told);
	tcase_add_test(tcase, a_dry_packet_of_the_host_is_not_sealed);
	tcase_add_test(tcase, a_dry_packet_does_not_wait);
	tcase_add_test(tcase, a_dry_packet_without_a_route);
	tcase_add_test(tcase, a_dry_packet_is_forwarded);
	tcase_add_test(tcase, results_that_wait_are_not_disturbed);
	tcase_add_test(tcase, a_live_packet_is_traced_and_delivered);
	tcase_add_test(tcase, a_live_packet_that_is_consumed_is_taken);
	tcase_add_loop_test(
	    tcase, a_live_packet_that_goes_within_another_is_sent, 0, 2);
	tcase_add_loop_test(tcase,
	    a_live_super_packet_that_is_dropped_in_pieces_is_dropped, 0,
	    ARRAY_SIZE(cuts));
	tcase_add_test(tcase, an_answer_is_traced_because_of_its_cause);
	return tcase;
}

static TCase *tap_cases(void)
{
	TCase *tcase = tcase_create("tap");

	tcase_add_checked_fixture(tcase, setup_switch, teardown_tap);
	tcase_add_test(tcase, a_dry_frame_teaches_the_switch_nothing);
	tcase_add_test(tcase, a_dry_flood_names_its_copies);
	tcase_add_test(tcase, a_dry_flood_of_the_host_names_its_copies);
	tcase_add_test(tcase, a_dry_flood_takes_no_tokens);
	tcase_add_test(tcase, a_dry_frame_that_no_buffer_is_left_for);
	tcase_add_test(tcase, a_live_flood_is_traced_once);
	tcase_add_test(tcase, copies_are_traced_because_of_their_cause);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("trace");

	suite_add_tcase(suite, tun_cases());
	suite_add_tcase(suite, tap_cases());
	return suite;
}
