/* SPDX-License-Identifier: ISC */
/* The ring of records: what comes out, and what is lost. */
#include "unit.h"

#include <string.h>

#include "base/ring.h"
#include "seed.h"

#define ROOM	    64
#define PREFIX	    4 /* bytes that a record costs beside its own */
#define RANDOM_RUNS 20000

static struct ring ring;

static void make(void)
{
	ck_assert_int_eq(ring_init(&ring, ROOM), 0);
}

static void clear(void)
{
	ring_clear(&ring);
	ring_clear(&ring);
}

static bool put(const char *text)
{
	struct ring_piece pieces[] = {{text, 1}, {text + 1, strlen(text) - 1}};

	return ring_put(&ring, pieces, 2);
}

static void expect(const char *text)
{
	uint8_t bytes[ROOM];
	size_t len;

	ck_assert(ring_peek(&ring, &len));
	ck_assert_uint_eq(len, strlen(text));
	ring_take(&ring, bytes);
	ck_assert_mem_eq(bytes, text, len);
}

START_TEST(records_come_out_whole_and_in_order)
{
	size_t len;

	ck_assert(!ring_peek(&ring, &len));
	ck_assert(put("first"));
	ck_assert(put("second one"));
	expect("first");
	ck_assert(put("third"));
	expect("second one");
	expect("third");
	ck_assert(!ring_peek(&ring, &len));
}
END_TEST

START_TEST(a_record_of_no_bytes_is_one)
{
	size_t len = 1;

	ck_assert(ring_put(&ring, NULL, 0));
	ck_assert(ring_peek(&ring, &len));
	ck_assert_uint_eq(len, 0);
	ring_take(&ring, (uint8_t[1]){0});
	ck_assert(!ring_peek(&ring, &len));
}
END_TEST

START_TEST(what_has_no_room_is_lost_and_counted)
{
	char all[ROOM - PREFIX + 1] = "";
	char more[ROOM - PREFIX + 2] = "";

	memset(all, 'a', sizeof(all) - 1);
	memset(more, 'm', sizeof(more) - 1);
	ck_assert(!put(more));
	ck_assert(put(all));
	ck_assert(!put("x"));
	ck_assert_uint_eq(ring_take_lost(&ring), 2);
	ck_assert_uint_eq(ring_take_lost(&ring), 0);
	expect(all);
	ck_assert(put(all));
}
END_TEST

/* Records of all lengths, at all places, against their numbers. */
START_TEST(records_survive_the_end_of_the_ring)
{
	struct seed seed = seed_start();
	uint8_t bytes[ROOM], next_in = 0, next_out = 0;
	struct ring_piece piece = {bytes, 0};
	size_t len;

	for (size_t i = 0; i < RANDOM_RUNS; i++) {
		piece.len = 1 + seed_below(&seed, 20);
		memset(bytes, next_in, piece.len);
		if (seed_below(&seed, 2) && ring_put(&ring, &piece, 1))
			next_in++;
		if (seed_below(&seed, 2) || !ring_peek(&ring, &len))
			continue;
		ring_take(&ring, bytes);
		for (size_t j = 0; j < len; j++)
			ck_assert_uint_eq(bytes[j], next_out);
		next_out++;
	}
	ck_assert_uint_gt(ring_take_lost(&ring), 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("ring");
	TCase *tcase = tcase_create("ring");

	tcase_add_checked_fixture(tcase, make, clear);
	tcase_add_test(tcase, records_come_out_whole_and_in_order);
	tcase_add_test(tcase, a_record_of_no_bytes_is_one);
	tcase_add_test(tcase, what_has_no_room_is_lost_and_counted);
	tcase_add_test(tcase, records_survive_the_end_of_the_ring);
	suite_add_tcase(suite, tcase);
	return suite;
}
