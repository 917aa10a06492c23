/* SPDX-License-Identifier: ISC */
/*
 * The device's queues, one of which may be flooded: through which one a packet
 * is written, and how much of one is read in a turn.
 *
 * How it works: the kernel puts the answers of a flow into the queue that its
 * last packet was written through, and spreads flows without answers by their
 * hash (io/tun.h). What floods fills the ring of its queue, where nearly all of
 * what others have there is lost, too. So each flow is written through a home
 * by its hash, and through another queue while that one is flooded. Who reads
 * says which ones are, perhaps in another thread than who writes.
 *
 * What is too much is best lost in that ring, at the cost of who sends it:
 * sealed, sent, opened and lost somewhere else it takes the time in which both
 * ends could carry TCP, which sends no more than comes through. So while TCP is
 * carried in bulk, a turn takes little of a flooded queue.
 */
#ifndef DAEMON_QUEUES_H
#define DAEMON_QUEUES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/packet.h"
#include "io/tun.h"

struct queues {
	int fds[TUN_QUEUES]; /* the device's own first */
	size_t count;
	_Atomic int64_t flooded_until_ns[TUN_QUEUES];
	_Atomic int64_t bulk_until_ns;
};

/* What a turn reads of one at most. */
struct queues_budget {
	size_t packets, bytes;
};

/* The one to write pkt through, whose headers are parsed. */
size_t queues_of(
    const struct queues *queues, const struct packet *pkt, struct instant now);

/* There was more in it than was read, and not TCP. */
void queues_note_flood(struct queues *queues, size_t queue, struct instant now);

/* A batch has carried so many segments of TCP, in either direction. */
void queues_note_tcp(
    struct queues *queues, uint64_t segments, struct instant now);

struct queues_budget queues_budget(
    const struct queues *queues, size_t queue, struct instant now);

#endif
