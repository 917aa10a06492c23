/* SPDX-License-Identifier: ISC */
/* The queue to one peer whose rate is limited. */
#include "unit.h"

#include <string.h>

#include "net/qdisc.h"

#define PACKETS 2000
#define MBIT	1000000
#define MS(n)	((n)*NS_PER_MS)

static struct pool *pool;
static struct qdisc qdisc;
static struct fq_news news;
static struct instant now;

static void setup(void)
{
	ck_assert_int_eq(pool_new(&pool, PACKETS, 100), 0);
	memset(&qdisc, 0, sizeof(qdisc));
	memset(&news, 0, sizeof(news));
	now.ns = 5 * NS_PER_S;
}

static void teardown(void)
{
	struct packet *pkt;

	while ((pkt = qdisc_give_up(&qdisc)))
		pool_put(pool, pkt);
	qdisc_clear(&qdisc);
	pool_put_list(pool, &news.dropped);
	ck_assert_uint_eq(pool_available(pool), PACKETS);
	pool_free(pool);
}

static struct packet *make(uint32_t len)
{
	struct packet *pkt = pool_get(pool);

	pkt->len = len;
	return pkt;
}

/* True: it went at once. */
static bool offer(uint32_t len)
{
	struct packet *pkt = make(len);
	bool goes = qdisc_may_go(&qdisc, pkt, now);

	if (goes || !qdisc_put(&qdisc, pkt, now, &news))
		pool_put(pool, pkt);
	return goes;
}

static uint64_t take_all(void)
{
	struct packet *pkt;
	uint64_t bytes = 0;

	while ((pkt = qdisc_take(&qdisc, now, &news))) {
		bytes += pkt->len;
		pool_put(pool, pkt);
	}
	return bytes;
}

START_TEST(without_a_rate_all_go)
{
	for (int i = 0; i < 1000; i++)
		ck_assert(offer(60000));
	ck_assert(instant_is_never(qdisc_deadline(&qdisc)));
}
END_TEST

START_TEST(a_burst_goes_and_the_rest_waits)
{
	size_t count = 0;

	qdisc_set_rate(&qdisc, 100 * MBIT, now);
	while (offer(1250))
		count++;
	ck_assert_uint_eq(count, 100); /* 10 ms */
	ck_assert_uint_eq(fq_bytes(qdisc.fq), 1250);
	ck_assert_int_eq(qdisc_deadline(&qdisc).ns - now.ns, 1);
	now = qdisc_deadline(&qdisc);
	ck_assert_uint_eq(take_all(), 1250);
	ck_assert(!offer(1250));
	ck_assert_int_eq(qdisc_deadline(&qdisc).ns - now.ns, MS(1) / 10);
}
END_TEST

static const uint64_t rates[] = {64000, MBIT, 10 * MBIT, 1000 * MBIT};

/* Ten seconds of more than it takes, in steps of whatever is due. */
START_TEST(over_time_the_rate_is_kept)
{
	uint64_t rate = rates[_i], bytes = 0, expected = rate / 8 * 10;
	struct instant end = instant_after(now, 10 * NS_PER_S);

	qdisc_set_rate(&qdisc, rate, now);
	while (instant_is_before(now, end)) {
		struct instant next = qdisc_deadline(&qdisc);

		bytes += take_all();
		while (qdisc_is_empty(&qdisc) || fq_bytes(qdisc.fq) < 5000)
			if (offer(1250))
				bytes += 1250;
		if (instant_is_before(next, now))
			next = now;
		next = instant_earlier(next, instant_after(now, MS(1)));
		now = instant_after(next, MS(1) / 10);
	}
	ck_assert_uint_ge(bytes, expected - expected / 50);
	ck_assert_uint_le(bytes, expected + expected / 50 + 130000);
}
END_TEST

START_TEST(a_clock_that_steps_back_gives_nothing)
{
	qdisc_set_rate(&qdisc, MBIT, now);
	while (offer(1250))
		;
	for (int i = 0; i < 100; i++) {
		now.ns -= MS(5);
		ck_assert_uint_eq(take_all(), 0);
		now.ns += MS(5);
		ck_assert_uint_eq(take_all(), 0);
	}
}
END_TEST

START_TEST(nobody_goes_past_those_that_wait)
{
	qdisc_set_rate(&qdisc, MBIT, now);
	while (offer(1250))
		;
	now = instant_after(now, NS_PER_S);
	ck_assert(!offer(1));
	ck_assert_uint_eq(take_all(), 1251);
	ck_assert(offer(1));
}
END_TEST

START_TEST(the_queue_is_bounded)
{
	qdisc_set_rate(&qdisc, MBIT, now);
	for (int i = 0; i < 500; i++)
		(void)offer(1000);
	ck_assert_uint_eq(fq_bytes(qdisc.fq), 16000);
	ck_assert_int_eq(news.dropped.first->drop, DROP_QDISC_OVERLIMIT);
}
END_TEST

START_TEST(without_a_queue_nobody_waits)
{
	struct packet *pkt = make(1000);

	qdisc.bits_per_s = MBIT;
	ck_assert(!qdisc_may_go(&qdisc, pkt, now));
	ck_assert(!qdisc_put(&qdisc, pkt, now, &news));
	ck_assert(instant_is_never(qdisc_deadline(&qdisc)));
	pool_put(pool, pkt);
}
END_TEST

START_TEST(what_is_larger_than_the_burst_goes_and_is_owed)
{
	qdisc_set_rate(&qdisc, MBIT, now);
	ck_assert(offer(62500)); /* half a second's */
	ck_assert(!offer(1));
	now = instant_after(now, MS(300));
	ck_assert_uint_eq(take_all(), 0);
	now = instant_after(now, MS(100));
	ck_assert_uint_eq(take_all(), 1);
}
END_TEST

/* A flow that sends too much does not delay another one: 10 Mbit/s, 20 offered
 * by one flow, and now and then a packet of another. */
START_TEST(who_sends_little_hardly_waits)
{
	int64_t longest = 0;

	qdisc_set_rate(&qdisc, 10 * MBIT, now);
	for (int ms = 0; ms < 3000; ms++) {
		struct packet *pkt = make(100);

		now = instant_after(now, MS(1));
		(void)offer(1250);
		(void)offer(1250);
		pkt->flow_hash = 7;
		if (ms % 20 || qdisc_may_go(&qdisc, pkt, now) ||
		    !qdisc_put(&qdisc, pkt, now, &news))
			pool_put(pool, pkt);
		while ((pkt = qdisc_take(&qdisc, now, &news))) {
			int64_t ns = instant_age_ns(pkt->waits_since, now);

			if (pkt->flow_hash == 7 && ns > longest)
				longest = ns;
			pool_put(pool, pkt);
		}
		pool_put_list(pool, &news.dropped);
	}
	ck_assert_int_le(longest, MS(2));
}
END_TEST

START_TEST(the_deadline_is_when_the_first_may_go)
{
	qdisc_set_rate(&qdisc, MBIT, now);
	while (offer(1250))
		;
	now = qdisc_deadline(&qdisc);
	ck_assert_uint_eq(take_all(), 1250);
	ck_assert(!offer(1250));
	now.ns = qdisc_deadline(&qdisc).ns - 1;
	ck_assert_uint_eq(take_all(), 0);
	now = instant_after(now, 1);
	ck_assert_uint_eq(take_all(), 1250);
	ck_assert(instant_is_never(qdisc_deadline(&qdisc)));
}
END_TEST

START_TEST(a_limit_that_is_lifted_lets_all_go)
{
	qdisc_set_rate(&qdisc, MBIT, now);
	while (offer(1250))
		;
	(void)offer(1250);
	qdisc_set_rate(&qdisc, 0, now);
	ck_assert_int_eq(qdisc_deadline(&qdisc).ns, now.ns);
	ck_assert_uint_eq(take_all(), 2500);
	ck_assert_uint_eq(fq_bytes(qdisc.fq), 0);
}
END_TEST

START_TEST(who_waits_may_be_given_up)
{
	struct packet *pkt;

	ck_assert_ptr_null(qdisc_give_up(&qdisc));
	qdisc_set_rate(&qdisc, MBIT, now);
	while (offer(1250))
		;
	pkt = qdisc_give_up(&qdisc);
	ck_assert_uint_eq(pkt->len, 1250);
	pool_put(pool, pkt);
	ck_assert_uint_eq(fq_bytes(qdisc.fq), 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("qdisc");
	TCase *tcase = tcase_create("qdisc");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, without_a_rate_all_go);
	tcase_add_test(tcase, a_burst_goes_and_the_rest_waits);
	tcase_add_loop_test(
	    tcase, over_time_the_rate_is_kept, 0, ARRAY_SIZE(rates));
	tcase_add_test(tcase, a_clock_that_steps_back_gives_nothing);
	tcase_add_test(tcase, nobody_goes_past_those_that_wait);
	tcase_add_test(tcase, the_queue_is_bounded);
	tcase_add_test(tcase, without_a_queue_nobody_waits);
	tcase_add_test(tcase, what_is_larger_than_the_burst_goes_and_is_owed);
	tcase_add_test(tcase, who_sends_little_hardly_waits);
	tcase_add_test(tcase, the_deadline_is_when_the_first_may_go);
	tcase_add_test(tcase, a_limit_that_is_lifted_lets_all_go);
	tcase_add_test(tcase, who_waits_may_be_given_up);
	suite_add_tcase(suite, tcase);
	return suite;
}
