/* SPDX-License-Identifier: ISC */
/* Captures change nothing, and take how long? */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "capture_lab.h"
#include "seed.h"

#define ROUNDS 100000

static struct packet *random_packet(struct seed *seed)
{
	static const char *const addresses[] = {"10.9.0.7", "10.9.0.8",
	    "10.9.0.1", "192.0.2.1", "224.0.0.1", "127.0.0.1", "10.1.2.3"};
	const char *source = addresses[seed_below(seed, 7)];
	const char *destination = addresses[seed_below(seed, 7)];
	struct packet *pkt =
	    seed_below(seed, 4)
		? udp(source, destination, (uint16_t)seed_below(seed, 100))
		: udp6("fd09::7", "fd09::8");

	if (seed_below(seed, 3) == 0)
		packet_data(pkt)[seed_below(seed, pkt->len)] ^=
		    (uint8_t)seed_next(seed);
	if (seed_below(seed, 8) == 0)
		pkt->len = (uint32_t)seed_below(seed, pkt->len + 1);
	if (seed_below(seed, 16) == 0) {
		packet_data(pkt)[0] = (uint8_t)(1 + seed_below(seed, 3));
		pkt->len = 1;
	}
	pkt->endpoint.port = (uint16_t)seed_below(seed, FAKE_PEERS);
	pkt->endpoint.address.family = FAMILY_IPV4;
	return pkt;
}

struct outcome {
	struct path_totals totals;
	struct drops drops; /* how many kinds, and the last one */
	uint32_t len;
	uint8_t bytes[2048]; /* an answer may be larger */
};

static void note_output(struct outcome *outcome, struct packet_list *list)
{
	struct packet *pkt = list->first;

	if (!pkt)
		return;
	outcome->len = pkt->len;
	memcpy(outcome->bytes, packet_data(pkt), pkt->len);
}

/* All of them are megabytes: few have counted. */
static void forget_drops(void)
{
	for (int table = 0; table < TABLE_COUNT; table++)
		for (size_t i = 0; path->tables[table][i].name; i++)
			for (int reason = 0; reason < DROP_COUNT; reason++)
				if (path->counters[table][i][reason].packets)
					path->counters[table][i][reason]
					    .packets = 0;
}

static struct outcome outcome_of(struct packet *pkt, bool is_inbound)
{
	struct outcome outcome = {.len = 0};
	struct path_totals before = totals();

	forget_drops();
	path->answers = (struct bucket){0}; /* the twin may be answered, too */
	(is_inbound ? receive : transmit)(pkt);
	note_output(&outcome, path_to_wire(path));
	note_output(&outcome, path_to_device(path));
	release();
	outcome.totals = totals();
	for (size_t i = 0; i < sizeof(before) / sizeof(uint64_t); i++)
		((uint64_t *)&outcome.totals)[i] -= ((uint64_t *)&before)[i];
	path_each_drop(path, found, &outcome.drops);
	return outcome;
}

static void expect_same(
    const struct outcome *without, const struct outcome *with)
{
	ck_assert_mem_eq(&without->totals, &with->totals, sizeof(with->totals));
	ck_assert_uint_eq(without->drops.lines, with->drops.lines);
	ck_assert_int_eq(without->drops.last.reason, with->drops.last.reason);
	ck_assert_ptr_eq(without->drops.last.stage, with->drops.last.stage);
	ck_assert_uint_eq(without->len, with->len);
	ck_assert_mem_eq(without->bytes, with->bytes, with->len);
}

/* T8 of the design: the same packets with captures and without. */
START_TEST(captures_never_change_a_verdict)
{
	struct seed seed = seed_start();
	uint64_t dropped = 0;

	set_addresses();
	for (int i = 0; i < CAPTURES_MAX; i++)
		look((struct capture_want){.watched = PATH_WATCH_INNER |
						      PATH_WATCH_OUTER |
						      PATH_WATCH_DROPS,
		    .program = i ? longer_than(10u * (unsigned)i) : NULL,
		    .snap_bytes = 1 + 30u * (unsigned)i});
	for (int i = 0; i < ROUNDS; i++) {
		struct packet *pkt = random_packet(&seed);
		struct packet *twin = packet_copy(pool, pkt);
		bool is_inbound = seed_below(&seed, 2);
		unsigned watched = path->watched;
		struct outcome without, with;

		path_set_watched(path, 0);
		without = outcome_of(pkt, is_inbound);
		path_set_watched(path, watched);
		with = outcome_of(twin, is_inbound);
		expect_same(&without, &with);
		dropped += with.drops.lines;
		if (i % 64 == 0)
			capture_take(
			    lab.captures.list[1], lab.part, sizeof(lab.part));
	}
	ck_assert_uint_gt(dropped, ROUNDS / 10);
	ck_assert_uint_lt(dropped, ROUNDS * 9 / 10);
}
END_TEST

/* ---- how long it takes ---- */

#define TIMED_ROUNDS  30
#define TIMED_BATCHES 400

static double elapsed_ns(const struct timespec *since)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	return (double)(until.tv_sec - since->tv_sec) * 1e9 +
	       (double)(until.tv_nsec - since->tv_nsec);
}

/* A batch goes in, comes out, and goes in again. */
static double time_packet(struct packet_list *batch)
{
	struct timespec begun;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (size_t i = 0; i < TIMED_BATCHES; i++) {
		path_run_inbound(path, batch, &now);
		packet_list_append(batch, path_to_device(path));
	}
	return elapsed_ns(&begun) / TIMED_BATCHES / PACKET_BATCH;
}

static void take_least(double *least, double time)
{
	if (time < *least)
		*least = time;
}

START_TEST(the_time_of_a_capture_is_printed)
{
	struct packet_list batch = {0};
	double without = 1e9, with = 1e9;

	for (size_t i = 0; i < PACKET_BATCH; i++)
		packet_list_push(&batch, udp("10.9.0.7", "10.9.0.1", 53));
	look((struct capture_want){
	    .watched = PATH_WATCH_INNER, .program = longer_than(1500)});
	for (size_t i = 0; i < TIMED_ROUNDS; i++) {
		path_set_watched(path, 0);
		take_least(&without, time_packet(&batch));
		path_set_watched(path, PATH_WATCH_INNER);
		take_least(&with, time_packet(&batch));
	}
	printf("# inbound, without crypto: %.1f ns a packet, with a capture "
	       "that accepts none %.1f ns\n",
	    without, with);
	ck_assert_uint_eq(batch.len, PACKET_BATCH);
	take_first();
	ck_assert_uint_eq(lab.count, 0);
	pool_put_list(pool, &batch);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("capture_pure");
	TCase *tcase = tcase_create("captures");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, capture_lab_begin, capture_lab_end);
	tcase_add_test(tcase, captures_never_change_a_verdict);
	tcase_add_test(tcase, the_time_of_a_capture_is_printed);
	suite_add_tcase(suite, tcase);
	return suite;
}
