/* SPDX-License-Identifier: ISC */
/* F27: packets put together for a device and cut again, and any bytes as a
 * super-packet of the device. */
#include <stdlib.h>
#include <string.h>

#include "../unit/offload_story.h"
#include "base/packet.h"
#include "packet/segment.h"

#define LARGEST 2048
#define PIECES	64

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

/* Cut in place it is the same. */
static void slide_along(struct packet *whole, const struct segments *segments,
    uint8_t (*pieces)[LARGEST])
{
	static struct slide slide;

	slide_begin(&slide, whole, false);
	for (uint32_t i = 0; i < segments->count && i < PIECES; i++)
		if (memcmp(slide_to(&slide, i), pieces[i],
			segments_len(segments, i)) != 0)
			abort();
}

static void cut(const uint8_t *data, size_t len, bool is_frame)
{
	static uint8_t pieces[PIECES][LARGEST];
	uint8_t *copy = malloc(len);
	struct packet whole = {.buffer = copy,
	    .buffer_bytes = (uint32_t)len,
	    .len = (uint32_t)len};
	struct segments segments;
	bool fits = true;

	whole.segment_bytes = (uint16_t)(data[0] << 4 | 1);
	memcpy(copy, data, len);
	if (!segments_plan(&segments, &whole, is_frame, whole.segment_bytes)) {
		for (uint32_t i = 0; i < segments.count && i < PIECES; i++) {
			struct packet pkt = {
			    .buffer = pieces[i], .buffer_bytes = LARGEST};

			fits &= !segments_write(&segments, i, &pkt);
		}
		if (fits)
			slide_along(&whole, &segments, pieces);
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
