/* SPDX-License-Identifier: ISC */
/* Packets that are too large for a link, cut into fragments (RFC 791). */
#ifndef PACKET_CUT_H
#define PACKET_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/packet.h"

/* The largest of the packets on the wire that a parsed packet stands for: its
 * own length, or that of a super-packet's segments. */
size_t packet_wire_bytes(const struct packet *pkt);

/* Bytes of all packets that a parsed packet stands for. */
uint64_t packet_all_bytes(const struct packet *pkt);

/* A parsed packet that routers may cut: IPv4, and DF is not set. */
must_check bool packet_may_be_cut(const struct packet *pkt);

/*
 * Appends fragments of up to `mtu` bytes, parsed, with the other fields of pkt,
 * which the caller keeps. `mtu` has room for the header and 8 bytes, and there
 * is no frame around the packet. False, and nothing appended: no buffers left.
 */
must_check bool packet_cut(struct pool *pool, const struct packet *pkt,
    size_t mtu, struct packet_list *to);

#endif
