/* SPDX-License-Identifier: ISC */
/* Random rules that nft can have, too, and packets for them. */
#include "rules_lab.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/header.h"

#define RULES_MIN 10
#define RULES_MAX 200
#define ITEMS	  3 /* of a list */
#define PEERS	  8 /* 10.9.0.1 and fd09::1 belong to peer 1, and so on */

/* The last byte of an address in this network; 0x10 and up are no peers. */
static struct address address_in(bool is_ipv6, uint8_t network, uint8_t last)
{
	if (is_ipv6)
		return (struct address){
		    FAMILY_IPV6, {0xfd, network, [15] = last}};
	return (struct address){FAMILY_IPV4, {10, network, 0, last}};
}

const struct prefix *lab_prefixes(
    void *context, uint32_t peer_id, size_t *ret_count)
{
	static struct prefix prefixes[PEERS + 1][2];

	(void)context;
	for (int i = 0; i < 2; i++) {
		struct address address = address_in(i, 9, (uint8_t)peer_id);

		prefixes[peer_id][i] = (struct prefix){
		    address, (uint8_t)address_bits(address.family)};
	}
	*ret_count = 2;
	return prefixes[peer_id];
}

static uint32_t random_peer(struct seed *seed)
{
	return 1 + (uint32_t)seed_below(seed, PEERS);
}

struct lab_rule {
	struct rule_side sides[2];
	struct prefix prefixes[2][ITEMS];
	uint32_t peers[2][ITEMS];
	struct rule_range protocols[ITEMS], ports[2][ITEMS], types[2][ITEMS];
	char name[16];
};

static struct rule_spec specs[RULES_MAX];
static struct lab_rule parts[RULES_MAX];

static struct prefix random_prefix(struct seed *seed)
{
	static const uint8_t networks[] = {9, 9, 8, 7};
	bool is_ipv6 = seed_below(seed, 2);
	struct prefix prefix = {
	    .address = address_in(is_ipv6, networks[seed_below(seed, 4)],
		(uint8_t)seed_below(seed, 2 * PEERS)),
	};

	prefix.bits = (uint8_t)(address_bits(prefix.address.family) -
				seed_below(seed, 5));
	if (!seed_below(seed, 6))
		prefix.bits = (uint8_t)seed_below(seed, prefix.bits + 1u);
	prefix_mask(&prefix);
	return prefix;
}

static const struct rule_side *make_side(
    struct lab_rule *rule, int which, struct seed *seed)
{
	struct rule_side *side = &rule->sides[which];
	unsigned kind = 1 + (unsigned)seed_below(seed, 3);

	*side = (struct rule_side){
	    .peers = rule->peers[which], .prefixes = rule->prefixes[which]};
	if (kind & 1)
		side->peers_count = 1 + seed_below(seed, ITEMS);
	if (kind & 2)
		side->prefixes_count = 1 + seed_below(seed, ITEMS);
	for (size_t i = 0; i < side->peers_count; i++)
		rule->peers[which][i] = random_peer(seed);
	for (size_t i = 0; i < side->prefixes_count; i++)
		rule->prefixes[which][i] = random_prefix(seed);
	return side;
}

/* Ranges that are apart and in order, out of these values. */
static struct rule_ranges make_list(struct rule_range *list, struct seed *seed,
    const uint16_t *values, size_t count)
{
	struct rule_ranges ranges = {.list = list};

	for (size_t i = 0; i + 1 < count && ranges.count < ITEMS; i += 2) {
		bool is_range = !seed_below(seed, 4);
		bool is_second = seed_below(seed, 2);

		if (seed_below(seed, 2) && (ranges.count || i + 3 < count))
			continue;
		list[ranges.count++] =
		    (struct rule_range){values[i + (is_second && !is_range)],
			values[i + (is_second || is_range)]};
	}
	return ranges;
}

static const uint16_t protocols[] = {1, 6, 17, 47, 58, 132};
static const uint16_t ports[] = {0, 22, 53, 80, 443, 65535};
static const uint16_t types[] = {0, 1, 2, 3, 128, 129};

/* With all codes, or one: each other packet has that. */
static struct rule_ranges make_types(
    struct rule_range *list, struct seed *seed)
{
	struct rule_ranges ranges =
	    make_list(list, seed, types, ARRAY_SIZE(types));

	for (size_t i = 0; i < ranges.count; i++) {
		bool has_code = seed_below(seed, 2);

		list[i].first = (uint16_t)(list[i].first * 256u + has_code);
		list[i].last =
		    (uint16_t)(list[i].last * 256u + (has_code ? 1 : 255));
	}
	return ranges;
}

static void make_l4(
    struct rule_spec *spec, struct lab_rule *rule, struct seed *seed)
{
	uint64_t kind = seed_below(seed, 8);

	if (kind & 1)
		spec->protocols = make_list(
		    rule->protocols, seed, protocols, ARRAY_SIZE(protocols));
	if (kind & 2)
		spec->destination_ports =
		    make_list(rule->ports[0], seed, ports, ARRAY_SIZE(ports));
	if (kind == 4 || kind == 6)
		spec->source_ports =
		    make_list(rule->ports[1], seed, ports, ARRAY_SIZE(ports));
	if (kind == 5) {
		spec->tcp_flags_mask = (uint8_t)(1 + seed_below(seed, 255));
		spec->tcp_flags = spec->tcp_flags_mask & 0x12;
	}
	if (kind == 0 && seed_below(seed, 2))
		spec->icmp_types = make_types(rule->types[0], seed);
	if (kind == 0 && (!spec->icmp_types.count || seed_below(seed, 2)))
		spec->icmp6_types = make_types(rule->types[1], seed);
}

static enum hook random_hook(struct seed *seed, bool is_outgoing)
{
	if (is_outgoing)
		return seed_below(seed, 2) ? HOOK_OUTPUT : HOOK_POSTROUTING;
	return (enum hook)(HOOK_PREROUTING + seed_below(seed, 3));
}

static void make_rule(size_t idx, struct seed *seed, bool is_outgoing)
{
	static const enum rule_action actions[] = {RULE_ACCEPT, RULE_ACCEPT,
	    RULE_DROP, RULE_REJECT, RULE_COUNT, RULE_COUNT};
	struct rule_spec *spec = &specs[idx];
	struct lab_rule *rule = &parts[idx];

	memset(spec, 0, sizeof(*spec));
	snprintf(rule->name, sizeof(rule->name), "r%u", (unsigned)idx);
	spec->name = rule->name;
	spec->hook = random_hook(seed, is_outgoing);
	spec->action = actions[seed_below(seed, ARRAY_SIZE(actions))];
	if (seed_below(seed, 2))
		spec->from = make_side(rule, 0, seed);
	if (!spec->from || seed_below(seed, 2))
		spec->to = make_side(rule, 1, seed);
	make_l4(spec, rule, seed);
	if (!seed_below(seed, 8))
		spec->family = seed_below(seed, 2) ? FAMILY_IPV4 : FAMILY_IPV6;
}

struct ruleset *lab_make_set(struct seed *seed, bool is_outgoing)
{
	struct ruleset_setup setup = {
	    .specs = specs,
	    .count = RULES_MIN + seed_below(seed, RULES_MAX - RULES_MIN + 1),
	    /* or nothing would come to the next hook */
	    .policy = {[HOOK_INPUT] = (enum rule_action)seed_below(seed, 3),
		[HOOK_FORWARD] = (enum rule_action)seed_below(seed, 3)},
	};
	struct ruleset *set;

	for (size_t i = 0; i < setup.count; i++)
		make_rule(i, seed, is_outgoing);
	if (ruleset_new(&set, &setup, (struct instant){0}))
		abort();
	return set;
}

/* ---- packets ---- */

struct writer {
	uint8_t *at;
};

static void put8(struct writer *writer, unsigned value)
{
	*writer->at++ = (uint8_t)value;
}

static void put16(struct writer *writer, unsigned value)
{
	put8(writer, value >> 8);
	put8(writer, value);
}

static void put_zeros(struct writer *writer, size_t count)
{
	memset(writer->at, 0, count);
	writer->at += count;
}

static uint16_t random_of(
    struct seed *seed, const uint16_t *values, size_t count)
{
	return values[seed_below(seed, count)];
}

/* A whole header and up to 31 bytes. Returns how many. */
static unsigned put_l4(
    struct writer *writer, struct seed *seed, unsigned protocol)
{
	unsigned payload = (unsigned)seed_below(seed, 4) * 8;
	bool is_icmp = protocol == 1 || protocol == 58;
	uint8_t *start = writer->at;

	if (is_icmp)
		put16(writer, random_of(seed, types, ARRAY_SIZE(types)) * 256u +
				  (unsigned)seed_below(seed, 2));
	else
		put16(writer, random_of(seed, ports, ARRAY_SIZE(ports)));
	put16(writer, random_of(seed, ports, ARRAY_SIZE(ports)));
	if (protocol == 6) {
		put_zeros(writer, 8);
		put16(writer, 0x5000u + (unsigned)seed_below(seed, 64));
		put_zeros(writer, 6);
	} else {
		put16(writer, 8 + payload);
		put16(writer, 0);
	}
	put_zeros(writer, payload);
	return (unsigned)(writer->at - start);
}

static void put_address(struct writer *writer, const struct address *address)
{
	size_t bytes = address_bits(address->family) / 8;

	memcpy(writer->at, address->bytes, bytes);
	writer->at += bytes;
}

/* Who sends what to whom: peers are in network 9, more of them in network 8,
 * and network 7 is the daemon's own. */
struct ends {
	struct address source, destination;
	bool is_local;
};

static struct ends random_ends(
    struct seed *seed, bool is_ipv6, bool is_outgoing)
{
	uint8_t other = (uint8_t)(1 + seed_below(seed, 2 * PEERS - 1));
	struct address peer =
	    address_in(is_ipv6, 9, (uint8_t)random_peer(seed));
	struct address own = address_in(is_ipv6, 7, other);

	if (is_outgoing)
		return (struct ends){own, peer, false};
	if (seed_below(seed, 2))
		return (struct ends){peer, own, true};
	return (struct ends){peer, address_in(is_ipv6, 8, other), false};
}

static void put_ipv4(struct writer *writer, struct seed *seed,
    const struct ends *ends, unsigned protocol)
{
	uint8_t *start = writer->at;

	put16(writer, 0x4500);
	put16(writer, 0);
	put16(writer, 1 + (unsigned)seed_below(seed, 65535));
	put16(writer, seed_below(seed, 8) ? 0 : 0x2000);
	put8(writer, 64);
	put8(writer, protocol);
	put16(writer, 0);
	put_address(writer, &ends->source);
	put_address(writer, &ends->destination);
	start[3] = (uint8_t)(IPV4_BYTES + put_l4(writer, seed, protocol));
	header_finish(start, IPV4_BYTES);
}

/* A first fragment has room for 8 bytes, and more to come. */
static void put_ipv6(struct writer *writer, struct seed *seed,
    const struct ends *ends, unsigned protocol)
{
	bool is_fragment = !seed_below(seed, 8);
	uint8_t *start = writer->at;

	put16(writer, 0x6000);
	put_zeros(writer, 4);
	put8(writer, is_fragment ? 44 : protocol);
	put8(writer, 64);
	put_address(writer, &ends->source);
	put_address(writer, &ends->destination);
	if (is_fragment) {
		put16(writer, protocol * 256);
		put16(writer, 1);
		put16(writer, 0);
		put16(writer, 1 + (unsigned)seed_below(seed, 65535));
	}
	start[5] =
	    (uint8_t)((is_fragment ? 8 : 0) + put_l4(writer, seed, protocol));
}

void lab_make_packet(
    struct lab_packet *ret, struct seed *seed, bool is_outgoing)
{
	bool is_ipv6 = seed_below(seed, 2);
	struct ends ends = random_ends(seed, is_ipv6, is_outgoing);
	struct writer writer = {.at = ret->bytes};
	unsigned protocol = random_of(seed, protocols, ARRAY_SIZE(protocols));

	if (seed_below(seed, 2))
		protocol = seed_below(seed, 2) ? 6 : 17;
	if (is_ipv6)
		put_ipv6(&writer, seed, &ends, protocol);
	else
		put_ipv4(&writer, seed, &ends, protocol);
	ret->pkt = (struct packet){.buffer = ret->bytes,
	    .buffer_bytes = LAB_PACKET_BYTES,
	    .len = (uint32_t)(writer.at - ret->bytes),
	    .segments = 1};
	if (packet_parse_ip(&ret->pkt))
		abort();
	ret->is_outgoing = is_outgoing;
	ret->is_local = ends.is_local;
	if (is_outgoing)
		ret->pkt.to_id =
		    ends.destination
			.bytes[address_bits(ret->pkt.family) / 8 - 1];
	else
		ret->pkt.from_id =
		    ends.source.bytes[address_bits(ret->pkt.family) / 8 - 1];
}
