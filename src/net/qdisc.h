/* SPDX-License-Identifier: ISC */
/*
 * The queue to one peer whose rate is limited: a token bucket, as tc-tbf.
 *
 * How it works: time is credit, at most the burst's; a packet costs the time
 * that its bytes take at the rate. One that costs more than all credit goes
 * when there is no more to be had, and the rest is owed. Who can not go waits,
 * in order, and never behind more bytes than a tenth of a second's; an empty
 * queue takes a packet of any size.
 */
#ifndef NET_QDISC_H
#define NET_QDISC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/instant.h"
#include "base/packet.h"

struct qdisc {
	uint64_t bits_per_s; /* 0: no limit */
	struct instant last;
	int64_t credit_ns, burst_ns; /* at `last`; at most */
	struct packet_list queue;
	size_t queue_bytes, queue_bytes_max;
};

/* A new rate, with full credit; who waits goes on waiting. */
void qdisc_set_rate(
    struct qdisc *qdisc, uint64_t bits_per_s, struct instant now);

/* The packet may go now. Else ask qdisc_put, or drop it. */
must_check bool qdisc_may_go(
    struct qdisc *qdisc, const struct packet *pkt, struct instant now);
/* The packet waits, unless there is no room: then false, and it is the
 * caller's still. */
must_check bool qdisc_put(struct qdisc *qdisc, struct packet *pkt);

/* The first one that waits, if its time has come, or NULL. */
must_check struct packet *qdisc_take(struct qdisc *qdisc, struct instant now);
/* The first one that waits, whenever its time comes, or NULL. */
must_check struct packet *qdisc_give_up(struct qdisc *qdisc);

/* When qdisc_take has the next one; INSTANT_NEVER: nobody waits. */
struct instant qdisc_deadline(const struct qdisc *qdisc);

#endif
