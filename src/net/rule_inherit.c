/* SPDX-License-Identifier: ISC */
/* What a new set of rules takes over from the one before. */
#include <string.h>

#include "net/rule_state.h"

/* Looks from `at` on, and then from the beginning: rules seldom change their
 * order. */
static const struct rule *find_name(
    const struct ruleset *set, size_t at, const char *name)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct rule *rule =
		    &set->rules[(at + i) % set->count].rule;

		if (strcmp(rule->spec.name, name) == 0)
			return rule;
	}
	return NULL;
}

static void inherit_rule(struct rule *rule, const struct rule *from)
{
	rule->packets = from->packets;
	rule->bytes = from->bytes;
	rule->packets_over_rate = from->packets_over_rate;
}

void ruleset_inherit(struct ruleset *set, const struct ruleset *from)
{
	size_t at = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct rule *rule = &set->rules[i].rule;
		const struct rule *old = find_name(from, at, rule->spec.name);

		if (!old || !*rule->spec.name)
			continue;
		inherit_rule(rule, old);
		at = old->idx + 1;
	}
	for (int hook = 0; hook < HOOK_COUNT; hook++) {
		set->policy[hook].packets = from->policy[hook].packets;
		set->policy[hook].bytes = from->policy[hook].bytes;
	}
}
