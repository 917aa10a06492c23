/* SPDX-License-Identifier: ISC */
/*
 * Records for a reader who may be slow: a bounded ring that loses and counts.
 *
 * How it works: a record is its length (u32) and its bytes, which may wrap.
 * One without room is lost, never an older one: what the reader sees has no
 * gaps but at the end of a run, and `lost` says how many were in each.
 */
#ifndef BASE_RING_H
#define BASE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct ring {
	uint8_t *bytes;
	size_t room, first, used;
	uint64_t lost; /* records, since the last ring_take_lost */
};

/* Of a record that lies in pieces. */
struct ring_piece {
	const void *bytes;
	size_t len;
};

/* 0 or -ENOMEM. ring_clear releases; a cleared ring may be cleared again. */
must_check int ring_init(struct ring *ring, size_t room);
void ring_clear(struct ring *ring);

/* Appends one record. False: there was no room, and it is counted as lost. */
bool ring_put(struct ring *ring, const struct ring_piece *pieces, size_t count);

/* The length of the first record; false: there is none. */
must_check bool ring_peek(const struct ring *ring, size_t *ret_len);

/* Moves the first record to `to`; it has to be there and to fit. */
void ring_take(struct ring *ring, uint8_t *to);

/* How many were lost since the last call. */
uint64_t ring_take_lost(struct ring *ring);

#endif
