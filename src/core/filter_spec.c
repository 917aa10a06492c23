/* SPDX-License-Identifier: ISC */
/*
 * Rules of a configuration in the words of net/rule.h.
 *
 * How it works: indices of peers become the numbers that packets carry. The
 * lists that are made for it are remembered, and freed together.
 */
#include "core/filter_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/state.h"

/* Sides with more peers are made once for all rules that have the same. */
#define SIDE_SMALL 16

_Static_assert(
    sizeof(struct config_instruction) == sizeof(struct bpf_instruction) &&
	offsetof(struct config_instruction, if_true) ==
	    offsetof(struct bpf_instruction, if_true) &&
	offsetof(struct config_instruction, k) ==
	    offsetof(struct bpf_instruction, k),
    "the instructions of api are those of packet");
_Static_assert(sizeof(struct config_range) == sizeof(struct rule_range) &&
		   offsetof(struct config_range, last) ==
		       offsetof(struct rule_range, last),
    "the ranges of api are those of net");

static const enum rule_action actions[] = {
    [CONFIG_ACTION_ACCEPT] = RULE_ACCEPT,
    [CONFIG_ACTION_DROP] = RULE_DROP,
    [CONFIG_ACTION_REJECT] = RULE_REJECT,
    [CONFIG_ACTION_COUNT] = RULE_COUNT,
};

static const uint8_t families[] = {
    [CONFIG_FAMILY_ANY] = FAMILY_NONE,
    [CONFIG_FAMILY_IPV4] = FAMILY_IPV4,
    [CONFIG_FAMILY_IPV6] = FAMILY_IPV6,
};

static const enum flow_state states[CONFIG_STATES] = {
    [CONFIG_STATE_NEW] = FLOW_NEW,
    [CONFIG_STATE_ESTABLISHED] = FLOW_ESTABLISHED,
    [CONFIG_STATE_RELATED] = FLOW_RELATED,
    [CONFIG_STATE_INVALID] = FLOW_INVALID,
    [CONFIG_STATE_UNTRACKED] = FLOW_UNTRACKED,
};

/* The specifications that are being made. */
struct maker {
	const struct filter_peers *from;
	struct filter_specs *specs;
	const struct rule_side **shared; /* sides with many peers */
	const char **shared_texts;
	size_t shared_count;
	bool has_failed;
};

/* Zeroed, and freed with the specifications; NULL: no memory. */
static void *part_new(struct maker *maker, size_t count, size_t bytes)
{
	void *part = calloc(count ? count : 1, bytes);

	if (!part) {
		maker->has_failed = true;
		return NULL;
	}
	maker->specs->parts[maker->specs->parts_count++] = part;
	return part;
}

/* ---- sides ---- */

static size_t fill_peers(
    const struct maker *maker, uint32_t *ids, const struct config_ends *ends)
{
	size_t count = 0;

	for (size_t i = 0; i < ends->peers_count; i++) {
		const struct core_peer *peer =
		    maker->from->peers[ends->peers[i]];

		if (peer != maker->from->without)
			ids[count++] = tunnel_peer_id(peer->peer);
	}
	return count;
}

static const struct rule_side *side_make(
    struct maker *maker, const struct config_ends *ends)
{
	struct rule_side *side = part_new(maker, 1, sizeof(*side));
	uint32_t *ids = part_new(maker, ends->peers_count, sizeof(*ids));

	if (!side || !ids)
		return NULL;
	side->text = ends->text;
	side->peers = ids;
	side->peers_count = fill_peers(maker, ids, ends);
	side->prefixes = ends->prefixes;
	side->prefixes_count = ends->prefixes_count;
	return side;
}

/* What is written alike is alike. */
static const struct rule_side *find_shared(
    const struct maker *maker, const char *text)
{
	for (size_t i = 0; i < maker->shared_count; i++)
		if (strcmp(maker->shared_texts[i], text) == 0)
			return maker->shared[i];
	return NULL;
}

static const struct rule_side *side_of(
    struct maker *maker, const struct config_ends *ends)
{
	const struct rule_side *side;

	if (!ends->text)
		return NULL;
	if (ends->peers_count <= SIDE_SMALL)
		return side_make(maker, ends);
	side = find_shared(maker, ends->text);
	if (side)
		return side;
	side = side_make(maker, ends);
	maker->shared_texts[maker->shared_count] = ends->text;
	maker->shared[maker->shared_count++] = side;
	return side;
}

/* ---- numbers ---- */

static struct rule_ranges ranges_of(const struct config_ranges *ranges)
{
	return (struct rule_ranges){
	    (const struct rule_range *)ranges->list, ranges->count};
}

/* One, or none. */
static struct rule_ranges ethertype_of(
    struct maker *maker, const struct config_rule *rule)
{
	struct rule_range *range =
	    rule->ethertype ? part_new(maker, 1, sizeof(*range)) : NULL;

	if (!range)
		return (struct rule_ranges){NULL, 0};
	*range = (struct rule_range){rule->ethertype, rule->ethertype};
	return (struct rule_ranges){range, 1};
}

static uint8_t states_of(uint32_t bits)
{
	unsigned ret = 0;

	for (unsigned state = 0; state < CONFIG_STATES; state++)
		if (bits & 1u << state)
			ret |= 1u << states[state];
	return (uint8_t)ret;
}

/* ---- a rule ---- */

static void fill(
    struct maker *maker, struct rule_spec *spec, const struct config_rule *rule)
{
	*spec = (struct rule_spec){
	    .name = rule->name,
	    .line = rule->place.line,
	    .column = rule->place.column,
	    .hook = (enum hook)rule->hook,
	    .action = actions[rule->action],
	    .has_log = rule->is_logged,
	    .family = families[rule->family],
	    .from = side_of(maker, &rule->from),
	    .to = side_of(maker, &rule->to),
	    .protocols = ranges_of(&rule->protocols),
	    .source_ports = ranges_of(&rule->sports),
	    .destination_ports = ranges_of(&rule->dports),
	    .icmp_types = ranges_of(&rule->icmp_types),
	    .icmp6_types = ranges_of(&rule->icmp6_types),
	    .tcp_flags_mask = (uint8_t)rule->tcp_flags_mask,
	    .tcp_flags = (uint8_t)rule->tcp_flags_value,
	    .ethertypes = ethertype_of(maker, rule),
	    .source_mac = rule->has_smac ? &rule->smac : NULL,
	    .destination_mac = rule->has_dmac ? &rule->dmac : NULL,
	    .vlans = rule->has_vlans ? &rule->vlans : NULL,
	    .states = states_of(rule->states),
	    .program = (const struct bpf_instruction *)rule->match.list,
	    .program_count = rule->match.count,
	    .program_text = rule->match.text,
	    .rate = {rule->rate, rule->burst},
	    .is_rate_of_bytes = rule->is_rate_of_bytes,
	    .has_rate_per_peer = rule->is_rate_per_peer,
	};
}

/* Of one rule: two for each side, and an ethertype. */
#define PARTS_OF_A_RULE 5

static bool make_room(struct maker *maker, size_t count)
{
	struct filter_specs *specs = maker->specs;

	specs->list = calloc(count + 1, sizeof(*specs->list));
	specs->parts = calloc(PARTS_OF_A_RULE * count + 2, sizeof(void *));
	if (!specs->list || !specs->parts)
		return false;
	maker->shared =
	    part_new(maker, 2 * count, sizeof(const struct rule_side *));
	maker->shared_texts = part_new(maker, 2 * count, sizeof(const char *));
	return !maker->has_failed;
}

int filter_specs_make(struct filter_specs *ret, const struct filter_peers *from)
{
	const struct config_filter *filter = &from->config->filter;
	struct maker maker = {.from = from, .specs = ret};

	*ret = (struct filter_specs){0};
	maker.has_failed = !make_room(&maker, filter->rules_count);
	for (size_t i = 0; i < filter->rules_count && !maker.has_failed; i++)
		fill(&maker, &ret->list[ret->count++], &filter->rules[i]);
	if (!maker.has_failed)
		return 0;
	filter_specs_clear(ret);
	return -ENOMEM;
}

void filter_specs_clear(struct filter_specs *specs)
{
	for (size_t i = 0; i < specs->parts_count; i++)
		free(specs->parts[i]);
	free(specs->parts);
	free(specs->list);
	*specs = (struct filter_specs){0};
}
