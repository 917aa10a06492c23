/* SPDX-License-Identifier: ISC */
/*
 * TCP connections as the flow table sees them: flags, no windows.
 *
 * How it works: a connection is established when its opening was answered and
 * the beginner acknowledged that. One that was open before we looked is picked
 * up by any plain ACK. A reset closes it, as nobody but the two ends can send
 * one in their names; after two FINs it is over, but for what is under way.
 */
#ifndef NET_FLOW_TCP_H
#define NET_FLOW_TCP_H

#include <stdbool.h>
#include <stdint.h>

#include "net/flow_table.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10
#define TCP_URG 0x20

#define TCP_DECIDING   (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)
#define TCP_ONE(flags) (UINT64_C(1) << (flags))

/* A combination of flags that TCP has, but for PSH, which may be anywhere. */
static inline bool tcp_flags_are_valid(uint8_t flags)
{
	static const uint64_t valid =
	    TCP_ONE(TCP_SYN) | TCP_ONE(TCP_SYN | TCP_URG) |
	    TCP_ONE(TCP_SYN | TCP_ACK) | TCP_ONE(TCP_RST) |
	    TCP_ONE(TCP_RST | TCP_ACK) | TCP_ONE(TCP_FIN | TCP_ACK) |
	    TCP_ONE(TCP_FIN | TCP_ACK | TCP_URG) | TCP_ONE(TCP_ACK) |
	    TCP_ONE(TCP_ACK | TCP_URG);

	return valid >> (flags & (TCP_DECIDING | TCP_URG)) & 1;
}

/* What a connection may begin with, or be picked up by. */
static inline bool tcp_may_begin(uint8_t flags)
{
	return (flags & TCP_DECIDING) == TCP_SYN ||
	       (flags & TCP_DECIDING) == TCP_ACK;
}

/* A SYN in a connection that is over: another one begins. */
static inline bool tcp_begins_anew(const struct flow *flow, uint8_t flags)
{
	return (flags & TCP_DECIDING) == TCP_SYN &&
	       (flow->phase == PHASE_CLOSE || flow->phase == PHASE_TIMED);
}

/* A SYN of the end that was asked, in a connection that is not over: only when
 * both ends begin at once is there one, and then neither is open yet. */
static inline bool tcp_is_out_of_place(
    const struct flow *flow, unsigned sender, uint8_t flags)
{
	return (flags & TCP_DECIDING) == TCP_SYN && sender != flow->beginner &&
	       (flow->phase == PHASE_ESTABLISHED || flow->phase == PHASE_FIN);
}

/* The first packet; and each later one from the end `sender`. */
static inline void tcp_begin(struct flow *flow, uint8_t flags)
{
	flow->phase = flags & TCP_SYN ? PHASE_SYN : PHASE_ESTABLISHED;
}
void tcp_go_on(struct flow *flow, unsigned sender, uint8_t flags);

#endif
