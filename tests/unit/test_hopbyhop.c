/* SPDX-License-Identifier: ISC */
/* Hop-by-hop options and what the kernel says of them: see receive.sh. */
#include "unit.h"

#include <string.h>

#include "base/attributes.h"
#include "frame.h"
#include "packet/ip.h"

static const struct {
	const char *header; /* its first byte says UDP */
	enum drop drop;
} cases[] = {
    {"1100010400000000", DROP_NONE}, /* PadN */
    {"1100000000000000", DROP_NONE}, /* six of Pad1 */
    {"1100050200000100", DROP_NONE}, /* router alert, PadN */
    {"1100050200000000", DROP_NONE}, /* router alert, Pad1 */
    {"11003e0401020304", DROP_NONE}, /* unknown: skip it */
    {"11007e0401020304", DROP_UNHANDLED_PROTO},
    {"1100be0401020304", DROP_UNHANDLED_PROTO},
    {"1100fe0401020304", DROP_UNHANDLED_PROTO},
    {"1100c20400010000", DROP_IP_INHDR}, /* jumbogram */
    {"1100010400000001", DROP_IP_INHDR}, /* padding that is no zero */
    {"1100010500000000", DROP_IP_INHDR}, /* past the end */
    {"11003e0501020304", DROP_IP_INHDR},
    {"1100000000000001", DROP_IP_INHDR}, /* PadN without a length */
    {"1100050100010100", DROP_IP_INHDR}, /* router alert too short */
    {"11010106000000000000010400000000", DROP_IP_INHDR}, /* 8 of it */
    {"11010104000000000000000000000000", DROP_IP_INHDR}, /* 16 bytes of it */
    {"11010000000005020000000000000000", DROP_NONE},
    {"11010000000000000000000000000000", DROP_IP_INHDR},
    {"11010104000000003e00010400000000", DROP_NONE},	 /* 6 and 6, not 12 */
    {"11010105000000000000003e03010203", DROP_IP_INHDR}, /* 7 and 1 */
    {"1101310200003102000031020000"
     "3e00",
	DROP_IP_INHDR}, /* unaligned */
    {"1101000031020000310200000102"
     "0000",
	DROP_NONE},
    {"110107080000000100000000"
     "01020000",
	DROP_IP_INHDR}, /* a label */
    {"11013e003e003e003e003e003e003e00", DROP_NONE},
    {"11023e003e003e003e003e003e003e003e003e0001040000"
     "0000",
	DROP_IP_INHDR}, /* nine */
};

static void hold(struct held *held, const char *header)
{
	uint8_t bytes[FRAME_BYTES_MAX] = {0x60, [6] = IP_PROTOCOL_HOP_BY_HOP,
	    [7] = 64, [8] = 0xfd, [24] = 0xfd};
	size_t len;

	(void)frame_unhex(bytes + IPV6_BYTES, header);
	len = (bytes[IPV6_BYTES + 1] + 1u) * 8;
	bytes[5] = (uint8_t)len;
	frame_hold(held, bytes, IPV6_BYTES + len);
}

START_TEST(each_header_has_its_verdict)
{
	struct held held;

	hold(&held, cases[_i].header);
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	ck_assert_str_eq(drop_name(packet_check_hop_by_hop(
			     &held.pkt, &(struct option_fault){0})),
	    drop_name(cases[_i].drop));
	frame_release(&held);
}
END_TEST

static const struct {
	const char *header;
	uint32_t offset; /* of the fault, in the header */
	bool is_unknown, is_for_many;
} faults[] = {
    {"1100fe0401020304", 2, true, false},
    {"1100be0401020304", 2, true, false},
    {"1101050200000100be00010400000000", 8, true, false},
    {"11007e0401020304", 0, false, false},
    {"1100fe0401020304", 0, false, true},
    {"1100be0401020304", 2, true, true},
    {"1100c20400010000", 2, false, false}, /* although it has a length */
    {"1100c20400000001", 4, false, false}, /* its own length */
    {"11000000c2020001", 0, false, false}, /* not where it has to be */
    {"1100c20500010000", 0, false, false},
    {"1100010400000001", 0, false, false},
};

START_TEST(a_fault_is_where_the_kernel_finds_it)
{
	struct option_fault fault;
	struct held held;
	uint8_t *to;

	hold(&held, faults[_i].header);
	to = packet_data(&held.pkt) + 24;
	if (faults[_i].is_for_many)
		memcpy(to, (const uint8_t[]){0xff, 2}, 2);
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	ck_assert_int_ne(packet_check_hop_by_hop(&held.pkt, &fault), DROP_NONE);
	ck_assert_uint_eq(fault.offset,
	    faults[_i].offset ? IPV6_BYTES + faults[_i].offset : 0);
	ck_assert_int_eq(fault.is_unknown, faults[_i].is_unknown);
	frame_release(&held);
}
END_TEST

START_TEST(other_headers_are_not_looked_at)
{
	static const char options[] =
	    "6000000000083c40fd000000000000000000000000000000"
	    "fd0000000000000000000000000000001100fe0401020304";
	struct held held;

	frame_hold_hex(&held, options);
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	ck_assert_int_eq(
	    packet_check_hop_by_hop(&held.pkt, &(struct option_fault){0}),
	    DROP_NONE);
	frame_release(&held);
}
END_TEST

START_TEST(ipv4_has_none)
{
	struct held held;

	frame_hold_hex(&held, "4500001400000000400066e8"
			      "0a0000010a000002");
	ck_assert_int_eq(packet_parse_ip(&held.pkt), DROP_NONE);
	ck_assert_int_eq(
	    packet_check_hop_by_hop(&held.pkt, &(struct option_fault){0}),
	    DROP_NONE);
	frame_release(&held);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("hopbyhop");
	TCase *tcase = tcase_create("hopbyhop");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(
	    tcase, each_header_has_its_verdict, 0, ARRAY_SIZE(cases));
	tcase_add_loop_test(
	    tcase, a_fault_is_where_the_kernel_finds_it, 0, ARRAY_SIZE(faults));
	tcase_add_test(tcase, other_headers_are_not_looked_at);
	tcase_add_test(tcase, ipv4_has_none);
	return suite;
}
