/* SPDX-License-Identifier: ISC */
/* Tests of protocol/replay: the window's edges, and a full set as oracle. */
#include <stdlib.h>

#include "protocol/replay.h"
#include "repeatable.h"
#include "unit.h"

#define WINDOW	     ((uint64_t)REPLAY_WINDOW)
#define BEYOND	     (WINDOW + 1)
#define LIMIT	     REPLAY_REJECT_AFTER_MESSAGES
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct attempt {
	uint64_t counter;
	bool is_accepted;
};

/* One after the other on one window (trust.md, 1.3). */
static const struct attempt edges[] = {
    {0, true},
    {1, true},
    {1, false},
    {9, true},
    {8, true},
    {7, true},
    {7, false},
    {BEYOND, true},
    {BEYOND - 1, true},
    {BEYOND - 1, false},
    {BEYOND - 2, true},
    {2, true},
    {2, false},
    {BEYOND + 16, true},
    {3, false},
    {BEYOND + 16, false},
    {BEYOND * 4, true},
    {BEYOND * 4 - (BEYOND - 1), true},
    {10, false},
    {BEYOND * 4 - BEYOND, false},
    {BEYOND * 4 - (BEYOND + 1), false},
    {BEYOND * 4 - (BEYOND - 2), true},
    {BEYOND * 4 + 1 - BEYOND, false},
    {0, false},
    {LIMIT, false},
    {LIMIT - 1, true},
    {LIMIT, false},
    {LIMIT - 1, false},
    {LIMIT - 2, true},
    {LIMIT + 1, false},
    {LIMIT + 2, false},
    {UINT64_MAX, false},
    {LIMIT - 2, false},
    {LIMIT - 3, true},
    {0, false},
};

static void expect(struct replay *replay, uint64_t counter, bool is_accepted)
{
	ck_assert_msg(replay_is_fresh(replay, counter) == is_accepted,
	    "is_fresh(%#llx)", (unsigned long long)counter);
	ck_assert_msg(replay_accept(replay, counter) == is_accepted,
	    "accept(%#llx)", (unsigned long long)counter);
}

START_TEST(replay_judges_the_edges_of_the_window)
{
	struct replay replay = {0};

	for (size_t i = 0; i < COUNT(edges); i++)
		expect(&replay, edges[i].counter, edges[i].is_accepted);
}
END_TEST

START_TEST(replay_limit_is_that_of_the_paper)
{
	ck_assert_uint_eq(LIMIT, UINT64_C(0xffffffffffffdfff));
	ck_assert_uint_eq(WINDOW, 8128);
}
END_TEST

/* Counters in a row, and what a last one must give. */
struct fill {
	uint64_t first, last; /* last < first: downwards */
	struct attempt then;
};

static const struct fill fills[] = {
    {1, WINDOW, {0, true}}, /* WINDOW back: just inside */
    {1, WINDOW, {WINDOW + 1, true}},
    {2, WINDOW + 1, {1, true}},
    {2, WINDOW + 1, {0, false}},
    {WINDOW + 1, 1, {0, false}},
    {WINDOW + 1, 2, {0, false}},
    {WINDOW, 0, {WINDOW + 1, true}},
    {WINDOW + 1, 1, {WINDOW + 2, true}},
};

START_TEST(replay_keeps_a_full_window)
{
	const struct fill *fill = &fills[_i];
	struct replay replay = {0};
	uint64_t counter = fill->first;

	expect(&replay, counter, true);
	while (counter != fill->last) {
		counter += fill->last > fill->first ? 1 : UINT64_MAX;
		expect(&replay, counter, true);
	}
	expect(&replay, fill->then.counter, fill->then.is_accepted);
}
END_TEST

START_TEST(replay_asking_changes_nothing)
{
	struct replay replay = {0};

	for (int i = 0; i < 3; i++)
		ck_assert(replay_is_fresh(&replay, 1000000));
	expect(&replay, 0, true);
	expect(&replay, 1, true);
}
END_TEST

START_TEST(replay_refusal_changes_nothing)
{
	struct replay replay = {0}, before;

	expect(&replay, 20000, true);
	before = replay;
	expect(&replay, 5, false);
	expect(&replay, 20000, false);
	expect(&replay, LIMIT, false);
	ck_assert_mem_eq(&before, &replay, sizeof(replay));
}
END_TEST

START_TEST(replay_forgets_old_marks_after_a_jump_of_any_size)
{
	struct replay replay = {0};

	for (uint64_t i = 0; i < 8192; i++)
		expect(&replay, i, true);
	for (unsigned bits = 14; bits < 64; bits++) {
		uint64_t jump = (UINT64_C(1) << bits) + 77;

		expect(&replay, jump, true);
		for (uint64_t back = 1; back <= WINDOW; back += 61)
			expect(&replay, jump - back, true);
		expect(&replay, jump - BEYOND, false);
	}
}
END_TEST

#define ORACLE_COUNTERS 100000

/* All counters ever accepted; fresh is what is newer than the window's end
 * and not among them. */
START_TEST(replay_agrees_with_a_full_set)
{
	uint64_t state = repeatable_seed();
	bool *seen = calloc(ORACLE_COUNTERS, sizeof(*seen));
	uint64_t highest = 0, counter;
	struct replay replay = {0};
	bool is_any = false, is_fresh;

	while (highest < ORACLE_COUNTERS - 20000) {
		uint64_t random = repeatable_next(&state);
		uint64_t spread = random % 100 == 0 ? 20000 : 300;

		counter = highest + repeatable_next(&state) % spread;
		if (random >> 8 & 1)
			counter = highest - (highest ? counter % highest : 0);
		if (random >> 9 & 1 && highest > 9000)
			counter = highest - 8000 - random % 300;
		is_fresh =
		    !is_any || (counter + WINDOW >= highest && !seen[counter]);
		expect(&replay, counter, is_fresh);
		is_any = true;
		seen[counter] = true;
		highest = counter > highest ? counter : highest;
	}
	free(seen);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("replay");
	TCase *tcase = tcase_create("replay");

	tcase_add_test(tcase, replay_judges_the_edges_of_the_window);
	tcase_add_test(tcase, replay_limit_is_that_of_the_paper);
	tcase_add_loop_test(tcase, replay_keeps_a_full_window, 0, COUNT(fills));
	tcase_add_test(tcase, replay_asking_changes_nothing);
	tcase_add_test(tcase, replay_refusal_changes_nothing);
	tcase_add_test(
	    tcase, replay_forgets_old_marks_after_a_jump_of_any_size);
	tcase_add_test(tcase, replay_agrees_with_a_full_set);
	suite_add_tcase(suite, tcase);
	return suite;
}
