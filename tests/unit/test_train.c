/* SPDX-License-Identifier: ISC */
/* Super-packets sealed as trains, and opened as one or datagram by datagram. */
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

/* ---- received as one ---- */

#define PLAIN_BYTES 512

static struct opened {
	uint8_t room[64 + PLAIN_BYTES];
	uint8_t bytes[SEGMENTS][PLAIN_BYTES];
	uint32_t len[SEGMENTS], asked;
	enum checksum_state checksum;
	size_t count, refuses, empty; /* refuses: the one with that number */
} opened;

static uint8_t *place(void *context, uint32_t len)
{
	(void)context;
	ck_assert_uint_le(len, PLAIN_BYTES);
	opened.asked = len;
	memset(opened.room, 0xcc, sizeof(opened.room));
	return opened.room + 64;
}

static bool take(void *context, const struct packet *pkt)
{
	(void)context;
	opened.empty += !pkt->len;
	if (!pkt->len || opened.count == opened.refuses)
		return false;
	ck_assert_uint_le(pkt->len, opened.asked);
	memcpy(opened.bytes[opened.count], opened.room + 64, pkt->len);
	opened.checksum = pkt->checksum;
	opened.len[opened.count++] = pkt->len;
	return true;
}

static const struct opening opening = {.place = place, .take = take};

/* The bytes stay in `sealed`. */
static struct packet *received(const struct packet *sealed)
{
	struct packet *pkt = pool_get(ends.pool);

	packet_leave(pkt, packet_data(sealed), sealed->len);
	pkt->segments = sealed->segments;
	pkt->segment_bytes = sealed->segment_bytes;
	pkt->endpoint = ends.a.self;
	opened = (struct opened){.refuses = SIZE_MAX};
	return pkt;
}

static size_t open_train(struct packet *pkt)
{
	ck_assert(tunnel_is_train(pkt));
	ck_assert(tunnel_find_train(ends.b.tunnel, pkt, &ends.now));
	ck_assert_ptr_eq(pkt->peer, ends.b.peer);
	return tunnel_open_train(ends.b.tunnel, pkt, &opening, &ends.now);
}

/* What is left of it, one by one. */
static void receive_rest(struct packet *train)
{
	const uint8_t *at = train->away, *end = at + train->len;

	ck_assert_uint_eq(train->segments,
	    (train->len + train->segment_bytes - 1u) / train->segment_bytes);
	while (at < end) {
		struct packet *pkt = pool_get(ends.pool);

		pkt->len = (uint32_t)(end - at);
		if (pkt->len > train->segment_bytes)
			pkt->len = train->segment_bytes;
		memcpy(packet_data(pkt), at, pkt->len);
		at += pkt->len;
		end_receive(&ends, &ends.b, pkt);
	}
	pool_put(ends.pool, train);
}

static struct segmented segmented, expected;

static struct packet *sealed_train(uint32_t len)
{
	write_segments(&segmented, len);
	expected = segmented;
	return seal(&segmented, 0, SEGMENTS);
}

static void check_opened(enum checksum_state checksum)
{
	ck_assert_uint_eq(opened.count, SEGMENTS);
	ck_assert_int_eq(opened.checksum, checksum);
	for (uint32_t i = 0; i < SEGMENTS; i++) {
		uint32_t len =
		    i + 1 < SEGMENTS ? expected.len : expected.last_len;

		ck_assert_uint_ge(opened.len[i], len);
		ck_assert_uint_lt(opened.len[i], len + WIRE_PADDING);
		ck_assert_mem_eq(opened.bytes[i],
		    expected.bytes + 64 + i * expected.len, len);
	}
}

/* It counts as if they had been received singly. */
static void check_counters(const struct tunnel_peer_status *before,
    const struct tunnel_peer_status *between)
{
	struct tunnel_peer_status after = end_status(&ends, &ends.b);

	ck_assert_uint_eq(after.rx_packets - between->rx_packets,
	    between->rx_packets - before->rx_packets);
	ck_assert_uint_eq(after.rx_bytes - between->rx_bytes,
	    between->rx_bytes - before->rx_bytes);
	ck_assert_uint_eq(after.rx_inner_bytes - between->rx_inner_bytes,
	    between->rx_inner_bytes - before->rx_inner_bytes);
	ck_assert_int_eq(after.last_received.ns, ends.now.now.ns);
}

static void exchange_as_one(uint32_t len, enum checksum_state checksum)
{
	struct tunnel_peer_status before, between;
	struct packet *sealed, *pkt;

	connect_ends();
	before = end_status(&ends, &ends.b);
	sealed = sealed_train(len);
	check(sealed, &expected, 0, checksum);
	between = end_status(&ends, &ends.b);
	ends_advance(&ends, NS_PER_S);
	sealed = sealed_train(len);
	pkt = received(sealed);
	ck_assert_uint_eq(open_train(pkt), SEGMENTS);
	ck_assert_uint_eq(pkt->segments, 0);
	ck_assert_uint_eq(pkt->len, 0);
	check_opened(checksum);
	check_counters(&before, &between);
	ck_assert_uint_eq(ends.b.drops, 0);
	pool_put(ends.pool, pkt);
	pool_put(ends.pool, sealed);
}

START_TEST(a_plain_train_opens_as_one)
{
	exchange_as_one(lengths[_i], CHECKSUM_FULL);
}
END_TEST

START_TEST(a_train_opens_as_one)
{
	exchange_as_one(lengths[_i], CHECKSUM_PARTIAL);
}
END_TEST

START_TEST(what_is_not_taken_is_still_there)
{
	struct packet *sealed, *pkt;

	connect_ends();
	sealed = sealed_train(120);
	pkt = received(sealed);
	opened.refuses = 5;
	ck_assert_uint_eq(open_train(pkt), 5);
	ends.b.delivered = 0;
	ck_assert_mem_eq(packet_data(pkt), pkt->away, PACKET_PEEK_BYTES);
	receive_rest(pkt);
	ck_assert_uint_eq(ends.b.delivered, SEGMENTS - 5);
	ck_assert_uint_eq(ends.b.drops, 0);
	pool_put(ends.pool, sealed);
}
END_TEST

START_TEST(a_train_does_not_open_twice)
{
	struct packet *sealed, *pkt;

	connect_ends();
	sealed = sealed_train(120);
	pkt = received(sealed);
	ck_assert_uint_eq(open_train(pkt), SEGMENTS);
	pool_put(ends.pool, pkt);
	pkt = received(sealed);
	ck_assert_uint_eq(open_train(pkt), 0);
	ends.b.delivered = 0;
	receive_rest(pkt);
	ck_assert_uint_eq(ends.b.delivered, 0);
	ck_assert_uint_eq(ends.b.drops, SEGMENTS);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_REPLAY);
	pool_put(ends.pool, sealed);
}
END_TEST

START_TEST(a_forged_datagram_ends_it)
{
	struct packet *sealed, *pkt;

	connect_ends();
	sealed = sealed_train(120);
	packet_data(sealed)[3 * sealed->segment_bytes + 40] ^= 1;
	pkt = received(sealed);
	ck_assert_uint_eq(open_train(pkt), 3);
	ck_assert_uint_eq(opened.empty, 1);
	ends.b.delivered = 0;
	receive_rest(pkt);
	ck_assert_uint_eq(ends.b.delivered, SEGMENTS - 4);
	ck_assert_uint_eq(ends.b.drops, 1);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_AUTH);
	pool_put(ends.pool, sealed);
}
END_TEST

/* What is missing may come another way. */
START_TEST(a_gap_ends_it)
{
	struct packet *sealed, *pkt;
	uint32_t size, at;

	connect_ends();
	sealed = sealed_train(120);
	size = sealed->segment_bytes;
	at = 7 * size;
	memmove(packet_data(sealed) + at, packet_data(sealed) + at + size,
	    sealed->len - at - size);
	sealed->len -= size;
	sealed->segments--;
	pkt = received(sealed);
	ck_assert_uint_eq(open_train(pkt), 7);
	ck_assert_uint_eq(open_train(pkt), SEGMENTS - 8);
	ck_assert_uint_eq(pkt->segments, 0);
	pool_put(ends.pool, pkt);
	pool_put(ends.pool, sealed);
}
END_TEST

START_TEST(only_messages_under_the_same_keys_are_a_train)
{
	struct packet *sealed, *pkt;
	uint8_t *last;

	connect_ends();
	sealed = sealed_train(120);
	pkt = received(sealed);
	last = packet_data(sealed) + 11u * sealed->segment_bytes;
	ck_assert(tunnel_is_train(pkt));
	for (size_t i = 0; i < WIRE_DATA_COUNTER; i++) {
		last[i] ^= 1;
		ck_assert(!tunnel_is_train(pkt));
		last[i] ^= 1;
	}
	pkt->is_truncated = true;
	ck_assert(!tunnel_is_train(pkt));
	pkt->is_truncated = false;
	pkt->len = 11u * sealed->segment_bytes + WIRE_DATA_BYTES_MIN - 1;
	ck_assert(!tunnel_is_train(pkt));
	pkt->len++;
	ck_assert(tunnel_is_train(pkt));
	pool_put(ends.pool, pkt);
	pool_put(ends.pool, sealed);
}
END_TEST

START_TEST(a_train_needs_keys_that_are_young)
{
	struct packet *sealed, *pkt;

	connect_ends();
	sealed = sealed_train(120);
	pkt = received(sealed);
	ends_advance(&ends, REJECT_AFTER_TIME_NS - NS_PER_S);
	ck_assert(tunnel_find_train(ends.b.tunnel, pkt, &ends.now));
	ends_advance(&ends, NS_PER_S);
	ck_assert(!tunnel_find_train(ends.b.tunnel, pkt, &ends.now));
	pool_put(ends.pool, pkt);
	pool_put(ends.pool, sealed);
}
END_TEST

START_TEST(whose_index_nobody_knows_has_no_train)
{
	struct packet *sealed, *pkt;

	connect_ends();
	sealed = sealed_train(120);
	packet_data(sealed)[WIRE_DATA_RECEIVER] ^= 1;
	pkt = received(sealed);
	ck_assert(!tunnel_find_train(ends.b.tunnel, pkt, &ends.now));
	pool_put(ends.pool, pkt);
	pool_put(ends.pool, sealed);
}
END_TEST

START_TEST(a_peer_roams_with_a_train)
{
	struct packet *sealed, *pkt;

	connect_ends();
	sealed = sealed_train(120);
	pkt = received(sealed);
	pkt->endpoint.port = 77;
	ck_assert_uint_eq(open_train(pkt), SEGMENTS);
	ck_assert_uint_eq(tunnel_peer_endpoint(ends.b.peer)->port, 77);
	pool_put(ends.pool, pkt);
	/* what is older changes nothing */
	pkt = received(sealed);
	pkt->endpoint.port = 78;
	ck_assert_uint_eq(open_train(pkt), 0);
	ck_assert_uint_eq(tunnel_peer_endpoint(ends.b.peer)->port, 77);
	pool_put(ends.pool, pkt);
	pool_put(ends.pool, sealed);
}
END_TEST

/* What a word of the extension would change is left to opening singly. */
START_TEST(the_first_word_of_the_extension_is_read_singly)
{
	struct packet *sealed, *pkt;

	connect_ends();
	sealed = sealed_train(120);
	pkt = received(sealed);
	ends.b.peer->extension.has_spoken = false;
	ck_assert_uint_eq(open_train(pkt), 0);
	ck_assert_uint_eq(opened.empty, 1);
	receive_rest(pkt);
	ck_assert(ends.b.peer->extension.has_spoken);
	pool_put(ends.pool, sealed);
}
END_TEST

static void add_received(TCase *tcase)
{
	tcase_add_test(tcase, what_is_not_taken_is_still_there);
	tcase_add_test(tcase, a_train_does_not_open_twice);
	tcase_add_test(tcase, a_forged_datagram_ends_it);
	tcase_add_test(tcase, a_gap_ends_it);
	tcase_add_test(tcase, only_messages_under_the_same_keys_are_a_train);
	tcase_add_test(tcase, a_train_needs_keys_that_are_young);
	tcase_add_test(tcase, whose_index_nobody_knows_has_no_train);
	tcase_add_test(tcase, a_peer_roams_with_a_train);
}

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
	add_lengths(suite, "plain, as one", plain, a_plain_train_opens_as_one);
	add_lengths(suite, "extended, as one", extended, a_train_opens_as_one);
	add_lengths(suite, "ethernet, as one", ethernet, a_train_opens_as_one);
	tcase_add_checked_fixture(tcase, plain, clear);
	add_received(tcase);
	tcase_add_test(tcase, a_train_goes_on_behind_another);
	tcase_add_test(tcase, a_train_needs_a_session);
	tcase_add_test(tcase, what_confirms_a_session_is_single);
	tcase_add_loop_test(
	    tcase, where_segments_are_refused_a_train_says_so, 0, 2);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("extended");
	tcase_add_checked_fixture(tcase, extended, clear);
	add_received(tcase);
	tcase_add_test(tcase, the_first_word_of_the_extension_is_read_singly);
	suite_add_tcase(suite, tcase);
	return suite;
}
