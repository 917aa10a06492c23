/* SPDX-License-Identifier: ISC */
/* Which CPU a thread stays on. */
#include "unit.h"

const int unit_is_apart = 1;

#include "daemon/affinity.h"

static struct affinity affinity;
static int cpus[CPU_SETSIZE], count;

static cpu_set_t allowed(void)
{
	cpu_set_t set;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	return set;
}

static void allow(const int *list, int len)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	while (len--)
		CPU_SET(list[len], &set);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

static bool may_use(const int *list, int len)
{
	cpu_set_t now = allowed(), set;

	CPU_ZERO(&set);
	while (len--)
		CPU_SET(list[len], &set);
	return CPU_EQUAL(&now, &set);
}

/* Two of what there is, the highest ones; false: there is one only. */
static bool begin(void)
{
	cpu_set_t set = allowed();

	count = 0;
	for (int i = CPU_SETSIZE - 1; i >= 0; i--)
		if (CPU_ISSET(i, &set))
			cpus[count++] = i;
	affinity_init(&affinity);
	ck_assert_int_eq(affinity.cpu, -1);
	ck_assert_uint_eq(affinity_count(0), (unsigned)count);
	if (count < 2)
		return false;
	allow(cpus, 2);
	ck_assert_uint_eq(affinity_count(0), 2);
	return true;
}

START_TEST(a_thread_stays_where_it_is_put_until_it_is_released)
{
	if (!begin())
		return;
	affinity_set(&affinity, AFFINITY_FIRST);
	ck_assert_int_eq(affinity.cpu, cpus[1]);
	ck_assert(affinity_is_kept(&affinity, 0));
	ck_assert(may_use(&cpus[1], 1));
	ck_assert_int_eq(sched_getcpu(), cpus[1]);
	affinity_set(&affinity, AFFINITY_SECOND);
	ck_assert_int_eq(affinity.cpu, cpus[0]);
	ck_assert(may_use(&cpus[0], 1));
	ck_assert_int_eq(sched_getcpu(), cpus[0]);
	affinity_set(&affinity, AFFINITY_KERNEL);
	ck_assert_int_eq(affinity.cpu, -1);
	ck_assert(may_use(cpus, 2));
}
END_TEST

START_TEST(one_that_has_one_cpu_is_left_alone)
{
	if (begin())
		allow(&cpus[1], 1);
	affinity_set(&affinity, AFFINITY_SECOND);
	ck_assert_int_eq(affinity.cpu, -1);
	ck_assert_uint_eq(affinity_count(0), 1);
	affinity_set(&affinity, AFFINITY_KERNEL);
	ck_assert_uint_eq(affinity_count(0), 1);
}
END_TEST

START_TEST(what_somebody_else_chose_meanwhile_stays)
{
	if (!begin())
		return;
	affinity_set(&affinity, AFFINITY_FIRST);
	allow(&cpus[0], 1);
	ck_assert(!affinity_is_kept(&affinity, 0));
	affinity_set(&affinity, AFFINITY_FIRST);
	ck_assert(may_use(&cpus[0], 1));
	ck_assert(affinity_is_possible(&affinity));
	affinity_set(&affinity, AFFINITY_KERNEL);
	ck_assert_int_eq(affinity.cpu, -1);
	ck_assert(affinity_is_kept(&affinity, 0));
	ck_assert(may_use(&cpus[0], 1));
	/* for good, also where it would be one of two again */
	ck_assert(!affinity_is_possible(&affinity));
	allow(cpus, 2);
	affinity_set(&affinity, AFFINITY_FIRST);
	ck_assert_int_eq(affinity.cpu, -1);
	ck_assert(may_use(cpus, 2));
}
END_TEST

START_TEST(two_of_two_are_somebody_elses_choice_too)
{
	if (!begin())
		return;
	affinity_set(&affinity, AFFINITY_FIRST);
	allow(cpus, 2);
	affinity_set(&affinity, AFFINITY_SECOND);
	ck_assert_int_eq(affinity.cpu, -1);
	ck_assert(may_use(cpus, 2));
	ck_assert(!affinity_is_possible(&affinity));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("affinity");
	TCase *tcase = tcase_create("affinity");

	tcase_add_test(
	    tcase, a_thread_stays_where_it_is_put_until_it_is_released);
	tcase_add_test(tcase, one_that_has_one_cpu_is_left_alone);
	tcase_add_test(tcase, what_somebody_else_chose_meanwhile_stays);
	tcase_add_test(tcase, two_of_two_are_somebody_elses_choice_too);
	suite_add_tcase(suite, tcase);
	return suite;
}
