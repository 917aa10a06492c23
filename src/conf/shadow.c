/* SPDX-License-Identifier: ISC */
/*
 * Finds rules that can never match, as an earlier one takes all their packets.
 *
 * How it works: a rule hides another one when each of its conditions is absent
 * or at least as wide. Only what is certain counts: no two rules are joined,
 * an expression covers nothing but itself, and a rule with a rate hides nothing
 * unless it accepts: then its rate is a limit (net/rule.h).
 */
#include "conf/filter.h"

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

/* The cheap ones first: each rule is compared with all before it. */
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

void conf_check_shadows(
    struct conf_reader *reader, const struct conf_node *nodes)
{
	const struct config_filter *filter = &reader->config->filter;
	const struct conf_node *node = nodes->first;

	for (size_t i = 0; i < filter->rules_count; i++, node = node->next)
		for (size_t j = 0; j < i; j++)
			if (hides(&filter->rules[j], &filter->rules[i])) {
				complain_hidden(
				    reader, node, i, &filter->rules[j]);
				break;
			}
}
