/* SPDX-License-Identifier: ISC */
/*
 * The sliding window against replayed counters (RFC 6479).
 *
 * A ring of 64-bit blocks, one of which is always being cleared: 8192 bits
 * give a window of 8128. A jump of any size costs at most one pass over the
 * ring. Check before opening, accept after the tag was good.
 */
#ifndef PROTOCOL_REPLAY_H
#define PROTOCOL_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

#define REPLAY_BLOCKS 128
#define REPLAY_WINDOW (REPLAY_BLOCKS * 64 - 64)
/* 2^64 - 2^13 - 1: counters from here on are refused. */
#define REPLAY_REJECT_AFTER_MESSAGES (UINT64_MAX - UINT64_C(8192))

struct replay {
	uint64_t next; /* highest counter accepted + 1; 0: none yet */
	uint64_t blocks[REPLAY_BLOCKS];
};

/* Zero is the initial state. */

/* True when the counter would be accepted now; nothing changes. */
must_check bool replay_is_fresh(const struct replay *replay, uint64_t counter);

/* Marks it as seen. False, and nothing changes, when it was not fresh. */
must_check bool replay_accept(struct replay *replay, uint64_t counter);

#endif
