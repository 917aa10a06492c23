/* SPDX-License-Identifier: ISC */
/* How long a flow lives, and whether it may be dropped early. */
#include "net/flow_table.h"
#include "packet/ip.h"

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

	switch (flow_key_protocol(&flow->key)) {
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

void flow_refresh(struct flow *flow, struct instant now)
{
	flow->end = flow_tick(instant_after(now, time_of(flow))) + 1;
	if (is_weak(flow))
		flow->flags |= FLOW_IS_WEAK;
	else
		flow->flags &= (uint8_t)~FLOW_IS_WEAK;
}
