/* SPDX-License-Identifier: ISC */
/* Frames for tests, written as hexadecimal digits. */
#ifndef FRAME_H
#define FRAME_H

#include <stdlib.h>
#include <string.h>

#include "base/packet.h"
#include "unit.h"

#define FRAME_BYTES_MAX 4096

/* A packet whose bytes end with its memory, so that ASan sees a step beyond. */
struct held {
	struct packet pkt;
	uint8_t *bytes;
};

static inline void frame_hold(
    struct held *held, const uint8_t *bytes, size_t len)
{
	memset(held, 0, sizeof(*held));
	held->bytes = malloc(len ? len : 1);
	if (len)
		memcpy(held->bytes, bytes, len);
	held->pkt.buffer = held->bytes;
	held->pkt.buffer_bytes = held->pkt.len = (uint32_t)len;
}

static inline void frame_release(struct held *held)
{
	free(held->bytes);
}

static inline uint8_t frame_nibble(char digit)
{
	return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* Spaces and colons are skipped. Returns the number of bytes. */
static inline size_t frame_unhex(uint8_t *bytes, const char *hex)
{
	size_t digits = 0;

	for (; *hex; hex++) {
		uint8_t *byte = &bytes[digits / 2];

		if (*hex == ' ' || *hex == ':')
			continue;
		if (digits / 2 >= FRAME_BYTES_MAX)
			ck_abort_msg("frame too long");
		*byte = (uint8_t)((digits % 2 ? *byte << 4 : 0) |
				  frame_nibble(*hex));
		digits++;
	}
	ck_assert_uint_eq(digits % 2, 0);
	return digits / 2;
}

static inline void frame_hold_hex(struct held *held, const char *hex)
{
	uint8_t bytes[FRAME_BYTES_MAX];

	frame_hold(held, bytes, frame_unhex(bytes, hex));
}

#endif
