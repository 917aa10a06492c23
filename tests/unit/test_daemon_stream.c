/* SPDX-License-Identifier: ISC */
/* A stream to a client: parts, ends, and clients that are slow or gone. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/stream.h"
#include "unit.h"

static const struct instant start = {.ns = 1000};
static struct client *client;
static int other;

/* The source: parts of `part_bytes`, as many as are left. */
static struct {
	size_t part_bytes, left, taken;
	bool is_stopped;
	unsigned closed;
	struct client_result result;
} source;

static size_t take(void *context, uint8_t *to, size_t room)
{
	(void)context;
	if (!source.left)
		return 0;
	ck_assert_uint_ge(room, source.part_bytes);
	memset(to, (int)source.left--, source.part_bytes);
	source.taken++;
	return source.part_bytes;
}

static bool is_over(void *context, struct client_result *ret)
{
	(void)context;
	*ret = source.result;
	return source.is_stopped;
}

static void stop(void *context)
{
	(void)context;
	source.is_stopped = true;
}

static void close_source(void *context)
{
	(void)context;
	source.closed++;
}

static const struct stream_source ours = {
    .take = take, .is_over = is_over, .stop = stop, .close = close_source};

static void begin(void)
{
	static const uint8_t request[] = {'v', 'p', 'n', 'd', 1, 0, 1, 0, 6, 0,
	    0, 0, 't', 'r', 'a', 'c', 'e', 0};
	struct control_request parsed;
	int pair[2];

	memset(&source, 0, sizeof(source));
	source.part_bytes = 3;
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	other = pair[1];
	client = client_new(pair[0], CONTROL_RIGHTS_ALL, start);
	ck_assert_int_eq(
	    send(other, request, sizeof(request), 0), sizeof(request));
	ck_assert(client_read(client, &parsed, start));
	stream_begin(client, &ours);
	ck_assert_int_eq(client->state, CLIENT_STREAMING);
}

static void end(void)
{
	client_free(client);
	ck_assert_uint_eq(source.closed, 1);
	if (other >= 0)
		close(other);
}

/* The next frame that has come; its kind, or 0: none has. */
static int frame(uint8_t *body, size_t room, size_t *ret_len)
{
	uint8_t bytes[CONTROL_HEADER_BYTES];
	struct control_header header;

	if (recv(other, bytes, sizeof(bytes), 0) != sizeof(bytes))
		return 0;
	ck_assert_int_eq(control_header_read(&header, bytes), 0);
	ck_assert_uint_le(header.length, room);
	*ret_len = header.length;
	ck_assert_int_eq(recv(other, body, header.length, 0), header.length);
	return header.kind;
}

static void expect_part(uint8_t value)
{
	uint8_t body[16];
	size_t len;

	ck_assert_int_eq(frame(body, sizeof(body), &len), CONTROL_PART);
	ck_assert_uint_eq(len, source.part_bytes);
	ck_assert_uint_eq(body[0], value);
}

static void expect_nothing(void)
{
	uint8_t byte;

	ck_assert_int_eq(recv(other, &byte, 1, 0), -1);
}

static void expect_end(const char *message)
{
	uint8_t body[64];
	size_t len;

	ck_assert_int_eq(frame(body, sizeof(body) - 1, &len), CONTROL_END);
	body[len] = '\0';
	ck_assert_uint_eq(body[0], source.result.exit);
	ck_assert_str_eq((char *)body + 4, message);
}

START_TEST(each_part_is_a_frame_and_more_may_come_later)
{
	source.left = 2;
	stream_send(client, start);
	expect_part(2);
	expect_part(1);
	expect_nothing();
	source.left = 1;
	stream_send(client, start);
	expect_part(1);
	ck_assert_int_eq(client->state, CLIENT_STREAMING);
}
END_TEST

START_TEST(a_source_may_end_it_and_the_client_asks_again)
{
	source.left = 1;
	source.is_stopped = true;
	source.result = (struct client_result){CONTROL_FAILED, "enough"};
	stream_send(client, start);
	expect_part(1);
	expect_end("enough");
	ck_assert_int_eq(client->state, CLIENT_READING);
	ck_assert_uint_eq(source.closed, 1);
}
END_TEST

START_TEST(a_client_that_shuts_down_gets_the_rest_and_the_end)
{
	source.left = 2;
	shutdown(other, SHUT_WR);
	stream_hear(client, start);
	ck_assert(source.is_stopped);
	stream_hear(client, start);
	stream_send(client, start);
	expect_part(2);
	expect_part(1);
	expect_end("");
	ck_assert_int_eq(client->state, CLIENT_CLOSED);
}
END_TEST

START_TEST(a_client_that_is_gone_is_closed)
{
	source.left = 1;
	close(other);
	other = -1;
	stream_hear(client, start);
	stream_send(client, start);
	ck_assert_int_eq(client->state, CLIENT_CLOSED);
}
END_TEST

START_TEST(a_client_that_speaks_in_the_middle_is_closed)
{
	stream_hear(client, start);
	ck_assert_int_eq(client->state, CLIENT_STREAMING);
	ck_assert_int_eq(send(other, "x", 1, 0), 1);
	stream_hear(client, start);
	ck_assert_int_eq(client->state, CLIENT_CLOSED);
}
END_TEST

START_TEST(a_slow_client_has_time_and_its_source_is_not_asked)
{
	struct instant late = instant_after(start, 1000 * CLIENT_IDLE_NS);
	size_t taken;

	source.part_bytes = CONTROL_PART_BYTES;
	source.left = 1000;
	stream_send(client, start);
	taken = source.taken;
	ck_assert_uint_lt(taken, 100);
	stream_send(client, late);
	ck_assert_uint_eq(source.taken, taken);
	ck_assert(instant_is_never(client_deadline(client)));
	client_expire(client, late);
	ck_assert_int_eq(client->state, CLIENT_STREAMING);
}
END_TEST

START_TEST(a_slow_client_that_wanted_the_end_runs_out_of_time)
{
	source.part_bytes = CONTROL_PART_BYTES;
	source.left = 1000;
	stream_send(client, start);
	stream_stop(client, start);
	stream_send(client, start);
	client_expire(client, instant_after(start, CLIENT_TIMEOUT_NS - 1));
	ck_assert_int_eq(client->state, CLIENT_STREAMING);
	client_expire(client, instant_after(start, CLIENT_TIMEOUT_NS));
	ck_assert_int_eq(client->state, CLIENT_CLOSED);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("daemon/stream");
	TCase *tcase = tcase_create("stream");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_test(tcase, each_part_is_a_frame_and_more_may_come_later);
	tcase_add_test(tcase, a_source_may_end_it_and_the_client_asks_again);
	tcase_add_test(
	    tcase, a_client_that_shuts_down_gets_the_rest_and_the_end);
	tcase_add_test(tcase, a_client_that_is_gone_is_closed);
	tcase_add_test(tcase, a_client_that_speaks_in_the_middle_is_closed);
	tcase_add_test(
	    tcase, a_slow_client_has_time_and_its_source_is_not_asked);
	tcase_add_test(
	    tcase, a_slow_client_that_wanted_the_end_runs_out_of_time);
	suite_add_tcase(suite, tcase);
	return suite;
}
