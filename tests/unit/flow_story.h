/* SPDX-License-Identifier: ISC */
/*
 * A story: bytes that say what happens to a flow table, told to net/flow and to
 * the oracle; after each step both must be in the same state.
 */
#ifndef FLOW_STORY_H
#define FLOW_STORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/drop.h"

/* How often a packet had which fate. */
struct flow_story_count {
	uint64_t steps, drops[DROP_COUNT], states[8], early_drops, judged;
};

/* Aborts when the two differ. Adds to *count. */
void flow_story_tell(
    const uint8_t *data, size_t len, struct flow_story_count *count);

#endif
