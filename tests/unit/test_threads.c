/* SPDX-License-Identifier: ISC */
/*
 * Two cores with two threads each, which carry packets both ways at once, while
 * sessions come and go and the main threads want to be alone. What matters most
 * is seen by ThreadSanitizer; here nothing is lost without a reason, and what
 * arrives is right.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/threads.h"
#include "packet/ip.h"
#include "pair.h"
#include "unit.h"

#define ROUNDS	     1500
#define BATCH	     24
#define QUEUED	     64 /* a sender waits while there are more */
#define BYTES	     1500
#define HEADER_BYTES 20
#define ALONE_EACH   20	 /* rounds */
#define REKEY_EACH   100 /* rounds, after which a session is old */
#define ROUND_NS     (20 * NS_PER_MS)
#define REKEY_NS     (121 * NS_PER_S)

struct datagram {
	struct datagram *next;
	uint32_t len;
	uint8_t bytes[BYTES + 200];
};

/* To one end. */
struct wire {
	pthread_mutex_t lock;
	pthread_cond_t has_changed;
	struct datagram *first, *last;
	size_t len;
	bool is_over;
};

struct end {
	struct pair_end *of;
	struct end *other;
	struct threads *threads;
	struct wire wire;
	uint8_t number; /* 10.0.0.NUMBER */
	pthread_t worker, main;
	size_t delivered, wrong, news; /* the worker's */
	uint64_t turns;		       /* the main thread's, alone */
};

static struct pair pair;
static struct end ends[2];
static _Atomic int64_t clock_ns;

static struct moment moment(void)
{
	int64_t ns = atomic_load(&clock_ns);

	return (struct moment){.now = {ns},
	    .wall_s = 1700000000 + ns / NS_PER_S,
	    .wall_ns = (uint32_t)(ns % NS_PER_S)};
}

/* ---- the wire ---- */

static void put(struct wire *wire, const struct packet *pkt)
{
	struct datagram *datagram = malloc(sizeof(*datagram));

	ck_assert_ptr_nonnull(datagram);
	ck_assert_uint_le(pkt->len, sizeof(datagram->bytes));
	datagram->next = NULL;
	datagram->len = pkt->len;
	memcpy(datagram->bytes, packet_data(pkt), pkt->len);
	pthread_mutex_lock(&wire->lock);
	if (wire->first)
		wire->last->next = datagram;
	else
		wire->first = datagram;
	wire->last = datagram;
	wire->len++;
	pthread_cond_broadcast(&wire->has_changed);
	pthread_mutex_unlock(&wire->lock);
}

/* So that nothing needs to be lost. */
static void wait_for_room(struct wire *wire)
{
	pthread_mutex_lock(&wire->lock);
	while (wire->len > QUEUED)
		pthread_cond_wait(&wire->has_changed, &wire->lock);
	pthread_mutex_unlock(&wire->lock);
}

/* Waits; NULL: it is over. */
static struct datagram *take_all(struct wire *wire)
{
	struct datagram *all;

	pthread_mutex_lock(&wire->lock);
	while (!wire->first && !wire->is_over)
		pthread_cond_wait(&wire->has_changed, &wire->lock);
	all = wire->first;
	wire->first = NULL;
	wire->len = 0;
	pthread_cond_broadcast(&wire->has_changed);
	pthread_mutex_unlock(&wire->lock);
	return all;
}

static void end_wire(struct wire *wire)
{
	pthread_mutex_lock(&wire->lock);
	wire->is_over = true;
	pthread_cond_broadcast(&wire->has_changed);
	pthread_mutex_unlock(&wire->lock);
}

/* ---- the two threads of an end ---- */

/* In the lock. */
static void take_results(
    struct end *end, struct packet_list *wire, struct packet_list *device)
{
	packet_list_append(wire, core_to_wire(end->of->core));
	packet_list_append(device, core_to_device(end->of->core));
}

static void send_all(struct end *end, struct packet_list *list)
{
	struct packet *pkt;

	while ((pkt = packet_list_pop(list))) {
		put(&end->other->wire, pkt);
		pool_put(end->of->pool, pkt);
	}
}

/* All of its bytes behind the header are its length; or it is an answer: what
 * has waited for a session in vain is unreachable. */
static bool is_right(const struct packet *pkt)
{
	const uint8_t *data = packet_data(pkt);

	if (data[9] == IP_PROTOCOL_ICMP)
		return true;
	for (uint32_t i = HEADER_BYTES; i < pkt->len; i++)
		if (data[i] != (uint8_t)pkt->len)
			return false;
	return pkt->len > HEADER_BYTES;
}

static void deliver(struct end *end, struct packet_list *list)
{
	struct packet *pkt;

	while ((pkt = packet_list_pop(list))) {
		end->delivered++;
		end->wrong += !is_right(pkt);
		pool_put(end->of->pool, pkt);
	}
}

static void receive(struct end *end, struct packet_list *list)
{
	struct packet_list wire = {0}, device = {0};
	struct moment now = moment();

	threads_enter(end->threads);
	core_from_wire(end->of->core, list, &now);
	take_results(end, &wire, &device);
	threads_leave(end->threads);
	send_all(end, &wire);
	deliver(end, &device);
}

/* What no buffer is left for is lost on the wire. */
static void receive_all(struct end *end, struct datagram *at)
{
	struct packet_list list = {0};

	while (at) {
		struct datagram *next = at->next;
		struct packet *pkt = pool_get(end->of->pool);

		if (pkt) {
			pkt->len = at->len;
			pkt->endpoint = end->other->of->where;
			memcpy(packet_data(pkt), at->bytes, at->len);
			packet_list_push(&list, pkt);
		}
		free(at);
		at = next;
		if (list.len == BATCH || (!at && list.len))
			receive(end, &list);
	}
}

static void *work(void *context)
{
	struct end *end = context;
	struct datagram *all;

	ck_assert(threads_begin_worker());
	while ((all = take_all(&end->wire))) {
		threads_turn_begin(end->threads);
		receive_all(end, all);
		end->news += threads_turn_end(end->threads);
	}
	threads_end_worker();
	return NULL;
}

/* An IPv4 packet of a protocol that nobody knows. */
static void make_packet(
    struct packet *pkt, uint32_t len, uint8_t from, uint8_t to)
{
	const uint8_t header[HEADER_BYTES] = {0x45, 0, (uint8_t)(len >> 8),
	    (uint8_t)len, 0, 0, 0, 0, 64, 253, 0, 0, 10, 0, 0, from, 10, 0, 0,
	    to};
	uint8_t *data = packet_data(pkt);
	uint32_t sum = 0;

	memcpy(data, header, sizeof(header));
	for (size_t i = 0; i < sizeof(header); i += 2)
		sum += (uint32_t)header[i] << 8 | header[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	data[10] = (uint8_t)(~sum >> 8);
	data[11] = (uint8_t)~sum;
	memset(data + HEADER_BYTES, (int)len, len - HEADER_BYTES);
	pkt->len = len;
}

static void send_batch(struct end *end, int round)
{
	struct packet_list list = {0}, wire = {0}, device = {0};
	struct moment now = moment();

	for (int i = 0; i < BATCH; i++) {
		struct packet *pkt = pool_get(end->of->pool);

		if (!pkt)
			break;
		make_packet(pkt, (uint32_t)(HEADER_BYTES + 40 + round % 1300),
		    end->number, end->other->number);
		packet_list_push(&list, pkt);
	}
	threads_enter(end->threads);
	core_from_device(end->of->core, &list, &now);
	take_results(end, &wire, &device);
	threads_leave(end->threads);
	send_all(end, &wire);
	deliver(end, &device);
}

static void turn_alone(struct end *end)
{
	struct packet_list wire = {0}, device = {0};
	struct moment now = moment();

	threads_alone(end->threads);
	core_turn(end->of->core, &now);
	take_results(end, &wire, &device);
	threads_set_due(end->threads, INSTANT_NEVER);
	end->turns++;
	threads_resume(end->threads);
	send_all(end, &wire);
	deliver(end, &device);
}

static void *send_rounds(void *context)
{
	struct end *end = context;

	ck_assert(aead_begin_thread());
	for (int i = 0; i < ROUNDS; i++) {
		atomic_fetch_add(&clock_ns, ROUND_NS);
		if ((i + 1) % REKEY_EACH == 0 && end == &ends[0])
			atomic_fetch_add(&clock_ns, REKEY_NS);
		wait_for_room(&end->other->wire);
		send_batch(end, i);
		if (i % ALONE_EACH == 0)
			turn_alone(end);
	}
	aead_end_thread();
	return NULL;
}

/* ---- the test ---- */

static void begin(struct end *end, size_t idx)
{
	*end = (struct end){.of = &pair.ends[idx],
	    .other = &ends[1 - idx],
	    .number = (uint8_t)(idx + 1)};
	pthread_mutex_init(&end->wire.lock, NULL);
	pthread_cond_init(&end->wire.has_changed, NULL);
	ck_assert_int_eq(threads_new(&end->threads, end->of->core), 0);
	ck_assert(threads_is_alone(end->threads));
	threads_resume(end->threads);
}

static void stop_worker(struct end *end)
{
	end_wire(&end->wire);
	ck_assert_int_eq(pthread_join(end->worker, NULL), 0);
}

/* Nobody puts anything on a wire any more. */
static void finish(struct end *end)
{
	struct datagram *left;

	while ((left = end->wire.first)) {
		end->wire.first = left->next;
		free(left);
	}
	threads_alone(end->threads);
}

/* A peer may ask for it at any time. */
static void check_waits_are_known(struct end *end)
{
	struct core_answer answer;
	char waits[24], *reply;

	core_note_workers(end->of->core, 2);
	reply = pair_ask(&pair, (size_t)(end - ends), CONTROL_RIGHTS_ALL,
	    &answer, "status", NULL);
	snprintf(waits, sizeof(waits), "%llu",
	    (unsigned long long)threads_waits(end->threads));
	ck_assert_str_eq(pair_value(reply, "lock_waits"), waits);
	free(reply);
}

static void is_all_accounted_for(struct end *end)
{
	struct tunnel *tunnel = core_tunnel(end->of->core);
	struct tunnel_peer_status status;
	struct path_totals totals;

	tunnel_peer_status(tunnel_peer_find(tunnel, end->other->of->public_key),
	    moment().now, &status);
	path_totals(core_path(end->of->core), &totals);
	ck_assert_uint_eq(totals.tx_packets + totals.tx_ours,
	    totals.tx_sent + totals.tx_dropped + status.staged_packets);
	ck_assert_uint_eq(totals.rx_packets + totals.rx_ours,
	    totals.rx_delivered + totals.rx_consumed + totals.rx_dropped);
	ck_assert_uint_eq(totals.rx_delivered, end->delivered);
	ck_assert_uint_eq(end->wrong, 0);
	/* before the first session is old nothing is in its way */
	ck_assert_uint_gt(end->delivered, REKEY_EACH * BATCH / 2);
	ck_assert_uint_gt(end->turns, ROUNDS / ALONE_EACH - 1);
}

START_TEST(two_threads_carry_both_ways_through_new_sessions)
{
	pair_start_both(&pair);
	pair_connect(&pair);
	clock_ns = pair.moment.now.ns;
	for (size_t i = 0; i < 2; i++)
		begin(&ends[i], i);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(
		    pthread_create(&ends[i].worker, NULL, work, &ends[i]), 0);
		ck_assert_int_eq(
		    pthread_create(&ends[i].main, NULL, send_rounds, &ends[i]),
		    0);
	}
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_join(ends[i].main, NULL), 0);
	for (size_t i = 0; i < 2; i++)
		stop_worker(&ends[i]);
	for (size_t i = 0; i < 2; i++)
		finish(&ends[i]);
	for (size_t i = 0; i < 2; i++) {
		is_all_accounted_for(&ends[i]);
		check_waits_are_known(&ends[i]);
		threads_free(ends[i].threads);
	}
	pair_clear(&pair);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("threads");
	TCase *tcase = tcase_create("threads");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, two_threads_carry_both_ways_through_new_sessions);
	suite_add_tcase(suite, tcase);
	return suite;
}
