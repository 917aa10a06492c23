/* SPDX-License-Identifier: ISC */
/* What a queue of the device is used to. */
#include "unit.h"

#include "daemon/habit.h"

#define TURN_NS (20 * NS_PER_US)
#define LONG_NS (2 * NS_PER_MS)

static struct habit habit;
static struct instant now;

static void setup(void)
{
	habit = (struct habit){0};
	now.ns = 5 * NS_PER_S;
}

static void after(int64_t ns)
{
	now = instant_after(now, ns);
}

static void write_packets(void)
{
	habit_note_written(&habit, now);
}

static void read_packets(size_t reads)
{
	habit_note_read(&habit, reads, now);
}

static void answer_in_next_turn(void)
{
	write_packets();
	after(TURN_NS);
	read_packets(1);
	after(LONG_NS);
}

START_TEST(nothing_is_expected_of_a_new_queue)
{
	write_packets();
	ck_assert(!habit_has_answer(&habit, now));
	ck_assert(!habit_is_one(&habit, now));
}
END_TEST

START_TEST(who_answers_is_expected_to_answer_again)
{
	answer_in_next_turn();
	ck_assert(!habit_has_answer(&habit, now));
	write_packets();
	ck_assert(habit_has_answer(&habit, now));
	read_packets(1);
	ck_assert(!habit_has_answer(&habit, now));
	after(LONG_NS);
	write_packets();
	ck_assert(habit_has_answer(&habit, now));
}
END_TEST

START_TEST(an_answer_is_looked_for_in_the_same_turn_only)
{
	answer_in_next_turn();
	write_packets();
	after(TURN_NS);
	ck_assert(!habit_has_answer(&habit, now));
}
END_TEST

START_TEST(who_did_not_answer_is_not_expected_to)
{
	answer_in_next_turn();
	write_packets();
	read_packets(0);
	after(LONG_NS);
	write_packets();
	ck_assert(!habit_has_answer(&habit, now));
}
END_TEST

START_TEST(what_comes_much_later_is_no_answer)
{
	write_packets();
	after(LONG_NS);
	read_packets(1);
	write_packets();
	ck_assert(!habit_has_answer(&habit, now));
}
END_TEST

START_TEST(a_queue_is_known_to_be_read_in_this_turn)
{
	read_packets(0);
	ck_assert(!habit_was_read(&habit, now));
	read_packets(1);
	ck_assert(habit_was_read(&habit, now));
	after(TURN_NS);
	ck_assert(!habit_was_read(&habit, now));
}
END_TEST

START_TEST(a_packet_by_itself_is_expected_after_another_one)
{
	read_packets(1);
	after(LONG_NS);
	ck_assert(habit_is_one(&habit, now));
	read_packets(1);
	after(LONG_NS);
	ck_assert(habit_is_one(&habit, now));
}
END_TEST

START_TEST(a_busy_queue_is_read_until_it_is_empty)
{
	read_packets(1);
	after(TURN_NS);
	ck_assert(!habit_is_one(&habit, now));
	read_packets(1);
	after(LONG_NS);
	ck_assert(!habit_is_one(&habit, now));
}
END_TEST

START_TEST(so_is_one_that_had_several)
{
	read_packets(2);
	after(LONG_NS);
	ck_assert(!habit_is_one(&habit, now));
}
END_TEST

START_TEST(what_was_not_there_changes_nothing)
{
	read_packets(1);
	after(LONG_NS);
	read_packets(0);
	ck_assert(habit_is_one(&habit, now));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("habit");
	TCase *tcase = tcase_create("habit");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, nothing_is_expected_of_a_new_queue);
	tcase_add_test(tcase, who_answers_is_expected_to_answer_again);
	tcase_add_test(tcase, an_answer_is_looked_for_in_the_same_turn_only);
	tcase_add_test(tcase, who_did_not_answer_is_not_expected_to);
	tcase_add_test(tcase, what_comes_much_later_is_no_answer);
	tcase_add_test(tcase, a_packet_by_itself_is_expected_after_another_one);
	tcase_add_test(tcase, a_queue_is_known_to_be_read_in_this_turn);
	tcase_add_test(tcase, a_busy_queue_is_read_until_it_is_empty);
	tcase_add_test(tcase, so_is_one_that_had_several);
	tcase_add_test(tcase, what_was_not_there_changes_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
