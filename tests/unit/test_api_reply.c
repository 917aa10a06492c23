/* SPDX-License-Identifier: ISC */
/* Reply documents: written, read, and refused. */
#include "seed.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/reply.h"
#include "api/utf8.h"

START_TEST(reply_writes_each_kind_of_line)
{
	struct reply reply;

	reply_init(&reply);
	reply_string(&reply, "schema", "x/1");
	reply_open_object(&reply, "tunnel");
	reply_unsigned(&reply, "most", UINT64_MAX);
	reply_signed(&reply, "least", INT64_MIN);
	reply_milli(&reply, "rtt", -1250);
	reply_milli(&reply, "loss", 7);
	reply_bool(&reply, "up", true);
	reply_close_object(&reply);
	reply_open_array(&reply, "peers");
	reply_string(&reply, "", "a\tb\\c\nd\x7f");
	reply_string(&reply, "", NULL);
	reply_close_array(&reply);
	ck_assert_str_eq(reply.text,
	    "s\tschema\tx/1\n{\ttunnel\nu\tmost\t18446744073709551615\n"
	    "i\tleast\t-9223372036854775808\nf\trtt\t-1.250\n"
	    "f\tloss\t0.007\nb\tup\ttrue\n}\n[\tpeers\n"
	    "s\t\ta\\x09b\\\\c\\nd\\x7f\n]\n");
	ck_assert(!reply.has_failed);
	reply_clear(&reply);
}
END_TEST

START_TEST(reply_writes_invalid_utf8_as_question_marks)
{
	struct reply reply;

	reply_init(&reply);
	reply_string(&reply, "a", "\xc3\xa9\xff\xc3");
	ck_assert_str_eq(reply.text, "s\ta\t\xc3\xa9??\n");
	reply_clear(&reply);
}
END_TEST

START_TEST(reply_reads_back_random_strings)
{
	struct seed seed = seed_start();

	for (int round = 0; round < 2000; round++) {
		char text[64];
		size_t len = seed_below(&seed, sizeof(text));
		struct reply reply;
		struct reply_line line;
		char *at;

		for (size_t i = 0; i < len; i++)
			text[i] = (char)(1 + seed_below(&seed, 127));
		text[len] = '\0';
		reply_init(&reply);
		reply_string(&reply, "x", text);
		at = reply.text;
		ck_assert_int_eq(reply_read(&line, &at), 1);
		ck_assert_str_eq(line.name, "x");
		ck_assert_str_eq(line.value, text);
		ck_assert_int_eq(reply_read(&line, &at), 0);
		reply_clear(&reply);
	}
}
END_TEST

static const struct sample {
	const char *text;
	int result;
	const char *name, *value;
} samples[] = {
    {"", 0, NULL, NULL},
    {"s\ta\tb\n", 1, "a", "b"},
    {"s\t\t\n", 1, "", ""},
    {"s\ta\t\\\\\\n\\x09\n", 1, "a", "\\\n\t"},
    {"u\ta\t0\n", 1, "a", "0"},
    {"u\ta\t18446744073709551615\n", 1, "a", "18446744073709551615"},
    {"i\ta\t-5\n", 1, "a", "-5"},
    {"f\ta\t-1.25\n", 1, "a", "-1.25"},
    {"b\ta\tfalse\n", 1, "a", "false"},
    {"{\ta_9\n", 1, "a_9", NULL},
    {"[\t\n", 1, "", NULL},
    {"}\n", 1, "", NULL},
    {"]\n", 1, "", NULL},
    {"s\ta\tb", -EINVAL, NULL, NULL},	/* no end of line */
    {"x\ta\tb\n", -EINVAL, NULL, NULL}, /* unknown token */
    {"\n", -EINVAL, NULL, NULL},
    {"s\ta\n", -EINVAL, NULL, NULL}, /* no value */
    {"s\n", -EINVAL, NULL, NULL},
    {"ss\ta\tb\n", -EINVAL, NULL, NULL},
    {"{\n", -EINVAL, NULL, NULL},
    {"{\ta\tb\n", -EINVAL, NULL, NULL}, /* a value too much */
    {"}\ta\n", -EINVAL, NULL, NULL},
    {"}x\n", -EINVAL, NULL, NULL},
    {"s\tA\tb\n", -EINVAL, NULL, NULL}, /* no name */
    {"s\ta-b\tb\n", -EINVAL, NULL, NULL},
    {"s\ta\tb\tc\n", -EINVAL, NULL, NULL}, /* a bare TAB */
    {"s\ta\t\\q\n", -EINVAL, NULL, NULL},  /* unknown escape */
    {"s\ta\t\\\n", -EINVAL, NULL, NULL},
    {"s\ta\t\\x\n", -EINVAL, NULL, NULL},
    {"s\ta\t\\x0\n", -EINVAL, NULL, NULL},
    {"s\ta\t\\x00\n", -EINVAL, NULL, NULL}, /* would hide the rest */
    {"s\ta\t\\x41\n", -EINVAL, NULL, NULL}, /* needs no escape */
    {"s\ta\t\\x0A\n", -EINVAL, NULL, NULL}, /* capital */
    {"s\ta\t\xff\n", -EINVAL, NULL, NULL},
    {"s\ta\t\x01\n", -EINVAL, NULL, NULL},
    {"u\ta\t\n", -EINVAL, NULL, NULL},
    {"u\ta\t-1\n", -EINVAL, NULL, NULL},
    {"u\ta\t18446744073709551616\n", -EINVAL, NULL, NULL},
    {"u\ta\t1x\n", -EINVAL, NULL, NULL},
    {"i\ta\t9223372036854775808\n", -EINVAL, NULL, NULL},
    {"i\ta\t--1\n", -EINVAL, NULL, NULL},
    {"f\ta\t1\n", -EINVAL, NULL, NULL},
    {"f\ta\t.5\n", -EINVAL, NULL, NULL},
    {"f\ta\t1.\n", -EINVAL, NULL, NULL},
    {"f\ta\t1e5\n", -EINVAL, NULL, NULL},
    {"b\ta\tyes\n", -EINVAL, NULL, NULL},
};

START_TEST(reply_read_takes_or_refuses_a_line)
{
	const struct sample *sample = &samples[_i];
	char *text = strdup(sample->text), *at = text;
	struct reply_line line = {0};

	ck_assert_int_eq(reply_read(&line, &at), sample->result);
	if (sample->result == 1) {
		ck_assert_int_eq(line.token, sample->text[0]);
		ck_assert_str_eq(line.name, sample->name);
		ck_assert_pstr_eq(line.value, sample->value);
		ck_assert_int_eq(reply_read(&line, &at), 0);
	}
	free(text);
}
END_TEST

static const struct {
	const char *text;
	size_t bytes; /* of the first character, 0: none */
	uint32_t character;
} characters[] = {
    {"a", 1, 'a'},
    {"\x7f", 1, 0x7f},
    {"\xc2\x80", 2, 0x80},
    {"\xe2\x82\xac", 3, 0x20ac},
    {"\xf0\x9f\x98\x80", 4, 0x1f600},
    {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
    {"", 0, 0},
    {"\x80", 0, 0},
    {"\xc1\xbf", 0, 0},	    /* overlong */
    {"\xe0\x9f\xbf", 0, 0}, /* overlong */
    {"\xf0\x8f\xbf\xbf", 0, 0},
    {"\xed\xa0\x80", 0, 0},	/* surrogate */
    {"\xf4\x90\x80\x80", 0, 0}, /* beyond Unicode */
    {"\xc2", 0, 0},
    {"\xc2\x41", 0, 0},
    {"\xff", 0, 0},
};

START_TEST(utf8_reads_shortest_forms_of_scalar_values_only)
{
	const char *text = characters[_i].text;
	uint32_t character = 0;

	ck_assert_uint_eq(
	    utf8_read(&character, text, strlen(text)), characters[_i].bytes);
	ck_assert_uint_eq(character, characters[_i].character);
}
END_TEST

START_TEST(utf8_finds_control_characters)
{
	ck_assert(utf8_is_clean("a \xc3\xa9", 4));
	ck_assert(utf8_is_clean("", 0));
	ck_assert(!utf8_is_clean("a\0b", 3));
	ck_assert(!utf8_is_clean("\x1b", 1));
	ck_assert(!utf8_is_clean("\xc2\x9b", 2)); /* C1: CSI */
	ck_assert(utf8_is_clean("\xc2\xa0", 2));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("api_reply");
	TCase *tcase = tcase_create("reply");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, reply_writes_each_kind_of_line);
	tcase_add_test(tcase, reply_writes_invalid_utf8_as_question_marks);
	tcase_add_test(tcase, reply_reads_back_random_strings);
	tcase_add_loop_test(tcase, reply_read_takes_or_refuses_a_line, 0,
	    (int)ARRAY_SIZE(samples));
	tcase_add_loop_test(tcase,
	    utf8_reads_shortest_forms_of_scalar_values_only, 0,
	    (int)ARRAY_SIZE(characters));
	tcase_add_test(tcase, utf8_finds_control_characters);
	return suite;
}
