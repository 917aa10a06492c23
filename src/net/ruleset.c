/* SPDX-License-Identifier: ISC */
/* Judging packets by a set of rules. */
#include "net/rule_state.h"
#include "packet/tcp.h"

/* Whose bucket: the peer that the packet comes from or goes to. */
static uint32_t bucket_of(
    const struct compiled *compiled, const struct look *look)
{
	bool is_to_peer =
	    look->hook == HOOK_OUTPUT || look->hook == HOOK_POSTROUTING;
	uint32_t id = is_to_peer ? look->pkt->to_id : look->pkt->from_id;

	return id < compiled->buckets_count ? id : 0;
}

static uint32_t tokens_of(
    const struct compiled *compiled, const struct look *look)
{
	return compiled->rule.spec.is_rate_of_bytes
		   ? (uint32_t)look_bytes(look->pkt)
		   : look_segments(look->pkt);
}

bool rate_allows(const struct compiled *compiled, const struct look *look)
{
	struct bucket trial = compiled->buckets[bucket_of(compiled, look)];

	return bucket_take_several(&trial, &compiled->rule.spec.rate,
	    tokens_of(compiled, look), look->now);
}

static bool rate_take(const struct compiled *compiled, const struct look *look)
{
	return bucket_take_several(
	    &compiled->buckets[bucket_of(compiled, look)],
	    &compiled->rule.spec.rate, tokens_of(compiled, look), look->now);
}

static bool is_within_rate(struct compiled *compiled, const struct look *look)
{
	if (!compiled->buckets)
		return true;
	if (look->pkt->is_dry)
		return rate_allows(compiled, look);
	if (rate_take(compiled, look))
		return true;
	compiled->rule.packets_over_rate += look_segments(look->pkt);
	return false;
}

/* Field by field, as the struct would be put together elsewhere and copied. */
void rule_result_set(struct rule_result *ret, const struct ruleset *set,
    enum hook hook, const struct rule *rule)
{
	ret->action = rule ? rule->spec.action : set->policy[hook].action;
	ret->drop =
	    ret->action == RULE_ACCEPT ? DROP_NONE : DROP_NETFILTER_DROP;
	ret->rule = rule;
}

static bool fields_match(const struct compiled *compiled, struct look *look)
{
	for (uint32_t left = compiled->fields; left; left &= left - 1)
		if (!field_matches(
			compiled, (unsigned)__builtin_ctz(left), look))
			return false;
	return true;
}

static void count(uint64_t *packets, uint64_t *bytes, const struct packet *pkt)
{
	if (pkt->is_dry)
		return;
	*packets += look_segments(pkt);
	*bytes += look_bytes(pkt);
}

/* Whether the candidate decides; `ret` has its log then or not. */
static bool decides(const struct ruleset *set, struct compiled *compiled,
    struct look *look, struct rule_result *ret)
{
	struct rule *rule = &compiled->rule;
	const struct rule *log = rule->spec.has_log ? rule : ret->log;

	if (!fields_match(compiled, look))
		return false;
	if (!is_within_rate(compiled, look)) {
		if (rule->spec.action != RULE_ACCEPT)
			return false;
		*ret =
		    (struct rule_result){RULE_DROP, DROP_VPN_RATE, rule, log};
		return true;
	}
	count(&rule->packets, &rule->bytes, look->pkt);
	if (rule->spec.action == RULE_COUNT) {
		ret->log = log;
		return false;
	}
	rule_result_set(ret, set, look->hook, rule);
	ret->log = log;
	return true;
}

static bool list_decides(const struct ruleset *set,
    const struct rule_list *list, struct look look, struct rule_result *ret)
{
	struct candidates found = {0};
	struct words words;

	words_read(&words, look.pkt);
	while (rule_list_search(list, &words, &found))
		for (unsigned left = found.hits; left; left &= left - 1)
			if (decides(set, found.rules[__builtin_ctz(left)],
				&look, ret))
				return true;
	return false;
}

/* Those that are not in all segments. */
#define FLAGS_APART (TCP_FIN | TCP_PSH | TCP_CWR)

bool ruleset_tells_apart(
    const struct ruleset *set, enum hook hook, const struct packet *pkt)
{
	const struct apart *apart = &set->apart[hook];

	return apart->has_program_or_rate ||
	       (apart->tcp_flags & pkt->tcp_flags & FLAGS_APART);
}

void ruleset_decide(struct ruleset *set, enum hook hook,
    const struct packet *pkt, struct instant now, struct rule_result *ret)
{
	const struct rule_list *list =
	    &set->lists[hook][list_family_of(pkt->family)];
	struct rule_policy *policy = &set->policy[hook];

	ret->log = NULL;
	if (list->blocks_count &&
	    list_decides(set, list,
		(struct look){.pkt = pkt, .hook = hook, .now = now}, ret))
		return;
	rule_result_set(ret, set, hook, NULL);
	count(&policy->packets, &policy->bytes, pkt);
}

uint32_t ruleset_generation(const struct ruleset *set)
{
	return set->generation;
}

const struct rule *ruleset_rule(const struct ruleset *set, size_t idx)
{
	return idx < set->count ? &set->rules[idx].rule : NULL;
}

const struct rule_side *ruleset_side(const struct ruleset *set, size_t idx)
{
	return idx < set->sides_count ? &set->sides[idx].copy : NULL;
}

size_t ruleset_side_idx(const struct ruleset *set, const struct rule_side *side)
{
	return (size_t)(container_of(side, const struct set_side, copy) -
			set->sides);
}

const struct rule_policy *ruleset_policy(
    const struct ruleset *set, enum hook hook)
{
	return &set->policy[hook];
}

void ruleset_place_policy(
    struct ruleset *set, enum hook hook, uint32_t line, uint32_t column)
{
	set->policy[hook].line = line;
	set->policy[hook].column = column;
}
