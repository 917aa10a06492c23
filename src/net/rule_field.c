/* SPDX-License-Identifier: ISC */
/* What of a packet a rule's fields look at. */
#include "net/rule_field.h"

#include "packet/ethernet.h"
#include "packet/ip.h"
#include "packet/l4.h"

#define TCP_OFFSET 12 /* of the byte with the header's length */

bool look_has_ports(const struct packet *pkt)
{
	return pkt->has_l4 && (pkt->l4_protocol == IP_PROTOCOL_TCP ||
				  pkt->l4_protocol == IP_PROTOCOL_UDP);
}

uint16_t look_ethertype(const struct packet *pkt)
{
	if (pkt->l2_bytes)
		return pkt->ethertype;
	switch (pkt->family) {
	case FAMILY_IPV4:
		return ETHERTYPE_IPV4;
	case FAMILY_IPV6:
		return ETHERTYPE_IPV6;
	default:
		return 0;
	}
}

uint16_t look_icmp(const struct packet *pkt)
{
	return (uint16_t)(pkt->icmp_type * RULE_ICMP_CODES + pkt->icmp_code);
}

/* Of a super-packet: the headers that each of its segments has, without L2. */
static uint32_t segment_head(const struct packet *pkt)
{
	if (pkt->l4_protocol == IP_PROTOCOL_TCP)
		return pkt->l3_bytes + (l4_data(pkt)[TCP_OFFSET] >> 4) * 4u;
	return pkt->l3_bytes + UDP_BYTES;
}

static bool is_super(const struct packet *pkt)
{
	return look_segments(pkt) > 1 && look_has_ports(pkt);
}

/* Of a chain, where each has its own header. */
static uint64_t chain_bytes(const struct packet *chain)
{
	return (chain->segments - 1u) * (uint64_t)chain->ip_bytes +
	       chain->rest.last->ip_bytes;
}

uint64_t look_bytes(const struct packet *pkt)
{
	uint64_t bytes = pkt->family ? pkt->ip_bytes : pkt->len;

	if (pkt->rest.first)
		return chain_bytes(pkt);
	if (is_super(pkt))
		bytes += (uint64_t)(pkt->segments - 1) * segment_head(pkt);
	return bytes;
}

/* How much of it a program sees. */
static uint32_t program_len(const struct packet *pkt)
{
	uint32_t segment;

	if (!is_super(pkt))
		return pkt->len;
	segment = pkt->l2_bytes + segment_head(pkt) + pkt->segment_bytes;
	return segment < pkt->len ? segment : pkt->len;
}

static bool is_outgoing(enum hook hook)
{
	return hook == HOOK_OUTPUT || hook == HOOK_POSTROUTING;
}

static bool family_matches(const struct compiled *compiled, struct look *look)
{
	return compiled->rule.spec.family == look->pkt->family;
}

static bool ranges_have(const struct rule_ranges *ranges, uint16_t value)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (value >= ranges->list[i].first &&
		    value <= ranges->list[i].last)
			return true;
	return false;
}

static bool protocol_matches(const struct compiled *compiled, struct look *look)
{
	const struct packet *pkt = look->pkt;

	return pkt->family &&
	       ranges_have(&compiled->rule.spec.protocols, pkt->l4_protocol);
}

static bool source_port_matches(
    const struct compiled *compiled, struct look *look)
{
	const struct packet *pkt = look->pkt;

	return look_has_ports(pkt) &&
	       ranges_have(&compiled->rule.spec.source_ports, pkt->source_port);
}

static bool destination_port_matches(
    const struct compiled *compiled, struct look *look)
{
	const struct packet *pkt = look->pkt;

	return look_has_ports(pkt) &&
	       ranges_have(&compiled->rule.spec.destination_ports,
		   pkt->destination_port);
}

static bool icmp_matches(const struct compiled *compiled, struct look *look)
{
	const struct rule_spec *spec = &compiled->rule.spec;
	const struct packet *pkt = look->pkt;

	if (!pkt->has_l4)
		return false;
	if (pkt->l4_protocol == IP_PROTOCOL_ICMP)
		return ranges_have(&spec->icmp_types, look_icmp(pkt));
	if (pkt->l4_protocol == IP_PROTOCOL_ICMPV6)
		return ranges_have(&spec->icmp6_types, look_icmp(pkt));
	return false;
}

static bool tcp_flags_match(const struct compiled *compiled, struct look *look)
{
	const struct rule_spec *spec = &compiled->rule.spec;
	const struct packet *pkt = look->pkt;

	return pkt->has_l4 && pkt->l4_protocol == IP_PROTOCOL_TCP &&
	       (pkt->tcp_flags & spec->tcp_flags_mask) == spec->tcp_flags;
}

static bool ethertype_matches(
    const struct compiled *compiled, struct look *look)
{
	return ranges_have(
	    &compiled->rule.spec.ethertypes, look_ethertype(look->pkt));
}

static bool source_mac_matches(
    const struct compiled *compiled, struct look *look)
{
	return look->pkt->l2_bytes &&
	       mac_is_equal(
		   compiled->rule.spec.source_mac, &look->pkt->source_mac);
}

static bool destination_mac_matches(
    const struct compiled *compiled, struct look *look)
{
	return look->pkt->l2_bytes &&
	       mac_is_equal(compiled->rule.spec.destination_mac,
		   &look->pkt->destination_mac);
}

static bool vlan_matches(const struct compiled *compiled, struct look *look)
{
	return look->pkt->l2_bytes &&
	       vlan_set_has(compiled->rule.spec.vlans, look->pkt->vlan);
}

static bool state_matches(const struct compiled *compiled, struct look *look)
{
	return compiled->rule.spec.states >> look->pkt->flow_state & 1;
}

static bool ask(struct asked *asked, const struct side *side, uint32_t peer_id,
    const struct address *address)
{
	if (asked->side != side) {
		asked->side = side;
		asked->has_it = side_has(side, peer_id, address);
	}
	return asked->has_it;
}

static const struct address no_address;

static bool from_matches(const struct compiled *compiled, struct look *look)
{
	const struct packet *pkt = look->pkt;

	return ask(&look->from, compiled->from, pkt->from_id,
	    pkt->family ? &pkt->source : &no_address);
}

static bool to_matches(const struct compiled *compiled, struct look *look)
{
	const struct packet *pkt = look->pkt;

	return ask(&look->to, compiled->to, pkt->to_id,
	    pkt->family ? &pkt->destination : &no_address);
}

static bool program_matches(const struct compiled *compiled, struct look *look)
{
	uint32_t len = program_len(look->pkt);
	struct bpf_packet seen = {
	    .bytes = packet_data(look->pkt),
	    .len = len,
	    .wire_len = len,
	    .protocol = look_ethertype(look->pkt),
	    .type = is_outgoing(look->hook) ? BPF_OUTGOING : BPF_TO_HOST,
	};

	return bpf_run(compiled->rule.spec.program, &seen) != 0;
}

static bool (*const matches[RULE_RATE])(
    const struct compiled *compiled, struct look *look) = {
    [RULE_FAMILY] = family_matches,
    [RULE_PROTOCOL] = protocol_matches,
    [RULE_SOURCE_PORT] = source_port_matches,
    [RULE_DESTINATION_PORT] = destination_port_matches,
    [RULE_ICMP] = icmp_matches,
    [RULE_TCP_FLAGS] = tcp_flags_match,
    [RULE_ETHERTYPE] = ethertype_matches,
    [RULE_SOURCE_MAC] = source_mac_matches,
    [RULE_DESTINATION_MAC] = destination_mac_matches,
    [RULE_VLAN] = vlan_matches,
    [RULE_STATE] = state_matches,
    [RULE_FROM] = from_matches,
    [RULE_TO] = to_matches,
    [RULE_PROGRAM] = program_matches,
};

bool field_matches(
    const struct compiled *compiled, enum rule_field field, struct look *look)
{
	return matches[field](compiled, look);
}
