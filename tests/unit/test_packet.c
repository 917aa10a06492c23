/* SPDX-License-Identifier: ISC */
/* Checksums, ECN and the printer. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "packet/ecn.h"
#include "packet/print.h"
#include "seed.h"

static uint16_t naive_sum(const uint8_t *bytes, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : bytes[i] * 256u;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

START_TEST(checksum_of_the_rfc_example)
{
	/* RFC 1071, section 3 */
	static const uint8_t bytes[] = {
	    0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	ck_assert_uint_eq(checksum_add(0, bytes, sizeof(bytes)), 0xddf2);
	ck_assert_uint_eq(checksum_finish(0xddf2), 0x220d);
}
END_TEST

START_TEST(checksum_agrees_with_a_naive_one)
{
	struct seed seed = seed_start();
	uint8_t bytes[300];

	for (int i = 0; i < 5000; i++) {
		size_t len = seed_below(&seed, sizeof(bytes));
		size_t half = seed_below(&seed, len / 2 + 1) * 2;
		uint16_t sum;

		for (size_t j = 0; j < len; j++)
			bytes[j] = (uint8_t)seed_next(&seed);
		sum = naive_sum(bytes, len);
		ck_assert_uint_eq(checksum_add(0, bytes, len), sum);
		ck_assert_uint_eq(checksum_add(checksum_add(0, bytes, half),
				      bytes + half, len - half),
		    sum);
	}
}
END_TEST

START_TEST(checksum_of_the_longest_packet_of_ones)
{
	uint8_t *bytes = malloc(65535);

	memset(bytes, 0xff, 65535);
	ck_assert_uint_eq(
	    checksum_add(0xffff, bytes, 65535), naive_sum(bytes, 65535));
	free(bytes);
}
END_TEST

START_TEST(replacing_a_word_is_as_good_as_summing_again)
{
	struct seed seed = seed_start();
	bool are_same = true;

	for (int i = 0; i < 100000; i++) {
		uint8_t bytes[8];
		uint16_t before, after = (uint16_t)seed_next(&seed), checksum;
		uint64_t word = seed_next(&seed);

		memcpy(bytes, &word, sizeof(bytes));
		bytes[0] |= 1; /* all zeros is no header */
		before = (uint16_t)(bytes[2] << 8 | bytes[3]);
		checksum = checksum_finish(checksum_add(0, bytes, 8));
		bytes[2] = (uint8_t)(after >> 8);
		bytes[3] = (uint8_t)after;
		are_same &= checksum_replace(checksum, before, after) ==
			    checksum_finish(checksum_add(0, bytes, 8));
	}
	ck_assert(are_same);
}
END_TEST

static const uint8_t udp4[] = {0x45, 2, 0, 31, 0, 7, 0, 0, 64, 17, 0x66, 0xa7,
    10, 9, 0, 7, 10, 9, 0, 1, 0x0f, 0xa0, 0, 53, 0, 11, 0, 0, 'a', 'b', 'c'};
static const uint8_t udp6[] = {0x60, 0, 0, 0, 0, 11, 17, 64, 0xfd, 9, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0xfd, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 1, 0x0f, 0xa0, 0, 53, 0, 11, 0, 0, 'a', 'b', 'c'};

struct held {
	struct packet pkt;
	uint8_t bytes[128];
};

static void hold(struct held *held, const uint8_t *bytes, size_t len)
{
	memset(held, 0, sizeof(*held));
	memcpy(held->bytes, bytes, len);
	held->pkt.buffer = held->bytes;
	held->pkt.buffer_bytes = sizeof(held->bytes);
	held->pkt.len = (uint32_t)len;
}

/* Parsed, with a right header checksum, whatever was changed. */
static void parse(struct held *held)
{
	if (held->bytes[0] >> 4 == 4)
		header_finish(held->bytes, IPV4_BYTES);
	ck_assert_int_eq(packet_parse_ip(&held->pkt), DROP_NONE);
}

static uint16_t l4_residue(const struct packet *pkt)
{
	const uint8_t *l4 = packet_data(pkt) + pkt->l3_bytes;
	size_t len = pkt->len - pkt->l3_bytes;

	return checksum_finish(
	    checksum_add(checksum_pseudo(&pkt->source, &pkt->destination,
			     pkt->l4_protocol, len),
		l4, len));
}

/* As the kernel hands it over: the field holds the pseudo header's sum. */
static void make_partial(struct packet *pkt, size_t field)
{
	size_t len = pkt->len - pkt->l3_bytes;
	uint16_t sum = checksum_pseudo(
	    &pkt->source, &pkt->destination, pkt->l4_protocol, len);

	checksum_store(packet_data(pkt) + pkt->l3_bytes + field, sum);
	pkt->checksum = CHECKSUM_PARTIAL;
}

START_TEST(a_partial_udp_checksum_is_completed)
{
	struct held held;

	if (_i)
		hold(&held, udp6, sizeof(udp6));
	else
		hold(&held, udp4, sizeof(udp4));
	parse(&held);
	make_partial(&held.pkt, UDP_CHECKSUM);
	ck_assert_uint_ne(l4_residue(&held.pkt), 0);
	checksum_complete(&held.pkt);
	ck_assert_uint_eq(l4_residue(&held.pkt), 0);
	ck_assert_int_eq(held.pkt.checksum, CHECKSUM_FULL);
}
END_TEST

START_TEST(a_udp_checksum_of_zero_is_sent_as_ones)
{
	struct held held;
	uint8_t *l4;
	uint16_t sum;

	hold(&held, udp4, sizeof(udp4) - 1);
	held.bytes[3] = 30;
	held.bytes[25] = 10;
	parse(&held);
	l4 = held.bytes + IPV4_BYTES;
	l4[8] = l4[9] = 0;
	sum = (uint16_t)~checksum_add(
	    checksum_pseudo(&held.pkt.source, &held.pkt.destination, 17, 10),
	    l4, 10);
	checksum_store(l4 + 8, sum); /* payload brings the sum to ones */
	make_partial(&held.pkt, UDP_CHECKSUM);
	checksum_complete(&held.pkt);
	ck_assert_uint_eq(l4[UDP_CHECKSUM], 0xff);
	ck_assert_uint_eq(l4[UDP_CHECKSUM + 1], 0xff);
}
END_TEST

START_TEST(a_partial_tcp_checksum_is_completed)
{
	struct held held;

	hold(&held, udp4, sizeof(udp4));
	held.bytes[9] = IP_PROTOCOL_TCP;
	held.bytes[3] = IPV4_BYTES + TCP_BYTES + 1;
	held.bytes[IPV4_BYTES + 12] = 0x50;
	held.pkt.len = IPV4_BYTES + TCP_BYTES + 1;
	parse(&held);
	make_partial(&held.pkt, TCP_CHECKSUM);
	checksum_complete(&held.pkt);
	ck_assert_uint_eq(l4_residue(&held.pkt), 0);
}
END_TEST

/* Changes a field before parsing; nothing may be written. */
static const struct {
	const char *name;
	size_t at;
	uint8_t byte;
} incomplete[] = {
    {"another protocol", 9, 47},
    {"a fragment", 6, 0x20},
    {"a later fragment", 7, 1},
    {"tcp that is too short", 9, IP_PROTOCOL_TCP},
    {"udp that is too short", 3, 27},
};

START_TEST(what_is_not_whole_is_left_alone)
{
	struct held held;
	uint8_t before[sizeof(held.bytes)];

	hold(&held, udp4, sizeof(udp4));
	held.bytes[incomplete[_i].at] = incomplete[_i].byte;
	parse(&held);
	held.pkt.checksum = CHECKSUM_PARTIAL;
	memcpy(before, held.bytes, sizeof(before));
	checksum_complete(&held.pkt);
	ck_assert_mem_eq(held.bytes, before, sizeof(before));
}
END_TEST

/* RFC 6040, figure 4: rows are the inner mark, columns the outer one. */
static const struct {
	enum ecn inner, outer;
	int expected; /* -1: dropped */
} marks[] = {
    {ECN_NOT_ECT, ECN_NOT_ECT, ECN_NOT_ECT},
    {ECN_NOT_ECT, ECN_ECT_0, ECN_NOT_ECT},
    {ECN_NOT_ECT, ECN_ECT_1, ECN_NOT_ECT},
    {ECN_NOT_ECT, ECN_CE, -1},
    {ECN_ECT_0, ECN_NOT_ECT, ECN_ECT_0},
    {ECN_ECT_0, ECN_ECT_0, ECN_ECT_0},
    {ECN_ECT_0, ECN_ECT_1, ECN_ECT_1},
    {ECN_ECT_0, ECN_CE, ECN_CE},
    {ECN_ECT_1, ECN_NOT_ECT, ECN_ECT_1},
    {ECN_ECT_1, ECN_ECT_0, ECN_ECT_1},
    {ECN_ECT_1, ECN_ECT_1, ECN_ECT_1},
    {ECN_ECT_1, ECN_CE, ECN_CE},
    {ECN_CE, ECN_NOT_ECT, ECN_CE},
    {ECN_CE, ECN_ECT_0, ECN_CE},
    {ECN_CE, ECN_ECT_1, ECN_CE},
    {ECN_CE, ECN_CE, ECN_CE},
};

START_TEST(leaving_the_tunnel_follows_rfc_6040)
{
	struct held held;
	enum drop drop;

	hold(&held, udp4, sizeof(udp4));
	held.bytes[1] = (uint8_t)(0xb8 | marks[_i].inner);
	parse(&held);
	held.pkt.outer_ecn = (uint8_t)marks[_i].outer;
	drop = ecn_decapsulate(&held.pkt);
	if (marks[_i].expected < 0) {
		ck_assert_int_eq(drop, DROP_VPN_ECN);
		return;
	}
	ck_assert_int_eq(drop, DROP_NONE);
	ck_assert_uint_eq(held.bytes[1], 0xb8u | (unsigned)marks[_i].expected);
	/* the header checksum is still right, and the field is as parsed */
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	ck_assert_int_eq(held.pkt.inner_ecn, marks[_i].expected);
}
END_TEST

START_TEST(the_traffic_class_of_ipv6_keeps_its_neighbours)
{
	struct held held;

	hold(&held, udp6, sizeof(udp6));
	held.bytes[0] = 0x6b; /* traffic class 0xba, flow label 0xf0000 */
	held.bytes[1] = 0xaf;
	parse(&held);
	ck_assert_uint_eq(held.pkt.inner_ecn, ECN_ECT_0);
	held.pkt.outer_ecn = ECN_CE;
	ck_assert_int_eq(ecn_decapsulate(&held.pkt), DROP_NONE);
	ck_assert_uint_eq(held.bytes[0], 0x6b);
	ck_assert_uint_eq(held.bytes[1], 0xbf);
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	ck_assert_uint_eq(held.pkt.inner_ecn, ECN_CE);
}
END_TEST

START_TEST(entering_the_tunnel_copies_the_mark)
{
	struct packet pkt = {.inner_ecn = ECN_ECT_1, .outer_ecn = ECN_CE};

	ecn_encapsulate(&pkt);
	ck_assert_uint_eq(pkt.outer_ecn, ECN_ECT_1);
}
END_TEST

static struct packet packet_between(const char *source, const char *destination)
{
	struct packet pkt = {.len = 80};

	ck_assert_int_eq(address_parse(&pkt.source, source), 0);
	ck_assert_int_eq(address_parse(&pkt.destination, destination), 0);
	pkt.family = (uint8_t)pkt.source.family;
	return pkt;
}

START_TEST(the_printer_shows_protocol_and_ends)
{
	struct packet pkt = packet_between("10.9.0.7", "10.9.0.1");
	char text[PACKET_TEXT_BYTES];

	pkt.l4_protocol = IP_PROTOCOL_UDP;
	pkt.source_port = 4000;
	pkt.destination_port = 53;
	ck_assert_str_eq(packet_print(&pkt, text, sizeof(text)),
	    "udp 10.9.0.7:4000 > 10.9.0.1:53 len 80");
	pkt.source_port = pkt.destination_port = 0;
	pkt.is_fragment = true;
	ck_assert_str_eq(packet_print(&pkt, text, sizeof(text)),
	    "udp 10.9.0.7 > 10.9.0.1 frag len 80");
	pkt.is_fragment = false;
	pkt.l4_protocol = 47;
	ck_assert_str_eq(packet_print(&pkt, text, sizeof(text)),
	    "proto 47 10.9.0.7 > 10.9.0.1 len 80");
}
END_TEST

START_TEST(the_longest_line_fits)
{
	const char *address = "2001:1db8:1111:2222:3333:4444:5555:6666";
	struct packet pkt = packet_between(address, address);
	char text[PACKET_TEXT_BYTES];

	pkt.l4_protocol = IP_PROTOCOL_TCP;
	pkt.source_port = pkt.destination_port = 65535;
	pkt.is_fragment = true;
	pkt.len = 65535;
	pkt.l2_bytes = 18;
	pkt.vlan = 4095;
	ck_assert_str_eq(packet_print(&pkt, text, sizeof(text)),
	    "tcp [2001:1db8:1111:2222:3333:4444:5555:6666]:65535 > "
	    "[2001:1db8:1111:2222:3333:4444:5555:6666]:65535 frag "
	    "len 65535 vlan 4095");
}
END_TEST

START_TEST(the_printer_shows_frames_by_their_addresses)
{
	struct packet pkt = {.len = 60, .l2_bytes = 14, .ethertype = 0x88cc};
	char text[PACKET_TEXT_BYTES];

	ck_assert_int_eq(mac_parse(&pkt.source_mac, "02:00:00:00:00:01"), 0);
	ck_assert_int_eq(
	    mac_parse(&pkt.destination_mac, "ff:ff:ff:ff:ff:ff"), 0);
	ck_assert_str_eq(packet_print(&pkt, text, sizeof(text)),
	    "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff ethertype 0x88cc len 60");
	pkt.ethertype = 0x26;
	pkt.vlan = 7;
	ck_assert_str_eq(packet_print(&pkt, text, sizeof(text)),
	    "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff ethertype 0x0026 len 60 "
	    "vlan 7");
	pkt.ethertype = 0x806;
	ck_assert_str_eq(packet_print(&pkt, text, sizeof(text)),
	    "arp 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff len 60 vlan 7");
}
END_TEST

START_TEST(the_printer_tells_where_unparsed_bytes_came_from)
{
	struct packet pkt = {.len = 148};
	char text[PACKET_TEXT_BYTES];

	ck_assert_str_eq(packet_print(&pkt, text, sizeof(text)), "len 148");
	ck_assert_int_eq(endpoint_parse(&pkt.endpoint, "192.0.2.1:51820"), 0);
	ck_assert_str_eq(packet_print(&pkt, text, sizeof(text)),
	    "from 192.0.2.1:51820 len 148");
}
END_TEST

#define EACH(tcase, test, table)                                               \
	tcase_add_loop_test(tcase, test, 0, ARRAY_SIZE(table))

Suite *unit_suite(void)
{
	Suite *suite = suite_create("packet");
	TCase *tcase = tcase_create("packet");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, checksum_of_the_rfc_example);
	tcase_add_test(tcase, checksum_agrees_with_a_naive_one);
	tcase_add_test(tcase, checksum_of_the_longest_packet_of_ones);
	tcase_add_test(tcase, replacing_a_word_is_as_good_as_summing_again);
	tcase_add_loop_test(tcase, a_partial_udp_checksum_is_completed, 0, 2);
	tcase_add_test(tcase, a_udp_checksum_of_zero_is_sent_as_ones);
	tcase_add_test(tcase, a_partial_tcp_checksum_is_completed);
	EACH(tcase, what_is_not_whole_is_left_alone, incomplete);
	EACH(tcase, leaving_the_tunnel_follows_rfc_6040, marks);
	tcase_add_test(tcase, the_traffic_class_of_ipv6_keeps_its_neighbours);
	tcase_add_test(tcase, entering_the_tunnel_copies_the_mark);
	tcase_add_test(tcase, the_printer_shows_protocol_and_ends);
	tcase_add_test(tcase, the_longest_line_fits);
	tcase_add_test(tcase, the_printer_shows_frames_by_their_addresses);
	tcase_add_test(tcase, the_printer_tells_where_unparsed_bytes_came_from);
	return suite;
}
