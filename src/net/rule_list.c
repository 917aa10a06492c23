/* SPDX-License-Identifier: ISC */
/* Laying the rules of a hook and family out in columns. */
#include "net/rule_block.h"

#include <errno.h>
#include <stdlib.h>

struct wanted {
	uint16_t low, high;
};

/* What a rule wants of each word. */
struct ranges {
	struct wanted at[WORD_COUNT];
};

static void want(
    struct ranges *ranges, size_t word, unsigned low, unsigned high)
{
	ranges->at[word] = (struct wanted){(uint16_t)low, (uint16_t)high};
}

/* From the lowest to the highest value. */
static void want_list(
    struct ranges *ranges, enum word word, const struct rule_ranges *list)
{
	unsigned low = UINT16_MAX, high = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list->list[i].first < low)
			low = list->list[i].first;
		if (list->list[i].last > high)
			high = list->list[i].last;
	}
	if (list->count)
		want(ranges, word, low, high);
}

static void want_states(struct ranges *ranges, const struct rule_spec *spec)
{
	unsigned low = 7, high = 0;

	for (unsigned state = 0; state < 8; state++)
		if (spec->states >> state & 1) {
			low = state < low ? state : low;
			high = state;
		}
	if (spec->states)
		want(ranges, WORD_STATE, low, high);
}

static void want_mac(struct ranges *ranges, size_t word, const struct mac *mac)
{
	for (size_t i = 0; mac && i < MAC_BYTES / 2; i++) {
		unsigned value =
		    mac->bytes[2 * i] * 256u + mac->bytes[2 * i + 1];

		want(ranges, word + i, value, value);
	}
}

static void want_vlans(struct ranges *ranges, const struct vlan_set *vlans)
{
	unsigned low = VLAN_COUNT - 1, high = 0;

	for (uint16_t vlan = 0; vlans && vlan < VLAN_COUNT; vlan++)
		if (vlan_set_has(vlans, vlan)) {
			low = vlan < low ? vlan : low;
			high = vlan;
		}
	if (vlans)
		want(ranges, WORD_VLAN, low, high);
}

static unsigned shared_bits(const struct prefix *a, const struct prefix *b)
{
	unsigned bits = a->bits < b->bits ? a->bits : b->bits, i = 0;

	while (
	    i < bits && !((a->address.bytes[i / 8] ^ b->address.bytes[i / 8]) >>
				(7 - i % 8) &
			    1))
		i++;
	return i;
}

/* The smallest prefix with all of the family's; false: there is none. */
static bool find_common(
    struct prefix *ret, const struct rule_side *side, enum family family)
{
	ret->address.family = FAMILY_NONE;
	for (size_t i = 0; i < side->prefixes_count; i++) {
		const struct prefix *prefix = &side->prefixes[i];

		if (prefix->address.family != family)
			continue;
		if (ret->address.family == FAMILY_NONE)
			*ret = *prefix;
		else
			ret->bits = (uint8_t)shared_bits(ret, prefix);
	}
	return ret->address.family != FAMILY_NONE;
}

static void want_prefix(
    struct ranges *ranges, size_t word, const struct prefix *prefix)
{
	for (unsigned bit = 0; bit < prefix->bits; bit += 16) {
		const uint8_t *bytes = &prefix->address.bytes[bit / 8];
		unsigned left = prefix->bits - bit;
		unsigned host = left < 16 ? UINT16_MAX >> left : 0;
		unsigned value = bytes[0] * 256u + bytes[1];

		want(ranges, word + bit / 16, value & ~host, value | host);
	}
}

/* A side with peers only or prefixes only; a mixed one takes all. */
static void want_side(struct ranges *ranges, const struct rule_side *side,
    enum family family, size_t id_word, size_t address_word)
{
	struct prefix common;

	if (!side)
		return;
	if (side->peers_count == 1 && !side->prefixes_count) {
		uint32_t id = side->peers[0];

		want(ranges, id_word, id & 0xffff, id & 0xffff);
		want(ranges, id_word + 1, id >> 16, id >> 16);
	}
	if (!side->peers_count && find_common(&common, side, family))
		want_prefix(ranges, address_word, &common);
}

static void want_all(
    struct ranges *ranges, const struct rule_spec *spec, enum family family)
{
	for (size_t i = 0; i < WORD_COUNT; i++)
		want(ranges, i, 0, UINT16_MAX);
	want_list(ranges, WORD_PROTOCOL, &spec->protocols);
	want_list(ranges, WORD_SOURCE_PORT, &spec->source_ports);
	want_list(ranges, WORD_DESTINATION_PORT, &spec->destination_ports);
	want_list(ranges, WORD_ETHERTYPE, &spec->ethertypes);
	if (!spec->icmp6_types.count)
		want_list(ranges, WORD_ICMP, &spec->icmp_types);
	if (!spec->icmp_types.count)
		want_list(ranges, WORD_ICMP, &spec->icmp6_types);
	if (spec->tcp_flags_mask)
		want(ranges, WORD_TCP_FLAGS, spec->tcp_flags,
		    spec->tcp_flags | (uint8_t)~spec->tcp_flags_mask);
	want_states(ranges, spec);
	want_mac(ranges, WORD_SOURCE_MAC, spec->source_mac);
	want_mac(ranges, WORD_DESTINATION_MAC, spec->destination_mac);
	want_vlans(ranges, spec->vlans);
	want_side(ranges, spec->from, family, WORD_FROM_ID, WORD_SOURCE);
	want_side(ranges, spec->to, family, WORD_TO_ID, WORD_DESTINATION);
}

static bool side_may_match(const struct rule_side *side, enum family family)
{
	struct prefix common;

	return !side || side->peers_count || find_common(&common, side, family);
}

static bool needs_ip(const struct rule_spec *spec)
{
	return spec->family || spec->protocols.count ||
	       spec->source_ports.count || spec->destination_ports.count ||
	       spec->icmp_types.count || spec->icmp6_types.count ||
	       spec->tcp_flags_mask;
}

static bool may_match(const struct rule_spec *spec, enum family family)
{
	if (needs_ip(spec) && family == FAMILY_NONE)
		return false;
	if (spec->family && spec->family != family)
		return false;
	return side_may_match(spec->from, family) &&
	       side_may_match(spec->to, family);
}

static bool is_any(const struct wanted *wanted)
{
	return wanted->low == 0 && wanted->high == UINT16_MAX;
}

/* How many rules of the block a word tells from the ones before them; 0: no
 * rule cares. */
static unsigned weigh(const struct ranges *ranges, unsigned count, size_t word)
{
	unsigned weight = 0, cares = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct wanted *wanted = &ranges[i].at[word];
		unsigned k = 0;

		cares |= !is_any(wanted);
		while (k < i && (ranges[k].at[word].low != wanted->low ||
				    ranges[k].at[word].high != wanted->high))
			k++;
		weight += k == i;
	}
	return cares ? weight : 0;
}

static void fill_column(
    struct column *column, const struct ranges *ranges, size_t word)
{
	for (unsigned i = 0; i < BLOCK_RULES; i++) {
		const struct wanted *wanted = &ranges[i].at[word];
		unsigned width = wanted->high - wanted->low;

		column->low[i] = (uint16_t)(wanted->low - 0x8000u);
		column->width[i] = (int16_t)(width - 0x8000u);
	}
}

/* The next column of a block, which has room. */
static void add_column(struct rule_list *list, struct block *block,
    const struct ranges *ranges, size_t word, bool is_first)
{
	struct column *column = is_first ? &list->first[list->blocks_count - 1]
					 : &list->more[list->more_count];

	fill_column(column, ranges, word);
	if (is_first) {
		block->first_word = (uint8_t)word;
		return;
	}
	list->more_words[list->more_count++] = (uint8_t)word;
	block->more_count++;
}

/* Has at least one column, even if it lets all pass. */
static void add_block(
    struct rule_list *list, const struct ranges *ranges, unsigned count)
{
	struct block *block = &list->blocks[list->blocks_count++];
	unsigned weights[WORD_COUNT];
	bool is_first = true;

	block->lanes = (uint16_t)((1u << count) - 1);
	block->more = list->more_count;
	for (size_t word = 0; word < WORD_COUNT; word++)
		weights[word] = weigh(ranges, count, word);
	for (unsigned weight = count; weight > 0; weight--)
		for (size_t word = 0; word < WORD_COUNT; word++) {
			if (weights[word] != weight)
				continue;
			add_column(list, block, ranges, word, is_first);
			is_first = false;
		}
	if (is_first)
		add_column(list, block, ranges, WORD_PROTOCOL, true);
}

static void make_blocks(struct rule_list *list, enum family family)
{
	struct ranges ranges[BLOCK_RULES] = {0};
	unsigned count = 0;

	for (size_t i = 0; i < list->rules_count; i++) {
		want_all(&ranges[count++], &list->rules[i]->rule.spec, family);
		if (count == BLOCK_RULES || i + 1 == list->rules_count) {
			add_block(list, ranges, count);
			count = 0;
		}
	}
}

/* For the most that blocks may need. */
static int alloc(struct rule_list *list)
{
	size_t blocks = (list->rules_count + BLOCK_RULES - 1) / BLOCK_RULES;

	list->blocks = calloc(blocks, sizeof(*list->blocks));
	list->first = calloc(blocks, sizeof(*list->first));
	list->more = calloc(blocks * WORD_COUNT, sizeof(*list->more));
	list->more_words = calloc(blocks, WORD_COUNT);
	return list->blocks && list->first && list->more && list->more_words
		   ? 0
		   : -ENOMEM;
}

static const enum family families[LIST_FAMILIES] = {
    [LIST_IPV4] = FAMILY_IPV4, [LIST_IPV6] = FAMILY_IPV6};

static bool belongs(
    const struct compiled *compiled, enum hook hook, enum list_family family)
{
	return compiled->rule.spec.hook == hook &&
	       may_match(&compiled->rule.spec, families[family]);
}

int rule_list_make(struct rule_list *list, struct compiled *rules, size_t count,
    enum hook hook, enum list_family family)
{
	for (size_t i = 0; i < count; i++)
		list->rules_count += belongs(&rules[i], hook, family);
	if (!list->rules_count)
		return 0;
	list->rules = calloc(list->rules_count, sizeof(struct compiled *));
	if (!list->rules)
		return -ENOMEM;
	list->rules_count = 0;
	for (size_t i = 0; i < count; i++)
		if (belongs(&rules[i], hook, family))
			list->rules[list->rules_count++] = &rules[i];
	if (alloc(list))
		return -ENOMEM;
	make_blocks(list, families[family]);
	return 0;
}

void rule_list_clear(struct rule_list *list)
{
	free(list->blocks);
	free(list->first);
	free(list->more);
	free(list->more_words);
	free(list->rules);
}
