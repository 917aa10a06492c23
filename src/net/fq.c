/* SPDX-License-Identifier: ISC */
/* Flows on two lists: those that are new, and those that have had a turn. */
#include "net/fq.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "packet/ecn.h"

#define TURN_BYTES 1514

/* One that is on no list has no packet, no debt and no past. */
struct flow_queue {
	struct flow_queue *next; /* on its list */
	struct packet_list packets;
	size_t bytes, charge;
	int64_t credit; /* bytes that it may still send in this turn */
	struct codel codel;
	bool is_listed;
};

struct ring {
	struct flow_queue *first, *last;
};

struct fq {
	struct ring fresh, old;
	size_t bytes, charge, charge_max;
	struct codel_limits limits;
	size_t count;
	struct flow_queue flows[];
};

int fq_new(struct fq **ret, size_t flows)
{
	struct fq *fq =
	    calloc(1, sizeof(*fq) + flows * sizeof(struct flow_queue));

	if (!fq)
		return -ENOMEM;
	fq->count = flows;
	fq->charge_max = SIZE_MAX;
	fq->limits = codel_limits_of(0);
	*ret = fq;
	return 0;
}

void fq_free(struct fq *fq)
{
	if (!fq)
		return;
	assert(!fq->charge);
	free(fq);
}

void fq_set_limits(struct fq *fq, size_t bytes_max, int64_t packet_ns)
{
	fq->charge_max = bytes_max;
	fq->limits = codel_limits_of(packet_ns);
}

bool fq_is_empty(const struct fq *fq)
{
	return !fq->charge;
}

bool fq_is_full(const struct fq *fq)
{
	return fq->charge >= fq->charge_max;
}

size_t fq_bytes(const struct fq *fq)
{
	return fq->bytes;
}

/* ---- lists of flows ---- */

static void ring_push(struct ring *ring, struct flow_queue *flow)
{
	flow->next = NULL;
	if (ring->last)
		ring->last->next = flow;
	else
		ring->first = flow;
	ring->last = flow;
}

static void ring_pop(struct ring *ring)
{
	ring->first = ring->first->next;
	if (!ring->first)
		ring->last = NULL;
}

static struct flow_queue *longer(
    struct flow_queue *longest, struct flow_queue *flow)
{
	for (; flow; flow = flow->next)
		if (!longest || flow->charge > longest->charge)
			longest = flow;
	return longest;
}

/* NULL: none is listed. */
static struct flow_queue *longest(const struct fq *fq)
{
	return longer(longer(NULL, fq->fresh.first), fq->old.first);
}

/* ---- packets ---- */

static size_t charge_of(const struct packet *pkt)
{
	return pkt->len > FQ_CHARGE_MIN ? pkt->len : FQ_CHARGE_MIN;
}

static void push(struct fq *fq, struct flow_queue *flow, struct packet *pkt)
{
	packet_list_push(&flow->packets, pkt);
	flow->bytes += pkt->len;
	flow->charge += charge_of(pkt);
	fq->bytes += pkt->len;
	fq->charge += charge_of(pkt);
}

static struct packet *pop(struct fq *fq, struct flow_queue *flow)
{
	struct packet *pkt = packet_list_pop(&flow->packets);

	if (pkt) {
		flow->bytes -= pkt->len;
		flow->charge -= charge_of(pkt);
		fq->bytes -= pkt->len;
		fq->charge -= charge_of(pkt);
	}
	return pkt;
}

static void drop(struct fq_news *news, struct packet *pkt, enum drop reason)
{
	pkt->drop = reason;
	packet_list_push(&news->dropped, pkt);
}

void fq_drop_one(struct fq *fq, struct fq_news *news)
{
	if (fq->charge)
		drop(news, pop(fq, longest(fq)), DROP_QDISC_OVERLIMIT);
}

/* Not the last one. */
static bool has_too_much(const struct fq *fq, const struct packet *latest)
{
	return fq->charge > fq->charge_max && fq->charge > charge_of(latest);
}

void fq_put(struct fq *fq, struct packet *pkt, struct instant now,
    struct fq_news *news)
{
	struct flow_queue *flow = &fq->flows[pkt->flow_hash % fq->count];

	pkt->waits_since = now;
	push(fq, flow, pkt);
	if (!flow->is_listed) {
		flow->is_listed = true;
		flow->credit = TURN_BYTES;
		ring_push(&fq->fresh, flow);
	}
	while (has_too_much(fq, pkt))
		fq_drop_one(fq, news);
}

/* Its first packet that does not have to go; NULL: it has none left. */
static struct packet *take_from(struct fq *fq, struct flow_queue *flow,
    struct instant now, struct fq_news *news)
{
	struct packet *pkt;

	while ((pkt = pop(fq, flow))) {
		if (!codel_judge(&flow->codel, &fq->limits,
			instant_age_ns(pkt->waits_since, now), flow->bytes,
			now))
			return pkt;
		if (ecn_mark(pkt)) {
			news->marked += pkt->segments;
			return pkt;
		}
		drop(news, pkt, DROP_QDISC_CONGESTED);
	}
	codel_note_empty(&flow->codel);
	return NULL;
}

/* A new one that has nothing more comes behind the others once: else it would
 * be new again at once, and go before them for ever. */
static void leave(struct fq *fq, struct ring *ring)
{
	struct flow_queue *flow = ring->first;

	ring_pop(ring);
	if (ring == &fq->fresh && fq->old.first)
		ring_push(&fq->old, flow);
	else
		flow->is_listed = false;
}

struct packet *fq_take(
    struct fq *fq, struct instant now, struct fq_news *news)
{
	for (;;) {
		struct ring *ring = fq->fresh.first ? &fq->fresh : &fq->old;
		struct flow_queue *flow = ring->first;
		struct packet *pkt;

		if (!flow)
			return NULL;
		if (flow->credit <= 0) {
			flow->credit += TURN_BYTES;
			ring_pop(ring);
			ring_push(&fq->old, flow);
			continue;
		}
		pkt = take_from(fq, flow, now, news);
		if (pkt) {
			flow->credit -= pkt->len;
			return pkt;
		}
		leave(fq, ring);
	}
}

static void take_out(struct fq *fq, struct flow_queue *flow, uint32_t to_id,
    struct packet_list *ret)
{
	for (size_t left = flow->packets.len; left; left--) {
		struct packet *pkt = pop(fq, flow);

		if (pkt->to_id == to_id)
			packet_list_push(ret, pkt);
		else
			push(fq, flow, pkt);
	}
}

void fq_take_out(struct fq *fq, uint32_t to_id, struct packet_list *ret)
{
	struct flow_queue *flow;

	for (flow = fq->fresh.first; flow; flow = flow->next)
		take_out(fq, flow, to_id, ret);
	for (flow = fq->old.first; flow; flow = flow->next)
		take_out(fq, flow, to_id, ret);
}

struct packet *fq_give_up(struct fq *fq)
{
	struct flow_queue *flow = longest(fq);

	return flow ? pop(fq, flow) : NULL;
}
