/* SPDX-License-Identifier: ISC */
/* Tests of protocol/compress: bounds above all, then ratio and back-off. */
#include <stdlib.h>
#include <string.h>

#include <lz4.h>
#include <zstd.h>

#include "protocol/compress.h"
#include "repeatable.h"
#include "unit.h"

const int unit_is_apart = 1;

#define LEN		1400
#define ROOM		4096
#define GUARD		0xa5
#define HARDER		COMPRESSOR_ZSTD /* added: the other way */
#define COMPRESSORS_END (COMPRESSOR_ZSTD + HARDER + 1)

static const struct compressor *compressor;
static compress_fn *compress;
static struct compressor_state *state;
static void *space;

/* Loop tests choose the compressor by their index. */
static void use(int id)
{
	bool is_harder = id > HARDER;

	compressor =
	    compressor_find((enum compressor_id)(is_harder ? id - HARDER : id));
	ck_assert_ptr_nonnull(compressor);
	compress =
	    is_harder ? compressor->compress_harder : compressor->compress;
	space = malloc(compressor->state_bytes);
	state = compressor->state_init(space, compressor->state_bytes);
	ck_assert_ptr_nonnull(state);
}

static void teardown(void)
{
	free(space);
}

static void fill_text(uint8_t *bytes, size_t len)
{
	static const char text[] = "GET /index.html HTTP/1.1\r\nHost: a.example"
				   "\r\nAccept: text/html, text/plain\r\n";

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)text[(i + i / 150) % (sizeof(text) - 1)];
}

static bool is_guard(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != GUARD)
			return false;
	}
	return true;
}

/* Expands into a buffer of exactly `original` bytes between guards. */
static bool expand(
    uint8_t *dst, size_t original, const uint8_t *src, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1); /* for ASan */
	uint8_t *guarded = malloc(original + 2 * 64);
	bool ret;

	memcpy(copy, src, len);
	memset(guarded, GUARD, original + 2 * 64);
	ret = compressor->expand(state, guarded + 64, original, copy, len);
	ck_assert(is_guard(guarded, 64));
	ck_assert(is_guard(guarded + 64 + original, 64));
	if (ret && dst)
		memcpy(dst, guarded + 64, original);
	free(copy);
	free(guarded);
	return ret;
}

START_TEST(compress_table_knows_its_ids_only)
{
	ck_assert_ptr_eq(compressor_find(COMPRESSOR_LZ4), &compressor_lz4);
	ck_assert_ptr_eq(compressor_find(COMPRESSOR_ZSTD), &compressor_zstd);
	ck_assert_ptr_null(compressor_find(COMPRESSOR_NONE));
	ck_assert_ptr_null(compressor_find(3));
	ck_assert_str_eq(compressor_lz4.name, "lz4");
	ck_assert_str_eq(compressor_zstd.name, "zstd");
}
END_TEST

START_TEST(compress_text_shrinks_and_comes_back)
{
	uint8_t text[LEN], block[LEN], back[LEN];
	size_t len;

	use(_i);
	fill_text(text, LEN);
	len = compress(state, block, LEN, text, LEN);
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_lt(len, LEN / 4);
	ck_assert(expand(back, LEN, block, len));
	ck_assert_mem_eq(back, text, LEN);
}
END_TEST

START_TEST(compress_random_bytes_do_not_fit)
{
	uint8_t bytes[LEN], block[LEN];
	uint64_t random = repeatable_seed();

	use(_i);
	repeatable_fill(&random, bytes, LEN);
	ck_assert_uint_eq(compress(state, block, LEN - 1, bytes, LEN), 0);
}
END_TEST

START_TEST(compress_never_writes_beyond_its_room)
{
	uint8_t text[LEN], block[LEN];
	size_t len;

	use(_i);
	fill_text(text, LEN);
	for (size_t room = 0; room < LEN; room += 7) {
		memset(block, GUARD, sizeof(block));
		len = compress(state, block, room, text, LEN);
		ck_assert_uint_le(len, room);
		ck_assert(is_guard(block + room, LEN - room));
	}
}
END_TEST

/* A failure in between must not change what comes after it. */
START_TEST(compress_packets_do_not_depend_on_each_other)
{
	uint8_t text[LEN], other[LEN], first[LEN], again[LEN], back[LEN];
	uint64_t random = repeatable_seed();
	size_t len, len_again;

	use(_i);
	fill_text(text, LEN);
	len = compress(state, first, LEN, text, LEN);
	for (int i = 0; i < 200; i++) {
		repeatable_fill(&random, other, LEN);
		memcpy(other + i, text, (size_t)i * 5);
		(void)compress(state, back, (size_t)i * 7, other, LEN);
		(void)expand(back, LEN, other, (size_t)i);
		len_again = compress(state, again, LEN, text, LEN);
		ck_assert_uint_eq(len_again, len);
		ck_assert_mem_eq(again, first, len);
		ck_assert(expand(back, LEN, again, len));
		ck_assert_mem_eq(back, text, LEN);
	}
}
END_TEST

START_TEST(compress_random_mixtures_come_back)
{
	static uint8_t bytes[65535], block[65535 + 1000], back[65535];
	uint64_t random = repeatable_seed();

	use(_i);
	for (int i = 0; i < 300; i++) {
		size_t len = 1 + repeatable_next(&random) %
				     (i % 50 == 0 ? sizeof(bytes) : 2000);
		uint8_t mask = (uint8_t)repeatable_next(&random);
		size_t written;

		for (size_t k = 0; k < len; k++)
			bytes[k] = (uint8_t)(repeatable_next(&random) & mask);
		written = compress(state, block, sizeof(block), bytes, len);
		ck_assert_uint_gt(written, 0);
		ck_assert(expand(back, len, block, written));
		ck_assert_mem_eq(back, bytes, len);
	}
}
END_TEST

START_TEST(compress_forged_original_size_is_refused)
{
	uint8_t text[LEN], block[LEN];
	size_t len;

	use(_i);
	fill_text(text, LEN);
	len = compress(state, block, LEN, text, LEN);
	for (size_t original = 0; original < 2 * LEN; original++)
		ck_assert_int_eq(
		    expand(NULL, original, block, len), original == LEN);
}
END_TEST

START_TEST(compress_truncated_blocks_are_refused)
{
	uint8_t text[LEN], block[LEN];
	size_t len;

	use(_i);
	fill_text(text, LEN);
	len = compress(state, block, LEN, text, LEN);
	for (size_t cut = 0; cut < len; cut++)
		ck_assert(!expand(NULL, LEN, block, cut));
	ck_assert(expand(NULL, LEN, block, len));
}
END_TEST

START_TEST(compress_trailing_bytes_are_refused)
{
	uint8_t text[LEN], block[LEN + 1] = {0};
	size_t len;

	use(_i);
	fill_text(text, LEN);
	len = compress(state, block, LEN, text, LEN);
	block[len] = 0x77;
	ck_assert(!expand(NULL, LEN, block, len + 1));
}
END_TEST

/* Whatever comes: the guards hold, and ASan and UBSan are quiet. */
START_TEST(compress_damaged_blocks_stay_in_bounds)
{
	uint8_t text[LEN], block[LEN], damaged[LEN], back[LEN];
	uint64_t random = repeatable_seed();
	size_t len;

	use(_i);
	fill_text(text, LEN);
	len = compress(state, block, LEN, text, LEN);
	for (int i = 0; i < 10000; i++) {
		memcpy(damaged, block, len);
		for (uint64_t k = 0; k <= repeatable_next(&random) % 4; k++)
			damaged[repeatable_next(&random) % len] =
			    (uint8_t)repeatable_next(&random);
		(void)expand(back, LEN, damaged, len);
	}
	for (int i = 0; i < 10000; i++) {
		size_t junk_len = repeatable_next(&random) % 64;

		repeatable_fill(&random, damaged, junk_len);
		(void)expand(
		    back, repeatable_next(&random) % LEN, damaged, junk_len);
	}
}
END_TEST

#define BOMB_BYTES (1 << 20)

/* A megabyte of zeros in some 4000 (LZ4) or 50 (zstd) bytes. */
START_TEST(compress_bombs_are_refused)
{
	uint8_t *zeros = calloc(1, BOMB_BYTES);
	uint8_t *bomb = malloc(BOMB_BYTES);
	size_t len;

	use(_i);
	len = compress(state, bomb, BOMB_BYTES, zeros, BOMB_BYTES);
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_lt(len, 5000);
	ck_assert(!expand(NULL, 1500, bomb, len));
	ck_assert(!expand(NULL, 65535, bomb, len));
	free(zeros);
	free(bomb);
}
END_TEST

/* Magicless frames: descriptor with single segment and 8 bytes of size. */
START_TEST(compress_zstd_forged_content_sizes_are_refused)
{
	static const uint8_t huge[] = {0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0x0f, 0x03, 0x00, 0x00, 0x00};
	/* A window of 2^41 bytes, then an RLE block of 1400 zeros. */
	static const uint8_t window[] = {
	    0x00, 0xf8, 0x03 | 0xc0, 0x2b, 0x00, 0x00};
	/* RLE block that claims 2^21 - 1 bytes. */
	static const uint8_t rle[] = {0x00, 0x58, 0xfb, 0xff, 0xff, 0x00};

	use(COMPRESSOR_ZSTD);
	ck_assert(!expand(NULL, LEN, huge, sizeof(huge)));
	ck_assert(!expand(NULL, LEN, window, sizeof(window)));
	ck_assert(!expand(NULL, LEN, rle, sizeof(rle)));
}
END_TEST

/* A frame with its magic number is not what the wire carries. */
START_TEST(compress_zstd_ordinary_frames_are_refused)
{
	uint8_t text[LEN], frame[ROOM];
	size_t len;

	use(COMPRESSOR_ZSTD);
	fill_text(text, LEN);
	len = ZSTD_compress(frame, sizeof(frame), text, LEN, 1);
	ck_assert(!ZSTD_isError(len));
	ck_assert(!expand(NULL, LEN, frame, len));
}
END_TEST

START_TEST(compress_lz4_is_the_ordinary_block_format)
{
	uint8_t text[LEN], block[ROOM], back[LEN];
	int len;

	use(COMPRESSOR_LZ4);
	fill_text(text, LEN);
	len = LZ4_compress_default(
	    (const char *)text, (char *)block, LEN, sizeof(block));
	ck_assert_int_gt(len, 0);
	ck_assert(expand(back, LEN, block, (size_t)len));
	ck_assert_mem_eq(back, text, LEN);
}
END_TEST

START_TEST(compress_harder_makes_text_smaller)
{
	uint8_t text[LEN], block[LEN];
	uint64_t random = 1;
	size_t len;

	use(_i);
	repeatable_words(&random, text, LEN);
	len = compressor->compress(state, block, LEN, text, LEN);
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_lt(
	    compressor->compress_harder(state, block, LEN, text, LEN), len);
}
END_TEST

START_TEST(compress_state_needs_all_its_space)
{
	use(_i);
	ck_assert_ptr_null(
	    compressor->state_init(space, compressor->state_bytes - 1));
}
END_TEST

START_TEST(compress_pre_test_lets_text_pass)
{
	uint8_t text[LEN], zeros[COMPRESS_BYTES_MIN] = {0};

	fill_text(text, LEN);
	ck_assert(compress_looks_worth_it(text, LEN));
	ck_assert(compress_looks_worth_it(text, COMPRESS_BYTES_MIN));
	ck_assert(compress_looks_worth_it(zeros, sizeof(zeros)));
}
END_TEST

START_TEST(compress_pre_test_stops_random_bytes)
{
	uint64_t random = repeatable_seed();
	uint8_t bytes[LEN];
	int passed = 0;

	for (int i = 0; i < 1000; i++) {
		repeatable_fill(&random, bytes, LEN);
		passed += compress_looks_worth_it(
		    bytes, COMPRESS_BYTES_MIN + (size_t)i);
	}
	ck_assert_int_le(passed, 20);
}
END_TEST

START_TEST(compress_pre_test_refuses_tiny_packets)
{
	uint8_t zeros[64] = {0};

	for (size_t len = 0; len < sizeof(zeros); len++)
		ck_assert(!compress_looks_worth_it(zeros, len));
}
END_TEST

static struct compress_flows flows;

/* How many packets are left alone before one is tried again. */
static int left_alone(uint32_t flow)
{
	int ret = 0;

	while (!compress_flow_may_try(&flows, flow, 1))
		ret++;
	return ret;
}

static void fail_times(uint32_t flow, int times)
{
	for (int i = 0; i < times; i++)
		compress_flow_failed(&flows, flow);
}

START_TEST(compress_flow_backs_off_after_eight_failures)
{
	fail_times(1, 7);
	ck_assert_int_eq(left_alone(1), 0);
	fail_times(1, 1);
	ck_assert_int_eq(left_alone(1), 16);
	ck_assert_int_eq(left_alone(1), 0);
}
END_TEST

START_TEST(compress_flow_back_off_doubles_up_to_4096)
{
	int expected = 16;

	fail_times(1, 8);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(left_alone(1), expected);
		expected = expected < 4096 ? 2 * expected : 4096;
		fail_times(1, 1);
	}
	ck_assert_int_eq(expected, 4096);
}
END_TEST

/* A super-packet never takes more than is left. */
START_TEST(compress_flow_leaves_out_many_at_a_time)
{
	ck_assert(!compress_flow_rests(&flows, 1));
	fail_times(1, 8);
	ck_assert(!compress_flow_may_try(&flows, 1, 10));
	ck_assert_int_eq(left_alone(1), 6);
	ck_assert(compress_flow_rests(&flows, 1));
	fail_times(1, 1);
	ck_assert(!compress_flow_may_try(&flows, 1, 40));
	ck_assert_int_eq(left_alone(1), 0);
	ck_assert(compress_flow_rests(&flows, 1));
	compress_flow_succeeded(&flows, 1);
	ck_assert(!compress_flow_rests(&flows, 1));
}
END_TEST

START_TEST(compress_flow_success_forgets_failures)
{
	fail_times(1, 7);
	compress_flow_succeeded(&flows, 1);
	fail_times(1, 7);
	ck_assert_int_eq(left_alone(1), 0);
	fail_times(1, 1);
	ck_assert_int_eq(left_alone(1), 16);
	fail_times(1, 1);
	ck_assert_int_eq(left_alone(1), 32);
	compress_flow_succeeded(&flows, 1);
	fail_times(1, 8);
	ck_assert_int_eq(left_alone(1), 16);
}
END_TEST

START_TEST(compress_flows_are_apart_unless_they_collide)
{
	fail_times(1, 8);
	ck_assert(compress_flow_may_try(&flows, 2, 1));
	ck_assert(!compress_flow_may_try(&flows, 1 + COMPRESS_FLOWS, 1));
	ck_assert(compress_flow_may_try(&flows, UINT32_MAX, 1));
}
END_TEST

#define WINDOW_BYTES 5000000 /* 50 MB/s */

static struct compress_pace pace;

static bool is_slow_after(int64_t ms, size_t len)
{
	static int64_t now_ns;

	now_ns += ms * NS_PER_MS;
	return compress_pace_is_slow(
	    &pace, len, (struct instant){.ns = now_ns});
}

START_TEST(compress_pace_below_its_limit_is_always_slow)
{
	for (int i = 0; i < 100; i++) {
		ck_assert(is_slow_after(99, WINDOW_BYTES / 2));
		ck_assert(is_slow_after(1, WINDOW_BYTES / 2));
	}
}
END_TEST

START_TEST(compress_pace_above_its_limit_is_never_slow)
{
	ck_assert(is_slow_after(1000, WINDOW_BYTES));
	ck_assert(!is_slow_after(99, 1));
	for (int i = 0; i < 100; i++) {
		ck_assert(!is_slow_after(1, 1));
		ck_assert(!is_slow_after(99, WINDOW_BYTES));
	}
}
END_TEST

START_TEST(compress_pace_forgets_after_a_window_below_its_limit)
{
	ck_assert(!is_slow_after(1000, WINDOW_BYTES + 1));
	ck_assert(!is_slow_after(100, WINDOW_BYTES));
	ck_assert(is_slow_after(100, 1));
	ck_assert(!is_slow_after(1, WINDOW_BYTES));
	ck_assert(is_slow_after(200, 1));
}
END_TEST

static void add_pace(TCase *tcase)
{
	tcase_add_test(tcase, compress_pace_below_its_limit_is_always_slow);
	tcase_add_test(tcase, compress_pace_above_its_limit_is_never_slow);
	tcase_add_test(
	    tcase, compress_pace_forgets_after_a_window_below_its_limit);
}

static void add_expand(TCase *tcase)
{
	tcase_add_loop_test(tcase, compress_text_shrinks_and_comes_back,
	    COMPRESSOR_LZ4, COMPRESSORS_END);
	tcase_add_loop_test(tcase, compress_random_bytes_do_not_fit,
	    COMPRESSOR_LZ4, COMPRESSORS_END);
	tcase_add_loop_test(tcase, compress_never_writes_beyond_its_room,
	    COMPRESSOR_LZ4, COMPRESSORS_END);
	tcase_add_loop_test(tcase, compress_packets_do_not_depend_on_each_other,
	    COMPRESSOR_LZ4, COMPRESSORS_END);
	tcase_add_loop_test(tcase, compress_random_mixtures_come_back,
	    COMPRESSOR_LZ4, COMPRESSORS_END);
	tcase_add_loop_test(tcase, compress_forged_original_size_is_refused,
	    COMPRESSOR_LZ4, COMPRESSORS_END);
	tcase_add_loop_test(tcase, compress_truncated_blocks_are_refused,
	    COMPRESSOR_LZ4, COMPRESSORS_END);
	tcase_add_loop_test(tcase, compress_trailing_bytes_are_refused,
	    COMPRESSOR_LZ4, COMPRESSORS_END);
	tcase_add_loop_test(tcase, compress_damaged_blocks_stay_in_bounds,
	    COMPRESSOR_LZ4, COMPRESSORS_END);
	tcase_add_loop_test(
	    tcase, compress_bombs_are_refused, COMPRESSOR_LZ4, COMPRESSORS_END);
	tcase_add_loop_test(tcase, compress_state_needs_all_its_space,
	    COMPRESSOR_LZ4, COMPRESSORS_END);
	tcase_add_test(tcase, compress_zstd_forged_content_sizes_are_refused);
	tcase_add_test(tcase, compress_zstd_ordinary_frames_are_refused);
	tcase_add_test(tcase, compress_lz4_is_the_ordinary_block_format);
	tcase_add_loop_test(tcase, compress_harder_makes_text_smaller,
	    COMPRESSOR_LZ4, COMPRESSOR_ZSTD + 1);
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("compress");
	TCase *tcase = tcase_create("compress");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, compress_table_knows_its_ids_only);
	add_expand(tcase);
	add_pace(tcase);
	tcase_add_test(tcase, compress_pre_test_lets_text_pass);
	tcase_add_test(tcase, compress_pre_test_stops_random_bytes);
	tcase_add_test(tcase, compress_pre_test_refuses_tiny_packets);
	tcase_add_test(tcase, compress_flow_backs_off_after_eight_failures);
	tcase_add_test(tcase, compress_flow_back_off_doubles_up_to_4096);
	tcase_add_test(tcase, compress_flow_leaves_out_many_at_a_time);
	tcase_add_test(tcase, compress_flow_success_forgets_failures);
	tcase_add_test(tcase, compress_flows_are_apart_unless_they_collide);
	suite_add_tcase(suite, tcase);
	return suite;
}
