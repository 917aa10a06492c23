/* SPDX-License-Identifier: ISC */
/* Which of the device's queues a packet is written through, and how much is
 * read of one. */
#include <string.h>

#include "daemon/queues.h"
#include "packet/ip.h"
#include "unit.h"

#define FLOODED_NS (200 * NS_PER_MS)
#define BULK_NS	   (5 * NS_PER_MS)
#define BULK	   16 /* segments */

static struct queues queues;
static struct instant now;

static void begin(size_t count)
{
	memset(&queues, 0, sizeof(queues));
	queues.count = count;
	now = (struct instant){NS_PER_S};
}

static size_t of(uint8_t protocol, uint32_t hash)
{
	const struct packet pkt = {.l4_protocol = protocol, .flow_hash = hash};

	return queues_of(&queues, &pkt, now);
}

static void flood(size_t queue)
{
	queues_note_flood(&queues, queue, now);
}

START_TEST(the_only_queue_takes_all)
{
	begin(1);
	flood(0);
	ck_assert_uint_eq(of(IP_PROTOCOL_TCP, 12345), 0);
	ck_assert_uint_eq(of(IP_PROTOCOL_UDP, 54321), 0);
	ck_assert_uint_eq(of(IP_PROTOCOL_ICMP, 0), 0);
	begin(0);
	ck_assert_uint_eq(of(IP_PROTOCOL_TCP, 12345), 0);
}
END_TEST

START_TEST(flows_are_spread_over_all_but_the_first)
{
	size_t flows[TUN_QUEUES] = {0};

	begin(TUN_QUEUES);
	for (uint32_t hash = 0; hash < 7000; hash++)
		flows[of(hash % 2 ? IP_PROTOCOL_TCP : IP_PROTOCOL_UDP, hash)]++;
	ck_assert_uint_eq(flows[0], 0);
	for (size_t i = 1; i < TUN_QUEUES; i++)
		ck_assert_uint_eq(flows[i], 1000);
}
END_TEST

START_TEST(what_has_no_ports_is_in_the_first)
{
	struct packet fragment = {.l4_protocol = IP_PROTOCOL_TCP,
	    .flow_hash = 3,
	    .is_fragment = true};

	begin(TUN_QUEUES);
	ck_assert_uint_eq(of(IP_PROTOCOL_ICMP, 3), 0);
	ck_assert_uint_eq(queues_of(&queues, &fragment, now), 0);
}
END_TEST

START_TEST(answers_leave_a_flooded_queue)
{
	begin(TUN_QUEUES);
	ck_assert_uint_eq(of(IP_PROTOCOL_TCP, 4), 5);
	flood(5);
	ck_assert_uint_eq(of(IP_PROTOCOL_TCP, 4), 6);
	flood(6);
	flood(7);
	ck_assert_uint_eq(of(IP_PROTOCOL_TCP, 4), 0);
	flood(0);
	ck_assert_uint_eq(of(IP_PROTOCOL_TCP, 4), 1);
	ck_assert_uint_eq(of(IP_PROTOCOL_ICMP, 4), 1);
}
END_TEST

START_TEST(what_floods_stays)
{
	begin(TUN_QUEUES);
	flood(5);
	ck_assert_uint_eq(of(IP_PROTOCOL_UDP, 4), 5);
}
END_TEST

START_TEST(where_all_are_flooded_each_stays)
{
	begin(TUN_QUEUES);
	for (size_t i = 0; i < TUN_QUEUES; i++)
		flood(i);
	ck_assert_uint_eq(of(IP_PROTOCOL_TCP, 4), 5);
}
END_TEST

START_TEST(after_a_while_they_are_back)
{
	begin(TUN_QUEUES);
	flood(5);
	now.ns += FLOODED_NS - 1;
	ck_assert_uint_eq(of(IP_PROTOCOL_TCP, 4), 6);
	now.ns += 1;
	ck_assert_uint_eq(of(IP_PROTOCOL_TCP, 4), 5);
}
END_TEST

static bool is_short(size_t queue)
{
	struct queues_budget budget = queues_budget(&queues, queue, now);

	ck_assert_uint_ge(budget.packets, 1);
	return budget.packets < PACKET_BATCH;
}

START_TEST(beside_tcp_a_flooded_queue_gets_little)
{
	begin(TUN_QUEUES);
	flood(5);
	queues_note_tcp(&queues, BULK, now);
	ck_assert(is_short(5));
	ck_assert(!is_short(4));
}
END_TEST

START_TEST(a_flood_alone_gets_all)
{
	begin(TUN_QUEUES);
	flood(5);
	ck_assert(!is_short(5));
}
END_TEST

START_TEST(acknowledgements_alone_are_not_bulk)
{
	begin(TUN_QUEUES);
	flood(5);
	queues_note_tcp(&queues, BULK - 1, now);
	ck_assert(!is_short(5));
}
END_TEST

START_TEST(tcp_that_has_ended_leaves_all_to_the_flood)
{
	begin(TUN_QUEUES);
	flood(5);
	queues_note_tcp(&queues, BULK, now);
	now.ns += BULK_NS - 1;
	queues_note_tcp(&queues, 1, now);
	ck_assert(is_short(5));
	now.ns += 1;
	ck_assert(!is_short(5));
}
END_TEST

START_TEST(the_only_queue_is_read_as_ever)
{
	begin(1);
	flood(0);
	queues_note_tcp(&queues, BULK, now);
	ck_assert(!is_short(0));
}
END_TEST

START_TEST(large_ones_count_by_their_bytes)
{
	struct queues_budget all, little;

	begin(TUN_QUEUES);
	all = queues_budget(&queues, 5, now);
	flood(5);
	queues_note_tcp(&queues, BULK, now);
	little = queues_budget(&queues, 5, now);
	ck_assert_uint_le(little.bytes, all.bytes / 4);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("queues");
	TCase *tcase = tcase_create("queues");

	tcase_add_test(tcase, the_only_queue_takes_all);
	tcase_add_test(tcase, flows_are_spread_over_all_but_the_first);
	tcase_add_test(tcase, what_has_no_ports_is_in_the_first);
	tcase_add_test(tcase, answers_leave_a_flooded_queue);
	tcase_add_test(tcase, what_floods_stays);
	tcase_add_test(tcase, where_all_are_flooded_each_stays);
	tcase_add_test(tcase, after_a_while_they_are_back);
	tcase_add_test(tcase, beside_tcp_a_flooded_queue_gets_little);
	tcase_add_test(tcase, a_flood_alone_gets_all);
	tcase_add_test(tcase, acknowledgements_alone_are_not_bulk);
	tcase_add_test(tcase, tcp_that_has_ended_leaves_all_to_the_flood);
	tcase_add_test(tcase, the_only_queue_is_read_as_ever);
	tcase_add_test(tcase, large_ones_count_by_their_bytes);
	suite_add_tcase(suite, tcase);
	return suite;
}
