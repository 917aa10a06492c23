/* SPDX-License-Identifier: ISC */
/* The inbound table over a fake tunnel: what each stage drops. */
#include "unit.h"

#include <string.h>

#include "packet/ecn.h"
#include "path_lab.h"

START_TEST(a_packet_of_a_peer_reaches_the_device)
{
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(totals().rx_delivered, 1);
	ck_assert_uint_eq(traced, 0);
}
END_TEST

START_TEST(padding_does_not_reach_the_device)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	memset(packet_data(pkt) + pkt->len, 0, 16);
	pkt->len += 16;
	receive(pkt);
	ck_assert_uint_eq(path_to_device(path)->first->len, INNER_BYTES);
}
END_TEST

START_TEST(a_handshake_message_is_consumed)
{
	receive(raw(FAKE_HANDSHAKE));
	ck_assert_uint_eq(totals().rx_consumed, 1);
	ck_assert_uint_eq(tunnel.open_calls, 0);
	ck_assert_uint_eq(pool_available(pool), PACKETS);
}
END_TEST

START_TEST(a_frame_of_ours_is_consumed)
{
	receive(raw(FAKE_FRAME));
	ck_assert_uint_eq(totals().rx_consumed, 1);
	ck_assert_uint_eq(pool_available(pool), PACKETS);
}
END_TEST

START_TEST(outer_drops_what_the_socket_cut)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	pkt->is_truncated = true;
	receive(pkt);
	check_dropped("outer", DROP_VPN_TRUNCATED);
}
END_TEST

START_TEST(outer_drops_what_the_tunnel_refuses)
{
	struct packet *pkt = raw(0);
	struct path_drop drop;

	ck_assert_int_eq(endpoint_parse(&pkt->endpoint, "192.0.2.1:9"), 0);
	tunnel.receive = DROP_VPN_MAC1;
	receive(pkt);
	check_dropped("outer", DROP_VPN_MAC1);
	drop = only_drop("outer", DROP_VPN_MAC1);
	ck_assert_str_eq(drop.direction, "in");
	ck_assert_str_eq(drop.example, "from 192.0.2.1:9 len 1");
	ck_assert_int_eq(drop.last.ns, now.now.ns);
}
END_TEST

START_TEST(decap_drops_what_does_not_open)
{
	receive(raw(FAKE_FORGED));
	check_dropped("decap", DROP_VPN_AUTH);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_VPN_AUTH], 1);
}
END_TEST

START_TEST(expand_drops_a_bad_frame)
{
	tunnel.expand = DROP_VPN_DECOMPRESS;
	receive(raw(0x30));
	check_dropped("expand", DROP_VPN_DECOMPRESS);
}
END_TEST

START_TEST(ip_rcv_drops_a_bad_header)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	packet_data(pkt)[IPV4_CHECKSUM] ^= 1;
	receive(pkt);
	check_dropped("ip_rcv", DROP_IP_CSUM);
}
END_TEST

START_TEST(ip_rcv_puts_a_congestion_mark_into_the_packet)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	packet_data(pkt)[1] = ECN_ECT_0;
	header_finish(packet_data(pkt), IPV4_BYTES);
	pkt->outer_ecn = ECN_CE;
	receive(pkt);
	ck_assert_uint_eq(packet_data(path_to_device(path)->first)[1], ECN_CE);
}
END_TEST

START_TEST(ip_rcv_drops_a_mark_on_what_can_not_carry_it)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	pkt->outer_ecn = ECN_CE;
	receive(pkt);
	check_dropped("ip_rcv", DROP_VPN_ECN);
}
END_TEST

static const struct {
	const char *source, *destination;
	enum drop drop;
} martians[] = {
    {"10.9.0.8", "10.9.0.1", DROP_IP_RPFILTER}, /* the other peer's */
    {"224.0.0.1", "10.9.0.1", DROP_IP_INVALID_SOURCE},
    {"239.255.255.255", "10.9.0.1", DROP_IP_INVALID_SOURCE},
    {"255.255.255.255", "10.9.0.1", DROP_IP_INVALID_SOURCE},
    {"0.0.0.0", "10.9.0.1", DROP_IP_INVALID_SOURCE},
    {"10.9.0.7", "0.0.0.0", DROP_IP_INVALID_DEST},
    {"127.0.0.1", "10.9.0.1", DROP_IP_LOCALNET},
    {"127.255.0.1", "10.9.0.1", DROP_IP_LOCALNET},
    {"10.9.0.7", "127.0.0.1", DROP_IP_LOCALNET},
    {"10.9.0.1", "10.9.0.1", DROP_IP_LOCAL_SOURCE},
    {"10.9.0.255", "10.9.0.1", DROP_IP_INVALID_SOURCE}, /* broadcast */
    {"10.2.0.1", "10.9.0.1", DROP_NONE},
    {"10.2.0.0", "10.9.0.1", DROP_NONE}, /* /31 has no broadcast */
    {"10.2.0.3", "10.9.0.1", DROP_NONE},
    {"0.1.2.3", "10.9.0.1", DROP_NONE},	       /* the kernel takes 0/8 now */
    {"0.0.0.0", "255.255.255.255", DROP_NONE}, /* DHCP */
    {"0.0.0.0", "224.0.0.22", DROP_NONE},      /* IGMP */
    {"0.0.0.0", "224.0.1.1", DROP_IP_INVALID_SOURCE},
    {"127.0.0.1", "255.255.255.255", DROP_IP_LOCAL_SOURCE},
    {"127.255.255.255", "255.255.255.255", DROP_IP_INVALID_SOURCE},
    {"10.9.0.7", "224.0.0.251", DROP_NONE},
    {"10.9.0.7", "255.255.255.255", DROP_NONE},
};

/* Even of a peer that may send from everywhere. */
START_TEST(rcv_finish_drops_martians)
{
	set_addresses();
	tunnel.has_default = true;
	receive(udp(martians[_i].source, martians[_i].destination, 53));
	if (martians[_i].drop)
		check_dropped("rcv_finish", martians[_i].drop);
	else
		ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

static const struct {
	const char *source, *destination;
	enum drop drop;
} martians6[] = {
    {"fd09::7", "fd09::1", DROP_NONE}, {"fe80::1", "ff02::1", DROP_NONE},
    {"::ffff:10.9.0.7", "fd09::1", DROP_IP_INVALID_SOURCE},
    {"fd09::1", "fd09::7", DROP_IP_LOCAL_SOURCE},
    {"fd09::7", "::", DROP_NONE}, /* the host has no route */
};

START_TEST(rcv_finish_drops_martians_of_ipv6)
{
	set_addresses();
	tunnel.has_default = true;
	receive(udp6(martians6[_i].source, martians6[_i].destination));
	if (martians6[_i].drop)
		check_dropped("rcv_finish", martians6[_i].drop);
	else
		ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

START_TEST(rcv_finish_drops_a_source_that_nobody_has)
{
	struct path_drop drop;

	receive(udp("192.168.1.5", "10.9.0.1", 53));
	check_dropped("rcv_finish", DROP_IP_RPFILTER);
	drop = only_drop("rcv_finish", DROP_IP_RPFILTER);
	ck_assert_str_eq(
	    drop.example, "udp 192.168.1.5:4000 > 10.9.0.1:53 len 32");
}
END_TEST

/* A tun device is no link on which a host could look for its address. */
START_TEST(rcv_finish_knows_no_host_without_address)
{
	struct packet *pkt = udp("0.0.0.0", "255.255.255.255", 67);

	packet_data(pkt)[20] = 0;
	packet_data(pkt)[21] = 68;
	receive(pkt);
	check_dropped("rcv_finish", DROP_IP_RPFILTER);
}
END_TEST

START_TEST(rcv_finish_forgets_addresses_that_went)
{
	set_addresses();
	ck_assert_int_eq(path_set_addresses(path, NULL, 0), 0);
	tunnel.has_default = true;
	receive(udp("10.9.0.1", "10.9.0.2", 53));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

START_TEST(rcv_finish_drops_a_source_route)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);
	static const uint8_t route[] = {131, 7, 4, 10, 9, 0, 9, 0};
	uint8_t *bytes = packet_data(pkt);

	bytes[0] = 0x47;
	memcpy(bytes + IPV4_BYTES, route, sizeof(route));
	header_finish(bytes, IPV4_BYTES + sizeof(route));
	receive(pkt);
	check_dropped("rcv_finish", DROP_IP_INHDR);
}
END_TEST

START_TEST(tun_write_completes_a_partial_checksum)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	pkt->checksum = CHECKSUM_PARTIAL;
	receive(pkt);
	ck_assert_int_eq(path_to_device(path)->first->checksum, CHECKSUM_FULL);
}
END_TEST

START_TEST(tun_write_leaves_a_partial_checksum_to_a_device_that_takes_it)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	path_set_partial(path, true);
	pkt->checksum = CHECKSUM_PARTIAL;
	receive(pkt);
	ck_assert_int_eq(
	    path_to_device(path)->first->checksum, CHECKSUM_PARTIAL);
}
END_TEST

static TCase *inbound_cases(void)
{
	TCase *tcase = tcase_create("inbound");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_packet_of_a_peer_reaches_the_device);
	tcase_add_test(tcase, padding_does_not_reach_the_device);
	tcase_add_test(tcase, a_handshake_message_is_consumed);
	tcase_add_test(tcase, a_frame_of_ours_is_consumed);
	tcase_add_test(tcase, outer_drops_what_the_socket_cut);
	tcase_add_test(tcase, outer_drops_what_the_tunnel_refuses);
	tcase_add_test(tcase, decap_drops_what_does_not_open);
	tcase_add_test(tcase, expand_drops_a_bad_frame);
	tcase_add_test(tcase, ip_rcv_drops_a_bad_header);
	tcase_add_test(tcase, ip_rcv_puts_a_congestion_mark_into_the_packet);
	tcase_add_test(tcase, ip_rcv_drops_a_mark_on_what_can_not_carry_it);
	EACH(tcase, rcv_finish_drops_martians, martians);
	EACH(tcase, rcv_finish_drops_martians_of_ipv6, martians6);
	tcase_add_test(tcase, rcv_finish_drops_a_source_that_nobody_has);
	tcase_add_test(tcase, rcv_finish_knows_no_host_without_address);
	tcase_add_test(tcase, rcv_finish_forgets_addresses_that_went);
	tcase_add_test(tcase, rcv_finish_drops_a_source_route);
	tcase_add_test(tcase, tun_write_completes_a_partial_checksum);
	tcase_add_test(tcase,
	    tun_write_leaves_a_partial_checksum_to_a_device_that_takes_it);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("inbound");

	suite_add_tcase(suite, inbound_cases());
	return suite;
}
