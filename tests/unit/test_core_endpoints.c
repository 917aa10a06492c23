/* SPDX-License-Identifier: ISC */
/* Where peers are looked for: addresses, names, remembered endpoints, pings. */
#include <stdlib.h>
#include <string.h>

#include "pair.h"
#include "unit.h"

static struct pair pair;

static const struct endpoint *endpoint_of(size_t idx)
{
	struct core *core = pair.ends[idx].core;
	struct peer *peer =
	    tunnel_peer_find(core_tunnel(core), pair.ends[1 - idx].public_key);

	return tunnel_peer_endpoint(peer);
}

static void assert_endpoint(size_t idx, const char *expected)
{
	char text[ENDPOINT_TEXT_BYTES];

	ck_assert_int_ne(endpoint_of(idx)->address.family, FAMILY_NONE);
	ck_assert_str_eq(
	    endpoint_format(endpoint_of(idx), text, sizeof(text)), expected);
}

static void start_with_host(size_t idx, const char *host)
{
	struct config *config = pair_config(&pair, idx);

	ck_assert_int_eq(
	    config_set_text(&config->peers[0].endpoint_host, host), 0);
	if (!*host)
		config->peers[0].endpoint_port = 0;
	pair_start(&pair, idx, config);
}

/* Left knows right by name, right waits. */
static void start_with_name(void)
{
	pair_init(&pair);
	start_with_host(0, "right.example.net");
	start_with_host(1, "");
}

static void resolve(const char *first, const char *second)
{
	struct address addresses[2];

	ck_assert_int_eq(address_parse(&addresses[0], first), 0);
	if (second)
		ck_assert_int_eq(address_parse(&addresses[1], second), 0);
	core_resolved(pair.ends[0].core, "right", addresses, second ? 2 : 1,
	    &pair.moment);
}

static bool asks(void)
{
	struct core_event event;

	return pair_event(&pair, 0, CORE_RESOLVE, &event);
}

static bool is_up(void)
{
	char line[64];

	core_status_line(pair.ends[0].core, &pair.moment, line, sizeof(line));
	return strcmp(line, "1/1 peers up") == 0;
}

START_TEST(an_address_is_the_endpoint_at_once)
{
	pair_init(&pair);
	pair_start(&pair, 0, pair_config(&pair, 0));
	assert_endpoint(0, "192.0.2.2:51820");
	ck_assert(!asks());
	pair_clear(&pair);
}
END_TEST

START_TEST(an_ipv6_address_is_the_endpoint_at_once)
{
	pair_init(&pair);
	start_with_host(0, "2001:db8::2");
	assert_endpoint(0, "[2001:db8::2]:51820");
	pair_clear(&pair);
}
END_TEST

START_TEST(a_name_is_asked_for_at_start)
{
	struct core_event event;

	start_with_name();
	ck_assert(pair_event(&pair, 0, CORE_RESOLVE, &event));
	ck_assert_str_eq(event.peer, "right");
	ck_assert_str_eq(event.host, "right.example.net");
	ck_assert_uint_eq(event.port, 51820);
	ck_assert_int_eq(endpoint_of(0)->address.family, FAMILY_NONE);
	ck_assert(!asks());
	pair_clear(&pair);
}
END_TEST

START_TEST(an_answer_begins_a_handshake)
{
	start_with_name();
	resolve("192.0.2.2", NULL);
	assert_endpoint(0, "192.0.2.2:51820");
	pair_carry(&pair);
	ck_assert(is_up());
	pair_clear(&pair);
}
END_TEST

START_TEST(a_failed_name_is_asked_for_again_more_and_more_seldom)
{
	start_with_name();
	ck_assert(asks());
	core_resolved(pair.ends[0].core, "right", NULL, 0, &pair.moment);
	ck_assert(!asks());
	ck_assert(!instant_is_never(core_deadline(pair.ends[0].core)));
	pair_pass(&pair, 5 * NS_PER_S);
	ck_assert(asks());
	core_resolved(pair.ends[0].core, "right", NULL, 0, &pair.moment);
	pair_pass(&pair, 9 * NS_PER_S);
	ck_assert(!asks());
	pair_pass(&pair, NS_PER_S);
	ck_assert(asks());
	for (int i = 0; i < 8; i++) {
		core_resolved(
		    pair.ends[0].core, "right", NULL, 0, &pair.moment);
		pair_pass(&pair, 60 * NS_PER_S);
		ck_assert(asks());
	}
	pair_clear(&pair);
}
END_TEST

START_TEST(a_live_session_stays_where_it_is)
{
	start_with_name();
	resolve("192.0.2.2", NULL);
	pair_carry(&pair);
	ck_assert(is_up());
	resolve("192.0.2.77", NULL);
	assert_endpoint(0, "192.0.2.2:51820");
	pair_clear(&pair);
}
END_TEST

static void lose_way(const char *next)
{
	struct address address;

	ck_assert_int_eq(address_parse(&address, next), 0);
	core_way_lost(
	    pair.ends[0].core, pair.ends[1].public_key, &address, &pair.moment);
}

START_TEST(a_session_goes_on_where_there_is_a_way)
{
	struct address known[CORE_ADDRESSES], address;

	start_with_name();
	resolve("192.0.2.2", "2001:db8::2");
	pair_carry(&pair);
	ck_assert(is_up());
	ck_assert_uint_eq(
	    core_addresses(pair.ends[0].core, pair.ends[1].public_key, known),
	    2);
	ck_assert_int_eq(address_parse(&address, "2001:db8::2"), 0);
	ck_assert(address_is_equal(&known[1], &address));
	lose_way("2001:db8::2");
	assert_endpoint(0, "[2001:db8::2]:51820");
	ck_assert(is_up());
	pair_clear(&pair);
}
END_TEST

START_TEST(a_literal_endpoint_knows_no_other_way)
{
	struct address known[CORE_ADDRESSES];

	pair_init(&pair);
	pair_start(&pair, 0, pair_config(&pair, 0));
	lose_way("2001:db8::2");
	assert_endpoint(0, "192.0.2.2:51820");
	ck_assert_uint_eq(
	    core_addresses(pair.ends[0].core, pair.ends[1].public_key, known),
	    0);
	ck_assert_uint_eq(
	    core_addresses(pair.ends[0].core, pair.ends[0].public_key, known),
	    0);
	pair_clear(&pair);
}
END_TEST

/* The way to the name server may be as dead as that to the first address. */
START_TEST(the_next_address_is_tried_without_asking_again)
{
	start_with_name();
	resolve("2001:db8::2", "192.0.2.2");
	assert_endpoint(0, "[2001:db8::2]:51820");
	pair_pass(&pair, 10 * NS_PER_S);
	assert_endpoint(0, "192.0.2.2:51820");
	ck_assert(is_up());
	pair_clear(&pair);
}
END_TEST

START_TEST(each_address_gets_some_attempts)
{
	size_t moves = 0;
	struct endpoint last;

	start_with_name();
	resolve("2001:db8::2", "2001:db8::3");
	last = *endpoint_of(0);
	for (int i = 0; i < 85; i++) {
		pair_pass(&pair, NS_PER_S);
		moves += !endpoint_is_equal(endpoint_of(0), &last);
		last = *endpoint_of(0);
	}
	ck_assert_uint_ge(moves, 4);
	ck_assert_uint_le(moves, 7); /* about 20 attempts, three each */
	pair_clear(&pair);
}
END_TEST

START_TEST(an_answer_that_comes_late_does_not_move_it_once_more)
{
	start_with_name();
	resolve("2001:db8::2", "2001:db8::3");
	while (endpoint_of(0)->address.bytes[15] == 2)
		pair_pass(&pair, 100 * NS_PER_MS);
	resolve("2001:db8::2", "2001:db8::3");
	assert_endpoint(0, "[2001:db8::3]:51820");
	pair_clear(&pair);
}
END_TEST

START_TEST(a_silent_session_stays_when_its_address_is_among_the_answers)
{
	start_with_name();
	resolve("192.0.2.2", NULL);
	pair_carry(&pair);
	pair_pass(&pair, 60 * NS_PER_S);
	resolve("192.0.2.77", "192.0.2.2");
	assert_endpoint(0, "192.0.2.2:51820");
	pair_clear(&pair);
}
END_TEST

START_TEST(a_silent_session_moves_to_another_answer)
{
	start_with_name();
	resolve("192.0.2.77", NULL);
	ck_assert(asks());
	pair_pass(&pair, 20 * NS_PER_S);
	ck_assert(!is_up());
	ck_assert(asks()); /* silence asked again */
	resolve("192.0.2.2", NULL);
	assert_endpoint(0, "192.0.2.2:51820");
	pair_pass(&pair, 10 * NS_PER_S);
	ck_assert(is_up());
	pair_clear(&pair);
}
END_TEST

START_TEST(an_address_that_was_tried_in_vain_is_left_for_its_successor)
{
	start_with_name();
	resolve("2001:db8::2", "192.0.2.2");
	assert_endpoint(0, "[2001:db8::2]:51820");
	pair_pass(&pair, 20 * NS_PER_S);
	resolve("2001:db8::2", "192.0.2.2");
	assert_endpoint(0, "192.0.2.2:51820");
	pair_pass(&pair, 10 * NS_PER_S);
	ck_assert(is_up());
	pair_clear(&pair);
}
END_TEST

START_TEST(silence_asks_at_most_every_five_seconds)
{
	size_t count = 0;

	start_with_name();
	ck_assert(asks());
	resolve("192.0.2.77", NULL);
	for (int i = 0; i < 60; i++) {
		pair_pass(&pair, NS_PER_S);
		count += asks();
	}
	ck_assert_uint_ge(count, 5);
	ck_assert_uint_le(count, 12);
	pair_clear(&pair);
}
END_TEST

START_TEST(silence_of_an_address_asks_nobody)
{
	pair_init(&pair);
	pair_start(&pair, 0, pair_config(&pair, 0));
	core_connect(pair.ends[0].core, &pair.moment);
	pair_pass(&pair, 60 * NS_PER_S);
	ck_assert(!asks());
	pair_clear(&pair);
}
END_TEST

START_TEST(answers_for_nobody_are_ignored)
{
	struct address address;

	pair_init(&pair);
	pair_start(&pair, 0, pair_config(&pair, 0));
	ck_assert_int_eq(address_parse(&address, "192.0.2.9"), 0);
	core_resolved(pair.ends[0].core, "nobody", &address, 1, &pair.moment);
	core_resolved(pair.ends[0].core, "right", &address, 1, &pair.moment);
	assert_endpoint(0, "192.0.2.2:51820");
	pair_clear(&pair);
}
END_TEST

START_TEST(a_remembered_endpoint_serves_until_the_name_is_resolved)
{
	start_with_name();
	core_remembered(
	    pair.ends[0].core, pair.ends[1].public_key, &pair.ends[1].where);
	assert_endpoint(0, "192.0.2.2:51820");
	core_connect(pair.ends[0].core, &pair.moment);
	pair_carry(&pair);
	ck_assert(is_up());
	pair_clear(&pair);
}
END_TEST

START_TEST(a_remembered_endpoint_yields_to_the_resolved_name)
{
	struct endpoint old;

	start_with_name();
	ck_assert_int_eq(endpoint_parse(&old, "192.0.2.99:51820"), 0);
	core_remembered(pair.ends[0].core, pair.ends[1].public_key, &old);
	core_connect(pair.ends[0].core, &pair.moment);
	resolve("192.0.2.2", NULL);
	assert_endpoint(0, "192.0.2.2:51820");
	pair_clear(&pair);
}
END_TEST

START_TEST(a_remembered_endpoint_does_not_replace_an_address)
{
	struct endpoint old, none = {.port = 1};
	uint8_t stranger[CONFIG_KEY_BYTES] = {9};

	pair_init(&pair);
	pair_start(&pair, 0, pair_config(&pair, 0));
	ck_assert_int_eq(endpoint_parse(&old, "192.0.2.99:1"), 0);
	core_remembered(pair.ends[0].core, pair.ends[1].public_key, &old);
	core_remembered(pair.ends[0].core, pair.ends[1].public_key, &none);
	core_remembered(pair.ends[0].core, stranger, &old);
	assert_endpoint(0, "192.0.2.2:51820");
	pair_clear(&pair);
}
END_TEST

START_TEST(a_new_endpoint_makes_the_state_file_stale_once)
{
	struct core_event event;

	start_with_name();
	resolve("192.0.2.2", NULL);
	pair_carry(&pair);
	ck_assert(pair_event(&pair, 1, CORE_REMEMBER, &event));
	ck_assert_str_eq(event.peer, "left");
	ck_assert(!pair_event(&pair, 1, CORE_REMEMBER, &event));
	pair_pass(&pair, 130 * NS_PER_S);
	pair_send(&pair, 0, "10.0.0.2");
	pair_carry(&pair);
	ck_assert(!pair_event(&pair, 1, CORE_REMEMBER, &event));
	pair_clear(&pair);
}
END_TEST

START_TEST(a_roamed_peer_is_followed_and_remembered)
{
	struct core_event event;

	pair_start_both(&pair);
	pair_connect(&pair);
	while (core_take_event(pair.ends[1].core, &event))
		;
	ck_assert_int_eq(
	    endpoint_parse(&pair.ends[0].where, "198.51.100.1:4000"), 0);
	core_underlay_changed(pair.ends[0].core, &pair.moment);
	pair_carry(&pair);
	assert_endpoint(1, "198.51.100.1:4000");
	ck_assert(pair_event(&pair, 1, CORE_REMEMBER, &event));
	pair_clear(&pair);
}
END_TEST

START_TEST(a_peer_that_is_silent_elsewhere_is_tried_at_its_address)
{
	struct endpoint home;

	pair_start_both(&pair);
	pair_connect(&pair);
	home = pair.ends[0].where;
	ck_assert_int_eq(
	    endpoint_parse(&pair.ends[0].where, "198.51.100.1:4000"), 0);
	core_underlay_changed(pair.ends[0].core, &pair.moment);
	pair_carry(&pair);
	assert_endpoint(1, "198.51.100.1:4000");
	pair.ends[0].where = home; /* and says nothing of it */
	pair_send(&pair, 1, "10.0.0.1");
	pair_pass(&pair, 30 * NS_PER_S);
	assert_endpoint(1, "192.0.2.1:51820");
	pair_send(&pair, 1, "10.0.0.1");
	pair_carry(&pair);
	ck_assert_uint_ge(pair.ends[0].delivered, 1);
	pair_clear(&pair);
}
END_TEST

/* ---- pings ---- */

static struct core_answer ping(const char *name, uint64_t id)
{
	struct core_answer answer;

	core_ping(pair.ends[0].core, name, id, NS_PER_S, &pair.moment, &answer);
	return answer;
}

START_TEST(a_ping_is_answered)
{
	struct core_event event;

	pair_start_both(&pair);
	pair_connect(&pair);
	ck_assert_int_eq(ping("right", 7).exit, CONTROL_OK);
	pair_carry(&pair);
	ck_assert(pair_event(&pair, 0, CORE_PING_DONE, &event));
	ck_assert_uint_eq(event.ping, 7);
	ck_assert_int_eq(event.rtt_ns, 0);
	ck_assert_str_eq(event.peer, "right");
	ck_assert(!pair_event(&pair, 0, CORE_PING_DONE, &event));
	pair_clear(&pair);
}
END_TEST

START_TEST(a_ping_without_answer_ends_in_time)
{
	struct core_event event;

	pair_start_both(&pair);
	pair_connect(&pair);
	pair.ends[1].is_deaf = true;
	ck_assert_int_eq(ping("right", 8).exit, CONTROL_OK);
	pair_pass(&pair, NS_PER_S - 1);
	ck_assert(!pair_event(&pair, 0, CORE_PING_DONE, &event));
	pair_pass(&pair, 1);
	ck_assert(pair_event(&pair, 0, CORE_PING_DONE, &event));
	ck_assert_uint_eq(event.ping, 8);
	ck_assert_int_eq(event.rtt_ns, -1);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_ping_ends_when_its_peer_is_removed)
{
	struct core_answer answer;
	struct core_event event;

	pair_start_both(&pair);
	pair_connect(&pair);
	pair.ends[1].is_deaf = true;
	ck_assert_int_eq(ping("right", 9).exit, CONTROL_OK);
	free(pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "peer remove",
	    "right", (const char *)NULL));
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	ck_assert(pair_event(&pair, 0, CORE_PING_DONE, &event));
	ck_assert_int_eq(event.rtt_ns, -1);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_ping_without_session_says_why)
{
	struct core_answer answer;

	pair_init(&pair);
	pair_start(&pair, 0, pair_config(&pair, 0));
	answer = ping("right", 1);
	ck_assert_int_eq(answer.exit, CONTROL_FAILED);
	ck_assert_ptr_nonnull(
	    strstr(answer.message, "peer right has no session: "));
	answer = ping("nobody", 1);
	ck_assert_int_eq(answer.exit, CONTROL_NO_OBJECT);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_plain_peer_has_no_ping)
{
	struct config *config;
	struct core_answer answer;

	pair_init(&pair);
	pair_start(&pair, 0, pair_config(&pair, 0));
	config = pair_config(&pair, 1);
	config->peers[0].extension = CONFIG_EXTENSION_OFF;
	pair_start(&pair, 1, config);
	pair_connect(&pair);
	answer = ping("right", 1);
	ck_assert_int_eq(answer.exit, CONTROL_FAILED);
	ck_assert_ptr_nonnull(strstr(answer.message, "plain WireGuard"));
	pair_clear(&pair);
}
END_TEST

START_TEST(too_many_pings_are_refused)
{
	uint64_t id = 0;

	pair_start_both(&pair);
	pair_connect(&pair);
	pair.ends[1].is_deaf = true;
	while (ping("right", id).exit == CONTROL_OK)
		id++;
	ck_assert_uint_eq(id, 64);
	pair_carry(&pair);
	pair_clear(&pair);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("core_endpoints");
	TCase *tcase = tcase_create("endpoints");

	tcase_add_test(tcase, an_address_is_the_endpoint_at_once);
	tcase_add_test(tcase, an_ipv6_address_is_the_endpoint_at_once);
	tcase_add_test(tcase, a_name_is_asked_for_at_start);
	tcase_add_test(tcase, an_answer_begins_a_handshake);
	tcase_add_test(
	    tcase, a_failed_name_is_asked_for_again_more_and_more_seldom);
	tcase_add_test(tcase, a_session_goes_on_where_there_is_a_way);
	tcase_add_test(tcase, a_literal_endpoint_knows_no_other_way);
	tcase_add_test(tcase, the_next_address_is_tried_without_asking_again);
	tcase_add_test(tcase, each_address_gets_some_attempts);
	tcase_add_test(
	    tcase, an_answer_that_comes_late_does_not_move_it_once_more);
	tcase_add_test(tcase, a_live_session_stays_where_it_is);
	tcase_add_test(tcase,
	    a_silent_session_stays_when_its_address_is_among_the_answers);
	tcase_add_test(tcase, a_silent_session_moves_to_another_answer);
	tcase_add_test(
	    tcase, an_address_that_was_tried_in_vain_is_left_for_its_successor);
	tcase_add_test(tcase, silence_asks_at_most_every_five_seconds);
	tcase_add_test(tcase, silence_of_an_address_asks_nobody);
	tcase_add_test(tcase, answers_for_nobody_are_ignored);
	tcase_add_test(
	    tcase, a_remembered_endpoint_serves_until_the_name_is_resolved);
	tcase_add_test(
	    tcase, a_remembered_endpoint_yields_to_the_resolved_name);
	tcase_add_test(
	    tcase, a_remembered_endpoint_does_not_replace_an_address);
	tcase_add_test(tcase, a_new_endpoint_makes_the_state_file_stale_once);
	tcase_add_test(tcase, a_roamed_peer_is_followed_and_remembered);
	tcase_add_test(
	    tcase, a_peer_that_is_silent_elsewhere_is_tried_at_its_address);
	tcase_add_test(tcase, a_ping_is_answered);
	tcase_add_test(tcase, a_ping_without_answer_ends_in_time);
	tcase_add_test(tcase, a_ping_ends_when_its_peer_is_removed);
	tcase_add_test(tcase, a_ping_without_session_says_why);
	tcase_add_test(tcase, a_plain_peer_has_no_ping);
	tcase_add_test(tcase, too_many_pings_are_refused);
	suite_add_tcase(suite, tcase);
	return suite;
}
