/* SPDX-License-Identifier: ISC */
/* F9: the replay window against a set of all counters seen. */
#include <assert.h>

#include "base/cursor.h"
#include "protocol/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define SET 4096

/* A step: how u8 (back, forward, far, absolute), distance u16. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct replay replay = {0};
	struct cursor c = cursor_of(data, len);
	uint64_t set[SET], highest = 0, counter;
	size_t count = 0;

	while (c.left >= 3 && count < SET) {
		uint8_t how = cursor_u8(&c);
		uint64_t distance = cursor_le16(&c);
		bool is_fresh = true;

		counter = (how & 3) == 0   ? highest - distance
			  : (how & 3) == 1 ? highest + distance
			  : (how & 3) == 2 ? distance << (how >> 2)
					   : distance;
		if (count && counter + REPLAY_WINDOW < highest &&
		    counter + REPLAY_WINDOW >= counter)
			is_fresh = false;
		for (size_t i = 0; i < count; i++)
			is_fresh = is_fresh && set[i] != counter;
		/* the caller refuses these before */
		if (counter >= REPLAY_REJECT_AFTER_MESSAGES)
			continue;
		assert(replay_is_fresh(&replay, counter) == is_fresh);
		assert(replay_accept(&replay, counter) == is_fresh);
		if (!is_fresh)
			continue;
		set[count++] = counter;
		highest = counter > highest ? counter : highest;
	}
	return 0;
}
