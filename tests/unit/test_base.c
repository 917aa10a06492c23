/* SPDX-License-Identifier: ISC */
/* The small modules of base: bucket, log, memory, cursor, instant. */
#include "unit.h"

#include <string.h>

#include "base/bucket.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/memory.h"

static struct instant at_ms(int64_t ms)
{
	return (struct instant){.ns = ms * NS_PER_MS};
}

static const struct bucket_rate slow = {.rate = 20, .burst = 5};

static unsigned take_all(struct bucket *bucket, struct instant now)
{
	unsigned taken = 0;

	while (bucket_take(bucket, &slow, now))
		taken++;
	return taken;
}

START_TEST(bucket_gives_its_burst_and_then_its_rate)
{
	struct bucket bucket;

	bucket_init(&bucket, &slow, at_ms(0));
	ck_assert_uint_eq(take_all(&bucket, at_ms(0)), 5);
	ck_assert_uint_eq(take_all(&bucket, at_ms(49)), 0);
	ck_assert_uint_eq(take_all(&bucket, at_ms(50)), 1);
	ck_assert_uint_eq(take_all(&bucket, at_ms(200)), 3);
	ck_assert_uint_eq(take_all(&bucket, at_ms(100000)), 5);
}
END_TEST

START_TEST(bucket_keeps_fractions_of_a_token)
{
	struct bucket bucket;
	unsigned taken = 0;

	bucket_init(&bucket, &slow, at_ms(0));
	ck_assert_uint_eq(take_all(&bucket, at_ms(0)), 5);
	for (int ms = 1; ms <= 1000; ms++)
		taken += take_all(&bucket, at_ms(ms));
	ck_assert_uint_eq(taken, 20);
}
END_TEST

START_TEST(bucket_takes_nothing_when_time_goes_back)
{
	struct bucket bucket;

	bucket_init(&bucket, &slow, at_ms(1000));
	ck_assert_uint_eq(take_all(&bucket, at_ms(1000)), 5);
	ck_assert_uint_eq(take_all(&bucket, at_ms(10)), 0);
}
END_TEST

START_TEST(bucket_without_rate_gives_nothing)
{
	static const struct bucket_rate none = {.rate = 0, .burst = 5};
	struct bucket bucket;

	bucket_init(&bucket, &none, at_ms(0));
	ck_assert(!bucket_take(&bucket, &none, at_ms(100000)));
}
END_TEST

struct heard {
	unsigned lines;
	enum log_level level;
	char line[LOG_LINE_BYTES];
};

static void hear(void *context, enum log_level level, const char *line)
{
	struct heard *heard = context;

	heard->lines++;
	heard->level = level;
	strncpy(heard->line, line, sizeof(heard->line) - 1);
}

START_TEST(log_writes_up_to_its_level)
{
	struct heard heard = {0};
	struct log log = {LOG_LEVEL_WARNING, hear, &heard};

	log_info(&log, "not %s", "this");
	log_debug(&log, "nor this");
	ck_assert_uint_eq(heard.lines, 0);
	log_warning(&log, "peer %s: %d", "branch", 7);
	ck_assert_str_eq(heard.line, "peer branch: 7");
	ck_assert_int_eq(heard.level, LOG_LEVEL_WARNING);
	log_error(&log, "this too");
	ck_assert_uint_eq(heard.lines, 2);
	log_error(NULL, "nobody listens");
}
END_TEST

START_TEST(log_replaces_control_bytes)
{
	struct heard heard = {0};
	struct log log = {LOG_LEVEL_DEBUG, hear, &heard};

	log_debug(&log, "a\nb\x1b[1mc\x7f\td");
	ck_assert_str_eq(heard.line, "a?b?[1mc??d");
}
END_TEST

START_TEST(log_cuts_a_long_line)
{
	struct heard heard = {0};
	struct log log = {LOG_LEVEL_DEBUG, hear, &heard};

	log_debug(&log, "%0*d", 5000, 1);
	ck_assert_uint_eq(strlen(heard.line), LOG_LINE_BYTES - 1);
}
END_TEST

START_TEST(log_levels_have_names)
{
	ck_assert_str_eq(log_level_name(LOG_LEVEL_ERROR), "error");
	ck_assert_str_eq(log_level_name(LOG_LEVEL_DEBUG), "debug");
	ck_assert_str_eq(
	    log_level_name((enum log_level)LOG_LEVEL_COUNT), "unknown");
}
END_TEST

START_TEST(log_limit_counts_what_it_left_out)
{
	struct log_limit limit = {.interval_ns = NS_PER_S};
	unsigned long skipped = 99;

	ck_assert(log_limit_allows(&limit, at_ms(0), &skipped));
	ck_assert_uint_eq(skipped, 0);
	ck_assert(!log_limit_allows(&limit, at_ms(1), &skipped));
	ck_assert(!log_limit_allows(&limit, at_ms(999), &skipped));
	ck_assert(log_limit_allows(&limit, at_ms(1000), &skipped));
	ck_assert_uint_eq(skipped, 2);
	ck_assert(log_limit_allows(&limit, at_ms(3000), &skipped));
	ck_assert_uint_eq(skipped, 0);
}
END_TEST

START_TEST(memory_comes_zeroed_and_goes)
{
	static const uint8_t zeros[100];
	uint8_t *bytes = memory_alloc(&memory_heap, sizeof(zeros));

	ck_assert_mem_eq(bytes, zeros, sizeof(zeros));
	memset(bytes, 1, sizeof(zeros));
	memory_release(&memory_heap, bytes, sizeof(zeros));
	memory_release(&memory_heap, NULL, 7);
}
END_TEST

START_TEST(cursor_reads_both_orders)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct cursor c = cursor_of(bytes, sizeof(bytes));

	ck_assert_uint_eq(cursor_le16(&c), 0x0201);
	ck_assert_uint_eq(cursor_be16(&c), 0x0304);
	ck_assert_uint_eq(cursor_be32(&c), 0x05060708);
	ck_assert_uint_eq(cursor_u8(&c), 9);
	ck_assert(!c.has_failed);
	c = cursor_of(bytes, sizeof(bytes));
	ck_assert_uint_eq(cursor_le64(&c), 0x0807060504030201);
	c = cursor_of(bytes, sizeof(bytes));
	ck_assert_uint_eq(cursor_be64(&c), 0x0102030405060708);
	c = cursor_of(bytes, sizeof(bytes));
	ck_assert_uint_eq(cursor_le32(&c), 0x04030201);
}
END_TEST

START_TEST(cursor_stays_failed_past_its_end)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct cursor c = cursor_of(bytes, sizeof(bytes));
	uint8_t copy[2] = {7, 7};

	ck_assert_uint_eq(cursor_be32(&c), 0);
	ck_assert(c.has_failed);
	ck_assert_uint_eq(cursor_u8(&c), 0);
	cursor_copy(&c, copy, sizeof(copy));
	ck_assert_uint_eq(copy[0] + copy[1], 0);
	c = cursor_of(bytes, sizeof(bytes));
	cursor_skip(&c, SIZE_MAX);
	ck_assert(c.has_failed);
}
END_TEST

START_TEST(writer_writes_nothing_past_its_end)
{
	uint8_t bytes[8] = {0};
	struct writer w = writer_of(bytes, 7);
	static const uint8_t expected[8] = {1, 2, 4, 3, 9, 0, 0, 0};

	writer_be(&w, 0x0102, 2);
	writer_le(&w, 0x0304, 2);
	writer_bytes(&w, "\x09", 1);
	writer_zeros(&w, 1);
	ck_assert(!w.has_failed);
	writer_be(&w, 0xffff, 2);
	ck_assert(w.has_failed);
	writer_be(&w, 0xff, 1);
	ck_assert_mem_eq(bytes, expected, sizeof(bytes));
}
END_TEST

START_TEST(never_is_later_than_all_and_stays)
{
	struct instant now = at_ms(5);

	ck_assert(instant_is_never(instant_after(INSTANT_NEVER, 1)));
	ck_assert(instant_is_before(now, INSTANT_NEVER));
	ck_assert(!instant_has_come(INSTANT_NEVER, now));
	ck_assert(instant_has_come(now, now));
	ck_assert_int_eq(instant_earlier(INSTANT_NEVER, now).ns, now.ns);
	ck_assert_int_eq(instant_earlier(now, INSTANT_NEVER).ns, now.ns);
	ck_assert_int_eq(instant_age_ns(INSTANT_NEVER, now), INT64_MAX);
	ck_assert_int_eq(instant_age_ns(at_ms(2), now), 3 * NS_PER_MS);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("base");
	TCase *tcase = tcase_create("base");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, bucket_gives_its_burst_and_then_its_rate);
	tcase_add_test(tcase, bucket_keeps_fractions_of_a_token);
	tcase_add_test(tcase, bucket_takes_nothing_when_time_goes_back);
	tcase_add_test(tcase, bucket_without_rate_gives_nothing);
	tcase_add_test(tcase, log_writes_up_to_its_level);
	tcase_add_test(tcase, log_replaces_control_bytes);
	tcase_add_test(tcase, log_cuts_a_long_line);
	tcase_add_test(tcase, log_levels_have_names);
	tcase_add_test(tcase, log_limit_counts_what_it_left_out);
	tcase_add_test(tcase, memory_comes_zeroed_and_goes);
	tcase_add_test(tcase, cursor_reads_both_orders);
	tcase_add_test(tcase, cursor_stays_failed_past_its_end);
	tcase_add_test(tcase, writer_writes_nothing_past_its_end);
	tcase_add_test(tcase, never_is_later_than_all_and_stays);
	return suite;
}
