/* SPDX-License-Identifier: ISC */
/* What others took back of our changes, and the lists it is looked up in. */
#include <stdio.h>
#include <string.h>

#include "daemon/mend.h"
#include "seed.h"
#include "unit.h"

#define DEVICE 7

static const struct instant now = {.ns = 1000 * NS_PER_S};
static struct change_list applied, found;

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	ck_assert_int_eq(prefix_parse(&prefix, text), 0);
	return prefix;
}

static struct change change_of(enum change_kind kind, const char *prefix)
{
	return (struct change){
	    .kind = kind, .ifindex = DEVICE, .prefix = prefix_of(prefix)};
}

static struct change connected_of(const char *prefix, const char *address)
{
	struct change change = change_of(CHANGE_CONNECTED, prefix);

	ck_assert_int_eq(address_parse(&change.source, address), 0);
	return change;
}

static void have_address(const char *text)
{
	struct prefix prefix = prefix_of(text);

	ck_assert_int_eq(mend_found_address(&found, DEVICE, &prefix), 0);
}

static void have_route(const char *text, uint32_t ifindex, uint32_t table)
{
	struct netlink_route route = {
	    .to = prefix_of(text), .ifindex = ifindex, .table = table};

	ck_assert_int_eq(mend_found_route(&found, &route), 0);
}

static void setup(void)
{
	applied = found = (struct change_list){0};
}

static void teardown(void)
{
	change_list_clear(&applied);
	change_list_clear(&found);
}

/* ---- the verdict ---- */

START_TEST(mend_does_nothing_about_what_is_there)
{
	struct change address = change_of(CHANGE_ADDRESS, "10.77.0.1/24");
	struct change route = change_of(CHANGE_ROUTE, "10.88.0.0/24");

	have_address("10.77.0.1/24");
	have_route("10.88.0.0/24", DEVICE, CHANGE_TABLE_MAIN);
	ck_assert_int_eq(mend_judge(&address, &found, now), MEND_NOTHING);
	ck_assert_int_eq(mend_judge(&route, &found, now), MEND_NOTHING);
}
END_TEST

START_TEST(mend_puts_back_what_is_missing)
{
	struct change address = change_of(CHANGE_ADDRESS, "10.77.0.1/24");
	struct change route = change_of(CHANGE_ROUTE, "10.88.0.0/24");

	have_address("10.77.0.1/25");
	have_route("10.88.0.0/24", DEVICE + 1, CHANGE_TABLE_MAIN);
	have_route("10.88.0.0/24", DEVICE, 51820);
	have_route("10.88.0.0/25", DEVICE, CHANGE_TABLE_MAIN);
	ck_assert_int_eq(mend_judge(&address, &found, now), MEND_PUT_BACK);
	ck_assert_int_eq(mend_judge(&route, &found, now), MEND_PUT_BACK);
}
END_TEST

START_TEST(mend_leaves_what_is_gone_again_within_a_minute)
{
	struct change route = change_of(CHANGE_ROUTE, "fd88::/64");
	struct instant soon = instant_after(now, MEND_PROBATION_NS - 1);
	struct instant later = instant_after(now, MEND_PROBATION_NS);

	mend_note(&route, now);
	ck_assert_int_eq(mend_judge(&route, &found, now), MEND_LEAVE);
	ck_assert_int_eq(mend_judge(&route, &found, soon), MEND_LEAVE);
	ck_assert_int_eq(mend_judge(&route, &found, later), MEND_PUT_BACK);
}
END_TEST

START_TEST(mend_does_not_speak_twice_of_what_it_left)
{
	struct change route = change_of(CHANGE_ROUTE, "fd88::/64");

	route.is_left = true;
	ck_assert_int_eq(mend_judge(&route, &found, now), MEND_NOTHING);
}
END_TEST

START_TEST(mend_leaves_the_route_of_an_address_to_the_kernel)
{
	struct change route = connected_of("10.77.0.0/24", "10.77.0.1");

	ck_assert_int_eq(mend_judge(&route, &found, now), MEND_NOTHING);
	have_address("10.77.0.1/24");
	ck_assert_int_eq(mend_judge(&route, &found, now), MEND_PUT_BACK);
	have_route("10.77.0.0/24", DEVICE, CHANGE_TABLE_MAIN);
	ck_assert_int_eq(mend_judge(&route, &found, now), MEND_NOTHING);
}
END_TEST

START_TEST(mend_does_not_fight_for_mtu_queue_state_address_or_bridge)
{
	static const enum change_kind kinds[] = {CHANGE_MAC, CHANGE_MTU,
	    CHANGE_TXQUEUELEN, CHANGE_BRIDGE, CHANGE_UP, CHANGE_SRC_VALID_MARK};
	struct change change = {
	    .kind = kinds[_i], .ifindex = DEVICE, .number = 5};

	ck_assert_int_eq(mend_judge(&change, &found, now), MEND_NOTHING);
}
END_TEST

START_TEST(mend_knows_a_rule_by_family_priority_and_table)
{
	struct netlink_rule rule = {.family = FAMILY_IPV4,
	    .priority = 32763,
	    .table = 51820,
	    .fwmark = 51820,
	    .is_inverted = true};
	struct change change = {.kind = CHANGE_RULE, .rule = rule};

	rule.priority++;
	ck_assert_int_eq(mend_found_rule(&found, &rule), 0);
	rule.priority--;
	rule.family = FAMILY_IPV6;
	ck_assert_int_eq(mend_found_rule(&found, &rule), 0);
	ck_assert_int_eq(mend_judge(&change, &found, now), MEND_PUT_BACK);
	rule.family = FAMILY_IPV4;
	ck_assert_int_eq(mend_found_rule(&found, &rule), 0);
	ck_assert_int_eq(mend_judge(&change, &found, now), MEND_NOTHING);
}
END_TEST

/* Two programs, each of which wants its way every 100 ms for an hour. */
START_TEST(mend_puts_back_at_most_once_a_minute)
{
	struct change route = change_of(CHANGE_ROUTE, "fd88::/64");
	unsigned count = 0;

	for (struct instant at = now; at.ns < now.ns + 3600 * NS_PER_S;
	     at.ns += 100 * NS_PER_MS) {
		if (mend_judge(&route, &found, at) != MEND_PUT_BACK)
			continue;
		mend_note(&route, at);
		count++;
	}
	ck_assert_uint_le(count, 60);
	ck_assert_uint_gt(count, 0);
}
END_TEST

/* ---- news ---- */

static const struct {
	struct watch_news news;
	bool is_concern;
} news[] = {
    {{.kind = WATCH_LOST}, true},
    {{.kind = WATCH_RULE, .is_gone = true}, true},
    {{.kind = WATCH_RULE}, false},
    {{.kind = WATCH_LINK, .link.ifindex = DEVICE}, true},
    {{.kind = WATCH_LINK, .link.ifindex = 8}, false},
    {{.kind = WATCH_LINK_GONE, .link.ifindex = DEVICE}, false},
    {{.kind = WATCH_ADDRESS, .link.ifindex = DEVICE, .is_gone = true}, true},
    {{.kind = WATCH_ADDRESS, .link.ifindex = DEVICE}, false},
    {{.kind = WATCH_ADDRESS, .link.ifindex = 8, .is_gone = true}, false},
    {{.kind = WATCH_ROUTE, .link.ifindex = DEVICE, .is_gone = true}, true},
    {{.kind = WATCH_ROUTE, .link.ifindex = DEVICE}, false},
    {{.kind = WATCH_ROUTE, .link.ifindex = 8, .is_gone = true}, false},
};

START_TEST(mend_hears_the_news_that_concern_it)
{
	ck_assert_int_eq(mend_concerns(&applied, DEVICE, &news[_i].news),
	    news[_i].is_concern);
}
END_TEST

START_TEST(mend_hears_of_a_route_in_the_place_of_ours)
{
	struct change route = change_of(CHANGE_ROUTE, "10.88.0.0/24");
	struct change connected = connected_of("10.77.0.0/24", "10.77.0.1");
	struct watch_news replaced = {.kind = WATCH_ROUTE,
	    .has_replaced = true,
	    .link.ifindex = 8,
	    .route = {.to = prefix_of("10.88.0.0/24"),
		.ifindex = 8,
		.table = CHANGE_TABLE_MAIN}};

	ck_assert(!mend_concerns(&applied, DEVICE, &replaced));
	ck_assert_int_eq(change_list_add(&applied, &route), 0);
	ck_assert_int_eq(change_list_add(&applied, &connected), 0);
	ck_assert(mend_concerns(&applied, DEVICE, &replaced));
	replaced.route.to = prefix_of("10.77.0.0/24");
	ck_assert(mend_concerns(&applied, DEVICE, &replaced));
	replaced.route.table = 51820;
	ck_assert(!mend_concerns(&applied, DEVICE, &replaced));
}
END_TEST

START_TEST(mend_looks_when_it_is_quiet_but_soon)
{
	struct mend_clock clock;
	struct instant at = now;

	mend_clock_clear(&clock);
	ck_assert(instant_is_never(clock.due));
	mend_clock_push(&clock, at);
	ck_assert_int_eq(clock.due.ns - now.ns, MEND_QUIET_NS);
	for (unsigned i = 0; i < 100; i++) {
		at = instant_after(at, 10 * NS_PER_MS);
		mend_clock_push(&clock, at);
		ck_assert_int_le(clock.due.ns - now.ns, MEND_LONGEST_NS);
	}
	ck_assert_int_eq(clock.due.ns - now.ns, MEND_LONGEST_NS);
	mend_clock_clear(&clock);
	mend_clock_push(&clock, at);
	ck_assert_int_eq(clock.due.ns - at.ns, MEND_QUIET_NS);
}
END_TEST

/* ---- text ---- */

START_TEST(mend_text_names_some_and_counts_the_rest)
{
	struct mend_text text = {0};
	struct change change = change_of(CHANGE_ROUTE, "10.88.0.0/24");

	ck_assert_str_eq(mend_text_end(&text), "");
	mend_text_add(&text, &change);
	ck_assert_str_eq(mend_text_end(&text), "ip route add 10.88.0.0/24");
	for (unsigned i = 0; i < 10000; i++)
		mend_text_add(&text, &change);
	ck_assert_ptr_nonnull(strstr(mend_text_end(&text), ", ip route add "));
	ck_assert_ptr_nonnull(strstr(text.text, " more"));
	ck_assert_uint_lt(strlen(text.text), sizeof(text.text));
}
END_TEST

/* ---- lists ---- */

START_TEST(list_finds_what_a_search_would)
{
	struct change change = change_of(CHANGE_ROUTE, "10.0.0.0/8");
	struct seed seed = seed_start();

	for (unsigned i = 0; i < 3000; i++) {
		struct change *at;
		bool is_known = false;

		change.number = (uint32_t)(seed_next(&seed) % 1500);
		for (size_t j = 0; j < applied.count; j++)
			is_known |= applied.changes[j].number == change.number;
		at = change_list_find(&applied, &change);
		ck_assert_int_eq(at != NULL, is_known);
		if (at)
			ck_assert_uint_eq(at->number, change.number);
		else
			ck_assert_int_eq(change_list_add(&applied, &change), 0);
	}
}
END_TEST

static bool is_even(const struct change *change, const void *context)
{
	(void)context;
	return change->number % 2 == 0;
}

START_TEST(list_keeps_order_and_finds_what_a_filter_kept)
{
	struct change change = change_of(CHANGE_ROUTE, "10.0.0.0/8");

	for (change.number = 0; change.number < 1000; change.number++)
		ck_assert_int_eq(change_list_add(&applied, &change), 0);
	change_list_filter(&applied, is_even, NULL);
	ck_assert_uint_eq(applied.count, 500);
	for (change.number = 0; change.number < 1000; change.number++) {
		struct change *at = change_list_find(&applied, &change);

		if (change.number % 2)
			ck_assert_ptr_null(at);
		else
			ck_assert_ptr_eq(
			    at, &applied.changes[change.number / 2]);
	}
}
END_TEST

START_TEST(list_that_is_empty_has_nothing)
{
	struct change change = change_of(CHANGE_ROUTE, "10.0.0.0/8");

	ck_assert_ptr_null(change_list_find(&applied, &change));
	change_list_filter(&applied, is_even, NULL);
	ck_assert_int_eq(change_list_add(&applied, &change), 0);
	change.number = 1;
	ck_assert_ptr_null(change_list_find(&applied, &change));
	change_list_clear(&applied);
	ck_assert_ptr_null(change_list_find(&applied, &change));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("daemon/mend");
	TCase *tcase = tcase_create("mend");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, mend_does_nothing_about_what_is_there);
	tcase_add_test(tcase, mend_puts_back_what_is_missing);
	tcase_add_test(tcase, mend_leaves_what_is_gone_again_within_a_minute);
	tcase_add_test(tcase, mend_does_not_speak_twice_of_what_it_left);
	tcase_add_test(
	    tcase, mend_leaves_the_route_of_an_address_to_the_kernel);
	tcase_add_loop_test(tcase,
	    mend_does_not_fight_for_mtu_queue_state_address_or_bridge, 0, 6);
	tcase_add_test(tcase, mend_knows_a_rule_by_family_priority_and_table);
	tcase_add_test(tcase, mend_puts_back_at_most_once_a_minute);
	tcase_add_loop_test(tcase, mend_hears_the_news_that_concern_it, 0,
	    (int)ARRAY_SIZE(news));
	tcase_add_test(tcase, mend_hears_of_a_route_in_the_place_of_ours);
	tcase_add_test(tcase, mend_looks_when_it_is_quiet_but_soon);
	tcase_add_test(tcase, mend_text_names_some_and_counts_the_rest);
	tcase_add_test(tcase, list_finds_what_a_search_would);
	tcase_add_test(tcase, list_keeps_order_and_finds_what_a_filter_kept);
	tcase_add_test(tcase, list_that_is_empty_has_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
