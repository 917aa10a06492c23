/* SPDX-License-Identifier: ISC */
/* A control client at the other end of a socket pair. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/client.h"
#include "unit.h"

static const struct instant start = {.ns = 1000};
static struct client *client;
static struct control_request request;
static int other;

static void connect_client(void)
{
	int pair[2];

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	other = pair[1];
	client = client_new(pair[0], CONTROL_RIGHTS_ALL, start);
	ck_assert_ptr_nonnull(client);
}

static void disconnect_client(void)
{
	client_free(client);
	close(other);
}

static void send_bytes(const void *bytes, size_t len)
{
	ck_assert_int_eq(send(other, bytes, len, MSG_NOSIGNAL), len);
}

static size_t frame(uint8_t *to, const char *body, size_t len, uint16_t version)
{
	struct control_header header = {
	    version, CONTROL_REQUEST, (uint32_t)len};

	control_header_write(to, &header);
	memcpy(to + CONTROL_HEADER_BYTES, body, len);
	return CONTROL_HEADER_BYTES + len;
}

static void send_request(const char *body, size_t len)
{
	uint8_t bytes[512];

	send_bytes(bytes, frame(bytes, body, len, CONTROL_VERSION));
}

/* Reads one frame; returns its kind. */
static int read_frame(char *body, size_t room, size_t *ret_len)
{
	uint8_t header_bytes[CONTROL_HEADER_BYTES];
	struct control_header header;

	ck_assert_int_eq(
	    recv(other, header_bytes, sizeof(header_bytes), MSG_WAITALL),
	    sizeof(header_bytes));
	ck_assert_int_eq(control_header_read(&header, header_bytes), 0);
	ck_assert_uint_le(header.length, room);
	ck_assert_int_eq(
	    recv(other, body, header.length, MSG_WAITALL), header.length);
	*ret_len = header.length;
	return header.kind;
}

static void expect_end(enum control_exit exit, const char *message)
{
	char body[512];
	size_t len;

	ck_assert_int_eq(read_frame(body, sizeof(body), &len), CONTROL_END);
	ck_assert_uint_eq((uint8_t)body[0], exit);
	body[len] = '\0';
	ck_assert_ptr_nonnull(strstr(body + 4, message));
}

START_TEST(client_hands_out_a_request_that_comes_byte_by_byte)
{
	uint8_t bytes[64];
	size_t len = frame(bytes, "status\0hub", 11, CONTROL_VERSION);

	for (size_t i = 0; i < len; i++) {
		ck_assert(!client_read(client, &request, start));
		send_bytes(bytes + i, 1);
	}
	ck_assert(client_read(client, &request, start));
	ck_assert_str_eq(request.verb, "status");
	ck_assert_uint_eq(request.arguments_count, 1);
	ck_assert_str_eq(request.arguments[0], "hub");
	ck_assert_int_eq(client->state, CLIENT_WAITING);
}
END_TEST

static void send_part(const char *text)
{
	uint8_t bytes[512];
	struct control_header header = {
	    CONTROL_VERSION, CONTROL_PART, (uint32_t)strlen(text)};

	control_header_write(bytes, &header);
	memcpy(bytes + CONTROL_HEADER_BYTES, text, header.length);
	send_bytes(bytes, CONTROL_HEADER_BYTES + header.length);
}

START_TEST(client_hands_out_what_came_before_a_request)
{
	struct client_result result = {CONTROL_OK, "done"};

	send_part("one ");
	send_part("");
	send_part("text");
	send_request("filter test", 12);
	for (int i = 0; i < 3; i++)
		ck_assert(!client_read(client, &request, start));
	ck_assert(client_read(client, &request, start));
	ck_assert_str_eq(request.verb, "filter test");
	ck_assert_uint_eq(request.attached_len, 8);
	ck_assert_str_eq(request.attached, "one text");
	client_answer(client, NULL, &result, start);
	expect_end(CONTROL_OK, "done");
	send_request("drops", 6);
	ck_assert(client_read(client, &request, start));
	ck_assert_ptr_null(request.attached);
}
END_TEST

START_TEST(client_attaches_no_more_than_there_is_memory_for)
{
	client->attached_most = 7;
	send_part("seven b");
	ck_assert(!client_read(client, &request, start));
	ck_assert_uint_eq(client->attached_len, 7);
	send_part("!");
	ck_assert(!client_read(client, &request, start));
	expect_end(CONTROL_FAILED, "too much is attached");
	ck_assert_int_eq(client->state, CLIENT_CLOSED);
}
END_TEST

START_TEST(client_that_may_only_read_attaches_nothing)
{
	client->rights = CONTROL_RIGHTS_READ;
	send_part("x");
	ck_assert(!client_read(client, &request, start));
	ck_assert_ptr_null(client->attached);
	expect_end(CONTROL_NOT_PERMITTED, "only root and members of the group");
}
END_TEST

START_TEST(client_answers_pipelined_requests_one_after_the_other)
{
	struct client_result result = {CONTROL_OK, "first"};

	send_request("drops", 6);
	send_request("version", 8);
	ck_assert(client_read(client, &request, start));
	ck_assert_str_eq(request.verb, "drops");
	ck_assert(!client_read(client, &request, start));
	client_answer(client, NULL, &result, start);
	expect_end(CONTROL_OK, "first");
	ck_assert(client_read(client, &request, start));
	ck_assert_str_eq(request.verb, "version");
}
END_TEST

static void read_while_written(struct reply *reply)
{
	char *body = malloc(CONTROL_PART_BYTES);
	size_t done = 0;

	while (done < reply->len) {
		size_t len = 0;

		client_write(client, start);
		ck_assert_int_eq(
		    read_frame(body, CONTROL_PART_BYTES, &len), CONTROL_PART);
		ck_assert_mem_eq(body, reply->text + done, len);
		done += len;
	}
	free(body);
}

START_TEST(client_writes_a_large_reply_in_parts)
{
	struct client_result result = {CONTROL_OK, NULL};
	struct reply reply;
	int room = 1 << 20;

	setsockopt(client->fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	reply_init(&reply);
	for (unsigned i = 0; i < 12000; i++)
		reply_unsigned(&reply, "number", i);
	ck_assert_uint_gt(reply.len, 2 * CONTROL_PART_BYTES);
	send_request("status", 7);
	ck_assert(client_read(client, &request, start));
	client_answer(client, &reply, &result, start);
	read_while_written(&reply);
	expect_end(CONTROL_OK, "");
	ck_assert_int_eq(client->state, CLIENT_READING);
	reply_clear(&reply);
}
END_TEST

START_TEST(client_that_does_not_read_its_reply_runs_out_of_time)
{
	struct client_result result = {CONTROL_OK, NULL};
	struct reply reply;

	reply_init(&reply);
	for (unsigned i = 0; i < 200000; i++)
		reply_unsigned(&reply, "number", i);
	send_request("status", 7);
	ck_assert(client_read(client, &request, start));
	client_answer(client, &reply, &result, start);
	ck_assert_int_eq(client->state, CLIENT_WRITING);
	client_expire(client, instant_after(start, CLIENT_TIMEOUT_NS - 1));
	ck_assert_int_eq(client->state, CLIENT_WRITING);
	client_expire(client, instant_after(start, CLIENT_TIMEOUT_NS));
	ck_assert_int_eq(client->state, CLIENT_CLOSED);
	reply_clear(&reply);
}
END_TEST

START_TEST(client_that_sends_half_a_request_runs_out_of_time)
{
	send_bytes("vp", 2);
	ck_assert(!client_read(client, &request, start));
	client_expire(client, instant_after(start, CLIENT_TIMEOUT_NS));
	ck_assert_int_eq(client->state, CLIENT_CLOSED);
}
END_TEST

START_TEST(client_that_waits_for_us_does_not_run_out_of_time)
{
	send_request("reload", 7);
	ck_assert(client_read(client, &request, start));
	client_expire(client, instant_after(start, CLIENT_IDLE_NS * 10));
	ck_assert_int_eq(client->state, CLIENT_WAITING);
}
END_TEST

static const struct {
	const char *bytes;
	size_t len;
} garbage[] = {
    {"GET / HTTP/1.1\r\n\r\n", 18}, {"\0\0\0\0\0\0\0\0\0\0\0\0", 12},
    {"vpnd\1\0\1\0\xff\xff\xff\xff", 12}, /* too long */
    {"vpnd\1\0\3\0\0\0\0\0", 12},	  /* a reply */
    {"vpnd\1\0\1\0\4\0\0\0abcd", 16},	  /* no NUL at the end */
    {"vpnd\1\0\1\0\4\0\0\0a\033b\0", 16}, /* an escape */
    {"vpnd\1\0\1\0\0\0\0\0", 12},	  /* no verb */
};

START_TEST(client_that_sends_garbage_is_told_and_closed)
{
	send_bytes(garbage[_i].bytes, garbage[_i].len);
	ck_assert(!client_read(client, &request, start));
	expect_end(CONTROL_FAILED, "request");
	ck_assert_int_eq(client->state, CLIENT_CLOSED);
}
END_TEST

START_TEST(client_of_another_version_is_told_so)
{
	uint8_t bytes[64];

	send_bytes(bytes, frame(bytes, "status", 7, CONTROL_VERSION + 1));
	ck_assert(!client_read(client, &request, start));
	expect_end(CONTROL_FAILED, "version");
	ck_assert_int_eq(client->state, CLIENT_CLOSED);
}
END_TEST

START_TEST(client_that_left_is_closed)
{
	send_request("status", 7);
	ck_assert(client_read(client, &request, start));
	shutdown(other, SHUT_RDWR);
	client_answer(client, NULL,
	    &(struct client_result){CONTROL_OK, "nobody hears this"}, start);
	ck_assert(client->state == CLIENT_CLOSED ||
		  (client->state == CLIENT_READING &&
		      !client_read(client, &request, start) &&
		      client->state == CLIENT_CLOSED));
}
END_TEST

static unsigned open_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 64; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

START_TEST(client_can_not_leave_descriptors_with_us)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(10 * sizeof(int))];
	struct iovec iov = {(void *)(uintptr_t) "vpnd", 4};
	struct msghdr header = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header);
	int fds[10] = {0};
	unsigned before;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(cmsg), fds, sizeof(fds));
	before = open_descriptors();
	ck_assert_int_eq(sendmsg(other, &header, 0), 4);
	ck_assert(!client_read(client, &request, start));
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* How many descriptors come with the next bytes. */
static int passed(void)
{
	char bytes[64], room[CMSG_SPACE(4 * sizeof(int))];
	struct iovec part = {bytes, sizeof(bytes)};
	struct msghdr header = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = room,
	    .msg_controllen = sizeof(room)};
	struct cmsghdr *cmsg;
	int fd;

	ck_assert_int_gt(recvmsg(other, &header, 0), 0);
	cmsg = CMSG_FIRSTHDR(&header);
	if (!cmsg)
		return 0;
	ck_assert_int_eq(cmsg->cmsg_type, SCM_RIGHTS);
	ck_assert_uint_eq(cmsg->cmsg_len, CMSG_LEN(sizeof(fd)));
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	ck_assert_int_eq(close(fd), 0);
	return 1;
}

START_TEST(client_gets_a_descriptor_once)
{
	static const struct client_result result = {CONTROL_OK, NULL};
	unsigned before = open_descriptors();

	for (int i = 0; i < 2; i++) {
		send_request("socket attach\0005000", 19);
		ck_assert(client_read(client, &request, start));
		if (i == 0)
			client_pass(client, dup(other));
		client_answer(client, NULL, &result, start);
		ck_assert_int_eq(client->state, CLIENT_READING);
		ck_assert_int_eq(passed(), i == 0);
		ck_assert_uint_eq(open_descriptors(), before);
	}
}
END_TEST

START_TEST(client_that_leaves_early_leaves_no_descriptor)
{
	unsigned before = open_descriptors();

	client_pass(client, dup(other));
	client_free(client);
	ck_assert_uint_eq(open_descriptors(), before - 1);
	client = NULL;
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("daemon/client");
	TCase *tcase = tcase_create("client");

	tcase_add_checked_fixture(tcase, connect_client, disconnect_client);
	tcase_add_test(tcase, client_hands_out_what_came_before_a_request);
	tcase_add_test(tcase, client_attaches_no_more_than_there_is_memory_for);
	tcase_add_test(tcase, client_that_may_only_read_attaches_nothing);
	tcase_add_test(
	    tcase, client_hands_out_a_request_that_comes_byte_by_byte);
	tcase_add_test(
	    tcase, client_answers_pipelined_requests_one_after_the_other);
	tcase_add_test(tcase, client_writes_a_large_reply_in_parts);
	tcase_add_test(
	    tcase, client_that_does_not_read_its_reply_runs_out_of_time);
	tcase_add_test(
	    tcase, client_that_sends_half_a_request_runs_out_of_time);
	tcase_add_test(
	    tcase, client_that_waits_for_us_does_not_run_out_of_time);
	tcase_add_loop_test(tcase, client_that_sends_garbage_is_told_and_closed,
	    0, (int)(sizeof(garbage) / sizeof(*garbage)));
	tcase_add_test(tcase, client_of_another_version_is_told_so);
	tcase_add_test(tcase, client_that_left_is_closed);
	tcase_add_test(tcase, client_can_not_leave_descriptors_with_us);
	tcase_add_test(tcase, client_gets_a_descriptor_once);
	tcase_add_test(tcase, client_that_leaves_early_leaves_no_descriptor);
	suite_add_tcase(suite, tcase);
	return suite;
}
