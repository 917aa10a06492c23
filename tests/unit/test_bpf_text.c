/* SPDX-License-Identifier: ISC */
/* A program as text, and back. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "packet/bpf_text.h"

static const struct bpf_instruction program[] = {
    {0x28, 0, 0, 12}, {0x15, 1, 255, 0x86dd}, {6, 0, 0, UINT32_MAX}};
#define TEXT                                                                   \
	"00280000"                                                             \
	"0000000c"                                                             \
	"001501ff"                                                             \
	"000086dd"                                                             \
	"00060000"                                                             \
	"ffffffff"

START_TEST(a_program_is_written_and_read_back)
{
	char text[BPF_TEXT_BYTES(3)];
	struct bpf_instruction again[3];

	bpf_text_write(text, program, 3);
	ck_assert_str_eq(text, TEXT);
	ck_assert_uint_eq(bpf_text_count(text), 3);
	bpf_text_read(again, text);
	ck_assert_mem_eq(again, program, sizeof(program));
}
END_TEST

static const char *const wrong[] = {"", "0", "002800000000000", TEXT "0",
    "0028000000000 0c", "002800000000000C", "0x28000000000000",
    "00280000000000\xc3\xa4"};

START_TEST(what_is_no_program_is_refused)
{
	ck_assert_uint_eq(bpf_text_count(wrong[_i]), 0);
}
END_TEST

START_TEST(a_program_may_have_4096_instructions_and_no_more)
{
	size_t len = (BPF_INSTRUCTIONS_MAX + 1) * BPF_TEXT_DIGITS;
	char *text = malloc(len + 1);

	memset(text, '0', len);
	text[len] = '\0';
	ck_assert_uint_eq(bpf_text_count(text), 0);
	text[len - BPF_TEXT_DIGITS] = '\0';
	ck_assert_uint_eq(bpf_text_count(text), BPF_INSTRUCTIONS_MAX);
	free(text);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("bpf_text");
	TCase *tcase = tcase_create("text");

	tcase_add_test(tcase, a_program_is_written_and_read_back);
	tcase_add_loop_test(tcase, what_is_no_program_is_refused, 0,
	    (int)(sizeof(wrong) / sizeof(*wrong)));
	tcase_add_test(tcase, a_program_may_have_4096_instructions_and_no_more);
	suite_add_tcase(suite, tcase);
	return suite;
}
