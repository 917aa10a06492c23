/* SPDX-License-Identifier: ISC */
/* F27: packets put together for a device and cut again, and any bytes as a
 * super-packet of the device. */
#include <stdlib.h>
#include <string.h>

#include "../unit/offload_story.h"
#include "base/packet.h"
#include "packet/segment.h"

#define LARGEST 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct bytes {
	const uint8_t *at;
	size_t left;
};

static uint32_t draw(void *context, uint32_t below)
{
	struct bytes *bytes = context;

	if (!bytes->left)
		return 0;
	bytes->left--;
	return *bytes->at++ % below;
}

static void cut(const uint8_t *data, size_t len, bool is_frame)
{
	uint8_t *copy = malloc(len), piece[LARGEST];
	struct packet whole = {.buffer = copy,
	    .buffer_bytes = (uint32_t)len,
	    .len = (uint32_t)len};
	struct segments segments;
	uint16_t size = (uint16_t)(data[0] << 4 | 1);

	memcpy(copy, data, len);
	if (!segments_plan(&segments, &whole, is_frame, size))
		for (uint32_t i = 0; i < segments.count; i++) {
			struct packet pkt = {
			    .buffer = piece, .buffer_bytes = sizeof(piece)};

			(void)!segments_write(&segments, i, &pkt);
		}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes bytes = {data, len};
	const struct offload_source source = {draw, &bytes};
	struct offload_seen seen = {0};

	offload_story(&source, len / 12, &seen);
	if (len) {
		cut(data, len, false);
		cut(data, len, true);
	}
	return 0;
}
