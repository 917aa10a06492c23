/* SPDX-License-Identifier: ISC */
/* Why the rules say what they say of a packet, without columns. */
#include <stdio.h>
#include <string.h>

#include "net/rule_state.h"

#define WANTED_BYTES 96

/* The rule that came nearest so far. */
struct nearest {
	const struct compiled *compiled;
	unsigned failures, matches;
	enum rule_field field; /* the first that failed */
};

static bool field_is_met(
    const struct compiled *compiled, enum rule_field field, struct look *look)
{
	if (field == RULE_RATE)
		return !compiled->buckets || rate_allows(compiled, look);
	return !(compiled->fields >> field & 1) ||
	       field_matches(compiled, field, look);
}

static struct nearest look_at(
    const struct compiled *compiled, struct look *look)
{
	struct nearest ret = {.compiled = compiled, .field = RULE_FIELDS};

	/* tokens are only asked for when all else matches */
	for (unsigned field = 0; field < RULE_FIELDS; field++) {
		if (field == RULE_RATE && ret.failures)
			break;
		if (field_is_met(compiled, field, look))
			ret.matches += compiled->fields >> field & 1;
		else if (!ret.failures++)
			ret.field = field;
	}
	return ret;
}

static bool is_limit(const struct nearest *found)
{
	return found->failures == 1 && found->field == RULE_RATE &&
	       found->compiled->rule.spec.action == RULE_ACCEPT;
}

/* Of rules with as many failures, the one of which more matched is meant. */
static bool is_nearer(const struct nearest *a, const struct nearest *b)
{
	if (!b->compiled || a->failures != b->failures)
		return !b->compiled || a->failures < b->failures;
	return a->matches > b->matches;
}

/* True when this rule decides. */
static bool try_rule(const struct ruleset *set, const struct compiled *compiled,
    struct look *look, struct nearest *nearest, struct rule_result *ret)
{
	const struct rule *rule = &compiled->rule;
	const struct rule *log = rule->spec.has_log ? rule : ret->log;
	struct nearest found = look_at(compiled, look);

	if (is_limit(&found)) {
		*ret =
		    (struct rule_result){RULE_DROP, DROP_VPN_RATE, rule, log};
		return true;
	}
	if (!found.failures) {
		if (rule->spec.action != RULE_COUNT)
			rule_result_set(ret, set, look->hook, rule);
		ret->log = log;
		return rule->spec.action != RULE_COUNT;
	}
	if (is_nearer(&found, nearest))
		*nearest = found;
	return false;
}

static void write_why(struct rule_explanation *ret,
    const struct nearest *nearest, const struct packet *pkt)
{
	const struct rule_spec *spec = &nearest->compiled->rule.spec;
	const char *name = rule_field_name(nearest->field);
	char wanted[WANTED_BYTES], got[WANTED_BYTES];

	rule_field_format(spec, nearest->field, wanted, sizeof(wanted));
	packet_field_format(pkt, nearest->field, got, sizeof(got));
	if (nearest->field == RULE_PROGRAM)
		snprintf(ret->why, sizeof(ret->why), "%s \"%.*s\" is false",
		    name, WANTED_BYTES, wanted);
	else if (nearest->field == RULE_RATE)
		snprintf(ret->why, sizeof(ret->why), "%s %.*s is exceeded",
		    name, WANTED_BYTES, wanted);
	else
		snprintf(ret->why, sizeof(ret->why), "%s %.80s != %.60s", name,
		    wanted, got);
}

void ruleset_explain(const struct ruleset *set, enum hook hook,
    const struct packet *pkt, struct instant now, struct rule_explanation *ret)
{
	struct look look = {.pkt = pkt, .hook = hook, .now = now};
	struct nearest nearest = {0};
	bool is_decided = false;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < set->count; i++) {
		const struct compiled *compiled = &set->rules[i];

		if (compiled->rule.spec.hook != hook)
			continue;
		ret->rules++;
		if (!is_decided)
			is_decided = try_rule(
			    set, compiled, &look, &nearest, &ret->result);
	}
	if (is_decided)
		return;
	rule_result_set(&ret->result, set, hook, NULL);
	if (!nearest.compiled)
		return;
	ret->nearest = &nearest.compiled->rule;
	ret->field = nearest.field;
	write_why(ret, &nearest, pkt);
}
