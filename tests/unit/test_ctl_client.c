/* SPDX-License-Identifier: ISC */
/* Tests of the frames that vpnctl takes, over a pair of sockets. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"
#include "ctl_pair.h"
#include "unit.h"

static const struct control_request request = {
    .verb = "peer add", .arguments = {"lab", ""}, .arguments_count = 2};

static bool ask(void)
{
	return client_ask(ours, &request, SHORT_MS, &reply);
}

START_TEST(client_hears_why_it_was_refused_before_all_was_sent)
{
	char text[2 * CONTROL_PART_BYTES] = "";
	struct control_request large = {.verb = "filter test",
	    .attached = text,
	    .attached_len = sizeof(text)};

	say(CONTROL_END, "\6\0\0\0no", 6);
	ck_assert_int_eq(shutdown(theirs, SHUT_RD), 0);
	ck_assert(client_ask(ours, &large, SHORT_MS, &reply));
	ck_assert_int_eq(reply.exit, CONTROL_NOT_PERMITTED);
	ck_assert_str_eq(reply.message, "no");
}
END_TEST

START_TEST(client_writes_words_ended_by_nul)
{
	char body[64];
	uint8_t bytes[CONTROL_HEADER_BYTES];
	struct control_header header;

	say(CONTROL_END, "\0\0\0\0", 4);
	ck_assert(ask());
	ck_assert_int_eq(recv(theirs, bytes, sizeof(bytes), 0), sizeof(bytes));
	ck_assert_int_eq(control_header_read(&header, bytes), 0);
	ck_assert_uint_eq(header.kind, CONTROL_REQUEST);
	ck_assert_int_eq(recv(theirs, body, sizeof(body), 0), 14);
	ck_assert_mem_eq(body, "peer add\0lab\0\0", 14);
	ck_assert_uint_eq(header.length, 14);
}
END_TEST

START_TEST(client_joins_the_parts)
{
	say(CONTROL_PART, "one ", 4);
	say(CONTROL_PART, "", 0);
	say(CONTROL_PART, "two", 3);
	say(CONTROL_END, "\5\0\0\0why", 7);
	ck_assert(ask());
	ck_assert_str_eq(reply.text, "one two");
	ck_assert_uint_eq(reply.len, 7);
	ck_assert_int_eq(reply.exit, CONTROL_NO_OBJECT);
	ck_assert_str_eq(reply.message, "why");
}
END_TEST

START_TEST(client_asks_twice_over_one_connection)
{
	say(CONTROL_PART, "first", 5);
	say(CONTROL_END, "\0\0\0\0", 4);
	say(CONTROL_END, "\1\0\0\0", 4);
	ck_assert(ask());
	ck_assert(ask());
	ck_assert_ptr_null(reply.text);
	ck_assert_int_eq(reply.exit, CONTROL_FAILED);
	ck_assert_str_ne(reply.message, "");
}
END_TEST

START_TEST(client_does_not_wait_for_ever)
{
	ck_assert(!ask());
	ck_assert_int_eq(reply.exit, CONTROL_TIMEOUT);
	say(CONTROL_PART, "unfinished", 10);
	ck_assert(!ask());
	ck_assert_int_eq(reply.exit, CONTROL_TIMEOUT);
}
END_TEST

START_TEST(client_notices_that_the_daemon_is_gone)
{
	close(theirs);
	theirs = -1;
	ck_assert(!ask());
	ck_assert_int_eq(reply.exit, CONTROL_FAILED);
}
END_TEST

START_TEST(client_refuses_an_end_without_exit_code)
{
	say(CONTROL_END, "\0\0\0", 3);
	ck_assert(!ask());
	ck_assert_int_eq(reply.exit, CONTROL_FAILED);
}
END_TEST

START_TEST(client_refuses_a_request_as_answer)
{
	say(CONTROL_REQUEST, "stop", 5);
	ck_assert(!ask());
	ck_assert_int_eq(reply.exit, CONTROL_FAILED);
}
END_TEST

START_TEST(client_refuses_a_part_that_is_too_long)
{
	uint8_t bytes[CONTROL_HEADER_BYTES];
	struct writer w = writer_of(bytes, sizeof(bytes));

	writer_le(&w, CONTROL_MAGIC, 4);
	writer_le(&w, CONTROL_VERSION, 2);
	writer_le(&w, CONTROL_PART, 2);
	writer_le(&w, CONTROL_PART_BYTES + 1, 4);
	ck_assert_int_eq(send(theirs, bytes, sizeof(bytes), 0), sizeof(bytes));
	ck_assert(!ask());
	ck_assert_int_eq(reply.exit, CONTROL_FAILED);
}
END_TEST

START_TEST(client_refuses_to_send_more_than_a_request_holds)
{
	static char word[CONTROL_REQUEST_BYTES + 1];
	struct control_request large = {
	    .verb = "status", .arguments = {word}, .arguments_count = 1};

	memset(word, 'x', sizeof(word) - 1);
	ck_assert(!client_ask(ours, &large, SHORT_MS, &reply));
	ck_assert_int_eq(reply.exit, CONTROL_USAGE);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("ctl_client");
	TCase *tcase = tcase_create("client");

	tcase_add_checked_fixture(tcase, pair_begin, pair_end);
	tcase_add_test(tcase, client_writes_words_ended_by_nul);
	tcase_add_test(
	    tcase, client_hears_why_it_was_refused_before_all_was_sent);
	tcase_add_test(tcase, client_joins_the_parts);
	tcase_add_test(tcase, client_asks_twice_over_one_connection);
	tcase_add_test(tcase, client_does_not_wait_for_ever);
	tcase_add_test(tcase, client_notices_that_the_daemon_is_gone);
	tcase_add_test(tcase, client_refuses_an_end_without_exit_code);
	tcase_add_test(tcase, client_refuses_a_request_as_answer);
	tcase_add_test(tcase, client_refuses_a_part_that_is_too_long);
	tcase_add_test(tcase, client_refuses_to_send_more_than_a_request_holds);
	suite_add_tcase(suite, tcase);
	return suite;
}
