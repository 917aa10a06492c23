/* SPDX-License-Identifier: ISC */
/* Super-packets before they are compressed: cut, or left whole and tried. */
#include <string.h>

#include "protocol/compress.h"
#include "protocol/wire.h"
#include "repeatable.h"
#include "tunnels.h"
#include "unit.h"

#define LEN	 1000
#define SEGMENTS 10
#define FAILURES 8 /* in a row, until a flow is left alone */

static struct ends ends;
static uint64_t random;

static void begin(void)
{
	random = repeatable_seed();
	ends_init_as(&ends,
	    &(struct ends_setup){.compressor = COMPRESSOR_ZSTD, .mtu = LEN});
	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	ends_pass(&ends, 100 * NS_PER_MS);
}

static void clear(void)
{
	ends_clear(&ends);
}

/* Of a super-packet there is as much as a segment. */
static struct packet *packet(uint16_t segments, bool is_text)
{
	struct packet *pkt = pool_get(ends.pool);

	pkt->len = (uint32_t)segments * LEN;
	pkt->segments = segments;
	pkt->segment_bytes = segments > 1 ? LEN : 0;
	pkt->peer = ends.a.peer;
	pkt->flow_hash = 1;
	if (is_text)
		memset(packet_data(pkt), 'a', LEN);
	else
		repeatable_fill(&random, packet_data(pkt), LEN);
	return pkt;
}

static void compress(struct packet *pkt)
{
	tunnel_compress(ends.a.tunnel, pkt, &ends.now);
	pool_put(ends.pool, pkt);
}

static bool is_cut(void)
{
	struct packet *whole = packet(SEGMENTS, true);
	bool ret = tunnel_may_compress(whole);

	pool_put(ends.pool, whole);
	return ret;
}

/* One after the other, until its flow is left alone. */
static void back_off(void)
{
	for (int i = 0; i < FAILURES; i++) {
		ck_assert(is_cut());
		compress(packet(1, false));
	}
	ck_assert(!is_cut());
}

/* However many segments have been left out: none is worth to be cut. */
START_TEST(a_flow_that_does_not_shrink_stays_whole)
{
	uint64_t tried;

	back_off();
	tried = end_status(&ends, &ends.a).compress_in_bytes;
	ck_assert_uint_eq(tried, FAILURES * LEN);
	for (int i = 0; i < 1000; i++) {
		compress(packet(SEGMENTS, false));
		ck_assert(!is_cut());
	}
	ck_assert_uint_gt(end_status(&ends, &ends.a).compress_in_bytes, tried);
	/* at 16, 32, 64 ... 4096, 4096 packets */
	ck_assert_uint_lt(
	    end_status(&ends, &ends.a).compress_in_bytes, tried + 12 * LEN);
}
END_TEST

START_TEST(a_segment_that_shrinks_ends_it)
{
	struct packet *whole = packet(SEGMENTS, true);
	int passed = 0;

	back_off();
	for (; !is_cut(); passed++)
		tunnel_compress(ends.a.tunnel, whole, &ends.now);
	ck_assert_int_eq(passed, 1 + (16 + SEGMENTS - 1) / SEGMENTS);
	/* it went as it was, and was tried without its neighbours */
	ck_assert_uint_eq(whole->len, SEGMENTS * LEN);
	ck_assert_uint_eq(whole->segments, SEGMENTS);
	ck_assert_int_eq(packet_data(whole)[0], 'a');
	ck_assert_uint_eq(
	    end_status(&ends, &ends.a).compress_in_bytes, (FAILURES + 1) * LEN);
	ck_assert_uint_eq(end_status(&ends, &ends.a).compress_out_bytes,
	    (FAILURES + 1) * LEN);
	ck_assert_uint_eq(end_status(&ends, &ends.a).compressed_packets, 0);
	pool_put(ends.pool, whole);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("compress_whole");
	TCase *tcase = tcase_create("compress_whole");

	tcase_add_checked_fixture(tcase, begin, clear);
	tcase_add_test(tcase, a_flow_that_does_not_shrink_stays_whole);
	tcase_add_test(tcase, a_segment_that_shrinks_ends_it);
	suite_add_tcase(suite, tcase);
	return suite;
}
