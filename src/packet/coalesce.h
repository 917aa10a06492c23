/* SPDX-License-Identifier: ISC */
/*
 * Putting packets of one flow together into chains (GRO).
 *
 * How it works: packets come in the order in which they are to go on. One that
 * continues what is there already joins it: same peer, addresses, ports and
 * other headers (ECN too, the outer mark as well), TCP sequence numbers without
 * a gap and the same acknowledgement, window and options, each payload of the
 * first one's size but for a shorter last one. Whatever else of a flow comes
 * closes it. What is joined has a checksum that somebody has checked or
 * attested: others are checked here. The rules are those of the kernel's GRO,
 * so that cutting the whole (packet/segment.h) gives the same packets. A chain
 * is its first packet with the others on its list `rest`, each as it came, so
 * that it is taken apart as easily (packet_take_apart).
 */
#ifndef PACKET_COALESCE_H
#define PACKET_COALESCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/packet.h"

#define COALESCE_SLOTS	      64
#define COALESCE_SEGMENTS     64  /* of a chain; UDP_MAX_SEGMENTS before 6.9 */
#define COALESCE_HEADER_BYTES 160 /* Ethernet with tags, IP, TCP */

/* A flow's newest chain, or packet that may become one. */
struct coalesce_slot {
	struct packet *first;  /* NULL: none */
	uint32_t header_bytes; /* L2, L3 and L4 */
	uint32_t payload_bytes;
	uint16_t size; /* payload of the first one */
	bool is_closed;
};

/* Flows by their hash: one that another took the slot of begins anew. */
struct coalescer {
	struct coalesce_slot slots[COALESCE_SLOTS];
	bool joins_tcp, joins_udp;
};

/* Begins anew: knows no flow. */
void coalescer_begin(
    struct coalescer *coalescer, bool joins_tcp, bool joins_udp);

/* Of a parsed packet. True: it hangs on a packet that came before. False: it
 * goes on by itself, and stays where it is, as others may join it, until the
 * coalescer begins anew. */
must_check bool coalescer_join(struct coalescer *coalescer, struct packet *pkt);

/* Whether others may be joined with a parsed packet, as far as its headers
 * tell. */
must_check bool coalesce_may_join(
    const struct packet *pkt, bool joins_tcp, bool joins_udp);

/* The checksum of a whole says that each of its packets had a right one: of one
 * that nobody has checked or attested it is checked here. */
must_check bool coalesce_has_right_checksum(struct packet *pkt);

/* Of such a packet: L2, L3 and L4. */
must_check uint32_t coalesce_header_bytes(const struct packet *pkt);

/* The header of the first one becomes that of the whole, with `ip_bytes` and
 * the flag PSH, or 0, as `push`. */
void coalesce_write_header(const struct packet *first, uint8_t *header,
    uint32_t ip_bytes, uint8_t push);

/* Of a chain: writes the headers of the whole, with the sum of the pseudo
 * header for its L4 checksum; returns their length. */
must_check uint32_t coalesced_header(
    const struct packet *chain, uint8_t header[COALESCE_HEADER_BYTES]);

#endif
