/* SPDX-License-Identifier: ISC */
/* Copying lists and texts behind one another. */
#include "net/rule_copy.h"

#include <string.h>

#define ALIGNMENT 8

/* NULL when there is nothing, or no memory yet. */
static void *copy(struct arena *arena, const void *data, size_t bytes)
{
	void *at = NULL;

	if (!data || !bytes)
		return NULL;
	if (arena->memory)
		at = memcpy(arena->memory + arena->used, data, bytes);
	arena->used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	return at;
}

static void *copy_text(struct arena *arena, const char *text)
{
	return text ? copy(arena, text, strlen(text) + 1) : NULL;
}

static void copy_ranges(struct arena *arena, struct rule_ranges *ranges)
{
	ranges->list =
	    copy(arena, ranges->list, ranges->count * sizeof(*ranges->list));
}

void arena_copy_rule(
    struct arena *arena, struct rule_spec *ret, const struct rule_spec *spec)
{
	*ret = *spec;
	ret->from = ret->to = NULL;
	ret->name = copy_text(arena, spec->name ? spec->name : "");
	ret->program_text = copy_text(arena, spec->program_text);
	copy_ranges(arena, &ret->protocols);
	copy_ranges(arena, &ret->source_ports);
	copy_ranges(arena, &ret->destination_ports);
	copy_ranges(arena, &ret->icmp_types);
	copy_ranges(arena, &ret->icmp6_types);
	copy_ranges(arena, &ret->ethertypes);
	ret->source_mac =
	    copy(arena, spec->source_mac, sizeof(*spec->source_mac));
	ret->destination_mac =
	    copy(arena, spec->destination_mac, sizeof(*spec->destination_mac));
	ret->vlans = copy(arena, spec->vlans, sizeof(*spec->vlans));
	ret->program = copy(
	    arena, spec->program, spec->program_count * sizeof(*spec->program));
}

void arena_copy_side(
    struct arena *arena, struct rule_side *ret, const struct rule_side *side)
{
	*ret = *side;
	ret->text = copy_text(arena, side->text);
	ret->peers =
	    copy(arena, side->peers, side->peers_count * sizeof(*side->peers));
	ret->prefixes = copy(arena, side->prefixes,
	    side->prefixes_count * sizeof(*side->prefixes));
}
