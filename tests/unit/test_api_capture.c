/* SPDX-License-Identifier: ISC */
/* The records of a capture: written, read, and damaged. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "api/capture.h"
#include "base/cursor.h"

static const struct capture_record record = {
    .kind = CAPTURE_PACKET,
    .flags = CAPTURE_OUTBOUND | CAPTURE_DROP,
    .time_ns = UINT64_C(1790000000123456789),
    .segments = 44,
    .segment_bytes = 1400,
    .len = 61640,
    .captured = 5,
    .bytes = (const uint8_t *)"bytes",
    .peer = "branch",
    .stage = "mtu",
    .reason = "PKT_TOO_BIG",
};

/* Head and bytes behind each other. */
static size_t write_whole(uint8_t *to, const struct capture_record *from)
{
	size_t len = capture_head_write(to, from);

	if (from->captured)
		memcpy(to + len, from->bytes, from->captured);
	return len + from->captured;
}

START_TEST(a_record_is_read_as_it_was_written)
{
	uint8_t part[2 * CAPTURE_HEAD_BYTES];
	size_t len = write_whole(part, &record);
	struct cursor cursor;
	struct capture_record got;

	len += write_whole(part + len, &record);
	cursor = cursor_of(part, len);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(capture_record_read(&got, &cursor), 1);
		ck_assert_int_eq(got.kind, record.kind);
		ck_assert_uint_eq(got.flags, record.flags);
		ck_assert_uint_eq(got.time_ns, record.time_ns);
		ck_assert_uint_eq(got.segments, record.segments);
		ck_assert_uint_eq(got.segment_bytes, record.segment_bytes);
		ck_assert_uint_eq(got.len, record.len);
		ck_assert_uint_eq(got.captured, record.captured);
		ck_assert_mem_eq(got.bytes, record.bytes, record.captured);
		ck_assert_str_eq(got.peer, record.peer);
		ck_assert_str_eq(got.stage, record.stage);
		ck_assert_str_eq(got.reason, record.reason);
	}
	ck_assert_int_eq(capture_record_read(&got, &cursor), 0);
}
END_TEST

START_TEST(long_names_are_cut_and_the_head_has_room_for_them)
{
	char name[201] = "";
	struct capture_record large = record, got;
	uint8_t part[CAPTURE_HEAD_BYTES + 5];
	struct cursor cursor;

	memset(name, 'n', sizeof(name) - 1);
	large.peer = large.stage = large.reason = name;
	cursor = cursor_of(part, write_whole(part, &large));
	ck_assert_int_eq(capture_record_read(&got, &cursor), 1);
	ck_assert_uint_eq(strlen(got.peer), 63);
	ck_assert_uint_eq(strlen(got.reason), 63);
	ck_assert_uint_eq(got.captured, 5);
}
END_TEST

START_TEST(a_record_that_is_cut_is_damaged)
{
	uint8_t part[2 * CAPTURE_HEAD_BYTES];
	size_t len = write_whole(part, &record);
	struct capture_record got;

	for (size_t i = 1; i < len; i++) {
		struct cursor cursor = cursor_of(part, i);

		ck_assert_int_eq(capture_record_read(&got, &cursor), -EINVAL);
	}
}
END_TEST

/* Each byte of the head made another: read or refused, never read beyond. */
START_TEST(a_name_longer_than_any_is_damaged)
{
	uint8_t part[2 * CAPTURE_HEAD_BYTES] = {0};
	struct capture_record whole = record, got;
	struct cursor cursor;
	uint8_t *name;
	size_t len;

	whole.peer = "a";
	len = write_whole(part, &whole);
	name = memmem(part, len, "\1a", 3);
	ck_assert_ptr_nonnull(name);
	memmove(name + 102, name + 3, len - (size_t)(name + 3 - part));
	*name = 100;
	memset(name + 1, 'a', 100);
	name[101] = '\0';
	part[0] = (uint8_t)(part[0] + 99);
	cursor = cursor_of(part, len + 99);
	ck_assert_int_eq(capture_record_read(&got, &cursor), -EINVAL);
}
END_TEST

START_TEST(a_damaged_head_is_refused_or_has_its_texts_ended)
{
	uint8_t part[2 * CAPTURE_HEAD_BYTES];
	size_t len = write_whole(part, &record);
	size_t refused = 0;

	for (size_t i = 0; i < len * 256; i++) {
		uint8_t before = part[i / 256];
		struct cursor cursor = cursor_of(part, len);
		struct capture_record got;

		part[i / 256] = (uint8_t)i;
		if (capture_record_read(&got, &cursor) == 1) {
			ck_assert_uint_le(strlen(got.peer), 63);
			ck_assert_uint_le(strlen(got.stage), 63);
			ck_assert_uint_le(strlen(got.reason), 63);
			ck_assert_ptr_eq(got.bytes + got.captured, cursor.at);
		} else {
			refused++;
		}
		part[i / 256] = before;
	}
	ck_assert_uint_gt(refused, 1000);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("api_capture");
	TCase *tcase = tcase_create("records");

	tcase_add_test(tcase, a_record_is_read_as_it_was_written);
	tcase_add_test(
	    tcase, long_names_are_cut_and_the_head_has_room_for_them);
	tcase_add_test(tcase, a_record_that_is_cut_is_damaged);
	tcase_add_test(tcase, a_name_longer_than_any_is_damaged);
	tcase_add_test(tcase, a_damaged_head_is_refused_or_has_its_texts_ended);
	suite_add_tcase(suite, tcase);
	return suite;
}
