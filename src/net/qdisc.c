/* SPDX-License-Identifier: ISC */
/* Credit in nanoseconds: no rounding but of a packet's cost. */
#include "net/qdisc.h"

#define BURST_NS	(10 * NS_PER_MS)
#define BURST_BYTES_MIN 16384 /* the loop's timers have their own grain */
#define QUEUE_NS	(100 * NS_PER_MS)
#define QUEUE_BYTES_MIN 16384
#define QUEUE_BYTES_MAX (1024 * 1024)
#define FLOWS		64
#define PACKET_BYTES	1514 /* a full one */

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

static void set_queue(struct qdisc *qdisc)
{
	if (!qdisc->fq && fq_new(&qdisc->fq, FLOWS))
		return;
	fq_set_limits(qdisc->fq,
	    between(bytes_of(qdisc->bits_per_s, QUEUE_NS), QUEUE_BYTES_MIN,
		QUEUE_BYTES_MAX),
	    cost_ns(qdisc, PACKET_BYTES));
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
	set_queue(qdisc);
}

void qdisc_clear(struct qdisc *qdisc)
{
	fq_free(qdisc->fq);
	*qdisc = (struct qdisc){0};
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

static bool has_credit(struct qdisc *qdisc, struct instant now)
{
	if (!qdisc->bits_per_s)
		return true;
	refill(qdisc, now);
	return qdisc->credit_ns > 0;
}

static void pay(struct qdisc *qdisc, const struct packet *pkt)
{
	if (qdisc->bits_per_s)
		qdisc->credit_ns -= cost_ns(qdisc, pkt->len);
}

bool qdisc_is_empty(const struct qdisc *qdisc)
{
	return !qdisc->fq || fq_is_empty(qdisc->fq);
}

bool qdisc_may_go(
    struct qdisc *qdisc, const struct packet *pkt, struct instant now)
{
	if (!qdisc_is_empty(qdisc) || !has_credit(qdisc, now))
		return false;
	pay(qdisc, pkt);
	return true;
}

bool qdisc_put(struct qdisc *qdisc, struct packet *pkt, struct instant now,
    struct fq_news *news)
{
	if (!qdisc->fq)
		return false;
	fq_put(qdisc->fq, pkt, now, news);
	return true;
}

struct packet *qdisc_give_up(struct qdisc *qdisc)
{
	return qdisc->fq ? fq_give_up(qdisc->fq) : NULL;
}

struct packet *qdisc_take(
    struct qdisc *qdisc, struct instant now, struct fq_news *news)
{
	struct packet *pkt;

	if (qdisc_is_empty(qdisc) || !has_credit(qdisc, now))
		return NULL;
	pkt = fq_take(qdisc->fq, now, news);
	if (pkt)
		pay(qdisc, pkt);
	return pkt;
}

struct instant qdisc_deadline(const struct qdisc *qdisc)
{
	if (qdisc_is_empty(qdisc))
		return INSTANT_NEVER;
	if (!qdisc->bits_per_s || qdisc->credit_ns > 0)
		return qdisc->last;
	return instant_after(qdisc->last, 1 - qdisc->credit_ns);
}
