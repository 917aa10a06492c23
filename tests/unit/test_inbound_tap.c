/* SPDX-License-Identifier: ISC */
/* The inbound table of a tap tunnel up to the switch: what each stage drops. */
#include "unit.h"

#include <string.h>

#include "packet/ecn.h"
#include "tap_lab.h"

#define OPEN 2 /* a peer without allowed_ips */

static struct packet *delivered(void)
{
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(totals().rx_delivered, 1);
	ck_assert_uint_eq(traced, 0);
	return path_to_device(path)->first;
}

static void check_fate(enum drop drop)
{
	if (drop)
		check_dropped("rcv_finish", drop);
	else
		(void)delivered();
}

static uint32_t macs(void)
{
	struct bridge_status status;

	bridge_status(bridge, now.now, &status);
	return status.macs;
}

START_TEST(a_frame_reaches_the_host_as_it_was)
{
	struct packet *pkt = ip_frame(udp("10.9.0.7", "10.9.0.1", 53));
	uint8_t before[2000];
	uint32_t len;

	memset(packet_data(pkt) + pkt->len, 0, 14); /* Ethernet's padding */
	pkt->len += 14;
	len = pkt->len;
	memcpy(before, packet_data(pkt), len);
	receive_from(0, pkt);
	ck_assert_uint_eq(delivered()->len, len);
	ck_assert_mem_eq(packet_data(delivered()), before, len);
}
END_TEST

START_TEST(what_is_no_frame_is_done_with_before)
{
	receive(raw(FAKE_HANDSHAKE));
	receive(raw(FAKE_FRAME));
	ck_assert_uint_eq(totals().rx_consumed, 2);
	receive(raw(FAKE_FORGED));
	check_dropped("decap", DROP_VPN_AUTH);
}
END_TEST

START_TEST(outer_and_expand_drop_as_on_tun)
{
	tunnel.expand = DROP_VPN_DECOMPRESS;
	receive(frame(HOST_MAC, PEER_MAC(0)));
	check_dropped("expand", DROP_VPN_DECOMPRESS);
}
END_TEST

START_TEST(eth_drops_what_is_shorter_than_its_header)
{
	struct packet *pkt = frame(HOST_MAC, PEER_MAC(0));

	pkt->len = ETHERNET_BYTES - 1;
	receive_from(OPEN, pkt);
	check_dropped("eth", DROP_HDR_TRUNC);
}
END_TEST

START_TEST(eth_drops_a_cut_tag)
{
	struct packet *pkt =
	    tagged(frame(HOST_MAC, PEER_MAC(0)), ETHERTYPE_VLAN, 10);

	pkt->len = ETHERNET_BYTES + ETHERNET_TAG_BYTES - 1;
	receive_from(OPEN, pkt);
	check_dropped("eth", DROP_HDR_TRUNC);
}
END_TEST

static struct packet *broken(void)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	packet_data(pkt)[IPV4_CHECKSUM] ^= 1;
	return ip_frame(pkt);
}

START_TEST(ip_rcv_drops_a_broken_packet_of_a_restricted_peer)
{
	receive_from(0, broken());
	check_dropped("ip_rcv", DROP_IP_CSUM);
}
END_TEST

START_TEST(a_broken_packet_of_an_open_peer_is_for_the_host_to_drop)
{
	receive_from(OPEN, broken());
	(void)delivered();
}
END_TEST

START_TEST(a_broken_packet_is_not_marked)
{
	struct packet *pkt = broken();

	pkt->outer_ecn = ECN_CE;
	receive_from(OPEN, pkt);
	ck_assert_uint_eq(packet_l3(delivered())[1], ECN_NOT_ECT);
}
END_TEST

/* A host may take off one tag after the other, and find an IP packet. */
static struct packet *deep(void)
{
	struct packet *pkt = ip_frame(udp("10.9.0.8", "10.9.0.1", 53));

	for (int i = 0; i <= ETHERNET_TAGS_MAX; i++)
		pkt = tagged(pkt, ETHERTYPE_VLAN, 10);
	return pkt;
}

START_TEST(a_restricted_peer_can_not_hide_behind_tags)
{
	receive_from(0, deep());
	check_dropped("ip_rcv", DROP_UNHANDLED_PROTO);
}
END_TEST

START_TEST(an_open_peer_can_not_hide_from_the_guard_behind_tags)
{
	receive_from(OPEN, deep());
	check_dropped("rcv_finish", DROP_VPN_GUARD);
}
END_TEST

START_TEST(who_needs_no_guard_may_use_any_number_of_tags)
{
	change_port(OPEN, (struct bridge_port_setup){
			      .is_router = true, .is_dhcp_server = true});
	receive_from(OPEN, deep());
	(void)delivered();
}
END_TEST

static struct packet *marked(uint8_t inner, uint8_t outer)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	packet_data(pkt)[1] = inner;
	header_finish(packet_data(pkt), IPV4_BYTES);
	pkt->outer_ecn = outer;
	return ip_frame(pkt);
}

START_TEST(ip_rcv_puts_a_congestion_mark_into_the_packet)
{
	receive_from(0, marked(ECN_ECT_0, ECN_CE));
	ck_assert_uint_eq(packet_l3(delivered())[1], ECN_CE);
}
END_TEST

START_TEST(ip_rcv_drops_a_mark_on_what_can_not_carry_it)
{
	receive_from(_i, marked(ECN_NOT_ECT, ECN_CE));
	check_dropped("ip_rcv", DROP_VPN_ECN);
}
END_TEST

START_TEST(a_mark_on_what_is_no_ip_is_nothing)
{
	struct packet *pkt = arp("10.9.0.7", "10.9.0.1");

	pkt->outer_ecn = ECN_CE;
	receive_from(0, pkt);
	(void)delivered();
}
END_TEST

static const struct {
	const char *source, *destination;
	uint16_t port;
	enum drop drop;
} sources[] = {
    {"10.9.0.7", "10.9.0.1", 53, DROP_NONE},
    {"10.1.2.3", "255.255.255.255", 53, DROP_NONE},
    {"10.9.0.7", "224.0.0.251", 53, DROP_NONE},
    {"10.9.0.8", "10.9.0.1", 53, DROP_IP_RPFILTER}, /* the other peer's */
    {"192.0.2.1", "10.9.0.1", 53, DROP_IP_RPFILTER},
    {"10.9.0.1", "10.9.0.8", 53, DROP_IP_LOCAL_SOURCE},
    {"10.9.0.255", "10.9.0.1", 53, DROP_IP_INVALID_SOURCE},
    {"224.0.0.1", "10.9.0.1", 53, DROP_IP_INVALID_SOURCE},
    {"127.0.0.1", "10.9.0.1", 53, DROP_IP_LOCALNET},
    {"10.9.0.7", "127.0.0.1", 53, DROP_IP_LOCALNET},
    {"0.0.0.0", "10.9.0.1", 67, DROP_IP_INVALID_SOURCE},
    {"0.0.0.0", "255.255.255.255", 53, DROP_IP_RPFILTER},
    {"0.0.0.0", "255.255.255.255", 67, DROP_IP_RPFILTER}, /* from 4000 */
};

START_TEST(rcv_finish_checks_the_source_of_a_restricted_peer)
{
	set_addresses();
	receive_from(0, ip_frame(udp(sources[_i].source,
			    sources[_i].destination, sources[_i].port)));
	check_fate(sources[_i].drop);
}
END_TEST

START_TEST(an_open_peer_may_be_anybody)
{
	set_addresses();
	receive_from(OPEN, ip_frame(udp(sources[_i].source,
			       sources[_i].destination, sources[_i].port)));
	check_fate(DROP_NONE);
}
END_TEST

START_TEST(the_source_within_tags_is_checked_too)
{
	struct packet *pkt = ip_frame(udp("10.9.0.8", "10.9.0.1", 53));

	pkt = tagged(tagged(pkt, ETHERTYPE_VLAN, 7), ETHERTYPE_QINQ, 10);
	receive_from(0, pkt);
	check_dropped("rcv_finish", DROP_IP_RPFILTER);
}
END_TEST

/* UDP from 68 to 67, of nobody yet. */
static struct packet *dhcp(uint16_t fragment)
{
	struct packet *pkt = udp("0.0.0.0", "255.255.255.255", 67);
	uint8_t *at = packet_data(pkt);

	at[6] = (uint8_t)(fragment >> 8);
	at[7] = (uint8_t)fragment;
	at[20] = 0;
	at[21] = 68;
	header_finish(at, IPV4_BYTES);
	return framed(pkt, EVERYBODY, PEER_MAC(0), ETHERTYPE_IPV4);
}

START_TEST(a_host_without_address_may_ask_for_one)
{
	receive_from(0, dhcp(0));
	(void)delivered();
}
END_TEST

START_TEST(a_fragment_is_no_dhcp_request)
{
	receive_from(0, dhcp(0x2000));
	check_dropped("rcv_finish", DROP_IP_RPFILTER);
}
END_TEST

/* What a host without an IPv6 address says; the target is fd09::7. */
#define TARGET_OURS  0xfd, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7
#define TARGET_OTHER 0xfd, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8

static const struct {
	const char *source, *destination;
	enum drop drop;
	uint8_t len, bytes[40];
} icmp6[] = {
    /* router solicitation */
    {"::", "ff02::2", DROP_NONE, 8, {133}},
    {"fe80::7", "ff02::2", DROP_NONE, 8, {133}},
    {"fe80::8", "ff02::2", DROP_IP_RPFILTER, 8, {133}},
    /* duplicate address detection */
    {"::", "ff02::1:ff00:7", DROP_NONE, 24,
	{135, 0, 0, 0, 0, 0, 0, 0, TARGET_OURS}},
    {"::", "ff02::1:ff00:8", DROP_VPN_NEIGH, 24,
	{135, 0, 0, 0, 0, 0, 0, 0, TARGET_OTHER}},
    /* who listens to which group */
    {"::", "ff02::1:ff00:7", DROP_NONE, 24, {131}},
    {"::", "ff02::2", DROP_NONE, 24, {132}},
    {"::", "ff02::16", DROP_NONE, 8, {143}},
    /* not to say from nowhere */
    {"::", "ff02::1", DROP_IP_RPFILTER, 8, {128}},
    {"::", "ff02::1", DROP_IP_RPFILTER, 0, {0}},
    {"::", "fd09::1", DROP_IP_RPFILTER, 8, {133}},
    {"::", "ff05::2", DROP_IP_RPFILTER, 8, {133}},
    /* address resolution */
    {"fd09::7", "ff02::1:ff00:1", DROP_NONE, 24,
	{135, 0, 0, 0, 0, 0, 0, 0, TARGET_OTHER}},
    {"fd09::7", "fd09::1", DROP_NONE, 24,
	{136, 0, 0, 0, 0, 0, 0, 0, TARGET_OURS}},
    {"fd09::7", "fd09::1", DROP_VPN_NEIGH, 24,
	{136, 0, 0, 0, 0, 0, 0, 0, TARGET_OTHER}},
    {"fd09::8", "fd09::1", DROP_IP_RPFILTER, 24,
	{136, 0, 0, 0, 0, 0, 0, 0, TARGET_OURS}},
    /* an option of no length */
    {"fd09::7", "fd09::1", DROP_IPV6_NDISC_BAD_OPTIONS, 26,
	{136, 0, 0, 0, 0, 0, 0, 0, TARGET_OURS, 2, 0}},
};

static struct packet *icmp6_of(int idx)
{
	return icmp6_frame(icmp6[idx].source, icmp6[idx].destination,
	    icmp6[idx].bytes, icmp6[idx].len);
}

START_TEST(rcv_finish_checks_neighbour_discovery)
{
	receive_from(0, icmp6_of(_i));
	check_fate(icmp6[_i].drop);
}
END_TEST

START_TEST(an_open_peer_may_discover_as_it_likes)
{
	receive_from(OPEN, icmp6_of(_i));
	check_fate(DROP_NONE);
}
END_TEST

static const struct {
	const char *sender;
	enum drop drop;
} senders[] = {
    {"10.9.0.7", DROP_NONE},
    {"10.1.0.9", DROP_NONE},
    {"0.0.0.0", DROP_NONE}, /* a probe (RFC 5227) */
    {"10.9.0.8", DROP_VPN_NEIGH},
    {"10.9.0.1", DROP_VPN_NEIGH},
    {"192.0.2.1", DROP_VPN_NEIGH},
};

START_TEST(rcv_finish_checks_the_arp_sender)
{
	receive_from(0, arp(senders[_i].sender, "10.9.0.1"));
	if (senders[_i].drop)
		check_dropped("rcv_finish", senders[_i].drop);
	else
		ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

START_TEST(the_arp_sender_is_checked_within_a_vlan)
{
	receive_from(
	    0, tagged(arp(senders[_i].sender, "10.9.0.1"), ETHERTYPE_VLAN, 10));
	if (senders[_i].drop)
		check_dropped("rcv_finish", senders[_i].drop);
	else
		ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

START_TEST(the_arp_sender_is_checked_within_two_vlans)
{
	struct packet *pkt = arp("10.9.0.8", "10.9.0.1");

	pkt = tagged(tagged(pkt, ETHERTYPE_VLAN, 7), ETHERTYPE_QINQ, 10);
	receive_from(0, pkt);
	check_dropped("rcv_finish", DROP_VPN_NEIGH);
}
END_TEST

START_TEST(an_open_peer_may_be_any_arp_sender)
{
	receive_from(OPEN, arp(senders[_i].sender, "10.9.0.1"));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

/* Not even when the peer may send from everywhere. */
START_TEST(nobody_may_claim_our_own_address)
{
	set_addresses();
	tunnel.has_default = true;
	receive_from(0, arp("10.9.0.1", "10.9.0.8"));
	check_dropped("rcv_finish", DROP_VPN_NEIGH);
}
END_TEST

static struct packet *cut_arp(void)
{
	struct packet *pkt = arp("10.9.0.7", "10.9.0.1");

	pkt->len -= 5;
	return pkt;
}

START_TEST(rcv_finish_drops_a_damaged_arp_message)
{
	receive_from(0, cut_arp());
	check_dropped("rcv_finish", DROP_PKT_TOO_SMALL);
}
END_TEST

START_TEST(a_damaged_arp_message_of_an_open_peer_passes)
{
	receive_from(OPEN, cut_arp());
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

START_TEST(rcv_finish_guards_against_routers)
{
	static const uint8_t advertisement[16] = {134};

	receive_from(
	    OPEN, icmp6_frame("fe80::9", "ff02::1", advertisement, 16));
	check_dropped("rcv_finish", DROP_VPN_GUARD);
	ck_assert_uint_eq(tunnel.peers[OPEN].drops[DROP_VPN_GUARD], 1);
	change_port(OPEN, (struct bridge_port_setup){.is_router = true});
	receive_from(
	    OPEN, icmp6_frame("fe80::9", "ff02::1", advertisement, 16));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

static struct packet *source_routed(void)
{
	static const uint8_t route[] = {131, 7, 4, 10, 9, 0, 9, 0};
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);
	uint8_t *bytes = packet_data(pkt);

	bytes[0] = 0x47;
	memcpy(bytes + IPV4_BYTES, route, sizeof(route));
	header_finish(bytes, IPV4_BYTES + sizeof(route));
	return ip_frame(pkt);
}

START_TEST(rcv_finish_drops_a_source_route)
{
	receive_from(0, source_routed());
	check_dropped("rcv_finish", DROP_IP_INHDR);
}
END_TEST

START_TEST(a_source_route_of_an_open_peer_passes)
{
	receive_from(OPEN, source_routed());
	(void)delivered();
}
END_TEST

START_TEST(nothing_is_learned_from_what_is_refused)
{
	uint32_t before = macs();

	receive_from(0, arp("10.9.0.8", "10.9.0.1"));
	ck_assert_uint_eq(macs(), before);
	receive_from(0, arp("10.9.0.7", "10.9.0.1"));
	ck_assert_uint_eq(macs(), before + 1);
}
END_TEST

START_TEST(tun_write_completes_a_partial_checksum)
{
	struct packet *pkt = ip_frame(udp("10.9.0.7", "10.9.0.1", 53));

	pkt->checksum = CHECKSUM_PARTIAL;
	receive_from(0, pkt);
	ck_assert_int_eq(delivered()->checksum, CHECKSUM_FULL);
}
END_TEST

START_TEST(what_the_device_refused_is_counted_under_tun_write)
{
	receive_from(0, frame(HOST_MAC, PEER_MAC(0)));
	path_drop_outside(path, PATH_OUTSIDE_TUN_WRITE, DROP_DEV_READY,
	    packet_list_pop(path_to_device(path)));
	check_dropped("tun_write", DROP_DEV_READY);
	ck_assert_uint_eq(totals().rx_delivered, 0);
}
END_TEST

static TCase *stage_cases(void)
{
	TCase *tcase = tcase_create("stages");

	tcase_add_checked_fixture(tcase, setup_tap, teardown_tap);
	tcase_add_test(tcase, a_frame_reaches_the_host_as_it_was);
	tcase_add_test(tcase, what_is_no_frame_is_done_with_before);
	tcase_add_test(tcase, outer_and_expand_drop_as_on_tun);
	tcase_add_test(tcase, eth_drops_what_is_shorter_than_its_header);
	tcase_add_test(tcase, eth_drops_a_cut_tag);
	tcase_add_test(
	    tcase, ip_rcv_drops_a_broken_packet_of_a_restricted_peer);
	tcase_add_test(
	    tcase, a_broken_packet_of_an_open_peer_is_for_the_host_to_drop);
	tcase_add_test(tcase, a_broken_packet_is_not_marked);
	tcase_add_test(tcase, a_restricted_peer_can_not_hide_behind_tags);
	tcase_add_test(
	    tcase, an_open_peer_can_not_hide_from_the_guard_behind_tags);
	tcase_add_test(tcase, who_needs_no_guard_may_use_any_number_of_tags);
	tcase_add_test(tcase, ip_rcv_puts_a_congestion_mark_into_the_packet);
	tcase_add_loop_test(
	    tcase, ip_rcv_drops_a_mark_on_what_can_not_carry_it, 0, FAKE_PEERS);
	tcase_add_test(tcase, a_mark_on_what_is_no_ip_is_nothing);
	tcase_add_test(tcase, nothing_is_learned_from_what_is_refused);
	tcase_add_test(tcase, tun_write_completes_a_partial_checksum);
	tcase_add_test(
	    tcase, what_the_device_refused_is_counted_under_tun_write);
	return tcase;
}

static TCase *address_cases(void)
{
	TCase *tcase = tcase_create("addresses");

	tcase_add_checked_fixture(tcase, setup_tap, teardown_tap);
	EACH(tcase, rcv_finish_checks_the_source_of_a_restricted_peer, sources);
	EACH(tcase, an_open_peer_may_be_anybody, sources);
	tcase_add_test(tcase, the_source_within_tags_is_checked_too);
	tcase_add_test(tcase, a_host_without_address_may_ask_for_one);
	tcase_add_test(tcase, a_fragment_is_no_dhcp_request);
	EACH(tcase, rcv_finish_checks_neighbour_discovery, icmp6);
	EACH(tcase, an_open_peer_may_discover_as_it_likes, icmp6);
	EACH(tcase, rcv_finish_checks_the_arp_sender, senders);
	EACH(tcase, the_arp_sender_is_checked_within_a_vlan, senders);
	tcase_add_test(tcase, the_arp_sender_is_checked_within_two_vlans);
	EACH(tcase, an_open_peer_may_be_any_arp_sender, senders);
	tcase_add_test(tcase, nobody_may_claim_our_own_address);
	tcase_add_test(tcase, rcv_finish_drops_a_damaged_arp_message);
	tcase_add_test(tcase, a_damaged_arp_message_of_an_open_peer_passes);
	tcase_add_test(tcase, rcv_finish_guards_against_routers);
	tcase_add_test(tcase, rcv_finish_drops_a_source_route);
	tcase_add_test(tcase, a_source_route_of_an_open_peer_passes);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("inbound_tap");

	suite_add_tcase(suite, stage_cases());
	suite_add_tcase(suite, address_cases());
	return suite;
}
