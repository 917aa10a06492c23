/* SPDX-License-Identifier: ISC */
/* Phases of a TCP connection, by the flags of its packets. */
#include "net/flow_tcp.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define URG 0x20

#define DECIDING (FIN | SYN | RST | ACK)
#define BOTH_FIN (FLOW_FIN_SENT | FLOW_FIN_SENT << 1)

#define ONE(flags) (UINT64_C(1) << (flags))

/* Without PSH, which may be anywhere. */
static const uint64_t valid = ONE(SYN) | ONE(SYN | URG) | ONE(SYN | ACK) |
			      ONE(RST) | ONE(RST | ACK) | ONE(FIN | ACK) |
			      ONE(FIN | ACK | URG) | ONE(ACK) | ONE(ACK | URG);

bool tcp_flags_are_valid(uint8_t flags)
{
	return valid >> (flags & (DECIDING | URG)) & 1;
}

bool tcp_may_begin(uint8_t flags)
{
	return (flags & DECIDING) == SYN || (flags & DECIDING) == ACK;
}

bool tcp_begins_anew(const struct flow *flow, uint8_t flags)
{
	return (flags & DECIDING) == SYN &&
	       (flow->phase == PHASE_CLOSE || flow->phase == PHASE_TIMED);
}

void tcp_begin(struct flow *flow, uint8_t flags)
{
	flow->phase = flags & SYN ? PHASE_SYN : PHASE_ESTABLISHED;
}

static void finish(struct flow *flow, unsigned sender)
{
	flow->flags |= (uint8_t)(FLOW_FIN_SENT << sender);
	flow->phase =
	    (flow->flags & BOTH_FIN) == BOTH_FIN ? PHASE_TIMED : PHASE_FIN;
}

void tcp_go_on(struct flow *flow, unsigned sender, uint8_t flags)
{
	bool is_answer = sender != flow->beginner;

	if (flags & RST)
		flow->phase = PHASE_CLOSE;
	else if (flow->phase == PHASE_CLOSE)
		return;
	else if (flags & FIN)
		finish(flow, sender);
	else if (flow->phase == PHASE_SYN && !(flags & SYN) && !is_answer &&
		 flow->flags & FLOW_IS_ANSWERED)
		flow->phase = PHASE_ESTABLISHED;
}
