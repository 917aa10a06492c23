/* SPDX-License-Identifier: ISC */
/* Drop reasons: each has its own name and a sentence. */
#include "unit.h"

#include "base/drop.h"

START_TEST(each_reason_has_a_name_and_a_sentence)
{
	for (int i = 0; i < DROP_COUNT; i++) {
		ck_assert_str_ne(drop_name((enum drop)i), "UNKNOWN");
		ck_assert_str_ne(drop_text((enum drop)i), "");
	}
}
END_TEST

START_TEST(no_name_is_used_twice)
{
	for (int i = 0; i < DROP_COUNT; i++)
		for (int j = i + 1; j < DROP_COUNT; j++)
			ck_assert_str_ne(
			    drop_name((enum drop)i), drop_name((enum drop)j));
}
END_TEST

START_TEST(names_are_those_of_the_enum)
{
	ck_assert_str_eq(drop_name(DROP_NONE), "NONE");
	ck_assert_str_eq(drop_name(DROP_IP_RPFILTER), "IP_RPFILTER");
	ck_assert_str_eq(drop_name(DROP_VPN_PLAIN), "VPN_PLAIN");
}
END_TEST

START_TEST(a_value_outside_is_unknown)
{
	ck_assert_str_eq(drop_name(DROP_COUNT), "UNKNOWN");
	ck_assert_str_eq(drop_name((enum drop) - 1), "UNKNOWN");
	ck_assert_str_eq(drop_text((enum drop)1000), "unknown reason");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("drop");
	TCase *tcase = tcase_create("drop");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, each_reason_has_a_name_and_a_sentence);
	tcase_add_test(tcase, no_name_is_used_twice);
	tcase_add_test(tcase, names_are_those_of_the_enum);
	tcase_add_test(tcase, a_value_outside_is_unknown);
	return suite;
}
