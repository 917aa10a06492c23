/* SPDX-License-Identifier: ISC */
/* Chains, rules and policies for nft. */
#include "core/nft.h"

#include <inttypes.h>

#include "core/nft_write.h"
#include "packet/ethernet.h"
#include "packet/ip.h"

#define PROTOCOLS 256

/* The field that nft has no equal of, or NULL. */
static const char *find_obstacle(const struct rule_spec *spec)
{
	if (spec->program_count)
		return "match";
	if (spec->vlans)
		return "vlan";
	if (spec->rate.rate && spec->has_rate_per_peer)
		return "rate per peer";
	return NULL;
}

static bool ranges_have(const struct rule_ranges *ranges, uint16_t value)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (ranges->list[i].first <= value &&
		    value <= ranges->list[i].last)
			return true;
	return false;
}

/* Of its own; its sides are another matter. */
static bool names_family(const struct rule_spec *spec, enum family family)
{
	bool is_ipv4 = family == FAMILY_IPV4;
	bool has_types = spec->icmp_types.count || spec->icmp6_types.count;

	if (spec->family && spec->family != family)
		return false;
	if (spec->ethertypes.count &&
	    !ranges_have(
		&spec->ethertypes, is_ipv4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6))
		return false;
	return !has_types ||
	       (is_ipv4 ? spec->icmp_types.count : spec->icmp6_types.count);
}

static bool may_match(const struct nft_setup *setup,
    const struct rule_spec *spec, enum family family)
{
	return names_family(spec, family) &&
	       nft_side_has_family(setup, spec->from, family) &&
	       nft_side_has_family(setup, spec->to, family);
}

/* Else one nft rule says it of both. */
static bool tells_families_apart(const struct rule_spec *spec)
{
	return spec->from || spec->to || spec->icmp_types.count ||
	       spec->icmp6_types.count || !names_family(spec, FAMILY_IPV4) ||
	       !names_family(spec, FAMILY_IPV6);
}

static void write_range(
    const struct nft_setup *setup, const struct rule_range *range)
{
	nft_printf(setup, "%u", range->first);
	if (range->last != range->first)
		nft_printf(setup, "-%u", range->last);
}

static void write_ranges(const struct nft_setup *setup, const char *name,
    const struct rule_ranges *ranges)
{
	if (!ranges->count)
		return;
	nft_printf(setup, "%s { ", name);
	for (size_t i = 0; i < ranges->count; i++) {
		nft_printf(setup, "%s", i ? ", " : "");
		write_range(setup, &ranges->list[i]);
	}
	nft_printf(setup, " } ");
}

static bool names_codes(const struct rule_ranges *types)
{
	struct rule_icmp_part part;

	for (size_t i = 0; i < types->count; i++) {
		uint32_t at = types->list[i].first;

		while (rule_icmp_next(&types->list[i], &at, &part))
			if (!rule_icmp_is_whole(&part))
				return true;
	}
	return false;
}

static void write_type(const struct nft_setup *setup,
    const struct rule_range *range, bool has_codes, const char *comma)
{
	struct rule_icmp_part part;
	uint32_t at = range->first;

	while (rule_icmp_next(range, &at, &part)) {
		nft_printf(setup, "%s", comma);
		write_range(setup, &part.types);
		if (has_codes) {
			nft_printf(setup, " . ");
			write_range(setup, &part.codes);
		}
		comma = ", ";
	}
}

static void write_types(const struct nft_setup *setup, const char *name,
    const struct rule_ranges *types)
{
	bool has_codes = names_codes(types);

	if (!types->count)
		return;
	nft_printf(setup, "%s type ", name);
	if (has_codes)
		nft_printf(setup, ". %s code ", name);
	nft_printf(setup, "{ ");
	for (size_t i = 0; i < types->count; i++)
		write_type(
		    setup, &types->list[i], has_codes, i ? ", " : "");
	nft_printf(setup, " } ");
}

static void write_states(const struct nft_setup *setup, uint8_t states)
{
	static const char *const names[] = {[FLOW_NEW] = "new",
	    [FLOW_ESTABLISHED] = "established",
	    [FLOW_RELATED] = "related",
	    [FLOW_INVALID] = "invalid",
	    [FLOW_UNTRACKED] = "untracked"};
	const char *comma = "";

	if (!states)
		return;
	nft_printf(setup, "ct state { ");
	for (size_t i = FLOW_NEW; i < ARRAY_SIZE(names); i++)
		if (states >> i & 1) {
			nft_printf(setup, "%s%s", comma, names[i]);
			comma = ", ";
		}
	nft_printf(setup, " } ");
}

static void write_mac(
    const struct nft_setup *setup, const char *name, const struct mac *mac)
{
	char text[MAC_TEXT_BYTES];

	if (mac)
		nft_printf(setup, "ether %s %s ", name,
		    mac_format(mac, text, sizeof(text)));
}

/* The protocols that an nft rule is for; it refuses those that can not be. */
struct protocols {
	bool has[PROTOCOLS];
};

static void keep_only(struct protocols *protocols, uint8_t a, uint8_t b)
{
	for (unsigned i = 0; i < PROTOCOLS; i++)
		protocols->has[i] = protocols->has[i] && (i == a || i == b);
}

/* What is left of `protocols` by all fields. FAMILY_NONE: no ICMP types. */
static struct protocols protocols_of(
    const struct rule_spec *spec, enum family family)
{
	struct protocols protocols;
	uint8_t icmp =
	    family == FAMILY_IPV4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMPV6;

	for (unsigned i = 0; i < PROTOCOLS; i++)
		protocols.has[i] = !spec->protocols.count ||
				   ranges_have(&spec->protocols, (uint16_t)i);
	if (spec->source_ports.count || spec->destination_ports.count)
		keep_only(&protocols, IP_PROTOCOL_TCP, IP_PROTOCOL_UDP);
	if (spec->tcp_flags_mask)
		keep_only(&protocols, IP_PROTOCOL_TCP, IP_PROTOCOL_TCP);
	if (spec->icmp_types.count || spec->icmp6_types.count)
		keep_only(&protocols, icmp, icmp);
	return protocols;
}

static unsigned count_protocols(const struct protocols *protocols)
{
	unsigned count = 0;

	for (unsigned i = 0; i < PROTOCOLS; i++)
		count += protocols->has[i];
	return count;
}

/* The first one from `start` on that is in the set, or not in it. */
static unsigned find_protocol(
    const struct protocols *protocols, unsigned start, bool is_in)
{
	while (start < PROTOCOLS && protocols->has[start] != is_in)
		start++;
	return start;
}

static void write_protocols(
    const struct nft_setup *setup, const struct protocols *protocols)
{
	unsigned first = find_protocol(protocols, 0, true);
	const char *comma = "";

	if (count_protocols(protocols) == PROTOCOLS)
		return;
	nft_printf(setup, "meta l4proto { ");
	while (first < PROTOCOLS) {
		unsigned end = find_protocol(protocols, first, false);

		nft_printf(setup, "%s%u", comma, first);
		if (end > first + 1)
			nft_printf(setup, "-%u", end - 1);
		comma = ", ";
		first = find_protocol(protocols, end, true);
	}
	nft_printf(setup, " } ");
}

static void write_l4(const struct nft_setup *setup,
    const struct rule_spec *spec, const struct protocols *protocols)
{
	write_protocols(setup, protocols);
	write_ranges(setup, "th sport", &spec->source_ports);
	write_ranges(setup, "th dport", &spec->destination_ports);
	if (spec->tcp_flags_mask)
		nft_printf(setup, "tcp flags & 0x%02x == 0x%02x ",
		    spec->tcp_flags_mask, spec->tcp_flags);
}

/* Rules are written for one family, or for both: FAMILY_NONE. */
struct writing {
	const struct nft_setup *setup;
	const struct ruleset *set;
	const struct rule_spec *spec;
	enum family family;
};

static void write_matches(
    const struct writing *writing, const struct protocols *protocols)
{
	const struct nft_setup *setup = writing->setup;
	const struct rule_spec *spec = writing->spec;
	enum family family = writing->family;

	nft_printf(setup, "\t\t");
	if (family != FAMILY_NONE)
		nft_printf(setup, "meta nfproto %s ",
		    family == FAMILY_IPV4 ? "ipv4" : "ipv6");
	nft_write_side(setup, writing->set, spec->from, true, family);
	nft_write_side(setup, writing->set, spec->to, false, family);
	write_l4(setup, spec, protocols);
	if (family == FAMILY_IPV4)
		write_types(setup, "icmp", &spec->icmp_types);
	if (family == FAMILY_IPV6)
		write_types(setup, "icmpv6", &spec->icmp6_types);
	write_mac(setup, "saddr", spec->source_mac);
	write_mac(setup, "daddr", spec->destination_mac);
	write_states(setup, spec->states);
}

static void write_rate(
    const struct nft_setup *setup, const struct rule_spec *spec)
{
	bool has_bytes = spec->is_rate_of_bytes;

	nft_printf(setup,
	    "limit rate %" PRIu32 "%s/second burst %" PRIu32 " %s ",
	    spec->rate.rate, has_bytes ? " bytes" : "", spec->rate.burst,
	    has_bytes ? "bytes" : "packets");
}

/* Nothing without protocols. */
static void write_rule(const struct writing *writing,
    const struct protocols *protocols, const char *verdict, const char *suffix)
{
	const struct nft_setup *setup = writing->setup;
	const struct rule_spec *spec = writing->spec;

	if (!count_protocols(protocols))
		return;
	write_matches(writing, protocols);
	if (spec->rate.rate && !*suffix)
		write_rate(setup, spec);
	if (spec->has_log)
		nft_printf(setup, "log prefix \"%s: \" ", spec->name);
	nft_printf(setup, "counter %s%scomment \"%s%s\"\n", verdict,
	    *verdict ? " " : "", spec->name, suffix);
}

/* nft has no reject behind routing. */
static void write_reject(
    const struct writing *writing, const struct protocols *protocols)
{
	struct protocols tcp = *protocols, others = *protocols;

	if (writing->spec->hook == HOOK_POSTROUTING) {
		write_rule(writing, protocols, "drop", "");
		return;
	}
	keep_only(&tcp, IP_PROTOCOL_TCP, IP_PROTOCOL_TCP);
	others.has[IP_PROTOCOL_TCP] = false;
	write_rule(writing, &tcp, "reject with tcp reset", "");
	write_rule(
	    writing, &others, "reject with icmpx type admin-prohibited", "");
}

static void write_action(const struct writing *writing)
{
	const struct rule_spec *spec = writing->spec;
	struct protocols protocols = protocols_of(spec, writing->family);

	switch (spec->action) {
	case RULE_ACCEPT:
		write_rule(writing, &protocols, "accept", "");
		if (spec->rate.rate)
			write_rule(
			    writing, &protocols, "drop", ", over its rate");
		break;
	case RULE_DROP:
		write_rule(writing, &protocols, "drop", "");
		break;
	case RULE_REJECT:
		write_reject(writing, &protocols);
		break;
	case RULE_COUNT:
		write_rule(writing, &protocols, "", "");
		break;
	}
}

static void write_families(struct writing *writing)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};

	if (!tells_families_apart(writing->spec)) {
		write_action(writing);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		writing->family = families[i];
		if (may_match(writing->setup, writing->spec, families[i]))
			write_action(writing);
	}
}

static void write_one(const struct nft_setup *setup, const struct ruleset *set,
    const struct rule_spec *spec)
{
	struct writing writing = {.setup = setup, .set = set, .spec = spec};
	const char *obstacle = find_obstacle(spec);

	if (obstacle)
		nft_printf(setup, "\t\t# %s is left out: nft has no %s\n",
		    spec->name, obstacle);
	else
		write_families(&writing);
}

/* Packets of other devices are none of our business. */
static void write_devices(const struct nft_setup *setup, enum hook hook)
{
	bool is_from_host = hook == HOOK_OUTPUT || hook == HOOK_POSTROUTING;

	if (!is_from_host)
		nft_printf(
		    setup, "\t\tiifname != \"%s\" accept\n", setup->device);
	if (is_from_host || hook == HOOK_FORWARD)
		nft_printf(
		    setup, "\t\toifname != \"%s\" accept\n", setup->device);
	if (setup->is_stateful)
		nft_printf(setup, "\t\tct state established,related accept\n");
}

static bool has_rules(const struct ruleset *set, enum hook hook)
{
	const struct rule *rule;

	for (size_t i = 0; (rule = ruleset_rule(set, i)); i++)
		if (rule->spec.hook == hook)
			return true;
	return ruleset_policy(set, hook)->action != RULE_ACCEPT;
}

static void write_chain(
    const struct nft_setup *setup, const struct ruleset *set, enum hook hook)
{
	const struct rule_spec policy = {.name = "policy",
	    .hook = hook,
	    .action = ruleset_policy(set, hook)->action};
	const struct rule *rule;

	nft_printf(setup,
	    "\tchain %s {\n"
	    "\t\ttype filter hook %s priority 0; policy accept;\n",
	    hook_name(hook), hook_name(hook));
	write_devices(setup, hook);
	for (size_t i = 0; (rule = ruleset_rule(set, i)); i++)
		if (rule->spec.hook == hook)
			write_one(setup, set, &rule->spec);
	write_one(setup, set, &policy);
	nft_printf(setup, "\t}\n");
}

void nft_export(const struct ruleset *set, const struct nft_setup *setup)
{
	nft_printf(setup, "table inet %s {\n", setup->table);
	nft_write_sets(setup, set);
	for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
		if (has_rules(set, hook))
			write_chain(setup, set, hook);
	nft_printf(setup, "}\n");
}
