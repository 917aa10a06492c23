/* SPDX-License-Identifier: ISC */
/* Playing a story to the filter and to its oracle. */
#include "rule_story.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "rule_naive.h"

static struct random_rule rules[RULE_STORY_RULES];
static struct naive_rule states[RULE_STORY_RULES];

static void check_rule(const struct rule *rule, int wanted)
{
	assert(wanted < 0 ? !rule : rule && rule->idx == (uint32_t)wanted);
}

static void check_result(
    const struct rule_result *result, const struct naive_result *wanted)
{
	assert(result->action == wanted->action);
	assert(result->drop == wanted->drop);
	check_rule(result->rule, wanted->rule);
	check_rule(result->log, wanted->log);
}

static void check_explanation(const struct rule_explanation *explanation,
    const struct naive_result *wanted)
{
	check_result(&explanation->result, wanted);
	if (wanted->rule >= 0) {
		assert(!explanation->nearest && !explanation->why[0]);
		return;
	}
	check_rule(explanation->nearest, wanted->nearest);
	if (wanted->nearest < 0)
		return;
	assert(explanation->field == wanted->field);
	assert(!strncmp(explanation->why, rule_field_name(wanted->field),
	    strlen(rule_field_name(wanted->field))));
}

static void note(
    struct rule_story_count *count, const struct naive_result *result)
{
	count->packets++;
	count->by_policy += result->rule < 0;
	count->over_rate += result->drop == DROP_VPN_RATE;
	count->logged += result->log >= 0;
	count->late += result->rule >= 32;
	count->actions[result->action]++;
	if (result->rule < 0 && result->nearest >= 0)
		count->failed_on[result->field]++;
}

static void play(struct ruleset *set, struct naive_set *naive,
    struct dice *dice, struct rule_story_count *count)
{
	struct instant now = {NS_PER_S};
	struct random_packet made;

	while (dice->left) {
		enum hook hook = dice_below(dice, 4) ? HOOK_INPUT : HOOK_OUTPUT;
		struct rule_explanation explanation;
		struct naive_result wanted;
		struct rule_result result;

		random_packet_make(&made, dice);
		now.ns += dice_below(dice, 4) * (NS_PER_S / 8);
		wanted = naive_decide(naive, hook, &made, now, true);
		ruleset_explain(set, hook, &made.pkt, now, &explanation);
		check_explanation(&explanation, &wanted);
		made.pkt.is_dry = true;
		ruleset_decide(set, hook, &made.pkt, now, &result);
		check_result(&result, &wanted);
		made.pkt.is_dry = false;
		wanted = naive_decide(naive, hook, &made, now, false);
		ruleset_decide(set, hook, &made.pkt, now, &result);
		check_result(&result, &wanted);
		note(count, &wanted);
	}
}

static void check_counters(
    const struct ruleset *set, const struct naive_set *naive)
{
	for (size_t i = 0; i < naive->count; i++) {
		const struct rule *rule = ruleset_rule(set, i);

		assert(rule->packets == naive->state[i].packets);
		assert(rule->bytes == naive->state[i].bytes);
		assert(rule->packets_over_rate ==
		       naive->state[i].packets_over_rate);
	}
	for (unsigned hook = 0; hook < HOOK_COUNT; hook++) {
		const struct rule_policy *policy = ruleset_policy(set, hook);

		assert(policy->packets == naive->policy_packets[hook]);
		assert(policy->bytes == naive->policy_bytes[hook]);
	}
}

void rule_story_tell(
    const uint8_t *data, size_t len, struct rule_story_count *count)
{
	struct dice dice = {data, len};
	struct naive_set naive = {.rules = rules, .state = states};
	struct rule_spec specs[RULE_STORY_RULES];
	struct ruleset_setup setup = {
	    .specs = specs, .last_peer_id = RANDOM_LAST_PEER};
	struct ruleset *set;

	naive.count = dice_below(&dice, RULE_STORY_RULES + 1);
	memset(states, 0, naive.count * sizeof(*states));
	for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
		setup.policy[hook] = naive.policy[hook] =
		    dice_below(&dice, RULE_COUNT);
	for (size_t i = 0; i < naive.count; i++) {
		random_rule_make(&rules[i], &dice, rules, i);
		specs[i] = rules[i].spec;
	}
	setup.count = naive.count;
	naive_init(&naive, (struct instant){NS_PER_S});
	if (ruleset_new(&set, &setup, (struct instant){NS_PER_S}))
		abort();
	/* nothing of the specifications is needed any more */
	memset(specs, 0x55, sizeof(specs));
	play(set, &naive, &dice, count);
	check_counters(set, &naive);
	ruleset_free(set);
}
