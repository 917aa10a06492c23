/* SPDX-License-Identifier: ISC */
/* The first packet of a flow once more, before the rules. */
#include "path/judge.h"

#include <string.h>

#include "base/cursor.h"
#include "net/rule.h"
#include "packet/checksum.h"
#include "packet/ethernet.h"
#include "packet/ip.h"
#include "path/run.h"

#define FIRST_BYTES 128 /* more than all headers */
#define HOPS	    64
#define TCP_OFFSET  12
#define SYN	    2
#define TCP_WORDS   (TCP_BYTES / 4 << 4)

#define ETHERTYPE_VLAN 0x8100

static uint16_t l4_bytes(const struct flow_report *flow)
{
	switch (flow->protocol) {
	case IP_PROTOCOL_TCP:
		return TCP_BYTES;
	case IP_PROTOCOL_UDP:
	case IP_PROTOCOL_ICMP:
	case IP_PROTOCOL_ICMPV6:
		return UDP_BYTES;
	default:
		return 0;
	}
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void fill_ports(uint8_t *l4, const struct flow_report *flow)
{
	put16(l4, flow->source_port);
	put16(l4 + 2, flow->destination_port);
}

/* ICMP's question is in the port of who answers it: see net/flow_key.h. */
static void fill_l4(uint8_t *l4, const struct flow_report *flow)
{
	switch (flow->protocol) {
	case IP_PROTOCOL_TCP:
		fill_ports(l4, flow);
		l4[TCP_OFFSET] = TCP_WORDS;
		l4[TCP_OFFSET + 1] = SYN;
		break;
	case IP_PROTOCOL_UDP:
		fill_ports(l4, flow);
		put16(l4 + 4, UDP_BYTES);
		break;
	case IP_PROTOCOL_ICMP:
	case IP_PROTOCOL_ICMPV6:
		put16(l4, flow->destination_port);
		put16(l4 + 4, flow->source_port);
		break;
	}
}

static void write_ipv4(struct writer *w, const struct flow_report *flow)
{
	writer_be(w, 0x4500, 2);
	writer_be(w, IPV4_BYTES + l4_bytes(flow), 2);
	writer_be(w, 0, 4);
	writer_be(w, HOPS, 1);
	writer_be(w, flow->protocol, 1);
	writer_be(w, 0, 2);
	writer_bytes(w, flow->source.bytes, 4);
	writer_bytes(w, flow->destination.bytes, 4);
}

static void finish_ipv4(uint8_t *header)
{
	checksum_store(header + IPV4_CHECKSUM,
	    checksum_finish(checksum_add(0, header, IPV4_BYTES)));
}

static void write_ipv6(struct writer *w, const struct flow_report *flow)
{
	writer_be(w, UINT32_C(6) << 28, 4);
	writer_be(w, l4_bytes(flow), 2);
	writer_be(w, flow->protocol, 1);
	writer_be(w, HOPS, 1);
	writer_bytes(w, flow->source.bytes, 16);
	writer_bytes(w, flow->destination.bytes, 16);
}

/* The MAC addresses are those of the packet at hand, or the other way round
 * when it goes the other way. */
static void write_frame(
    struct writer *w, const struct packet *pkt, const struct flow_report *flow)
{
	bool is_back = pkt->from_id != flow->from_id;
	const struct mac *from =
	    is_back ? &pkt->destination_mac : &pkt->source_mac;
	const struct mac *to =
	    is_back ? &pkt->source_mac : &pkt->destination_mac;

	writer_bytes(w, to->bytes, MAC_BYTES);
	writer_bytes(w, from->bytes, MAC_BYTES);
	if (flow->vlan) {
		writer_be(w, ETHERTYPE_VLAN, 2);
		writer_be(w, flow->vlan, 2);
	}
	writer_be(w, pkt->ethertype, 2);
}

static bool make_first(struct packet *first, const struct packet *pkt,
    const struct flow_report *flow)
{
	struct writer w = writer_of(first->buffer, first->buffer_bytes);

	if (pkt->l2_bytes)
		write_frame(&w, pkt, flow);
	if (flow->family == FAMILY_IPV4)
		write_ipv4(&w, flow);
	else
		write_ipv6(&w, flow);
	fill_l4(w.at, flow);
	first->len = first->buffer_bytes - (uint32_t)w.left + l4_bytes(flow);
	if (pkt->l2_bytes && packet_parse_ethernet(first))
		return false;
	if (flow->family == FAMILY_IPV4)
		finish_ipv4(packet_l3(first));
	return !packet_parse_ip(first);
}

static bool passes(
    struct path *path, const struct packet *first, enum hook hook)
{
	struct rule_result result;

	ruleset_decide(path->rules, hook, first, path->now.now, &result);
	return !result.drop;
}

/* The hook before the route knows no receiver, but on tun, where the host's
 * packets have theirs by then. */
static bool passes_first(struct path *path, struct packet *first)
{
	uint32_t to_id = first->to_id;
	bool is_from_host = !first->from_id, is_accepted;

	if (!is_from_host || path->setup.bridge)
		first->to_id = 0;
	is_accepted =
	    passes(path, first, is_from_host ? HOOK_OUTPUT : HOOK_PREROUTING);
	first->to_id = to_id;
	return is_accepted;
}

bool judge_flow(
    struct path *path, const struct packet *pkt, const struct flow_report *flow)
{
	uint8_t bytes[FIRST_BYTES] = {0};
	struct packet first = {
	    .buffer = bytes,
	    .buffer_bytes = sizeof(bytes),
	    .from_id = flow->from_id,
	    .to_id = flow->to_id,
	    .segments = 1,
	    .flow_state = FLOW_NEW,
	    .is_dry = true,
	};

	if (!path->rules)
		return true;
	if (!make_first(&first, pkt, flow) || !passes_first(path, &first))
		return false;
	if (!flow->to_id)
		return passes(path, &first, HOOK_INPUT);
	if (flow->from_id && !passes(path, &first, HOOK_FORWARD))
		return false;
	return passes(path, &first, HOOK_POSTROUTING);
}
