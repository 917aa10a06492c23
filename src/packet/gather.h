/* SPDX-License-Identifier: ISC */
/*
 * Putting the packets of one flow together where they are opened.
 *
 * How it works: the mirror image of a slide (packet/segment.h). Each packet is
 * opened to where its payload belongs, right behind that of the one before, so
 * that its headers come to lie on the end of what is there already: that is
 * kept, and put back as soon as the headers are compared. Those of the first
 * one then become the headers of the whole. The rules are those of the
 * coalescer (packet/coalesce.h), and cutting the whole gives the same packets
 * again: so IPv4's identifications have to count up, too.
 */
#ifndef PACKET_GATHER_H
#define PACKET_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/packet.h"
#include "packet/coalesce.h"

/* Before a packet, what its frame may have as a head; it is kept, too. */
#define GATHER_HEAD_BYTES 16

struct gather {
	struct packet *whole; /* NULL: none is under way */
	bool is_frame, joins_tcp, joins_udp;
	uint32_t header_bytes; /* 0: nobody is in it */
	uint32_t payload_bytes, size;
	bool is_closed;			       /* the last one is in it */
	uint8_t header[COALESCE_HEADER_BYTES]; /* of the first one */
	uint8_t *place;
	uint8_t kept[GATHER_HEAD_BYTES + COALESCE_HEADER_BYTES];
};

/* `whole` is an empty large packet, the gather's until gather_end. */
void gather_begin(struct gather *gather, struct packet *whole, bool is_frame,
    bool joins_tcp, bool joins_udp);

/* Has it room for a packet of `len` bytes, padding and all, and may one follow?
 * False if no whole is under way. */
must_check bool gather_has_room(const struct gather *gather, uint32_t len);

/* Where the next packet is to be opened to: GATHER_HEAD_BYTES before may be
 * overwritten, and whatever is behind. To be asked only if it has room. */
must_check uint8_t *gather_place(struct gather *gather);

/* The packet is there, `len` bytes, of a frame without padding; 0: it could not
 * be opened. True: it is in the whole. False: it is to go its own way, and has
 * left nothing. */
must_check bool gather_take(
    struct gather *gather, uint32_t len, enum checksum_state checksum);

/* The whole is the caller's again, parsed: a super-packet, or the only packet
 * that was taken as it came. len 0: none was. */
must_check struct packet *gather_end(struct gather *gather);

#endif
