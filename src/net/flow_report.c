/* SPDX-License-Identifier: ISC */
/* Flows as others see them: to be shown, counted, and judged again. */
#include "net/flow_probe.h"
#include "net/flow_tcp.h"
#include "packet/ip.h"

static void read_end(
    struct address *address, const struct flow *flow, unsigned end)
{
	address->family = (enum family)flow_key_family(&flow->key);
	memcpy(address->bytes, flow->key.address[end], sizeof(address->bytes));
}

static const char *state_of(const struct flow *flow)
{
	static const char *const tcp[] = {
	    [PHASE_SYN] = "syn",
	    [PHASE_ESTABLISHED] = "established",
	    [PHASE_FIN] = "fin",
	    [PHASE_TIMED] = "fin",
	    [PHASE_CLOSE] = "close",
	};

	if (flow_key_protocol(&flow->key) == IP_PROTOCOL_TCP)
		return tcp[flow->phase];
	return flow->flags & FLOW_IS_ANSWERED ? "established" : "new";
}

static void report(const struct flows *flows, const struct flow *flow,
    struct instant now, struct flow_report *ret)
{
	unsigned from = flow->beginner, to = !from;

	*ret = (struct flow_report){
	    .family = flow_key_family(&flow->key),
	    .protocol = flow_key_protocol(&flow->key),
	    .vlan = flow_key_vlan(&flow->key),
	    .from_id = flow->peers[from],
	    .to_id = flow->peers[to],
	    .source_port = flow_key_port(&flow->key, from),
	    .destination_port = flow_key_port(&flow->key, to),
	    .state = state_of(flow),
	    .is_answered = flow->flags & FLOW_IS_ANSWERED,
	    .is_accepted = flow->generation == flows->generation,
	    .left_ns = flow_left(flow, now) * FLOW_GRAIN_NS,
	};
	read_end(&ret->source, flow, from);
	read_end(&ret->destination, flow, to);
}

static struct flow *find(const struct flows *flows, const struct packet *pkt,
    struct instant now, struct flow_probe *probe)
{
	if (pkt->flow_state == FLOW_RELATED) {
		if (!probe_quote(flows, probe, pkt))
			return NULL;
	} else {
		probe_packet(flows, probe, pkt);
	}
	probe->is_exact = true;
	probe->to_id = pkt->flow_peer;
	return flow_table_find(flows, probe, now);
}

static bool is_tracked(const struct packet *pkt)
{
	return !pkt->is_later_fragment &&
	       (pkt->flow_state == FLOW_NEW ||
		   pkt->flow_state == FLOW_ESTABLISHED ||
		   pkt->flow_state == FLOW_RELATED);
}

bool flows_find(const struct flows *flows, const struct packet *pkt,
    struct instant now, struct flow_report *ret)
{
	struct flow_probe probe;
	const struct flow *flow =
	    is_tracked(pkt) ? find(flows, pkt, now, &probe) : NULL;

	if (flow)
		report(flows, flow, now, ret);
	return flow;
}

static enum drop refuse(struct flows *flows, struct packet *pkt)
{
	pkt->flow_generation = 0;
	pkt->flow_state = FLOW_INVALID;
	if (!pkt->is_dry)
		flows->counters.invalid += pkt->segments;
	return DROP_VPN_CT_INVALID;
}

static bool is_syn(const struct packet *pkt)
{
	return pkt->flow_state != FLOW_RELATED &&
	       (pkt->tcp_flags & TCP_DECIDING) == TCP_SYN;
}

/* Without its flow, any ACK would pick a connection up as if its sender had
 * begun it: the refused one would go on as the other end's. A SYN replaces it
 * when it has passed the hooks (flows_confirm), not before. */
static enum drop judged_refused(struct flows *flows, struct flow *flow,
    const struct flow_probe *probe, struct packet *pkt)
{
	bool stays = flow && flow_key_protocol(&flow->key) == IP_PROTOCOL_TCP;

	if (flow && !stays && !pkt->is_dry)
		flow_table_remove(flows, flow);
	if (pkt->flow_state == FLOW_RELATED ||
	    (stays && probe->sender != flow->beginner && !is_syn(pkt)))
		return refuse(flows, pkt);
	pkt->flow_generation = 0;
	pkt->flow_state = FLOW_NEW;
	return DROP_NONE;
}

enum drop flows_judged(struct flows *flows, struct packet *pkt,
    struct instant now, bool is_accepted)
{
	struct flow_probe probe;
	struct flow *flow = find(flows, pkt, now, &probe);

	if (!is_accepted)
		return judged_refused(flows, flow, &probe, pkt);
	if (flow && is_syn(pkt) &&
	    tcp_is_out_of_place(flow, probe.sender, pkt->tcp_flags))
		return refuse(flows, pkt);
	pkt->flow_generation = flows->generation;
	if (flow && !pkt->is_dry) {
		flow->generation = flows->generation;
		if (pkt->flow_state != FLOW_RELATED)
			flow_table_go_on(
			    flows, flow, probe.sender, pkt->tcp_flags, now);
	}
	return DROP_NONE;
}

void flows_status(const struct flows *flows, struct flows_status *ret)
{
	*ret = flows->counters;
	ret->flows = flows->count;
	ret->flows_max = flows->limits.flows;
	ret->flows_per_peer = flows->limits.flows_per_peer;
	ret->weak = flows->weak_count;
}

uint32_t flows_of_peer(const struct flows *flows, uint32_t id)
{
	return id <= flows->last_id ? flows->owners[id].count : 0;
}

void flows_each(const struct flows *flows, struct instant now,
    void (*found)(void *context, const struct flow_report *flow), void *context)
{
	struct flow_report one;

	for (uint32_t i = 1; i <= flows->touched; i++) {
		const struct flow *flow = &flows->entries[i];

		if (!flow_key_family(&flow->key) || flow_left(flow, now) <= 0)
			continue;
		report(flows, flow, now, &one);
		found(context, &one);
	}
}
