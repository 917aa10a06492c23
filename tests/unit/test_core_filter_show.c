/* SPDX-License-Identifier: ISC */
/* What vpnctl reads of the filter: the rules with their counters, and as nft
 * has them. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "filter_conf.h"
#include "pair.h"

static struct pair pair;
static struct core_answer answer;
static char *text;

static void set_up(void)
{
	pair_init(&pair);
	pair_start(&pair, 0, pair_config(&pair, 0));
}

static void tear_down(void)
{
	free(text);
	text = NULL;
	pair_clear(&pair);
}

/* Of the right end. */
static const char *ask(const char *verb, const char *argument)
{
	free(text);
	text = pair_ask(&pair, 1, CONTROL_RIGHTS_ALL, &answer, verb, argument,
	    (char *)NULL);
	return text;
}

/* Left may ping, twice a second; what else comes is dropped. */
static struct config *guarded(void)
{
	struct config *config = pair_config(&pair, 1);
	struct config_rule *rule = filter_rule(
	    config, "left", CONFIG_HOOK_INPUT, CONFIG_ACTION_ACCEPT);

	config->filter.is_stateful = false;
	config->filter.policy[CONFIG_HOOK_INPUT] = CONFIG_ACTION_DROP;
	config->filter.policy_places[CONFIG_HOOK_INPUT].line = 5;
	filter_end(&rule->from, 0);
	rule->is_logged = true;
	rule->rate = rule->burst = 2;
	rule->place.line = 7;
	return config;
}

START_TEST(filter_show_tells_what_each_rule_matched)
{
	pair_start(&pair, 1, guarded());
	pair_connect(&pair);
	for (int i = 0; i < 4; i++)
		pair_send(&pair, 0, "10.0.0.2");
	pair_carry(&pair);
	ask("filter show", NULL);
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	ck_assert_str_eq(pair_value(text, "schema"), "vpnd.filter/1");
	ck_assert_str_eq(pair_value(text, "stateful"), "false");
	ck_assert_str_eq(pair_value(text, "name"), "left");
	ck_assert_str_eq(pair_value(text, "hook"), "input");
	ck_assert_str_eq(pair_value(text, "action"), "accept");
	ck_assert_str_eq(
	    pair_value(text, "matches"), "from some rate 2/s burst 2");
	ck_assert_str_eq(pair_value(text, "log"), "true");
	ck_assert_str_eq(pair_value(text, "line"), "7");
	ck_assert_str_eq(pair_value(text, "packets"), "2");
	ck_assert_ptr_nonnull(strstr(text, "\tpackets_over_rate\t"));
	ck_assert_ptr_nonnull(strstr(
	    text, "{\t\ns\thook\tinput\ns\taction\tdrop\n"
		  "u\tline\t5\nu\tpackets\t0\n"));
}
END_TEST

START_TEST(filter_export_has_the_peers_prefixes)
{
	static const char *const wanted[] = {
	    "s\t\ttable inet vpnd_",
	    "s\t\t\\x09chain input {\n",
	    "meta nfproto ipv4 ip saddr 10.0.0.1/32 limit rate 2/second ",
	    " log prefix \"left: \" counter accept comment \"left\"\n",
	    "counter drop comment \"policy\"\n",
	};

	pair_start(&pair, 1, guarded());
	ask("filter export", "nft");
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	ck_assert_str_eq(pair_value(text, "schema"), "vpnd.filter_nft/1");
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		ck_assert_msg(strstr(text, wanted[i]), "%s is not in %s",
		    wanted[i], text);
}
END_TEST

/* Left may send unreachable with code 4 and echo requests, 1000 bytes a
 * second. */
static struct config *guarded_types(void)
{
	struct config *config = guarded();
	struct config_rule *rule = config->filter.rules;

	rule->protocols = (struct config_ranges){1, {{1, 1}}};
	rule->icmp_types =
	    (struct config_ranges){2, {{0x304, 0x304}, {0x800, 0x8ff}}};
	rule->rate = rule->burst = 1000;
	rule->is_rate_of_bytes = true;
	return config;
}

START_TEST(filter_export_has_codes_and_rates_of_bytes)
{
	pair_start(&pair, 1, guarded_types());
	ask("filter show", NULL);
	ck_assert_str_eq(pair_value(text, "matches"),
	    "proto icmp icmp_type 3/4,8 from some rate 1000byte/s burst "
	    "1000byte");
	ask("filter export", "nft");
	ck_assert_ptr_nonnull(strstr(text,
	    "icmp type . icmp code { 3 . 4, 8 . 0-255 } limit rate 1000 "
	    "bytes/second burst 1000 bytes "));
}
END_TEST

START_TEST(filter_export_knows_nft_only)
{
	pair_start(&pair, 1, guarded());
	ask("filter export", "pf");
	ck_assert_int_eq(answer.exit, CONTROL_USAGE);
	ck_assert_str_eq(
	    answer.message, "there is no export to \"pf\", only to \"nft\"");
}
END_TEST

START_TEST(filter_verbs_say_that_there_is_none)
{
	pair_start(&pair, 1, pair_config(&pair, 1));
	ask("filter show", NULL);
	ck_assert_int_eq(answer.exit, CONTROL_FAILED);
	ck_assert_str_eq(answer.message,
	    "there is no filter: the configuration has no section \"filter\", "
	    "and all packets are accepted");
	ask("filter export", "nft");
	ck_assert_int_eq(answer.exit, CONTROL_FAILED);
}
END_TEST

/* They show prefixes, and are long work with many rules. */
START_TEST(filter_verbs_are_not_for_those_who_may_only_read)
{
	static const char *const verbs[] = {"filter show", "filter export"};

	pair_start(&pair, 1, guarded());
	free(pair_ask(&pair, 1, CONTROL_RIGHTS_READ, &answer, verbs[_i],
	    _i ? "nft" : NULL, (char *)NULL));
	ck_assert_int_eq(answer.exit, CONTROL_NOT_PERMITTED);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("filter");
	TCase *tcase = tcase_create("filter");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, filter_show_tells_what_each_rule_matched);
	tcase_add_test(tcase, filter_export_has_the_peers_prefixes);
	tcase_add_test(tcase, filter_export_has_codes_and_rates_of_bytes);
	tcase_add_test(tcase, filter_export_knows_nft_only);
	tcase_add_test(tcase, filter_verbs_say_that_there_is_none);
	tcase_add_loop_test(
	    tcase, filter_verbs_are_not_for_those_who_may_only_read, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
