/* SPDX-License-Identifier: ISC */
/*
 * The queue to one peer whose rate is limited: a token bucket, as tc-tbf, before
 * a fair queue (net/fq.h).
 *
 * How it works: time is credit, at most the burst's; a packet costs the time
 * that its bytes take at the rate. Who finds some credit goes, and what it costs
 * beyond that is owed. Who can not go waits, with at most a tenth of a second's
 * bytes in all.
 */
#ifndef NET_QDISC_H
#define NET_QDISC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/instant.h"
#include "base/packet.h"
#include "net/fq.h"

struct qdisc {
	uint64_t bits_per_s; /* 0: no limit */
	struct instant last;
	int64_t credit_ns, burst_ns; /* at `last`; at most */
	struct fq *fq; /* NULL: there never was a limit, or no memory */
};

/* A new rate, with full credit; who waits goes on waiting. */
void qdisc_set_rate(
    struct qdisc *qdisc, uint64_t bits_per_s, struct instant now);
/* Nobody waits any more; the memory is given back. */
void qdisc_clear(struct qdisc *qdisc);

/* The packet may go now. Else ask qdisc_put, or drop it. */
must_check bool qdisc_may_go(
    struct qdisc *qdisc, const struct packet *pkt, struct instant now);
/* The packet waits, or it or others are dropped (fq_put). False: there is no
 * memory for a queue, and it is the caller's still. */
must_check bool qdisc_put(struct qdisc *qdisc, struct packet *pkt,
    struct instant now, struct fq_news *news);

/* The next one that waits, if its time has come, or NULL. */
must_check struct packet *qdisc_take(
    struct qdisc *qdisc, struct instant now, struct fq_news *news);
/* One that waits, whenever its time comes, or NULL. */
must_check struct packet *qdisc_give_up(struct qdisc *qdisc);

bool qdisc_is_empty(const struct qdisc *qdisc);
/* When qdisc_take has the next one; INSTANT_NEVER: nobody waits. */
struct instant qdisc_deadline(const struct qdisc *qdisc);

#endif
