/* SPDX-License-Identifier: ISC */
/*
 * How long the processor is ours while others want it, too.
 *
 * How it works: a process that always has something to do is stopped for others
 * at a tick of the clock only, each 4 ms with HZ=250; both ends of a tunnel on
 * one machine, or vpnd and what it works for, then take turns of that length,
 * and a packet waits for each of them. Where the kernel knows slices of one's
 * own (Linux 6.12) we ask in a flood for its shortest one, and leave the
 * processor after each turn of the loop: this costs what is left of the slice,
 * which is little, and nothing when nobody else wants it. Without a flood whom
 * we wake would take the processor away for each super-packet, if our slice was
 * short: one TCP flow took 8 % more processor time.
 */
#ifndef DAEMON_SLICE_H
#define DAEMON_SLICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/instant.h"

/* Of one thread. */
struct slice {
	bool is_known; /* the kernel has slices, and the class is the usual one
			*/
	bool is_short;
	uint64_t usual_ns;
	struct instant flooded_until;
};

/* The calling thread's. Where the kernel knows no slices, or somebody gave us
 * another scheduling class, it stays as it is, and the processor should not be
 * left. */
void slice_begin(struct slice *slice);
/* There was a flood in one of its last turns. */
must_check bool slice_is_flooded(const struct slice *slice, struct instant now);
/* After a turn of that thread. True: it should leave the processor; also where
 * TCP alone keeps it, a little after a turn with a flood: who carries both,
 * each in turns of its own, would have it for a tick of the clock again. */
must_check bool slice_turn(
    struct slice *slice, bool is_flooded, struct instant now);

#endif
