/* SPDX-License-Identifier: ISC */
/* The filter of a configuration at work: at start, after a reload, and while
 * peers come and go. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/state.h"
#include "filter_conf.h"
#include "header.h"
#include "net/rule.h"
#include "pair.h"
#include "path/run.h"
#include "unit.h"

#define ERROR_BYTES 512

static struct pair pair;
static char error[ERROR_BYTES];

static struct core *right(void)
{
	return pair.ends[1].core;
}

/* Right's, with left as its peer; what no rule decides at input is dropped. */
static struct config *strict(void)
{
	struct config *config = pair_config(&pair, 1);

	config->filter.is_on = true;
	config->filter.is_stateful = false;
	config->filter.policy[CONFIG_HOOK_INPUT] = CONFIG_ACTION_DROP;
	return config;
}

/* The same, but left may. */
static struct config *friendly(void)
{
	struct config *config = strict();

	filter_end(&filter_rule(
		       config, "left", CONFIG_HOOK_INPUT, CONFIG_ACTION_ACCEPT)
			->from,
	    0);
	return config;
}

static void start(struct config *config)
{
	pair_start(&pair, 0, pair_config(&pair, 0));
	pair_start(&pair, 1, config);
	pair_connect(&pair);
}

/* Of right; consumes next. */
static int reload(struct config *next)
{
	struct core_keys *keys = pair_keys(&pair, 1, next->peers_count);
	struct plan plan;
	int err;

	ck_assert_int_eq(core_plan(right(), next, keys, &plan), 0);
	err = core_apply(
	    right(), &plan, next, keys, &pair.moment, error, sizeof(error));
	plan_clear(&plan);
	return err;
}

/* Whether what left sends comes out at right. */
static bool arrives(void)
{
	size_t delivered = pair.ends[1].delivered;

	pair_send(&pair, 0, "10.0.0.2");
	pair_carry(&pair);
	return pair.ends[1].delivered == delivered + 1;
}

static const struct rule *rule_of(size_t idx)
{
	const struct rule *rule = ruleset_rule(right()->filter.rules, idx);

	ck_assert_ptr_nonnull(rule);
	return rule;
}

START_TEST(without_a_filter_all_is_accepted)
{
	pair_init(&pair);
	start(pair_config(&pair, 1));
	ck_assert_ptr_null(right()->filter.rules);
	ck_assert(arrives());
	pair_clear(&pair);
}
END_TEST

START_TEST(a_policy_decides_without_rules)
{
	pair_init(&pair);
	start(strict());
	ck_assert(!arrives());
	ck_assert_uint_eq(
	    ruleset_policy(right()->filter.rules, HOOK_INPUT)->packets, 1);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_rule_knows_the_peer_it_names)
{
	pair_init(&pair);
	start(friendly());
	ck_assert(arrives());
	ck_assert_uint_eq(rule_of(0)->packets, 1);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_rule_does_not_know_another_peer)
{
	struct config *config;

	pair_init(&pair);
	config = strict();
	(void)pair_add_peer(config, "another", "10.1.0.0/16");
	filter_end(&filter_rule(config, "another", CONFIG_HOOK_INPUT,
		       CONFIG_ACTION_ACCEPT)
			->from,
	    1);
	start(config);
	ck_assert(!arrives());
	pair_clear(&pair);
}
END_TEST

static const struct config_instruction reject_all[] = {{6, 0, 0, 0}};
static const struct config_instruction accept_all[] = {{6, 0, 0, 9}};

START_TEST(an_expression_runs)
{
	struct config *config;

	pair_init(&pair);
	config = strict();
	filter_match(
	    filter_rule(config, "m", CONFIG_HOOK_INPUT, CONFIG_ACTION_ACCEPT),
	    "expression", _i ? accept_all : reject_all, 1);
	start(config);
	ck_assert_int_eq(arrives(), _i);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_program_that_jumps_nowhere_is_refused)
{
	static const struct config_instruction odd[] = {{5, 0, 0, 7}};
	struct config *next;

	pair_init(&pair);
	start(friendly());
	next = strict();
	filter_match(
	    filter_rule(next, "m", CONFIG_HOOK_INPUT, CONFIG_ACTION_ACCEPT),
	    "expression", odd, 1);
	ck_assert_int_eq(reload(next), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, "error: filter: "));
	ck_assert(arrives());
	pair_clear(&pair);
}
END_TEST

/* ---- reload ---- */

START_TEST(a_reload_changes_the_rules_at_once)
{
	pair_init(&pair);
	start(friendly());
	ck_assert(arrives());
	ck_assert_int_eq(reload(strict()), 0);
	ck_assert(!arrives());
	ck_assert_int_eq(reload(friendly()), 0);
	ck_assert(arrives());
	ck_assert_int_eq(reload(pair_config(&pair, 1)), 0);
	ck_assert_ptr_null(right()->filter.rules);
	ck_assert(arrives());
	pair_clear(&pair);
}
END_TEST

START_TEST(a_reload_that_only_moves_lines_moves_the_places)
{
	struct config *next;

	pair_init(&pair);
	start(friendly());
	next = friendly();
	next->filter.rules[0].place = (struct config_place){40, 4};
	next->filter.policy_places[CONFIG_HOOK_INPUT].line = 30;
	ck_assert_int_eq(reload(next), 0);
	ck_assert_uint_eq(
	    ruleset_rule(right()->filter.rules, 0)->spec.line, 40);
	ck_assert_uint_eq(
	    ruleset_policy(right()->filter.rules, HOOK_INPUT)->line, 30);
	pair_clear(&pair);
}
END_TEST

START_TEST(each_reload_has_another_generation)
{
	uint32_t before;

	pair_init(&pair);
	start(friendly());
	before = ruleset_generation(right()->filter.rules);
	ck_assert_int_eq(reload(friendly()), 0);
	ck_assert_uint_ne(ruleset_generation(right()->filter.rules), before);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_rule_that_keeps_its_name_keeps_its_counters)
{
	struct config *next;

	pair_init(&pair);
	start(friendly());
	ck_assert(arrives() && arrives());
	ck_assert_int_eq(reload(strict()), 0);
	ck_assert(!arrives());
	next = strict();
	(void)filter_rule(next, "new", CONFIG_HOOK_OUTPUT, CONFIG_ACTION_COUNT);
	filter_end(
	    &filter_rule(next, "left", CONFIG_HOOK_INPUT, CONFIG_ACTION_ACCEPT)
		 ->from,
	    0);
	ck_assert_int_eq(reload(next), 0);
	ck_assert_uint_eq(rule_of(1)->packets, 0);
	ck_assert(arrives());
	ck_assert_int_eq(reload(friendly()), 0);
	ck_assert_uint_eq(rule_of(0)->packets, 1);
	ck_assert_uint_eq(
	    ruleset_policy(right()->filter.rules, HOOK_INPUT)->packets, 1);
	pair_clear(&pair);
}
END_TEST

static struct config *stateful(uint32_t flows)
{
	struct config *config = friendly();

	config->filter.is_stateful = true;
	config->filter.flows_max = flows;
	config->filter.flows_per_peer = 16;
	return config;
}

START_TEST(flows_outlive_a_reload_that_keeps_their_limits)
{
	const struct flows *flows;

	pair_init(&pair);
	start(stateful(64));
	flows = right()->filter.flows;
	ck_assert_ptr_nonnull(flows);
	ck_assert_int_eq(reload(stateful(64)), 0);
	ck_assert_ptr_eq(right()->filter.flows, flows);
	ck_assert_int_eq(reload(stateful(128)), 0);
	ck_assert_ptr_nonnull(right()->filter.flows);
	ck_assert_int_eq(reload(friendly()), 0);
	ck_assert_ptr_null(right()->filter.flows);
	pair_clear(&pair);
}
END_TEST

/* ---- peers that come and go ---- */

static void ask(const char *verb, const char *name, const char *key)
{
	struct core_answer answer;

	free(pair_ask(&pair, 1, CONTROL_RIGHTS_ALL, &answer, verb, name,
	    key ? "public-key" : NULL, key, (const char *)NULL));
	ck_assert_msg(answer.exit == CONTROL_OK, "%s", answer.message);
}

static void add_runtime_peer(const char *name, uint8_t number)
{
	uint8_t public_key[CONFIG_KEY_BYTES] = {number};
	char text[KEY_TEXT_BYTES];

	ask("peer add", name, key_format(public_key, text));
}

static char *ask_flows(const char *peer, struct core_answer *answer)
{
	return pair_ask(
	    &pair, 1, CONTROL_RIGHTS_ALL, answer, "flows", peer, NULL);
}

/* UDP from left to right. */
static void begin_flow(void)
{
	uint8_t bytes[IPV4_BYTES + UDP_BYTES] = {[0] = 0x45,
	    [3] = sizeof(bytes),
	    [8] = 64,
	    [9] = IP_PROTOCOL_UDP,
	    [12] = 10,
	    [15] = 1,
	    [16] = 10,
	    [19] = 2,
	    [21] = 99,
	    [23] = 53,
	    [25] = UDP_BYTES};

	header_finish(bytes, IPV4_BYTES);
	pair_send_bytes(&pair, 0, bytes, sizeof(bytes));
	pair_carry(&pair);
}

START_TEST(flows_are_told)
{
	struct core_answer answer;
	struct config *config;
	char *reply;

	pair_init(&pair);
	config = friendly();
	config->filter.is_stateful = true;
	config->filter.flows_max = 64;
	config->filter.flows_per_peer = 32;
	start(config);
	reply = ask_flows(NULL, &answer);
	ck_assert_str_eq(pair_value(reply, "flows"), "0");
	free(reply);
	begin_flow();
	reply = ask_flows(NULL, &answer);
	ck_assert_str_eq(pair_value(reply, "schema"), "vpnd.flows/1");
	ck_assert_str_eq(pair_value(reply, "from"), "left");
	ck_assert_str_eq(pair_value(reply, "to"), "");
	ck_assert_str_eq(pair_value(reply, "protocol_name"), "udp");
	ck_assert_str_eq(pair_value(reply, "source"), "10.0.0.1");
	ck_assert_str_eq(pair_value(reply, "source_port"), "99");
	ck_assert_str_eq(pair_value(reply, "destination"), "10.0.0.2");
	ck_assert_str_eq(pair_value(reply, "answered"), "false");
	ck_assert_str_eq(pair_value(reply, "accepted"), "true");
	ck_assert_str_eq(pair_value(reply, "flows_max"), "64");
	ck_assert_str_eq(pair_value(reply, "shown"), "1");
	free(reply);
	reply = ask_flows("left", &answer);
	ck_assert_str_eq(pair_value(reply, "shown"), "1");
	free(reply);
	/* another table has it, too */
	config = friendly();
	config->filter.is_stateful = true;
	config->filter.flows_max = 128;
	config->filter.flows_per_peer = 32;
	ck_assert_int_eq(reload(config), 0);
	reply = ask_flows("left", &answer);
	ck_assert_str_eq(pair_value(reply, "shown"), "1");
	ck_assert_str_eq(pair_value(reply, "flows_max"), "128");
	free(reply);
	reply = ask_flows("lef", &answer);
	ck_assert_int_eq(answer.exit, CONTROL_NO_OBJECT);
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(there_are_no_flows_without_a_stateful_filter)
{
	struct core_answer answer;
	char *reply;

	pair_init(&pair);
	start(strict());
	reply = ask_flows(NULL, &answer);
	ck_assert_int_eq(answer.exit, CONTROL_FAILED);
	ck_assert_str_eq(answer.message,
	    "the filter does not look at flows: stateful is false");
	free(reply);
	reply = pair_ask(&pair, 0, CONTROL_RIGHTS_ALL, &answer, "flows", NULL);
	ck_assert_int_eq(answer.exit, CONTROL_FAILED);
	ck_assert_str_eq(
	    answer.message, "there is no filter, so no flow is looked at");
	free(reply);
	reply = pair_ask(&pair, 1, CONTROL_RIGHTS_READ, &answer, "flows", NULL);
	ck_assert_int_eq(answer.exit, CONTROL_NOT_PERMITTED);
	free(reply);
	pair_clear(&pair);
}
END_TEST

START_TEST(a_runtime_peer_is_in_no_rule)
{
	pair_init(&pair);
	start(friendly());
	add_runtime_peer("new", 9);
	ck_assert_uint_eq(rule_of(0)->spec.from->peers_count, 1);
	ck_assert(arrives());
	pair_clear(&pair);
}
END_TEST

/* The number of the one that went is given to the next one. */
START_TEST(a_rule_forgets_a_peer_that_is_removed)
{
	struct config *config;
	struct config_rule *rule;

	pair_init(&pair);
	config = strict();
	(void)pair_add_peer(config, "first", "10.1.0.0/16");
	(void)pair_add_peer(config, "second", "10.2.0.0/16");
	rule =
	    filter_rule(config, "r", CONFIG_HOOK_INPUT, CONFIG_ACTION_ACCEPT);
	filter_end(&rule->from, 1);
	rule =
	    filter_rule(config, "s", CONFIG_HOOK_INPUT, CONFIG_ACTION_ACCEPT);
	filter_end(&rule->from, 2);
	start(config);
	ask("peer remove", "first", NULL);
	ck_assert_uint_eq(rule_of(0)->spec.from->peers_count, 0);
	add_runtime_peer("new", 9);
	ck_assert_uint_eq(rule_of(0)->spec.from->peers_count, 0);
	ck_assert_ptr_nonnull(rule_of(0)->spec.from);
	ck_assert_uint_eq(rule_of(1)->spec.from->peers_count, 1);
	ck_assert_uint_eq(rule_of(1)->spec.from->peers[0],
	    tunnel_peer_id(peers_find(right(), "second")->peer));
	pair_clear(&pair);
}
END_TEST

/* ---- what the rules of a configuration become ---- */

static struct config *many_fields(void)
{
	struct config *config = strict();
	struct config_rule *rule =
	    filter_rule(config, "r", CONFIG_HOOK_FORWARD, CONFIG_ACTION_REJECT);

	filter_prefix(&rule->from, "10.0.0.0/8");
	filter_end(&rule->to, 0);
	rule->family = CONFIG_FAMILY_IPV4;
	rule->is_logged = true;
	rule->protocols = (struct config_ranges){1, {{6, 6}}};
	rule->sports = (struct config_ranges){2, {{1, 2}, {9, 9}}};
	rule->dports = (struct config_ranges){1, {{22, 22}}};
	rule->icmp_types = (struct config_ranges){1, {{8, 8}}};
	rule->icmp6_types = (struct config_ranges){1, {{128, 129}}};
	rule->tcp_flags_mask = 0x12;
	rule->tcp_flags_value = 2;
	rule->states = 1u << CONFIG_STATE_NEW | 1u << CONFIG_STATE_UNTRACKED;
	rule->rate = 3;
	rule->burst = 7;
	rule->is_rate_per_peer = true;
	rule->place = (struct config_place){5, 6};
	return config;
}

START_TEST(each_field_of_a_rule_arrives)
{
	const struct rule_spec *spec;

	pair_init(&pair);
	start(many_fields());
	spec = &rule_of(0)->spec;
	ck_assert_str_eq(spec->name, "r");
	ck_assert(spec->line == 5 && spec->column == 6 && spec->has_log);
	ck_assert_int_eq(spec->hook, HOOK_FORWARD);
	ck_assert_int_eq(spec->action, RULE_REJECT);
	ck_assert_uint_eq(spec->family, FAMILY_IPV4);
	ck_assert_str_eq(spec->from->text, "10.0.0.0/8");
	ck_assert_uint_eq(spec->from->prefixes[0].bits, 8);
	ck_assert_uint_eq(spec->to->peers[0],
	    tunnel_peer_id(peers_find(right(), "left")->peer));
	ck_assert_uint_eq(spec->protocols.list[0].first, 6);
	ck_assert_uint_eq(spec->source_ports.count, 2);
	ck_assert_uint_eq(spec->destination_ports.list[0].last, 22);
	ck_assert_uint_eq(spec->icmp_types.list[0].first, 8);
	ck_assert_uint_eq(spec->icmp6_types.list[0].last, 129);
	ck_assert(spec->tcp_flags_mask == 0x12 && spec->tcp_flags == 2);
	ck_assert_uint_eq(spec->states, 1u << FLOW_NEW | 1u << FLOW_UNTRACKED);
	ck_assert(spec->rate.rate == 3 && spec->rate.burst == 7);
	ck_assert(spec->has_rate_per_peer);
	ck_assert_uint_eq(spec->ethertypes.count, 0);
	ck_assert_ptr_null(spec->source_mac);
	ck_assert_ptr_null(spec->vlans);
	pair_clear(&pair);
}
END_TEST

static void set_frame(struct config *config)
{
	struct config_rule *rule = config->filter.rules;

	rule->ethertype = 0x0806;
	rule->has_smac = rule->has_dmac = rule->has_vlans = true;
	rule->smac = (struct mac){{2, 0, 0, 0, 0, 1}};
	vlan_set_add(&rule->vlans, 7);
}

START_TEST(the_fields_of_frames_arrive)
{
	struct config *config;
	const struct rule_spec *spec;

	pair_init(&pair);
	config = many_fields();
	set_frame(config);
	start(config);
	spec = &rule_of(0)->spec;
	ck_assert_uint_eq(spec->ethertypes.list[0].last, 0x0806);
	ck_assert_uint_eq(spec->source_mac->bytes[5], 1);
	ck_assert_ptr_nonnull(spec->destination_mac);
	ck_assert(vlan_set_has(spec->vlans, 7));
	pair_clear(&pair);
}
END_TEST

/* Many rules with a large group. */
START_TEST(rules_share_a_large_group)
{
	struct config *config;

	pair_init(&pair);
	config = strict();
	for (unsigned i = 1; i < 20; i++) {
		char name[16];

		snprintf(name, sizeof(name), "p%u", i);
		(void)pair_add_peer(config, name, NULL)->public_key[0]++;
	}
	for (unsigned i = 0; i < 3; i++) {
		struct config_rule *rule =
		    filter_rule(config, (const char *[]){"a", "b", "c"}[i],
			CONFIG_HOOK_OUTPUT, CONFIG_ACTION_COUNT);

		for (uint32_t idx = i == 2; idx < 20; idx++)
			filter_end(&rule->to, idx);
		free(rule->to.text);
		rule->to.text = strdup(i == 2 ? "@others" : "@all");
	}
	start(config);
	ck_assert_ptr_eq(rule_of(0)->spec.to, rule_of(1)->spec.to);
	ck_assert_uint_eq(rule_of(0)->spec.to->peers_count, 20);
	ck_assert_uint_eq(rule_of(2)->spec.to->peers_count, 19);
	pair_clear(&pair);
}
END_TEST

/* ---- the log of rules ---- */

static char lines[8192];

static void keep_line(void *context, enum log_level level, const char *line)
{
	size_t len = strlen(lines);

	(void)context;
	if (level == LOG_LEVEL_INFO && strncmp(line, "rule ", 5) == 0)
		snprintf(lines + len, sizeof(lines) - len, "%s\n", line);
}

static const struct log sink = {LOG_LEVEL_INFO, keep_line, NULL};

static struct config *logging(enum config_action action)
{
	struct config *config = strict();

	filter_rule(config, "ssh", CONFIG_HOOK_INPUT, action)->is_logged = true;
	return config;
}

static void start_logging(enum config_action action)
{
	pair_init(&pair);
	start(logging(action));
	right()->log = &sink;
	*lines = '\0';
}

static const struct {
	enum config_action action;
	const char *line;
} logged[] = {
    {CONFIG_ACTION_ACCEPT, "rule ssh: accepted at input from left: "},
    {CONFIG_ACTION_DROP, "rule ssh: dropped at input from left: "},
    {CONFIG_ACTION_REJECT, "rule ssh: rejected at input from left: "},
    /* and the policy drops */
    {CONFIG_ACTION_COUNT, "rule ssh: dropped at input from left: "},
};

START_TEST(a_rule_that_logs_says_what_it_matched)
{
	struct rule_log_entry *entry;
	uint64_t seen = 0;

	start_logging(logged[_i].action);
	(void)arrives();
	ck_assert_msg(
	    strncmp(lines, logged[_i].line, strlen(logged[_i].line)) == 0, "%s",
	    lines);
	ck_assert_ptr_nonnull(strstr(lines, " 10.0.0.1 > 10.0.0.2 len 28\n"));
	entry = path_next_log(core_path(right()), &seen);
	ck_assert_ptr_nonnull(entry);
	ck_assert_str_eq(entry->rule, "ssh");
	ck_assert_str_eq(entry->from, "left");
	ck_assert_uint_eq(entry->header_len, 28);
	ck_assert_uint_eq(entry->header[0], 0x45);
	ck_assert_ptr_null(path_next_log(core_path(right()), &seen));
	pair_clear(&pair);
}
END_TEST

START_TEST(the_ring_is_told_to_those_who_ask)
{
	struct core_answer answered;
	char *reply;

	start_logging(CONFIG_ACTION_DROP);
	(void)arrives();
	pair_pass(&pair, NS_PER_S);
	reply = pair_ask(&pair, 1, CONTROL_RIGHTS_ALL, &answered, "filter log",
	    (const char *)NULL);
	ck_assert_int_eq(answered.exit, CONTROL_OK);
	ck_assert_str_eq(pair_value(reply, "schema"), "vpnd.filter_log/1");
	ck_assert_str_eq(pair_value(reply, "age_s"), "1.000");
	ck_assert_str_eq(pair_value(reply, "rule"), "ssh");
	ck_assert_str_eq(pair_value(reply, "reason"), "NETFILTER_DROP");
	ck_assert_str_eq(pair_value(reply, "from"), "left");
	ck_assert_str_eq(pair_value(reply, "to"), "");
	ck_assert_int_eq(
	    strncmp(pair_value(reply, "header"), "4500001c", 8), 0);
	free(reply);
	pair_clear(&pair);
}
END_TEST

static size_t count_lines(void)
{
	size_t count = 0;

	for (const char *at = lines; (at = strchr(at, '\n')); at++)
		count++;
	return count;
}

/* A burst of lines, then so many a second; the ring has the last ones. */
START_TEST(lines_have_a_rate_and_the_ring_an_end)
{
	uint64_t seen = 0, kept = 0;

	start_logging(CONFIG_ACTION_DROP);
	for (int i = 0; i < 300; i++)
		(void)arrives();
	ck_assert_uint_eq(count_lines(), 20);
	pair_pass(&pair, NS_PER_S / 10);
	(void)arrives();
	ck_assert_uint_eq(count_lines(), 21);
	ck_assert_ptr_nonnull(strstr(lines, " (280 lines were left out)\n"));
	while (path_next_log(core_path(right()), &seen))
		kept++;
	ck_assert_uint_eq(kept, RULE_LOG_ENTRIES);
	ck_assert_uint_eq(seen, 301);
	pair_clear(&pair);
}
END_TEST

/* ---- what a plan says ---- */

static void set_off(struct config *config)
{
	config->filter.is_on = false;
}
static void set_stateful(struct config *config)
{
	config->filter.is_stateful = true;
}
static void set_flows(struct config *config)
{
	config->filter.flows_max--;
}
static void set_policy(struct config *config)
{
	config->filter.policy[CONFIG_HOOK_OUTPUT] = CONFIG_ACTION_DROP;
}
static void set_more_rules(struct config *config)
{
	(void)filter_rule(config, "s", CONFIG_HOOK_INPUT, CONFIG_ACTION_COUNT);
}
static void set_action(struct config *config)
{
	config->filter.rules[0].action = CONFIG_ACTION_DROP;
}
static void set_prefix(struct config *config)
{
	config->filter.rules[0].from.prefixes[0].bits = 9;
}
static void set_more_peers(struct config *config)
{
	filter_end(&config->filter.rules[0].from, 0);
}
static void set_ports(struct config *config)
{
	config->filter.rules[0].dports.list[0].last++;
}
static void set_match(struct config *config)
{
	filter_match(&config->filter.rules[0], "ip", accept_all, 1);
}
static void set_forwarding(struct config *config)
{
	config->forwarding = CONFIG_FORWARDING_DAEMON;
}
static void set_rate(struct config *config)
{
	config->peers[0].rate_kbit = 7;
}
static void set_sockets(struct config *config)
{
	config_add_socket(config)->port = 7;
}
static void set_order(struct config *config)
{
	config->socket_order = CONFIG_SOCKET_ORDER_KERNEL;
}

static const struct {
	void (*set)(struct config *config);
	const char *setting;
} differences[] = {
    {set_off, "filter"},
    {set_stateful, "filter.stateful"},
    {set_flows, "filter.max_flows"},
    {set_policy, "filter.policy"},
    {set_more_rules, "filter.rules"},
    {set_action, "filter.rules"},
    {set_prefix, "filter.rules"},
    {set_more_peers, "filter.rules"},
    {set_ports, "filter.rules"},
    {set_match, "filter.rules"},
    {set_forwarding, "forwarding"},
    {set_rate, "rate"},
    {set_sockets, "sockets"},
    {set_order, "socket_order"},
};

START_TEST(each_difference_of_a_filter_is_one_step)
{
	struct config *next;
	struct core_keys *keys;
	struct plan plan;

	pair_init(&pair);
	start(many_fields());
	next = many_fields();
	/* moved in the file, but the same */
	next->filter.rules[0].place.line = 99;
	differences[_i].set(next);
	keys = pair_keys(&pair, 1, 1);
	ck_assert_int_eq(core_plan(right(), next, keys, &plan), 0);
	ck_assert_uint_eq(plan.count, 1);
	ck_assert_str_eq(plan.steps[0].setting, differences[_i].setting);
	plan_clear(&plan);
	core_keys_free(&memory_heap, keys);
	config_free(next);
	pair_clear(&pair);
}
END_TEST

/* A peer is the same when it has another place. */
START_TEST(an_unchanged_filter_needs_no_step)
{
	struct config *next;

	pair_init(&pair);
	next = friendly();
	(void)pair_add_peer(next, "more", "10.1.0.0/16");
	start(next);
	next = friendly();
	(void)pair_add_peer(next, "more", "10.1.0.0/16");
	ck_assert(!filter_rules_differs(core_config(right()), next));
	next->filter.rules[0].from.peers[0] = 1;
	ck_assert(filter_rules_differs(core_config(right()), next));
	config_free(next);
	pair_clear(&pair);
}
END_TEST

START_TEST(forwarding_is_turned_on_by_a_reload)
{
	struct config *next;

	pair_init(&pair);
	start(friendly());
	ck_assert(!core_path(right())->is_forwarding);
	next = friendly();
	next->forwarding = CONFIG_FORWARDING_DAEMON;
	ck_assert_int_eq(reload(next), 0);
	ck_assert(core_path(right())->is_forwarding);
	pair_clear(&pair);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("core_filter");
	TCase *tcase = tcase_create("filter");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, without_a_filter_all_is_accepted);
	tcase_add_test(tcase, a_policy_decides_without_rules);
	tcase_add_test(tcase, a_rule_knows_the_peer_it_names);
	tcase_add_test(tcase, a_rule_does_not_know_another_peer);
	tcase_add_loop_test(tcase, an_expression_runs, 0, 2);
	tcase_add_test(tcase, a_program_that_jumps_nowhere_is_refused);
	tcase_add_test(tcase, a_reload_changes_the_rules_at_once);
	tcase_add_test(tcase, a_reload_that_only_moves_lines_moves_the_places);
	tcase_add_test(tcase, each_reload_has_another_generation);
	tcase_add_test(tcase, a_rule_that_keeps_its_name_keeps_its_counters);
	tcase_add_test(tcase, flows_outlive_a_reload_that_keeps_their_limits);
	tcase_add_test(tcase, flows_are_told);
	tcase_add_test(tcase, there_are_no_flows_without_a_stateful_filter);
	tcase_add_test(tcase, a_runtime_peer_is_in_no_rule);
	tcase_add_test(tcase, a_rule_forgets_a_peer_that_is_removed);
	tcase_add_test(tcase, each_field_of_a_rule_arrives);
	tcase_add_test(tcase, the_fields_of_frames_arrive);
	tcase_add_test(tcase, rules_share_a_large_group);
	tcase_add_loop_test(tcase, a_rule_that_logs_says_what_it_matched, 0,
	    (int)ARRAY_SIZE(logged));
	tcase_add_test(tcase, the_ring_is_told_to_those_who_ask);
	tcase_add_test(tcase, lines_have_a_rate_and_the_ring_an_end);
	tcase_add_loop_test(tcase, each_difference_of_a_filter_is_one_step, 0,
	    (int)ARRAY_SIZE(differences));
	tcase_add_test(tcase, an_unchanged_filter_needs_no_step);
	tcase_add_test(tcase, forwarding_is_turned_on_by_a_reload);
	return suite;
}
