/* SPDX-License-Identifier: ISC */
/* The control sockets with many clients: who may crowd out whom. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/control.h"
#include "unit.h"

const int unit_is_apart = 1;

static char dir[] = "/tmp/vpnd-test-control.XXXXXX";
static char path[64], read_path[64];
static struct loop *loop;
static struct control *control;
static struct moment moment;
static int turns_left;
static unsigned requests;
static const struct stream_source *streams; /* what answers, if not NULL */
static int fds[CONTROL_CLIENTS];

static struct instant turn_began(void *context)
{
	(void)context;
	return (struct instant){0};
}

static struct instant turn_ended(void *context)
{
	(void)context;
	control_turn(control);
	if (!turns_left--)
		loop_stop(loop);
	return (struct instant){0};
}

static void signalled(void *context, int number)
{
	(void)context;
	(void)number;
}

static void run(void *context, uint64_t client, enum control_rights rights,
    const struct control_request *request)
{
	struct client_result result = {CONTROL_OK, NULL};

	(void)context;
	(void)rights;
	(void)request;
	requests++;
	if (streams)
		control_stream(control, client, streams);
	else
		control_answer(control, client, NULL, &result);
}

static void begin(void)
{
	struct loop_hooks hooks = {
	    turn_began, turn_ended, signalled, NULL, NULL};
	struct control_setup setup = {
	    .moment = &moment,
	    .path = path,
	    .read_path = read_path,
	    .run = run,
	};
	char error[256];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ctl.sock", dir);
	snprintf(read_path, sizeof(read_path), "%s/ro.sock", dir);
	ck_assert_int_eq(loop_new(&loop, &hooks), 0);
	setup.loop = loop;
	ck_assert_int_eq(
	    control_open(&control, &setup, error, sizeof(error)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = -1;
}

static void end(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	control_close(control);
	loop_free(loop);
	rmdir(dir);
}

static int join(const char *to)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", to);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
	    connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

static void turn(int times)
{
	turns_left = times;
	loop_run(loop);
}

static void ask(int fd)
{
	static const char verb[] = "version";
	struct control_header header = {.version = CONTROL_VERSION,
	    .kind = CONTROL_REQUEST,
	    .length = sizeof(verb)};
	uint8_t frame[CONTROL_HEADER_BYTES + sizeof(verb)];

	control_header_write(frame, &header);
	memcpy(frame + CONTROL_HEADER_BYTES, verb, sizeof(verb));
	ck_assert_int_eq(send(fd, frame, sizeof(frame), 0), sizeof(frame));
}

static void crowd(const char *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = join(to);
	turn(2 * CONTROL_CLIENTS);
}

/* Anybody may connect to the read socket, and say nothing. */
START_TEST(control_has_room_for_who_may_command_when_readers_crowd)
{
	int fd;

	crowd(read_path);
	fd = join(path);
	ask(fd);
	turn(4);
	ck_assert_uint_eq(requests, 1);
	close(fd);
}
END_TEST

START_TEST(control_serves_readers_again_when_silent_ones_ran_out_of_time)
{
	int fd;

	crowd(read_path);
	fd = join(read_path);
	ask(fd);
	turn(4);
	ck_assert_uint_eq(requests, 0);
	moment.now = instant_after(moment.now, CLIENT_TIMEOUT_NS);
	turn(2 * CONTROL_CLIENTS);
	ck_assert_uint_eq(requests, 1);
	close(fd);
}
END_TEST

START_TEST(control_takes_no_more_than_its_clients)
{
	int fd;

	crowd(path);
	fd = join(path);
	ask(fd);
	turn(4);
	ck_assert_uint_eq(requests, 0);
	close(fds[7]);
	fds[7] = -1;
	turn(4);
	ck_assert_uint_eq(requests, 1);
	close(fd);
}
END_TEST

/* Each answer takes the time of the packets behind it. */
START_TEST(control_paces_those_who_may_only_read)
{
	int fd = join(read_path), admin = join(path);
	unsigned after_burst;

	for (int i = 0; i < 150; i++)
		ask(fd);
	turn(400);
	after_burst = requests;
	ck_assert_uint_ge(after_burst, 50);
	ck_assert_uint_lt(after_burst, 120);
	ask(admin);
	turn(4);
	ck_assert_uint_eq(requests, after_burst + 1);
	ck_assert(!instant_is_never(control_deadline(control)));
	moment.now = control_deadline(control);
	turn(4);
	ck_assert_uint_gt(requests, after_burst + 1);
	ck_assert_uint_le(requests, after_burst + 3);
	close(admin);
	close(fd);
}
END_TEST

/* A source without an end of its own, which counts how often it was left. */
static size_t take_part(void *context, uint8_t *to, size_t room)
{
	(void)context;
	(void)room;
	to[0] = 'p';
	return moment.now.ns++ % 2;
}

static bool has_stopped, has_closed;

static bool is_over(void *context, struct client_result *ret)
{
	(void)context;
	(void)ret;
	return has_stopped;
}

static void stop(void *context)
{
	(void)context;
	has_stopped = true;
}

static void close_source(void *context)
{
	(void)context;
	has_closed = true;
}

static const struct stream_source endless = {
    .take = take_part, .is_over = is_over, .stop = stop, .close = close_source};

static int begin_stream(void)
{
	int fd = join(path);

	streams = &endless;
	ask(fd);
	turn(10);
	streams = NULL;
	ck_assert_uint_eq(requests, 1);
	return fd;
}

/* How many bytes there are to read from fd until END or a pause. */
static size_t drain(int fd)
{
	uint8_t bytes[4096];
	size_t sum = 0;
	ssize_t got;

	while ((got = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		sum += (size_t)got;
	return sum;
}

START_TEST(control_sends_a_stream_turn_by_turn_until_the_client_has_enough)
{
	int fd = begin_stream();

	ck_assert_uint_gt(drain(fd), CONTROL_HEADER_BYTES);
	turn(4);
	ck_assert_uint_gt(drain(fd), CONTROL_HEADER_BYTES);
	ck_assert(!has_stopped);
	shutdown(fd, SHUT_WR);
	turn(4);
	ck_assert(has_stopped && has_closed);
	ck_assert_uint_gt(drain(fd), CONTROL_HEADER_BYTES);
	close(fd);
}
END_TEST

START_TEST(control_ends_streams_when_the_daemon_does)
{
	int fd = begin_stream();

	drain(fd);
	control_end_streams(control);
	ck_assert(has_stopped && has_closed);
	ck_assert_uint_ge(drain(fd), CONTROL_HEADER_BYTES + 4);
	close(fd);
}
END_TEST

START_TEST(control_closes_the_source_of_a_client_that_has_left)
{
	control_stream(control, 12345, &endless);
	ck_assert(has_closed);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("daemon/control");
	TCase *tc = tcase_create("crowd");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(
	    tc, control_has_room_for_who_may_command_when_readers_crowd);
	tcase_add_test(
	    tc, control_serves_readers_again_when_silent_ones_ran_out_of_time);
	tcase_add_test(tc, control_takes_no_more_than_its_clients);
	tcase_add_test(tc, control_paces_those_who_may_only_read);
	tcase_add_test(tc,
	    control_sends_a_stream_turn_by_turn_until_the_client_has_enough);
	tcase_add_test(tc, control_ends_streams_when_the_daemon_does);
	tcase_add_test(tc, control_closes_the_source_of_a_client_that_has_left);
	suite_add_tcase(suite, tc);
	return suite;
}
