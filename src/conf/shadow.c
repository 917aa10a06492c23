/* SPDX-License-Identifier: ISC */
/*
 * Finds rules that can never match, as an earlier one takes all their packets.
 *
 * How it works: a rule hides another one when each of its conditions is absent
 * or at least as wide. Only what is certain counts: no two rules are joined,
 * an expression covers nothing but itself, and a rule with a rate hides nothing
 * unless it accepts: then its rate is a limit (net/rule.h). Each rule is
 * compared with all before it, so digests come first: a few words of which one
 * differs for nearly every pair.
 */
#include "conf/filter.h"

#include <stdlib.h>
#include <string.h>

#include "conf/ranges.h"

static bool has_peer(const struct config_ends *ends, uint32_t idx)
{
	for (size_t i = 0; i < ends->peers_count; i++)
		if (ends->peers[i] == idx)
			return true;
	return false;
}

static bool has_prefix(
    const struct config_ends *ends, const struct prefix *prefix)
{
	for (size_t i = 0; i < ends->prefixes_count; i++)
		if (ends->prefixes[i].bits <= prefix->bits &&
		    prefix_has(&ends->prefixes[i], &prefix->address))
			return true;
	return false;
}

static bool ends_cover(const struct config_ends *a, const struct config_ends *b)
{
	if (!a->text || !b->text)
		return !a->text;
	for (size_t i = 0; i < b->peers_count; i++)
		if (!has_peer(a, b->peers[i]))
			return false;
	for (size_t i = 0; i < b->prefixes_count; i++)
		if (!has_prefix(a, &b->prefixes[i]))
			return false;
	return true;
}

static bool macs_cover(const struct config_rule *a, const struct config_rule *b)
{
	return (!a->has_smac ||
		   (b->has_smac && mac_is_equal(&a->smac, &b->smac))) &&
	       (!a->has_dmac ||
		   (b->has_dmac && mac_is_equal(&a->dmac, &b->dmac)));
}

static bool vlans_cover(
    const struct config_rule *a, const struct config_rule *b)
{
	if (!a->has_vlans || !b->has_vlans)
		return !a->has_vlans;
	for (size_t i = 0; i < ARRAY_SIZE(a->vlans.bits); i++)
		if (b->vlans.bits[i] & ~a->vlans.bits[i])
			return false;
	return true;
}

static bool flags_cover(
    const struct config_rule *a, const struct config_rule *b)
{
	return !(a->tcp_flags_mask & ~b->tcp_flags_mask) &&
	       (b->tcp_flags_value & a->tcp_flags_mask) == a->tcp_flags_value;
}

static bool states_cover(
    const struct config_rule *a, const struct config_rule *b)
{
	return !a->states || (b->states && !(b->states & ~a->states));
}

static bool matches_cover(
    const struct config_rule *a, const struct config_rule *b)
{
	return !a->match.text ||
	       (b->match.text && !strcmp(a->match.text, b->match.text));
}

static bool hides(const struct config_rule *a, const struct config_rule *b)
{
	return a->hook == b->hook && a->action != CONFIG_ACTION_COUNT &&
	       (!a->rate || a->action == CONFIG_ACTION_ACCEPT) &&
	       (a->family == CONFIG_FAMILY_ANY || a->family == b->family) &&
	       conf_ranges_cover(&a->protocols, &b->protocols) &&
	       conf_ranges_cover(&a->dports, &b->dports) &&
	       conf_ranges_cover(&a->sports, &b->sports) &&
	       conf_ranges_cover(&a->icmp_types, &b->icmp_types) &&
	       conf_ranges_cover(&a->icmp6_types, &b->icmp6_types) &&
	       (!a->ethertype || a->ethertype == b->ethertype) &&
	       states_cover(a, b) && flags_cover(a, b) && macs_cover(a, b) &&
	       vlans_cover(a, b) && matches_cover(a, b) &&
	       ends_cover(&a->from, &b->from) && ends_cover(&a->to, &b->to);
}

/* ---- digests ---- */

enum word {
	WORD_HOOK,
	WORD_FROM,
	WORD_TO,
	WORD_PROTO,
	WORD_DPORT,
	WORDS
};

/* Where `a` has a bit in mask, `b` has the same value, or is not hidden. */
struct digest {
	struct {
		uint32_t value, mask;
	} words[WORDS];
};

static bool may_hide(const struct digest *a, const struct digest *b)
{
	for (size_t i = 0; i < WORDS; i++)
		if ((a->words[i].value ^ b->words[i].value) & a->words[i].mask)
			return false;
	return true;
}

/* Of an IPv4 address all of it, of a whole IPv6 address the end. */
static void digest_ends(
    struct digest *digest, enum word word, const struct config_ends *ends)
{
	const struct prefix *prefix = ends->prefixes;
	const uint8_t *bytes;
	bool is_ipv4;

	if (!ends->prefixes_count)
		return;
	is_ipv4 = prefix->address.family == FAMILY_IPV4;
	bytes = prefix->address.bytes + (is_ipv4 ? 0 : 12);
	digest->words[word].value = (uint32_t)bytes[0] << 24 |
				    (uint32_t)bytes[1] << 16 |
				    (uint32_t)bytes[2] << 8 | bytes[3];
	if (ends->prefixes_count > 1 || ends->peers_count)
		return;
	if (is_ipv4 && prefix->bits)
		digest->words[word].mask = UINT32_MAX << (32 - prefix->bits);
	else if (prefix->bits == 128)
		digest->words[word].mask = UINT32_MAX;
}

static void digest_ranges(
    struct digest *digest, enum word word, const struct config_ranges *ranges)
{
	const struct config_range *first = ranges->list;

	digest->words[word].value = ranges->count ? first->first : UINT32_MAX;
	if (ranges->count == 1 && first->first == first->last)
		digest->words[word].mask = UINT32_MAX;
}

static void digest_rule(struct digest *digest, const struct config_rule *rule)
{
	digest->words[WORD_HOOK].value = rule->hook;
	digest->words[WORD_HOOK].mask = UINT32_MAX;
	digest_ends(digest, WORD_FROM, &rule->from);
	digest_ends(digest, WORD_TO, &rule->to);
	digest_ranges(digest, WORD_PROTO, &rule->protocols);
	digest_ranges(digest, WORD_DPORT, &rule->dports);
}

/* ---- all pairs ---- */

static void complain_hidden(struct conf_reader *reader,
    const struct conf_node *node, size_t idx, const struct config_rule *by)
{
	conf_rule_path(reader->object, node, idx);
	complain(reader, node,
	    "it can never match: rule \"%s\" in line %u takes all of its "
	    "packets",
	    by->name, by->place.line);
	conf_hint(reader->messages,
	    "move it in front of \"%s\", or take it away", by->name);
}

/* The first rule that hides the one at `idx`, or NULL. */
static const struct config_rule *find_hider(const struct config_filter *filter,
    const struct digest *digests, size_t idx)
{
	const struct config_rule *rules = filter->rules;

	for (size_t i = 0; i < idx; i++)
		if (may_hide(&digests[i], &digests[idx]) &&
		    hides(&rules[i], &rules[idx]))
			return &rules[i];
	return NULL;
}

void conf_check_shadows(
    struct conf_reader *reader, const struct conf_node *nodes)
{
	const struct config_filter *filter = &reader->config->filter;
	struct digest *digests =
	    calloc(filter->rules_count + 1, sizeof(*digests));
	const struct conf_node *node = nodes->first;

	if (!digests) {
		reader->has_no_memory = true;
		return;
	}
	for (size_t i = 0; i < filter->rules_count; i++, node = node->next) {
		const struct config_rule *hider;

		digest_rule(&digests[i], &filter->rules[i]);
		hider = find_hider(filter, digests, i);
		if (hider)
			complain_hidden(reader, node, i, hider);
	}
	free(digests);
}
