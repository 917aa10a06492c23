/* SPDX-License-Identifier: ISC */
/* The oracle of the rules: one after the other, one field after the other. */
#include "rule_naive.h"

#include <string.h>

static bool side_has(const struct rule_side *side, uint32_t id,
    const struct address *address, uint8_t family)
{
	for (size_t i = 0; i < side->peers_count; i++)
		if (side->peers[i] == id)
			return true;
	for (size_t i = 0; family && i < side->prefixes_count; i++)
		if (prefix_has(&side->prefixes[i], address))
			return true;
	return false;
}

static bool have(const struct rule_ranges *ranges, uint16_t value)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (ranges->list[i].first <= value &&
		    value <= ranges->list[i].last)
			return true;
	return false;
}

static bool has_icmp(
    const struct rule_spec *spec, const struct random_packet *made)
{
	const struct rule_ranges *types =
	    made->protocol == 1 ? &spec->icmp_types : &spec->icmp6_types;

	return made->has_l4 && (made->protocol == 1 || made->protocol == 58) &&
	       have(types, made->icmp_type << 8 | made->icmp_code);
}

static bool has_ports(const struct random_packet *made)
{
	return made->has_l4 && (made->protocol == 6 || made->protocol == 17);
}

static uint32_t l4_failures(
    const struct rule_spec *spec, const struct random_packet *made)
{
	uint32_t failures = 0;

	if (spec->protocols.count &&
	    !(made->family && have(&spec->protocols, made->protocol)))
		failures |= 1u << RULE_PROTOCOL;
	if (spec->source_ports.count &&
	    !(has_ports(made) && have(&spec->source_ports, made->source_port)))
		failures |= 1u << RULE_SOURCE_PORT;
	if (spec->destination_ports.count &&
	    !(has_ports(made) &&
		have(&spec->destination_ports, made->destination_port)))
		failures |= 1u << RULE_DESTINATION_PORT;
	if ((spec->icmp_types.count || spec->icmp6_types.count) &&
	    !has_icmp(spec, made))
		failures |= 1u << RULE_ICMP;
	if (spec->tcp_flags_mask &&
	    !(made->has_l4 && made->protocol == 6 &&
		(made->tcp_flags & spec->tcp_flags_mask) == spec->tcp_flags))
		failures |= 1u << RULE_TCP_FLAGS;
	return failures;
}

static uint32_t l2_failures(
    const struct rule_spec *spec, const struct random_packet *made)
{
	uint32_t failures = 0;

	if (spec->ethertypes.count && !have(&spec->ethertypes, made->ethertype))
		failures |= 1u << RULE_ETHERTYPE;
	if (spec->source_mac &&
	    !(made->is_frame &&
		mac_is_equal(spec->source_mac, &made->pkt.source_mac)))
		failures |= 1u << RULE_SOURCE_MAC;
	if (spec->destination_mac &&
	    !(made->is_frame && mac_is_equal(spec->destination_mac,
				    &made->pkt.destination_mac)))
		failures |= 1u << RULE_DESTINATION_MAC;
	if (spec->vlans &&
	    !(made->is_frame && vlan_set_has(spec->vlans, made->vlan)))
		failures |= 1u << RULE_VLAN;
	return failures;
}

uint32_t naive_failures(
    const struct random_rule *rule, const struct random_packet *made)
{
	const struct rule_spec *spec = &rule->spec;
	const struct packet *pkt = &made->pkt;
	uint32_t failures = l4_failures(spec, made) | l2_failures(spec, made);

	if (spec->family && spec->family != made->family)
		failures |= 1u << RULE_FAMILY;
	if (spec->states && !(spec->states & 1u << pkt->flow_state))
		failures |= 1u << RULE_STATE;
	if (spec->from &&
	    !side_has(spec->from, pkt->from_id, &pkt->source, made->family))
		failures |= 1u << RULE_FROM;
	if (spec->to &&
	    !side_has(spec->to, pkt->to_id, &pkt->destination, made->family))
		failures |= 1u << RULE_TO;
	if (spec->program_count && made->first_len < rule->program_min)
		failures |= 1u << RULE_PROGRAM;
	return failures;
}

void naive_init(struct naive_set *set, struct instant now)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct bucket_rate *rate = &set->rules[i].spec.rate;

		for (size_t id = 0; rate->rate && id <= RANDOM_LAST_PEER; id++)
			bucket_init(&set->state[i].buckets[id], rate, now);
	}
}

/* Whether the rate lets the packet pass. */
static bool take(struct naive_rule *state, const struct rule_spec *spec,
    enum hook hook, const struct random_packet *made, struct instant now,
    bool is_dry)
{
	uint32_t id = hook == HOOK_OUTPUT ? made->pkt.to_id : made->pkt.from_id;
	uint32_t tokens = spec->is_rate_of_bytes ? (uint32_t)made->all_bytes
						 : made->segments;
	struct bucket bucket;
	bool is_taken;

	if (!spec->rate.rate)
		return true;
	if (!spec->has_rate_per_peer || id > RANDOM_LAST_PEER)
		id = 0;
	bucket = state->buckets[id];
	is_taken = bucket_take_several(&bucket, &spec->rate, tokens, now);
	if (is_dry)
		return is_taken;
	state->buckets[id] = bucket;
	if (!is_taken)
		state->packets_over_rate += made->segments;
	return is_taken;
}

static enum rule_field lowest(uint32_t failures)
{
	enum rule_field field = 0;

	while (!(failures >> field & 1))
		field++;
	return field;
}

static void note_nearest(struct naive_result *result, int rule,
    const struct rule_spec *spec, uint32_t failures)
{
	unsigned count = 0, matches = 0;

	for (unsigned field = 0; field < RULE_FIELDS; field++) {
		count += failures >> field & 1;
		matches += field != RULE_RATE && !(failures >> field & 1) &&
			   rule_has_field(spec, field);
	}
	if (result->nearest >= 0 &&
	    (count > result->failures ||
		(count == result->failures && matches <= result->matches)))
		return;
	result->nearest = rule;
	result->failures = count;
	result->matches = matches;
	result->field = lowest(failures);
}

/* True when the rule decides. */
static bool try_rule(struct naive_set *set, size_t idx, enum hook hook,
    const struct random_packet *made, struct instant now, bool is_dry,
    struct naive_result *result)
{
	const struct rule_spec *spec = &set->rules[idx].spec;
	struct naive_rule *state = &set->state[idx];
	uint32_t failures = naive_failures(&set->rules[idx], made);
	bool is_over = !failures && !take(state, spec, hook, made, now, is_dry);

	if (is_over && spec->action == RULE_ACCEPT) {
		result->action = RULE_DROP;
		result->drop = DROP_VPN_RATE;
		result->rule = (int)idx;
		if (spec->has_log)
			result->log = (int)idx;
		return true;
	}
	if (failures || is_over) {
		note_nearest(result, (int)idx, spec,
		    is_over ? 1u << RULE_RATE : failures);
		return false;
	}
	if (!is_dry) {
		state->packets += made->segments;
		state->bytes += made->all_bytes;
	}
	if (spec->has_log)
		result->log = (int)idx;
	if (spec->action == RULE_COUNT)
		return false;
	result->rule = (int)idx;
	result->action = spec->action;
	return true;
}

struct naive_result naive_decide(struct naive_set *set, enum hook hook,
    const struct random_packet *made, struct instant now, bool is_dry)
{
	struct naive_result result = {.rule = -1, .log = -1, .nearest = -1};
	bool is_decided = false;

	for (size_t i = 0; i < set->count && !is_decided; i++)
		if (set->rules[i].spec.hook == hook)
			is_decided =
			    try_rule(set, i, hook, made, now, is_dry, &result);
	if (!is_decided) {
		result.action = set->policy[hook];
		if (!is_dry) {
			set->policy_packets[hook] += made->segments;
			set->policy_bytes[hook] += made->all_bytes;
		}
	}
	if (result.action != RULE_ACCEPT && !result.drop)
		result.drop = DROP_NETFILTER_DROP;
	return result;
}
