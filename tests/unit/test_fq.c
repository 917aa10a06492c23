/* SPDX-License-Identifier: ISC */
/* The fair queue: turns, notices, and who has to go when it is full. */
#include "unit.h"

#include <string.h>

#include "net/fq.h"
#include "packet/checksum.h"
#include "packet/ecn.h"
#include "packet/ip.h"
#include "seed.h"

#define PACKETS 2000
#define FLOWS	8
#define MS(n)	((n)*NS_PER_MS)

static struct pool *pool;
static struct fq *fq;
static struct fq_news news;
static struct instant now;

static void setup(void)
{
	ck_assert_int_eq(pool_new(&pool, PACKETS, 1500), 0);
	ck_assert_int_eq(fq_new(&fq, FLOWS), 0);
	memset(&news, 0, sizeof(news));
	now.ns = 5 * NS_PER_S;
}

static void teardown(void)
{
	struct packet *pkt;

	while ((pkt = fq_give_up(fq)))
		pool_put(pool, pkt);
	ck_assert(fq_is_empty(fq));
	fq_free(fq);
	pool_put_list(pool, &news.dropped);
	ck_assert_uint_eq(pool_available(pool), PACKETS);
	pool_free(pool);
}

static struct packet *make(uint32_t flow, uint32_t len)
{
	struct packet *pkt = pool_get(pool);

	pkt->flow_hash = flow;
	pkt->len = len;
	return pkt;
}

static void put(uint32_t flow, uint32_t len)
{
	fq_put(fq, make(flow, len), now, &news);
}

/* The flow of the next one; 0: there is none. */
static uint32_t take(void)
{
	struct packet *pkt = fq_take(fq, now, &news);
	uint32_t flow = pkt ? pkt->flow_hash : 0;

	pool_put(pool, pkt);
	return flow;
}

START_TEST(one_flow_keeps_its_order)
{
	struct packet *pkt;

	for (uint32_t len = 100; len < 150; len++)
		put(1, len);
	for (uint32_t len = 100; len < 150; len++) {
		pkt = fq_take(fq, now, &news);
		ck_assert_uint_eq(pkt->len, len);
		pool_put(pool, pkt);
	}
	ck_assert_uint_eq(take(), 0);
	ck_assert(fq_is_empty(fq));
}
END_TEST

START_TEST(flows_take_turns)
{
	for (int i = 0; i < 10; i++)
		for (uint32_t flow = 1; flow <= 3; flow++)
			put(flow, 1514);
	for (int i = 0; i < 10; i++)
		for (uint32_t flow = 1; flow <= 3; flow++)
			ck_assert_uint_eq(take(), flow);
}
END_TEST

/* Who sends small packets gets as many bytes, not as many packets. */
START_TEST(turns_are_of_bytes)
{
	size_t small = 0, large = 0;

	for (int i = 0; i < 500; i++) {
		put(1, 151);
		put(2, 1510);
	}
	for (int i = 0; i < 220; i++)
		*(take() == 1 ? &small : &large) += 1;
	ck_assert_uint_ge(small, 190);
	ck_assert_uint_ge(large, 18);
}
END_TEST

START_TEST(who_comes_new_goes_first)
{
	for (int i = 0; i < 100; i++)
		put(1, 1514);
	(void)take();
	(void)take();
	put(2, 1514);
	ck_assert_uint_eq(take(), 2);
	/* but only once, as long as others wait */
	for (int i = 0; i < 10; i++)
		put(2, 1514);
	ck_assert_uint_ne(take(), take());
	ck_assert_uint_ne(take(), take());
}
END_TEST

START_TEST(a_super_packet_is_owed)
{
	size_t others = 0;

	put(1, 15140);
	put(1, 15140);
	for (int i = 0; i < 50; i++)
		put(2, 1514);
	ck_assert_uint_eq(take(), 1);
	while (take() == 2)
		others++;
	ck_assert_uint_ge(others, 9);
	ck_assert_uint_le(others, 11);
}
END_TEST

START_TEST(the_longest_queue_loses_when_all_is_too_much)
{
	fq_set_limits(fq, 20000, 0);
	put(2, 1000);
	for (int i = 0; i < 30; i++)
		put(1, 1000);
	put(3, 1000);
	ck_assert_uint_eq(fq_bytes(fq), 20000);
	ck_assert_uint_eq(news.dropped.len, 12);
	for (struct packet *at = news.dropped.first; at; at = at->next) {
		ck_assert_uint_eq(at->flow_hash, 1);
		ck_assert_int_eq(at->drop, DROP_QDISC_OVERLIMIT);
	}
	ck_assert_uint_eq(take(), 2);
}
END_TEST

START_TEST(a_packet_that_is_alone_may_be_of_any_size)
{
	fq_set_limits(fq, 100, 0);
	put(1, 60000);
	ck_assert_uint_eq(news.dropped.len, 0);
	put(1, 50);
	ck_assert_uint_eq(news.dropped.len, 1);
	ck_assert_uint_eq(fq_bytes(fq), 50);
}
END_TEST

/* Each holds a buffer: there are not to be more of them than of others. */
START_TEST(small_packets_are_charged_for_their_buffers)
{
	fq_set_limits(fq, 20 * FQ_CHARGE_MIN, 0);
	for (uint32_t i = 0; i < 100; i++)
		put(i % 4, 29);
	ck_assert_uint_eq(news.dropped.len, 80);
	ck_assert(fq_is_full(fq));
	while (take() || !fq_is_empty(fq))
		;
	ck_assert_uint_eq(fq_bytes(fq), 0);
	ck_assert(!fq_is_full(fq));
}
END_TEST

START_TEST(what_is_for_one_peer_is_taken_out_of_all_flows)
{
	struct packet_list out = {0};
	struct packet *pkt;

	for (uint32_t i = 0; i < 60; i++) {
		pkt = make(1 + i % 3, 100 + i);
		pkt->to_id = 7 + i % 2;
		fq_put(fq, pkt, now, &news);
		if (i == 20)
			pool_put(pool, fq_take(fq, now, &news));
	}
	fq_take_out(fq, 8, &out);
	ck_assert_uint_eq(out.len, 30);
	while ((pkt = packet_list_pop(&out))) {
		ck_assert_uint_eq(pkt->to_id, 8);
		pool_put(pool, pkt);
	}
	for (uint32_t last[4] = {0}; (pkt = fq_take(fq, now, &news));) {
		ck_assert_uint_eq(pkt->to_id, 7);
		ck_assert_uint_gt(pkt->len, last[pkt->flow_hash]);
		last[pkt->flow_hash] = pkt->len;
		pool_put(pool, pkt);
		out.len++;
	}
	ck_assert_uint_eq(out.len, 29);
	ck_assert(fq_is_empty(fq));
}
END_TEST

/* An IP packet of the given family and mark, parsed. */
static struct packet *make_ip(uint8_t family, uint8_t ecn)
{
	struct packet *pkt = make(1, 1200);
	uint8_t *bytes = packet_data(pkt);

	memset(bytes, 0, 1200);
	if (family == FAMILY_IPV4) {
		memcpy(bytes, "\x45\x00\x04\xb0\0\0\0\0\x40\xfd", 10);
		memcpy(bytes + 12, "\x0a\1\2\3\x0a\1\2\4", 8);
		bytes[1] = ecn;
		checksum_store(bytes + IPV4_CHECKSUM,
		    checksum_finish(checksum_add(0, bytes, IPV4_BYTES)));
	} else {
		memcpy(bytes, "\x60\0\0\0\x04\x88\xfd\x40", 8);
		bytes[1] = (uint8_t)(ecn << 4);
		bytes[8] = bytes[24] = 0xfd;
		bytes[39] = 1;
	}
	ck_assert_int_eq(packet_parse_ip(pkt), DROP_NONE);
	ck_assert_uint_eq(pkt->inner_ecn, ecn);
	return pkt;
}

/* More comes than goes for two seconds: how many are taken. */
static size_t stand(uint8_t family, uint8_t ecn)
{
	size_t taken = 0, marked = 0;

	for (int i = 0; i < 20; i++)
		fq_put(fq, make_ip(family, ecn), now, &news);
	for (int i = 0; i < 2000; i++) {
		struct packet *pkt;

		now = instant_after(now, MS(1));
		fq_put(fq, make_ip(family, ecn), now, &news);
		pkt = fq_take(fq, now, &news);
		if (!pkt)
			continue;
		taken++;
		ck_assert_int_eq(packet_parse_ip(pkt), DROP_NONE);
		marked += pkt->inner_ecn == ECN_CE;
		pool_put(pool, pkt);
	}
	ck_assert_uint_eq(marked, news.marked);
	return taken;
}

static const struct {
	uint8_t family, ecn;
} senders[] = {
    {FAMILY_IPV4, ECN_ECT_0},
    {FAMILY_IPV4, ECN_ECT_1},
    {FAMILY_IPV6, ECN_ECT_0},
    {FAMILY_IPV6, ECN_ECT_1},
    {FAMILY_IPV4, ECN_NOT_ECT},
    {FAMILY_IPV6, ECN_NOT_ECT},
};

START_TEST(who_knows_ecn_is_marked_and_others_are_dropped)
{
	bool knows_ecn = senders[_i].ecn != ECN_NOT_ECT;

	(void)stand(senders[_i].family, senders[_i].ecn);
	if (knows_ecn) {
		ck_assert_uint_gt(news.marked, 20);
		ck_assert_uint_eq(news.dropped.len, 0);
		return;
	}
	ck_assert_uint_eq(news.marked, 0);
	/* until the queue is short again */
	ck_assert_uint_ge(news.dropped.len, 10);
	ck_assert_uint_le(news.dropped.len, 20);
	ck_assert_int_eq(news.dropped.first->drop, DROP_QDISC_CONGESTED);
}
END_TEST

START_TEST(each_packet_of_a_chain_is_marked)
{
	struct packet *pkt = make_ip(FAMILY_IPV4, ECN_ECT_0);

	packet_list_push(&pkt->rest, make_ip(FAMILY_IPV4, ECN_ECT_0));
	pkt->segments = 2;
	ck_assert(ecn_mark(pkt));
	ck_assert_int_eq(packet_parse_ip(pkt->rest.first), DROP_NONE);
	ck_assert_uint_eq(pkt->rest.first->inner_ecn, ECN_CE);
	pool_put(pool, pkt);
}
END_TEST

/* Whatever comes and goes: nothing is lost, no flow's order is changed, and the
 * bytes are never too many. */
START_TEST(whatever_happens_all_are_accounted_for)
{
	struct seed seed = seed_start();
	uint64_t number = 0, last[FLOWS] = {0};
	size_t put_count = 0, gone = 0;

	fq_set_limits(fq, 200000, MS(1));
	for (int i = 0; i < 200000; i++) {
		uint32_t flow = (uint32_t)seed_below(&seed, FLOWS);
		struct packet *pkt = NULL;

		now = instant_after(now, (int64_t)seed_below(&seed, MS(2)));
		if (seed_below(&seed, 100) < 52) {
			pkt = make(flow, 1 + (uint32_t)seed_below(&seed, 1500));
			pkt->counter = ++number;
			put_count++;
			fq_put(fq, pkt, now, &news);
		} else if ((pkt = fq_take(fq, now, &news))) {
			ck_assert_uint_gt(pkt->counter, last[pkt->flow_hash]);
			last[pkt->flow_hash] = pkt->counter;
			gone++;
			pool_put(pool, pkt);
		}
		ck_assert_uint_le(fq_bytes(fq), 200000);
		gone += news.dropped.len;
		pool_put_list(pool, &news.dropped);
	}
	ck_assert_uint_eq(pool_available(pool), PACKETS - (put_count - gone));
	while (take())
		;
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("fq");
	TCase *tcase = tcase_create("fq");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, one_flow_keeps_its_order);
	tcase_add_test(tcase, flows_take_turns);
	tcase_add_test(tcase, turns_are_of_bytes);
	tcase_add_test(tcase, who_comes_new_goes_first);
	tcase_add_test(tcase, a_super_packet_is_owed);
	tcase_add_test(tcase, the_longest_queue_loses_when_all_is_too_much);
	tcase_add_test(tcase, a_packet_that_is_alone_may_be_of_any_size);
	tcase_add_test(tcase, small_packets_are_charged_for_their_buffers);
	tcase_add_test(tcase, what_is_for_one_peer_is_taken_out_of_all_flows);
	tcase_add_loop_test(tcase,
	    who_knows_ecn_is_marked_and_others_are_dropped, 0,
	    ARRAY_SIZE(senders));
	tcase_add_test(tcase, each_packet_of_a_chain_is_marked);
	tcase_add_test(tcase, whatever_happens_all_are_accounted_for);
	suite_add_tcase(suite, tcase);
	return suite;
}
