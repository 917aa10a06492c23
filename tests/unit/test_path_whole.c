/* SPDX-License-Identifier: ISC */
/* Super-packets on their way through the tables. */
#include "unit.h"

#include <string.h>

#include "path_lab.h"

#define PAYLOAD (IPV4_BYTES + UDP_BYTES)

/* ---- a table of our own: `second` wants some of them cut ---- */

static size_t seen; /* by `first` */

static enum verdict first(struct path *at, struct packet *pkt)
{
	(void)at;
	(void)pkt;
	seen++;
	return VERDICT_PASS;
}

static enum verdict second(struct path *at, struct packet *pkt)
{
	(void)at;
	(void)pkt;
	return VERDICT_PASS;
}

static bool has_port_one(const struct path *at, const struct packet *pkt)
{
	(void)at;
	return pkt->destination_port == 1;
}

static enum verdict last(struct path *at, struct packet *pkt)
{
	packet_list_push(&at->to_wire, pkt);
	return VERDICT_TAKEN;
}

static const struct stage table[] = {
    {"first", "", .run = first},
    {"second", "", .run = second, .wants_single = has_port_one},
    {"last", "", .run = last},
    {0},
};

static struct packet *numbered(struct packet *pkt, uint32_t number)
{
	ck_assert_int_eq(packet_parse_ip(pkt), DROP_NONE);
	pkt->trace_id = number;
	return pkt;
}

static struct packet *single(uint32_t number)
{
	return numbered(udp("10.9.0.1", "10.9.0.7", 53), number);
}

static struct packet *whole(uint32_t number, uint16_t port, uint16_t segments)
{
	return numbered(
	    udp_whole("10.9.0.1", "10.9.0.7", port, segments), number);
}

static void run(struct packet_list *list)
{
	seen = 0;
	path->tables[TABLE_OUT] = table;
	path_run_from(path, TABLE_OUT, 0, list);
	path->tables[TABLE_OUT] = path_outbound;
}

/* Next of the result: this one, or segment `idx` of it. */
static void expect(uint32_t number, uint16_t segments, uint8_t idx)
{
	struct packet *pkt = packet_list_pop(path_to_wire(path));

	ck_assert_ptr_nonnull(pkt);
	ck_assert_uint_eq(pkt->trace_id, number);
	ck_assert_uint_eq(pkt->segments, segments);
	ck_assert_uint_eq(packet_data(pkt)[PAYLOAD], idx);
	pool_put(pool, pkt);
}

static void expect_segments(uint32_t number, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++)
		expect(number, 1, (uint8_t)i);
}

START_TEST(what_is_cut_on_the_way_keeps_its_place)
{
	struct packet_list list = {0};

	packet_list_push(&list, single(1));
	packet_list_push(&list, whole(2, 2, 3));
	packet_list_push(&list, whole(3, 1, 40));
	packet_list_push(&list, single(4));
	packet_list_push(&list, whole(5, 1, 50));
	packet_list_push(&list, whole(6, 2, 5));
	run(&list);
	ck_assert_uint_eq(seen, 6);
	expect(1, 1, 0);
	expect(2, 3, 0);
	expect_segments(3, 40);
	expect(4, 1, 0);
	expect_segments(5, 50);
	expect(6, 5, 0);
	ck_assert_ptr_null(path_to_wire(path)->first);
}
END_TEST

START_TEST(more_than_a_batch_of_cut_ones_keeps_its_order)
{
	struct packet_list list = {0};

	for (uint32_t i = 0; i < LARGE - 1; i++) {
		packet_list_push(&list, whole(2 * i, 1, 30));
		packet_list_push(&list, single(2 * i + 1));
	}
	run(&list);
	for (uint32_t i = 0; i < LARGE - 1; i++) {
		expect_segments(2 * i, 30);
		expect(2 * i + 1, 1, 0);
	}
	ck_assert_ptr_null(path_to_wire(path)->first);
}
END_TEST

START_TEST(segments_without_a_buffer_are_dropped_where_they_would_be_cut)
{
	struct packet_list list = {0}, kept = {0};

	packet_list_push(&list, whole(1, 1, 40));
	while (pool_available(pool) > 30)
		packet_list_push(&kept, pool_get(pool));
	run(&list);
	expect_segments(1, 30);
	ck_assert_ptr_null(path_to_wire(path)->first);
	ck_assert_uint_eq(path->counters[TABLE_OUT][1][DROP_NOMEM].packets, 10);
	pool_put_list(pool, &kept);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("path_whole");
	TCase *tcase = tcase_create("runner");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_is_cut_on_the_way_keeps_its_place);
	tcase_add_test(tcase, more_than_a_batch_of_cut_ones_keeps_its_order);
	tcase_add_test(tcase,
	    segments_without_a_buffer_are_dropped_where_they_would_be_cut);
	suite_add_tcase(suite, tcase);
	return suite;
}
