/* SPDX-License-Identifier: ISC */
/* The parser against a table of packets, and against random bytes. */
#include "unit.h"

#include <string.h>

#include "frame.h"
#include "header.h"
#include "inner.h"
#include "seed.h"

START_TEST(each_packet_of_the_table_gets_its_verdict)
{
	const struct inner *inner = &inners[_i];
	struct held held;

	frame_hold_hex(&held, inner->hex);
	ck_assert_msg(packet_parse_ip(&held.pkt) == inner->drop, "%s: %s",
	    inner->name, drop_name(packet_parse_ip(&held.pkt)));
	frame_release(&held);
}
END_TEST

static void check_fields(const struct inner *inner, const struct packet *pkt)
{
	ck_assert_uint_eq(pkt->family, inner->family);
	ck_assert_uint_eq(pkt->l4_protocol, inner->protocol);
	ck_assert_uint_eq(pkt->source_port, inner->source_port);
	ck_assert_uint_eq(pkt->destination_port, inner->destination_port);
	ck_assert_uint_eq(pkt->len, inner->len);
	if (!inner->drop)
		ck_assert_uint_eq(pkt->ip_bytes, inner->len);
	ck_assert_uint_eq(pkt->l3_bytes, inner->l3_bytes);
	ck_assert_uint_eq(pkt->inner_ecn, inner->ecn);
	ck_assert_int_eq(pkt->is_fragment, inner->is_fragment);
	ck_assert_int_eq(pkt->is_later_fragment, inner->is_later_fragment);
	ck_assert_int_eq(pkt->flow_hash != 0, inner->drop == DROP_NONE);
}

START_TEST(each_packet_of_the_table_gets_its_fields)
{
	struct held held;

	frame_hold_hex(&held, inners[_i].hex);
	held.pkt.source_port = held.pkt.destination_port = 9;
	held.pkt.is_fragment = held.pkt.is_later_fragment = true;
	held.pkt.flow_hash = 9;
	(void)!packet_parse_ip(&held.pkt);
	check_fields(&inners[_i], &held.pkt);
	frame_release(&held);
}
END_TEST

/* IPv4 with TTL 64 and a TCP header with SYN and ACK; the fields of the first
 * one are not left over in the second, a later fragment. */
START_TEST(a_packet_has_what_rules_ask_for)
{
	static const char syn[] = "45000028abcd000040060000"
				  "0a0900070a090001"
				  "0fa00035"
				  "0000000100000002"
				  "5012ffff"
				  "00000000";
	static const char later[] = "4500001c1234000a40110000"
				    "0a0900070a090001"
				    "0102030405060708";
	struct held held;

	frame_hold_hex(&held, syn);
	header_finish(packet_data(&held.pkt), IPV4_BYTES);
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	ck_assert(held.pkt.has_l4);
	ck_assert_uint_eq(held.pkt.ttl, 64);
	ck_assert_uint_eq(held.pkt.tcp_flags, 0x12);
	ck_assert_uint_eq(held.pkt.fragment_id, 0xabcd);
	frame_release(&held);
	frame_hold_hex(&held, later);
	held.pkt.has_l4 = true;
	held.pkt.tcp_flags = held.pkt.icmp_type = 9;
	header_finish(packet_data(&held.pkt), IPV4_BYTES);
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	ck_assert(!held.pkt.has_l4);
	ck_assert_uint_eq(held.pkt.tcp_flags, 0);
	ck_assert_uint_eq(held.pkt.icmp_type, 0);
	ck_assert_uint_eq(held.pkt.fragment_id, 0x1234);
	ck_assert_uint_eq(held.pkt.fragment_offset, 80);
	frame_release(&held);
}
END_TEST

START_TEST(an_icmp_packet_has_type_and_code)
{
	struct held held;

	frame_hold_hex(&held, "4500001c0000000040010000"
			      "0a0900070a090001"
			      "030d000000000000");
	header_finish(packet_data(&held.pkt), IPV4_BYTES);
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	ck_assert(held.pkt.has_l4);
	ck_assert_uint_eq(held.pkt.icmp_type, 3);
	ck_assert_uint_eq(held.pkt.icmp_code, 13);
	ck_assert_uint_eq(held.pkt.source_port, 0);
	frame_release(&held);
}
END_TEST

/* Whatever is cut off: no byte beyond is read, no port is made up. */
START_TEST(each_packet_of_the_table_may_be_cut_anywhere)
{
	const struct inner *inner = &inners[_i];
	uint8_t bytes[FRAME_BYTES_MAX];
	size_t len = frame_unhex(bytes, inner->hex);

	for (size_t cut = 0; cut < len; cut++) {
		struct held held;

		frame_hold(&held, bytes, cut);
		if (packet_parse_ip(&held.pkt) == DROP_NONE)
			ck_assert_uint_ge(cut, inner->len);
		frame_release(&held);
	}
}
END_TEST

static void mutate(struct seed *seed, uint8_t *bytes, size_t len)
{
	for (uint64_t n = seed_below(seed, 4); n-- > 0 && len;)
		bytes[seed_below(seed, len)] = (uint8_t)seed_next(seed);
}

/* Half of them get a right header checksum, or few would go deeper. */
static void fix_checksum(struct seed *seed, uint8_t *bytes, size_t len)
{
	size_t header = len ? (bytes[0] & 15u) * 4 : 0;

	if (header >= IPV4_BYTES && header <= len && seed_below(seed, 2))
		header_finish(bytes, header);
}

static bool is_sane(const struct packet *pkt, size_t before)
{
	bool has_ports = pkt->source_port || pkt->destination_port;

	return pkt->len <= before && pkt->l3_bytes <= pkt->len &&
	       pkt->flow_hash && !(pkt->is_later_fragment && has_ports);
}

START_TEST(random_packets_leave_sane_fields)
{
	struct seed seed = seed_start();
	uint8_t bytes[FRAME_BYTES_MAX];
	bool are_sane = true;

	for (int i = 0; i < 30000; i++) {
		size_t idx = seed_below(&seed, ARRAY_SIZE(inners));
		size_t len = frame_unhex(bytes, inners[idx].hex);
		struct held held;

		mutate(&seed, bytes, len);
		if (len && bytes[0] >> 4 == 4)
			fix_checksum(&seed, bytes, len);
		frame_hold(&held, bytes, len);
		if (packet_parse_ip(&held.pkt) == DROP_NONE) {
			are_sane &= is_sane(&held.pkt, len);
			(void)!packet_check_options(
			    &held.pkt, &(struct option_fault){0});
			checksum_complete(&held.pkt);
		}
		frame_release(&held);
	}
	ck_assert(are_sane);
}
END_TEST

/* The length byte times eight does not fit into a byte. */
START_TEST(an_extension_header_of_2048_bytes_is_refused)
{
	uint8_t bytes[IPV6_BYTES + 2048 + UDP_BYTES] = {
	    0x60, [4] = 0x08, 0x08, IP_PROTOCOL_OPTIONS, 64};
	struct held held;

	bytes[IPV6_BYTES] = IP_PROTOCOL_UDP;
	bytes[IPV6_BYTES + 1] = 255;
	frame_hold(&held, bytes, sizeof(bytes));
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_IPV6_BAD_EXTHDR);
	frame_release(&held);
}
END_TEST

static uint32_t hash_of(const char *hex)
{
	struct held held;
	uint32_t hash;

	frame_hold_hex(&held, hex);
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	hash = held.pkt.flow_hash;
	frame_release(&held);
	return hash;
}

static const char *hex_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(inners); i++)
		if (!strcmp(inners[i].name, name))
			return inners[i].hex;
	ck_abort_msg("no packet %s", name);
	return NULL;
}

START_TEST(a_flow_keeps_its_hash_and_others_differ)
{
	uint32_t hash = hash_of(hex_of("udp"));

	ck_assert_uint_eq(hash_of(hex_of("udp without payload")), hash);
	ck_assert_uint_eq(hash_of(hex_of("ttl 1 passes")), hash);
	ck_assert_uint_ne(hash_of(hex_of("tcp")), hash);
	ck_assert_uint_ne(hash_of(hex_of("udp6")), hash);
	ck_assert_uint_ne(hash_of(hex_of("middle fragment")), hash);
}
END_TEST

static const struct {
	const char *options; /* 12 bytes */
	enum drop drop;
} option_cases[] = {
    {"010101010101010101010101", DROP_NONE},
    {"000000000000000000000000", DROP_NONE},
    {"009404000083030400000000", DROP_NONE},	 /* behind the end: no option */
    {"940400000000000000000000", DROP_NONE},	 /* router alert */
    {"070b04000000000000000000", DROP_NONE},	 /* record route */
    {"830704c0000201c000020100", DROP_IP_INHDR}, /* loose source route */
    {"018907040a09000100000000", DROP_IP_INHDR}, /* strict source route */
    {"070100000000000000000000", DROP_IP_INHDR}, /* length 1 */
    {"070000000000000000000000", DROP_IP_INHDR}, /* length 0 */
    {"070d04000000000000000000", DROP_IP_INHDR}, /* past the header */
    {"010101010101010101010107", DROP_IP_INHDR}, /* no length */
    /* record route: places, full, at most once */
    {"070704000000000101010101", DROP_NONE},
    {"070708000000000101010101", DROP_NONE},
    {"070b08000000000000000000", DROP_NONE},
    {"070703000000000101010101", DROP_IP_INHDR},
    {"070706000000000101010101", DROP_IP_INHDR},
    {"070200000000000000000000", DROP_IP_INHDR},
    {"070304070304000000000000", DROP_IP_INHDR},
    /* timestamp: times, addresses too, full, lost too many */
    {"440805000000000001010101", DROP_NONE},
    {"440c05010000000000000000", DROP_NONE},
    {"440c05030000000000000000", DROP_NONE},
    {"440805010000000001010101", DROP_IP_INHDR},
    {"440806000000000001010101", DROP_IP_INHDR},
    {"440804000000000001010101", DROP_IP_INHDR},
    {"440405e00101010101010101", DROP_NONE},
    {"440405f00101010101010101", DROP_IP_INHDR},
    {"440405f30101010101010101", DROP_NONE}, /* prespecified */
    {"440305000000000000000000", DROP_IP_INHDR},
    {"440405004404050000000000", DROP_IP_INHDR},
    {"940300000000000000000000", DROP_IP_INHDR}, /* router alert, short */
    {"860600000001010101010101", DROP_IP_INHDR}, /* CIPSO label */
    {"c80401020000000000000000", DROP_NONE},	 /* unknown */
    {"820200000000000000000000", DROP_NONE},	 /* security, obsolete */
};

START_TEST(options_are_whole_and_no_source_routes)
{
	uint8_t bytes[32] = {0x48, 0, 0, 32, [8] = 64, 17};
	struct held held;

	ck_assert_uint_eq(
	    frame_unhex(bytes + IPV4_BYTES, option_cases[_i].options), 12);
	header_finish(bytes, sizeof(bytes));
	frame_hold(&held, bytes, sizeof(bytes));
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	ck_assert_str_eq(drop_name(packet_check_options(
			     &held.pkt, &(struct option_fault){0})),
	    drop_name(option_cases[_i].drop));
	frame_release(&held);
}
END_TEST

static const struct {
	const char *options;
	uint32_t offset; /* of the fault, in the options */
} faults[] = {
    {"0101c8000000000000000000", 2}, /* a length */
    {"01c80c010101010101010101", 1},
    {"010702010101010101010101", 2}, /* record route: length, pointer */
    {"010703030101010101010101", 3},
    {"010703040703040101010101", 4}, /* the second one */
    {"440305000000000000000000", 1}, /* timestamp */
    {"440404000000000000000000", 2}, {"440405f00000000000000000", 3},
    {"940300000000000000000000", 1}, {"860600000001010101010101", 1},
    {"860800000001010201010101", 2}, {"018307030a09000101010101", 3},
    {"8303048903040a0900010101", 3}, /* the second route */
};

START_TEST(a_fault_is_where_the_kernel_finds_it)
{
	uint8_t bytes[32] = {0x48, 0, 0, 32, [8] = 64, 17};
	struct option_fault fault;
	struct held held;

	(void)frame_unhex(bytes + IPV4_BYTES, faults[_i].options);
	header_finish(bytes, sizeof(bytes));
	frame_hold(&held, bytes, sizeof(bytes));
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	ck_assert_int_eq(
	    packet_check_options(&held.pkt, &fault), DROP_IP_INHDR);
	ck_assert_uint_eq(fault.offset, IPV4_BYTES + faults[_i].offset);
	frame_release(&held);
}
END_TEST

START_TEST(a_source_route_has_no_fault)
{
	uint8_t bytes[32] = {0x48, 0, 0, 32, [8] = 64, 17};
	struct option_fault fault;
	struct held held;

	(void)frame_unhex(bytes + IPV4_BYTES, "8307040a0900010101010101");
	header_finish(bytes, sizeof(bytes));
	frame_hold(&held, bytes, sizeof(bytes));
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	ck_assert_int_eq(
	    packet_check_options(&held.pkt, &fault), DROP_IP_INHDR);
	ck_assert_uint_eq(fault.offset, 0);
	frame_release(&held);
}
END_TEST

START_TEST(ipv6_has_no_options_to_check)
{
	struct held held;

	frame_hold_hex(&held, hex_of("udp6"));
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	ck_assert_int_eq(
	    packet_check_options(&held.pkt, &(struct option_fault){0}),
	    DROP_NONE);
	frame_release(&held);
}
END_TEST

static const struct {
	uint8_t protocol;
	uint16_t source, destination;
	bool is_encrypted;
} ports[] = {
    {IP_PROTOCOL_TCP, 50000, 443, true},
    {IP_PROTOCOL_TCP, 443, 50000, true},
    {IP_PROTOCOL_UDP, 50000, 443, true},
    {IP_PROTOCOL_TCP, 50000, 22, true},
    {IP_PROTOCOL_UDP, 51820, 50000, true},
    {IP_PROTOCOL_UDP, 4500, 4500, true},
    {IP_PROTOCOL_ESP, 0, 0, true},
    {IP_PROTOCOL_UDP, 50000, 22, false},
    {IP_PROTOCOL_TCP, 50000, 51820, false},
    {IP_PROTOCOL_TCP, 50000, 80, false},
    {IP_PROTOCOL_TCP, 0, 0, false},
    {IP_PROTOCOL_ICMP, 443, 0, false},
};

START_TEST(ports_tell_what_is_encrypted_already)
{
	struct packet pkt = {
	    .l4_protocol = ports[_i].protocol,
	    .source_port = ports[_i].source,
	    .destination_port = ports[_i].destination,
	};

	ck_assert_int_eq(packet_is_encrypted(&pkt), ports[_i].is_encrypted);
}
END_TEST

#define EACH(tcase, test, table)                                               \
	tcase_add_loop_test(tcase, test, 0, ARRAY_SIZE(table))

Suite *unit_suite(void)
{
	Suite *suite = suite_create("ip");
	TCase *tcase = tcase_create("ip");

	suite_add_tcase(suite, tcase);
	EACH(tcase, each_packet_of_the_table_gets_its_verdict, inners);
	EACH(tcase, each_packet_of_the_table_gets_its_fields, inners);
	EACH(tcase, each_packet_of_the_table_may_be_cut_anywhere, inners);
	tcase_add_test(tcase, a_packet_has_what_rules_ask_for);
	tcase_add_test(tcase, an_icmp_packet_has_type_and_code);
	tcase_add_test(tcase, random_packets_leave_sane_fields);
	tcase_add_test(tcase, an_extension_header_of_2048_bytes_is_refused);
	tcase_add_test(tcase, a_flow_keeps_its_hash_and_others_differ);
	EACH(tcase, options_are_whole_and_no_source_routes, option_cases);
	EACH(tcase, a_fault_is_where_the_kernel_finds_it, faults);
	tcase_add_test(tcase, a_source_route_has_no_fault);
	tcase_add_test(tcase, ipv6_has_no_options_to_check);
	EACH(tcase, ports_tell_what_is_encrypted_already, ports);
	return suite;
}
