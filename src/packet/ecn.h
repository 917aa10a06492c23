/* SPDX-License-Identifier: ISC */
/* Explicit congestion notification through a tunnel (RFC 6040, normal mode). */
#ifndef PACKET_ECN_H
#define PACKET_ECN_H

#include "base/attributes.h"
#include "base/drop.h"
#include "base/packet.h"

/* The two bits (RFC 3168). */
enum ecn {
	ECN_NOT_ECT = 0,
	ECN_ECT_1 = 1,
	ECN_ECT_0 = 2,
	ECN_CE = 3,
};

/* A parsed packet that enters the tunnel: its mark goes outside. */
static inline void ecn_encapsulate(struct packet *pkt)
{
	pkt->outer_ecn = pkt->inner_ecn;
}

/* A parsed packet that leaves the tunnel: what routers on the way did to the
 * outer mark is put into it. DROP_NONE or DROP_VPN_ECN. A frame without IP has
 * no place for a mark, and RFC 6040 says nothing of it: it goes on. */
must_check enum drop ecn_decapsulate(struct packet *pkt);
/* A parsed packet met congestion here: true, and it says so now; false: its
 * sender would not understand. */
must_check bool ecn_mark(struct packet *pkt);
/* It would leave the packet as it is. */
must_check bool ecn_is_settled(const struct packet *pkt);

#endif
