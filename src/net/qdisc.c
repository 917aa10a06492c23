/* SPDX-License-Identifier: ISC */
/* Credit in nanoseconds: no rounding but of a packet's cost. */
#include "net/qdisc.h"

#define BURST_NS	(10 * NS_PER_MS)
#define BURST_BYTES_MIN 16384 /* the loop's timers have their own grain */
#define QUEUE_NS	(100 * NS_PER_MS)
#define QUEUE_BYTES_MIN 16384
#define QUEUE_BYTES_MAX (1024 * 1024)

static int64_t cost_ns(const struct qdisc *qdisc, uint64_t bytes)
{
	return (int64_t)(bytes * 8 * NS_PER_S / qdisc->bits_per_s);
}

static size_t bytes_of(uint64_t bits_per_s, int64_t ns)
{
	return (size_t)(bits_per_s / 8 * (uint64_t)(ns / NS_PER_MS) / 1000);
}

static size_t between(size_t value, size_t least, size_t most)
{
	if (value < least)
		return least;
	return value < most ? value : most;
}

void qdisc_set_rate(
    struct qdisc *qdisc, uint64_t bits_per_s, struct instant now)
{
	int64_t least;

	qdisc->bits_per_s = bits_per_s;
	qdisc->last = now;
	if (!bits_per_s)
		return;
	least = cost_ns(qdisc, BURST_BYTES_MIN);
	qdisc->burst_ns = least > BURST_NS ? least : BURST_NS;
	qdisc->credit_ns = qdisc->burst_ns;
	qdisc->queue_bytes_max = between(
	    bytes_of(bits_per_s, QUEUE_NS), QUEUE_BYTES_MIN, QUEUE_BYTES_MAX);
}

/* What a packet of that size waits for. */
static int64_t needed_ns(const struct qdisc *qdisc, size_t bytes)
{
	int64_t cost = cost_ns(qdisc, bytes);

	return cost < qdisc->burst_ns ? cost : qdisc->burst_ns;
}

static void refill(struct qdisc *qdisc, struct instant now)
{
	int64_t passed = instant_age_ns(qdisc->last, now);

	if (passed <= 0)
		return;
	qdisc->last = now;
	if (passed >= qdisc->burst_ns - qdisc->credit_ns)
		qdisc->credit_ns = qdisc->burst_ns;
	else
		qdisc->credit_ns += passed;
}

static bool pay(struct qdisc *qdisc, size_t bytes, struct instant now)
{
	if (!qdisc->bits_per_s)
		return true;
	refill(qdisc, now);
	if (qdisc->credit_ns < needed_ns(qdisc, bytes))
		return false;
	qdisc->credit_ns -= cost_ns(qdisc, bytes);
	return true;
}

bool qdisc_may_go(
    struct qdisc *qdisc, const struct packet *pkt, struct instant now)
{
	return !qdisc->queue.first && pay(qdisc, pkt->len, now);
}

bool qdisc_put(struct qdisc *qdisc, struct packet *pkt)
{
	if (qdisc->queue.first &&
	    qdisc->queue_bytes + pkt->len > qdisc->queue_bytes_max)
		return false;
	qdisc->queue_bytes += pkt->len;
	packet_list_push(&qdisc->queue, pkt);
	return true;
}

struct packet *qdisc_give_up(struct qdisc *qdisc)
{
	struct packet *pkt = packet_list_pop(&qdisc->queue);

	if (pkt)
		qdisc->queue_bytes -= pkt->len;
	return pkt;
}

struct packet *qdisc_take(struct qdisc *qdisc, struct instant now)
{
	const struct packet *first = qdisc->queue.first;

	if (!first || !pay(qdisc, first->len, now))
		return NULL;
	return qdisc_give_up(qdisc);
}

struct instant qdisc_deadline(const struct qdisc *qdisc)
{
	const struct packet *first = qdisc->queue.first;
	int64_t missing;

	if (!first)
		return INSTANT_NEVER;
	if (!qdisc->bits_per_s)
		return qdisc->last;
	missing = needed_ns(qdisc, first->len) - qdisc->credit_ns;
	return instant_after(qdisc->last, missing > 0 ? missing : 0);
}
