/* SPDX-License-Identifier: ISC */
/* Records for a reader who may be slow: a bounded ring that loses and counts.
 */
#include "base/ring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_BYTES sizeof(uint32_t)

int ring_init(struct ring *ring, size_t room)
{
	*ring = (struct ring){.bytes = malloc(room), .room = room};
	return ring->bytes ? 0 : -ENOMEM;
}

void ring_clear(struct ring *ring)
{
	free(ring->bytes);
	*ring = (struct ring){0};
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Copies behind what is used, around the end. */
static void put(struct ring *ring, const void *bytes, size_t len)
{
	size_t at = (ring->first + ring->used) % ring->room;
	size_t before_end = least(len, ring->room - at);

	if (!len)
		return;
	memcpy(ring->bytes + at, bytes, before_end);
	memcpy(
	    ring->bytes, (const uint8_t *)bytes + before_end, len - before_end);
	ring->used += len;
}

static void copy(const struct ring *ring, void *to, size_t len)
{
	size_t before_end = least(len, ring->room - ring->first);

	memcpy(to, ring->bytes + ring->first, before_end);
	memcpy((uint8_t *)to + before_end, ring->bytes, len - before_end);
}

static void skip(struct ring *ring, size_t len)
{
	ring->first = (ring->first + len) % ring->room;
	ring->used -= len;
}

static size_t length_of(const struct ring_piece *pieces, size_t count)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += pieces[i].len;
	return len;
}

bool ring_put(struct ring *ring, const struct ring_piece *pieces, size_t count)
{
	size_t len = length_of(pieces, count);
	uint32_t prefix = (uint32_t)len;

	assert(len <= UINT32_MAX);
	if (len + LENGTH_BYTES > ring->room - ring->used) {
		ring->lost++;
		return false;
	}
	put(ring, &prefix, LENGTH_BYTES);
	for (size_t i = 0; i < count; i++)
		put(ring, pieces[i].bytes, pieces[i].len);
	return true;
}

bool ring_peek(const struct ring *ring, size_t *ret_len)
{
	uint32_t prefix;

	if (!ring->used)
		return false;
	copy(ring, &prefix, LENGTH_BYTES);
	*ret_len = prefix;
	return true;
}

void ring_take(struct ring *ring, uint8_t *to)
{
	size_t len = 0;
	bool is_there = ring_peek(ring, &len);

	assert(is_there);
	skip(ring, LENGTH_BYTES);
	copy(ring, to, len);
	skip(ring, len);
}

uint64_t ring_take_lost(struct ring *ring)
{
	uint64_t lost = ring->lost;

	ring->lost = 0;
	return lost;
}
