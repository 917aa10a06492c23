/* SPDX-License-Identifier: ISC */
/* What rules mean, written down as plainly as possible: an oracle. */
#ifndef RULE_NAIVE_H
#define RULE_NAIVE_H

#include "rule_random.h"

/* The fields, bits 1 << rule_field, that keep the rule from matching; rates are
 * not looked at. */
uint32_t naive_failures(
    const struct random_rule *rule, const struct random_packet *made);

/* Counters and buckets of a rule. */
struct naive_rule {
	uint64_t packets, bytes, packets_over_rate;
	struct bucket buckets[RANDOM_LAST_PEER + 1];
};

struct naive_set {
	const struct random_rule *rules;
	struct naive_rule *state;
	size_t count;
	enum rule_action policy[HOOK_COUNT];
	uint64_t policy_packets[HOOK_COUNT], policy_bytes[HOOK_COUNT];
};

struct naive_result {
	enum rule_action action;
	enum drop drop;
	int rule, log;		    /* index, or -1 */
	int nearest;		    /* when the policy decided; or -1 */
	unsigned failures, matches; /* of the nearest */
	enum rule_field field;
};

void naive_init(struct naive_set *set, struct instant now);

/* `is_dry`: changes nothing. */
struct naive_result naive_decide(struct naive_set *set, enum hook hook,
    const struct random_packet *made, struct instant now, bool is_dry);

#endif
