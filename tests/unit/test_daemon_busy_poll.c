/* SPDX-License-Identifier: ISC */
/* Whether the loop goes on without waiting. */
#include "unit.h"

#include "daemon/busy_poll.h"

#define FOR_NS (50 * NS_PER_MS / 1000)

static struct busy_poll poll;
static struct instant now;

static void setup(void)
{
	poll = (struct busy_poll){0};
	now.ns = 5 * NS_PER_S;
}

static bool idle_after(int64_t ns)
{
	now = instant_after(now, ns);
	return busy_poll_goes_on(&poll, FOR_NS, false, now);
}

static bool carried_after(int64_t ns)
{
	now = instant_after(now, ns);
	return busy_poll_goes_on(&poll, FOR_NS, true, now);
}

START_TEST(a_loop_without_packets_waits)
{
	ck_assert(!idle_after(0));
	ck_assert(!idle_after(1));
	ck_assert_uint_eq(poll.turns, 0);
}
END_TEST

START_TEST(off_it_never_goes_on)
{
	ck_assert(!busy_poll_goes_on(&poll, 0, true, now));
	ck_assert(!busy_poll_goes_on(&poll, 0, false, now));
	ck_assert_uint_eq(poll.turns, 0);
}
END_TEST

START_TEST(it_goes_on_until_it_has_found_nothing_for_so_long)
{
	ck_assert(carried_after(0));
	ck_assert(idle_after(NS_PER_MS)); /* so long the packets took */
	ck_assert(idle_after(FOR_NS - 1));
	ck_assert(!idle_after(1));
	ck_assert(!idle_after(1));
	ck_assert_uint_eq(poll.turns, 3);
}
END_TEST

START_TEST(packets_begin_the_time_anew)
{
	ck_assert(carried_after(0));
	ck_assert(idle_after(1));
	ck_assert(carried_after(FOR_NS - 1));
	ck_assert(idle_after(1));
	ck_assert(idle_after(FOR_NS - 1));
	ck_assert(!idle_after(1));
}
END_TEST

START_TEST(packets_that_came_while_it_was_off_do_not_count)
{
	ck_assert(carried_after(0));
	ck_assert(!busy_poll_goes_on(&poll, 0, true, now));
	ck_assert(!idle_after(1));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("busy_poll");
	TCase *tcase = tcase_create("busy_poll");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_loop_without_packets_waits);
	tcase_add_test(tcase, off_it_never_goes_on);
	tcase_add_test(
	    tcase, it_goes_on_until_it_has_found_nothing_for_so_long);
	tcase_add_test(tcase, packets_begin_the_time_anew);
	tcase_add_test(tcase, packets_that_came_while_it_was_off_do_not_count);
	suite_add_tcase(suite, tcase);
	return suite;
}
