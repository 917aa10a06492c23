/* SPDX-License-Identifier: ISC */
/* How much may wait in the UDP socket. */
#include "unit.h"

#include "net/backlog.h"

#define MOST (15u << 20) /* no power of two: the least one is not met */
#define US   (NS_PER_MS / 1000)

static struct backlog backlog;
static struct instant now;

static void setup(void)
{
	now.ns = 5 * NS_PER_S;
	backlog_init(&backlog, MOST, BACKLOG_RECEIVE_BYTES_MIN);
}

/* Reads each millisecond of so many windows find such a wait. */
static void wait_for(int windows, int64_t waited_ns)
{
	for (int i = 0; i < windows * 20; i++) {
		now = instant_after(now, NS_PER_MS);
		(void)!backlog_note(&backlog, waited_ns, now);
	}
}

START_TEST(all_of_the_buffer_is_there_at_first)
{
	ck_assert_uint_eq(backlog.bytes, MOST);
	wait_for(100, 0);
	ck_assert_uint_eq(backlog.bytes, MOST);
}
END_TEST

START_TEST(a_queue_that_stands_becomes_short)
{
	wait_for(2, 100 * NS_PER_MS);
	ck_assert_uint_lt(backlog.bytes, MOST / 4);
	ck_assert_uint_ge(backlog.bytes, MOST / 8); /* in one window */
	wait_for(20, 100 * NS_PER_MS);
	ck_assert_uint_eq(backlog.bytes, BACKLOG_RECEIVE_BYTES_MIN);
}
END_TEST

START_TEST(a_burst_that_goes_changes_nothing)
{
	for (int i = 0; i < 50; i++) {
		now = instant_after(now, BACKLOG_WINDOW_NS / 2);
		ck_assert(!backlog_note(
		    &backlog, i % 2 ? 100 * NS_PER_MS : 10 * US, now));
	}
	ck_assert_uint_eq(backlog.bytes, MOST);
}
END_TEST

/* Now and then there is a burst, and each time the host was busy before. */
START_TEST(a_late_read_decides_nothing_alone)
{
	for (int i = 0; i < 20; i++) {
		now = instant_after(now, NS_PER_S);
		ck_assert(!backlog_note(&backlog, 100 * NS_PER_MS, now));
		ck_assert(!backlog_note(&backlog, 0, now));
	}
	ck_assert_uint_eq(backlog.bytes, MOST);
}
END_TEST

START_TEST(it_grows_again_when_nothing_stands)
{
	wait_for(30, 100 * NS_PER_MS);
	wait_for(10, 0);
	ck_assert_uint_gt(backlog.bytes, 2 * BACKLOG_RECEIVE_BYTES_MIN);
	wait_for(30, 0);
	ck_assert_uint_eq(backlog.bytes, MOST);
}
END_TEST

START_TEST(about_the_target_it_stays)
{
	size_t bytes;

	wait_for(2, 100 * NS_PER_MS);
	ck_assert_uint_lt(backlog.bytes, MOST);
	wait_for(1, BACKLOG_TARGET_NS - 100 * US);
	bytes = backlog.bytes;
	wait_for(20, BACKLOG_TARGET_NS - 100 * US);
	ck_assert_uint_eq(backlog.bytes, bytes);
}
END_TEST

/* A server that takes BYTES a millisecond and a client that fills the buffer:
 * the wait is what the buffer holds, and comes down to the target. */
START_TEST(a_flood_ends_near_the_target)
{
	const size_t bytes_per_ms = 512 * 1024;
	int64_t waited_ns = 0;

	for (int i = 0; i < 2000; i++) {
		waited_ns = (int64_t)(backlog.bytes * (uint64_t)NS_PER_MS /
				      bytes_per_ms);
		now = instant_after(now, NS_PER_MS);
		(void)!backlog_note(&backlog, waited_ns, now);
	}
	ck_assert_int_le(waited_ns, BACKLOG_TARGET_NS * 5 / 4);
	ck_assert_int_ge(waited_ns, BACKLOG_TARGET_NS / 4);
}
END_TEST

START_TEST(less_than_the_least_is_left_alone)
{
	backlog_init(&backlog, 1000, BACKLOG_RECEIVE_BYTES_MIN);
	wait_for(10, 100 * NS_PER_MS);
	ck_assert_uint_eq(backlog.bytes, 1000);
}
END_TEST

START_TEST(a_clock_that_steps_back_is_no_wait)
{
	wait_for(10, -3 * NS_PER_S);
	ck_assert_uint_eq(backlog.bytes, MOST);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("backlog");
	TCase *tcase = tcase_create("backlog");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, all_of_the_buffer_is_there_at_first);
	tcase_add_test(tcase, a_queue_that_stands_becomes_short);
	tcase_add_test(tcase, a_burst_that_goes_changes_nothing);
	tcase_add_test(tcase, a_late_read_decides_nothing_alone);
	tcase_add_test(tcase, it_grows_again_when_nothing_stands);
	tcase_add_test(tcase, about_the_target_it_stays);
	tcase_add_test(tcase, a_flood_ends_near_the_target);
	tcase_add_test(tcase, less_than_the_least_is_left_alone);
	tcase_add_test(tcase, a_clock_that_steps_back_is_no_wait);
	suite_add_tcase(suite, tcase);
	return suite;
}
