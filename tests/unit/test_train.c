/* SPDX-License-Identifier: ISC */
/* Super-packets sealed as trains, and opened datagram by datagram. */
#include <string.h>

#include "protocol/peer.h"
#include "tunnels.h"
#include "unit.h"

#define SEGMENTS 12
#define ROOM	 4096

static struct ends ends;

static void plain(void)
{
	ends_init(&ends, EXTENSION_OFF, EXTENSION_OFF, COMPRESSOR_NONE);
}

static void extended(void)
{
	ends_init(&ends, EXTENSION_AUTO, EXTENSION_AUTO, COMPRESSOR_NONE);
}

static void ethernet(void)
{
	const struct ends_setup setup = {
	    .mode = {EXTENSION_AUTO, EXTENSION_AUTO},
	    .link = {WIRE_LINK_ETHERNET, WIRE_LINK_ETHERNET},
	    .mtu = 1420};

	ends_init_as(&ends, &setup);
}

static void clear(void)
{
	ends_clear(&ends);
}

/* Segments that lie one behind the other, without room between them. */
struct segmented {
	uint8_t bytes[64 + ROOM];
	uint32_t len, last_len; /* of each; of the last one */
};

static uint8_t *segment(struct segmented *of, uint32_t idx)
{
	return of->bytes + 64 + idx * of->len;
}

static uint8_t *stamp(void *context, uint32_t idx)
{
	return segment(context, idx);
}

static void write_segments(struct segmented *to, uint32_t len)
{
	to->len = len;
	to->last_len = len / 2;
	memset(to->bytes, 0xee, sizeof(to->bytes));
	for (uint32_t i = 0; i < SEGMENTS; i++) {
		for (uint32_t at = 0; at < len; at++)
			segment(to, i)[at] = (uint8_t)(7 * i + at);
		segment(to, i)[0] = 0x45;
	}
}

/* Behind what is in `to`. */
static void seal_behind(struct packet *to, struct segmented *segmented,
    uint32_t first, uint32_t count)
{
	uint16_t before = to->len ? to->segments : 0;
	struct packet *whole = pool_get(ends.pool);
	struct train train = {.whole = whole,
	    .first = first,
	    .count = count,
	    .segment_len = segmented->len,
	    .last_len = first + count == SEGMENTS ? segmented->last_len
						  : segmented->len,
	    .checksum = CHECKSUM_PARTIAL,
	    .stamp = stamp,
	    .context = segmented};

	whole->peer = to->peer = ends.a.peer;
	whole->segments = SEGMENTS;
	whole->len = 1;
	ck_assert(!tunnel_seals_singly(whole));
	ck_assert_int_eq(
	    tunnel_seal_train(ends.a.tunnel, &train, to, &ends.now), DROP_NONE);
	ck_assert_uint_eq(to->segments, before + count);
	pool_put(ends.pool, whole);
}

static struct packet *seal(
    struct segmented *segmented, uint32_t first, uint32_t count)
{
	struct packet *to = pool_get(ends.pool);

	seal_behind(to, segmented, first, count);
	return to;
}

/* To the other end, one by one; each is `expected`, and zeros behind. */
static void check(struct packet *train, const struct segmented *expected,
    uint32_t first, enum checksum_state checksum)
{
	const uint8_t *at = packet_data(train), *end = at + train->len;

	for (uint32_t i = first; at < end; i++) {
		uint32_t len =
		    i + 1 < SEGMENTS ? expected->len : expected->last_len;
		struct packet *pkt = pool_get(ends.pool);

		pkt->len = (uint32_t)(end - at);
		if (pkt->len > train->segment_bytes)
			pkt->len = train->segment_bytes;
		memcpy(packet_data(pkt), at, pkt->len);
		at += pkt->len;
		ends.b.delivered = 0;
		end_receive(&ends, &ends.b, pkt);
		ck_assert_uint_eq(ends.b.delivered, 1);
		ck_assert_int_eq(ends.b.last_checksum, checksum);
		ck_assert_uint_ge(ends.b.last_plain_len, len);
		ck_assert_uint_lt(ends.b.last_plain_len, len + WIRE_PADDING);
		ck_assert_mem_eq(ends.b.last_plain,
		    expected->bytes + 64 + i * expected->len, len);
		for (size_t pad = len; pad < ends.b.last_plain_len; pad++)
			ck_assert_uint_eq(ends.b.last_plain[pad], 0);
	}
	pool_put(ends.pool, train);
}

static void connect_ends(void)
{
	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	ends_pass(&ends, 100 * NS_PER_MS);
	end_send_text(&ends, &ends.a, 100);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.b.delivered, 1);
}

/* Padded by each number of bytes that there is. */
static const uint32_t lengths[] = {112, 113, 120, 127, 128, 200, 255};

static void exchange(uint32_t len, enum checksum_state checksum)
{
	static struct segmented segmented, expected;
	struct tunnel_peer_status before, after;

	connect_ends();
	before = end_status(&ends, &ends.a);
	write_segments(&segmented, len);
	expected = segmented;
	check(seal(&segmented, 0, 7), &expected, 0, checksum);
	check(seal(&segmented, 7, SEGMENTS - 7), &expected, 7, checksum);
	after = end_status(&ends, &ends.a);
	ck_assert_uint_eq(after.tx_packets - before.tx_packets, SEGMENTS);
	ck_assert_uint_eq(after.tx_inner_bytes - before.tx_inner_bytes,
	    (SEGMENTS - 1) * len + len / 2);
	ck_assert_uint_eq(ends.b.drops, 0);
}

START_TEST(each_segment_opens_at_a_plain_peer)
{
	exchange(lengths[_i], CHECKSUM_FULL);
}
END_TEST

START_TEST(each_segment_tells_the_state_of_its_checksum)
{
	exchange(lengths[_i], CHECKSUM_PARTIAL);
}
END_TEST

START_TEST(each_segment_is_a_frame_with_its_head)
{
	exchange(lengths[_i], CHECKSUM_PARTIAL);
}
END_TEST

START_TEST(a_train_goes_on_behind_another)
{
	struct tunnel_peer_status before, after;
	struct segmented segmented, expected;
	struct packet *train;

	connect_ends();
	before = end_status(&ends, &ends.a);
	write_segments(&segmented, 120);
	expected = segmented;
	train = seal(&segmented, 0, 5);
	seal_behind(train, &segmented, 5, SEGMENTS - 5);
	ck_assert_uint_eq(train->segment_bytes, 128 + WIRE_OVERHEAD_BYTES);
	after = end_status(&ends, &ends.a);
	ck_assert_uint_eq(after.tx_packets - before.tx_packets, SEGMENTS);
	ck_assert_uint_eq(after.tx_bytes - before.tx_bytes, train->len);
	check(train, &expected, 0, CHECKSUM_FULL);
}
END_TEST

START_TEST(a_train_needs_a_session)
{
	struct packet *whole = pool_get(ends.pool), *to = pool_get(ends.pool);
	struct train train = {.whole = whole, .count = 1};

	whole->peer = ends.a.peer;
	whole->segments = 2;
	ck_assert(!tunnel_seals_singly(whole));
	ck_assert_int_eq(
	    tunnel_seal_train(ends.a.tunnel, &train, to, &ends.now),
	    DROP_VPN_NOSESSION);
	pool_put(ends.pool, whole);
	pool_put(ends.pool, to);
}
END_TEST

START_TEST(what_confirms_a_session_is_single)
{
	struct packet *whole = pool_get(ends.pool);
	struct packet *pkt;

	whole->peer = ends.a.peer;
	whole->segments = 2;
	end_send_text(&ends, &ends.a, 100);
	/* initiation and response, and nothing else yet */
	end_flush(&ends, &ends.a);
	pkt = packet_list_pop(&ends.a.outbox);
	end_receive(&ends, &ends.b, pkt);
	end_flush(&ends, &ends.b);
	pkt = packet_list_pop(&ends.b.outbox);
	end_receive(&ends, &ends.a, pkt);
	ck_assert(tunnel_seals_singly(whole));
	ends_settle(&ends);
	ck_assert(!tunnel_seals_singly(whole));
	pool_put(ends.pool, whole);
}
END_TEST

START_TEST(where_segments_are_refused_a_train_says_so)
{
	static struct segmented segmented;
	struct packet *train;

	connect_ends();
	write_segments(&segmented, 200);
	train = seal(&segmented, 0, 2);
	ck_assert(!train->goes_alone);
	pool_put(ends.pool, train);
	if (_i)
		ends.a.peer->probe.is_refused = true;
	else
		tunnel_peer_segments_refused(ends.a.peer, "no", &ends.now);
	train = seal(&segmented, 2, 2);
	ck_assert(train->goes_alone);
	pool_put(ends.pool, train);
}
END_TEST

static void add_lengths(
    Suite *suite, const char *name, void (*setup)(void), const TTest *test)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, setup, clear);
	tcase_add_loop_test(tcase, test, 0, ARRAY_SIZE(lengths));
	suite_add_tcase(suite, tcase);
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("train");
	TCase *tcase = tcase_create("session");

	add_lengths(suite, "plain", plain, each_segment_opens_at_a_plain_peer);
	add_lengths(suite, "extended", extended,
	    each_segment_tells_the_state_of_its_checksum);
	add_lengths(
	    suite, "ethernet", ethernet, each_segment_is_a_frame_with_its_head);
	tcase_add_checked_fixture(tcase, plain, clear);
	tcase_add_test(tcase, a_train_goes_on_behind_another);
	tcase_add_test(tcase, a_train_needs_a_session);
	tcase_add_test(tcase, what_confirms_a_session_is_single);
	tcase_add_loop_test(
	    tcase, where_segments_are_refused_a_train_says_so, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
