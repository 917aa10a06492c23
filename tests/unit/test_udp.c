/* SPDX-License-Identifier: ISC */
/* UDP and echo requests that vpnd takes itself: checks, answers, datagrams. */
#include "unit.h"

#include <string.h>

#include "frame.h"
#include "packet/ip.h"
#include "packet/udp.h"

#define ROOM 256

/* The bytes as Python's struct module wrote them. */
static const char hello4[] = "4500002100004000401126b30a0900070a090001"
			     "0fa00007000d984168656c6c6f";
static const char hello4_back[] = "4500002100004000401126b30a0900010a090007"
				  "00070fa0000d984168656c6c6f";
static const char hello4_options[] =
    "4600002500004000401191aa0a0900070a090001940400000fa00007000d9841"
    "68656c6c6f";
static const char hello6[] =
    "60000000000d1140fd090000000000000000000000000007fd090000000000000000"
    "0000000000010fa00007000db23f68656c6c6f";
static const char hello6_back[] =
    "60000000000d1140fd090000000000000000000000000001fd090000000000000000"
    "00000000000700070fa0000db23f68656c6c6f";
static const char zero_sum[] = "4500001e00004000401126b60a0900010a090007"
			       "00070fa0000affffdc19";
static const char ping4[] =
    "4500001f00004000400126c50a0900070a0900010800216812340001616263";
static const char pong4[] =
    "4500001f00004000400126c50a0900010a0900070000296812340001616263";
static const char ping6[] =
    "60000000000b3a40fd090000000000000000000000000007fd090000000000000000"
    "0000000000018000af0612340001616263";
static const char pong6[] =
    "60000000000b3a40fd090000000000000000000000000001fd090000000000000000"
    "0000000000078100ae0612340001616263";

static struct pool *pool;

static void setup(void)
{
	ck_assert_int_eq(pool_new(&pool, 4, ROOM), 0);
}

static void teardown(void)
{
	pool_free(pool);
}

static struct packet *parsed(const char *hex)
{
	struct packet *pkt = pool_get(pool);

	pkt->len = (uint32_t)frame_unhex(packet_data(pkt), hex);
	ck_assert_int_eq(packet_parse_ip(pkt), DROP_NONE);
	return pkt;
}

static void check_bytes(const struct packet *pkt, const char *hex)
{
	uint8_t bytes[ROOM];
	size_t len = frame_unhex(bytes, hex);

	ck_assert_uint_eq(pkt->len, len);
	ck_assert_mem_eq(packet_data(pkt), bytes, len);
}

static struct udp_ends back(const struct packet *pkt)
{
	return (struct udp_ends){pkt->destination, pkt->source,
	    pkt->destination_port, pkt->source_port, 0};
}

/* ---- lengths ---- */

static const struct {
	const char *name, *source;
	int udp_len, cut; /* the field; bytes taken away at the end */
	enum drop drop;
	uint32_t payload_len;
} lengths[] = {
    {"whole", hello4, 13, 0, DROP_NONE, 5},
    {"shorter than the packet: trimmed", hello4, 10, 0, DROP_NONE, 2},
    {"no payload", hello4, 8, 0, DROP_NONE, 0},
    {"less than a header", hello4, 7, 0, DROP_PKT_TOO_SMALL, 0},
    {"zero in IPv4", hello4, 0, 0, DROP_PKT_TOO_SMALL, 0},
    {"longer than the packet", hello4, 14, 0, DROP_PKT_TOO_SMALL, 0},
    {"header cut", hello4, 13, 6, DROP_PKT_TOO_SMALL, 0},
    {"IPv6", hello6, 13, 0, DROP_NONE, 5},
    {"zero in IPv6: all there is", hello6, 0, 0, DROP_NONE, 5},
    {"IPv6, less than a header", hello6, 7, 0, DROP_PKT_TOO_SMALL, 0},
};

START_TEST(lengths_are_checked_as_the_kernel_checks_them)
{
	struct packet *pkt = parsed(lengths[_i].source);
	uint8_t *l4 = packet_data(pkt) + pkt->l3_bytes;

	l4[5] = (uint8_t)lengths[_i].udp_len;
	pkt->checksum = CHECKSUM_VERIFIED;
	pkt->ip_bytes -= (uint32_t)lengths[_i].cut;
	pkt->len = pkt->ip_bytes;
	ck_assert_msg(
	    packet_check_udp(pkt) == lengths[_i].drop, "%s", lengths[_i].name);
	if (!lengths[_i].drop) {
		ck_assert_uint_eq(
		    packet_udp_payload_len(pkt), lengths[_i].payload_len);
		ck_assert_uint_eq(
		    packet_udp_whole_len(pkt), lengths[_i].payload_len);
		ck_assert_uint_eq(pkt->len, pkt->ip_bytes);
		ck_assert_uint_eq(pkt->destination_port, 7);
		ck_assert_uint_eq(pkt->source_port, 4000);
	}
	pool_put(pool, pkt);
}
END_TEST

/* ---- checksums ---- */

static const char *const good[] = {hello4, hello4_back, hello4_options, hello6,
    hello6_back, zero_sum, ping4, pong4, ping6, pong6};

START_TEST(a_right_checksum_is_right_and_no_flipped_bit_is)
{
	struct packet *pkt = parsed(good[_i]);
	uint32_t bits = 8 * (pkt->ip_bytes - pkt->l3_bytes);
	uint8_t *l4 = packet_data(pkt) + pkt->l3_bytes;

	ck_assert(packet_verify_l4(pkt));
	for (uint32_t bit = 0; bit < bits; bit++) {
		l4[bit / 8] ^= (uint8_t)(1 << bit % 8);
		pkt->checksum = CHECKSUM_FULL;
		ck_assert_msg(!packet_verify_l4(pkt), "bit %u", bit);
		l4[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	pool_put(pool, pkt);
}
END_TEST

/* That of a larger one is looked at when somebody wants to read it. */
START_TEST(a_small_datagram_is_checked_at_once)
{
	struct packet *pkt = parsed(hello4), *large = pool_get(pool);
	struct udp_ends ends = back(pkt);
	uint32_t payload_len = 76 - UDP_BYTES;

	packet_data(pkt)[pkt->len - 1] ^= 1;
	ck_assert_int_eq(packet_check_udp(pkt), DROP_UDP_CSUM);
	for (int i = 0; i < 2; i++) {
		memset(packet_udp_room(large, FAMILY_IPV4), 'x', 80);
		packet_build_udp(large, &ends, payload_len + (uint32_t)i);
		large->checksum = CHECKSUM_FULL;
		packet_udp_payload(large)[0] ^= 1;
		ck_assert_int_eq(
		    packet_check_udp(large), i ? DROP_NONE : DROP_UDP_CSUM);
	}
	pool_put(pool, pkt);
	pool_put(pool, large);
}
END_TEST

START_TEST(no_checksum_is_fine_in_ipv4_only)
{
	struct packet *a = parsed(hello4), *b = parsed(hello6);

	memset(packet_data(a) + IPV4_BYTES + UDP_CHECKSUM, 0, 2);
	memset(packet_data(b) + IPV6_BYTES + UDP_CHECKSUM, 0, 2);
	ck_assert(packet_verify_l4(a));
	ck_assert(!packet_verify_l4(b));
	b->checksum = CHECKSUM_PARTIAL; /* the sender's host left it to us */
	ck_assert(packet_verify_l4(b));
	pool_put(pool, a);
	pool_put(pool, b);
}
END_TEST

/* ---- answers ---- */

static const struct {
	const char *from, *to;
} answers[] = {
    {hello4, hello4_back},
    {hello4_back, hello4},
    {hello4_options, hello4_back},
    {hello6, hello6_back},
    {hello6_back, hello6},
};

START_TEST(a_datagram_goes_back_where_it_came_from)
{
	struct packet *pkt = parsed(answers[_i].from);
	struct udp_ends ends;

	ck_assert_int_eq(packet_check_udp(pkt), DROP_NONE);
	ends = back(pkt);
	packet_readdress_udp(pkt, &ends);
	check_bytes(pkt, answers[_i].to);
	ck_assert(address_is_equal(&pkt->source, &ends.source));
	ck_assert_uint_eq(pkt->source_port, ends.source_port);
	pool_put(pool, pkt);
}
END_TEST

START_TEST(a_checksum_of_zero_is_sent_as_ones)
{
	struct packet *like = parsed(hello4), *pkt = pool_get(pool);
	struct udp_ends ends = back(like);

	memcpy(packet_udp_room(pkt, FAMILY_IPV4), "\xdc\x19", 2);
	packet_build_udp(pkt, &ends, 2);
	check_bytes(pkt, zero_sum);
	ck_assert_mem_eq(packet_udp_payload(pkt), "\xdc\x19", 2);
	pool_put(pool, like);
	pool_put(pool, pkt);
}
END_TEST

START_TEST(an_echo_request_becomes_its_reply)
{
	struct packet *a = parsed(ping4), *b = parsed(ping6);

	ck_assert(packet_is_echo_request(a));
	ck_assert(packet_is_echo_request(b));
	packet_answer_echo(a);
	packet_answer_echo(b);
	check_bytes(a, pong4);
	check_bytes(b, pong6);
	ck_assert(!packet_is_echo_request(a));
	ck_assert(!packet_is_echo_request(b));
	pool_put(pool, a);
	pool_put(pool, b);
}
END_TEST

START_TEST(what_is_no_whole_echo_request_is_none)
{
	struct packet *pkt = parsed(ping4), *udp = parsed(hello6);

	ck_assert(!packet_is_echo_request(udp));
	pkt->is_fragment = true;
	ck_assert(!packet_is_echo_request(pkt));
	pkt->is_fragment = false;
	pkt->ip_bytes = IPV4_BYTES + ICMP_BYTES - 1;
	ck_assert(!packet_is_echo_request(pkt));
	pkt->ip_bytes = IPV4_BYTES + ICMP_BYTES;
	ck_assert(packet_is_echo_request(pkt));
	pkt->l4_protocol = IP_PROTOCOL_ICMPV6;
	ck_assert(!packet_is_echo_request(pkt));
	pool_put(pool, pkt);
	pool_put(pool, udp);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("udp");
	TCase *tcase = tcase_create("udp");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase,
	    lengths_are_checked_as_the_kernel_checks_them, 0,
	    ARRAY_SIZE(lengths));
	tcase_add_loop_test(tcase,
	    a_right_checksum_is_right_and_no_flipped_bit_is, 0,
	    ARRAY_SIZE(good));
	tcase_add_test(tcase, a_small_datagram_is_checked_at_once);
	tcase_add_test(tcase, no_checksum_is_fine_in_ipv4_only);
	tcase_add_loop_test(tcase, a_datagram_goes_back_where_it_came_from, 0,
	    ARRAY_SIZE(answers));
	tcase_add_test(tcase, a_checksum_of_zero_is_sent_as_ones);
	tcase_add_test(tcase, an_echo_request_becomes_its_reply);
	tcase_add_test(tcase, what_is_no_whole_echo_request_is_none);
	suite_add_tcase(suite, tcase);
	return suite;
}
