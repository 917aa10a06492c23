/* SPDX-License-Identifier: ISC */
/*
 * Which CPU each direction has, of two.
 *
 * How it works: the direction that carries more goes to the first one, the
 * other one to the second, so that neither waits for the other. The kernel puts
 * a thread beside the one that woke it while the other CPU is idle, or away
 * from where the caches have its packets. Both ends on one machine come to the
 * same place by themselves: what one sends the other receives on the same CPU.
 * Not so where two of a host are busy (daemon/alone.h).
 */
#ifndef DAEMON_PLACEMENT_H
#define DAEMON_PLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

enum placing {
	PLACING_KERNEL,	   /* wherever the kernel likes */
	PLACING_OUT_FIRST, /* what goes out on the first CPU, what comes in on
			      the second */
	PLACING_IN_FIRST,
};

/* Zero: nothing has been carried, and the kernel chooses. */
struct placement {
	enum placing now;
	uint64_t out_bytes, in_bytes; /* carried, when it was told last */
};

/* What has been carried until now. True: `now` has changed. */
must_check bool placement_note(struct placement *placement, bool is_possible,
    uint64_t out_bytes, uint64_t in_bytes);

#endif
