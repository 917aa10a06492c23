/* SPDX-License-Identifier: ISC */
/*
 * What the stream of a capture is made of: vpnd writes records, vpnctl reads
 * them and makes lines or a file of them.
 *
 * How it works: a part of the stream is any number of records, each its length
 * (u32, little-endian) and its body. Texts in it are a length (u8), the bytes,
 * and a NUL.
 */
#ifndef API_CAPTURE_H
#define API_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct cursor;

/* A record without its packet's bytes; the names are those of peers, stages
 * and drops. */
#define CAPTURE_HEAD_BYTES 256
/* Of a packet no more is captured: record and head fit into one part. */
#define CAPTURE_SNAP_MAX (65536 - CAPTURE_HEAD_BYTES)

enum capture_kind {
	CAPTURE_BEGIN = 1, /* the first one: what all packets are */
	CAPTURE_PACKET,
	CAPTURE_LOST, /* `lost` packets were, for want of room */
};

enum capture_flag {
	CAPTURE_OUTBOUND = 1 << 0,
	CAPTURE_OUTER = 1 << 1, /* a datagram, with headers made for it */
	CAPTURE_DROP = 1 << 2,	/* stage and reason are set */
	CAPTURE_ETHERNET = 1 << 3,
};

struct capture_record {
	enum capture_kind kind;
	uint8_t flags;	  /* enum capture_flag; BEGIN: only ETHERNET */
	uint64_t time_ns; /* since 1970 */
	uint64_t lost;	  /* CAPTURE_LOST */
	/* A super-packet: segments of that payload; 1 for an ordinary one. */
	uint16_t segments, segment_bytes;
	uint32_t len; /* of the packet, of which `captured` bytes are here */
	uint32_t captured;
	const uint8_t *bytes;
	const char *peer, *stage, *reason; /* "" when not known */
};

/* Writes all but the packet's bytes, which follow. Returns the length, at most
 * CAPTURE_HEAD_BYTES. */
size_t capture_head_write(
    uint8_t head[CAPTURE_HEAD_BYTES], const struct capture_record *record);

/* Reads the next record of a part, which *ret points into. 1, 0: there is
 * none, -EINVAL: it is damaged. */
must_check int capture_record_read(
    struct capture_record *ret, struct cursor *part);

#endif
