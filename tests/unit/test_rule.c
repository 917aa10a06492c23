/* SPDX-License-Identifier: ISC */
/* The filter: what rules mean, and the same against an oracle. */
#include "unit.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>

#include "frame.h"
#include "packet/ip.h"
#include "rule_story.h"
#include "seed.h"

#define S NS_PER_S

static const struct instant start = {S};

static struct ruleset *set_of(const struct rule_spec *specs, size_t count)
{
	struct ruleset_setup setup = {.specs = specs,
	    .count = count,
	    .policy = {[HOOK_INPUT] = RULE_REJECT, [HOOK_FORWARD] = RULE_DROP},
	    .generation = 7,
	    .last_peer_id = 3};
	struct ruleset *set;

	ck_assert_int_eq(ruleset_new(&set, &setup, start), 0);
	return set;
}

/* udp 10.9.0.7:4000 > 10.9.0.1:53 */
static const char udp[] = "4500002000070000401166ad0a0900070a0900010fa00035"
			  "000c000078787878";

static struct held packet;

static void hold(const char *hex)
{
	frame_hold_hex(&packet, hex);
	ck_assert_int_eq(packet_parse_ip(&packet.pkt), DROP_NONE);
	packet.pkt.segments = 1;
	packet.pkt.from_id = 2;
}

static struct rule_result decide_at(
    struct ruleset *set, enum hook hook, struct instant now)
{
	struct rule_result result;

	ruleset_decide(set, hook, &packet.pkt, now, &result);
	return result;
}

static struct rule_result decide(struct ruleset *set)
{
	return decide_at(set, HOOK_INPUT, start);
}

START_TEST(rule_policy_decides_without_rules)
{
	struct ruleset *set = set_of(NULL, 0);
	struct rule_result result;

	hold(udp);
	result = decide(set);
	ck_assert_int_eq(result.action, RULE_REJECT);
	ck_assert_int_eq(result.drop, DROP_NETFILTER_DROP);
	ck_assert_ptr_null(result.rule);
	ck_assert_int_eq(decide_at(set, HOOK_FORWARD, start).action, RULE_DROP);
	result = decide_at(set, HOOK_OUTPUT, start);
	ck_assert_int_eq(result.action, RULE_ACCEPT);
	ck_assert_int_eq(result.drop, DROP_NONE);
	ck_assert_uint_eq(ruleset_policy(set, HOOK_INPUT)->packets, 1);
	ck_assert_uint_eq(ruleset_policy(set, HOOK_INPUT)->bytes, 32);
	ck_assert_uint_eq(ruleset_generation(set), 7);
	ck_assert_ptr_null(ruleset_rule(set, 0));
	ruleset_free(set);
	ruleset_free(NULL);
	frame_release(&packet);
}
END_TEST

START_TEST(rule_first_match_wins_and_count_goes_on)
{
	const struct rule_range dns = {53, 53};
	const struct rule_spec specs[] = {
	    {.hook = HOOK_INPUT, .action = RULE_COUNT, .has_log = true},
	    {.hook = HOOK_FORWARD, .action = RULE_DROP},
	    {.hook = HOOK_INPUT,
		.action = RULE_ACCEPT,
		.destination_ports = {&dns, 1}},
	    {.hook = HOOK_INPUT, .action = RULE_DROP},
	};
	struct ruleset *set = set_of(specs, ARRAY_SIZE(specs));
	struct rule_result result;

	hold(udp);
	result = decide(set);
	ck_assert_int_eq(result.action, RULE_ACCEPT);
	ck_assert_ptr_eq(result.rule, ruleset_rule(set, 2));
	ck_assert_ptr_eq(result.log, ruleset_rule(set, 0));
	packet.pkt.destination_port = 54;
	result = decide(set);
	ck_assert_ptr_eq(result.rule, ruleset_rule(set, 3));
	ck_assert_uint_eq(ruleset_rule(set, 0)->packets, 2);
	ck_assert_uint_eq(ruleset_rule(set, 0)->bytes, 64);
	ck_assert_uint_eq(ruleset_rule(set, 1)->packets, 0);
	ck_assert_uint_eq(ruleset_rule(set, 2)->packets, 1);
	ck_assert_uint_eq(ruleset_rule(set, 3)->packets, 1);
	ruleset_free(set);
	frame_release(&packet);
}
END_TEST

/* Counting rules of these names, the i-th with i packets. */
static struct ruleset *counted_set(const char *const *names, size_t count)
{
	struct rule_spec specs[8] = {0};
	struct rule_range ports[8];
	struct ruleset *set;

	for (size_t i = 0; i < count; i++) {
		ports[i] = (struct rule_range){0, (uint16_t)(i + 1)};
		specs[i] = (struct rule_spec){.name = names[i],
		    .hook = HOOK_INPUT,
		    .action = RULE_COUNT,
		    .source_ports = {&ports[i], 1}};
	}
	set = set_of(specs, count);
	hold(udp);
	for (size_t i = 0; i < count; i++) {
		packet.pkt.source_port = (uint16_t)(count - i);
		(void)decide(set);
	}
	frame_release(&packet);
	return set;
}

START_TEST(rule_keeps_its_counters_wherever_it_moves)
{
	static const char *const before[] = {"e", "a", "", "b", "d", "c"};
	static const char *const after[] = {
	    "c", "b", "f", "", "a", "aa", "d", "e"};
	static const uint64_t packets[] = {6, 4, 0, 0, 2, 0, 5, 1};
	struct ruleset *from = counted_set(before, ARRAY_SIZE(before));
	struct rule_spec specs[ARRAY_SIZE(after)] = {0};
	struct ruleset *set;

	for (size_t i = 0; i < ARRAY_SIZE(after); i++)
		specs[i] = (struct rule_spec){
		    .name = after[i], .hook = HOOK_INPUT, .action = RULE_COUNT};
	set = set_of(specs, ARRAY_SIZE(after));
	ruleset_inherit(set, from);
	for (size_t i = 0; i < ARRAY_SIZE(after); i++) {
		ck_assert_uint_eq(ruleset_rule(set, i)->packets, packets[i]);
		ck_assert_uint_eq(ruleset_rule(set, i)->bytes, 32 * packets[i]);
	}
	ck_assert_uint_eq(ruleset_policy(set, HOOK_INPUT)->packets, 6);
	ruleset_free(set);
	ruleset_free(from);
}
END_TEST

START_TEST(rule_never_reads_ports_of_a_later_fragment)
{
	const struct rule_range all = {0, 65535};
	const struct rule_range protocol = {IP_PROTOCOL_UDP, IP_PROTOCOL_UDP};
	const struct rule_spec specs[] = {
	    {.hook = HOOK_INPUT, .destination_ports = {&all, 1}},
	    {.hook = HOOK_INPUT, .protocols = {&protocol, 1}},
	};
	struct ruleset *set = set_of(specs, ARRAY_SIZE(specs));

	/* offset 8; the payload looks like ports */
	hold("4500002000070001401166ac0a0900070a0900010fa00035000c0000"
	     "78787878");
	ck_assert_ptr_eq(decide(set).rule, ruleset_rule(set, 1));
	frame_release(&packet);
	/* four bytes of UDP only */
	hold("4500001800070000401166b50a0900070a0900010fa00035");
	ck_assert_ptr_eq(decide(set).rule, ruleset_rule(set, 1));
	frame_release(&packet);
	ruleset_free(set);
}
END_TEST

START_TEST(rule_accepts_up_to_its_rate_and_drops_beyond)
{
	const struct rule_spec specs[] = {
	    {.hook = HOOK_INPUT, .action = RULE_COUNT, .rate = {1, 1}},
	    {.hook = HOOK_INPUT, .action = RULE_ACCEPT, .rate = {2, 3}},
	    {.hook = HOOK_INPUT, .action = RULE_ACCEPT},
	};
	struct ruleset *set = set_of(specs, ARRAY_SIZE(specs));
	struct rule_result result;

	hold(udp);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(decide(set).drop, DROP_NONE);
	result = decide(set);
	ck_assert_int_eq(result.action, RULE_DROP);
	ck_assert_int_eq(result.drop, DROP_VPN_RATE);
	ck_assert_ptr_eq(result.rule, ruleset_rule(set, 1));
	ck_assert_uint_eq(ruleset_rule(set, 0)->packets, 1);
	ck_assert_uint_eq(ruleset_rule(set, 0)->packets_over_rate, 3);
	ck_assert_uint_eq(ruleset_rule(set, 1)->packets, 3);
	ck_assert_uint_eq(ruleset_rule(set, 1)->packets_over_rate, 1);
	ck_assert_int_eq(
	    decide_at(set, HOOK_INPUT, (struct instant){S + S / 2}).drop,
	    DROP_NONE);
	ruleset_free(set);
	frame_release(&packet);
}
END_TEST

START_TEST(rule_has_a_bucket_for_each_peer)
{
	const struct rule_spec spec = {
	    .hook = HOOK_INPUT, .rate = {1, 1}, .has_rate_per_peer = true};
	struct ruleset *set = set_of(&spec, 1);

	hold(udp);
	ck_assert_int_eq(decide(set).drop, DROP_NONE);
	ck_assert_int_eq(decide(set).drop, DROP_VPN_RATE);
	packet.pkt.from_id = 3;
	ck_assert_int_eq(decide(set).drop, DROP_NONE);
	/* no peer of when the set was made: with the host */
	packet.pkt.from_id = 4;
	ck_assert_int_eq(decide(set).drop, DROP_NONE);
	packet.pkt.from_id = 0;
	ck_assert_int_eq(decide(set).drop, DROP_VPN_RATE);
	ruleset_free(set);
	frame_release(&packet);
}
END_TEST

START_TEST(rule_may_count_bytes)
{
	/* two packets of 32 bytes come at once, and one more each second */
	const struct rule_spec spec = {
	    .hook = HOOK_INPUT, .rate = {32, 64}, .is_rate_of_bytes = true};
	struct ruleset *set = set_of(&spec, 1);
	struct rule_explanation why;

	hold(udp);
	ck_assert_uint_eq(packet.pkt.ip_bytes, 32);
	ck_assert_int_eq(decide(set).drop, DROP_NONE);
	ck_assert_int_eq(decide(set).drop, DROP_NONE);
	ck_assert_int_eq(decide(set).drop, DROP_VPN_RATE);
	ruleset_explain(set, HOOK_INPUT, &packet.pkt, start, &why);
	ck_assert_int_eq(why.result.drop, DROP_VPN_RATE);
	ck_assert_int_eq(
	    decide_at(set, HOOK_INPUT, (struct instant){2 * S}).drop,
	    DROP_NONE);
	ck_assert_uint_eq(ruleset_rule(set, 0)->packets_over_rate, 1);
	ruleset_free(set);
	frame_release(&packet);
}
END_TEST

static const struct {
	struct rule_range range;
	const char *text;
} type_texts[] = {
    {{0x800, 0x8ff}, "8"},
    {{0x300, 0x4ff}, "3-4"},
    {{0x304, 0x304}, "3/4"},
    {{0x300, 0x303}, "3/0-3"},
    {{0x304, 0x601}, "3/4-255,4-5,6/0-1"},
    {{0xff00, 0xffff}, "255"},
};

START_TEST(rule_writes_types_and_codes_of_icmp)
{
	const struct rule_spec spec = {
	    .icmp_types = {&type_texts[_i].range, 1}};
	char text[64];

	ck_assert_str_eq(
	    rule_field_format(&spec, RULE_ICMP, text, sizeof(text)),
	    type_texts[_i].text);
}
END_TEST

START_TEST(rule_trial_changes_nothing)
{
	const struct rule_spec spec = {.hook = HOOK_INPUT, .rate = {1, 1}};
	struct ruleset *set = set_of(&spec, 1);

	hold(udp);
	packet.pkt.is_dry = true;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(decide(set).drop, DROP_NONE);
	packet.pkt.is_dry = false;
	ck_assert_int_eq(decide(set).drop, DROP_NONE);
	packet.pkt.is_dry = true;
	ck_assert_int_eq(decide(set).drop, DROP_VPN_RATE);
	ck_assert_uint_eq(ruleset_rule(set, 0)->packets, 1);
	ck_assert_uint_eq(ruleset_rule(set, 0)->packets_over_rate, 0);
	ruleset_free(set);
	frame_release(&packet);
}
END_TEST

START_TEST(rule_refuses_a_program_that_the_checker_refuses)
{
	const struct bpf_instruction bad = {0xffff, 0, 0, 0};
	const struct rule_spec spec = {.program = &bad, .program_count = 1};
	const struct ruleset_setup setup = {.specs = &spec, .count = 1};
	struct ruleset *set;

	ck_assert_int_eq(ruleset_new(&set, &setup, start), -EINVAL);
}
END_TEST

/* ---- explaining ---- */

static const uint32_t bob = 2;
static const struct rule_range tcp = {IP_PROTOCOL_TCP, IP_PROTOCOL_TCP};
static const struct rule_range ports[] = {{1002, 1002}, {2000, 2999}};
static const struct prefix lan = {{FAMILY_IPV4, {10, 9, 1}}, 24};
static const struct rule_side side_bob = {.peers = &bob, .peers_count = 1};
static const struct rule_side side_lan = {
    .prefixes = &lan, .prefixes_count = 1};
static const struct rule_side side_named = {
    .text = "@lan", .prefixes = &lan, .prefixes_count = 1};
static const struct rule_range types[] = {{0, 255}, {0x800, 0xaff}};
static const struct rule_range arp = {0x806, 0x806};
static const struct mac mac = {{2, 0, 0, 0, 0, 1}};
static const struct vlan_set vlans = {{1u << 7 | 1u << 9}};
static const struct bpf_instruction never = {BPF_RET | BPF_K, 0, 0, 0};

static const struct reason {
	struct rule_spec spec;
	const char *why;
} reasons[] = {
    {{.family = FAMILY_IPV6}, "family ipv6 != ipv4"},
    {{.protocols = {&tcp, 1}}, "proto tcp != udp"},
    {{.source_ports = {ports, 1}}, "sport 1002 != 4000"},
    {{.destination_ports = {ports, 2}}, "dport 1002,2000-2999 != 53"},
    {{.icmp_types = {types, 2}}, "icmp_type 0,8-10 != none"},
    {{.tcp_flags_mask = 0x12, .tcp_flags = 2}, "tcp_flags S/SA != none"},
    {{.ethertypes = {&arp, 1}}, "ethertype 0x0806 != 0x0800"},
    {{.source_mac = &mac}, "smac 02:00:00:00:00:01 != none"},
    {{.destination_mac = &mac}, "dmac 02:00:00:00:00:01 != none"},
    {{.vlans = &vlans}, "vlan 7,9 != none"},
    {{.states = 1 << FLOW_ESTABLISHED | 1 << FLOW_RELATED},
	"state established,related != new"},
    {{.from = &side_lan}, "from 10.9.1.0/24 != 10.9.0.7"},
    {{.to = &side_bob}, "to peer 2 != 10.9.0.1"},
    {{.to = &side_named}, "to @lan != 10.9.0.1"},
    {{.program = &never, .program_count = 1, .program_text = "len > 9"},
	"match \"len > 9\" is false"},
};

START_TEST(rule_explains_what_failed)
{
	const struct reason *reason = &reasons[_i];
	struct rule_spec spec = reason->spec;
	struct rule_explanation explanation;
	struct ruleset *set;

	spec.hook = HOOK_INPUT;
	set = set_of(&spec, 1);
	hold(udp);
	packet.pkt.flow_state = FLOW_NEW;
	ruleset_explain(set, HOOK_INPUT, &packet.pkt, start, &explanation);
	ck_assert_ptr_null(explanation.result.rule);
	ck_assert_ptr_eq(explanation.nearest, ruleset_rule(set, 0));
	ck_assert_str_eq(explanation.why, reason->why);
	ck_assert_uint_eq(explanation.rules, 1);
	ck_assert_ptr_null(decide(set).rule);
	ruleset_free(set);
	frame_release(&packet);
}
END_TEST

START_TEST(rule_explains_by_the_nearest)
{
	const struct rule_range protocol = {IP_PROTOCOL_UDP, IP_PROTOCOL_UDP};
	const struct rule_spec specs[] = {
	    {.hook = HOOK_INPUT, .protocols = {&tcp, 1}, .from = &side_lan},
	    {.hook = HOOK_INPUT,
		.protocols = {&protocol, 1},
		.destination_ports = {ports, 1}},
	    {.hook = HOOK_INPUT, .from = &side_lan},
	    {.hook = HOOK_INPUT, .action = RULE_DROP, .rate = {1, 1}},
	};
	struct ruleset *set = set_of(specs, ARRAY_SIZE(specs));
	struct rule_explanation why;

	hold(udp);
	ruleset_explain(set, HOOK_INPUT, &packet.pkt, start, &why);
	ck_assert_ptr_eq(why.result.rule, ruleset_rule(set, 3));
	ck_assert_ptr_null(why.nearest);
	ck_assert_ptr_eq(decide(set).rule, ruleset_rule(set, 3));
	ruleset_explain(set, HOOK_INPUT, &packet.pkt, start, &why);
	ck_assert_ptr_eq(why.nearest, ruleset_rule(set, 1));
	ck_assert_int_eq(why.field, RULE_DESTINATION_PORT);
	ck_assert_str_eq(why.why, "dport 1002 != 53");
	ck_assert_uint_eq(why.rules, 4);
	ruleset_free(set);
	set = set_of(&specs[3], 1);
	ck_assert_ptr_nonnull(decide(set).rule);
	ruleset_explain(set, HOOK_INPUT, &packet.pkt, start, &why);
	ck_assert_str_eq(why.why, "rate 1/s burst 1 is exceeded");
	ruleset_explain(set, HOOK_OUTPUT, &packet.pkt, start, &why);
	ck_assert_ptr_null(why.nearest);
	ck_assert_str_eq(why.why, "");
	ruleset_free(set);
	frame_release(&packet);
}
END_TEST

START_TEST(rule_texts_end_where_the_room_ends)
{
	struct rule_spec spec = {.name = "x"};
	struct rule_range many[256];
	char text[16];

	for (uint16_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct rule_range){i, i};
	spec.protocols = (struct rule_ranges){many, ARRAY_SIZE(many)};
	rule_field_format(&spec, RULE_PROTOCOL, text, sizeof(text));
	ck_assert_str_eq(text, "0,icmp,2,3,4,5,");
	rule_field_format(&spec, RULE_RATE, text, sizeof(text));
	ck_assert_str_eq(text, "");
	ck_assert_str_eq(hook_name(HOOK_POSTROUTING), "postrouting");
	ck_assert_str_eq(rule_action_name(RULE_COUNT), "count");
}
END_TEST

/* ---- random ---- */

#define STORIES	    300
#define STORY_BYTES 12000

START_TEST(rule_says_what_its_oracle_says)
{
	struct seed seed = seed_start();
	struct rule_story_count count = {0};
	static uint8_t story[STORY_BYTES];

	for (int i = 0; i < STORIES; i++) {
		for (size_t k = 0; k < sizeof(story); k++)
			story[k] = (uint8_t)seed_next(&seed);
		rule_story_tell(story, sizeof(story), &count);
	}
	ck_assert_uint_gt(count.over_rate, 0);
	ck_assert_uint_gt(count.logged, 0);
	for (unsigned action = 0; action < RULE_COUNT; action++)
		ck_assert_uint_gt(count.actions[action], 0);
	for (unsigned field = 0; field < RULE_FIELDS; field++)
		ck_assert_msg(count.failed_on[field] > 0, "never failed on %s",
		    rule_field_name(field));
	ck_assert_uint_gt(count.by_policy, count.packets / 100);
	ck_assert_uint_gt(count.late, count.packets / 100);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("rule");
	TCase *tcase = tcase_create("rule");

	tcase_add_test(tcase, rule_policy_decides_without_rules);
	tcase_add_test(tcase, rule_first_match_wins_and_count_goes_on);
	tcase_add_test(tcase, rule_never_reads_ports_of_a_later_fragment);
	tcase_add_test(tcase, rule_accepts_up_to_its_rate_and_drops_beyond);
	tcase_add_test(tcase, rule_has_a_bucket_for_each_peer);
	tcase_add_test(tcase, rule_may_count_bytes);
	tcase_add_loop_test(tcase, rule_writes_types_and_codes_of_icmp, 0,
	    ARRAY_SIZE(type_texts));
	tcase_add_test(tcase, rule_keeps_its_counters_wherever_it_moves);
	tcase_add_test(tcase, rule_trial_changes_nothing);
	tcase_add_test(tcase, rule_refuses_a_program_that_the_checker_refuses);
	tcase_add_loop_test(
	    tcase, rule_explains_what_failed, 0, ARRAY_SIZE(reasons));
	tcase_add_test(tcase, rule_explains_by_the_nearest);
	tcase_add_test(tcase, rule_texts_end_where_the_room_ends);
	tcase_add_test(tcase, rule_says_what_its_oracle_says);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return suite;
}
