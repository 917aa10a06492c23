/* SPDX-License-Identifier: ISC */
/* A stream as vpnctl takes it, over a pair of sockets. */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/follow.h"
#include "ctl_pair.h"
#include "unit.h"

const int unit_is_apart = 1;

static const struct control_request request = {.verb = "capture"};
static char taken[64];
static bool is_enough;

static bool take(void *context, char *part, size_t len)
{
	(void)context;
	ck_assert_uint_eq(strlen(part), len);
	strncat(taken, part, sizeof(taken) - strlen(taken) - 1);
	return !is_enough;
}

static struct follower follower = {.take = take, .out_fd = -1};

static void say_end(void)
{
	say(CONTROL_END, "\0\0\0\0bye", 7);
}

static bool follow(void)
{
	return follow_stream(ours, &request, SHORT_MS, &follower, &reply);
}

/* The request, and nothing behind it but the end of file. */
static bool have_shut_down(void)
{
	uint8_t bytes[CONTROL_HEADER_BYTES + sizeof("capture")];

	ck_assert_int_eq(recv(theirs, bytes, sizeof(bytes), 0), sizeof(bytes));
	return recv(theirs, bytes, 1, MSG_DONTWAIT) == 0;
}

START_TEST(parts_are_taken_one_by_one_until_the_end)
{
	say(CONTROL_PART, "one ", 4);
	say(CONTROL_PART, "two", 3);
	say_end();
	ck_assert(follow());
	ck_assert_str_eq(taken, "one two");
	ck_assert_int_eq(reply.exit, CONTROL_OK);
	ck_assert_str_eq(reply.message, "bye");
	ck_assert(!have_shut_down());
}
END_TEST

START_TEST(who_has_enough_takes_no_more_and_gets_the_end)
{
	is_enough = true;
	say(CONTROL_PART, "one", 3);
	say(CONTROL_PART, "two", 3);
	say_end();
	ck_assert(follow());
	ck_assert_str_eq(taken, "one");
	ck_assert(have_shut_down());
}
END_TEST

START_TEST(a_signal_asks_for_the_end_and_the_rest_is_taken)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGINT);
	say(CONTROL_PART, "rest", 4);
	say_end();
	ck_assert(follow());
	ck_assert_str_eq(taken, "rest");
	ck_assert(have_shut_down());
}
END_TEST

START_TEST(nobody_who_reads_is_the_end)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	close(fds[0]);
	follower.out_fd = fds[1];
	say_end();
	ck_assert(follow());
	ck_assert(have_shut_down());
	close(fds[1]);
}
END_TEST

START_TEST(a_daemon_that_owes_the_end_is_not_waited_for_for_ever)
{
	is_enough = true;
	say(CONTROL_PART, "one", 3);
	ck_assert(!follow());
	ck_assert_int_eq(reply.exit, CONTROL_TIMEOUT);
}
END_TEST

START_TEST(a_daemon_that_is_gone_is_told)
{
	say(CONTROL_PART, "one", 3);
	shutdown(theirs, SHUT_RDWR);
	ck_assert(!follow());
	ck_assert_int_eq(reply.exit, CONTROL_FAILED);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("ctl_follow");
	TCase *tcase = tcase_create("follow");

	tcase_add_checked_fixture(tcase, pair_begin, pair_end);
	tcase_add_test(tcase, parts_are_taken_one_by_one_until_the_end);
	tcase_add_test(tcase, who_has_enough_takes_no_more_and_gets_the_end);
	tcase_add_test(tcase, a_signal_asks_for_the_end_and_the_rest_is_taken);
	tcase_add_test(tcase, nobody_who_reads_is_the_end);
	tcase_add_test(
	    tcase, a_daemon_that_owes_the_end_is_not_waited_for_for_ever);
	tcase_add_test(tcase, a_daemon_that_is_gone_is_told);
	suite_add_tcase(suite, tcase);
	return suite;
}
