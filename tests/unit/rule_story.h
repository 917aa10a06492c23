/* SPDX-License-Identifier: ISC */
/* A set of rules and packets for it, told by bytes: the filter and its oracle
 * say the same of each, or the program ends. */
#ifndef RULE_STORY_H
#define RULE_STORY_H

#include "net/rule.h"

#define RULE_STORY_RULES 200

struct rule_story_count {
	uint64_t packets, by_policy, over_rate, logged;
	uint64_t late; /* decided by a rule of the third block or later */
	uint64_t failed_on[RULE_FIELDS]; /* what the nearest rule failed on */
	uint64_t actions[RULE_COUNT];
};

/* The first byte is how many rules, then those and packets to the end. */
void rule_story_tell(
    const uint8_t *data, size_t len, struct rule_story_count *count);

#endif
