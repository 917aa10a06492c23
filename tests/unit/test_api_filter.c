/* SPDX-License-Identifier: ISC */
/* The flat form of a filter and of sockets: kept, refused when odd; and rules
 * that outlive a peer. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/config.h"

static void add_program(struct config_program *program, const char *text)
{
	program->text = strdup(text);
	program->list = calloc(2, sizeof(*program->list));
	ck_assert(program->text && program->list);
	program->list[0] = (struct config_instruction){0x28, 1, 255, 12};
	program->list[1] = (struct config_instruction){6, 0, 0, UINT32_MAX};
	program->count = 2;
}

static void add_ends(struct config_ends *ends, uint32_t peer)
{
	struct prefix prefix;

	ends->text = strdup("@some, \\ one");
	ck_assert_int_eq(prefix_parse(&prefix, "10.1.0.0/16"), 0);
	ck_assert_int_eq(
	    config_add_prefix(&ends->prefixes, &ends->prefixes_count, &prefix),
	    0);
	ck_assert_int_eq(config_ends_add_peer(ends, 0), 0);
	ck_assert_int_eq(config_ends_add_peer(ends, peer), 0);
}

static void fill_rule(struct config_rule *rule)
{
	strcpy(rule->name, "first");
	rule->hook = CONFIG_HOOK_FORWARD;
	rule->action = CONFIG_ACTION_REJECT;
	rule->family = CONFIG_FAMILY_IPV4;
	add_ends(&rule->from, 2);
	add_ends(&rule->to, 1);
	rule->dports.count = 2;
	rule->dports.list[0] = (struct config_range){22, 22};
	rule->dports.list[1] = (struct config_range){80, 65535};
	rule->protocols.count = 1;
	rule->protocols.list[0] = (struct config_range){6, 6};
	rule->tcp_flags_mask = 0x12;
	rule->tcp_flags_value = 0x02;
	rule->states = 3;
	rule->rate = 10;
	rule->burst = 20;
	add_program(&rule->match, "ip");
	rule->place = (struct config_place){7, 9};
}

static struct config *make_config(void)
{
	struct config *config = config_new();
	struct config_socket *socket;

	strcpy(config->name, "site");
	strcpy(config->file, "/etc/vpnd/site.conf");
	strcpy(config->device, "vpn0");
	strcpy(config->private_key_file, "/etc/vpnd/keys/site.key");
	for (int i = 0; i < 3; i++)
		strcpy(config_add_peer(config)->name, i ? "b" : "a");
	config->peers[0].rate_kbit = 2000;
	config->forwarding = CONFIG_FORWARDING_DAEMON;
	config->socket_order = CONFIG_SOCKET_ORDER_KERNEL;
	config->filter.is_on = true;
	config->filter.policy[CONFIG_HOOK_INPUT] = CONFIG_ACTION_REJECT;
	fill_rule(config_add_rule(&config->filter));
	strcpy(config_add_rule(&config->filter)->name, "second");
	socket = config_add_socket(config);
	socket->port = 7;
	add_ends(&socket->from, 2);
	add_program(&socket->filter, "udp");
	return config;
}

START_TEST(a_filter_survives_its_text_form)
{
	struct config *config = make_config(), *back = NULL;
	char *text = config_encode(config), *again;
	const struct config_rule *rule;

	ck_assert_int_eq(config_decode(&back, text, strlen(text)), 0);
	again = config_encode(back);
	ck_assert_str_eq(text, again);
	ck_assert_uint_eq(back->peers[0].rate_kbit, 2000);
	rule = back->filter.rules;
	ck_assert_str_eq(rule->from.text, "@some, \\ one");
	ck_assert_uint_eq(rule->from.peers[1], 2);
	ck_assert_uint_eq(rule->dports.list[1].last, 65535);
	ck_assert_uint_eq(rule->match.list[0].if_false, 255);
	ck_assert_uint_eq(rule->match.list[1].k, UINT32_MAX);
	ck_assert_ptr_null(rule[1].from.text);
	ck_assert_ptr_null(rule[1].match.text);
	ck_assert_uint_eq(back->sockets[0].filter.count, 2);
	config_free(config);
	config_free(back);
	free(text);
	free(again);
}
END_TEST

START_TEST(a_filter_cut_off_anywhere_is_refused)
{
	struct config *config = make_config(), *back = NULL;
	char *text = config_encode(config);

	for (size_t len = 0; len < strlen(text); len++)
		ck_assert_int_eq(config_decode(&back, text, len), -EINVAL);
	config_free(config);
	free(text);
}
END_TEST

/* A part of the text, and what it is replaced by. */
static const struct {
	const char *old, *new;
} changes[] = {
    {"rate_kbit\t2000", "rate_kbit\t1000000001"},
    {"forwarding\tdaemon", "forwarding\thost"},
    {"socket_order\tkernel", "socket_order\tseed"},
    {"filter_is_on\ttrue", "filter_is_on\tfalse"},
    {"filter_flows_max\t65536", "filter_flows_max\t15"},
    {"filter_flows_max\t65536", "filter_flows_max\t8191"},
    {"filter_flows_max\t65536", "filter_flows_max\t1048577"},
    {"filter_flows_per_peer\t8192", "filter_flows_per_peer\t65537"},
    {"policy_input\treject", "policy_input\tcount"},
    {"s\tname\tfirst", "s\tname\t"},
    {"hook\tforward", "hook\tingress"},
    {"action\treject", "action\tallow"},
    {"family\tipv4", "family\tipv5"},
    {"from\t@some, \\\\ one", "from\t"},
    {"u\t\t2\n", "u\t\t3\n"},
    {"u\t\t2\n", "s\t\t2\n"},
    {"10.1.0.0/16", "10.1.0.1/16"},
    {"protocols\t6", "protocols\t256"},
    {"dports\t22,80-65535", "dports\t22,80-65536"},
    {"dports\t22,80-65535", "dports\t22,22-65535"},
    {"dports\t22,80-65535", "dports\t80-22"},
    {"dports\t22,80-65535", "dports\t22,"},
    {"dports\t22,80-65535", "dports\t22;80"},
    {"dports\t22,80-65535", "dports\t22-"},
    {"dports\t22,80-65535",
	"dports\t1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33"},
    {"tcp_flags_mask\t18", "tcp_flags_mask\t16"},
    {"tcp_flags_mask\t18", "tcp_flags_mask\t256"},
    {"states\t3", "states\t32"},
    {"u\trate\t10", "u\trate\t0"},
    {"burst\t20", "burst\t0"},
    {"s\tmatch\tip", "s\tmatch\t"},
    {"40 1 255 12,6 0 0 4294967295", ""},
    {"40 1 255 12,6", "40 1 255 12,6,6"},
    {"40 1 255 12", "40 1 256 12"},
    {"40 1 255 12", "40 1 255"},
    {"40 1 255 12", "65536 1 255 12"},
    {"6 0 0 4294967295", "6 0 0 4294967296"},
    {"6 0 0 4294967295", "6 0 0 4294967295,"},
    {"ethertype\t0", "ethertype\t2054"},
    {"has_smac\tfalse", "has_smac\ttrue"},
    {"has_vlans\tfalse\ns\tvlans\t\nu\tplace_line\t7",
	"has_vlans\ttrue\ns\tvlans\t\nu\tplace_line\t7"},
    {"s\ttype\techo", "s\ttype\tchargen"},
    {"rcvbuf\t212992", "rcvbuf\t2303"},
    {"rcvbuf\t212992", "rcvbuf\t16777217"},
    {"device_type\ttun", "device_type\ttap"},
};

/* `text` with the first `old` replaced; the caller frees it. */
static char *replaced(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	char *result;

	ck_assert_msg(at != NULL, "%s is not in\n%s", old, text);
	ck_assert_int_gt(asprintf(&result, "%.*s%s%s", (int)(at - text), text,
			     new, at + strlen(old)),
	    0);
	return result;
}

START_TEST(an_odd_filter_is_refused)
{
	struct config *config = make_config(), *back = NULL;
	char *text = config_encode(config);
	char *odd = replaced(text, changes[_i].old, changes[_i].new);

	ck_assert_int_eq(config_decode(&back, odd, strlen(odd)), -EINVAL);
	config_free(config);
	free(text);
	free(odd);
}
END_TEST

START_TEST(a_program_has_a_longest_length)
{
	struct config *config = make_config(), *back = NULL;
	struct config_program *match = &config->filter.rules[0].match;
	size_t count = CONFIG_PROGRAM_MAX + (size_t)_i;
	char *text;

	free(match->list);
	match->list = calloc(count, sizeof(*match->list));
	match->count = count;
	text = config_encode(config);
	ck_assert_int_eq(
	    config_decode(&back, text, strlen(text)), _i ? -EINVAL : 0);
	config_free(config);
	config_free(back);
	free(text);
}
END_TEST

START_TEST(rules_forget_a_peer_that_is_gone)
{
	struct config *config = make_config();
	const struct config_rule *rule = config->filter.rules;

	config_forget_peer(config, 0);
	ck_assert_uint_eq(rule->from.peers_count, 1);
	ck_assert_uint_eq(rule->from.peers[0], 1);
	ck_assert_uint_eq(rule->to.peers[0], 0);
	ck_assert_uint_eq(config->sockets[0].from.peers[0], 1);
	config_forget_peer(config, 0);
	ck_assert_uint_eq(rule->to.peers_count, 0);
	/* it was given, and is not "all" now */
	ck_assert_ptr_nonnull(rule->to.text);
	config_free(config);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("api_filter");
	TCase *tcase = tcase_create("filter");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, a_filter_survives_its_text_form);
	tcase_add_test(tcase, a_filter_cut_off_anywhere_is_refused);
	tcase_add_loop_test(
	    tcase, an_odd_filter_is_refused, 0, (int)ARRAY_SIZE(changes));
	tcase_add_loop_test(tcase, a_program_has_a_longest_length, 0, 2);
	tcase_add_test(tcase, rules_forget_a_peer_that_is_gone);
	return suite;
}
