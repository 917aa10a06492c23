/* SPDX-License-Identifier: ISC */
/* What a new set of rules takes over from the one before. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/rule_state.h"

static int compare(const void *a, const void *b)
{
	const struct rule *left = *(const struct rule *const *)a;
	const struct rule *right = *(const struct rule *const *)b;
	int order = strcmp(left->spec.name, right->spec.name);

	return order ? order : left->idx < right->idx ? -1 : 1;
}

int ruleset_sort(struct ruleset *set)
{
	if (!set->count)
		return 0;
	set->by_name = calloc(set->count, sizeof(struct rule *));
	if (!set->by_name)
		return -ENOMEM;
	for (size_t i = 0; i < set->count; i++)
		set->by_name[i] = &set->rules[i].rule;
	qsort(set->by_name, set->count, sizeof(struct rule *), compare);
	return 0;
}

/* The first one with that name. */
static const struct rule *search(const struct ruleset *set, const char *name)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(set->by_name[middle]->spec.name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->count && !strcmp(set->by_name[low]->spec.name, name)
		   ? set->by_name[low]
		   : NULL;
}

/* It is at `at` most often: rules seldom change their order. */
static const struct rule *find_name(
    const struct ruleset *set, size_t at, const char *name)
{
	if (at < set->count && strcmp(set->rules[at].rule.spec.name, name) == 0)
		return &set->rules[at].rule;
	return search(set, name);
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
