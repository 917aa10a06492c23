/* SPDX-License-Identifier: ISC */
/*
 * Compression behind one table, stateless from packet to packet.
 *
 * How it works: before the compressor runs, a packet has to pass an entropy
 * pre-test of a few sampled bytes, and its flow must not be in back-off: after
 * 8 packets in a row that did not shrink by 1/16, a flow is left alone for a
 * number of packets that doubles up to 4096. A super-packet of such a flow
 * stays whole, and one segment of it is tried. Flows share a small table by
 * hash; a collision only costs ratio. What passes is compressed harder as long
 * as it is so little that the processor has the time: then the link is what
 * is slow.
 */
#ifndef PROTOCOL_COMPRESS_H
#define PROTOCOL_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/instant.h"

/* Numbers on the wire (HELLO). */
enum compressor_id {
	COMPRESSOR_NONE = 0,
	COMPRESSOR_LZ4 = 1,
	COMPRESSOR_ZSTD = 2,
};

struct compressor_state; /* work space of one compressor, no history */

/* Bytes written to dst, or 0 when it does not fit in `room`. */
typedef size_t compress_fn(struct compressor_state *state, uint8_t *dst,
    size_t room, const uint8_t *src, size_t len);

struct compressor {
	enum compressor_id id;
	const char *name; /* "lz4" */
	/* Bytes of work space; compressor_state_init places it there. */
	size_t state_bytes;
	struct compressor_state *(*state_init)(void *space, size_t bytes);
	compress_fn *compress;
	/* Smaller, in two to three times the time, for the same expand. */
	compress_fn *compress_harder;
	/* True when the block expands to exactly `original` bytes. Never
	 * writes more than that, whatever the block says. */
	bool (*expand)(struct compressor_state *state, uint8_t *dst,
	    size_t original, const uint8_t *src, size_t len);
};

extern const struct compressor compressor_lz4;
extern const struct compressor compressor_zstd;

/* The table's entry; NULL for COMPRESSOR_NONE and unknown ids. */
const struct compressor *compressor_find(enum compressor_id id);

#define COMPRESS_BYTES_MIN 128 /* shorter packets are not tried */
#define COMPRESS_FLOWS	   256

/* Entropy pre-test: samples 64 bytes; false when they look random. */
must_check bool compress_looks_worth_it(const uint8_t *bytes, size_t len);

/* How much is compressed in a time. All zeros at first. */
struct compress_pace {
	struct instant since;	      /* this window's begin */
	uint64_t bytes, bytes_before; /* in this window; in the last one */
};

/* Counts a packet. True: at this pace there is time to compress it harder.
 * Above it not even a part is: whoever has so much wants it fast. */
must_check bool compress_pace_is_slow(
    struct compress_pace *pace, size_t len, struct instant now);

struct compress_flow {
	uint8_t failures;   /* in a row, up to 8 */
	uint8_t shift;	    /* next back-off is 16 << shift packets */
	uint16_t leave_out; /* packets still left alone */
};

struct compress_flows {
	struct compress_flow flows[COMPRESS_FLOWS];
};

/* True when the next packet of the flow may be tried; if not, that many have
 * passed. */
must_check bool compress_flow_may_try(
    struct compress_flows *flows, uint32_t flow_hash, uint32_t packets);
/* It is in back-off: as long as what is tried now and then does not shrink. */
must_check bool compress_flow_rests(
    const struct compress_flows *flows, uint32_t flow_hash);
void compress_flow_succeeded(struct compress_flows *flows, uint32_t flow_hash);
void compress_flow_failed(struct compress_flows *flows, uint32_t flow_hash);

#endif
