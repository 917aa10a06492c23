/* SPDX-License-Identifier: ISC */
/* Answers: under which address they go, to whom, and how many. */
#include "unit.h"

#include <string.h>

#include "net/bridge.h"
#include "path/answer.h"
#include "tap_lab.h"

static struct packet *about;

static void setup_answer(void)
{
	setup();
	set_addresses();
	path->now = now;
}

/* Parsed, and from peer `from`; -1: from the host. */
static void put(struct packet *pkt, int from)
{
	ck_assert_int_eq(packet_parse_ip(pkt), DROP_NONE);
	pkt->from_id = from < 0 ? 0 : tunnel.peers[from].id;
	pkt->peer = from < 0 ? NULL : &tunnel.peers[from];
	about = pkt;
}

static void drop_it(void)
{
	pool_put(pool, about);
	path_run_emitted(path, &now);
}

static enum answer error(enum icmp_kind kind, uint32_t value)
{
	enum answer answer = answer_error(path, about, kind, value);

	drop_it();
	return answer;
}

static void check_one(struct packet_list *list, const char *expected)
{
	ck_assert_uint_eq(
	    path_to_device(path)->len + path_to_wire(path)->len, 1);
	ck_assert_uint_eq(list->len, 1);
	ck_assert_str_eq(icmp_text(list->first), expected);
}

static void check_none(enum answer answer)
{
	ck_assert_int_eq(answer, ANSWER_NONE);
	ck_assert_uint_eq(path_to_device(path)->len, 0);
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
}

START_TEST(a_peer_hears_of_it_from_the_address_it_asked)
{
	put(udp("10.9.0.7", "10.2.0.2", 53), 0);
	ck_assert_int_eq(error(ICMP_PORT_UNREACHABLE, 0), ANSWER_ERROR);
	check_one(path_to_wire(path), "10.2.0.2 > 10.9.0.7 icmp 3/3");
	ck_assert_uint_eq(path_to_wire(path)->first->to_id, 1);
	ck_assert_uint_eq(totals().tx_ours, 1);
}
END_TEST

static const struct {
	const char *source, *destination, *answer;
} routed[] = {
    /* of the network that the sender is in; else of the first one */
    {"10.9.0.7", "192.0.2.1", "10.9.0.1 > 10.9.0.7 icmp 3/0"},
    {"10.1.0.7", "192.0.2.1", "10.9.0.1 > 10.1.0.7 icmp 3/0"},
};

START_TEST(a_peer_hears_of_others_from_an_own_address)
{
	put(udp(routed[_i].source, routed[_i].destination, 53), 0);
	ck_assert_int_eq(error(ICMP_NO_ROUTE, 0), ANSWER_ERROR);
	check_one(path_to_wire(path), routed[_i].answer);
}
END_TEST

START_TEST(a_peer_hears_of_it_ipv6)
{
	put(udp6("fd09::7", "2001:db8::1"), 0);
	ck_assert_int_eq(error(ICMP_NO_ROUTE, 0), ANSWER_ERROR);
	check_one(path_to_wire(path), "fd09::1 > fd09::7 icmp 1/0");
}
END_TEST

START_TEST(without_an_address_ipv4_has_a_dummy)
{
	ck_assert_int_eq(path_set_addresses(path, NULL, 0), 0);
	put(udp("10.9.0.7", "192.0.2.1", 53), 0);
	ck_assert_int_eq(error(ICMP_NO_ROUTE, 0), ANSWER_ERROR);
	check_one(path_to_wire(path), "192.0.0.8 > 10.9.0.7 icmp 3/0");
}
END_TEST

START_TEST(without_an_address_ipv6_is_silent)
{
	ck_assert_int_eq(path_set_addresses(path, NULL, 0), 0);
	put(udp6("fd09::7", "2001:db8::1"), 0);
	check_none(error(ICMP_NO_ROUTE, 0));
}
END_TEST

/* The kernel takes nothing from its own addresses at the device. */
START_TEST(the_host_hears_of_it_from_where_it_sent_to)
{
	put(udp("10.9.0.1", "10.1.0.5", 53), -1);
	ck_assert_int_eq(error(ICMP_TOO_BIG, 1280), ANSWER_ERROR);
	check_one(path_to_device(path), "10.1.0.5 > 10.9.0.1 icmp 3/4");
	ck_assert_uint_eq(totals().rx_ours, 1);
	ck_assert_uint_eq(totals().rx_delivered, 1);
}
END_TEST

START_TEST(the_host_hears_of_no_group)
{
	put(udp6("fd09::1", "ff0e::1"), -1);
	check_none(error(ICMP_TOO_BIG, 1280));
}
END_TEST

START_TEST(nobody_hears_of_another_ones_packet)
{
	put(udp("10.9.0.8", "192.0.2.1", 53), 0);
	check_none(error(ICMP_NO_ROUTE, 0));
	put(udp("192.0.2.9", "192.0.2.1", 53), 0);
	check_none(error(ICMP_NO_ROUTE, 0));
}
END_TEST

START_TEST(nobody_hears_of_a_broadcast)
{
	put(udp("10.9.0.7", "10.9.0.255", 53), 0);
	check_none(error(ICMP_PORT_UNREACHABLE, 0));
}
END_TEST

START_TEST(there_is_a_limit_and_it_refills)
{
	unsigned count = 0;

	for (int i = 0; i < 60; i++) {
		put(udp("10.9.0.7", "192.0.2.1", 53), 0);
		count += error(ICMP_NO_ROUTE, 0) == ANSWER_ERROR;
	}
	ck_assert_uint_eq(count, 50);
	ck_assert_uint_eq(path->snmp.counts[SNMP_IcmpOutRateLimitGlobal], 10);
	ck_assert_uint_eq(totals().tx_sent, 50);
	path->now.now = instant_after(now.now, NS_PER_S / 1000);
	put(udp("10.9.0.7", "192.0.2.1", 53), 0);
	ck_assert_int_eq(error(ICMP_NO_ROUTE, 0), ANSWER_ERROR);
}
END_TEST

START_TEST(path_mtu_discovery_has_no_limit)
{
	for (int i = 0; i < 60; i++) {
		put(udp("10.9.0.7", "192.0.2.1", 53), 0);
		ck_assert_int_eq(error(ICMP_TOO_BIG, 1280), ANSWER_ERROR);
	}
}
END_TEST

START_TEST(an_answer_needs_a_buffer)
{
	struct packet_list all = {0};

	put(udp("10.9.0.7", "192.0.2.1", 53), 0);
	while (pool_available(pool))
		packet_list_push(&all, raw(0));
	ck_assert_int_eq(error(ICMP_NO_ROUTE, 0), ANSWER_LIMITED);
	ck_assert_uint_eq(path->snmp.counts[SNMP_IcmpOutRateLimitGlobal], 1);
	pool_put_list(pool, &all);
}
END_TEST

START_TEST(a_dry_packet_has_no_part_in_the_limit)
{
	for (int i = 0; i < 60; i++) {
		put(udp("10.9.0.7", "192.0.2.1", 53), 0);
		about->is_dry = true;
		ck_assert_int_eq(error(ICMP_NO_ROUTE, 0), ANSWER_ERROR);
	}
	ck_assert_int_eq(path->answers.last.ns, 0);
}
END_TEST

/* ---- reject ---- */

static void make_tcp(uint8_t flags)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 80);
	uint8_t *bytes = packet_data(pkt);

	memset(bytes + INNER_BYTES, 0, 8);
	bytes[3] = 40;
	bytes[9] = IP_PROTOCOL_TCP;
	bytes[24] = bytes[25] = 0;
	bytes[32] = 5 << 4;
	bytes[33] = flags;
	header_finish(bytes, IPV4_BYTES);
	pkt->len = 40;
	pkt->checksum = CHECKSUM_VERIFIED;
	put(pkt, 0);
}

static enum answer reject(void)
{
	enum answer answer = answer_reject(path, about);

	drop_it();
	return answer;
}

START_TEST(a_rejected_datagram_is_prohibited)
{
	put(udp("10.9.0.7", "10.9.0.1", 53), 0);
	ck_assert_int_eq(reject(), ANSWER_ERROR);
	check_one(path_to_wire(path), "10.9.0.1 > 10.9.0.7 icmp 3/13");
}
END_TEST

START_TEST(a_rejected_connection_is_reset)
{
	make_tcp(2);
	ck_assert_int_eq(reject(), ANSWER_RESET);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_uint_eq(path_to_wire(path)->first->tcp_flags, 0x14);
	ck_assert_uint_eq(path_to_wire(path)->first->source_port, 80);
}
END_TEST

START_TEST(a_rejected_reset_is_not_reset)
{
	make_tcp(4);
	check_none(reject());
}
END_TEST

START_TEST(resets_have_the_limit_of_errors)
{
	unsigned count = 0;

	for (int i = 0; i < 60; i++) {
		make_tcp(2);
		count += reject() == ANSWER_RESET;
	}
	ck_assert_uint_eq(count, 50);
}
END_TEST

START_TEST(a_rejected_datagram_that_is_damaged_is_not_answered)
{
	put(udp("10.9.0.7", "10.9.0.1", 53), 0);
	packet_data(about)[27] = 1;
	check_none(reject());
}
END_TEST

/* ---- on tap ---- */

START_TEST(a_frame_is_answered_with_a_frame)
{
	struct packet *pkt = ip_frame(udp("10.9.0.7", "10.9.0.1", 53));

	ck_assert_int_eq(packet_parse_ethernet(pkt), DROP_NONE);
	set_addresses();
	path->now = now;
	put(pkt, 0);
	ck_assert_int_eq(error(ICMP_PROHIBITED, 0), ANSWER_ERROR);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	pkt = path_to_wire(path)->first;
	ck_assert_ptr_eq(pkt->peer, &tunnel.peers[0]);
	ck_assert_uint_eq(pkt->l2_bytes, 14);
}
END_TEST

static TCase *cases(void)
{
	TCase *tcase = tcase_create("errors");

	tcase_add_checked_fixture(tcase, setup_answer, teardown);
	tcase_add_test(tcase, a_peer_hears_of_it_from_the_address_it_asked);
	EACH(tcase, a_peer_hears_of_others_from_an_own_address, routed);
	tcase_add_test(tcase, a_peer_hears_of_it_ipv6);
	tcase_add_test(tcase, without_an_address_ipv4_has_a_dummy);
	tcase_add_test(tcase, without_an_address_ipv6_is_silent);
	tcase_add_test(tcase, the_host_hears_of_it_from_where_it_sent_to);
	tcase_add_test(tcase, the_host_hears_of_no_group);
	tcase_add_test(tcase, nobody_hears_of_another_ones_packet);
	tcase_add_test(tcase, nobody_hears_of_a_broadcast);
	tcase_add_test(tcase, there_is_a_limit_and_it_refills);
	tcase_add_test(tcase, path_mtu_discovery_has_no_limit);
	tcase_add_test(tcase, an_answer_needs_a_buffer);
	tcase_add_test(tcase, a_dry_packet_has_no_part_in_the_limit);
	return tcase;
}

static TCase *reject_cases(void)
{
	TCase *tcase = tcase_create("reject");

	tcase_add_checked_fixture(tcase, setup_answer, teardown);
	tcase_add_test(tcase, a_rejected_datagram_is_prohibited);
	tcase_add_test(tcase, a_rejected_connection_is_reset);
	tcase_add_test(tcase, a_rejected_reset_is_not_reset);
	tcase_add_test(tcase, resets_have_the_limit_of_errors);
	tcase_add_test(
	    tcase, a_rejected_datagram_that_is_damaged_is_not_answered);
	return tcase;
}

static TCase *tap_cases(void)
{
	TCase *tcase = tcase_create("tap");

	tcase_add_checked_fixture(tcase, setup_tap, teardown_tap);
	tcase_add_test(tcase, a_frame_is_answered_with_a_frame);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("answer");

	suite_add_tcase(suite, cases());
	suite_add_tcase(suite, reject_cases());
	suite_add_tcase(suite, tap_cases());
	return suite;
}
