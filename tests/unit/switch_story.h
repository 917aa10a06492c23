/* SPDX-License-Identifier: ISC */
/*
 * A story: bytes that say what happens to a switch, told to net/bridge and to
 * the oracle; after each step both must be in the same state.
 */
#ifndef SWITCH_STORY_H
#define SWITCH_STORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/drop.h"

/* How often a frame had which fate. */
struct story_count {
	uint64_t steps, drops[DROP_COUNT], floods, alarms, static_refusals;
};

/* Aborts when the two differ. Adds to *count. */
void story_tell(const uint8_t *data, size_t len, struct story_count *count);

#endif
