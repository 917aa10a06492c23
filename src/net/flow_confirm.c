/* SPDX-License-Identifier: ISC */
/* At the hooks and behind them: who passes, and what is kept of that. */
#include <assert.h>

#include "net/flow_probe.h"
#include "net/flow_tcp.h"
#include "packet/ip.h"

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

bool flows_will_accept(
    const struct flows *flows, const struct packet *pkt, struct instant now)
{
	struct flow_probe probe;
	const struct flow *flow;

	if (!pkt->family || pkt->is_later_fragment)
		return false;
	probe_packet(flows, &probe, pkt);
	flow = flow_table_find(flows, &probe, now);
	return flow && flow->flags & FLOW_IS_ANSWERED &&
	       flow->generation == flows->generation;
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

	if (pkt->is_later_fragment || pkt->flow_peer == pkt->to_id ||
	    (pkt->flow_state != FLOW_ESTABLISHED &&
		(pkt->flow_state != FLOW_NEW || !pkt->flow_generation)))
		return;
	probe_packet(flows, &probe, pkt);
	probe.is_exact = true;
	probe.to_id = pkt->to_id;
	flow = flow_table_find(flows, &probe, now);
	if (flow) {
		flow_describe(pkt, flow, probe.sender);
		return;
	}
	pkt->flow_state = FLOW_NEW;
	pkt->flow_generation = 0;
	pkt->flow_peer = pkt->to_id;
}

/* Written where it will be: a copy would wait for what was just written. */
static void write_flow(const struct flows *flows, struct flow *flow,
    const struct flow_probe *probe, const struct packet *pkt)
{
	flow->key = probe->key;
	flow->peers[probe->sender] = pkt->from_id;
	flow->peers[!probe->sender] = pkt->to_id;
	flow->generation = flows->generation;
	flow->beginner = (uint8_t)probe->sender;
	flow->phase = PHASE_PLAIN;
	flow->flags = 0;
	if (pkt->l4_protocol == IP_PROTOCOL_TCP)
		tcp_begin(flow, pkt->tcp_flags);
}

static enum drop add(struct flows *flows, const struct flow_probe *probe,
    const struct packet *pkt, struct instant now)
{
	uint32_t owner = pkt->from_id ? pkt->from_id : pkt->to_id;
	struct flow *flow = flow_table_take(flows, probe, owner, now);

	if (!flow)
		return flows_refuse_full(flows, pkt);
	write_flow(flows, flow, probe, pkt);
	flow_refresh(flow, now);
	flow_table_put(flows, probe, flow, now);
	flows->counters.confirmed++;
	return DROP_NONE;
}

/* A SYN that the rules accept, in a connection that is over, or that they do
 * not: another one begins. */
static bool begins_anew(const struct flows *flows, const struct flow *flow,
    const struct packet *pkt)
{
	if (pkt->l4_protocol != IP_PROTOCOL_TCP)
		return false;
	return tcp_begins_anew(flow, pkt->tcp_flags) ||
	       ((pkt->tcp_flags & TCP_DECIDING) == TCP_SYN &&
		   flow_is_to_be_judged(flows, flow));
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
	if (flow && begins_anew(flows, flow, pkt)) {
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
	return flows_refuse_orphan(flows, pkt);
}

/* Who is to own the flow is known only by now. */
static enum drop confirm_dry(
    struct flows *flows, const struct packet *pkt, struct instant now)
{
	uint32_t owner = pkt->from_id ? pkt->from_id : pkt->to_id;
	struct flow_probe probe;

	if (pkt->flow_state != FLOW_NEW || flow_table_has_room(flows, owner))
		return DROP_NONE;
	probe_packet(flows, &probe, pkt);
	probe.is_exact = true;
	probe.to_id = pkt->to_id;
	return flow_table_find(flows, &probe, now)
		   ? DROP_NONE
		   : flows_refuse_full(flows, pkt);
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
		return confirm_dry(flows, pkt, now);
	if (pkt->flow_state == FLOW_NEW)
		reason = confirm_new(flows, pkt, now);
	if (!reason && pkt->is_fragment)
		fragments_accept(flows->fragments, pkt, flows->generation, now);
	return reason;
}
