/* SPDX-License-Identifier: ISC */
/* Phases of a TCP connection, by the flags of its packets. */
#include "net/flow_tcp.h"

#define BOTH_FIN (FLOW_FIN_SENT | FLOW_FIN_SENT << 1)

static void finish(struct flow *flow, unsigned sender)
{
	flow->flags |= (uint8_t)(FLOW_FIN_SENT << sender);
	flow->phase =
	    (flow->flags & BOTH_FIN) == BOTH_FIN ? PHASE_TIMED : PHASE_FIN;
}

void tcp_go_on(struct flow *flow, unsigned sender, uint8_t flags)
{
	bool is_answer = sender != flow->beginner;

	if (flags & TCP_RST)
		flow->phase = PHASE_CLOSE;
	else if (flow->phase == PHASE_CLOSE)
		return;
	else if (flags & TCP_FIN)
		finish(flow, sender);
	else if (flow->phase == PHASE_SYN && !(flags & TCP_SYN) && !is_answer &&
		 flow->flags & FLOW_IS_ANSWERED)
		flow->phase = PHASE_ESTABLISHED;
}
