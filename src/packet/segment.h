/* SPDX-License-Identifier: ISC */
/*
 * Cutting a super-packet into the packets that it stands for (TSO, USO).
 *
 * How it works: the kernel hands over one TCP segment or UDP datagram that is
 * longer than the path can carry, and the payload of each packet in bytes. Each
 * packet gets the headers of the whole with what differs: lengths, the IPv4
 * identification (one more each), the IPv4 checksum, the TCP sequence number;
 * FIN and PSH are for the last one only, CWR for the first. The L4 checksum, of
 * the whole and of each packet, is CHECKSUM_PARTIAL.
 */
#ifndef PACKET_SEGMENT_H
#define PACKET_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/drop.h"
#include "base/packet.h"

/* A super-packet that can be cut. */
struct segments {
	const uint8_t *bytes;
	uint32_t header_bytes; /* L2, L3 and L4 */
	uint32_t l3_at, l4_at;
	uint32_t payload_bytes;
	uint16_t size; /* payload of each but the last */
	uint32_t count;
	enum family family;
	uint8_t l4_protocol;
	uint16_t pseudo; /* sum of the pseudo header without its length */
};

/* Of a parsed super-packet that was planned before (segments, segment_bytes):
 * `ret` refers to its bytes. */
void segments_of(struct segments *ret, const struct packet *whole);

/*
 * Looks at what a device handed over: `whole` is parsed here, as a frame when
 * `is_frame`. DROP_NONE: `ret` is filled, and refers to the bytes of `whole`.
 * Otherwise the parser's reason, or DEV_HDR: this can not be cut (no TCP or
 * UDP, a fragment, no payload, or `size` is 0).
 */
must_check enum drop segments_plan(
    struct segments *ret, struct packet *whole, bool is_frame, uint16_t size);

/* Writes packet `idx` (below count) into an empty pkt with room for it: bytes,
 * len and checksum state. PKT_TOO_BIG: it has none. */
must_check enum drop segments_write(
    const struct segments *segments, uint32_t idx, struct packet *pkt);

/* The same with all fields of the super-packet `whole` that `segments` is of,
 * as if it had been cut before. */
must_check enum drop segments_take(const struct segments *segments,
    const struct packet *whole, uint32_t idx, struct packet *pkt);

/* The bytes of packet `idx`. */
must_check uint32_t segments_len(const struct segments *segments, uint32_t idx);

/* Ethernet with tags, IP with options or extensions, TCP. */
#define SEGMENT_HEADER_BYTES 512

/*
 * The same without copying the payload: each packet's headers are written in
 * place, over payload of the one before it, which nobody needs any more.
 */
struct slide {
	struct segments segments;
	uint8_t header[SEGMENT_HEADER_BYTES]; /* of the whole */
	uint8_t *bytes;
	bool completes; /* the L4 checksums */
};

/* Of a super-packet as for segments_of, which belongs to the slide then. */
void slide_begin(struct slide *slide, struct packet *whole, bool completes);

/* Packet `idx`, segments_len bytes; to be called for each in their order. What
 * is behind it is the next one's payload, what is before it is free. */
must_check uint8_t *slide_to(struct slide *slide, uint32_t idx);

/* Before the last one: the whole is what is left behind the first `count`,
 * with the headers that it had. */
void slide_end(const struct slide *slide, struct packet *whole, uint32_t count);

#endif
