/* SPDX-License-Identifier: ISC */
/* Which packet of a flow it is. */
#include <assert.h>

#include "net/flow_icmp.h"
#include "net/flow_probe.h"
#include "net/flow_tcp.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/l4.h"

/* Entries that each packet helps to sweep; and one that finds no room. */
#define AGE_A_LITTLE 8
#define AGE_A_LOT    64

static void go_on(
    struct flow *flow, unsigned sender, uint8_t tcp_flags, struct instant now)
{
	if (sender != flow->beginner)
		flow->flags |= FLOW_IS_ANSWERED;
	if (flow_key_protocol(&flow->key) == IP_PROTOCOL_TCP)
		tcp_go_on(flow, sender, tcp_flags);
	flow_refresh(flow, now);
}

/* The lists are touched when the flow's kind changes, not by each packet. */
void flow_table_go_on(struct flows *flows, struct flow *flow, unsigned sender,
    uint8_t tcp_flags, struct instant now)
{
	uint8_t flags = flow->flags, phase = flow->phase, changed;

	go_on(flow, sender, tcp_flags, now);
	changed = flags ^ flow->flags;
	flows->counters.answered += (changed & FLOW_IS_ANSWERED) != 0;
	if (changed & FLOW_IS_WEAK || phase != flow->phase)
		flow_table_settle(flows, flow, flags & FLOW_IS_WEAK, now);
}

/* A packet that the rules may refuse by now keeps its flow known, and changes
 * nothing else until they were asked (flows_judged): a reset that nobody gets
 * ends no connection. */
static void track_known(struct flows *flows, struct flow *flow,
    const struct flow_probe *probe, struct packet *pkt, struct instant now)
{
	struct flow trial;

	if (flow_is_to_be_judged(flows, flow)) {
		if (!pkt->is_dry)
			flow_refresh(flow, now);
	} else if (!pkt->is_dry) {
		flow_table_go_on(
		    flows, flow, probe->sender, pkt->tcp_flags, now);
	} else {
		trial = *flow;
		go_on(&trial, probe->sender, pkt->tcp_flags, now);
		flow = &trial;
	}
	flow_describe(pkt, flow, probe->sender);
}

/* ---- a packet of none ---- */

static enum drop refuse(struct flows *flows, struct packet *pkt)
{
	pkt->flow_state = FLOW_INVALID;
	if (!pkt->is_dry)
		flows->counters.invalid += pkt->segments;
	return DROP_VPN_CT_INVALID;
}

static bool may_begin(const struct packet *pkt)
{
	if (pkt->l4_protocol == IP_PROTOCOL_TCP)
		return tcp_may_begin(pkt->tcp_flags);
	return !probe_is_icmp(pkt) ||
	       icmp_role(pkt->family, pkt->icmp_type) == ICMP_QUESTION;
}

static bool find_room(
    struct flows *flows, const struct packet *pkt, struct instant now)
{
	if (flow_table_has_room(flows, pkt->from_id))
		return true;
	if (pkt->is_dry)
		return false;
	flows_age(flows, now, AGE_A_LOT);
	return flow_table_has_room(flows, pkt->from_id);
}

static enum drop track_new(
    struct flows *flows, struct packet *pkt, struct instant now)
{
	if (!may_begin(pkt))
		return refuse(flows, pkt);
	if (!find_room(flows, pkt, now))
		return flows_refuse_full(flows, pkt);
	pkt->flow_state = FLOW_NEW;
	return DROP_NONE;
}

static enum drop track_member(struct flows *flows, struct packet *pkt,
    const struct flow_probe *probe, struct instant now)
{
	struct flow *flow = flow_table_find(flows, probe, now);

	if (!flow || (pkt->l4_protocol == IP_PROTOCOL_TCP &&
			 tcp_begins_anew(flow, pkt->tcp_flags)))
		return track_new(flows, pkt, now);
	if (!flow_is_to_be_judged(flows, flow) &&
	    tcp_is_out_of_place(flow, probe->sender, pkt->tcp_flags))
		return refuse(flows, pkt);
	track_known(flows, flow, probe, pkt, now);
	return DROP_NONE;
}

static bool has_right_checksum(const struct packet *pkt)
{
	uint16_t sum = 0;

	if (pkt->checksum != CHECKSUM_FULL || pkt->is_fragment)
		return true;
	if (pkt->family == FAMILY_IPV6)
		sum = checksum_pseudo(&pkt->source, &pkt->destination,
		    pkt->l4_protocol, l4_len(pkt));
	return !checksum_finish(checksum_add(sum, l4_data(pkt), l4_len(pkt)));
}

/* It does not keep the flow alive. */
static enum drop track_error(
    struct flows *flows, struct packet *pkt, struct instant now)
{
	struct flow_probe probe;
	const struct flow *flow;

	if (!has_right_checksum(pkt) || !probe_quote(flows, &probe, pkt))
		return refuse(flows, pkt);
	flow = flow_table_find(flows, &probe, now);
	if (!flow)
		return refuse(flows, pkt);
	flow_describe(pkt, flow, probe.sender);
	pkt->flow_state = FLOW_RELATED;
	return DROP_NONE;
}

static enum drop track_icmp(struct flows *flows, struct packet *pkt,
    const struct flow_probe *probe, struct instant now)
{
	if (!pkt->has_l4)
		return refuse(flows, pkt);
	switch (icmp_role(pkt->family, pkt->icmp_type)) {
	case ICMP_QUESTION:
	case ICMP_ANSWER:
		return track_member(flows, pkt, probe, now);
	case ICMP_ERROR:
		return track_error(flows, pkt, now);
	case ICMP_LOCAL:
		pkt->flow_state = FLOW_UNTRACKED;
		return DROP_NONE;
	case ICMP_STRAY:
		break;
	}
	return refuse(flows, pkt);
}

static bool is_broken(const struct packet *pkt)
{
	if (pkt->l4_protocol == IP_PROTOCOL_TCP)
		return !pkt->has_l4 || !tcp_flags_are_valid(pkt->tcp_flags);
	return pkt->l4_protocol == IP_PROTOCOL_UDP && !pkt->has_l4;
}

static enum drop track_later(
    struct flows *flows, struct packet *pkt, struct instant now)
{
	if (fragments_find(flows->fragments, pkt, flows->generation, now))
		return DROP_NONE;
	return flows_refuse_orphan(flows, pkt);
}

/* That packet may have no flow, as it was refused; but it was real. */
static enum drop track_answer(const struct flows *flows, struct packet *pkt)
{
	pkt->flow_state = FLOW_RELATED;
	pkt->flow_generation = flows->generation;
	pkt->flow_peer = pkt->to_id;
	return DROP_NONE;
}

static enum drop track(struct flows *flows, struct packet *pkt,
    const struct flow_probe *probe, struct instant now)
{
	pkt->flow_state = FLOW_UNTRACKED;
	pkt->flow_generation = 0;
	pkt->flow_peer = 0;
	if (!pkt->family)
		return DROP_NONE;
	if (pkt->is_answer)
		return track_answer(flows, pkt);
	assert(pkt->from_id <= flows->last_id);
	if (!pkt->is_dry && flows->swept < flow_slot(now))
		flows_age(flows, now, AGE_A_LITTLE);
	if (pkt->is_fragment && fragment_is_tiny(pkt)) {
		flows->counters.tiny += !pkt->is_dry;
		return DROP_VPN_FRAG_TINY;
	}
	if (pkt->is_later_fragment)
		return track_later(flows, pkt, now);
	if (probe_is_icmp(pkt))
		return track_icmp(flows, pkt, probe, now);
	if (is_broken(pkt))
		return refuse(flows, pkt);
	return track_member(flows, pkt, probe, now);
}

static enum drop track_whole(struct flows *flows, struct packet *pkt,
    const struct flow_probe *probe, struct instant now)
{
	enum drop reason = track(flows, pkt, probe, now);

	if (!reason && pkt->is_fragment && !pkt->is_later_fragment &&
	    !pkt->is_dry)
		fragments_expect(flows->fragments, pkt, flows->generation, now);
	return reason;
}

static bool has_probe(const struct packet *pkt)
{
	return pkt->family && !pkt->is_later_fragment;
}

enum drop flows_track(
    struct flows *flows, struct packet *pkt, struct instant now)
{
	struct flow_probe probe;

	if (has_probe(pkt))
		probe_packet(flows, &probe, pkt);
	return track_whole(flows, pkt, &probe, now);
}

/* What is far away comes while the others are looked at. */
void flows_track_batch(struct flows *flows, struct packet *const *pkts,
    size_t count, struct instant now)
{
	not_cleared struct flow_probe probes[PACKET_BATCH];

	assert(count <= PACKET_BATCH);
	for (size_t i = 0; i < count; i++) {
		if (!has_probe(pkts[i]))
			continue;
		probe_packet(flows, &probes[i], pkts[i]);
		__builtin_prefetch(probes[i].chain);
	}
	for (size_t i = 0; i < count; i++)
		if (has_probe(pkts[i]))
			__builtin_prefetch(&flows->entries[*probes[i].chain]);
	for (size_t i = 0; i < count; i++)
		pkts[i]->drop = track_whole(flows, pkts[i], &probes[i], now);
}
