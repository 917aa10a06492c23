/* SPDX-License-Identifier: ISC */
/* Which packets of a queue are given notice. */
#include "unit.h"

#include <string.h>

#include "net/codel.h"

#define MS(n)  ((n)*NS_PER_MS)
#define FULL   100000 /* bytes that are left behind */
#define STEP   (NS_PER_MS / 10)

static struct codel codel;
static struct codel_limits limits;
static struct instant now;

static void setup(void)
{
	memset(&codel, 0, sizeof(codel));
	limits = codel_limits_of(0);
	now.ns = 7 * NS_PER_S;
}

/* How many are given notice, of one packet each tenth of a millisecond. */
static int notices(int64_t duration_ns, int64_t waited_ns)
{
	int count = 0;

	for (int64_t ns = 0; ns < duration_ns; ns += STEP) {
		now = instant_after(now, STEP);
		count += codel_judge(&codel, &limits, waited_ns, FULL, now);
	}
	return count;
}

START_TEST(a_short_wait_is_no_matter)
{
	ck_assert_int_eq(notices(NS_PER_S, MS(5) - 1), 0);
}
END_TEST

START_TEST(neither_is_a_burst_that_goes)
{
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(notices(MS(99), MS(50)), 0);
		ck_assert_int_eq(notices(STEP, MS(1)), 0);
	}
}
END_TEST

START_TEST(nor_a_queue_of_one_packet)
{
	for (int i = 0; i < 1000; i++) {
		now = instant_after(now, MS(1));
		ck_assert(!codel_judge(
		    &codel, &limits, MS(50), CODEL_BYTES_MIN, now));
	}
}
END_TEST

START_TEST(a_queue_that_stands_is_given_notice_sooner_each_time)
{
	ck_assert_int_eq(notices(MS(100), MS(5)), 0);
	ck_assert_int_eq(notices(STEP, MS(5)), 1);
	ck_assert_int_eq(notices(MS(100) - STEP, MS(5)), 0);
	ck_assert_int_eq(notices(STEP, MS(5)), 1);
	/* 100 ms / sqrt(2) */
	ck_assert_int_eq(notices(MS(70), MS(5)), 0);
	ck_assert_int_eq(notices(MS(1), MS(5)), 1);
	/* 1/sqrt(1) + 1/sqrt(2) ... is about 2 sqrt(n) */
	(void)notices(MS(1728), MS(5));
	ck_assert_uint_ge(codel.count, 95);
	ck_assert_uint_le(codel.count, 115);
}
END_TEST

START_TEST(one_short_wait_ends_it)
{
	ck_assert_int_eq(notices(MS(101), MS(5)), 1);
	ck_assert_int_eq(notices(STEP, MS(4)), 0);
	ck_assert_int_eq(notices(MS(100), MS(5)), 0);
	ck_assert_int_eq(notices(MS(1), MS(5)), 1);
}
END_TEST

START_TEST(who_stands_again_soon_goes_on_where_he_was)
{
	(void)notices(NS_PER_S, MS(9));
	ck_assert_uint_gt(codel.count, 20);
	(void)notices(STEP, 0);
	(void)notices(MS(101), MS(9));
	ck_assert_uint_gt(codel.count, 18);
}
END_TEST

START_TEST(and_later_begins_anew)
{
	(void)notices(NS_PER_S, MS(9));
	(void)notices(2 * NS_PER_S, 0);
	(void)notices(MS(101), MS(9));
	ck_assert_uint_eq(codel.count, 1);
}
END_TEST

START_TEST(an_empty_queue_does_not_stand)
{
	(void)notices(MS(300), MS(9));
	codel_note_empty(&codel);
	ck_assert_int_eq(notices(MS(100), MS(9)), 0);
}
END_TEST

START_TEST(a_slow_way_has_a_longer_target)
{
	limits = codel_limits_of(MS(120)); /* about 100 kbit/s */
	ck_assert_int_eq(limits.target_ns, MS(120));
	ck_assert_int_eq(limits.interval_ns, MS(240));
	ck_assert_int_eq(notices(NS_PER_S, MS(119)), 0);
	ck_assert_int_ne(notices(NS_PER_S, MS(121)), 0);
}
END_TEST

START_TEST(a_clock_that_steps_back_gives_no_notice)
{
	ck_assert_int_eq(notices(MS(101), MS(9)), 1);
	now.ns -= NS_PER_S;
	ck_assert_int_eq(notices(MS(900), MS(9)), 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("codel");
	TCase *tcase = tcase_create("codel");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_short_wait_is_no_matter);
	tcase_add_test(tcase, neither_is_a_burst_that_goes);
	tcase_add_test(tcase, nor_a_queue_of_one_packet);
	tcase_add_test(
	    tcase, a_queue_that_stands_is_given_notice_sooner_each_time);
	tcase_add_test(tcase, one_short_wait_ends_it);
	tcase_add_test(tcase, who_stands_again_soon_goes_on_where_he_was);
	tcase_add_test(tcase, and_later_begins_anew);
	tcase_add_test(tcase, an_empty_queue_does_not_stand);
	tcase_add_test(tcase, a_slow_way_has_a_longer_target);
	tcase_add_test(tcase, a_clock_that_steps_back_gives_no_notice);
	suite_add_tcase(suite, tcase);
	return suite;
}
