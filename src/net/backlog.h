/* SPDX-License-Identifier: ISC */
/*
 * How much may wait in the UDP socket: not what memory allows, but what is read
 * within a millisecond; or what is sent within two.
 *
 * How it works: what counts is a queue that stands, not a burst that goes (as
 * in CoDel, RFC 8289): the shortest wait of a window. When even that is above
 * the target, the sender is faster than we are; a longer queue delays all that
 * is behind it and saves nothing. Then the buffer becomes as much smaller as
 * the wait is too long, and the kernel drops what does not fit at no cost of
 * ours. When the queue stands no more, it grows again. A window begins with a
 * read: one that comes late, after a pause of the host, decides nothing alone.
 * What we send is the same, seen from the other side: the wait is the time in
 * which half of a full buffer has left.
 */
#ifndef NET_BACKLOG_H
#define NET_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/instant.h"

#define BACKLOG_TARGET_NS NS_PER_MS
#define BACKLOG_WINDOW_NS (20 * NS_PER_MS)
/* A few super-packets: less makes bursts lose. */
#define BACKLOG_RECEIVE_BYTES_MIN (256 * 1024)
/* A few packets: more are given when there is room again. */
#define BACKLOG_SEND_BYTES_MIN (16 * 1024)
/* A slow way must be found full before it is known to be slow; a fast one makes
 * it four megabytes in a quarter of a second. */
#define BACKLOG_SEND_BYTES_FIRST (256 * 1024)

struct backlog {
	size_t bytes, most_bytes, least_bytes;
	struct instant window_ends;
	int64_t least_ns; /* the shortest wait of this window; INT64_MAX: none */
};

/* Begins with all that memory allows; it will not be less than `least`. */
void backlog_init(
    struct backlog *backlog, size_t most_bytes, size_t least_bytes);

/* Something was read, the first of which had waited so long; 0: nothing is left
 * behind it. True: `bytes` is another now. */
must_check bool backlog_note(
    struct backlog *backlog, int64_t waited_ns, struct instant now);

#endif
