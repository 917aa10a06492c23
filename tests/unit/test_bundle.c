/* SPDX-License-Identifier: ISC */
/* BUNDLE: several frames in one datagram. */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "protocol/bundle.h"
#include "protocol/peer.h"
#include "repeatable.h"
#include "tunnels.h"
#include "unit.h"

#define BATCH	  64
#define MTU	  1420
#define HEAD_IPV4 20

static struct ends ends;

/* What went in, and what came out of the other end. */
static struct {
	uint8_t bytes[BATCH][MTU];
	size_t lens[BATCH];
	size_t count;
} sent, received;

static void begin_with(const struct ends_setup *setup)
{
	ends_init_as(&ends, setup);
	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	ends_pass(&ends, 100 * NS_PER_MS);
	sent.count = received.count = 0;
}

static void begin(void)
{
	begin_with(&(struct ends_setup){.mtu = MTU});
}

static void begin_plain(void)
{
	begin_with(&(struct ends_setup){
	    .mode = {EXTENSION_AUTO, EXTENSION_OFF}, .mtu = MTU});
}

static void begin_taps(void)
{
	begin_with(&(struct ends_setup){
	    .link = {WIRE_LINK_ETHERNET, WIRE_LINK_ETHERNET}, .mtu = MTU});
}

static void begin_zstd(void)
{
	begin_with(
	    &(struct ends_setup){.compressor = COMPRESSOR_ZSTD, .mtu = MTU});
}

static void clear(void)
{
	ends_clear(&ends);
}

/* ---- sending a batch as the path does ---- */

static struct packet *make(size_t len, uint8_t ecn)
{
	struct packet *pkt = pool_get(ends.pool);
	uint8_t *bytes = packet_data(pkt);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(sent.count + i / 8 % 8);
	bytes[0] = 0x45;
	bytes[2] = (uint8_t)(len >> 8);
	bytes[3] = (uint8_t)len;
	pkt->len = (uint32_t)len;
	pkt->peer = ends.a.peer;
	pkt->outer_ecn = ecn;
	pkt->flow_hash = 1;
	memcpy(sent.bytes[sent.count], bytes, len);
	sent.lens[sent.count++] = len;
	return pkt;
}

/* Bundles and seals; the number of datagrams, which are in a's outbox. */
static size_t send_batch(struct packet **pkts, size_t count)
{
	struct packet *kept[BATCH];
	size_t kept_count = 0;

	for (size_t i = 0; i < count; i++)
		tunnel_compress(ends.a.tunnel, pkts[i], &ends.now);
	tunnel_bundle(ends.a.tunnel, pkts, count);
	for (size_t i = 0; i < count; i++) {
		if (pkts[i]->is_bundled)
			pool_put(ends.pool, pkts[i]);
		else
			kept[kept_count++] = pkts[i];
	}
	tunnel_seal(ends.a.tunnel, kept, kept_count, &ends.now);
	for (size_t i = 0; i < kept_count; i++) {
		ck_assert_int_eq(kept[i]->drop, DROP_NONE);
		ck_assert_uint_le(kept[i]->len, MTU + 32 + 20);
		packet_list_push(&ends.a.outbox, kept[i]);
	}
	return kept_count;
}

static void take_one(struct packet *pkt)
{
	enum drop reason = tunnel_expand(ends.b.tunnel, pkt, &ends.now);

	ck_assert_int_eq(reason, DROP_NONE);
	ck_assert_uint_ge(pkt->len, sent.lens[received.count]);
	memcpy(received.bytes[received.count], packet_data(pkt),
	    sent.lens[received.count]);
	received.lens[received.count] = pkt->len;
	received.count++;
	pool_put(ends.pool, pkt);
}

static void take_bundle(struct packet *pkt)
{
	struct packet_list list = {0};
	size_t frames = tunnel_bundle_frames(pkt);
	struct packet *one;

	ck_assert_uint_eq(
	    tunnel_unbundle(ends.b.tunnel, pkt, &list, &ends.now), 0);
	ck_assert_uint_eq(list.len, frames);
	pool_put(ends.pool, pkt);
	while ((one = packet_list_pop(&list)))
		take_one(one);
}

static void receive_all(void)
{
	struct packet *pkt;

	while ((pkt = packet_list_pop(&ends.a.outbox))) {
		pkt->endpoint = ends.a.self;
		pkt->peer = NULL;
		ck_assert_int_eq(
		    tunnel_receive(ends.b.tunnel, pkt, &ends.now), DROP_NONE);
		tunnel_open(ends.b.tunnel, &pkt, 1, &ends.now);
		ck_assert_int_eq(pkt->drop, DROP_NONE);
		if (tunnel_bundle_frames(pkt))
			take_bundle(pkt);
		else
			take_one(pkt);
	}
}

/* Everything came, in order, and only the padding is more. */
static void check_all(void)
{
	ck_assert_uint_eq(received.count, sent.count);
	for (size_t i = 0; i < sent.count; i++)
		ck_assert_mem_eq(
		    received.bytes[i], sent.bytes[i], sent.lens[i]);
}

static size_t send_equal(size_t count, size_t len)
{
	struct packet *pkts[BATCH];
	size_t datagrams;

	for (size_t i = 0; i < count; i++)
		pkts[i] = make(len, 0);
	datagrams = send_batch(pkts, count);
	receive_all();
	check_all();
	return datagrams;
}

/* ---- cases ---- */

START_TEST(small_packets_go_together_in_order)
{
	ck_assert_uint_eq(send_equal(30, 92), 2); /* 15 * 94 + 1 = 1411 */
}
END_TEST

START_TEST(a_bundle_is_as_long_as_the_mtu_at_most)
{
	ck_assert_uint_eq(send_equal(3, 471), 1); /* 3 * 473 + 1 = MTU */
}
END_TEST

START_TEST(one_packet_more_than_fits_begins_another)
{
	ck_assert_uint_eq(send_equal(3, 472), 2);
}
END_TEST

START_TEST(large_packets_go_alone_and_keep_their_place)
{
	struct packet *pkts[] = {
	    make(60, 0), make(60, 0), make(1400, 0), make(60, 0), make(60, 0)};

	ck_assert_uint_eq(send_batch(pkts, 5), 3);
	receive_all();
	check_all();
}
END_TEST

START_TEST(marks_do_not_mix)
{
	struct packet *pkts[] = {
	    make(60, 0), make(60, 3), make(60, 3), make(60, 0)};

	ck_assert_uint_eq(send_batch(pkts, 4), 3);
	receive_all();
	check_all();
}
END_TEST

START_TEST(a_plain_peer_gets_none)
{
	ck_assert_uint_eq(send_equal(10, 92), 10);
}
END_TEST

START_TEST(frames_go_together_too)
{
	ck_assert_uint_lt(send_equal(30, 92), 4);
}
END_TEST

START_TEST(what_was_compressed_goes_into_a_bundle)
{
	ck_assert_uint_lt(send_equal(20, 400), 5);
}
END_TEST

/* A third of each is random, so that more than 512 bytes of it are left. */
START_TEST(what_was_compressed_goes_into_a_bundle_however_long)
{
	struct packet *pkts[4];
	uint64_t random = repeatable_seed();

	for (size_t i = 0; i < ARRAY_SIZE(pkts); i++) {
		pkts[i] = make(1400, 0);
		repeatable_fill(&random, sent.bytes[i] + HEAD_IPV4, 450);
		memcpy(packet_data(pkts[i]), sent.bytes[i], 1400);
	}
	ck_assert_uint_eq(send_batch(pkts, ARRAY_SIZE(pkts)), 2);
	ck_assert_uint_gt(ends.a.outbox.first->len, 2 * 512);
	receive_all();
	check_all();
}
END_TEST

static size_t random_len(uint64_t *random)
{
	size_t most = repeatable_next(random) % 2 ? 200 : 1380;

	return HEAD_IPV4 + repeatable_next(random) % most;
}

START_TEST(random_batches_arrive_in_order)
{
	uint64_t random = repeatable_seed();

	for (int round = 0; round < 300; round++) {
		struct packet *pkts[BATCH];
		size_t count = 1 + repeatable_next(&random) % BATCH;

		sent.count = received.count = 0;
		for (size_t i = 0; i < count; i++)
			pkts[i] = make(random_len(&random),
			    repeatable_next(&random) % 8 ? 0 : 3);
		(void)send_batch(pkts, count);
		receive_all();
		check_all();
	}
}
END_TEST

START_TEST(inner_bytes_are_counted_as_without)
{
	struct tunnel_peer_status before = end_status(&ends, &ends.a);
	struct tunnel_peer_status after;

	ck_assert_uint_eq(send_equal(10, 92), 1);
	after = end_status(&ends, &ends.a);
	ck_assert_uint_eq(after.tx_inner_bytes - before.tx_inner_bytes, 920);
	ck_assert_uint_eq(after.tx_packets - before.tx_packets, 1);
}
END_TEST

/* ---- what somebody with a session may send ---- */

static struct packet *came(const uint8_t *bytes, size_t len)
{
	struct packet *pkt = pool_get(ends.pool);

	memcpy(packet_data(pkt), bytes, len);
	pkt->len = (uint32_t)len;
	pkt->peer = ends.b.peer;
	return pkt;
}

START_TEST(broken_bundles_are_refused_as_a_whole)
{
	static const struct {
		uint8_t bytes[10];
		size_t len, frames;
	} cases[] = {
	    {{0x50}, 1, 0},
	    {{0x50, 1}, 2, 0},
	    {{0x50, 0, 0}, 3, 0},
	    {{0x50, 2, 0, 0x45}, 4, 0},
	    {{0x50, 1, 0, 0x45}, 4, 0},
	    {{0x50, 1, 0, 0x45, 3, 0, 0x45}, 7, 0},
	    {{0x50, 3, 0, 0x50, 1, 0, 1, 0, 0x45}, 9, 0},
	    {{0x50, 1, 0, 0x45, 1, 0, 0x50}, 7, 0},
	    {{0x50, 1, 0, 0x45, 1, 0, WIRE_FRAME_HELLO}, 7, 0},
	    {{0x50, 1, 0, WIRE_FRAME_PROBE, 1, 0, 0x45}, 7, 0},
	    {{0x50, 1, 0, 0x45, 1, 0, WIRE_FRAME_ECHO}, 7, 0},
	    {{0x50, 1, 0, WIRE_FRAME_CLOSE, 1, 0, 0x45}, 7, 0},
	    {{0x50, 1, 0, WIRE_FRAME_LZ4, 1, 0, WIRE_FRAME_ZSTD}, 7, 2},
	    {{0x50, 1, 0, 0x45, 1, 0, 0x45}, 7, 2},
	    {{0x50, 1, 0, 0x45, 1, 0, 0x45, 0}, 8, 2},
	    {{0x50, 1, 0, 0x45, 1, 0, 0x45, 0, 0, 9}, 10, 2},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct packet *pkt = came(cases[i].bytes, cases[i].len);

		ck_assert_uint_eq(tunnel_bundle_frames(pkt), cases[i].frames);
		/* what is none is refused where frames are read */
		if (!cases[i].frames)
			ck_assert_int_eq(
			    tunnel_expand(ends.b.tunnel, pkt, &ends.now),
			    DROP_VPN_FRAME);
		pool_put(ends.pool, pkt);
	}
}
END_TEST

START_TEST(more_than_64_frames_are_refused)
{
	uint8_t bytes[1 + 3 * (BUNDLE_FRAMES_MAX + 1)] = {WIRE_FRAME_BUNDLE};

	for (size_t i = 1; i < sizeof(bytes); i += 3)
		memcpy(bytes + i, (uint8_t[]){1, 0, 0x45}, 3);
	for (size_t more = 0; more < 2; more++) {
		size_t frames = BUNDLE_FRAMES_MAX + more;
		struct packet *pkt = came(bytes, 1 + 3 * frames);

		ck_assert_uint_eq(tunnel_bundle_frames(pkt), more ? 0 : frames);
		pool_put(ends.pool, pkt);
	}
}
END_TEST

static const uint8_t sound[] = {0x50, 1, 0, 0x45, 1, 0, 0x45};

START_TEST(who_did_not_offer_it_takes_none)
{
	struct packet *pkt = came(sound, sizeof(sound));

	ck_assert_uint_eq(tunnel_bundle_frames(pkt), 0);
	ck_assert_int_eq(
	    tunnel_expand(ends.b.tunnel, pkt, &ends.now), DROP_VPN_NOT_OFFERED);
	pool_put(ends.pool, pkt);
}
END_TEST

START_TEST(frames_without_a_buffer_are_counted)
{
	struct packet *pkt = came(sound, sizeof(sound));
	struct packet_list all = {0}, frames = {0};
	struct packet *one;

	while ((one = pool_get(ends.pool)))
		packet_list_push(&all, one);
	pool_put(ends.pool, packet_list_pop(&all));
	ck_assert_uint_eq(
	    tunnel_unbundle(ends.b.tunnel, pkt, &frames, &ends.now), 1);
	ck_assert_uint_eq(frames.len, 1);
	pool_put_list(ends.pool, &frames);
	pool_put_list(ends.pool, &all);
	pool_put(ends.pool, pkt);
}
END_TEST

static TCase *cases_of(Suite *suite, const char *name, void (*begin_case)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, begin_case, clear);
	suite_add_tcase(suite, tc);
	return tc;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("bundle");
	TCase *tc = cases_of(suite, "two tuns", begin);

	tcase_add_test(tc, small_packets_go_together_in_order);
	tcase_add_test(tc, a_bundle_is_as_long_as_the_mtu_at_most);
	tcase_add_test(tc, one_packet_more_than_fits_begins_another);
	tcase_add_test(tc, large_packets_go_alone_and_keep_their_place);
	tcase_add_test(tc, marks_do_not_mix);
	tcase_add_test(tc, random_batches_arrive_in_order);
	tcase_add_test(tc, inner_bytes_are_counted_as_without);
	tcase_add_test(tc, broken_bundles_are_refused_as_a_whole);
	tcase_add_test(tc, more_than_64_frames_are_refused);
	tcase_add_test(tc, frames_without_a_buffer_are_counted);
	tc = cases_of(suite, "plain peer", begin_plain);
	tcase_add_test(tc, a_plain_peer_gets_none);
	tcase_add_test(tc, who_did_not_offer_it_takes_none);
	tc = cases_of(suite, "two taps", begin_taps);
	tcase_add_test(tc, frames_go_together_too);
	tc = cases_of(suite, "compression", begin_zstd);
	tcase_add_test(tc, what_was_compressed_goes_into_a_bundle);
	tcase_add_test(tc, what_was_compressed_goes_into_a_bundle_however_long);
	return suite;
}
