/* SPDX-License-Identifier: ISC */
/* Fragments, and the largest segment of TCP. */
#include "unit.h"

#include <string.h>

#include "frame.h"
#include "header.h"
#include "packet/cut.h"
#include "packet/l4.h"
#include "packet/mss.h"

#define PACKETS 40

static struct pool *pool;
static struct packet *pkt;
static struct packet_list pieces;

static void setup(void)
{
	ck_assert_int_eq(pool_new(&pool, PACKETS, 4000), 0);
	pkt = pool_get(pool);
	pieces = (struct packet_list){0};
}

static void teardown(void)
{
	pool_put_list(pool, &pieces);
	pool_put(pool, pkt);
	ck_assert_uint_eq(pool_available(pool), PACKETS);
	pool_free(pool);
}

/* ---- cut ---- */

#define DF 0x4000
#define MF 0x2000

/* A datagram of 10.9.0.7 whose header has these options, and whose payload is
 * a pattern of `payload` bytes. */
static void make(uint16_t field, const char *options, size_t payload)
{
	static const char head[] = "45000000123400001e11 0000 0a0900070a090008";
	uint8_t *at = packet_data(pkt);
	size_t bytes = frame_unhex(at, head);

	bytes += frame_unhex(at + bytes, options);
	at[0] = (uint8_t)(0x40 | bytes / 4);
	at[2] = (uint8_t)((bytes + payload) >> 8);
	at[3] = (uint8_t)(bytes + payload);
	at[6] = (uint8_t)(field >> 8);
	at[7] = (uint8_t)field;
	header_finish(at, bytes);
	for (size_t i = 0; i < payload; i++)
		at[bytes + i] = (uint8_t)(i * 7 + i / 256);
	pkt->len = (uint32_t)(bytes + payload);
	ck_assert_int_eq(packet_parse_ip(pkt), DROP_NONE);
}

/* Together they are the payload, each fits, and their fields are right. */
static void check_pieces(size_t mtu, size_t first_offset, bool is_followed)
{
	size_t at = 0;

	for (struct packet *it = pieces.first; it; it = it->next) {
		struct packet again = *it;
		bool has_more = packet_data(it)[6] & MF >> 8;

		ck_assert_uint_le(it->len, mtu);
		ck_assert_int_eq(packet_parse_ip(&again), DROP_NONE);
		ck_assert_uint_eq(again.len, it->len);
		ck_assert_uint_eq(it->fragment_offset, first_offset + at);
		ck_assert_uint_eq(it->fragment_id, 0x1234);
		ck_assert_uint_eq(it->ttl, 30);
		ck_assert_int_eq(has_more, it->next || is_followed);
		ck_assert_mem_eq(l4_data(it), l4_data(pkt) + at, l4_len(it));
		at += l4_len(it);
	}
	ck_assert_uint_eq(at, l4_len(pkt));
}

static const struct {
	size_t payload, mtu, pieces;
} sizes[] = {
    {1480, 1500, 1},
    {1481, 1500, 2},
    {1400, 576, 3},
    {3900, 576, 8},
    {552 * 3, 576, 3},
    {552 * 3 + 1, 576, 4},
    {1400, 571, 3},
    {1400, 28, 175},
};

START_TEST(a_datagram_is_cut_where_offsets_can_be)
{
	bool is_cut;

	make(0, "", sizes[_i].payload);
	is_cut = packet_cut(pool, pkt, sizes[_i].mtu, &pieces);
	ck_assert_int_eq(is_cut, sizes[_i].pieces < PACKETS);
	if (!is_cut)
		return;
	ck_assert_uint_eq(pieces.len, sizes[_i].pieces);
	check_pieces(sizes[_i].mtu, 0, false);
	ck_assert_int_eq(pieces.first->is_fragment, pieces.len > 1);
}
END_TEST

START_TEST(without_buffers_nothing_is_left)
{
	make(0, "", 3900);
	ck_assert(!packet_cut(pool, pkt, 68, &pieces));
	ck_assert_uint_eq(pieces.len, 0);
	ck_assert_uint_eq(pool_available(pool), PACKETS - 1);
}
END_TEST

START_TEST(a_fragment_is_cut_again)
{
	make(MF | 185, "", 1480);
	ck_assert(packet_cut(pool, pkt, 576, &pieces));
	check_pieces(576, 185 * 8, true);
	ck_assert(pieces.first->is_later_fragment);
}
END_TEST

/* No receiver can have it, but DF is not set on the way. */
START_TEST(a_fragment_that_ends_beyond_all_keeps_its_flags)
{
	make(MF | 0x1fb9, "", 1350);
	ck_assert(packet_cut(pool, pkt, 1280, &pieces));
	ck_assert_uint_eq(pieces.len, 2);
	ck_assert_uint_eq(packet_data(pieces.last)[6], 0x20);
	ck_assert_uint_eq(packet_data(pieces.last)[7], 0x56);
}
END_TEST

START_TEST(the_fields_go_along)
{
	make(0, "", 1400);
	pkt->from_id = 3;
	pkt->to_id = 4;
	ck_assert(packet_cut(pool, pkt, 576, &pieces));
	for (struct packet *it = pieces.first; it; it = it->next) {
		ck_assert_uint_eq(it->from_id, 3);
		ck_assert_uint_eq(it->to_id, 4);
	}
}
END_TEST

/* Record route (7) stays in the first one only, source route (0x83) in all;
 * what is damaged stays as it is. */
static const struct {
	const char *options, *later;
} options[] = {
    {"0107070400000000 830304 00", "0101010101010101 830304 00"},
    {"44080500000000008303040000000000", "01010101010101018303040000000000"},
    {"07000000", "07000000"},
    {"010101 07", "010101 07"},
    {"07090400", "07090400"},
};

START_TEST(later_fragments_have_the_options_that_are_copied)
{
	uint8_t expected[40];
	size_t bytes = frame_unhex(expected, options[_i].later);

	make(0, options[_i].options, 1400);
	ck_assert(packet_cut(pool, pkt, 576, &pieces));
	check_pieces(576, 0, false);
	ck_assert_mem_eq(packet_data(pieces.first) + IPV4_BYTES,
	    packet_data(pkt) + IPV4_BYTES, bytes);
	ck_assert_mem_eq(
	    packet_data(pieces.last) + IPV4_BYTES, expected, bytes);
}
END_TEST

START_TEST(df_and_ipv6_forbid_it)
{
	make(0, "", 100);
	ck_assert(packet_may_be_cut(pkt));
	make(DF, "", 100);
	ck_assert(!packet_may_be_cut(pkt));
	pkt->len = (uint32_t)frame_unhex(packet_data(pkt),
	    "6000000000083a40fd090000000000000000000000000007fd090000"
	    "0000000000000000000000088000000000000000");
	ck_assert_int_eq(packet_parse_ip(pkt), DROP_NONE);
	ck_assert(!packet_may_be_cut(pkt));
}
END_TEST

/* ---- MSS ---- */

#define TCP4                                                                   \
	"45000000000740004006 0000 0a0900070a090008"                           \
	"03e80050 00000100 00000000"
#define TCP6                                                                   \
	"6000000000000640fd090000000000000000000000000007fd090000"             \
	"000000000000000000000008 03e80050 00000100 00000000"

/* From the data offset on. */
static void make_tcp(const char *head, const char *rest)
{
	uint8_t *at = packet_data(pkt);
	bool is_ipv4 = head[0] == '4';
	size_t bytes = frame_unhex(at, head);

	bytes += frame_unhex(at + bytes, rest);
	at[is_ipv4 ? 3 : 5] = (uint8_t)(bytes - (is_ipv4 ? 0 : IPV6_BYTES));
	if (is_ipv4)
		header_finish(at, IPV4_BYTES);
	pkt->len = (uint32_t)bytes;
	pkt->checksum = CHECKSUM_FULL;
	ck_assert_int_eq(packet_parse_ip(pkt), DROP_NONE);
	checksum_store(l4_data(pkt) + TCP_CHECKSUM, 0);
	checksum_store(
	    l4_data(pkt) + TCP_CHECKSUM, checksum_finish(checksum_l4(pkt)));
}

/* Flags, window, checksum, urgent pointer, options. */
#define OPTIONS(flags, options) "60" flags "01f400000000" options

static const struct {
	const char *head, *rest;
	size_t at; /* of the value, from L4's beginning */
	uint16_t expected;
} clamped[] = {
    {TCP4, OPTIONS("02", "020405b4"), 22, 1380},
    {TCP6, OPTIONS("02", "020405b4"), 22, 1360},
    {TCP4, OPTIONS("12", "020405b4"), 22, 1380},	    /* SYN, ACK */
    {TCP4, "7002 01f400000000 01020405b4010101", 23, 1380}, /* odd offset */
    {TCP4, "8002 01f400000000 03030704020204ffff000000", 27, 1380},
};

START_TEST(the_largest_segment_is_lowered)
{
	const uint8_t *at;

	make_tcp(clamped[_i].head, clamped[_i].rest);
	ck_assert(mss_clamp(pkt, 1420, UINT16_MAX));
	at = l4_data(pkt) + clamped[_i].at;
	ck_assert_uint_eq(at[0] << 8 | at[1], clamped[_i].expected);
	ck_assert_uint_eq(checksum_l4(pkt), 0xffff);
	ck_assert(!mss_clamp(pkt, 1420, UINT16_MAX));
}
END_TEST

static const char *const unclamped[] = {
    OPTIONS("02", "02040564"), /* fits */
    OPTIONS("10", "020405b4"), /* no SYN */
    OPTIONS("06", "020405b4"), /* SYN, RST */
    OPTIONS("02", "02050000"), /* of another length */
    OPTIONS("02", "000405b4"), /* behind the end */
    OPTIONS("02", "03000000"), /* length 0 */
    OPTIONS("02", "030405b4"), /* another option */
    OPTIONS("02", "01010204"), /* cut */
    "5002 01f400000000",
};

START_TEST(these_are_left_alone)
{
	uint8_t before[128];

	make_tcp(TCP4, unclamped[_i]);
	memcpy(before, packet_data(pkt), pkt->len);
	ck_assert(!mss_clamp(pkt, 1420, UINT16_MAX));
	ck_assert_mem_eq(before, packet_data(pkt), pkt->len);
}
END_TEST

START_TEST(it_is_lowered_to_what_is_wanted_at_most)
{
	make_tcp(TCP4, OPTIONS("02", "020405b4"));
	ck_assert(mss_clamp(pkt, 1420, 1200));
	ck_assert_uint_eq(l4_data(pkt)[22] << 8 | l4_data(pkt)[23], 1200);
	ck_assert(!mss_clamp(pkt, 1420, 1300));
}
END_TEST

START_TEST(a_partial_checksum_says_nothing_of_it)
{
	make_tcp(TCP4, OPTIONS("02", "020405b4"));
	checksum_store(l4_data(pkt) + TCP_CHECKSUM, 0x1234);
	pkt->checksum = CHECKSUM_PARTIAL;
	ck_assert(mss_clamp(pkt, 1420, UINT16_MAX));
	ck_assert_uint_eq(l4_data(pkt)[TCP_CHECKSUM], 0x12);
	ck_assert_uint_eq(l4_data(pkt)[TCP_CHECKSUM + 1], 0x34);
}
END_TEST

/* ---- super-packets ---- */

START_TEST(a_super_packet_is_as_large_as_its_segments)
{
	make_tcp(TCP4, OPTIONS("10", "01010101"));
	ck_assert_uint_eq(packet_wire_bytes(pkt), 44);
	pkt->segment_bytes = 1400;
	ck_assert_uint_eq(packet_wire_bytes(pkt), 1444);
	make(0, "", 3000);
	pkt->segment_bytes = 1000;
	ck_assert_uint_eq(packet_wire_bytes(pkt), 1028);
}
END_TEST

#define EACH(tcase, test, table)                                               \
	tcase_add_loop_test(tcase, test, 0, ARRAY_SIZE(table))

Suite *unit_suite(void)
{
	Suite *suite = suite_create("cut");
	TCase *tcase = tcase_create("cut");

	tcase_add_checked_fixture(tcase, setup, teardown);
	EACH(tcase, a_datagram_is_cut_where_offsets_can_be, sizes);
	tcase_add_test(tcase, without_buffers_nothing_is_left);
	tcase_add_test(tcase, a_fragment_is_cut_again);
	tcase_add_test(tcase, a_fragment_that_ends_beyond_all_keeps_its_flags);
	tcase_add_test(tcase, the_fields_go_along);
	EACH(tcase, later_fragments_have_the_options_that_are_copied, options);
	tcase_add_test(tcase, df_and_ipv6_forbid_it);
	EACH(tcase, the_largest_segment_is_lowered, clamped);
	EACH(tcase, these_are_left_alone, unclamped);
	tcase_add_test(tcase, it_is_lowered_to_what_is_wanted_at_most);
	tcase_add_test(tcase, a_partial_checksum_says_nothing_of_it);
	tcase_add_test(tcase, a_super_packet_is_as_large_as_its_segments);
	suite_add_tcase(suite, tcase);
	return suite;
}
