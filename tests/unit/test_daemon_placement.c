/* SPDX-License-Identifier: ISC */
/* Which CPU each direction has. */
#include "daemon/placement.h"
#include "unit.h"

static struct placement placement;
static uint64_t out_bytes, in_bytes;

static void begin(void)
{
	placement = (struct placement){0};
	out_bytes = in_bytes = 0;
}

/* So much more; true: it has changed. */
static bool carry(uint64_t out, uint64_t in)
{
	out_bytes += out;
	in_bytes += in;
	return placement_note(&placement, true, out_bytes, in_bytes);
}

START_TEST(nothing_is_placed_for_nothing)
{
	begin();
	ck_assert(!carry(0, 0));
	ck_assert_int_eq(placement.now, PLACING_KERNEL);
}
END_TEST

START_TEST(what_carries_more_comes_first)
{
	begin();
	ck_assert(carry(1000, 20));
	ck_assert_int_eq(placement.now, PLACING_OUT_FIRST);
	ck_assert(!carry(1000, 20));
	ck_assert(carry(20, 1000));
	ck_assert_int_eq(placement.now, PLACING_IN_FIRST);
}
END_TEST

/* What it was told before does not count again. */
START_TEST(only_what_is_new_counts)
{
	begin();
	ck_assert(carry(1000000, 1));
	ck_assert(carry(1, 3));
	ck_assert_int_eq(placement.now, PLACING_IN_FIRST);
	ck_assert(!carry(0, 0));
}
END_TEST

START_TEST(about_as_much_both_ways_changes_nothing)
{
	begin();
	ck_assert(!carry(1000, 500));
	ck_assert(!carry(500, 1000));
	ck_assert_int_eq(placement.now, PLACING_KERNEL);
	ck_assert(carry(1001, 500));
	ck_assert(!carry(500, 1000));
	ck_assert_int_eq(placement.now, PLACING_OUT_FIRST);
	ck_assert(carry(500, 1001));
}
END_TEST

START_TEST(where_it_is_not_possible_the_kernel_chooses)
{
	begin();
	ck_assert(carry(1000, 20));
	out_bytes += 1000;
	ck_assert(placement_note(&placement, false, out_bytes, in_bytes));
	ck_assert_int_eq(placement.now, PLACING_KERNEL);
	ck_assert(!placement_note(&placement, false, out_bytes, in_bytes));
	/* and what went by meanwhile does not count */
	ck_assert(carry(1, 20));
	ck_assert_int_eq(placement.now, PLACING_IN_FIRST);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("placement");
	TCase *tcase = tcase_create("placement");

	tcase_add_test(tcase, nothing_is_placed_for_nothing);
	tcase_add_test(tcase, what_carries_more_comes_first);
	tcase_add_test(tcase, only_what_is_new_counts);
	tcase_add_test(tcase, about_as_much_both_ways_changes_nothing);
	tcase_add_test(tcase, where_it_is_not_possible_the_kernel_chooses);
	suite_add_tcase(suite, tcase);
	return suite;
}
