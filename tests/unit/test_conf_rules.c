/* SPDX-License-Identifier: ISC */
/* The filter of a file and its sockets: what arrives in the configuration. */
#include "unit.h"

#include "conf/reader.h"
#include "conf_text.h"
#include "packet/bpf.h"

#define SITE                                                                   \
	"device = { addresses = [ \"10.9.0.1/24\" ]; };\n"                     \
	"forwarding = \"daemon\"; socket_order = \"kernel\";\n"                \
	"private_key_file = \"/k\";\n"                                         \
	"peers = ( { name = \"alice\"; public_key = \"" KEY_A                  \
	"\"; rate = \"100mbit\"; allowed_ips = [ \"10.9.0.7/32\" ]; },\n"      \
	"{ name = \"bob\"; public_key = \"" KEY_B                              \
	"\"; rate = \"off\"; allowed_ips = [ \"10.9.0.8/32\" ]; } );\n"
/* The one of the issue, which is in vpnd.conf(5), too. */
#define ISSUE                                                                  \
	"filter = { stateful = true; policy = { input = \"reject\"; "          \
	"forward = \"drop\"; output = \"accept\"; };\n"                        \
	"groups = { admins = ( \"alice\", \"bob\" ); "                         \
	"lan = ( \"10.9.0.0/24\", \"fd09::/64\" ); };\n"                       \
	"rules = ( { name = \"ssh\"; hook = \"input\"; from = \"@admins\"; "   \
	"proto = \"tcp\"; dport = \"22\"; action = \"accept\"; "               \
	"log = true; },\n"                                                     \
	"{ name = \"noisy\"; hook = \"forward\"; "                             \
	"match = \"udp[8:4] = 0x13de1b2d or greater 1400\"; "                  \
	"action = \"drop\"; } ); };\n"                                         \
	"sockets = ( { type = \"echo\"; port = 7; rcvbuf = 212992; "           \
	"filter = \"udp and less 600\"; } );\n"

/* All settings of a rule that go together. */
#define RULES                                                                  \
	"filter = { stateful = false; max_flows = 4096; policy = { input = "   \
	"\"accept\"; forward = \"reject\"; prerouting = \"drop\"; };\n"        \
	"groups = { mixed = [ \"bob\", \"10.0.0.0/8\" ]; };\n"                 \
	"rules = ( { name = \"a\"; hook = \"postrouting\"; action = "          \
	"\"count\"; from = \"@mixed, alice, fd00::/8\"; to = \"bob\"; "        \
	"proto = \"udp, tcp\"; sport = \"1024-65535\"; dport = "               \
	"\"81,80, 443,82-90,0\"; rate = \"200/s burst 400\"; },\n"             \
	"{ name = \"b\"; hook = \"input\"; action = \"accept\"; family = "     \
	"\"ipv6\"; proto = \"58\"; icmp_type = \"0x80,packet-too-big\"; "      \
	"rate = \"10/s per peer\"; },\n"                                       \
	"{ name = \"c\"; hook = \"output\"; action = \"drop\"; proto = "       \
	"\"tcp\"; tcp_flags = \"syn,!ack\"; rate = \"1/s burst 9 per peer\"; " \
	"},\n{ name = \"d\"; hook = \"prerouting\"; action = \"reject\"; "     \
	"proto = \"icmp,icmp6\"; icmp_type = \"echo-request,echo-reply\"; }, " \
	"{ name = \"e\"; hook = \"output\"; action = \"accept\"; proto = "     \
	"\"icmp\"; icmp_type = \"unreachable/4, 0x0c/0-1\"; rate = "           \
	"\"2mbit burst 64kbyte\"; }, { name = \"f\"; hook = \"output\"; "      \
	"action = \"accept\"; rate = \"3kbyte/s per peer\"; } ); };\n"

#define TAP_RULES                                                              \
	"device = { type = \"tap\"; };\nprivate_key_file = \"/k\";\n"          \
	"filter = { policy = { input = \"drop\"; forward = \"drop\"; };\n"     \
	"rules = ( { name = \"a\"; hook = \"forward\"; action = \"accept\"; "  \
	"ethertype = \"0x0806\"; smac = \"02:00:00:00:00:01\"; "               \
	"dmac = \"ff:ff:ff:ff:ff:ff\"; vlan = \"0,7-9\"; match = \"arp or "    \
	"vlan 7\"; },\n{ name = \"b\"; hook = \"input\"; action = \"drop\"; "  \
	"state = \"new,untracked\"; } ); };\n"

static const struct config_range *only(const struct config_ranges *ranges)
{
	ck_assert_uint_eq(ranges->count, 1);
	return ranges->list;
}

static bool runs(const struct config_program *program)
{
	struct bpf_instruction list[CONFIG_PROGRAM_MAX];
	struct bpf_fault fault;

	for (size_t i = 0; i < program->count; i++) {
		const struct config_instruction *at = &program->list[i];

		list[i] = (struct bpf_instruction){
		    at->code, at->if_true, at->if_false, at->k};
	}
	return bpf_check(list, program->count, &fault);
}

START_TEST(the_example_of_the_issue_arrives)
{
	struct outcome outcome = outcome_of(SITE ISSUE);
	const struct config_filter *filter = &outcome.config->filter;
	const struct config_rule *rule = filter->rules;
	const struct config_socket *socket = outcome.config->sockets;

	ck_assert_str_eq(outcome.messages, "");
	ck_assert(filter->is_on && filter->is_stateful);
	ck_assert_int_eq(
	    filter->policy[CONFIG_HOOK_INPUT], CONFIG_ACTION_REJECT);
	ck_assert_int_eq(
	    filter->policy[CONFIG_HOOK_FORWARD], CONFIG_ACTION_DROP);
	ck_assert_int_eq(
	    filter->policy[CONFIG_HOOK_POSTROUTING], CONFIG_ACTION_ACCEPT);
	ck_assert_uint_eq(filter->flows_max, 65536);
	ck_assert_uint_eq(filter->flows_per_peer, 8192);
	ck_assert_uint_eq(filter->rules_count, 2);
	ck_assert_str_eq(rule->name, "ssh");
	ck_assert_int_eq(rule->hook, CONFIG_HOOK_INPUT);
	ck_assert_int_eq(rule->action, CONFIG_ACTION_ACCEPT);
	ck_assert(rule->is_logged);
	ck_assert_str_eq(rule->from.text, "@admins");
	ck_assert_uint_eq(rule->from.peers_count, 2);
	ck_assert_uint_eq(rule->from.peers[1], 1);
	ck_assert_ptr_null(rule->to.text);
	ck_assert_uint_eq(only(&rule->protocols)->first, 6);
	ck_assert_uint_eq(only(&rule->dports)->last, 22);
	ck_assert_uint_eq(rule->place.line, 8);
	rule++;
	ck_assert_str_eq(
	    rule->match.text, "udp[8:4] = 0x13de1b2d or greater 1400");
	ck_assert(runs(&rule->match));
	ck_assert_uint_eq(outcome.config->sockets_count, 1);
	ck_assert_int_eq(socket->type, CONFIG_SOCKET_ECHO);
	ck_assert_uint_eq(socket->port, 7);
	ck_assert_uint_eq(socket->rcvbuf, 212992);
	ck_assert(!socket->has_address && runs(&socket->filter));
	outcome_clear(&outcome);
}
END_TEST

START_TEST(settings_beside_the_filter_arrive)
{
	struct outcome outcome = outcome_of(SITE);
	const struct config *config = outcome.config;

	ck_assert_str_eq(outcome.messages, "");
	ck_assert_int_eq(config->forwarding, CONFIG_FORWARDING_DAEMON);
	ck_assert_int_eq(config->socket_order, CONFIG_SOCKET_ORDER_KERNEL);
	ck_assert_uint_eq(config->peers[0].rate_kbit, 100000);
	ck_assert_uint_eq(config->peers[1].rate_kbit, 0);
	ck_assert(!config->filter.is_on);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(ends_join_groups_peers_and_prefixes)
{
	struct outcome outcome = outcome_of(SITE RULES);
	const struct config_rule *rule = outcome.config->filter.rules;

	ck_assert_str_eq(outcome.messages, "");
	ck_assert_uint_eq(rule->from.peers_count, 2);
	ck_assert_uint_eq(rule->from.peers[0], 1);
	ck_assert_uint_eq(rule->from.peers[1], 0);
	ck_assert_uint_eq(rule->from.prefixes_count, 2);
	ck_assert_int_eq(rule->from.prefixes[1].address.family, FAMILY_IPV6);
	ck_assert_uint_eq(rule->to.peers_count, 1);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(ranges_are_sorted_and_joined)
{
	struct outcome outcome = outcome_of(SITE RULES);
	const struct config_rule *rule = outcome.config->filter.rules;
	const struct config_range *dports = rule->dports.list;

	ck_assert_uint_eq(rule->protocols.count, 2);
	ck_assert_uint_eq(rule->protocols.list[0].first, 6);
	ck_assert_uint_eq(rule->dports.count, 3);
	ck_assert(dports[0].first == 0 && dports[0].last == 0);
	ck_assert(dports[1].first == 80 && dports[1].last == 90);
	ck_assert(dports[2].first == 443 && dports[2].last == 443);
	ck_assert_uint_eq(only(&rule->sports)->last, 65535);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(types_flags_and_rates_arrive)
{
	struct outcome outcome = outcome_of(SITE RULES);
	const struct config_rule *rule = outcome.config->filter.rules;

	ck_assert(outcome.config->filter.policy_places[CONFIG_HOOK_INPUT].line);
	ck_assert_uint_eq(
	    outcome.config->filter.policy_places[CONFIG_HOOK_OUTPUT].line, 0);
	ck_assert(rule[0].rate == 200 && rule[0].burst == 400);
	ck_assert(!rule[0].is_rate_per_peer);
	ck_assert_int_eq(rule[1].family, CONFIG_FAMILY_IPV6);
	ck_assert_uint_eq(rule[1].icmp6_types.list[0].first, 0x200);
	ck_assert_uint_eq(rule[1].icmp6_types.list[0].last, 0x2ff);
	ck_assert_uint_eq(rule[1].icmp6_types.list[1].first, 0x8000);
	ck_assert_uint_eq(rule[1].icmp_types.count, 0);
	ck_assert(rule[1].rate == 10 && rule[1].burst == 10);
	ck_assert(rule[1].is_rate_per_peer);
	ck_assert_uint_eq(rule[2].tcp_flags_mask, 0x12);
	ck_assert_uint_eq(rule[2].tcp_flags_value, 0x02);
	ck_assert(rule[2].burst == 9 && rule[2].is_rate_per_peer);
	ck_assert_uint_eq(rule[3].icmp_types.list[0].first, 0);
	ck_assert_uint_eq(rule[3].icmp_types.list[1].first, 0x800);
	ck_assert(rule[3].icmp6_types.list[0].first == 0x8000 &&
		  rule[3].icmp6_types.list[0].last == 0x81ff);
	ck_assert_uint_eq(outcome.config->filter.flows_per_peer, 4096);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(codes_and_rates_of_bytes_arrive)
{
	struct outcome outcome = outcome_of(SITE RULES);
	const struct config_rule *rule = outcome.config->filter.rules;

	ck_assert(!rule[3].is_rate_of_bytes);
	ck_assert(rule[4].icmp_types.list[0].first == 0x304 &&
		  rule[4].icmp_types.list[0].last == 0x304);
	ck_assert(rule[4].icmp_types.list[1].first == 0xc00 &&
		  rule[4].icmp_types.list[1].last == 0xc01);
	ck_assert(rule[4].rate == 250000 && rule[4].burst == 64000);
	ck_assert(rule[4].is_rate_of_bytes && !rule[4].is_rate_per_peer);
	ck_assert(rule[5].rate == 3000 && rule[5].burst == 3000);
	ck_assert(rule[5].is_rate_of_bytes && rule[5].is_rate_per_peer);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(settings_of_frames_arrive)
{
	struct outcome outcome = outcome_of(TAP_RULES);
	const struct config_rule *rule = outcome.config->filter.rules;

	ck_assert_str_eq(outcome.messages, "");
	ck_assert_uint_eq(rule->ethertype, 0x0806);
	ck_assert(rule->has_smac && rule->has_dmac && rule->has_vlans);
	ck_assert_uint_eq(rule->dmac.bytes[5], 0xff);
	ck_assert(vlan_set_has(&rule->vlans, 8));
	ck_assert(runs(&rule->match));
	ck_assert_uint_eq(rule[1].states,
	    1 << CONFIG_STATE_NEW | 1 << CONFIG_STATE_UNTRACKED);
	outcome_clear(&outcome);
}
END_TEST

/* Expressions that took so long already are followed by no other one. */
START_TEST(all_expressions_together_have_a_limit_of_time)
{
	struct conf_messages messages = {0};
	struct config *config = config_new();
	struct conf_reader reader = {.messages = &messages,
	    .config = config,
	    .object = "filter.rules.r.match",
	    .compiling = (clock_t)(_i ? 5 : 4) * CLOCKS_PER_SEC};
	struct conf_setting setting = {
	    .offset = offsetof(struct config_rule, match)};
	struct conf_node node = {
	    .kind = CONF_STRING, .string = "udp", .place = {3, 4}};
	struct config_rule *rule = config_add_rule(&config->filter);

	conf_read_expression(&reader, &setting, &node, rule);
	ck_assert_uint_eq(messages.errors, (size_t)_i);
	ck_assert_int_eq(rule->match.text != NULL, !_i);
	if (_i)
		ck_assert_ptr_nonnull(strstr(messages.list[0]->text,
		    "took longer than 5 seconds to compile"));
	conf_messages_clear(&messages);
	config_free(config);
}
END_TEST

/* Rules of which none hides another, though they are alike, and one does. */
START_TEST(a_hidden_rule_is_found_among_many)
{
	struct outcome outcome;
	char *text;
	size_t room;
	FILE *stream = open_memstream(&text, &room);

	ck_assert_ptr_nonnull(stream);
	fputs("private_key_file = \"/k\"; filter = { policy = { input = "
	      "\"drop\"; forward = \"drop\"; }; rules = (\n",
	    stream);
	for (int i = 0; i < 2000; i++)
		fprintf(stream,
		    "{ name = \"r%d\"; hook = \"input\"; action = \"drop\"; "
		    "from = \"10.0.%d.%d,fd00::%x\"; proto = \"tcp\"; "
		    "dport = \"%d\"; },\n",
		    i, i >> 8, i & 255, i, i % 7);
	fprintf(stream,
	    "{ name = \"last\"; hook = \"input\"; action = \"drop\"; from = "
	    "\"%s\"; proto = \"tcp\"; dport = \"%d\"; } ); };",
	    _i ? "fd00::3e8" : "10.0.3.232", 1000 % 7);
	ck_assert_int_eq(fclose(stream), 0);
	outcome = outcome_of(text);
	ck_assert_ptr_nonnull(strstr(outcome.messages,
	    "x:2002:1: error: filter.rules.last: it can never match: rule "
	    "\"r1000\" in line 1002 takes all"));
	outcome_clear(&outcome);
	free(text);
}
END_TEST

/* What vpnd gets is what the file says. */
static const char *const texts[] = {SITE ISSUE, SITE RULES, TAP_RULES};

START_TEST(a_filter_survives_its_text_form)
{
	struct outcome outcome = outcome_of(texts[_i]);
	char *flat = config_encode(outcome.config), *again;
	struct config *back = NULL;

	ck_assert_int_eq(config_decode(&back, flat, strlen(flat)), 0);
	again = config_encode(back);
	ck_assert_str_eq(flat, again);
	ck_assert_uint_eq(
	    back->filter.rules_count, outcome.config->filter.rules_count);
	config_free(back);
	free(flat);
	free(again);
	outcome_clear(&outcome);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("conf_rules");
	TCase *tcase = tcase_create("rules");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, the_example_of_the_issue_arrives);
	tcase_add_test(tcase, settings_beside_the_filter_arrive);
	tcase_add_test(tcase, ends_join_groups_peers_and_prefixes);
	tcase_add_test(tcase, ranges_are_sorted_and_joined);
	tcase_add_test(tcase, types_flags_and_rates_arrive);
	tcase_add_test(tcase, codes_and_rates_of_bytes_arrive);
	tcase_add_test(tcase, settings_of_frames_arrive);
	tcase_add_loop_test(
	    tcase, all_expressions_together_have_a_limit_of_time, 0, 2);
	tcase_add_loop_test(tcase, a_hidden_rule_is_found_among_many, 0, 2);
	tcase_add_loop_test(
	    tcase, a_filter_survives_its_text_form, 0, (int)ARRAY_SIZE(texts));
	return suite;
}
