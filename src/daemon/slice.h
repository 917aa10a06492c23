/* SPDX-License-Identifier: ISC */
/*
 * How long the processor is ours while others want it, too.
 *
 * How it works: a process that always has something to do is stopped for others
 * at a tick of the clock only, each 4 ms with HZ=250; both ends of a tunnel on
 * one machine, or vpnd and what it works for, then take turns of that length,
 * and a packet waits for each of them. Where the kernel knows slices of one's
 * own (Linux 6.12) we ask for its shortest one, and in a flood leave the
 * processor after each turn of the loop: this costs what is left of the slice,
 * which is little, and nothing when nobody else wants it.
 */
#ifndef DAEMON_SLICE_H
#define DAEMON_SLICE_H

#include <stdbool.h>

#include "base/attributes.h"

/* For this thread, and those that it starts from now on. False: the kernel
 * knows no slices, or somebody gave us another scheduling class: then the
 * processor should not be left. */
must_check bool slice_shorten(void);

#endif
