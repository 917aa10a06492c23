/* SPDX-License-Identifier: ISC */
/* The sliding window against replayed counters (RFC 6479). */
#include "protocol/replay.h"

#define BLOCK_BITS 64

static bool is_marked(const struct replay *replay, uint64_t counter)
{
	uint64_t block = replay->blocks[counter / BLOCK_BITS % REPLAY_BLOCKS];

	return block >> (counter % BLOCK_BITS) & 1;
}

bool replay_is_fresh(const struct replay *replay, uint64_t counter)
{
	if (counter >= REPLAY_REJECT_AFTER_MESSAGES)
		return false;
	if (counter >= replay->next)
		return true;
	return replay->next - 1 - counter <= REPLAY_WINDOW &&
	       !is_marked(replay, counter);
}

/* Clears the blocks behind the newest up to that of `counter`. */
static void advance(struct replay *replay, uint64_t counter)
{
	uint64_t newest = replay->next > 0 ? replay->next - 1 : 0;
	uint64_t block = newest / BLOCK_BITS;
	uint64_t steps = counter / BLOCK_BITS - block;

	/* The ring has no more to clear, however far the jump. */
	if (steps > REPLAY_BLOCKS)
		steps = REPLAY_BLOCKS;
	for (uint64_t i = 1; i <= steps; i++)
		replay->blocks[(block + i) % REPLAY_BLOCKS] = 0;
	replay->next = counter + 1;
}

bool replay_accept(struct replay *replay, uint64_t counter)
{
	if (!replay_is_fresh(replay, counter))
		return false;
	if (counter >= replay->next)
		advance(replay, counter);
	replay->blocks[counter / BLOCK_BITS % REPLAY_BLOCKS] |=
	    UINT64_C(1) << (counter % BLOCK_BITS);
	return true;
}
