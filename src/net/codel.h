/* SPDX-License-Identifier: ISC */
/*
 * Controlled delay: which packets of a queue tell their sender to slow down
 * (RFC 8289).
 *
 * How it works: a queue that empties now and then is a good one, however long.
 * One whose packets have all waited longer than the target, for an interval, is
 * a standing one: then a packet is given notice, and the next one sooner each
 * time, by the square root of how many there were, until the wait is short
 * again. What notice means, a mark or a drop, is the caller's business.
 */
#ifndef NET_CODEL_H
#define NET_CODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/instant.h"

#define CODEL_TARGET_NS	  (5 * NS_PER_MS)
#define CODEL_INTERVAL_NS (100 * NS_PER_MS)
/* Of a queue that holds no more than that nobody is given notice. */
#define CODEL_BYTES_MIN 1514

struct codel_limits {
	int64_t target_ns, interval_ns;
};

/* RFC 8289's target and interval, where a full packet takes that long. */
struct codel_limits codel_limits_of(int64_t packet_ns);

/* Of one queue; zero at first. */
struct codel {
	bool is_above;	     /* the target, since the last one below it */
	bool gives_notice;   /* the queue stands */
	struct instant stands_at; /* when it will, while is_above */
	struct instant next; /* notice, or when it would have come */
	uint32_t count;	     /* of notices since the queue stands */
	uint32_t last_count; /* as it was when that began */
};

/* Of each packet that leaves, in order: how long it has waited, and how much is
 * left behind it. True: it is given notice. */
must_check bool codel_judge(struct codel *codel,
    const struct codel_limits *limits, int64_t waited_ns, size_t bytes_left,
    struct instant now);

/* Nothing is left that could have waited. */
void codel_note_empty(struct codel *codel);

#endif
