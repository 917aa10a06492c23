/* SPDX-License-Identifier: ISC */
/* ICMP errors: about what, and what they look like. */
#include "unit.h"

#include <string.h>

#include "frame.h"
#include "header.h"
#include "net/icmp.h"
#include "packet/ethernet.h"
#include "packet/l4.h"

#define PACKETS 4

static struct pool *pool;
static struct packet *about, *answer;

static const struct address router4 = {FAMILY_IPV4, {10, 9, 0, 1}};
static const struct address router6 = {FAMILY_IPV6, {0xfd, 9, [15] = 1}};

static void setup(void)
{
	ck_assert_int_eq(pool_new(&pool, PACKETS, 2000), 0);
	about = pool_get(pool);
	answer = NULL;
}

static void teardown(void)
{
	pool_put(pool, about);
	pool_put(pool, answer);
	ck_assert_uint_eq(pool_available(pool), PACKETS);
	pool_free(pool);
}

/* UDP 10.9.0.7:4000 > 10.9.0.8:53 with TOS 0x28 and 4 bytes; a VLAN tag. */
#define UDP4                                                                   \
	"45280020000700004011 0000 0a0900070a090008 0fa00035000c0000 78787878"
#define UDP6                                                                   \
	"60000000000c1140fd090000000000000000000000000007fd090000"             \
	"0000000000000000000000080fa00035000c000078787878"

static void put(const char *hex)
{
	about->len = (uint32_t)frame_unhex(packet_data(about), hex);
	if (packet_data(about)[0] >> 4 == 4)
		header_finish(packet_data(about), IPV4_BYTES);
	ck_assert_int_eq(packet_parse_ip(about), DROP_NONE);
}

/* A longer datagram, of zeros. */
static void lengthen(uint32_t bytes)
{
	uint8_t *at = packet_data(about);
	bool is_ipv4 = at[0] >> 4 == 4;
	uint32_t field = is_ipv4 ? bytes : bytes - IPV6_BYTES;

	memset(at + about->len, 0, bytes - about->len);
	at[is_ipv4 ? 2 : 4] = (uint8_t)(field >> 8);
	at[is_ipv4 ? 3 : 5] = (uint8_t)field;
	about->len = bytes;
	if (is_ipv4)
		header_finish(at, IPV4_BYTES);
	ck_assert_int_eq(packet_parse_ip(about), DROP_NONE);
}

static void make(enum icmp_kind kind, uint32_t value)
{
	struct icmp_error error = {kind, value};

	ck_assert(icmp_is_allowed(about, &error));
	answer = icmp_make_error(pool, about, &error,
	    about->family == FAMILY_IPV4 ? &router4 : &router6);
	ck_assert_ptr_nonnull(answer);
}

/* The parser agrees, and so do both checksums. */
static void check_sound(void)
{
	struct packet again = *answer;

	ck_assert_int_eq(packet_parse_ip(&again), DROP_NONE);
	ck_assert_uint_eq(again.ip_bytes, answer->ip_bytes);
	ck_assert_uint_eq(checksum_l4(answer), 0xffff);
	ck_assert(address_is_equal(&answer->destination, &about->source));
	ck_assert_uint_eq(answer->ttl, 64);
}

static uint32_t parameter(void)
{
	const uint8_t *at = l4_data(answer) + 4;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | at[2] << 8 |
	       at[3];
}

static const struct {
	enum icmp_kind kind;
	uint32_t value;
	uint8_t type4, code4, type6, code6;
	uint32_t parameter4, parameter6;
} kinds[] = {
    {ICMP_NO_ROUTE, 0, 3, 0, 1, 0, 0, 0},
    {ICMP_HOST_UNREACHABLE, 0, 3, 1, 1, 3, 0, 0},
    {ICMP_PROTOCOL_UNREACHABLE, 0, 3, 2, 4, 1, 0, 6},
    {ICMP_PORT_UNREACHABLE, 0, 3, 3, 1, 4, 0, 0},
    {ICMP_PROHIBITED, 0, 3, 13, 1, 1, 0, 0},
    {ICMP_BEYOND_SCOPE, 0, 3, 1, 1, 2, 0, 0},
    {ICMP_TOO_BIG, 1280, 3, 4, 2, 0, 1280, 1280},
    {ICMP_TIME_EXCEEDED, 0, 11, 0, 3, 0, 0, 0},
    {ICMP_BAD_HEADER, 20, 12, 0, 4, 0, 20u << 24, 20},
};

START_TEST(each_kind_has_its_type_and_code_ipv4)
{
	put(UDP4);
	make(kinds[_i].kind, kinds[_i].value);
	check_sound();
	ck_assert_uint_eq(answer->l4_protocol, IP_PROTOCOL_ICMP);
	ck_assert(address_is_equal(&answer->source, &router4));
	ck_assert_uint_eq(answer->icmp_type, kinds[_i].type4);
	ck_assert_uint_eq(answer->icmp_code, kinds[_i].code4);
	ck_assert_uint_eq(parameter(), kinds[_i].parameter4);
}
END_TEST

START_TEST(each_kind_has_its_type_and_code_ipv6)
{
	put(UDP6);
	make(kinds[_i].kind, kinds[_i].value);
	check_sound();
	ck_assert_uint_eq(answer->l4_protocol, IP_PROTOCOL_ICMPV6);
	ck_assert(address_is_equal(&answer->source, &router6));
	ck_assert_uint_eq(answer->icmp_type, kinds[_i].type6);
	ck_assert_uint_eq(answer->icmp_code, kinds[_i].code6);
	ck_assert_uint_eq(parameter(), kinds[_i].parameter6);
}
END_TEST

START_TEST(it_quotes_the_packet)
{
	put(UDP4);
	make(ICMP_TIME_EXCEEDED, 0);
	ck_assert_uint_eq(answer->len, IPV4_BYTES + ICMP_BYTES + about->len);
	ck_assert_mem_eq(
	    l4_data(answer) + ICMP_BYTES, packet_data(about), about->len);
}
END_TEST

START_TEST(it_keeps_the_type_of_service)
{
	put(UDP4);
	make(ICMP_TIME_EXCEEDED, 0);
	ck_assert_uint_eq(packet_data(answer)[1], 0xc8);
}
END_TEST

START_TEST(it_quotes_no_more_than_all_links_carry)
{
	put(_i ? UDP6 : UDP4);
	lengthen(1900);
	make(ICMP_TOO_BIG, 1400);
	check_sound();
	ck_assert_uint_eq(answer->len, _i ? 1280 : 576);
}
END_TEST

START_TEST(it_quotes_no_more_than_a_buffer_holds)
{
	struct icmp_error error = {ICMP_TOO_BIG, 1400};
	struct pool *small;
	struct packet *made;

	ck_assert_int_eq(pool_new(&small, 1, 700), 0);
	put(UDP6);
	lengthen(1900);
	made = icmp_make_error(small, about, &error, &router6);
	ck_assert_ptr_nonnull(made);
	ck_assert_uint_eq(made->len, 700);
	ck_assert_ptr_null(icmp_make_error(small, about, &error, &router6));
	pool_put(small, made);
	pool_free(small);
}
END_TEST

/* Destination options of 16 bytes, a fragment header, then protocol 253. */
START_TEST(an_unknown_protocol_is_pointed_at_behind_extension_headers)
{
	put("6000000000243c40fd090000000000000000000000000007fd090000"
	    "000000000000000000000008"
	    "2c01010c000000000000000000000000"
	    "fd00000100000063"
	    "787878787878787878787878");
	make(ICMP_PROTOCOL_UNREACHABLE, 0);
	ck_assert_uint_eq(parameter(), 40 + 16);
}
END_TEST

START_TEST(in_a_frame_it_goes_back_to_the_sender)
{
	static const uint8_t head[] = {
	    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 7, 0x81, 0, 0, 5, 8, 0};
	static const uint8_t back[] = {
	    2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 1, 0x81, 0, 0, 5, 8, 0};
	uint8_t *at = packet_data(about);

	memcpy(at, head, sizeof(head));
	about->len =
	    sizeof(head) + (uint32_t)frame_unhex(at + sizeof(head), UDP4);
	header_finish(at + sizeof(head), IPV4_BYTES);
	ck_assert_int_eq(packet_parse_ethernet(about), DROP_NONE);
	ck_assert_int_eq(packet_parse_payload(about), DROP_NONE);
	make(ICMP_PROHIBITED, 0);
	check_sound();
	ck_assert_mem_eq(packet_data(answer), back, sizeof(back));
	ck_assert_uint_eq(answer->vlan, 5);
	ck_assert_uint_eq(answer->len,
	    sizeof(head) + IPV4_BYTES + ICMP_BYTES + about->ip_bytes);
	ck_assert(mac_is_equal(&answer->destination_mac, &about->source_mac));
}
END_TEST

/* ---- about what there is none ---- */

static const struct {
	const char *what, *hex;
} unanswerable[] = {
    {"from nobody", "45000020000700004011 0000 000000000a090008"
		    "0fa00035000c000078787878"},
    {"from all", "45000020000700004011 0000 ffffffff0a090008"
		 "0fa00035000c000078787878"},
    {"from a group", "45000020000700004011 0000 e00000010a090008"
		     "0fa00035000c000078787878"},
    {"to a group", "45000020000700004011 0000 0a090007e0000001"
		   "0fa00035000c000078787878"},
    {"to all", "45000020000700004011 0000 0a090007ffffffff"
	       "0fa00035000c000078787878"},
    {"a later fragment", "45000020000720014011 0000 0a0900070a090008"
			 "0fa00035000c000078787878"},
    {"an error", "4500001c000700004001 0000 0a0900070a090008"
		 "0b00000000000000"},
    {"an unreachable", "4500001c000700004001 0000 0a0900070a090008"
		       "0301000000000000"},
    {"a redirect", "4500001c000700004001 0000 0a0900070a090008"
		   "0500000000000000"},
    {"an unknown type of ICMP", "4500001c000700004001 0000 0a0900070a090008"
				"1900000000000000"},
    {"ICMP without a type", "45000014000700004001 0000 0a0900070a090008"},
    {"from nobody, IPv6",
	"60000000000c114000000000000000000000000000000000fd090000"
	"0000000000000000000000080fa00035000c000078787878"},
    {"to a group, IPv6",
	"60000000000c1140fd090000000000000000000000000007ff0e0000"
	"0000000000000000000000080fa00035000c000078787878"},
    {"an ICMPv6 error",
	"6000000000083a40fd090000000000000000000000000007fd090000"
	"0000000000000000000000080300000000000000"},
    {"ICMPv6 without a type, behind options",
	"6000000000083c40fd090000000000000000000000000007fd090000"
	"0000000000000000000000083a00010400000000"},
    {"ICMPv6 without a type",
	"6000000000003a40fd090000000000000000000000000007fd090000"
	"000000000000000000000008"},
};

START_TEST(about_these_there_is_none)
{
	struct icmp_error error = {ICMP_TIME_EXCEEDED, 0};

	put(unanswerable[_i].hex);
	ck_assert_msg(
	    !icmp_is_allowed(about, &error), "%s", unanswerable[_i].what);
}
END_TEST

static const char *const answerable[] = {
    /* echo request and reply, time stamp, a first fragment */
    "4500001c000700004001 0000 0a0900070a090008 0800000000000000",
    "4500001c000700004001 0000 0a0900070a090008 0000000000000000",
    "4500001c000700004001 0000 0a0900070a090008 0d00000000000000",
    "45000020000720004011 0000 0a0900070a090008 0fa00035000c000078787878",
    /* ICMPv6 echo request, and a later fragment of ICMPv6, and a first one that
     * ends before it */
    "6000000000083a40fd090000000000000000000000000007fd090000"
    "0000000000000000000000088000000000000000",
    "6000000000102c40fd090000000000000000000000000007fd090000"
    "0000000000000000000000083a00000900000001 0300000000000000",
    "6000000000102c40fd090000000000000000000000000007fd090000"
    "0000000000000000000000083c00000100000001 3a00010400000000",
};

START_TEST(about_these_there_may_be_one)
{
	struct icmp_error error = {ICMP_TIME_EXCEEDED, 0};

	put(answerable[_i]);
	ck_assert(icmp_is_allowed(about, &error));
}
END_TEST

START_TEST(what_is_no_packet_gets_none)
{
	struct icmp_error error = {ICMP_TIME_EXCEEDED, 0};

	ck_assert(!icmp_is_allowed(about, &error));
}
END_TEST

START_TEST(only_path_mtu_discovery_works_for_groups)
{
	struct icmp_error error = {ICMP_TOO_BIG, 1280};

	put(unanswerable[12].hex);
	ck_assert(icmp_is_allowed(about, &error));
	put(unanswerable[3].hex);
	ck_assert(!icmp_is_allowed(about, &error));
}
END_TEST

START_TEST(only_path_mtu_discovery_has_no_limit)
{
	struct icmp_error error = {kinds[_i].kind, 0};

	ck_assert_int_eq(icmp_is_limited(&error), error.kind != ICMP_TOO_BIG);
}
END_TEST

#define EACH(tcase, test, table)                                               \
	tcase_add_loop_test(tcase, test, 0, ARRAY_SIZE(table))

Suite *unit_suite(void)
{
	Suite *suite = suite_create("icmp");
	TCase *tcase = tcase_create("icmp");

	tcase_add_checked_fixture(tcase, setup, teardown);
	EACH(tcase, each_kind_has_its_type_and_code_ipv4, kinds);
	EACH(tcase, each_kind_has_its_type_and_code_ipv6, kinds);
	tcase_add_test(tcase, it_quotes_the_packet);
	tcase_add_test(tcase, it_keeps_the_type_of_service);
	tcase_add_loop_test(
	    tcase, it_quotes_no_more_than_all_links_carry, 0, 2);
	tcase_add_test(tcase, it_quotes_no_more_than_a_buffer_holds);
	tcase_add_test(
	    tcase, an_unknown_protocol_is_pointed_at_behind_extension_headers);
	tcase_add_test(tcase, in_a_frame_it_goes_back_to_the_sender);
	EACH(tcase, about_these_there_is_none, unanswerable);
	EACH(tcase, about_these_there_may_be_one, answerable);
	tcase_add_test(tcase, what_is_no_packet_gets_none);
	tcase_add_test(tcase, only_path_mtu_discovery_works_for_groups);
	EACH(tcase, only_path_mtu_discovery_has_no_limit, kinds);
	suite_add_tcase(suite, tcase);
	return suite;
}
