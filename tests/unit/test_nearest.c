/* SPDX-License-Identifier: ISC */
/* Tests of base/nearest. */
#include "base/attributes.h"
#include "base/nearest.h"
#include "unit.h"

static const char *const words[] = {
    "status", "drops", NULL, "peer add", "stop"};

static const char *word_at(const void *context, size_t idx)
{
	return ((const char *const *)context)[idx];
}

static const char *find(const char *word)
{
	return nearest_find(word, word_at, words, ARRAY_SIZE(words));
}

START_TEST(distance_counts_each_kind_of_edit)
{
	ck_assert_uint_eq(nearest_distance("mtu", "mtu"), 0);
	ck_assert_uint_eq(nearest_distance("mtu", "mtuu"), 1);
	ck_assert_uint_eq(nearest_distance("mtu", "mu"), 1);
	ck_assert_uint_eq(nearest_distance("mtu", "mtx"), 1);
	ck_assert_uint_eq(nearest_distance("mtu", "tmu"), 1);
	ck_assert_uint_eq(nearest_distance("", "mtu"), 3);
	ck_assert_uint_eq(nearest_distance("kitten", "sitting"), 3);
}
END_TEST

START_TEST(nearest_finds_the_word_that_was_meant)
{
	ck_assert_str_eq(find("statsu"), "status");
	ck_assert_str_eq(find("drop"), "drops");
	ck_assert_str_eq(find("peer-add"), "peer add");
	ck_assert_str_eq(find("stp"), "stop");
}
END_TEST

START_TEST(nearest_finds_nothing_in_a_word_that_is_far_off)
{
	ck_assert_ptr_null(find("frobnicate"));
	ck_assert_ptr_null(find(""));
	ck_assert_ptr_null(nearest_find("a", word_at, words, 0));
}
END_TEST

START_TEST(nearest_leaves_a_word_alone_that_is_too_long)
{
	char word[NEAREST_BYTES + 1];

	for (size_t i = 0; i < NEAREST_BYTES; i++)
		word[i] = 'x';
	word[NEAREST_BYTES] = '\0';
	ck_assert_uint_eq(nearest_distance(word, word), NEAREST_BYTES);
	ck_assert_ptr_null(find(word));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("nearest");
	TCase *tcase = tcase_create("nearest");

	tcase_add_test(tcase, distance_counts_each_kind_of_edit);
	tcase_add_test(tcase, nearest_finds_the_word_that_was_meant);
	tcase_add_test(tcase, nearest_finds_nothing_in_a_word_that_is_far_off);
	tcase_add_test(tcase, nearest_leaves_a_word_alone_that_is_too_long);
	suite_add_tcase(suite, tcase);
	return suite;
}
