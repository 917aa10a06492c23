/* SPDX-License-Identifier: ISC */
/* forwarding = "daemon": from peer to peer, past the host. */
#include "unit.h"

#include <string.h>

#include "path_lab.h"

#define TTL 8 /* offset in an IPv4 header */

static void setup_forwarding(void)
{
	setup();
	set_addresses();
	path_set_forwarding(path, true);
}

static struct packet *udp_with_ttl(const char *destination, uint8_t ttl)
{
	struct packet *pkt = udp("10.9.0.7", destination, 53);

	packet_data(pkt)[TTL] = ttl;
	header_finish(packet_data(pkt), IPV4_BYTES);
	return pkt;
}

/* One packet, to peer 0. */
static void check_answer(const char *expected)
{
	ck_assert_uint_eq(path_to_device(path)->len, 0);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_ptr_eq(path_to_wire(path)->first->peer, &tunnel.peers[0]);
	ck_assert_str_eq(icmp_text(path_to_wire(path)->first), expected);
	ck_assert_uint_eq(totals().tx_ours, 1);
}

START_TEST(a_packet_for_another_peer_goes_there)
{
	const struct packet *pkt;

	receive(udp("10.9.0.7", "10.9.0.8", 53));
	ck_assert_uint_eq(path_to_device(path)->len, 0);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	pkt = path_to_wire(path)->first;
	ck_assert_ptr_eq(pkt->peer, &tunnel.peers[1]);
	ck_assert_uint_eq(pkt->from_id, 1);
	ck_assert_uint_eq(pkt->to_id, 2);
	ck_assert(!pkt->is_data);
	ck_assert_uint_eq(totals().rx_forwarded, 1);
	ck_assert_uint_eq(totals().tx_switched, 1);
	ck_assert_uint_eq(totals().tx_sent, 1);
}
END_TEST

START_TEST(without_it_the_host_gets_all)
{
	path_set_forwarding(path, false);
	receive(udp("10.9.0.7", "10.9.0.8", 53));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(packet_data(path_to_device(path)->first)[TTL], 64);
}
END_TEST

START_TEST(a_router_is_a_hop_and_keeps_the_checksum_right)
{
	struct packet sent;
	uint8_t *bytes;

	receive(udp_with_ttl("10.9.0.8", (uint8_t)_i));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	bytes = packet_data(path_to_wire(path)->first);
	ck_assert_uint_eq(bytes[TTL], _i - 1);
	ck_assert_uint_eq(
	    checksum_finish(checksum_add(0, bytes, IPV4_BYTES)), 0);
	sent = *path_to_wire(path)->first;
	ck_assert_int_eq(packet_parse_ip(&sent), DROP_NONE);
}
END_TEST

START_TEST(ipv6_has_a_hop_limit)
{
	struct packet *pkt = udp6("fd09::7", "fd09::8");

	packet_data(pkt)[7] = 2;
	receive(pkt);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_uint_eq(packet_data(pkt)[7], 1);
}
END_TEST

START_TEST(forward_drops_what_has_no_hop_left)
{
	receive(udp_with_ttl("10.9.0.8", (uint8_t)_i));
	ck_assert_str_eq(only_drop("forward", DROP_IP_INHDR).direction, "in");
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_IP_INHDR], 1);
	check_answer("10.9.0.1 > 10.9.0.7 icmp 11/0");
}
END_TEST

START_TEST(a_hop_does_not_matter_to_what_is_for_the_host)
{
	receive(udp_with_ttl("10.9.0.1", (uint8_t)_i));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

START_TEST(a_packet_may_go_back_to_its_peer)
{
	receive(udp("10.9.0.7", "10.1.2.3", 53));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_ptr_eq(path_to_wire(path)->first->peer, &tunnel.peers[0]);
}
END_TEST

static const char *const of_the_host[] = {
    "10.9.0.1",	  /* its own */
    "10.2.0.2",	  /* another one */
    "10.9.0.255", /* of its network */
    "192.0.2.1",  /* nobody's */
    "224.0.0.22", /* a group */
    "255.255.255.255",
};

/* Even with a peer that has 0.0.0.0/0: groups are not routed. */
START_TEST(what_is_the_hosts_goes_to_the_host)
{
	const char *destination = of_the_host[_i];

	tunnel.has_default = strcmp(destination, "192.0.2.1") != 0;
	receive(udp("10.9.0.7", destination, 53));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
	ck_assert_uint_eq(path_to_device(path)->first->to_id, 0);
}
END_TEST

static const char *const of_the_host6[] = {
    "fd09::1", "ff02::1", "fe80::8", "::", "fd09::"};

START_TEST(what_is_the_hosts_goes_to_the_host_ipv6)
{
	tunnel.has_default = true;
	receive(udp6("fd09::7", of_the_host6[_i]));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

START_TEST(forward_drops_a_link_local_source)
{
	struct packet *pkt = udp6("fe80::7", "fd09::8");

	set_addresses();
	packet_data(pkt)[7] = 64;
	receive(pkt);
	(void)only_drop("forward", DROP_IP_INADDRERRORS);
	check_answer("fd09::1 > fe80::7 icmp 1/2");
}
END_TEST

START_TEST(a_link_local_source_may_go_back_to_its_peer)
{
	struct packet *pkt = udp6("fe80::7", "2001:db8::1");

	tunnel.has_default = true;
	packet_data(pkt)[7] = 64;
	receive(pkt);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
}
END_TEST

/* The destination is looked up before the source is. */
START_TEST(without_a_host_nobody_has_what_no_peer_has)
{
	path->setup.is_whole_host = true;
	receive(udp("10.9.0.7", "192.0.2.1", 53));
	(void)only_drop("rcv_finish", DROP_IP_INNOROUTES);
	check_answer("10.9.0.1 > 10.9.0.7 icmp 3/0");
}
END_TEST

START_TEST(without_a_host_nobody_has_what_no_peer_has_ipv6)
{
	path->setup.is_whole_host = true;
	receive(udp6("fd09::7", "2001:db8::1"));
	(void)only_drop("rcv_finish", DROP_IP_INNOROUTES);
	check_answer("fd09::1 > fd09::7 icmp 1/0");
	ck_assert_uint_eq(path->snmp.counts[SNMP_Ip6InNoRoutes], 1);
}
END_TEST

START_TEST(what_nobody_has_is_said_before_who_sent_it)
{
	path->setup.is_whole_host = true;
	receive(udp("10.9.0.8", "192.0.2.1", 53));
	check_dropped("rcv_finish", DROP_IP_INNOROUTES);
}
END_TEST

static const char *const whole[] = {"10.9.0.1", "10.9.0.255", "224.0.0.22"};

START_TEST(without_a_host_own_addresses_are_as_before)
{
	path->setup.is_whole_host = true;
	receive(udp("10.9.0.7", whole[_i], 53));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

START_TEST(a_spoofed_packet_is_not_forwarded)
{
	receive(udp("10.9.0.8", "10.9.0.7", 53));
	check_dropped("rcv_finish", DROP_IP_RPFILTER);
}
END_TEST

START_TEST(forwarded_packets_leave_buffers_to_the_host)
{
	tunnel.has_session = false;
	for (size_t i = 0; i < PACKETS; i++)
		receive(udp("10.9.0.7", "10.9.0.8", 53));
	ck_assert_uint_eq(tunnel.staged.len, PACKETS - PACKETS / 4 - 1);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_NOMEM], PACKETS / 4 + 1);
	transmit(udp("10.9.0.1", "10.9.0.8", 53));
	ck_assert_uint_eq(tunnel.staged.len, PACKETS - PACKETS / 4);
	(void)totals();
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("forward");
	TCase *tcase = tcase_create("forward");

	tcase_add_checked_fixture(tcase, setup_forwarding, teardown);
	tcase_add_test(tcase, a_packet_for_another_peer_goes_there);
	tcase_add_test(tcase, without_it_the_host_gets_all);
	tcase_add_loop_test(
	    tcase, a_router_is_a_hop_and_keeps_the_checksum_right, 2, 256);
	tcase_add_test(tcase, ipv6_has_a_hop_limit);
	tcase_add_loop_test(tcase, forward_drops_what_has_no_hop_left, 0, 2);
	tcase_add_loop_test(
	    tcase, a_hop_does_not_matter_to_what_is_for_the_host, 0, 2);
	tcase_add_test(tcase, a_packet_may_go_back_to_its_peer);
	EACH(tcase, what_is_the_hosts_goes_to_the_host, of_the_host);
	EACH(tcase, what_is_the_hosts_goes_to_the_host_ipv6, of_the_host6);
	tcase_add_test(tcase, forward_drops_a_link_local_source);
	tcase_add_test(tcase, a_link_local_source_may_go_back_to_its_peer);
	tcase_add_test(tcase, without_a_host_nobody_has_what_no_peer_has);
	tcase_add_test(tcase, without_a_host_nobody_has_what_no_peer_has_ipv6);
	tcase_add_test(tcase, what_nobody_has_is_said_before_who_sent_it);
	EACH(tcase, without_a_host_own_addresses_are_as_before, whole);
	tcase_add_test(tcase, a_spoofed_packet_is_not_forwarded);
	tcase_add_test(tcase, forwarded_packets_leave_buffers_to_the_host);
	suite_add_tcase(suite, tcase);
	return suite;
}
