/* SPDX-License-Identifier: ISC */
/* Another filter than the file's: what it would change, and in use. */
#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "filter_conf.h"
#include "pair.h"
#include "unit.h"

static struct pair pair;
static struct core_answer answer;

/* Right's configuration with a policy and the rule "left". */
static struct config *strict(enum config_action action)
{
	struct config *config = pair_config(&pair, 1);

	config->filter.is_on = true;
	config->filter.is_stateful = false;
	config->filter.policy[CONFIG_HOOK_INPUT] = CONFIG_ACTION_DROP;
	filter_end(
	    &filter_rule(config, "left", CONFIG_HOOK_INPUT, action)->from, 0);
	return config;
}

static void start(void)
{
	pair_init(&pair);
	pair_start(&pair, 0, pair_config(&pair, 0));
	pair_start(&pair, 1, strict(CONFIG_ACTION_DROP));
	pair_connect(&pair);
}

static void end(void)
{
	pair_clear(&pair);
}

static char *ask_with(
    enum control_rights rights, const char *verb, const char *attached)
{
	struct control_request request = {.verb = verb,
	    .attached = attached,
	    .attached_len = attached ? strlen(attached) : 0};
	struct reply reply;

	reply_init(&reply);
	core_command(pair.ends[1].core, &request, rights, NULL, &pair.moment,
	    &reply, &answer);
	return reply.text ? reply.text : calloc(1, 1);
}

/* Consumes next, which gets what a file has to have. */
static char *change(const char *verb, struct config *next)
{
	strcpy(next->private_key_file, "/etc/vpnd/site.key");
	char *text = config_encode(next), *reply;

	reply = ask_with(CONTROL_RIGHTS_ALL, verb, text);
	free(text);
	config_free(next);
	return reply;
}

static void says(const char *reply, const char *part)
{
	ck_assert_msg(strstr(reply, part), "no \"%s\" in \"%s\"", part, reply);
}

static bool arrives(void)
{
	size_t delivered = pair.ends[1].delivered;

	pair_send(&pair, 0, "10.0.0.2");
	pair_carry(&pair);
	return pair.ends[1].delivered == delivered + 1;
}

START_TEST(the_same_filter_changes_nothing)
{
	char *reply = change("filter replace", strict(CONFIG_ACTION_DROP));

	ck_assert_int_eq(answer.exit, CONTROL_OK);
	says(reply, "[\tsteps\n]\nb\tused\tfalse\n");
	free(reply);
}
END_TEST

START_TEST(a_test_says_and_changes_nothing)
{
	struct config *next = strict(CONFIG_ACTION_ACCEPT);
	char *reply;

	filter_rule(next, "new", CONFIG_HOOK_OUTPUT, CONFIG_ACTION_DROP);
	next->filter.policy[CONFIG_HOOK_INPUT] = CONFIG_ACTION_REJECT;
	reply = change("filter test", next);
	ck_assert_int_eq(answer.exit, CONTROL_OK);
	says(reply, "s\ttext\tpolicy.input: reject instead of drop\n");
	says(reply, "s\ttext\trule \"left\" changed\n");
	says(reply, "s\ttext\trule \"new\" added\n");
	says(reply, "b\tused\tfalse\n");
	free(reply);
	ck_assert(!arrives());
}
END_TEST

START_TEST(a_replaced_filter_is_in_use)
{
	char *reply = change("filter replace", strict(CONFIG_ACTION_ACCEPT));

	says(reply, "b\tused\ttrue\n");
	free(reply);
	ck_assert(arrives());
	reply = change("filter replace", pair_config(&pair, 1));
	says(reply, "there is no filter any more");
	free(reply);
	ck_assert(arrives());
	reply = change("filter replace", strict(CONFIG_ACTION_DROP));
	says(reply, "there was no filter");
	free(reply);
	ck_assert(!arrives());
}
END_TEST

START_TEST(the_next_reload_undoes_it)
{
	struct config *file = strict(CONFIG_ACTION_DROP);
	struct core_keys *keys = pair_keys(&pair, 1, file->peers_count);
	struct core *core = pair.ends[1].core;
	struct plan plan;
	char error[256];

	free(change("filter replace", strict(CONFIG_ACTION_ACCEPT)));
	ck_assert_str_ne(core->filter_file, "");
	ck_assert_int_eq(core_plan(core, file, keys, &plan), 0);
	ck_assert_uint_eq(plan.count, 1);
	ck_assert_int_eq(core_apply(core, &plan, file, keys, &pair.moment,
			     error, sizeof(error)),
	    0);
	plan_clear(&plan);
	ck_assert(!arrives());
	ck_assert_str_eq(core->filter_file, "");
}
END_TEST

START_TEST(peers_are_found_by_their_names)
{
	struct config *next = pair_config(&pair, 1);
	struct config_peer peer = next->peers[0];
	char *reply;

	/* left is the second one there */
	pair_add_peer(next, "left", NULL);
	next->peers[0] = next->peers[1];
	next->peers[1] = peer;
	strcpy(next->peers[0].name, "other");
	next->filter.is_on = true;
	next->filter.is_stateful = false;
	next->filter.policy[CONFIG_HOOK_INPUT] = CONFIG_ACTION_DROP;
	filter_end(
	    &filter_rule(next, "left", CONFIG_HOOK_INPUT, CONFIG_ACTION_ACCEPT)
		 ->from,
	    1);
	reply = change("filter replace", next);
	says(reply, "b\tused\ttrue\n");
	free(reply);
	ck_assert(arrives());
}
END_TEST

START_TEST(an_order_is_a_difference)
{
	struct config *next = pair_config(&pair, 1);
	char *reply;

	next->filter.is_on = true;
	next->filter.is_stateful = false;
	next->filter.policy[CONFIG_HOOK_INPUT] = CONFIG_ACTION_DROP;
	filter_rule(next, "all", CONFIG_HOOK_INPUT, CONFIG_ACTION_COUNT);
	filter_end(
	    &filter_rule(next, "left", CONFIG_HOOK_INPUT, CONFIG_ACTION_DROP)
		 ->from,
	    0);
	reply = change("filter replace", next);
	says(reply, "s\tkind\tadded\ns\ttext\trule \"all\" added\n");
	free(reply);
	next = strict(CONFIG_ACTION_DROP);
	filter_rule(next, "all", CONFIG_HOOK_INPUT, CONFIG_ACTION_COUNT);
	reply = change("filter test", next);
	says(reply, "[\tsteps\n{\t\ns\tkind\torder\n"
		    "s\ttext\tthe order of the rules changed\n}\n]\n");
	free(reply);
}
END_TEST

START_TEST(a_rule_about_a_stranger_is_refused)
{
	struct config *next = pair_config(&pair, 1);

	next->filter.is_on = true;
	next->filter.is_stateful = false;
	strcpy(next->peers[0].name, "stranger");
	filter_end(
	    &filter_rule(next, "left", CONFIG_HOOK_INPUT, CONFIG_ACTION_ACCEPT)
		 ->from,
	    0);
	free(change("filter replace", next));
	ck_assert_int_eq(answer.exit, CONTROL_NO_OBJECT);
	ck_assert_ptr_nonnull(strstr(answer.message,
	    "the rule names the peer \"stranger\", which the running tunnel "
	    "has not"));
	ck_assert(!arrives());
}
END_TEST

START_TEST(another_kind_of_tunnel_is_refused)
{
	struct config *next = config_new();

	next->device_type = CONFIG_DEVICE_TAP;
	strcpy(next->name, "lan");
	strcpy(next->device, "tap0");
	strcpy(next->file, "/etc/vpnd/lan.conf");
	free(change("filter replace", next));
	ck_assert_int_eq(answer.exit, CONTROL_USAGE);
	says(answer.message, "is for a tap, the running tunnel is a tun");
}
END_TEST

START_TEST(what_is_no_configuration_is_refused)
{
	static const char *const texts[] = {NULL, "", "?", "AAAA"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		free(ask_with(CONTROL_RIGHTS_ALL, "filter test", texts[i]));
		ck_assert_str_eq(
		    answer.message, "what vpnctl sent is no configuration");
	}
	free(ask_with(CONTROL_RIGHTS_READ, "filter test", "AAAA"));
	ck_assert_int_eq(answer.exit, CONTROL_NOT_PERMITTED);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("filter_change");
	TCase *tcase = tcase_create("filter_change");

	tcase_add_checked_fixture(tcase, start, end);
	tcase_add_test(tcase, the_same_filter_changes_nothing);
	tcase_add_test(tcase, a_test_says_and_changes_nothing);
	tcase_add_test(tcase, a_replaced_filter_is_in_use);
	tcase_add_test(tcase, the_next_reload_undoes_it);
	tcase_add_test(tcase, peers_are_found_by_their_names);
	tcase_add_test(tcase, an_order_is_a_difference);
	tcase_add_test(tcase, a_rule_about_a_stranger_is_refused);
	tcase_add_test(tcase, another_kind_of_tunnel_is_refused);
	tcase_add_test(tcase, what_is_no_configuration_is_refused);
	suite_add_tcase(suite, tcase);
	return suite;
}
