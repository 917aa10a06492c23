/* SPDX-License-Identifier: ISC */
/* The loop comes back when its turns say so, the first one, too. */
#include "unit.h"

const int unit_is_apart = 1;

#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/loop.h"
#include "io/clock.h"

#define LATE_NS (2 * NS_PER_S) /* on a machine that does other things, too */
#define MS(n)	((n)*NS_PER_MS)

static struct loop *loop;
static struct loop_watch *watch;
static int fd;
static struct instant began;
static int64_t waits[2]; /* what the first two turns say; then it is over */
static size_t turns;

static struct instant turn_began(void *context)
{
	(void)context;
	return clock_read().now;
}

static struct instant turn_ended(void *context)
{
	struct instant now = clock_read().now;

	(void)context;
	if (turns == ARRAY_SIZE(waits))
		loop_stop(loop);
	return turns < ARRAY_SIZE(waits) ? instant_after(now, waits[turns++])
					 : now;
}

static void signalled(void *context, int number)
{
	(void)context;
	(void)number;
}

static void came(void *context, unsigned events)
{
	uint64_t count;

	(void)context;
	(void)events;
	ck_assert_int_eq(read(fd, &count, sizeof(count)), sizeof(count));
}

static void setup(void)
{
	const struct loop_hooks hooks = {.turn_began = turn_began,
	    .turn_ended = turn_ended,
	    .signalled = signalled};

	ck_assert_int_eq(loop_new(&loop, &hooks), 0);
	fd = eventfd(0, EFD_NONBLOCK);
	ck_assert_int_ge(fd, 0);
	watch = loop_watch(loop, fd, LOOP_READ, came, NULL);
	ck_assert_ptr_nonnull(watch);
	turns = 0;
	began = clock_read().now;
}

static void teardown(void)
{
	loop_unwatch(watch);
	loop_free(loop);
	close(fd);
}

/* Waiting takes no less than was said, but for the grain of the timer. */
static void check_took(int64_t ns)
{
	int64_t took_ns = instant_age_ns(began, clock_read().now);

	ck_assert_int_ge(took_ns, ns - MS(2));
	ck_assert_int_le(took_ns, ns + LATE_NS);
}

START_TEST(what_the_first_turn_says_counts)
{
	waits[0] = MS(20);
	waits[1] = MS(10);
	loop_run(loop);
	check_took(MS(30));
}
END_TEST

START_TEST(what_a_later_turn_says_may_be_sooner)
{
	const uint64_t one = 1;

	waits[0] = 3600 * NS_PER_S;
	waits[1] = MS(20);
	ck_assert_int_eq(write(fd, &one, sizeof(one)), sizeof(one));
	loop_run(loop);
	check_took(MS(20));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("daemon_loop");
	TCase *tcase = tcase_create("loop");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_the_first_turn_says_counts);
	tcase_add_test(tcase, what_a_later_turn_says_may_be_sooner);
	suite_add_tcase(suite, tcase);
	return suite;
}
