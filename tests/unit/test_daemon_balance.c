/* SPDX-License-Identifier: ISC */
/* When the directions part, and when they are joined. */
#include "daemon/balance.h"
#include "unit.h"

#define MS NS_PER_MS

static struct balance balance;
static struct instant now;
static int64_t used_ns;
static bool has_two;

static void begin(void)
{
	now = (struct instant){NS_PER_S};
	used_ns = 7 * NS_PER_S;
	has_two = false;
	balance_init(&balance, now, used_ns);
}

/* For that long, of which so many hundredths were used; asked each `step`.
 * True: something changed, and when is *after (NULL: never mind). */
static bool pass(int64_t ns, int64_t step, int share, int64_t *after)
{
	for (int64_t at = step; at <= ns; at += step) {
		now.ns += step;
		used_ns += step * share / 100;
		if (balance_note(&balance, now, used_ns, has_two)) {
			if (after)
				*after = at;
			return true;
		}
	}
	return false;
}

START_TEST(who_has_time_left_stays_one)
{
	begin();
	ck_assert(!pass(2 * NS_PER_S, MS, 91, NULL));
	ck_assert(!balance.is_busy);
	ck_assert(balance_is_busy(&balance));
	ck_assert_int_eq(balance_part_end(&balance).ns,
	    instant_after(balance.since, 10 * MS).ns);
}
END_TEST

START_TEST(who_has_none_parts_after_fifty_milliseconds)
{
	int64_t after;

	begin();
	ck_assert(pass(NS_PER_S, MS, 92, &after));
	ck_assert_int_eq(after, 50 * MS);
	ck_assert(balance.is_busy);
}
END_TEST

START_TEST(a_pause_begins_the_count_anew)
{
	begin();
	ck_assert(!pass(40 * MS, MS, 100, NULL));
	ck_assert(!pass(10 * MS, MS, 50, NULL));
	ck_assert(!pass(40 * MS, MS, 100, NULL));
	ck_assert(pass(10 * MS, MS, 100, NULL));
}
END_TEST

START_TEST(seldom_asked_it_looks_at_longer_parts)
{
	int64_t after;

	begin();
	ck_assert(pass(10 * NS_PER_S, NS_PER_S, 100, &after));
	ck_assert_int_eq(after, 5 * NS_PER_S);
}
END_TEST

START_TEST(what_is_spent_on_polling_is_no_work)
{
	begin();
	for (int i = 0; i < 100; i++) {
		balance.has_idled = true;
		ck_assert(!pass(10 * MS, MS, 100, NULL));
		ck_assert(!balance_is_busy(&balance));
	}
}
END_TEST

START_TEST(two_stay_while_one_would_have_much_to_do)
{
	begin();
	ck_assert(pass(NS_PER_S, MS, 100, NULL));
	ck_assert(!pass(NS_PER_S, MS, 65, NULL));
	ck_assert(!pass(NS_PER_S, MS, 190, NULL));
	ck_assert(balance.is_busy);
}
END_TEST

START_TEST(two_are_joined_when_they_were_quiet_for_a_while)
{
	int64_t after;

	begin();
	ck_assert(pass(NS_PER_S, MS, 100, NULL));
	ck_assert_int_eq(
	    balance_part_end(&balance).ns, instant_after(now, 100 * MS).ns);
	ck_assert(pass(NS_PER_S, MS, 64, &after));
	ck_assert_int_eq(after, 300 * MS);
	ck_assert(!balance.is_busy);
	ck_assert(pass(NS_PER_S, MS, 100, &after));
	ck_assert_int_eq(after, 50 * MS);
}
END_TEST

START_TEST(where_each_has_a_processor_a_third_of_one_is_enough)
{
	int64_t after;

	begin();
	has_two = true;
	ck_assert(!pass(2 * NS_PER_S, MS, 34, NULL));
	ck_assert(!balance_is_busy(&balance));
	ck_assert(pass(NS_PER_S, MS, 35, &after));
	ck_assert_int_eq(after, 50 * MS);
	ck_assert(!pass(NS_PER_S, MS, 20, NULL));
	ck_assert(pass(NS_PER_S, MS, 19, &after));
	ck_assert_int_eq(after, 300 * MS);
	ck_assert(!balance.is_busy);
}
END_TEST

START_TEST(without_them_it_begins_anew)
{
	int64_t after;

	begin();
	has_two = true;
	ck_assert(pass(NS_PER_S, MS, 91, NULL));
	has_two = false;
	ck_assert(pass(NS_PER_S, MS, 91, &after));
	ck_assert_int_eq(after, 100 * MS);
	ck_assert(!balance.is_busy);
	ck_assert(!pass(NS_PER_S, MS, 91, NULL));
	ck_assert(pass(NS_PER_S, MS, 92, &after));
	ck_assert(balance.is_busy);
	/* which with them it stays, too */
	has_two = true;
	ck_assert(!pass(NS_PER_S, MS, 91, NULL));
}
END_TEST

START_TEST(without_them_two_stay_where_one_is_not_enough)
{
	begin();
	has_two = true;
	ck_assert(pass(NS_PER_S, MS, 150, NULL));
	has_two = false;
	ck_assert(!pass(NS_PER_S, MS, 92, NULL));
	ck_assert(balance.is_busy);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("balance");
	TCase *tcase = tcase_create("balance");

	tcase_add_test(tcase, who_has_time_left_stays_one);
	tcase_add_test(tcase, who_has_none_parts_after_fifty_milliseconds);
	tcase_add_test(tcase, a_pause_begins_the_count_anew);
	tcase_add_test(tcase, seldom_asked_it_looks_at_longer_parts);
	tcase_add_test(tcase, what_is_spent_on_polling_is_no_work);
	tcase_add_test(tcase, two_stay_while_one_would_have_much_to_do);
	tcase_add_test(tcase, two_are_joined_when_they_were_quiet_for_a_while);
	tcase_add_test(
	    tcase, where_each_has_a_processor_a_third_of_one_is_enough);
	tcase_add_test(tcase, without_them_it_begins_anew);
	tcase_add_test(tcase, without_them_two_stay_where_one_is_not_enough);
	suite_add_tcase(suite, tcase);
	return suite;
}
