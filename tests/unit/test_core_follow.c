/* SPDX-License-Identifier: ISC */
/* Followers: each drop, and what becomes of live packets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"
#include "unit.h"

static struct pair pair;
static struct core_answer answer;
static struct core_follower *follower;

#define CORE (pair.ends[0].core)

/* ret #1, and ret #0 */
#define ACCEPT "0006000000000001"
#define REJECT "0006000000000000"
/* ldb [9]; jeq #6, 0, 1; ret #1; ret #0: TCP */
#define IS_TCP                                                                 \
	"0030000000000009"                                                     \
	"0015000100000006" ACCEPT REJECT

static void start(void)
{
	pair_start_both(&pair);
	pair_connect(&pair);
	follower = NULL;
}

static void end(void)
{
	if (follower)
		core_unfollow(follower);
	pair_clear(&pair);
}

static void follow(bool is_of_drops, const char *peer, const char *program)
{
	follower = core_follow(CORE, is_of_drops, peer, program, &answer);
	ck_assert_msg(follower != NULL, "%s", answer.message);
}

/* The next document, which the caller frees; NULL: there is none. */
static char *take(void)
{
	struct reply reply;

	reply_init(&reply);
	return core_follower_take(follower, &reply) ? reply.text : NULL;
}

static void check_next(const char *name, const char *value)
{
	char *text = take();

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(pair_value(text, name), value);
	free(text);
}

static void check_next_says(const char *part, const char *other)
{
	char *text = take();

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, part));
	ck_assert_ptr_nonnull(strstr(text, other));
	free(text);
}

static void check_none(void)
{
	ck_assert_ptr_null(take());
}

/* No peer has the address. */
static void lose_one(void)
{
	pair_send(&pair, 0, "192.0.2.77");
}

static void exchange_one(void)
{
	pair_send(&pair, 1, "10.0.0.1");
	pair_carry(&pair);
}

START_TEST(each_drop_is_told)
{
	char *text;

	follow(true, "", "");
	check_none();
	lose_one();
	text = take();
	ck_assert_str_eq(pair_value(text, "schema"), "vpnd.drop/1");
	ck_assert_str_eq(pair_value(text, "stage"), "route");
	ck_assert_str_eq(pair_value(text, "reason"), "IP_OUTNOROUTES");
	ck_assert_ptr_nonnull(strstr(text, "> 192.0.2.77"));
	free(text);
	check_none();
}
END_TEST

START_TEST(drops_of_others_are_not_told)
{
	follow(true, "right", "");
	lose_one();
	check_none();
	/* its address is not 10.0.0.9 */
	pair_send_bytes(&pair, 1,
	    (const uint8_t *)"\x45\0\0\x14\0\0\0\0\x40\x3b\x66\xa6\x0a\0\0\x09"
			     "\x0a\0\0\x01",
	    20);
	pair_carry(&pair);
	check_next("peer", "right");
	check_none();
}
END_TEST

START_TEST(a_slow_follower_loses_and_is_told)
{
	size_t shown = 0;
	char *text;

	follow(true, "", "");
	for (int i = 0; i < 5000; i++)
		lose_one();
	while ((text = take()) &&
	       strcmp(pair_value(text, "schema"), "vpnd.drop/1") == 0) {
		shown++;
		free(text);
	}
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(pair_value(text, "schema"), "vpnd.lost/1");
	ck_assert_uint_eq(
	    strtoul(pair_value(text, "lost"), NULL, 10) + shown, 5000);
	ck_assert_uint_gt(shown, 500);
	free(text);
	check_none();
}
END_TEST

static void take_events(void)
{
	struct core_event event;

	while (core_take_event(CORE, &event))
		;
	ck_assert(!core_has_news(CORE));
}

/* Who does not read has a full ring in the end. */
START_TEST(each_record_is_news_once)
{
	follow(true, "", "");
	take_events();
	lose_one();
	ck_assert(core_has_news(CORE));
	core_streams_offered(CORE);
	ck_assert(!core_has_news(CORE));
	lose_one();
	ck_assert(core_has_news(CORE));
	for (int i = 0; i < 5000; i++)
		lose_one();
	core_streams_offered(CORE);
	lose_one();
	ck_assert(!core_has_news(CORE));
}
END_TEST

START_TEST(live_packets_are_traced)
{
	char *text;

	follow(false, "", "");
	exchange_one();
	text = take();
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(pair_value(text, "schema"), "vpnd.trace/1");
	ck_assert_str_eq(pair_value(text, "from"), "right");
	ck_assert_ptr_nonnull(strstr(text, "s\tverdict\tdelivered\n"));
	ck_assert_ptr_nonnull(strstr(text, "s\tstage\trcv_finish\n"));
	free(text);
	pair_send(&pair, 0, "10.0.0.2");
	text = take();
	ck_assert_ptr_nonnull(strstr(text, "s\tverdict\tsent\n"));
	ck_assert_ptr_nonnull(strstr(text, "b\thost\ttrue\n"));
	free(text);
	check_none();
}
END_TEST

START_TEST(an_answer_is_told_with_its_cause)
{
	char *text;

	follow(false, "", "");
	lose_one();
	text = take();
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(pair_value(text, "id"), "1");
	ck_assert_str_eq(pair_value(text, "reason"), "IP_OUTNOROUTES");
	ck_assert_ptr_null(strstr(text, "\tparent\t"));
	free(text);
	text = take();
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(pair_value(text, "id"), "2");
	ck_assert_str_eq(pair_value(text, "parent"), "1");
	ck_assert_str_eq(pair_value(text, "made_as"), "answer");
	ck_assert_str_eq(pair_value(text, "host"), "false");
	ck_assert_ptr_nonnull(strstr(text, "s\tverdict\tdelivered\n"));
	free(text);
	check_none();
}
END_TEST

START_TEST(a_live_packet_that_waits_is_through)
{
	struct pair fresh;

	pair_start_both(&fresh);
	follower = core_follow(fresh.ends[0].core, false, "", "", &answer);
	pair_send(&fresh, 0, "10.0.0.2");
	check_next("packet", "udp 10.0.0.1 > 10.0.0.2 len 28");
	pair_carry(&fresh);
	check_none();
	core_unfollow(follower);
	follower = NULL;
	pair_clear(&fresh);
}
END_TEST

/* It has been said to wait; its peer goes, and it with him. */
START_TEST(what_waited_and_is_dropped_is_told_once_more)
{
	struct pair fresh;

	pair_start_both(&fresh);
	follower = core_follow(fresh.ends[0].core, false, "", "", &answer);
	pair_send(&fresh, 0, "10.0.0.2");
	check_next_says("s\tverdict\tqueued\n", "> 10.0.0.2");
	free(pair_ask(&fresh, 0, CONTROL_RIGHTS_ALL, &answer, "peer remove",
	    "right", NULL));
	pair_carry(&fresh);
	check_next_says("s\tverdict\tdropped\n", "s\treason\tNEIGH_DEAD\n");
	check_none();
	core_unfollow(follower);
	follower = NULL;
	pair_clear(&fresh);
}
END_TEST

START_TEST(what_was_for_a_peer_that_is_removed_has_its_name)
{
	struct pair fresh;

	pair_start_both(&fresh);
	follower = core_follow(fresh.ends[0].core, true, "", "", &answer);
	pair_send(&fresh, 0, "10.0.0.2");
	check_none();
	free(pair_ask(&fresh, 0, CONTROL_RIGHTS_ALL, &answer, "peer remove",
	    "right", NULL));
	check_next_says("s\treason\tNEIGH_DEAD\n", "s\tpeer\tright\n");
	check_none();
	core_unfollow(follower);
	follower = NULL;
	pair_clear(&fresh);
}
END_TEST

START_TEST(what_the_underlay_refuses_is_told_once_more)
{
	struct packet_list *list = core_to_wire(CORE);

	follow(false, "", "");
	pair_send(&pair, 0, "10.0.0.2");
	check_next_says("s\tverdict\tsent\n", "s\tto\tright\n");
	ck_assert_uint_eq(list->len, 1);
	path_drop_outside(core_path(CORE), PATH_OUTSIDE_ENCAP, DROP_VPN_SENDBUF,
	    packet_list_pop(list));
	check_next_says("s\treason\tVPN_SENDBUF\n", "s\tto\tright\n");
	check_none();
}
END_TEST

START_TEST(an_expression_chooses_live_packets)
{
	follow(false, "right", IS_TCP);
	exchange_one();
	check_none();
	core_unfollow(follower);
	follow(false, "right", ACCEPT);
	exchange_one();
	check_next("from", "right");
}
END_TEST

START_TEST(a_program_that_would_not_run_is_refused)
{
	static const char *const programs[] = {
	    "0030000000000009", "00060000000000", "zzzz000000000000"};

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		ck_assert_ptr_null(
		    core_follow(CORE, false, "", programs[i], &answer));
		ck_assert_int_eq(answer.exit, CONTROL_USAGE);
	}
}
END_TEST

START_TEST(only_so_many_follow)
{
	struct core_follower *all[16];
	size_t count = 0;

	while ((all[count] = core_follow(CORE, count % 2, "", "", &answer)))
		ck_assert_uint_lt(++count, ARRAY_SIZE(all));
	ck_assert_int_eq(answer.exit, CONTROL_FAILED);
	exchange_one();
	while (count > 0)
		core_unfollow(all[--count]);
}
END_TEST

START_TEST(a_follower_of_a_peer_ends_with_it)
{
	follow(true, "right", "");
	ck_assert(!core_follower_is_over(follower));
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer remove",
	    "right", NULL));
	ck_assert(core_follower_is_over(follower));
	ck_assert_ptr_null(core_follow(CORE, true, "right", "", &answer));
	ck_assert_int_eq(answer.exit, CONTROL_NO_OBJECT);
}
END_TEST

START_TEST(a_follower_that_stops_hears_no_more)
{
	follow(true, "", "");
	lose_one();
	core_follower_stop(follower);
	lose_one();
	check_next("reason", "IP_OUTNOROUTES");
	check_none();
	ck_assert(core_follower_is_over(follower));
}
END_TEST

/* ---- counters of a peer ---- */

static const char *count_of(const char *peer)
{
	static char value[32];
	char *text = pair_ask(
	    &pair, 0, CONTROL_RIGHTS_ALL, &answer, "drops", peer, NULL);

	snprintf(value, sizeof(value), "%s", pair_value(text, "packets"));
	free(text);
	return value;
}

START_TEST(drops_of_one_peer_are_counted)
{
	struct config *config;

	end();
	pair_init(&pair);
	config = pair_config(&pair, 0);
	pair_add_peer(config, "deaf", "10.0.0.77/32");
	pair_start(&pair, 0, config);
	pair_start(&pair, 1, pair_config(&pair, 1));
	pair_connect(&pair);
	lose_one();
	pair_send(&pair, 0, "10.0.0.77");
	pair_send(&pair, 0, "10.0.0.77");
	ck_assert_str_eq(count_of("deaf"), "2");
	ck_assert_str_eq(count_of("right"), "");
	ck_assert_str_eq(count_of("nobody"), "");
	ck_assert_int_eq(answer.exit, CONTROL_NO_OBJECT);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("core_follow");
	TCase *tcase = tcase_create("follow");

	tcase_add_checked_fixture(tcase, start, end);
	tcase_add_test(tcase, each_drop_is_told);
	tcase_add_test(tcase, drops_of_others_are_not_told);
	tcase_add_test(tcase, a_slow_follower_loses_and_is_told);
	tcase_add_test(tcase, each_record_is_news_once);
	tcase_add_test(tcase, live_packets_are_traced);
	tcase_add_test(tcase, an_answer_is_told_with_its_cause);
	tcase_add_test(tcase, a_live_packet_that_waits_is_through);
	tcase_add_test(tcase, what_was_for_a_peer_that_is_removed_has_its_name);
	tcase_add_test(tcase, what_waited_and_is_dropped_is_told_once_more);
	tcase_add_test(tcase, what_the_underlay_refuses_is_told_once_more);
	tcase_add_test(tcase, an_expression_chooses_live_packets);
	tcase_add_test(tcase, a_program_that_would_not_run_is_refused);
	tcase_add_test(tcase, only_so_many_follow);
	tcase_add_test(tcase, a_follower_of_a_peer_ends_with_it);
	tcase_add_test(tcase, a_follower_that_stops_hears_no_more);
	tcase_add_test(tcase, drops_of_one_peer_are_counted);
	suite_add_tcase(suite, tcase);
	return suite;
}
