/* SPDX-License-Identifier: ISC */
/* Rules and what packets have, as text for people. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "net/rule_state.h"
#include "packet/ip.h"

static const char *const hooks[HOOK_COUNT] = {
    "prerouting", "input", "forward", "output", "postrouting"};

static const char *const actions[] = {"accept", "drop", "reject", "count"};

static const char *const fields[RULE_FIELDS] = {
    [RULE_FAMILY] = "family",
    [RULE_PROTOCOL] = "proto",
    [RULE_SOURCE_PORT] = "sport",
    [RULE_DESTINATION_PORT] = "dport",
    [RULE_ICMP] = "icmp_type",
    [RULE_TCP_FLAGS] = "tcp_flags",
    [RULE_ETHERTYPE] = "ethertype",
    [RULE_SOURCE_MAC] = "smac",
    [RULE_DESTINATION_MAC] = "dmac",
    [RULE_VLAN] = "vlan",
    [RULE_STATE] = "state",
    [RULE_FROM] = "from",
    [RULE_TO] = "to",
    [RULE_PROGRAM] = "match",
    [RULE_RATE] = "rate",
};

const char *hook_name(enum hook hook)
{
	return hooks[hook];
}

const char *rule_action_name(enum rule_action action)
{
	return actions[action];
}

const char *rule_field_name(enum rule_field field)
{
	return fields[field];
}

/* A text that grows until its room ends; words of a list have commas. */
struct text {
	char *at;
	size_t room, len;
};

static void add(struct text *text, const char *word)
{
	size_t left = text->room - text->len - 1, len = strlen(word);

	if (len > left)
		len = left;
	memcpy(text->at + text->len, word, len);
	text->len += len;
	text->at[text->len] = '\0';
}

static void add_word(struct text *text, const char *word)
{
	if (text->len)
		add(text, ",");
	add(text, word);
}

#define WORD_BYTES 16 /* of a number or a protocol */

static void add_number(struct text *text, unsigned number)
{
	char word[WORD_BYTES];

	snprintf(word, sizeof(word), "%u", number);
	add_word(text, word);
}

static const struct protocol {
	uint8_t number;
	const char *name;
} protocols[] = {
    {IP_PROTOCOL_ICMP, "icmp"},
    {IP_PROTOCOL_TCP, "tcp"},
    {IP_PROTOCOL_UDP, "udp"},
    {IP_PROTOCOL_ESP, "esp"},
    {IP_PROTOCOL_AH, "ah"},
    {IP_PROTOCOL_ICMPV6, "icmp6"},
};

static void add_protocol(struct text *text, unsigned number)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (protocols[i].number == number) {
			add_word(text, protocols[i].name);
			return;
		}
	add_number(text, number);
}

static void add_hexadecimal(struct text *text, unsigned number)
{
	char word[sizeof("0xffff")];

	snprintf(word, sizeof(word), "0x%04x", number & 0xffff);
	add_word(text, word);
}

static void add_ranges(struct text *text, const struct rule_ranges *ranges,
    void (*add_one)(struct text *text, unsigned number))
{
	for (size_t i = 0; i < ranges->count; i++) {
		const struct rule_range *range = &ranges->list[i];
		char last[WORD_BYTES] = "";
		struct text end = {.at = last, .room = sizeof(last)};

		add_one(text, range->first);
		if (range->last == range->first)
			continue;
		add_one(&end, range->last);
		add(text, "-");
		add(text, last);
	}
}

bool rule_icmp_next(const struct rule_range *range, uint32_t *at,
    struct rule_icmp_part *ret)
{
	const unsigned codes = RULE_ICMP_CODES;
	unsigned first = *at % codes, last = range->last % codes;
	uint16_t type = (uint16_t)(*at / codes);
	uint16_t end = (uint16_t)((range->last + 1u) / codes);

	if (*at > range->last)
		return false;
	if (!first && end > type) {
		ret->types = (struct rule_range){type, (uint16_t)(end - 1)};
		ret->codes = (struct rule_range){0, RULE_ICMP_CODES - 1};
		*at = end * codes;
		return true;
	}
	if (range->last / codes != type)
		last = codes - 1;
	ret->types = (struct rule_range){type, type};
	ret->codes = (struct rule_range){(uint16_t)first, (uint16_t)last};
	*at += last - first + 1;
	return true;
}

/* "8", "3-4", "3/4", "3/0-3" */
static void add_icmp_part(struct text *text, const struct rule_icmp_part *part)
{
	char codes[WORD_BYTES] = "";
	struct text word = {.at = codes, .room = sizeof(codes)};

	add_ranges(text, &(struct rule_ranges){&part->types, 1}, add_number);
	if (rule_icmp_is_whole(part))
		return;
	add_ranges(&word, &(struct rule_ranges){&part->codes, 1}, add_number);
	add(text, "/");
	add(text, codes);
}

static void add_types(struct text *text, const struct rule_ranges *ranges)
{
	struct rule_icmp_part part;

	for (size_t i = 0; i < ranges->count; i++) {
		uint32_t at = ranges->list[i].first;

		while (rule_icmp_next(&ranges->list[i], &at, &part))
			add_icmp_part(text, &part);
	}
}

static void add_flags(struct text *text, uint8_t flags)
{
	static const char letters[] = "FSRPAUEC";
	char word[sizeof(letters)];
	size_t len = 0;

	for (size_t i = 0; i < sizeof(letters) - 1; i++)
		if (flags >> i & 1)
			word[len++] = letters[i];
	word[len] = '\0';
	add(text, len ? word : "none");
}

static void add_mac(struct text *text, const struct mac *mac)
{
	char word[MAC_TEXT_BYTES];

	add_word(text, mac_format(mac, word, sizeof(word)));
}

static void add_vlans(struct text *text, const struct vlan_set *vlans)
{
	for (uint16_t vlan = 0; vlan < VLAN_COUNT; vlan++)
		if (vlan_set_has(vlans, vlan))
			add_number(text, vlan);
}

static void add_state(struct text *text, unsigned state)
{
	static const char *const states[] = {
	    "none", "new", "established", "related", "invalid", "untracked"};

	if (state < ARRAY_SIZE(states))
		add_word(text, states[state]);
	else
		add_number(text, state);
}

static void add_states(struct text *text, uint8_t states)
{
	for (unsigned state = 0; state < 8; state++)
		if (states >> state & 1)
			add_state(text, state);
}

static void add_side(struct text *text, const struct rule_side *side)
{
	char word[PREFIX_TEXT_BYTES];

	if (side->text) {
		add(text, side->text);
		return;
	}
	for (size_t i = 0; i < side->peers_count; i++) {
		add_word(text, "peer ");
		snprintf(word, sizeof(word), "%" PRIu32, side->peers[i]);
		add(text, word);
	}
	for (size_t i = 0; i < side->prefixes_count; i++)
		add_word(text,
		    prefix_format(&side->prefixes[i], word, sizeof(word)));
}

static void add_rate(struct text *text, const struct rule_spec *spec)
{
	const char *unit = spec->is_rate_of_bytes ? "byte" : "";
	char word[64];

	snprintf(word, sizeof(word), "%" PRIu32 "%s/s burst %" PRIu32 "%s%s",
	    spec->rate.rate, unit, spec->rate.burst, unit,
	    spec->has_rate_per_peer ? " per peer" : "");
	add(text, word);
}

bool rule_has_field(const struct rule_spec *spec, enum rule_field field)
{
	switch (field) {
	case RULE_FAMILY:
		return spec->family;
	case RULE_PROTOCOL:
		return spec->protocols.count;
	case RULE_SOURCE_PORT:
		return spec->source_ports.count;
	case RULE_DESTINATION_PORT:
		return spec->destination_ports.count;
	case RULE_ICMP:
		return spec->icmp_types.count || spec->icmp6_types.count;
	case RULE_TCP_FLAGS:
		return spec->tcp_flags_mask;
	case RULE_ETHERTYPE:
		return spec->ethertypes.count;
	case RULE_SOURCE_MAC:
		return spec->source_mac;
	case RULE_DESTINATION_MAC:
		return spec->destination_mac;
	case RULE_VLAN:
		return spec->vlans;
	case RULE_STATE:
		return spec->states;
	case RULE_FROM:
		return spec->from;
	case RULE_TO:
		return spec->to;
	case RULE_PROGRAM:
		return spec->program_count;
	case RULE_RATE:
		return spec->rate.rate;
	default:
		return false;
	}
}

static void add_flags_of_mask(struct text *text, const struct rule_spec *spec)
{
	add_flags(text, spec->tcp_flags);
	add(text, "/");
	add_flags(text, spec->tcp_flags_mask);
}

static void add_wanted(
    struct text *text, const struct rule_spec *spec, enum rule_field field)
{
	switch (field) {
	case RULE_FAMILY:
		add(text, spec->family == FAMILY_IPV4 ? "ipv4" : "ipv6");
		break;
	case RULE_PROTOCOL:
		add_ranges(text, &spec->protocols, add_protocol);
		break;
	case RULE_SOURCE_PORT:
		add_ranges(text, &spec->source_ports, add_number);
		break;
	case RULE_DESTINATION_PORT:
		add_ranges(text, &spec->destination_ports, add_number);
		break;
	case RULE_ICMP:
		add_types(text, &spec->icmp_types);
		add_types(text, &spec->icmp6_types);
		break;
	case RULE_TCP_FLAGS:
		add_flags_of_mask(text, spec);
		break;
	case RULE_ETHERTYPE:
		add_ranges(text, &spec->ethertypes, add_hexadecimal);
		break;
	case RULE_SOURCE_MAC:
		add_mac(text, spec->source_mac);
		break;
	case RULE_DESTINATION_MAC:
		add_mac(text, spec->destination_mac);
		break;
	case RULE_VLAN:
		add_vlans(text, spec->vlans);
		break;
	case RULE_STATE:
		add_states(text, spec->states);
		break;
	case RULE_FROM:
		add_side(text, spec->from);
		break;
	case RULE_TO:
		add_side(text, spec->to);
		break;
	case RULE_PROGRAM:
		add(text, spec->program_text ? spec->program_text : "program");
		break;
	case RULE_RATE:
		add_rate(text, spec);
		break;
	default:
		break;
	}
}

const char *rule_field_format(const struct rule_spec *spec,
    enum rule_field field, char *text, size_t room)
{
	struct text wanted = {.at = text, .room = room};

	text[0] = '\0';
	if (rule_has_field(spec, field))
		add_wanted(&wanted, spec, field);
	return text;
}

static void add_end(struct text *text, const struct packet *pkt,
    const struct address *address, uint32_t peer_id)
{
	char word[ADDRESS_TEXT_BYTES];

	if (pkt->family)
		add(text, address_format(address, word, sizeof(word)));
	else if (peer_id) {
		add(text, "peer ");
		snprintf(word, sizeof(word), "%" PRIu32, peer_id);
		add(text, word);
	}
}

static void add_port(struct text *text, const struct packet *pkt, uint16_t port)
{
	if (look_has_ports(pkt))
		add_number(text, port);
}

static void add_l2(
    struct text *text, const struct packet *pkt, enum rule_field field)
{
	if (!pkt->l2_bytes)
		return;
	if (field == RULE_SOURCE_MAC)
		add_mac(text, &pkt->source_mac);
	else if (field == RULE_DESTINATION_MAC)
		add_mac(text, &pkt->destination_mac);
	else
		add_number(text, pkt->vlan);
}

static void add_family(struct text *text, const struct packet *pkt)
{
	if (pkt->family)
		add(text, pkt->family == FAMILY_IPV4 ? "ipv4" : "ipv6");
}

static bool is_icmp(const struct packet *pkt)
{
	return pkt->has_l4 && !look_has_ports(pkt);
}

static void add_icmp(struct text *text, const struct packet *pkt)
{
	char word[WORD_BYTES];

	snprintf(
	    word, sizeof(word), "%u/%u", pkt->icmp_type, pkt->icmp_code);
	add(text, word);
}

static void add_got(
    struct text *text, const struct packet *pkt, enum rule_field field)
{
	switch (field) {
	case RULE_FAMILY:
		add_family(text, pkt);
		break;
	case RULE_PROTOCOL:
		if (pkt->family)
			add_protocol(text, pkt->l4_protocol);
		break;
	case RULE_SOURCE_PORT:
		add_port(text, pkt, pkt->source_port);
		break;
	case RULE_DESTINATION_PORT:
		add_port(text, pkt, pkt->destination_port);
		break;
	case RULE_ICMP:
		if (is_icmp(pkt))
			add_icmp(text, pkt);
		break;
	case RULE_TCP_FLAGS:
		if (pkt->has_l4 && pkt->l4_protocol == IP_PROTOCOL_TCP)
			add_flags(text, pkt->tcp_flags);
		break;
	case RULE_ETHERTYPE:
		add_hexadecimal(text, look_ethertype(pkt));
		break;
	case RULE_STATE:
		add_state(text, pkt->flow_state);
		break;
	case RULE_FROM:
		add_end(text, pkt, &pkt->source, pkt->from_id);
		break;
	case RULE_TO:
		add_end(text, pkt, &pkt->destination, pkt->to_id);
		break;
	default:
		add_l2(text, pkt, field);
		break;
	}
}

const char *packet_field_format(
    const struct packet *pkt, enum rule_field field, char *text, size_t room)
{
	struct text got = {.at = text, .room = room};

	text[0] = '\0';
	add_got(&got, pkt, field);
	if (!got.len)
		add(&got, "none");
	return text;
}
