/* SPDX-License-Identifier: ISC */
/* The Ethernet parser, and IP behind Ethernet headers. */
#include "unit.h"

#include <stdio.h>

#include "frame.h"
#include "header.h"
#include "inner.h"
#include "packet/ecn.h"
#include "packet/ethernet.h"
#include "packet/l4.h"
#include "packet/print.h"
#include "seed.h"

#define MACS "02005e100001 02005e100002 "

static const struct header {
	const char *name, *hex;
	enum drop drop;
	uint8_t l2_bytes;
	uint16_t vlan, ethertype;
} headers[] = {
    {"nothing", "", DROP_HDR_TRUNC, .l2_bytes = 0},
    {"a byte short", MACS "08", DROP_HDR_TRUNC, .l2_bytes = 0},
    {"no payload", MACS "0800", DROP_NONE, 14, 0, 0x0800},
    {"ipv4", MACS "0800 4500", DROP_NONE, 14, 0, 0x0800},
    {"tagged", MACS "8100 0007 0800", DROP_NONE, 18, 7, 0x0800},
    {"priority and DEI are no vlan", MACS "8100 f007 0800", DROP_NONE, 18, 7,
	0x0800},
    {"priority-tagged", MACS "8100 e000 86dd", DROP_NONE, 18, 0, 0x86dd},
    {"vlan 4095", MACS "8100 0fff 0806", DROP_NONE, 18, 4095, 0x0806},
    {"service tag", MACS "88a8 0064 8100 0007 0800", DROP_NONE, 22, 100,
	0x0800},
    {"a priority tag hides no inner one", MACS "8100 0000 8100 0007 0800",
	DROP_NONE, 22, 4095, 0x0800},
    {"nor in a service tag", MACS "88a8 e000 8100 0007 0800", DROP_NONE, 22,
	4095, 0x0800},
    {"nor do two", MACS "8100 0000 8100 0000 8100 0007 0800", DROP_NONE, 26,
	4095, 0x0800},
    {"two priority tags", MACS "8100 0000 8100 6000 0800", DROP_NONE, 22, 0,
	0x0800},
    {"a priority tag inside", MACS "8100 0007 8100 0000 0800", DROP_NONE, 22, 7,
	0x0800},
    {"four priority tags and one that is not looked at",
	MACS "8100 0000 8100 0000 8100 0000 8100 0000 8100", DROP_NONE, 30,
	4095, 0x8100},
    {"four tags", MACS "88a8 0001 8100 0002 8100 0003 8100 0004 0806",
	DROP_NONE, 30, 1, 0x0806},
    {"five tags", MACS "8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 0800",
	DROP_NONE, 30, 1, 0x8100},
    {"four tags and nothing",
	MACS "8100 0001 8100 0002 8100 0003 8100 0004 8100", DROP_NONE, 30, 1,
	0x8100},
    {"tag without bytes", MACS "8100", DROP_HDR_TRUNC, .l2_bytes = 0},
    {"tag of a byte", MACS "8100 00", DROP_HDR_TRUNC, .l2_bytes = 0},
    {"tag without ethertype", MACS "8100 0007", DROP_HDR_TRUNC, .l2_bytes = 0},
    {"tag with half an ethertype", MACS "8100 0007 08", DROP_HDR_TRUNC,
	.l2_bytes = 0},
    {"second tag cut", MACS "88a8 0007 8100 00", DROP_HDR_TRUNC, .l2_bytes = 0},
    {"llc", MACS "0026 424203", DROP_NONE, 14, 0, 0x0026},
    {"lldp", MACS "88cc 0207", DROP_NONE, 14, 0, 0x88cc},
};

START_TEST(each_header_of_the_table_gets_its_fields)
{
	const struct header *header = &headers[_i];
	struct held held;
	enum drop drop;

	frame_hold_hex(&held, header->hex);
	held.pkt.l2_bytes = 99;
	held.pkt.vlan = 99;
	drop = packet_parse_ethernet(&held.pkt);
	ck_assert_msg(drop == header->drop, "%s", header->name);
	ck_assert_uint_eq(held.pkt.l2_bytes, header->l2_bytes);
	if (!drop) {
		ck_assert_uint_eq(held.pkt.vlan, header->vlan);
		ck_assert_uint_eq(held.pkt.ethertype, header->ethertype);
		ck_assert_mem_eq(held.pkt.destination_mac.bytes,
		    ((uint8_t[]){2, 0, 0x5e, 0x10, 0, 1}), MAC_BYTES);
		ck_assert_mem_eq(held.pkt.source_mac.bytes,
		    ((uint8_t[]){2, 0, 0x5e, 0x10, 0, 2}), MAC_BYTES);
	}
	frame_release(&held);
}
END_TEST

static const char *const l2_headers[] = {
    "", MACS, MACS "8100 0007 ", MACS "88a8 0064 8100 0007 "};

/* An IP packet behind an Ethernet header, and `padding` bytes of 0xee. */
static void hold_inner(struct held *held, const struct inner *inner,
    const char *l2, unsigned padding)
{
	uint8_t bytes[FRAME_BYTES_MAX];
	size_t len = frame_unhex(bytes, l2), at = len + 2;

	len = at + frame_unhex(bytes + at, inner->hex);
	checksum_store(bytes + at - 2,
	    len > at && bytes[at] >> 4 == 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
	memset(bytes + len, 0xee, padding);
	frame_hold(held, bytes, len + padding);
}

static bool has_same_fields(const struct packet *pkt, const struct packet *raw)
{
	return pkt->family == raw->family &&
	       pkt->l4_protocol == raw->l4_protocol &&
	       pkt->inner_ecn == raw->inner_ecn &&
	       pkt->is_fragment == raw->is_fragment &&
	       pkt->is_later_fragment == raw->is_later_fragment &&
	       pkt->l3_bytes == raw->l3_bytes &&
	       pkt->ip_bytes == raw->ip_bytes &&
	       pkt->source_port == raw->source_port &&
	       pkt->destination_port == raw->destination_port &&
	       pkt->flow_hash == raw->flow_hash &&
	       address_is_equal(&pkt->source, &raw->source) &&
	       address_is_equal(&pkt->destination, &raw->destination);
}

static void check_as_on_tun(const struct inner *inner, const char *l2)
{
	struct held raw, held;
	enum drop drop;
	uint32_t len;

	frame_hold_hex(&raw, inner->hex);
	drop = packet_parse_ip(&raw.pkt);
	hold_inner(&held, inner, l2, 0);
	len = held.pkt.len;
	ck_assert_int_eq(packet_parse_ethernet(&held.pkt), DROP_NONE);
	if (drop != DROP_UNHANDLED_PROTO)
		ck_assert_int_eq(packet_parse_payload(&held.pkt), drop);
	else
		ck_assert_int_ne(packet_parse_payload(&held.pkt), DROP_NONE);
	if (!drop)
		ck_assert_msg(
		    has_same_fields(&held.pkt, &raw.pkt), "%s", inner->name);
	else
		ck_assert_uint_eq(held.pkt.family, FAMILY_NONE);
	ck_assert_uint_eq(held.pkt.len, len);
	ck_assert_uint_ne(held.pkt.flow_hash, 0);
	frame_release(&raw);
	frame_release(&held);
}

START_TEST(ip_in_a_frame_gets_the_verdict_and_fields_of_tun)
{
	for (size_t i = 1; i < ARRAY_SIZE(l2_headers); i++)
		check_as_on_tun(&inners[_i], l2_headers[i]);
}
END_TEST

START_TEST(padding_stays_and_is_no_part_of_the_packet)
{
	struct held raw, held;

	if (inners[_i].drop)
		return;
	frame_hold_hex(&raw, inners[_i].hex);
	ck_assert_int_eq(packet_parse_ip(&raw.pkt), DROP_NONE);
	hold_inner(&held, &inners[_i], MACS, 23);
	ck_assert_int_eq(packet_parse_ethernet(&held.pkt), DROP_NONE);
	ck_assert_int_eq(packet_parse_payload(&held.pkt), DROP_NONE);
	ck_assert(has_same_fields(&held.pkt, &raw.pkt));
	ck_assert_uint_eq(held.pkt.len, held.pkt.buffer_bytes);
	ck_assert_uint_eq(raw.pkt.len, raw.pkt.ip_bytes);
	frame_release(&raw);
	frame_release(&held);
}
END_TEST

/* Of any frame, whatever it carries. */
static enum drop parse(struct held *held, const char *hex)
{
	frame_hold_hex(held, hex);
	ck_assert_int_eq(packet_parse_ethernet(&held->pkt), DROP_NONE);
	return packet_parse_payload(&held->pkt);
}

#define UDP6                                                                   \
	"6000000000081140"                                                     \
	"fd090000000000000000000000000007"                                     \
	"fd090000000000000000000000000001"                                     \
	"0fa0003500080000"

static const struct {
	const char *hex;
	enum drop drop;
	uint8_t family;
} payloads[] = {
    {MACS "0806 0001", DROP_NONE, 0},
    {MACS "88cc", DROP_NONE, 0},
    {MACS "0800", DROP_IP_INHDR, 0},
    {MACS "0800 45", DROP_IP_INHDR, 0},
    {MACS "86dd", DROP_IP_INHDR, 0},
    {MACS "86dd" UDP6, DROP_NONE, 6},
    {MACS "0800" UDP6, DROP_IP_INHDR, 0},
    {MACS "88cc" UDP6, DROP_NONE, 0},
    {MACS "86dd 45" UDP6, DROP_UNHANDLED_PROTO, 0},
    {MACS "8100 0001 8100 0001 8100 0001 8100 0001 86dd" UDP6, DROP_NONE, 6},
    {MACS "8100 0000 8100 0000 8100 0000 8100 0000 8100 0000 86dd" UDP6,
	DROP_UNHANDLED_PROTO, 0},
    {MACS "88a8 0000 88a8 0000 88a8 0000 88a8 0000 88a8 0000 86dd" UDP6,
	DROP_UNHANDLED_PROTO, 0},
    /* SNAP */
    {MACS "0040 aaaa03 000000 86dd" UDP6, DROP_UNHANDLED_PROTO, 0},
    {MACS "0040 aaaa03 0000f8 86dd" UDP6, DROP_UNHANDLED_PROTO, 0},
    {MACS "0008 aaaa03 000000 0800", DROP_UNHANDLED_PROTO, 0},
    {MACS "0008 aaaa03 000000 0806", DROP_UNHANDLED_PROTO, 0},
    {MACS "0008 aaaa03 000000 8100", DROP_UNHANDLED_PROTO, 0},
    {MACS "0008 aaaa03 000000 88a8", DROP_UNHANDLED_PROTO, 0},
    {MACS "05ff aaaa03 000000 0800", DROP_UNHANDLED_PROTO, 0},
    {MACS "0600 aaaa03 000000 0800", DROP_NONE, 0},
    {MACS "0008 aaaa03 000000 80f3", DROP_NONE, 0},
    {MACS "0008 aaaa03 00000c 2000", DROP_NONE, 0},
    {MACS "0007 aaaa03 000000 08", DROP_NONE, 0},
    {MACS "0003 aaaa03", DROP_NONE, 0},
    {MACS "0026 424203", DROP_NONE, 0},
};

START_TEST(each_payload_of_the_table_gets_its_verdict)
{
	struct held held;

	ck_assert_str_eq(drop_name(parse(&held, payloads[_i].hex)),
	    drop_name(payloads[_i].drop));
	ck_assert_uint_eq(held.pkt.family, payloads[_i].family);
	ck_assert_uint_ne(held.pkt.flow_hash, 0);
	ck_assert_uint_eq(held.pkt.len, held.pkt.buffer_bytes);
	frame_release(&held);
}
END_TEST

START_TEST(fields_of_an_earlier_packet_are_forgotten)
{
	struct held held;

	frame_hold_hex(&held, MACS "0806 0001");
	held.pkt.family = 4;
	held.pkt.l4_protocol = 17;
	held.pkt.inner_ecn = 3;
	held.pkt.source_port = held.pkt.destination_port = 9;
	held.pkt.is_fragment = held.pkt.is_later_fragment = true;
	held.pkt.ip_bytes = held.pkt.l3_bytes = 20;
	ck_assert_int_eq(packet_parse_ethernet(&held.pkt), DROP_NONE);
	ck_assert_int_eq(packet_parse_payload(&held.pkt), DROP_NONE);
	ck_assert(has_same_fields(&held.pkt,
	    &(struct packet){.flow_hash = l4_frame_hash(&held.pkt)}));
	frame_release(&held);
}
END_TEST

static uint32_t hash_of(const char *hex)
{
	struct held held;
	uint32_t hash;

	(void)!parse(&held, hex);
	hash = held.pkt.flow_hash;
	frame_release(&held);
	return hash;
}

START_TEST(a_frame_without_ip_hashes_its_addresses_and_ethertype)
{
	uint32_t hash = hash_of(MACS "88cc 01");

	ck_assert_uint_eq(hash_of(MACS "88cc 02"), hash);
	ck_assert_uint_ne(hash_of(MACS "88cd 01"), hash);
	ck_assert_uint_ne(hash_of("02005e100003 02005e100002 88cc 01"), hash);
	ck_assert_uint_ne(hash_of("02005e100001 02005e100003 88cc 01"), hash);
	ck_assert_uint_ne(hash_of("02005e100002 02005e100001 88cc 01"), hash);
}
END_TEST

START_TEST(marks_and_checksums_are_written_behind_the_header)
{
	static const struct inner udp = {.hex = "45020020000700004011"
						"66a6"
						"0a0900070a090001"
						"0fa00035000c0000"
						"78797a7a"};
	struct held raw, held;

	frame_hold_hex(&raw, udp.hex);
	header_finish(raw.bytes, IPV4_BYTES);
	ck_assert_int_eq(packet_parse_ip(&raw.pkt), DROP_NONE);
	hold_inner(&held, &udp, l2_headers[_i], 9);
	header_finish(held.bytes + held.pkt.len - 9 - 32, IPV4_BYTES);
	ck_assert_int_eq(packet_parse_ethernet(&held.pkt), DROP_NONE);
	ck_assert_int_eq(packet_parse_payload(&held.pkt), DROP_NONE);
	raw.pkt.outer_ecn = held.pkt.outer_ecn = ECN_CE;
	ck_assert_int_eq(ecn_decapsulate(&raw.pkt), DROP_NONE);
	ck_assert_int_eq(ecn_decapsulate(&held.pkt), DROP_NONE);
	checksum_complete(&raw.pkt);
	checksum_complete(&held.pkt);
	ck_assert_mem_eq(packet_l3(&held.pkt), raw.bytes, 32);
	ck_assert_uint_eq(raw.bytes[1], 3);
	ck_assert_uint_ne(raw.bytes[26], 0);
	ck_assert_uint_eq(packet_l3(&held.pkt)[32], 0xee);
	frame_release(&raw);
	frame_release(&held);
}
END_TEST

START_TEST(a_mark_passes_a_frame_that_can_not_carry_it)
{
	uint8_t before[16];
	struct held held;

	ck_assert_int_eq(parse(&held, MACS "0806 0001"), DROP_NONE);
	memcpy(before, held.bytes, sizeof(before));
	held.pkt.outer_ecn = ECN_CE;
	ck_assert_int_eq(ecn_decapsulate(&held.pkt), DROP_NONE);
	ck_assert_mem_eq(held.bytes, before, sizeof(before));
	ecn_encapsulate(&held.pkt);
	ck_assert_uint_eq(held.pkt.outer_ecn, ECN_NOT_ECT);
	frame_release(&held);
}
END_TEST

START_TEST(options_are_looked_for_behind_the_header)
{
	uint8_t bytes[FRAME_BYTES_MAX];
	size_t len = frame_unhex(bytes,
	    MACS "0800 46000018 00070000 40110000 0a090007 0a090001 83040400");
	struct held held;

	header_finish(bytes + ETHERNET_BYTES, 24);
	frame_hold(&held, bytes, len);
	ck_assert_int_eq(packet_parse_ethernet(&held.pkt), DROP_NONE);
	ck_assert_int_eq(packet_parse_payload(&held.pkt), DROP_NONE);
	ck_assert_int_eq(
	    packet_check_options(&held.pkt, &(struct option_fault){0}),
	    DROP_IP_INHDR);
	frame_release(&held);
}
END_TEST

START_TEST(random_frames_leave_sane_fields)
{
	struct seed seed = seed_start();
	uint8_t bytes[96];
	bool are_sane = true;

	for (int i = 0; i < 50000; i++) {
		size_t len = seed_below(&seed, sizeof(bytes));
		struct held held;

		for (size_t j = 0; j < len; j++)
			bytes[j] = (uint8_t)(seed_next(&seed) & 0x87);
		for (size_t j = 12; j + 4 <= len && seed_below(&seed, 4);)
			bytes[j] = 0x81, bytes[j + 1] = 0, j += 4;
		frame_hold(&held, bytes, len);
		if (!packet_parse_ethernet(&held.pkt)) {
			(void)!packet_parse_payload(&held.pkt);
			are_sane &=
			    held.pkt.l2_bytes <= len &&
			    held.pkt.l2_bytes >= ETHERNET_BYTES &&
			    held.pkt.len == len &&
			    held.pkt.ip_bytes + held.pkt.l2_bytes <= len;
		}
		frame_release(&held);
	}
	ck_assert(are_sane);
}
END_TEST

#define EACH(tcase, test, table)                                               \
	tcase_add_loop_test(tcase, test, 0, ARRAY_SIZE(table))

Suite *unit_suite(void)
{
	Suite *suite = suite_create("ethernet");
	TCase *tcase = tcase_create("ethernet");

	suite_add_tcase(suite, tcase);
	EACH(tcase, each_header_of_the_table_gets_its_fields, headers);
	EACH(tcase, ip_in_a_frame_gets_the_verdict_and_fields_of_tun, inners);
	EACH(tcase, padding_stays_and_is_no_part_of_the_packet, inners);
	EACH(tcase, each_payload_of_the_table_gets_its_verdict, payloads);
	tcase_add_test(tcase, fields_of_an_earlier_packet_are_forgotten);
	tcase_add_test(
	    tcase, a_frame_without_ip_hashes_its_addresses_and_ethertype);
	tcase_add_loop_test(tcase,
	    marks_and_checksums_are_written_behind_the_header, 1,
	    ARRAY_SIZE(l2_headers));
	tcase_add_test(tcase, a_mark_passes_a_frame_that_can_not_carry_it);
	tcase_add_test(tcase, options_are_looked_for_behind_the_header);
	tcase_add_test(tcase, random_frames_leave_sane_fields);
	return suite;
}
