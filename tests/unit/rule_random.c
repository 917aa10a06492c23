/* SPDX-License-Identifier: ISC */
/* Making rules and packets out of a small world, so that they often meet. */
#include "rule_random.h"

#include <linux/filter.h>
#include <string.h>

#include "header.h"
#include "packet/ethernet.h"

unsigned dice_below(struct dice *dice, unsigned below)
{
	if (!dice->left)
		return 0;
	dice->left--;
	return *dice->at++ % below;
}

static uint32_t random_peer(struct dice *dice)
{
	static const uint32_t peers[] = {
	    0, 1, 2, 3, 63, 64, 65, RANDOM_LAST_PEER, 100000};

	return peers[dice_below(dice, ARRAY_SIZE(peers))];
}

static struct address random_address(struct dice *dice, enum family family)
{
	struct address address = {.family = family, .bytes = {10, 9}};
	size_t last = address_bits(family) / 8 - 1;

	if (family == FAMILY_IPV6)
		address.bytes[0] = 0xfd;
	if (!dice_below(dice, 8))
		address.bytes[dice_below(dice, (unsigned)last)] ^= 1;
	address.bytes[last] = (uint8_t)dice_below(dice, 8);
	return address;
}

static struct prefix random_prefix(struct dice *dice)
{
	enum family family = dice_below(dice, 2) ? FAMILY_IPV4 : FAMILY_IPV6;
	struct prefix prefix = {.address = random_address(dice, family)};
	unsigned bits = address_bits(family);

	prefix.bits = (uint8_t)(bits - dice_below(dice, 4));
	if (!dice_below(dice, 4))
		prefix.bits = (uint8_t)dice_below(dice, bits + 1);
	prefix_mask(&prefix);
	return prefix;
}

static void make_side(struct rule_side *side, uint32_t *peers,
    struct prefix *prefixes, struct dice *dice)
{
	unsigned kind = dice_below(dice, 8);

	side->peers = peers;
	side->prefixes = prefixes;
	if (kind == 0)
		return;
	side->peers_count =
	    kind < 4 ? 1 + dice_below(dice, 3) * dice_below(dice, 2) : 0;
	side->prefixes_count =
	    kind > 2 ? 1 + dice_below(dice, 3) * dice_below(dice, 2) : 0;
	for (size_t i = 0; i < side->peers_count; i++)
		peers[i] = random_peer(dice);
	for (size_t i = 0; i < side->prefixes_count; i++)
		prefixes[i] = random_prefix(dice);
}

static uint16_t random_protocol(struct dice *dice)
{
	static const uint8_t protocols[] = {6, 17, 1, 58, 6, 17, 132, 47};

	return protocols[dice_below(dice, ARRAY_SIZE(protocols))];
}

static uint16_t random_port(struct dice *dice)
{
	static const uint16_t ports[] = {0, 1, 22, 53, 53, 80, 443, 65535};

	return ports[dice_below(dice, ARRAY_SIZE(ports))];
}

static void make_list(struct rule_ranges *ranges, struct rule_range *list,
    struct dice *dice, uint16_t (*random)(struct dice *dice))
{
	ranges->list = list;
	ranges->count = 1 + dice_below(dice, 2) * dice_below(dice, RANDOM_LIST);
	for (size_t i = 0; i < ranges->count; i++) {
		uint16_t a = random(dice), b = random(dice);

		list[i] = (struct rule_range){a, a};
		if (dice_below(dice, 4) == 0)
			list[i] =
			    (struct rule_range){a < b ? a : b, a < b ? b : a};
	}
}

static struct mac random_mac(struct dice *dice)
{
	return (struct mac){{2, 0, 0, 0, 0, (uint8_t)dice_below(dice, 3)}};
}

static uint16_t random_vlan(struct dice *dice)
{
	static const uint16_t vlans[] = {0, 0, 7, 4094};

	return vlans[dice_below(dice, ARRAY_SIZE(vlans))];
}

static void make_l4(struct random_rule *rule, struct dice *dice, unsigned which)
{
	struct rule_spec *spec = &rule->spec;

	if (which & 1)
		make_list(
		    &spec->protocols, rule->protocols, dice, random_protocol);
	if (which & 2)
		make_list(
		    &spec->source_ports, rule->ports[0], dice, random_port);
	if (which & 12)
		make_list(&spec->destination_ports, rule->ports[1], dice,
		    random_port);
	if (which & 16) {
		spec->tcp_flags_mask = (uint8_t)(1 + dice_below(dice, 255));
		spec->tcp_flags = (uint8_t)(dice_below(dice, 4) * 2);
	}
}

static uint16_t random_type(struct dice *dice)
{
	return (uint16_t)dice_below(dice, 4);
}

/* Some name codes. */
static void add_codes(struct rule_ranges *types, struct rule_range *list,
    struct dice *dice)
{
	for (size_t i = 0; i < types->count; i++) {
		unsigned code = dice_below(dice, 2);
		bool has_code = dice_below(dice, 2);

		list[i].first = (uint16_t)(list[i].first * 256u);
		list[i].last = (uint16_t)(list[i].last * 256u + 255);
		if (has_code)
			list[i].first = (uint16_t)(list[i].first + code);
		if (has_code && dice_below(dice, 2))
			list[i].last = (uint16_t)(list[i].last - 255 + code);
	}
}

static void make_icmp(struct random_rule *rule, struct dice *dice)
{
	struct rule_spec *spec = &rule->spec;
	unsigned which = 1 + dice_below(dice, 3);

	if (which & 1)
		make_list(&spec->icmp_types, rule->types[0], dice, random_type);
	if (which & 2)
		make_list(
		    &spec->icmp6_types, rule->types[1], dice, random_type);
	add_codes(&spec->icmp_types, rule->types[0], dice);
	add_codes(&spec->icmp6_types, rule->types[1], dice);
}

static uint16_t random_ethertype(struct dice *dice)
{
	static const uint16_t types[] = {0x800, 0x86dd, 0x806};

	return types[dice_below(dice, ARRAY_SIZE(types))];
}

static void make_l2(struct random_rule *rule, struct dice *dice, unsigned which)
{
	struct rule_spec *spec = &rule->spec;

	if (which & 1)
		make_list(&spec->ethertypes, rule->ethertypes, dice,
		    random_ethertype);
	rule->macs[0] = random_mac(dice);
	rule->macs[1] = random_mac(dice);
	if (which & 2)
		spec->source_mac = &rule->macs[0];
	if (which & 4)
		spec->destination_mac = &rule->macs[1];
	if (which & 8) {
		spec->vlans = &rule->vlans;
		for (unsigned i = dice_below(dice, 3); i < 3; i++)
			vlan_set_add(&rule->vlans, random_vlan(dice));
	}
}

/* len >= min, or not at all. */
static void make_program(struct random_rule *rule, struct dice *dice)
{
	const struct bpf_instruction program[] = {
	    {BPF_LD | BPF_W | BPF_LEN, 0, 0, 0},
	    {BPF_JMP | BPF_JGE | BPF_K, 0, 1, 40 + dice_below(dice, 40)},
	    {BPF_RET | BPF_K, 0, 0, 1},
	    {BPF_RET | BPF_K, 0, 0, 0},
	};

	rule->program_min = program[1].k;
	memcpy(rule->program, program, sizeof(program));
	rule->spec.program = rule->program;
	rule->spec.program_count = ARRAY_SIZE(program);
	rule->spec.program_text = "len >= something";
}

static void make_sides(struct random_rule *rule, struct dice *dice,
    const struct random_rule *others, size_t count)
{
	unsigned which = dice_below(dice, 8);

	make_side(&rule->from, rule->peers[0], rule->prefixes[0], dice);
	make_side(&rule->to, rule->peers[1], rule->prefixes[1], dice);
	if (which & 1)
		rule->spec.from = &rule->from;
	if (which & 2)
		rule->spec.to = &rule->to;
	if (count && which == 7) {
		rule->spec.from = &others[dice_below(dice, 256) % count].from;
		rule->spec.to = rule->spec.from;
	}
}

static void make_rate(struct rule_spec *spec, struct dice *dice)
{
	spec->rate.rate = 1 + dice_below(dice, 5);
	spec->rate.burst = 1 + dice_below(dice, 5);
	spec->has_rate_per_peer = dice_below(dice, 2);
	spec->is_rate_of_bytes = dice_below(dice, 3) == 0;
	if (spec->is_rate_of_bytes) {
		spec->rate.rate *= 40;
		spec->rate.burst *= 30;
	}
}

void random_rule_make(struct random_rule *ret, struct dice *dice,
    const struct random_rule *others, size_t count)
{
	static const enum rule_action actions[] = {
	    RULE_ACCEPT, RULE_DROP, RULE_REJECT, RULE_COUNT, RULE_COUNT};
	unsigned which = dice_below(dice, 256);

	memset(ret, 0, sizeof(*ret));
	ret->spec.name = "r";
	ret->spec.hook = dice_below(dice, 4) ? HOOK_INPUT : HOOK_OUTPUT;
	ret->spec.action = actions[dice_below(dice, ARRAY_SIZE(actions))];
	ret->spec.has_log = dice_below(dice, 2);
	make_sides(ret, dice, others, count);
	/* few match all, so that later ones have their turn */
	if (which & 1 || dice_below(dice, 3))
		make_l4(ret, dice, 1 + dice_below(dice, 31));
	if ((which & 6) == 6)
		make_icmp(ret, dice);
	if ((which & 24) == 24)
		make_l2(ret, dice, dice_below(dice, 16));
	if ((which & 34) == 34)
		ret->spec.states = (uint8_t)(1 + dice_below(dice, 63));
	if ((which & 68) == 68)
		make_program(ret, dice);
	if ((which & 192) == 192)
		make_rate(&ret->spec, dice);
	if ((which & 40) == 40)
		ret->spec.family = dice_below(dice, 2) ? 4 : 6;
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

static void put_bytes(struct writer *writer, const void *bytes, size_t count)
{
	memcpy(writer->at, bytes, count);
	writer->at += count;
}

static void put_frame(
    struct writer *writer, struct random_packet *made, struct dice *dice)
{
	struct mac macs[2] = {random_mac(dice), random_mac(dice)};

	put_bytes(writer, macs, sizeof(macs));
	made->vlan = random_vlan(dice);
	if (made->vlan) {
		put16(writer, 0x8100);
		put16(writer, made->vlan);
	}
	put16(writer, made->ethertype);
}

/* As much of the L4 header as there is, and a payload. Returns its bytes. */
static size_t put_l4(
    struct writer *writer, struct random_packet *made, struct dice *dice)
{
	static const uint8_t payload[48];
	uint8_t *start = writer->at;
	bool is_cut = !dice_below(dice, 8);
	size_t payload_bytes = dice_below(dice, 3) * 24;

	if (made->protocol == 6 || made->protocol == 17) {
		made->source_port = random_port(dice);
		made->destination_port = random_port(dice);
	}
	made->icmp_type = (uint8_t)dice_below(dice, 4);
	made->icmp_code = (uint8_t)dice_below(dice, 2);
	made->tcp_flags = (uint8_t)dice_below(dice, 64);
	if (made->protocol == 1 || made->protocol == 58)
		put16(writer, made->icmp_type * 256u + made->icmp_code);
	else
		put16(writer, made->source_port);
	put16(writer, made->destination_port);
	if (is_cut)
		return (size_t)(writer->at - start);
	if (made->protocol == 6) {
		put_bytes(writer, payload, 8);
		put8(writer, 0x50);
		put8(writer, made->tcp_flags);
		put_bytes(writer, payload, 6);
	} else {
		put16(writer, 8 + (unsigned)payload_bytes);
		put16(writer, 0);
	}
	made->has_l4 = true;
	put_bytes(writer, payload, payload_bytes);
	return (size_t)(writer->at - start);
}

/* What is in the way of ports: 0 nothing, 1 a first fragment, 2 a later one. */
static unsigned random_fragment(struct dice *dice)
{
	unsigned kind = dice_below(dice, 8);

	return kind < 3 ? kind : 0;
}

static void put_ipv4(
    struct writer *writer, struct random_packet *made, struct dice *dice)
{
	static const unsigned fields[] = {0, 0x2000, 0x2010};
	unsigned fragment = random_fragment(dice);
	struct address source = random_address(dice, FAMILY_IPV4);
	struct address destination = random_address(dice, FAMILY_IPV4);
	uint8_t *start = writer->at;
	size_t l4_bytes;

	put16(writer, 0x4500);
	put16(writer, 0);
	put16(writer, 7);
	put16(writer, fields[fragment]);
	put8(writer, 64);
	put8(writer, made->protocol);
	put16(writer, 0);
	put_bytes(writer, source.bytes, 4);
	put_bytes(writer, destination.bytes, 4);
	l4_bytes = put_l4(writer, made, dice);
	if (fragment == 2)
		made->has_l4 = false;
	start[3] = (uint8_t)(IPV4_BYTES + l4_bytes);
	header_finish(start, IPV4_BYTES);
}

static void put_ipv6(
    struct writer *writer, struct random_packet *made, struct dice *dice)
{
	static const unsigned fields[] = {0, 1, 0x11};
	unsigned fragment = random_fragment(dice);
	struct address source = random_address(dice, FAMILY_IPV6);
	struct address destination = random_address(dice, FAMILY_IPV6);
	uint8_t *start = writer->at;
	size_t l4_bytes;

	put16(writer, 0x6000);
	put16(writer, 0);
	put16(writer, 0);
	put8(writer, fragment ? 44 : made->protocol);
	put8(writer, 64);
	put_bytes(writer, source.bytes, 16);
	put_bytes(writer, destination.bytes, 16);
	if (fragment) {
		put16(writer, made->protocol * 256u);
		put16(writer, fields[fragment]);
		put16(writer, 0);
		put16(writer, 7);
	}
	l4_bytes = put_l4(writer, made, dice);
	if (fragment == 2)
		made->has_l4 = false;
	start[5] = (uint8_t)((fragment ? 8 : 0) + l4_bytes);
}

static void put_ip(
    struct writer *writer, struct random_packet *made, struct dice *dice)
{
	made->protocol = (uint8_t)random_protocol(dice);
	if (made->family == FAMILY_IPV4)
		put_ipv4(writer, made, dice);
	else
		put_ipv6(writer, made, dice);
	/* ICMP of the other family is a protocol like any other */
	if (made->protocol == 132 || made->protocol == 47 ||
	    made->protocol == (made->family == FAMILY_IPV4 ? 58 : 1))
		made->has_l4 = false;
}

/* Three segments when there is payload for them. */
static void make_super(struct random_packet *made, struct dice *dice)
{
	struct packet *pkt = &made->pkt;
	uint32_t head = pkt->l3_bytes + (made->protocol == 6 ? 20 : 8);

	made->segments = 1;
	made->first_len = pkt->len;
	made->all_bytes = pkt->family ? pkt->ip_bytes : pkt->len;
	if (!made->has_l4 || pkt->is_fragment || dice_below(dice, 2) ||
	    (made->protocol != 6 && made->protocol != 17) ||
	    pkt->ip_bytes != head + 48)
		return;
	pkt->segment_bytes = 20;
	pkt->segments = 3;
	made->segments = 3;
	made->first_len = pkt->l2_bytes + head + 20;
	made->all_bytes = 3 * head + 48;
}

static void parse(struct random_packet *made)
{
	if (!made->is_frame) {
		if (packet_parse_ip(&made->pkt))
			__builtin_trap();
		return;
	}
	if (packet_parse_ethernet(&made->pkt) ||
	    packet_parse_payload(&made->pkt))
		__builtin_trap();
}

void random_packet_make(struct random_packet *ret, struct dice *dice)
{
	static const uint16_t types[] = {0x800, 0x86dd, 0x800, 0x86dd, 0x806};
	static const uint8_t arp[46];
	struct writer writer = {.at = ret->bytes};
	unsigned kind = dice_below(dice, 5);

	memset(ret, 0, sizeof(*ret));
	ret->ethertype = types[kind];
	ret->is_frame = kind == 4 || dice_below(dice, 3) == 0;
	ret->family = kind == 4 ? 0 : kind % 2 ? 6 : 4;
	if (ret->is_frame)
		put_frame(&writer, ret, dice);
	if (ret->family)
		put_ip(&writer, ret, dice);
	else
		put_bytes(&writer, arp, sizeof(arp));
	ret->pkt.buffer = ret->bytes;
	ret->pkt.buffer_bytes = sizeof(ret->bytes);
	ret->pkt.len = (uint32_t)(writer.at - ret->bytes);
	ret->pkt.segments = 1;
	parse(ret);
	make_super(ret, dice);
	ret->pkt.from_id = random_peer(dice);
	ret->pkt.to_id = random_peer(dice);
	ret->pkt.flow_state = dice_below(dice, 6);
}
