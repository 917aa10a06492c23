/* SPDX-License-Identifier: ISC */
/* The L4 half of the parser: ports and the flow's hash; no verdicts. */
#ifndef PACKET_L4_H
#define PACKET_L4_H

#include <stdint.h>

#include "base/packet.h"

/* Where L4 begins in a parsed packet, and its bytes up to the packet's end. */
static inline uint8_t *l4_data(const struct packet *pkt)
{
	return packet_l3(pkt) + pkt->l3_bytes;
}

static inline uint32_t l4_len(const struct packet *pkt)
{
	return pkt->ip_bytes - pkt->l3_bytes;
}

/* After L3 was parsed: fills has_l4, ports (ICMP echo: the identifier is the
 * source port), TCP flags, ICMP type and code, or leaves them 0. */
void l4_read_ports(struct packet *pkt);

/* Of addresses, protocol and ports; never 0. */
uint32_t l4_flow_hash(const struct packet *pkt);

/* Of a frame's MAC addresses and ethertype; never 0. */
uint32_t l4_frame_hash(const struct packet *pkt);

#endif
