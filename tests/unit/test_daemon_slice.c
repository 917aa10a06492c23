/* SPDX-License-Identifier: ISC */
/* How long the processor is ours. */
#include "unit.h"

const int unit_is_apart = 1;

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/slice.h"

static int nice_value(void)
{
	return getpriority(PRIO_PROCESS, 0);
}

/* Each case is a process of its own. */
START_TEST(what_else_the_administrator_chose_stays)
{
	int before = nice_value();
	struct slice slice;

	slice_begin(&slice);
	ck_assert(slice_turn(&slice, true, (struct instant){NS_PER_S}) ==
		  slice.is_known);
	ck_assert_int_eq(nice_value(), before);
	ck_assert_int_eq(sched_getscheduler(0), SCHED_OTHER);
}
END_TEST

START_TEST(another_class_is_left_alone)
{
	const struct sched_param param = {0};
	struct slice slice;

	ck_assert_int_eq(sched_setscheduler(0, SCHED_BATCH, &param), 0);
	slice_begin(&slice);
	ck_assert(!slice.is_known);
	ck_assert(!slice_turn(&slice, true, (struct instant){NS_PER_S}));
	ck_assert_int_eq(sched_getscheduler(0), SCHED_BATCH);
	/* a flood it is nevertheless */
	ck_assert(slice_is_flooded(&slice, (struct instant){NS_PER_S}));
	ck_assert(!slice_is_flooded(&slice, (struct instant){2 * NS_PER_S}));
}
END_TEST

/* As the kernel has it; 0: it knows none. */
static uint64_t slice_ns(void)
{
	struct {
		uint32_t bytes, policy;
		uint64_t flags;
		uint32_t nice, priority;
		uint64_t runtime_ns, deadline_ns, period_ns;
	} attributes = {.bytes = sizeof(attributes)};

	ck_assert_int_eq(
	    syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0),
	    0);
	return attributes.runtime_ns;
}

START_TEST(it_is_short_in_a_flood_only)
{
	const struct instant at = {NS_PER_S};
	uint64_t usual_ns = slice_ns();
	struct slice slice;

	slice_begin(&slice);
	ck_assert_uint_eq(slice_ns(), usual_ns);
	ck_assert(!slice_turn(&slice, false, at));
	ck_assert_uint_eq(slice_ns(), usual_ns);
	ck_assert(slice_turn(&slice, true, at) == slice.is_known);
	ck_assert(slice.is_short == slice.is_known);
	ck_assert(!slice.is_known || slice_ns() < usual_ns);
	/* a turn without one may come between two that have one */
	ck_assert(slice_turn(&slice, false, instant_after(at, NS_PER_MS)) ==
		  slice.is_known);
	ck_assert(slice.is_short == slice.is_known);
	ck_assert(!slice_turn(&slice, false, instant_after(at, NS_PER_S)));
	ck_assert(!slice.is_short);
	ck_assert_uint_eq(slice_ns(), usual_ns);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("slice");
	TCase *tcase = tcase_create("slice");

	tcase_add_test(tcase, what_else_the_administrator_chose_stays);
	tcase_add_test(tcase, it_is_short_in_a_flood_only);
	tcase_add_test(tcase, another_class_is_left_alone);
	suite_add_tcase(suite, tcase);
	return suite;
}
