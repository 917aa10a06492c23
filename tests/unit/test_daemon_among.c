/* SPDX-License-Identifier: ISC */
/* Which one of the vpnd's on this host a placed one is. */
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#include "daemon/among.h"

static char name[32]; /* nobody else's */

static void begin(void)
{
	snprintf(name, sizeof(name), "vpnd-test-%d", (int)getpid());
}

START_TEST(each_has_a_number_of_its_own)
{
	unsigned first, second, third, again;
	int a, b, c, d;

	begin();
	a = among_take(name, &first);
	b = among_take(name, &second);
	c = among_take(name, &third);
	ck_assert_int_ge(a, 0);
	ck_assert_int_ge(b, 0);
	ck_assert_int_ge(c, 0);
	ck_assert_uint_eq(first, 0);
	ck_assert_uint_eq(second, 1);
	ck_assert_uint_eq(third, 2);
	close(b);
	d = among_take(name, &again);
	ck_assert_int_ge(d, 0);
	ck_assert_uint_eq(again, 1);
	close(a);
	close(c);
	close(d);
}
END_TEST

START_TEST(there_is_an_end_to_them)
{
	int fds[AMONG_MAX], count = 0;
	unsigned number;

	begin();
	while (count < AMONG_MAX &&
	       (fds[count] = among_take(name, &number)) >= 0) {
		ck_assert_uint_eq(number, (unsigned)count);
		count++;
	}
	ck_assert_int_eq(count, AMONG_MAX);
	ck_assert_int_eq(among_take(name, &number), -1);
	while (count--)
		close(fds[count]);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("among");
	TCase *tcase = tcase_create("among");

	tcase_add_test(tcase, each_has_a_number_of_its_own);
	tcase_add_test(tcase, there_is_an_end_to_them);
	suite_add_tcase(suite, tcase);
	return suite;
}
