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

/* A combination of flags that TCP has. */
bool tcp_flags_are_valid(uint8_t flags);
/* What a connection may begin with, or be picked up by. */
bool tcp_may_begin(uint8_t flags);

/* A SYN in a connection that is over: another one begins. */
bool tcp_begins_anew(const struct flow *flow, uint8_t flags);

/* The first packet; and each later one from the end `sender`. */
void tcp_begin(struct flow *flow, uint8_t flags);
void tcp_go_on(struct flow *flow, unsigned sender, uint8_t flags);

#endif
