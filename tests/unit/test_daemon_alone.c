/* SPDX-License-Identifier: ISC */
/* Whether this is the only busy vpnd of the host. */
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#include "daemon/alone.h"

static char name[32]; /* nobody else's */
static struct alone first, second, third;
static struct instant now;

static void begin(void)
{
	snprintf(name, sizeof(name), "vpnd-test-%d", (int)getpid());
	alone_init(&first, name);
	alone_init(&second, name);
	alone_init(&third, name);
	now = (struct instant){NS_PER_S};
}

static void end(void)
{
	alone_leave(&first);
	alone_leave(&second);
	alone_leave(&third);
}

START_TEST(who_is_busy_is_alone_until_another_one_is)
{
	begin();
	ck_assert(!alone_note(&first, false, now));
	ck_assert(alone_note(&first, true, now));
	ck_assert(!alone_note(&second, false, now));
	ck_assert(alone_note(&first, true, now));
	ck_assert(!alone_note(&second, true, now));
	ck_assert(!alone_note(&first, true, now));
	end();
}
END_TEST

START_TEST(each_of_them_may_be_who_stays)
{
	begin();
	ck_assert(alone_note(&first, true, now));
	ck_assert(!alone_note(&second, true, now));
	alone_leave(&second);
	ck_assert(alone_note(&first, true, now));
	ck_assert(!alone_note(&second, true, now));
	alone_leave(&first);
	ck_assert(alone_note(&second, true, now));
	end();
}
END_TEST

START_TEST(a_third_one_is_not_alone_either)
{
	begin();
	ck_assert(alone_note(&first, true, now));
	ck_assert(!alone_note(&second, true, now));
	ck_assert(!alone_note(&third, true, now));
	alone_leave(&first);
	ck_assert(!alone_note(&third, true, now));
	ck_assert(!alone_note(&second, true, now));
	alone_leave(&second);
	ck_assert(alone_note(&third, true, now));
	end();
}
END_TEST

START_TEST(busy_is_who_was_so_a_second_ago)
{
	begin();
	ck_assert(instant_is_never(alone_deadline(&first)));
	ck_assert(alone_note(&first, true, now));
	ck_assert_int_eq(alone_deadline(&first).ns, 2 * NS_PER_S);
	now.ns += NS_PER_S - 1;
	ck_assert(alone_note(&first, false, now));
	ck_assert(!alone_note(&second, true, now));
	now.ns++;
	ck_assert(!alone_note(&first, false, now));
	ck_assert(instant_is_never(alone_deadline(&first)));
	ck_assert(alone_note(&second, true, now));
	end();
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("alone");
	TCase *tcase = tcase_create("alone");

	tcase_add_test(tcase, who_is_busy_is_alone_until_another_one_is);
	tcase_add_test(tcase, each_of_them_may_be_who_stays);
	tcase_add_test(tcase, a_third_one_is_not_alone_either);
	tcase_add_test(tcase, busy_is_who_was_so_a_second_ago);
	suite_add_tcase(suite, tcase);
	return suite;
}
