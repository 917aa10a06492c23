/* SPDX-License-Identifier: ISC */
/* How long the processor is ours. */
#include "unit.h"

#include <sched.h>
#include <sys/resource.h>

#include "daemon/slice.h"

static int nice_value(void)
{
	return getpriority(PRIO_PROCESS, 0);
}

/* Each case is a process of its own. */
START_TEST(what_else_the_administrator_chose_stays)
{
	int before = nice_value();
	bool is_short;

	is_short = slice_shorten();
	ck_assert_int_eq(nice_value(), before);
	ck_assert(slice_shorten() == is_short);
	ck_assert_int_eq(sched_getscheduler(0), SCHED_OTHER);
}
END_TEST

START_TEST(another_class_is_left_alone)
{
	const struct sched_param param = {0};

	ck_assert_int_eq(sched_setscheduler(0, SCHED_BATCH, &param), 0);
	ck_assert(!slice_shorten());
	ck_assert_int_eq(sched_getscheduler(0), SCHED_BATCH);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("slice");
	TCase *tcase = tcase_create("slice");

	tcase_add_test(tcase, what_else_the_administrator_chose_stays);
	tcase_add_test(tcase, another_class_is_left_alone);
	suite_add_tcase(suite, tcase);
	return suite;
}
