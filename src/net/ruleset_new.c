/* SPDX-License-Identifier: ISC */
/* Making and freeing sets of rules. */
#include <errno.h>
#include <stdlib.h>

#include "net/rule_copy.h"
#include "net/rule_state.h"

/* An odd constant of random bits. */
#define HASH_FACTOR UINT64_C(0x9fb21c651e98df25)

/* Where the index of a side is, or would be. */
static uint32_t *side_slot(
    const struct ruleset *set, const struct rule_side *original)
{
	size_t at = ((uintptr_t)original * HASH_FACTOR) >> 32;
	uint32_t *slot = &set->side_slots[at & set->side_slots_mask];

	while (*slot && set->sides[*slot - 1].original != original)
		slot = &set->side_slots[++at & set->side_slots_mask];
	return slot;
}

/* Of a side that several rules point to there is one. */
static int add_side(struct ruleset *set, const struct rule_side *original)
{
	uint32_t *slot = original ? side_slot(set, original) : NULL;
	struct set_side *added = &set->sides[set->sides_count];
	int err;

	if (!slot || *slot)
		return 0;
	err = side_new(&added->side, original);
	if (err)
		return err;
	added->original = original;
	*slot = (uint32_t)++set->sides_count;
	return 0;
}

/* Half of the table stays empty, or more. */
static int alloc_sides(struct ruleset *set, size_t count)
{
	size_t slots = 2;

	while (slots < 4 * count)
		slots *= 2;
	set->side_slots_mask = slots - 1;
	set->side_slots = calloc(slots, sizeof(*set->side_slots));
	set->sides = calloc(2 * count + 1, sizeof(*set->sides));
	return set->side_slots && set->sides ? 0 : -ENOMEM;
}

static int make_sides(
    struct ruleset *set, const struct rule_spec *specs, size_t count)
{
	if (alloc_sides(set, count))
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (add_side(set, specs[i].from) || add_side(set, specs[i].to))
			return -ENOMEM;
	return 0;
}

static void copy_all(
    struct ruleset *set, struct arena *arena, const struct rule_spec *specs)
{
	for (size_t i = 0; i < set->sides_count; i++)
		arena_copy_side(
		    arena, &set->sides[i].copy, set->sides[i].original);
	for (size_t i = 0; i < set->count; i++)
		arena_copy_rule(arena, &set->rules[i].rule.spec, &specs[i]);
}

static int make_copies(struct ruleset *set, const struct rule_spec *specs)
{
	struct arena arena = {0};

	copy_all(set, &arena, specs);
	set->memory = calloc(1, arena.used ? arena.used : 1);
	if (!set->memory)
		return -ENOMEM;
	arena = (struct arena){.memory = set->memory};
	copy_all(set, &arena, specs);
	return 0;
}

static const struct set_side *find_side(
    const struct ruleset *set, const struct rule_side *original)
{
	return original ? &set->sides[*side_slot(set, original) - 1] : NULL;
}

static void link_sides(struct ruleset *set, struct compiled *compiled,
    const struct rule_spec *spec)
{
	const struct set_side *from = find_side(set, spec->from);
	const struct set_side *to = find_side(set, spec->to);

	if (from) {
		compiled->from = from->side;
		compiled->rule.spec.from = &from->copy;
	}
	if (to) {
		compiled->to = to->side;
		compiled->rule.spec.to = &to->copy;
	}
}

static int make_buckets(
    struct compiled *compiled, uint32_t last_peer_id, struct instant now)
{
	const struct rule_spec *spec = &compiled->rule.spec;
	size_t count = spec->has_rate_per_peer ? (size_t)last_peer_id + 1 : 1;

	if (!spec->rate.rate)
		return 0;
	compiled->buckets = calloc(count, sizeof(*compiled->buckets));
	if (!compiled->buckets)
		return -ENOMEM;
	compiled->buckets_count = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		bucket_init(&compiled->buckets[i], &spec->rate, now);
	return 0;
}

static void note_apart(struct apart *apart, const struct rule_spec *spec)
{
	apart->has_program_or_rate |= spec->program_count || spec->rate.rate;
	apart->tcp_flags |= spec->tcp_flags_mask;
}

static int compile(struct ruleset *set, size_t idx,
    const struct ruleset_setup *setup, struct instant now)
{
	struct compiled *compiled = &set->rules[idx];
	const struct rule_spec *spec = &compiled->rule.spec;
	struct bpf_fault fault;

	compiled->rule.idx = (uint32_t)idx;
	link_sides(set, compiled, &setup->specs[idx]);
	for (unsigned field = 0; field < RULE_RATE; field++)
		compiled->fields |= (uint32_t)rule_has_field(spec, field)
				    << field;
	if (spec->program_count &&
	    !bpf_check(spec->program, spec->program_count, &fault))
		return -EINVAL;
	note_apart(&set->apart[spec->hook], spec);
	return make_buckets(compiled, setup->last_peer_id, now);
}

static int make_lists(struct ruleset *set)
{
	for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
		for (unsigned family = 0; family < LIST_FAMILIES; family++)
			if (rule_list_make(&set->lists[hook][family],
				set->rules, set->count, hook, family))
				return -ENOMEM;
	return 0;
}

static int make_rules(
    struct ruleset *set, const struct ruleset_setup *setup, struct instant now)
{
	set->rules =
	    calloc(setup->count ? setup->count : 1, sizeof(*set->rules));
	if (!set->rules)
		return -ENOMEM;
	set->count = setup->count;
	if (make_sides(set, setup->specs, setup->count) ||
	    make_copies(set, setup->specs))
		return -ENOMEM;
	for (size_t i = 0; i < set->count; i++) {
		int err = compile(set, i, setup, now);

		if (err)
			return err;
	}
	return ruleset_sort(set) ? -ENOMEM : make_lists(set);
}

int ruleset_new(
    struct ruleset **ret, const struct ruleset_setup *setup, struct instant now)
{
	struct ruleset *set = calloc(1, sizeof(*set));
	int err;

	if (!set)
		return -ENOMEM;
	set->generation = setup->generation;
	for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
		set->policy[hook].action = setup->policy[hook];
	err = make_rules(set, setup, now);
	if (err)
		ruleset_free(set);
	else
		*ret = set;
	return err;
}

void ruleset_free(struct ruleset *set)
{
	if (!set)
		return;
	for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
		for (unsigned family = 0; family < LIST_FAMILIES; family++)
			rule_list_clear(&set->lists[hook][family]);
	for (size_t i = 0; i < set->count; i++)
		free(set->rules[i].buckets);
	for (size_t i = 0; i < set->sides_count; i++)
		side_free(set->sides[i].side);
	free(set->rules);
	free(set->by_name);
	free(set->sides);
	free(set->side_slots);
	free(set->memory);
	free(set);
}
