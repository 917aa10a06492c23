/* SPDX-License-Identifier: ISC */
/* Which CPU each direction has. */
#include "daemon/placement.h"

/* The busier one carries that many times as much, or both stay as they are. */
#define TIMES 2

static enum placing choose(const struct placement *placement, bool is_possible,
    uint64_t out_bytes, uint64_t in_bytes)
{
	if (!is_possible)
		return PLACING_KERNEL;
	if (out_bytes > TIMES * in_bytes)
		return PLACING_OUT_FIRST;
	if (in_bytes > TIMES * out_bytes)
		return PLACING_IN_FIRST;
	return placement->now;
}

bool placement_note(struct placement *placement, bool is_possible,
    uint64_t out_bytes, uint64_t in_bytes)
{
	enum placing before = placement->now;

	placement->now = choose(placement, is_possible,
	    out_bytes - placement->out_bytes, in_bytes - placement->in_bytes);
	placement->out_bytes = out_bytes;
	placement->in_bytes = in_bytes;
	return placement->now != before;
}
