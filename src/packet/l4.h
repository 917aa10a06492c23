/* SPDX-License-Identifier: ISC */
/* The L4 half of the parser: ports and the flow's hash; no verdicts. */
#ifndef PACKET_L4_H
#define PACKET_L4_H

#include <stdint.h>

#include "base/packet.h"

/* After L3 was parsed: fills the ports (ICMP echo: the identifier is the
 * source port), or leaves them 0. */
void l4_read_ports(struct packet *pkt);

/* Of addresses, protocol and ports; never 0. */
uint32_t l4_flow_hash(const struct packet *pkt);

#endif
