/* SPDX-License-Identifier: ISC */
/*
 * Putting packets of one flow together before they go to a device (GRO).
 *
 * How it works: packets come in the order in which they are to be written. One
 * that continues what is there already joins it: same addresses, ports and
 * other headers (ECN too), TCP sequence numbers without a gap and the same
 * acknowledgement, window and options, each payload of the first one's size but
 * for a shorter last one. Whatever else of a flow comes closes it. What is
 * joined has a checksum that somebody has checked or attested: others are
 * checked here. The rules are those of the kernel's GRO, so that cutting the
 * whole (packet/segment.h) gives the same packets.
 */
#ifndef PACKET_COALESCE_H
#define PACKET_COALESCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/packet.h"

#define COALESCE_ITEMS	      64
#define COALESCE_SEGMENTS     64  /* of one item; UDP_MAX_SEGMENTS before 6.9 */
#define COALESCE_HEADER_BYTES 160 /* Ethernet with tags, IP, TCP */

/* What goes to the device in one piece. */
struct coalesced {
	struct packet *pkts[COALESCE_SEGMENTS];
	uint32_t count;
	uint32_t header_bytes; /* L2, L3 and L4 */
	uint32_t payload_bytes;
	uint16_t size; /* payload of the first one */
	bool is_closed;
	bool is_passed; /* a TCP acknowledgement without data */
};

struct coalescer {
	struct coalesced items[COALESCE_ITEMS];
	size_t count;
	bool joins_tcp, joins_udp;
};

/* Begins anew. */
void coalescer_begin(
    struct coalescer *coalescer, bool joins_tcp, bool joins_udp);

/* Adds a parsed packet, which stays the caller's. False: there is no place,
 * write what is there first. */
must_check bool coalescer_add(struct coalescer *coalescer, struct packet *pkt);

/* Of an item of two or more: writes the headers of the whole, with the sum of
 * the pseudo header for its L4 checksum. */
void coalesced_header(
    const struct coalesced *item, uint8_t header[COALESCE_HEADER_BYTES]);

#endif
