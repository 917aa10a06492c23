/* SPDX-License-Identifier: ISC */
/* Which packet of a flow it is: tracking, confirming, judging. */
#include "net/flow.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/flow_icmp.h"
#include "net/flow_probe.h"
#include "net/flow_tcp.h"
#include "packet/checksum.h"
#include "packet/ip.h"
#include "packet/l4.h"

/* Entries that each packet helps to sweep; and one that finds no room. */
#define AGE_A_LITTLE 8
#define AGE_A_LOT    64

static_assert(
    FLOWS_SECRET_BYTES >= sizeof(struct flow_secret) + FRAGMENT_SECRET_BYTES,
    "secrets enough");

static int make_tables(
    struct flows *flows, const uint8_t secret[FLOWS_SECRET_BYTES])
{
	int err = flow_table_init(flows);

	if (!err)
		err = fragments_new(
		    &flows->fragments, secret + sizeof(flows->secret));
	if (!err)
		err = flows_set_last_peer(flows, 0);
	return err;
}

int flows_new(struct flows **ret, const struct flows_limits *limits,
    const uint8_t secret[FLOWS_SECRET_BYTES])
{
	struct flows *flows = calloc(1, sizeof(*flows));
	int err;

	if (!flows)
		return -ENOMEM;
	assert(limits->flows && limits->flows <= FLOWS_MAX);
	assert(limits->flows_per_peer);
	flows->limits = *limits;
	flows->generation = 1;
	memcpy(&flows->secret, secret, sizeof(flows->secret));
	flows->secret.multiply |= 1;
	err = make_tables(flows, secret);
	if (err)
		flows_free(flows);
	else
		*ret = flows;
	return err;
}

void flows_free(struct flows *flows)
{
	if (!flows)
		return;
	flow_table_clear(flows);
	fragments_free(flows->fragments);
	free(flows->owners);
	free(flows);
}

int flows_set_last_peer(struct flows *flows, uint32_t last_id)
{
	size_t before = flows->owners ? (size_t)flows->last_id + 1 : 0;
	size_t count = (size_t)last_id + 1;
	struct flow_owner *owners;

	if (count <= before)
		return 0;
	owners = realloc(flows->owners, count * sizeof(*owners));
	if (!owners)
		return -ENOMEM;
	memset(owners + before, 0, (count - before) * sizeof(*owners));
	flows->owners = owners;
	flows->last_id = last_id;
	return 0;
}

void flows_set_generation(struct flows *flows, uint32_t generation)
{
	assert(generation);
	flows->generation = generation;
}

void flows_remove_peer(struct flows *flows, uint32_t id)
{
	for (uint32_t i = 1; i <= flows->touched; i++) {
		struct flow *flow = &flows->entries[i];

		if (flow->key.family &&
		    (flow->peers[0] == id || flow->peers[1] == id))
			flow_table_remove(flows, flow);
	}
	fragments_remove_peer(flows->fragments, id);
}

/* ---- a packet of a flow ---- */

static int64_t time_of(const struct flow *flow)
{
	static const int64_t tcp[] = {
	    [PHASE_SYN] = FLOW_TCP_SYN_NS,
	    [PHASE_ESTABLISHED] = FLOW_TCP_NS,
	    [PHASE_FIN] = FLOW_TCP_FIN_NS,
	    [PHASE_TIMED] = FLOW_TCP_FIN_NS,
	    [PHASE_CLOSE] = FLOW_TCP_CLOSE_NS,
	};
	bool is_answered = flow->flags & FLOW_IS_ANSWERED;

	switch (flow->key.protocol) {
	case IP_PROTOCOL_TCP:
		return flow->phase == PHASE_ESTABLISHED && !is_answered
			   ? FLOW_TCP_SYN_NS
			   : tcp[flow->phase];
	case IP_PROTOCOL_UDP:
		return is_answered ? FLOW_UDP_ANSWERED_NS : FLOW_UDP_NS;
	case IP_PROTOCOL_ICMP:
	case IP_PROTOCOL_ICMPV6:
		return FLOW_ICMP_NS;
	default:
		return FLOW_OTHER_NS;
	}
}

static bool is_weak(const struct flow *flow)
{
	if (!(flow->flags & FLOW_IS_ANSWERED))
		return true;
	return flow->phase == PHASE_SYN || flow->phase == PHASE_TIMED ||
	       flow->phase == PHASE_CLOSE;
}

static void refresh(struct flow *flow, struct instant now)
{
	flow->end = flow_tick(instant_after(now, time_of(flow))) + 1;
	if (is_weak(flow))
		flow->flags |= FLOW_IS_WEAK;
	else
		flow->flags &= (uint8_t)~FLOW_IS_WEAK;
}

static void go_on(struct flow *flow, const struct flow_probe *probe,
    const struct packet *pkt, struct instant now)
{
	if (probe->sender != flow->beginner)
		flow->flags |= FLOW_IS_ANSWERED;
	if (flow->key.protocol == IP_PROTOCOL_TCP)
		tcp_go_on(flow, probe->sender, pkt->tcp_flags);
	refresh(flow, now);
}

static void describe(
    struct packet *pkt, const struct flow *flow, unsigned sender)
{
	pkt->flow_state =
	    flow->flags & FLOW_IS_ANSWERED ? FLOW_ESTABLISHED : FLOW_NEW;
	pkt->flow_generation = flow->generation;
	pkt->flow_peer = flow->peers[!sender];
}

/* The lists are touched when the flow's kind changes, not by each packet. */
static void track_known(struct flows *flows, struct flow *flow,
    const struct flow_probe *probe, struct packet *pkt, struct instant now)
{
	uint8_t flags = flow->flags, phase = flow->phase, changed;
	struct flow trial;

	if (pkt->is_dry) {
		trial = *flow;
		go_on(&trial, probe, pkt, now);
		describe(pkt, &trial, probe->sender);
		return;
	}
	go_on(flow, probe, pkt, now);
	describe(pkt, flow, probe->sender);
	changed = flags ^ flow->flags;
	flows->counters.answered += (changed & FLOW_IS_ANSWERED) != 0;
	if (changed & FLOW_IS_WEAK || phase != flow->phase)
		flow_table_settle(flows, flow, flags & FLOW_IS_WEAK, now);
}

/* ---- a packet of none ---- */

static enum drop refuse_full(struct flows *flows, const struct packet *pkt)
{
	if (!pkt->is_dry)
		flows->counters.full += pkt->segments;
	return DROP_VPN_CT_FULL;
}

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

static enum drop track_new(
    struct flows *flows, struct packet *pkt, struct instant now)
{
	if (!may_begin(pkt))
		return refuse(flows, pkt);
	if (!flow_table_has_room(flows, pkt->from_id) && !pkt->is_dry)
		flows_age(flows, now, AGE_A_LOT);
	if (!flow_table_has_room(flows, pkt->from_id))
		return refuse_full(flows, pkt);
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
	describe(pkt, flow, probe.sender);
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

static enum drop refuse_orphan(struct flows *flows, const struct packet *pkt)
{
	flows->counters.orphans += !pkt->is_dry;
	return DROP_VPN_FRAG_ORPHAN;
}

static enum drop track_later(
    struct flows *flows, struct packet *pkt, struct instant now)
{
	if (fragments_find(flows->fragments, pkt, flows->generation, now))
		return DROP_NONE;
	return refuse_orphan(flows, pkt);
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
	struct flow_probe probes[PACKET_BATCH];

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

/* ---- after the hooks ---- */

bool flows_is_accepted(
    const struct flows *flows, const struct packet *pkt, bool is_routed)
{
	if (pkt->flow_generation != flows->generation)
		return false;
	if (pkt->is_later_fragment)
		return true;
	return (pkt->flow_state == FLOW_ESTABLISHED ||
		   pkt->flow_state == FLOW_RELATED) &&
	       (!is_routed || pkt->flow_peer == pkt->to_id);
}

bool flows_is_stale(const struct flows *flows, const struct packet *pkt)
{
	return (pkt->flow_state == FLOW_ESTABLISHED ||
		   pkt->flow_state == FLOW_RELATED) &&
	       !pkt->is_later_fragment &&
	       pkt->flow_generation != flows->generation;
}

void flows_follow_route(
    const struct flows *flows, struct packet *pkt, struct instant now)
{
	struct flow_probe probe;
	const struct flow *flow;

	if (pkt->is_later_fragment || pkt->flow_state != FLOW_ESTABLISHED ||
	    pkt->flow_peer == pkt->to_id)
		return;
	probe_packet(flows, &probe, pkt);
	probe.is_exact = true;
	probe.to_id = pkt->to_id;
	flow = flow_table_find(flows, &probe, now);
	if (flow) {
		describe(pkt, flow, probe.sender);
		return;
	}
	pkt->flow_state = FLOW_NEW;
	pkt->flow_generation = 0;
	pkt->flow_peer = pkt->to_id;
}

static enum drop add(struct flows *flows, const struct flow_probe *probe,
    const struct packet *pkt, struct instant now)
{
	struct flow flow = {
	    .key = probe->key,
	    .generation = flows->generation,
	    .beginner = (uint8_t)probe->sender,
	};

	flow.peers[probe->sender] = pkt->from_id;
	flow.peers[!probe->sender] = pkt->to_id;
	if (pkt->l4_protocol == IP_PROTOCOL_TCP)
		tcp_begin(&flow, pkt->tcp_flags);
	refresh(&flow, now);
	if (!flow_table_add(flows, probe, &flow, now))
		return refuse_full(flows, pkt);
	flows->counters.confirmed++;
	return DROP_NONE;
}

static enum drop confirm_new(
    struct flows *flows, struct packet *pkt, struct instant now)
{
	struct flow_probe probe;
	struct flow *flow;

	pkt->flow_peer = pkt->to_id;
	probe_packet(flows, &probe, pkt);
	probe.is_exact = true;
	probe.to_id = pkt->to_id;
	flow = flow_table_find(flows, &probe, now);
	if (flow && pkt->l4_protocol == IP_PROTOCOL_TCP &&
	    tcp_begins_anew(flow, pkt->tcp_flags)) {
		flow_table_remove(flows, flow);
		flow = NULL;
	}
	if (!flow)
		return add(flows, &probe, pkt, now);
	flow->generation = flows->generation;
	return DROP_NONE;
}

static enum drop confirm_later(
    struct flows *flows, const struct packet *pkt, struct instant now)
{
	if (fragments_is_accepted(
		flows->fragments, pkt, flows->generation, now))
		return DROP_NONE;
	return refuse_orphan(flows, pkt);
}

enum drop flows_confirm(
    struct flows *flows, struct packet *pkt, struct instant now)
{
	enum drop reason = DROP_NONE;

	assert(pkt->to_id <= flows->last_id);
	if (pkt->flow_state == FLOW_NONE)
		return DROP_NONE;
	if (pkt->is_later_fragment)
		return confirm_later(flows, pkt, now);
	if (pkt->is_dry)
		return DROP_NONE;
	if (pkt->flow_state == FLOW_NEW)
		reason = confirm_new(flows, pkt, now);
	if (!reason && pkt->is_fragment)
		fragments_accept(flows->fragments, pkt, flows->generation, now);
	return reason;
}
