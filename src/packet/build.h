/* SPDX-License-Identifier: ISC */
/* IP packets of our own making, header by header. */
#ifndef PACKET_BUILD_H
#define PACKET_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/endpoint.h"
#include "base/packet.h"

#define BUILD_TTL 64 /* what hosts begin with (RFC 1700) */

struct build_ip {
	const struct address *source, *destination; /* of one family */
	uint8_t l4_protocol;
	uint8_t traffic_class; /* DSCP and ECN */
	uint8_t ttl;	       /* 0: BUILD_TTL */
	size_t l4_bytes;
};

/*
 * Makes a fresh packet (with l2_bytes of frame header already in it, or none)
 * one with this IP header: no options, not to be fragmented. Returns the room
 * for the L4 bytes, which the caller writes; they must fit.
 */
struct writer build_ip(struct packet *pkt, const struct build_ip *head);

/* Once the L4 bytes are written, with zeros for the checksum: fills in the
 * checksum, `field` bytes from their beginning, and the parser's fields. */
void build_finish(struct packet *pkt, size_t field);

#endif
