/* SPDX-License-Identifier: ISC */
/* What is larger than the way to its peer. */
#include "unit.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/ethernet.h"
#include "packet/l4.h"
#include "path/trace.h"
#include "tap_lab.h"

#define DF 0x40

static void setup_mtu(void)
{
	setup();
	set_addresses();
	path_set_forwarding(path, true);
	path_set_mtu(path, 1400);
}

/* Lengthens a packet of udp() or udp6(). */
static struct packet *large(struct packet *pkt, uint32_t bytes, uint8_t flags)
{
	uint8_t *at = packet_data(pkt);
	bool is_ipv4 = at[0] >> 4 == 4;
	uint8_t *field = at + (is_ipv4 ? 2 : 4);
	uint32_t value = is_ipv4 ? bytes : bytes - IPV6_BYTES;

	memset(at + pkt->len, 0, bytes - pkt->len);
	field[0] = (uint8_t)(value >> 8);
	field[1] = (uint8_t)value;
	if (is_ipv4) {
		at[6] = flags;
		header_finish(at, IPV4_BYTES);
	} else {
		at[7] = 64;
	}
	pkt->len = bytes;
	return pkt;
}

static void check_answer(
    const struct packet_list *list, const char *expected, uint16_t mtu)
{
	const uint8_t *at;

	ck_assert_uint_eq(list->len, 1);
	ck_assert_str_eq(icmp_text(list->first), expected);
	at = l4_data(list->first) + 6;
	ck_assert_uint_eq(at[0] << 8 | at[1], mtu);
	(void)totals();
}

START_TEST(what_fits_passes)
{
	transmit(large(udp("10.9.0.1", "10.9.0.7", 53), 1400, DF));
	transmit(large(udp6("fd09::1", "fd09::7"), 1400, 0));
	ck_assert_uint_eq(path_to_wire(path)->len, 2);
}
END_TEST

START_TEST(the_host_hears_that_it_is_too_large)
{
	transmit(large(udp("10.9.0.1", "10.9.0.7", 53), 1401, DF));
	(void)only_drop("mtu", DROP_PKT_TOO_BIG);
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
	check_answer(
	    path_to_device(path), "10.9.0.7 > 10.9.0.1 icmp 3/4", 1400);
}
END_TEST

START_TEST(the_host_hears_that_it_is_too_large_ipv6)
{
	transmit(large(udp6("fd09::1", "fd09::7"), 1401, 0));
	(void)only_drop("mtu", DROP_PKT_TOO_BIG);
	check_answer(path_to_device(path), "fd09::7 > fd09::1 icmp 2/0", 1400);
}
END_TEST

START_TEST(what_may_be_cut_is_cut)
{
	transmit(large(udp("10.9.0.1", "10.9.0.7", 53), 1401, 0));
	ck_assert_uint_eq(path_to_wire(path)->len, 2);
	ck_assert_uint_eq(path_to_wire(path)->first->len, 1396);
	ck_assert(path_to_wire(path)->last->is_later_fragment);
	ck_assert_uint_eq(totals().tx_cut, 1);
	ck_assert_uint_eq(totals().tx_sent, 2);
}
END_TEST

/* The sender's host left it to us; a fragment's can not be completed. */
static unsigned fragments;

static void hear_step(void *context, const struct trace_step *step)
{
	(void)context;
	(void)step;
}

static uint32_t hear_caused(
    void *context, const struct packet *cause, enum trace_made made)
{
	(void)context;
	ck_assert_uint_eq(cause->trace_id, 3);
	ck_assert_int_eq(made, TRACE_FRAGMENT);
	return 10 + ++fragments;
}

START_TEST(fragments_are_traced_because_of_their_cause)
{
	const struct tracer tracer = {.step = hear_step, .caused = hear_caused};
	struct packet *pkt = large(udp("10.9.0.1", "10.9.0.7", 53), 1401, 0);

	fragments = 0;
	pkt->is_traced = true;
	pkt->trace_id = 3;
	path_set_tracer(path, &tracer);
	transmit(pkt);
	ck_assert_uint_eq(fragments, 2);
	ck_assert_uint_eq(path_to_wire(path)->first->trace_id, 11);
	ck_assert_uint_eq(path_to_wire(path)->last->trace_id, 12);
	(void)totals();
}
END_TEST

START_TEST(a_checksum_is_complete_before_the_cut)
{
	struct packet *pkt = large(udp("10.9.0.1", "10.9.0.7", 53), 1401, 0);
	uint8_t *l4 = packet_data(pkt) + IPV4_BYTES;
	const size_t bytes = 1401 - IPV4_BYTES;
	struct address source, destination;
	uint16_t pseudo, sum;

	ck_assert_int_eq(address_parse(&source, "10.9.0.1"), 0);
	ck_assert_int_eq(address_parse(&destination, "10.9.0.7"), 0);
	pseudo = checksum_pseudo(&source, &destination, IP_PROTOCOL_UDP, bytes);
	l4[4] = (uint8_t)(bytes >> 8);
	l4[5] = (uint8_t)bytes;
	checksum_store(l4 + UDP_CHECKSUM, pseudo);
	pkt->checksum = CHECKSUM_PARTIAL;
	transmit(pkt);
	ck_assert_uint_eq(path_to_wire(path)->len, 2);
	sum = pseudo;
	for (pkt = path_to_wire(path)->first; pkt; pkt = pkt->next) {
		ck_assert_int_eq(pkt->checksum, CHECKSUM_FULL);
		sum = checksum_add(sum, l4_data(pkt), l4_len(pkt));
	}
	ck_assert_uint_eq(checksum_finish(sum), 0);
}
END_TEST

START_TEST(cutting_needs_buffers)
{
	struct packet_list all = {0};
	struct packet *pkt = large(udp("10.9.0.1", "10.9.0.7", 53), 1401, 0);

	while (pool_available(pool) > 1)
		packet_list_push(&all, raw(0));
	transmit(pkt);
	(void)only_drop("mtu", DROP_NOMEM);
	pool_put_list(pool, &all);
}
END_TEST

START_TEST(a_peer_hears_of_it_before_the_hop_is_taken_off)
{
	const uint8_t *quoted;

	receive(large(udp("10.9.0.7", "10.9.0.8", 53), 1401, DF));
	(void)only_drop("forward", DROP_PKT_TOO_BIG);
	check_answer(path_to_wire(path), "10.9.0.1 > 10.9.0.7 icmp 3/4", 1400);
	quoted = l4_data(path_to_wire(path)->first) + ICMP_BYTES;
	ck_assert_uint_eq(quoted[8], 64);
}
END_TEST

START_TEST(a_peer_hears_of_it_ipv6)
{
	receive(large(udp6("fd09::7", "fd09::8"), 1401, 0));
	(void)only_drop("forward", DROP_PKT_TOO_BIG);
	check_answer(path_to_wire(path), "fd09::1 > fd09::7 icmp 2/0", 1400);
}
END_TEST

START_TEST(forwarded_packets_are_cut_too)
{
	receive(large(udp("10.9.0.7", "10.9.0.8", 53), 1401, 0));
	ck_assert_uint_eq(path_to_wire(path)->len, 2);
	ck_assert_ptr_eq(path_to_wire(path)->last->peer, &tunnel.peers[1]);
	ck_assert_uint_eq(totals().rx_forwarded, 1);
	ck_assert_uint_eq(totals().tx_cut, 1);
}
END_TEST

START_TEST(what_is_for_the_host_may_be_larger)
{
	receive(large(udp("10.9.0.7", "10.9.0.1", 53), 1500, DF));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
}
END_TEST

static const struct {
	uint32_t device, peer;
	uint16_t ipv4, ipv6; /* what is answered */
} limits_known[] = {
    {1400, 1300, 1300, 1300}, {1300, 1400, 1300, 1300}, {0, 1350, 1350, 1350},
    {1400, 1, 576, 1280}, /* no peer shrinks it below what all hosts take */
};

START_TEST(the_least_of_both_counts)
{
	path_set_mtu(path, limits_known[_i].device);
	tunnel.peers[0].largest_frame = limits_known[_i].peer;
	transmit(large(udp("10.9.0.1", "10.9.0.7", 53), 1401, DF));
	check_answer(path_to_device(path), "10.9.0.7 > 10.9.0.1 icmp 3/4",
	    limits_known[_i].ipv4);
	pool_put_list(pool, path_to_device(path));
	transmit(large(udp6("fd09::1", "fd09::7"), 1401, 0));
	check_answer(path_to_device(path), "fd09::7 > fd09::1 icmp 2/0",
	    limits_known[_i].ipv6);
}
END_TEST

START_TEST(without_a_limit_all_pass)
{
	path_set_mtu(path, 0);
	transmit(large(udp("10.9.0.1", "10.9.0.7", 53), 1500, DF));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
}
END_TEST

START_TEST(an_error_that_is_too_large_is_not_answered)
{
	struct packet *pkt = large(udp("10.9.0.1", "10.9.0.7", 0), 1401, DF);
	uint8_t *at = packet_data(pkt);

	at[9] = IP_PROTOCOL_ICMP;
	at[IPV4_BYTES] = 3;
	header_finish(at, IPV4_BYTES);
	transmit(pkt);
	check_dropped("mtu", DROP_PKT_TOO_BIG);
}
END_TEST

/* ---- MSS ---- */

static struct packet *syn(const char *source, const char *destination)
{
	struct packet *pkt = large(udp(source, destination, 80), 44, DF);
	uint8_t *at = packet_data(pkt);

	memset(at + 24, 0, 20);
	at[9] = IP_PROTOCOL_TCP;
	at[32] = 6 << 4;
	at[33] = 2;
	memcpy(at + 40, "\x02\x04\x05\xb4", 4);
	header_finish(at, IPV4_BYTES);
	return pkt;
}

static void check_mss(const struct packet_list *list, uint16_t mss)
{
	const uint8_t *at;

	ck_assert_uint_eq(list->len, 1);
	at = packet_data(list->first) + 42;
	ck_assert_uint_eq(at[0] << 8 | at[1], mss);
}

START_TEST(connections_know_it_from_the_start)
{
	transmit(syn("10.9.0.1", "10.9.0.7"));
	check_mss(path_to_wire(path), 1360);
}
END_TEST

START_TEST(connections_of_peers_know_it_from_the_start)
{
	receive(syn("10.9.0.7", "10.9.0.1"));
	check_mss(path_to_device(path), 1360);
}
END_TEST

START_TEST(connections_between_peers_know_it_from_the_start)
{
	tunnel.peers[1].largest_frame = 1300;
	receive(syn("10.9.0.7", "10.9.0.8"));
	check_mss(path_to_wire(path), 1260);
}
END_TEST

START_TEST(connections_know_no_more_than_is_wanted)
{
	path_set_mss(path, 1000);
	transmit(syn("10.9.0.1", "10.9.0.7"));
	check_mss(path_to_wire(path), 1000);
	path_set_mss(path, 0);
	receive(syn("10.9.0.7", "10.9.0.1"));
	check_mss(path_to_device(path), 1460);
}
END_TEST

/* ---- tap ---- */

static void check_mss_of_frame(const struct packet_list *list, uint16_t mss)
{
	const uint8_t *at;

	ck_assert_uint_eq(list->len, 1);
	at = packet_data(list->first) + 14 + 42;
	ck_assert_uint_eq(at[0] << 8 | at[1], mss);
}

START_TEST(frames_are_clamped_too)
{
	learn_all();
	path_set_mtu(path, 1400);
	path_set_mss(path, UINT16_MAX);
	transmit(framed(syn("10.9.0.1", "10.9.0.7"), PEER_MAC(0), HOST_MAC,
	    ETHERTYPE_IPV4));
	check_mss_of_frame(path_to_wire(path), 1360);
	tunnel.peers[0].largest_frame = 1200 + 14 + WIRE_ETHERNET_HEAD;
	receive_from(0, framed(syn("10.9.0.7", "10.9.0.1"), HOST_MAC,
	    PEER_MAC(0), ETHERTYPE_IPV4));
	check_mss_of_frame(path_to_device(path), 1160);
}
END_TEST

START_TEST(a_frame_that_the_peer_does_not_take_is_dropped)
{
	struct packet *pkt = frame(PEER_MAC(2), HOST_MAC);
	uint32_t len = pkt->len;

	learn_all();
	tunnel.peers[2].largest_frame = len + 2;
	transmit(pkt);
	ck_assert_uint_eq(sent_to(2), 1);
	take_results();
	tunnel.peers[2].largest_frame = len + 1;
	transmit(frame(PEER_MAC(2), HOST_MAC));
	(void)only_drop("mtu", DROP_PKT_TOO_BIG);
}
END_TEST

START_TEST(a_frame_of_segments_is_as_large_as_one_of_them)
{
	uint32_t one = 14 + IPV4_BYTES + UDP_BYTES + 4 + WIRE_ETHERNET_HEAD;

	learn_all();
	tunnel.peers[0].largest_frame = one;
	transmit(framed(udp_whole("10.9.0.1", "10.9.0.7", 53, 40), PEER_MAC(0),
	    HOST_MAC, ETHERTYPE_IPV4));
	ck_assert_uint_eq(totals().tx_dropped, 0);
	take_results();
	tunnel.peers[0].largest_frame = one - 1;
	transmit(framed(udp_whole("10.9.0.1", "10.9.0.7", 53, 40), PEER_MAC(0),
	    HOST_MAC, ETHERTYPE_IPV4));
	ck_assert_uint_eq(totals().tx_dropped, 40);
}
END_TEST

START_TEST(segments_in_frames_are_not_changed)
{
	struct packet *pkt = ip_frame(syn("10.9.0.7", "10.9.0.1"));

	path_set_mtu(path, 1000);
	receive(pkt);
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_mem_eq(
	    packet_l3(path_to_device(path)->first) + 40, "\x02\x04\x05\xb4", 4);
}
END_TEST

static TCase *mtu_cases(void)
{
	TCase *tcase = tcase_create("mtu");

	tcase_add_checked_fixture(tcase, setup_mtu, teardown);
	tcase_add_test(tcase, what_fits_passes);
	tcase_add_test(tcase, the_host_hears_that_it_is_too_large);
	tcase_add_test(tcase, the_host_hears_that_it_is_too_large_ipv6);
	tcase_add_test(tcase, what_may_be_cut_is_cut);
	tcase_add_test(tcase, fragments_are_traced_because_of_their_cause);
	tcase_add_test(tcase, a_checksum_is_complete_before_the_cut);
	tcase_add_test(tcase, cutting_needs_buffers);
	tcase_add_test(tcase, a_peer_hears_of_it_before_the_hop_is_taken_off);
	tcase_add_test(tcase, a_peer_hears_of_it_ipv6);
	tcase_add_test(tcase, forwarded_packets_are_cut_too);
	tcase_add_test(tcase, what_is_for_the_host_may_be_larger);
	EACH(tcase, the_least_of_both_counts, limits_known);
	tcase_add_test(tcase, without_a_limit_all_pass);
	tcase_add_test(tcase, an_error_that_is_too_large_is_not_answered);
	tcase_add_test(tcase, connections_know_it_from_the_start);
	tcase_add_test(tcase, connections_of_peers_know_it_from_the_start);
	tcase_add_test(tcase, connections_between_peers_know_it_from_the_start);
	tcase_add_test(tcase, connections_know_no_more_than_is_wanted);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("mtu");
	TCase *tap = tcase_create("tap");

	tcase_add_checked_fixture(tap, setup_tap, teardown_tap);
	tcase_add_test(tap, a_frame_that_the_peer_does_not_take_is_dropped);
	tcase_add_test(tap, frames_are_clamped_too);
	tcase_add_test(tap, segments_in_frames_are_not_changed);
	tcase_add_test(tap, a_frame_of_segments_is_as_large_as_one_of_them);
	suite_add_tcase(suite, mtu_cases());
	suite_add_tcase(suite, tap);
	return suite;
}
