/* SPDX-License-Identifier: ISC */
/* What the files of the rules share, and nobody else includes. */
#ifndef NET_RULE_STATE_H
#define NET_RULE_STATE_H

#include "net/rule_block.h"

/* A side of the specifications: its copy, and what packets are asked with. */
struct set_side {
	const struct rule_side *original;
	struct rule_side copy;
	struct side *side;
};

/* What of the rules of a hook a segment of a super-packet may differ in. */
struct apart {
	bool has_program_or_rate;
	uint8_t tcp_flags; /* that are looked at */
};

struct ruleset {
	uint32_t generation;
	struct compiled *rules;
	size_t count;
	const struct rule **by_name; /* and those of one name by index */
	struct set_side *sides;
	size_t sides_count;
	uint32_t *side_slots; /* a hash table: their indices + 1, or 0 */
	size_t side_slots_mask;
	uint8_t *memory; /* of the copies */
	struct rule_policy policy[HOOK_COUNT];
	struct apart apart[HOOK_COUNT];
	struct rule_list lists[HOOK_COUNT][LIST_FAMILIES];
};

/* Whether the rule's rate would let the packet pass; takes nothing. */
must_check bool rate_allows(
    const struct compiled *compiled, const struct look *look);

/* What the rule, or without one the hook's policy, says; all but ret->log. */
void rule_result_set(struct rule_result *ret, const struct ruleset *set,
    enum hook hook, const struct rule *rule);

/* Fills by_name. 0 or -ENOMEM. */
must_check int ruleset_sort(struct ruleset *set);

/* What the packet has where the rule wants something else, "1002"; cut where
 * the room ends. Returns text. */
const char *packet_field_format(
    const struct packet *pkt, enum rule_field field, char *text, size_t room);

#endif
