/* SPDX-License-Identifier: ISC */
/* Frames, requests and verbs of the control socket. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "api/control.h"
#include "api/verbs.h"

START_TEST(control_header_is_read_as_it_was_written)
{
	struct control_header header = {1, CONTROL_PART, 65536}, back;
	uint8_t bytes[CONTROL_HEADER_BYTES];

	control_header_write(bytes, &header);
	ck_assert_mem_eq(bytes, "vpnd\1\0\2\0\0\0\1\0", sizeof(bytes));
	ck_assert_int_eq(control_header_read(&back, bytes), 0);
	ck_assert_uint_eq(back.version, 1);
	ck_assert_uint_eq(back.kind, CONTROL_PART);
	ck_assert_uint_eq(back.length, 65536);
}
END_TEST

static const struct {
	const char *bytes;
	int result;
} headers[] = {
    {"vpnd\1\0\1\0\0\0\1\0", 0},
    {"vpnd\7\0\1\0\0\0\0\0", 0}, /* a foreign version is the caller's */
    {"vpnd\1\0\3\0\4\0\1\0", 0},
    {"vpnX\1\0\1\0\0\0\0\0", -EPROTO},
    {"vpnd\1\0\0\0\0\0\0\0", -EPROTO},
    {"vpnd\1\0\4\0\0\0\0\0", -EPROTO},
    {"vpnd\1\0\1\0\1\0\1\0", -EPROTO},
    {"vpnd\1\0\2\0\1\0\1\0", -EPROTO},
    {"vpnd\1\0\3\0\5\0\1\0", -EPROTO},
    {"vpnd\1\0\1\0\xff\xff\xff\xff", -EPROTO},
};

START_TEST(control_header_is_taken_or_refused)
{
	struct control_header header;

	ck_assert_int_eq(
	    control_header_read(&header, (const uint8_t *)headers[_i].bytes),
	    headers[_i].result);
}
END_TEST

#define PARSE(request, body)                                                   \
	control_request_parse(request, body, sizeof(body) - 1)

START_TEST(control_request_is_split_at_its_nuls)
{
	struct control_request request;

	ck_assert_int_eq(PARSE(&request, "ping\0-c\0\0branch\0"), 0);
	ck_assert_str_eq(request.verb, "ping");
	ck_assert_uint_eq(request.arguments_count, 3);
	ck_assert_str_eq(request.arguments[0], "-c");
	ck_assert_str_eq(request.arguments[1], "");
	ck_assert_str_eq(request.arguments[2], "branch");
	ck_assert_int_eq(PARSE(&request, "status\0"), 0);
	ck_assert_uint_eq(request.arguments_count, 0);
}
END_TEST

START_TEST(control_request_is_refused_when_damaged)
{
	struct control_request request;

	ck_assert_int_eq(PARSE(&request, ""), -EINVAL);
	ck_assert_int_eq(PARSE(&request, "status"), -EINVAL);
	ck_assert_int_eq(PARSE(&request, "\0"), -EINVAL);
	ck_assert_int_eq(PARSE(&request, "\0a\0"), -EINVAL);
	ck_assert_int_eq(PARSE(&request, "ping\0\x1b[2J\0"), -EINVAL);
	ck_assert_int_eq(PARSE(&request, "ping\0\xff\0"), -EINVAL);
	ck_assert_int_eq(PARSE(&request, "pi\nng\0"), -EINVAL);
}
END_TEST

START_TEST(control_request_has_at_most_its_arguments)
{
	char body[2 * CONTROL_ARGUMENTS + 4];
	struct control_request request;

	memset(body, 0, sizeof(body));
	for (size_t i = 0; i < sizeof(body); i += 2)
		body[i] = 'a';
	ck_assert_int_eq(
	    control_request_parse(&request, body, 2 * CONTROL_ARGUMENTS + 2),
	    0);
	ck_assert_uint_eq(request.arguments_count, CONTROL_ARGUMENTS);
	ck_assert_int_eq(
	    control_request_parse(&request, body, sizeof(body)), -EINVAL);
}
END_TEST

START_TEST(verb_is_found_by_its_exact_name)
{
	ck_assert_ptr_null(verb_find("peer"));
	ck_assert_ptr_null(verb_find(""));
	ck_assert_ptr_null(verb_find("Status"));
	ck_assert_str_eq(verb_find("peer add")->name, "peer add");
	ck_assert_int_eq(verb_find("peer add")->rights, CONTROL_RIGHTS_ALL);
	ck_assert_int_eq(verb_find("status")->rights, CONTROL_RIGHTS_READ);
	ck_assert(!verb_find("genkey")->asks_daemon);
	for (size_t i = 0; i < verbs_count; i++)
		ck_assert_ptr_eq(verb_find(verbs[i].name), &verbs[i]);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("api_control");
	TCase *tcase = tcase_create("control");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, control_header_is_read_as_it_was_written);
	tcase_add_loop_test(tcase, control_header_is_taken_or_refused, 0,
	    (int)ARRAY_SIZE(headers));
	tcase_add_test(tcase, control_request_is_split_at_its_nuls);
	tcase_add_test(tcase, control_request_is_refused_when_damaged);
	tcase_add_test(tcase, control_request_has_at_most_its_arguments);
	tcase_add_test(tcase, verb_is_found_by_its_exact_name);
	return suite;
}
