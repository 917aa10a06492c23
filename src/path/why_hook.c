/* SPDX-License-Identifier: ISC */
/* What the hooks say of their verdicts: the rule, or the nearest one. */
#include "net/rule.h"
#include "path/conntrack.h"
#include "path/run.h"
#include "path/why.h"

static const char *action_text(enum rule_action action)
{
	static const char *const texts[] = {
	    [RULE_ACCEPT] = "accepts",
	    [RULE_DROP] = "drops",
	    [RULE_REJECT] = "rejects",
	    [RULE_COUNT] = "counts",
	};

	return texts[action];
}

static void add_name(const struct rule *rule, struct path_why *why)
{
	if (*rule->spec.name)
		why_add(why, "\"%s\"", rule->spec.name);
	else
		why_add(why, "of line %u", rule->spec.line);
}

static void say_rule(
    const struct rule_explanation *explanation, struct path_why *why)
{
	const struct rule *rule = explanation->result.rule;

	why_add(why, "rule ");
	add_name(rule, why);
	if (explanation->result.drop == DROP_VPN_RATE)
		why_add(why, " accepts, but its rate is exceeded");
	else
		why_add(why, " %s", action_text(rule->spec.action));
	why->line = rule->spec.line;
	why->column = rule->spec.column;
}

static void say_policy(const struct rule_explanation *explanation,
    const struct rule_policy *policy, struct path_why *why)
{
	if (explanation->rules)
		why_add(why, "no rule of %u matched; ", explanation->rules);
	if (explanation->nearest) {
		why_add(why, "nearest: ");
		add_name(explanation->nearest, why);
		why_add(why, " (%s); ", explanation->why);
	}
	why_add(why, "policy %s", rule_action_name(policy->action));
	why->line = policy->line;
	why->column = policy->column;
}

/* Of a drop, only when it is the hook's. */
static bool is_of_rules(enum drop drop)
{
	return !drop || drop == DROP_NETFILTER_DROP || drop == DROP_VPN_RATE;
}

void why_hook(const struct path *path, enum hook hook, const struct packet *pkt,
    struct path_why *why)
{
	struct rule_explanation explanation;

	if (!is_of_rules(pkt->drop))
		return;
	if (!path->rules) {
		why_add(why, "no filter");
		return;
	}
	if (!pkt->drop && conntrack_is_accepted(path, pkt, hook)) {
		why_add(why, "accepted with its flow");
		return;
	}
	ruleset_explain(path->rules, hook, pkt, path->now.now, &explanation);
	if (explanation.result.rule)
		say_rule(&explanation, why);
	else
		say_policy(&explanation, ruleset_policy(path->rules, hook), why);
}

void why_prerouting(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	why_hook(path, HOOK_PREROUTING, pkt, why);
}

void why_input(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	why_hook(path, HOOK_INPUT, pkt, why);
}

/* The flow, and what the rules say of it. */
void why_output(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	conntrack_why(path, pkt, why);
	if (!is_of_rules(pkt->drop))
		return;
	why_add(why, "; ");
	why_hook(path, HOOK_OUTPUT, pkt, why);
}

void why_postrouting(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	why_hook(path, HOOK_POSTROUTING, pkt, why);
}
