/* SPDX-License-Identifier: ISC */
/*
 * Whether the loop goes on without waiting, as more packets may come soon.
 *
 * How it works: to wait is to be woken, which takes longer than a small packet.
 * So after a turn that carried packets the loop looks again, and again, until
 * it has found nothing for a while. It polls itself, as SO_BUSY_POLL only has
 * the kernel look at one queue of one network device, which may have none, and
 * never at ours.
 */
#ifndef DAEMON_BUSY_POLL_H
#define DAEMON_BUSY_POLL_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/instant.h"

struct busy_poll {
	struct instant until; /* INSTANT_NEVER: the last turn carried some */
	uint64_t turns;	      /* after which the loop did not wait for us */
};

/* Asked at the end of each turn, which began at `now`; for_ns 0: never. True:
 * it goes on. The time counts from the first turn that carried nothing. */
must_check bool busy_poll_goes_on(struct busy_poll *poll, int64_t for_ns,
    bool has_carried, struct instant now);

#endif
