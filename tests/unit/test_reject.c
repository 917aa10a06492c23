/* SPDX-License-Identifier: ISC */
/* What rejecting may answer, and TCP resets. */
#include "unit.h"

#include <string.h>

#include "frame.h"
#include "header.h"
#include "net/reject.h"
#include "packet/l4.h"

#define PACKETS 2

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10

static struct pool *pool;
static struct packet *about, *answer;

static void setup(void)
{
	ck_assert_int_eq(pool_new(&pool, PACKETS, 1500), 0);
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

static void parse(void)
{
	if (packet_data(about)[0] >> 4 == 4)
		header_finish(packet_data(about), IPV4_BYTES);
	ck_assert_int_eq(packet_parse_ip(about), DROP_NONE);
}

static void put(const char *hex)
{
	about->len = (uint32_t)frame_unhex(packet_data(about), hex);
	parse();
}

/* Makes the checksum right, `field` bytes from L4's beginning. */
static void sum(size_t field)
{
	checksum_store(l4_data(about) + field, 0);
	checksum_store(
	    l4_data(about) + field, checksum_finish(checksum_l4(about)));
}

/* 10.9.0.7:1000 > 10.9.0.8:80, sequence 0x00000100, acknowledgement
 * 0xfffffffe, 4 bytes of data. */
#define TCP4                                                                   \
	"4500002c000700004006 0000 0a0900070a090008"                           \
	"03e80050 00000100 fffffffe 500001f4 00000000 78787878"
#define TCP6                                                                   \
	"6000000000180640fd090000000000000000000000000007fd090000"             \
	"000000000000000000000008"                                             \
	"03e80050 00000100 fffffffe 500001f4 00000000 78787878"

static void put_tcp(const char *hex, uint8_t flags)
{
	put(hex);
	l4_data(about)[13] = flags;
	sum(TCP_CHECKSUM);
	parse();
}

static const struct {
	uint8_t flags;
	const char *answer; /* from the sequence number to the flags */
} resets[] = {
    {SYN, "00000000 00000105 5014"},
    {0, "00000000 00000104 5014"},
    {FIN, "00000000 00000105 5014"},
    {SYN | FIN, "00000000 00000106 5014"},
    {ACK, "fffffffe 00000000 5004"},
    {SYN | ACK, "fffffffe 00000000 5004"},
    {FIN | ACK, "fffffffe 00000000 5004"},
};

static void check_reset(const char *hex)
{
	uint8_t expected[64];
	size_t bytes = frame_unhex(expected, hex);

	answer = reject_make_reset(pool, about);
	ck_assert_ptr_nonnull(answer);
	ck_assert_uint_eq(l4_len(answer), TCP_BYTES);
	ck_assert_uint_eq(answer->source_port, 80);
	ck_assert_uint_eq(answer->destination_port, 1000);
	ck_assert_mem_eq(l4_data(answer) + 4, expected, bytes);
	ck_assert_uint_eq(checksum_l4(answer), 0xffff);
	ck_assert(address_is_equal(&answer->source, &about->destination));
	ck_assert(address_is_equal(&answer->destination, &about->source));
}

START_TEST(a_reset_says_what_the_sender_takes)
{
	put_tcp(TCP4, resets[_i].flags);
	ck_assert(reject_may_reset(about));
	check_reset(resets[_i].answer);
}
END_TEST

START_TEST(a_reset_says_what_the_sender_takes_ipv6)
{
	put_tcp(TCP6, resets[_i].flags);
	ck_assert(reject_may_reset(about));
	check_reset(resets[_i].answer);
}
END_TEST

START_TEST(a_reset_is_not_answered)
{
	put_tcp(TCP4, RST | ACK);
	ck_assert(!reject_may_reset(about));
}
END_TEST

START_TEST(a_damaged_segment_is_not_answered)
{
	put_tcp(TCP4, SYN);
	packet_data(about)[about->len - 1] ^= 1;
	ck_assert(!reject_may_reset(about));
	ck_assert(!reject_may_answer(about));
	about->checksum = CHECKSUM_PARTIAL;
	ck_assert(reject_may_reset(about));
	ck_assert(reject_may_answer(about));
}
END_TEST

static const char *const not_resettable[] = {
    /* a cut header, a later fragment, to a group, UDP */
    "45000027000700004006 0000 0a0900070a090008"
    "03e80050 00000100 fffffffe 500201f4 000000",
    "4500002c000720014006 0000 0a0900070a090008"
    "03e80050 00000100 fffffffe 500201f4 00000000 78787878",
    "4500002c000700004006 0000 0a090007e0000008"
    "03e80050 00000100 fffffffe 500201f4 00000000 78787878",
    "4500002c000700004011 0000 0a0900070a090008"
    "03e80050 00180000 fffffffe 500201f4 00000000 78787878",
};

START_TEST(these_are_not_reset)
{
	put(not_resettable[_i]);
	about->checksum = CHECKSUM_VERIFIED;
	ck_assert(!reject_may_reset(about));
}
END_TEST

#define UDP4                                                                   \
	"45000020000700004011 0000 0a0900070a090008 0fa00035000c0000 78787878"

START_TEST(a_datagram_with_a_right_checksum_is_answered)
{
	put(UDP4);
	sum(UDP_CHECKSUM);
	ck_assert(reject_may_answer(about));
	l4_data(about)[UDP_CHECKSUM] ^= 1;
	ck_assert(!reject_may_answer(about));
}
END_TEST

START_TEST(a_datagram_without_checksum_is_answered)
{
	put(UDP4);
	ck_assert(reject_may_answer(about));
}
END_TEST

START_TEST(over_ipv6_each_datagram_has_a_checksum)
{
	put("60000000000c1140fd090000000000000000000000000007fd090000"
	    "0000000000000000000000080fa00035000c000078787878");
	ck_assert(!reject_may_answer(about));
	sum(UDP_CHECKSUM);
	ck_assert(reject_may_answer(about));
}
END_TEST

START_TEST(a_later_fragment_is_not_answered)
{
	put("45000020000720014011 0000 0a0900070a090008"
	    "0fa00035000c000078787878");
	ck_assert(!reject_may_answer(about));
}
END_TEST

static const struct {
	uint8_t protocol;
	bool is_answered;
} others[] = {
    {1, false},		    /* ICMP, and the checksum is wrong */
    {33, true}, {47, true}, /* GRE without one */
    {50, true}, {51, true}, {132, true}, {136, true},
    {253, false}, /* unknown ones have the internet checksum */
};

START_TEST(other_protocols_have_their_own_sums)
{
	put("45000020000700004011 0000 0a0900070a090008"
	    "00000800 12345678 9abcdef0");
	packet_data(about)[9] = others[_i].protocol;
	parse();
	ck_assert_int_eq(reject_may_answer(about), others[_i].is_answered);
}
END_TEST

START_TEST(gre_may_have_a_checksum)
{
	put("45000020000700004011 0000 0a0900070a090008"
	    "80000800 12345678 9abcdef0");
	packet_data(about)[9] = 47;
	parse();
	ck_assert(!reject_may_answer(about));
	sum(4);
	ck_assert(reject_may_answer(about));
}
END_TEST

START_TEST(a_reset_needs_a_buffer)
{
	struct packet *last = pool_get(pool);

	put_tcp(TCP4, SYN);
	ck_assert_ptr_null(reject_make_reset(pool, about));
	pool_put(pool, last);
}
END_TEST

#define EACH(tcase, test, table)                                               \
	tcase_add_loop_test(tcase, test, 0, ARRAY_SIZE(table))

Suite *unit_suite(void)
{
	Suite *suite = suite_create("reject");
	TCase *tcase = tcase_create("reject");

	tcase_add_checked_fixture(tcase, setup, teardown);
	EACH(tcase, a_reset_says_what_the_sender_takes, resets);
	EACH(tcase, a_reset_says_what_the_sender_takes_ipv6, resets);
	tcase_add_test(tcase, a_reset_is_not_answered);
	tcase_add_test(tcase, a_damaged_segment_is_not_answered);
	EACH(tcase, these_are_not_reset, not_resettable);
	tcase_add_test(tcase, a_datagram_with_a_right_checksum_is_answered);
	tcase_add_test(tcase, a_datagram_without_checksum_is_answered);
	tcase_add_test(tcase, over_ipv6_each_datagram_has_a_checksum);
	tcase_add_test(tcase, a_later_fragment_is_not_answered);
	EACH(tcase, other_protocols_have_their_own_sums, others);
	tcase_add_test(tcase, gre_may_have_a_checksum);
	tcase_add_test(tcase, a_reset_needs_a_buffer);
	suite_add_tcase(suite, tcase);
	return suite;
}
