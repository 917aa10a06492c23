/* SPDX-License-Identifier: ISC */
/* The UDP socket over the loopback device: batches, marks, failures. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/sockaddr.h"
#include "io/udp.h"
#include "unit.h"

#define PACKETS 512
#define LARGEST 1500

static struct pool *pool;
static struct udp *here, *there;
static struct {
	unsigned failed, failed_bytes, failed_segments, source_failed;
	enum drop reason;
	unsigned refused;
	int refusal;
} seen;

/* The linker puts this before sendmmsg: it counts what goes as segments, and
 * refuses that with `refuse`. */
static struct {
	int refuse;
	unsigned runs, segments;
	bool is_limited; /* the socket takes so many messages more */
	unsigned room;
} gso;

/* Has a control message for UDP_SEGMENT. */
static bool is_run(const struct msghdr *header)
{
	return header->msg_iovlen > 1 || header->msg_iov->iov_len > LARGEST;
}

int __real_sendmmsg(
    int fd, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(
    int fd, struct mmsghdr *messages, unsigned count, int flags);

int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	if (gso.is_limited) {
		int sent;

		errno = EAGAIN;
		if (!gso.room)
			return -1;
		sent = __real_sendmmsg(
		    fd, messages, count < gso.room ? count : gso.room, flags);
		gso.room -= sent > 0 ? (unsigned)sent : 0;
		return sent;
	}
	for (unsigned i = 0; i < count; i++) {
		size_t segments = messages[i].msg_hdr.msg_iovlen;
		bool is_refused = is_run(&messages[i].msg_hdr) && gso.refuse;

		if (is_refused && i > 0)
			return __real_sendmmsg(fd, messages, i, flags);
		if (is_refused) {
			errno = gso.refuse;
			return -1;
		}
		gso.runs += segments > 1;
		gso.segments += segments > 1 ? (unsigned)segments : 0;
	}
	return __real_sendmmsg(fd, messages, count, flags);
}

static struct address address_of(const char *text)
{
	struct address address;

	ck_assert_int_eq(address_parse(&address, text), 0);
	return address;
}

static bool wants_gro;

static struct udp *open_on(const char *address)
{
	struct udp_setup setup = {.listen = address_of(address),
	    .pool = pool,
	    .wants_gso = true,
	    .wants_gro = wants_gro};
	struct udp *udp = NULL;
	char error[256] = "";
	int code = udp_open(&udp, &setup, error, sizeof(error));

	ck_assert_msg(code == 0, "%s", error);
	return udp;
}

#define TRAIN	 50
#define DATAGRAM 1200
#define LAST	 700

static void open_both(void)
{
	memset(&seen, 0, sizeof(seen));
	memset(&gso, 0, sizeof(gso));
	ck_assert_int_eq(pool_new(&pool, PACKETS, LARGEST), 0);
	ck_assert_int_eq(pool_add_large(pool, 4, PACKET_TRAIN_BYTES), 0);
	here = open_on("::");
	there = open_on("::");
}

static void open_both_with_gro(void)
{
	wants_gro = true;
	open_both();
	ck_assert(udp_has_gro(there));
}

/* pool_free asserts that each packet came back. */
static void close_both(void)
{
	udp_close(here);
	udp_close(there);
	pool_free(pool);
}

static void note_failure(void *context, enum drop reason, struct packet *pkt)
{
	(void)context;
	seen.failed++;
	seen.reason = reason;
	seen.failed_bytes += pkt->len;
	seen.failed_segments += pkt->segments;
}

static void note_source(void *context, const struct packet *pkt)
{
	(void)context;
	(void)pkt;
	seen.source_failed++;
}

static void note_refusal(void *context, int error, const struct packet *pkt)
{
	(void)context;
	seen.refused++;
	seen.refusal = error;
	ck_assert_uint_eq(pkt->endpoint.port, udp_port(there));
}

static const struct udp_sender sender = {.failed = note_failure,
    .source_failed = note_source,
    .segments_refused = note_refusal};

static struct packet *packet_to(const char *to, size_t len, uint8_t number)
{
	struct packet *pkt = pool_get(pool);

	ck_assert_ptr_nonnull(pkt);
	pkt->endpoint.address = address_of(to);
	pkt->endpoint.port = udp_port(there);
	pkt->len = (uint32_t)len;
	memset(packet_data(pkt), number, len);
	return pkt;
}

static void send_one(struct packet *pkt)
{
	struct packet_list list = {0};

	packet_list_push(&list, pkt);
	ck_assert_int_eq(udp_send(here, &list, &sender), 0);
	ck_assert_uint_eq(list.len, 0);
}

/* Waits for at least one datagram, at most a second. */
static struct udp_received receive(struct packet_list *list)
{
	struct pollfd ready = {.fd = udp_fd(there), .events = POLLIN};
	struct udp_received received;

	ck_assert_int_eq(poll(&ready, 1, 1000), 1);
	udp_receive(there, list, &received);
	return received;
}

static struct packet *receive_one(void)
{
	struct packet_list list = {0};

	ck_assert_uint_eq(receive(&list).count, 1);
	return packet_list_pop(&list);
}

/* Lengths of a batch, sent and received in order. */
static void exchange(const size_t *lengths, size_t count)
{
	struct packet_list out = {0}, in = {0};

	for (size_t i = 0; i < count; i++)
		packet_list_push(
		    &out, packet_to("127.0.0.1", lengths[i], (uint8_t)i));
	ck_assert_int_eq(udp_send(here, &out, &sender), 0);
	while (in.len < count)
		(void)receive(&in);
	for (size_t i = 0; i < count; i++) {
		struct packet *pkt = packet_list_pop(&in);

		ck_assert_uint_eq(pkt->len, lengths[i]);
		ck_assert_uint_eq(packet_data(pkt)[0], (uint8_t)i);
		packet_fetch(pkt);
		ck_assert_uint_eq(packet_data(pkt)[pkt->len - 1], (uint8_t)i);
		pool_put(pool, pkt);
	}
	ck_assert_uint_eq(seen.failed, 0);
}

static const size_t mixed[] = {900, 900, 900, 100, 900, 1200, 1200, 50, 50, 50};

START_TEST(equal_lengths_go_as_segments_of_one_datagram)
{
	exchange(mixed, ARRAY_SIZE(mixed));
	/* 900 x 3 + 100, 900, 1200 x 2 + 50, 50 x 2 */
	ck_assert_uint_eq(gso.runs, 3);
	ck_assert_uint_eq(gso.segments, 9);
	ck_assert(udp_has_gso(here));
}
END_TEST

START_TEST(a_full_batch_is_cut_where_the_kernel_wants_it)
{
	size_t lengths[PACKET_BATCH];

	for (size_t i = 0; i < PACKET_BATCH; i++)
		lengths[i] = 1400;
	exchange(lengths, PACKET_BATCH);
	ck_assert_uint_eq(gso.runs, 2); /* 46 make 64400 bytes */
	for (size_t i = 0; i < PACKET_BATCH; i++)
		lengths[i] = 64;
	exchange(lengths, PACKET_BATCH);
	ck_assert_uint_eq(gso.runs, 3); /* 63, and one alone */
}
END_TEST

START_TEST(another_mark_or_peer_ends_a_run)
{
	struct packet_list out = {0}, in = {0};

	for (uint8_t i = 0; i < 6; i++) {
		struct packet *pkt =
		    packet_to(i < 4 ? "127.0.0.1" : "::1", 500, i);

		pkt->outer_ecn = i < 2 ? 0 : 2;
		packet_list_push(&out, pkt);
	}
	ck_assert_int_eq(udp_send(here, &out, &sender), 0);
	while (in.len < 6)
		(void)receive(&in);
	ck_assert_uint_eq(gso.runs, 3);
	for (uint8_t i = 0; i < 6; i++) {
		struct packet *pkt = packet_list_pop(&in);

		ck_assert_uint_eq(packet_data(pkt)[0], i);
		ck_assert_uint_eq(pkt->outer_ecn, i < 2 ? 0 : 2);
		pool_put(pool, pkt);
	}
}
END_TEST

/* EIO: the device has no checksum offload; the others: path, policy. */
START_TEST(refused_segments_go_singly_and_it_is_told)
{
	static const int errors[] = {EIO, EINVAL, EMSGSIZE, EOPNOTSUPP};

	gso.refuse = errors[_i];
	exchange(mixed, ARRAY_SIZE(mixed));
	ck_assert_uint_eq(gso.runs, 0);
	ck_assert_uint_eq(seen.refused, 3); /* by each run */
	ck_assert_int_eq(seen.refusal, errors[_i]);
	gso.refuse = 0;
	exchange(mixed, ARRAY_SIZE(mixed));
	ck_assert_uint_eq(gso.runs, 3);
	ck_assert_uint_eq(seen.refused, 3);
}
END_TEST

START_TEST(what_goes_alone_is_no_segment)
{
	struct packet_list out = {0}, in = {0};

	for (uint8_t i = 0; i < 6; i++) {
		struct packet *pkt = packet_to("127.0.0.1", 500, i);

		pkt->goes_alone = i < 4;
		packet_list_push(&out, pkt);
	}
	ck_assert_int_eq(udp_send(here, &out, &sender), 0);
	while (in.len < 6)
		(void)receive(&in);
	ck_assert_uint_eq(gso.runs, 1);
	ck_assert_uint_eq(gso.segments, 2);
	pool_put_list(pool, &in);
}
END_TEST

START_TEST(other_failures_are_not_about_segments)
{
	gso.refuse = EPERM;
	exchange(mixed, ARRAY_SIZE(mixed));
	ck_assert_uint_eq(seen.refused, 0);
}
END_TEST

/* ---- trains ---- */

/* TRAIN datagrams that begin with their numbers. */
static struct packet *train_to(const char *to)
{
	struct packet *pkt = pool_get_large(pool);

	ck_assert_ptr_nonnull(pkt);
	pkt->endpoint.address = address_of(to);
	pkt->endpoint.port = udp_port(there);
	pkt->is_sealed = true;
	pkt->segments = TRAIN;
	pkt->segment_bytes = DATAGRAM;
	pkt->len = (TRAIN - 1) * DATAGRAM + LAST;
	for (uint32_t i = 0; i < TRAIN; i++)
		memset(packet_data(pkt) + i * DATAGRAM, (int)i,
		    i + 1 < TRAIN ? DATAGRAM : LAST);
	return pkt;
}

static void expect_datagram(struct packet_list *in, size_t len, uint8_t number)
{
	struct packet *pkt;

	if (!in->first)
		(void)receive(in);
	pkt = packet_list_pop(in);
	ck_assert_uint_eq(pkt->len, len);
	ck_assert_uint_eq(packet_data(pkt)[0], number);
	ck_assert_uint_eq(packet_data(pkt)[len - 1], number);
	pool_put(pool, pkt);
}

static void expect_train(struct packet_list *in)
{
	for (uint8_t i = 0; i < TRAIN; i++)
		expect_datagram(in, i + 1 < TRAIN ? DATAGRAM : LAST, i);
}

/* The socket is not asked about their segments. */
static void spare(struct packet_list *list)
{
	for (struct packet *pkt = list->first; pkt; pkt = pkt->next)
		pkt->goes_alone = true;
}

static void mixed_trains(struct packet_list *out)
{
	packet_list_push(out, packet_to("127.0.0.1", DATAGRAM, 200));
	packet_list_push(out, train_to("127.0.0.1"));
	packet_list_push(out, packet_to("127.0.0.1", LAST, 201));
	packet_list_push(out, packet_to("127.0.0.1", LAST, 202));
	packet_list_push(out, train_to("127.0.0.1"));
}

static void expect_mixed(struct packet_list *in)
{
	expect_datagram(in, DATAGRAM, 200);
	expect_train(in);
	expect_datagram(in, LAST, 201);
	expect_datagram(in, LAST, 202);
	expect_train(in);
	ck_assert_uint_eq(in->len, 0);
	ck_assert_uint_eq(seen.failed, 0);
}

START_TEST(trains_and_single_ones_keep_their_order)
{
	struct packet_list out = {0}, in = {0};

	mixed_trains(&out);
	ck_assert_int_eq(udp_send(here, &out, &sender), 0);
	expect_mixed(&in);
	ck_assert(udp_has_gso(here));
}
END_TEST

START_TEST(a_refused_train_goes_datagram_by_datagram)
{
	static const int errors[] = {EIO, EINVAL, EMSGSIZE, EOPNOTSUPP};
	struct packet_list out = {0}, in = {0};

	gso.refuse = errors[_i];
	mixed_trains(&out);
	ck_assert_int_eq(udp_send(here, &out, &sender), 0);
	expect_mixed(&in);
	ck_assert_uint_eq(seen.refused, 3); /* two trains and a run */
	ck_assert_int_eq(seen.refusal, errors[_i]);
}
END_TEST

START_TEST(a_train_that_goes_alone_is_not_tried_as_one)
{
	struct packet_list out = {0}, in = {0};

	gso.refuse = EIO;
	mixed_trains(&out);
	spare(&out);
	ck_assert_int_eq(udp_send(here, &out, &sender), 0);
	expect_mixed(&in);
	ck_assert_uint_eq(seen.refused, 0);
}
END_TEST

static const unsigned rooms[] = {1, 2, 7, 47, 50, 51, 52, 53};

/* Wherever the socket is full. */
START_TEST(a_full_socket_takes_the_rest_later)
{
	struct packet_list out = {0}, in = {0};
	int calls = 0;

	mixed_trains(&out);
	spare(&out);
	gso.is_limited = true;
	do {
		ck_assert_int_lt(calls++, 200);
		gso.room = rooms[_i];
	} while (udp_send(here, &out, &sender) == -EAGAIN);
	ck_assert_int_gt(calls, 1);
	expect_mixed(&in);
}
END_TEST

START_TEST(a_full_socket_leaves_a_train_whole)
{
	struct packet_list out = {0}, in = {0};

	mixed_trains(&out);
	gso.is_limited = true;
	ck_assert_int_eq(udp_send(here, &out, &sender), -EAGAIN);
	ck_assert_uint_eq(out.len, 5);
	gso.is_limited = false;
	ck_assert_int_eq(udp_send(here, &out, &sender), 0);
	expect_mixed(&in);
	ck_assert(udp_has_gso(here));
}
END_TEST

/* It is one datagram that stands for several packets. */
START_TEST(a_bundle_that_can_not_be_sent_fails_as_all_of_it)
{
	struct packet_list out = {0};
	struct packet *pkt = packet_to("127.0.0.1", DATAGRAM, 1);

	pkt->is_sealed = true;
	pkt->segments = 3;
	pkt->endpoint.port = 0;
	packet_list_push(&out, pkt);
	ck_assert_int_eq(udp_send(here, &out, &sender), 0);
	ck_assert_uint_eq(seen.failed, 1);
	ck_assert_uint_eq(seen.failed_bytes, DATAGRAM);
	ck_assert_uint_eq(seen.failed_segments, 3);
}
END_TEST

/* Each datagram of it, but what is behind it is sent. */
START_TEST(a_train_that_can_not_be_sent_fails_by_datagrams)
{
	struct packet_list out = {0}, in = {0};
	struct packet *pkt = train_to("127.0.0.1");

	pkt->endpoint.port = 0;
	packet_list_push(&out, pkt);
	packet_list_push(&out, packet_to("127.0.0.1", LAST, 201));
	ck_assert_int_eq(udp_send(here, &out, &sender), 0);
	expect_datagram(&in, LAST, 201);
	ck_assert_uint_eq(seen.failed, TRAIN);
	ck_assert_uint_eq(seen.failed_segments, TRAIN);
	ck_assert_uint_eq(seen.failed_bytes, (TRAIN - 1) * DATAGRAM + LAST);
	ck_assert_uint_eq(seen.refused, 0);
}
END_TEST

START_TEST(udp_carries_a_full_batch_in_order)
{
	struct packet_list out = {0}, in = {0};

	for (uint8_t i = 0; i < 100; i++)
		packet_list_push(&out, packet_to("127.0.0.1", 100u + i, i));
	ck_assert_int_eq(udp_send(here, &out, &sender), 0);
	ck_assert_uint_eq(receive(&in).count, PACKET_BATCH);
	ck_assert_uint_eq(receive(&in).count, 100 - PACKET_BATCH);
	for (uint8_t i = 0; i < 100; i++) {
		struct packet *pkt = packet_list_pop(&in);

		ck_assert_uint_eq(pkt->len, 100u + i);
		ck_assert_uint_eq(packet_data(pkt)[0], i);
		pool_put(pool, pkt);
	}
	ck_assert_uint_eq(seen.failed, 0);
}
END_TEST

START_TEST(udp_knows_an_ipv4_sender_as_ipv4)
{
	struct address loopback = address_of("127.0.0.1");
	struct packet *pkt;

	send_one(packet_to("127.0.0.1", 8, 0));
	pkt = receive_one();
	ck_assert(address_is_equal(&pkt->endpoint.address, &loopback));
	ck_assert_uint_eq(pkt->endpoint.port, udp_port(here));
	ck_assert(address_is_equal(&pkt->endpoint.source, &loopback));
	pool_put(pool, pkt);
}
END_TEST

START_TEST(udp_knows_an_ipv6_sender_as_ipv6)
{
	struct address loopback = address_of("::1");
	struct packet *pkt;

	if (!udp_has_ipv6(here))
		return;
	send_one(packet_to("::1", 8, 0));
	pkt = receive_one();
	ck_assert(address_is_equal(&pkt->endpoint.address, &loopback));
	ck_assert(address_is_equal(&pkt->endpoint.source, &loopback));
	pool_put(pool, pkt);
}
END_TEST

START_TEST(udp_carries_the_ecn_bits_of_each_packet)
{
	static const char *const to[] = {"127.0.0.1", "::1"};
	struct packet *pkt = packet_to(to[_i / 4], 8, 0);

	pkt->outer_ecn = (uint8_t)(_i % 4);
	if (_i >= 4 && !udp_has_ipv6(here)) {
		pool_put(pool, pkt);
		return;
	}
	send_one(pkt);
	pkt = receive_one();
	ck_assert_uint_eq(pkt->outer_ecn, _i % 4);
	pool_put(pool, pkt);
}
END_TEST

START_TEST(udp_sends_from_the_sticky_source_address)
{
	struct packet *pkt = packet_to("127.0.0.1", 8, 0);
	struct address source = address_of("127.0.0.77");

	pkt->endpoint.source = source;
	send_one(pkt);
	pkt = receive_one();
	ck_assert(address_is_equal(&pkt->endpoint.address, &source));
	ck_assert_uint_eq(seen.source_failed, 0);
	pool_put(pool, pkt);
}
END_TEST

START_TEST(udp_forgets_a_source_address_that_is_not_ours)
{
	struct packet *pkt = packet_to("127.0.0.1", 8, 0);

	pkt->endpoint.source = address_of("192.0.2.1");
	send_one(pkt);
	ck_assert_uint_eq(seen.source_failed, 1);
	ck_assert_uint_eq(seen.failed, 0);
	pool_put(pool, receive_one());
}
END_TEST

START_TEST(udp_skips_a_datagram_that_fails_and_sends_the_rest)
{
	struct packet_list out = {0}, in = {0};

	for (uint8_t i = 0; i < 10; i++) {
		struct packet *pkt = packet_to("127.0.0.1", 8, i);

		if (i % 3 == 1)
			pkt->endpoint.port = 0; /* the kernel: EINVAL */
		packet_list_push(&out, pkt);
	}
	ck_assert_int_eq(udp_send(here, &out, &sender), 0);
	ck_assert_uint_eq(seen.failed, 3);
	ck_assert_int_eq(seen.reason, DROP_VPN_UNREACHABLE);
	ck_assert_uint_eq(receive(&in).count, 7);
	pool_put_list(pool, &in);
}
END_TEST

START_TEST(udp_says_that_a_datagram_was_cut)
{
	static uint8_t jumbo[9000];
	union sockaddr_any name;
	struct endpoint to = {
	    .address = address_of("127.0.0.1"), .port = udp_port(there)};
	socklen_t len = sockaddr_write(&name, AF_INET, &to);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct packet *pkt;

	ck_assert_int_eq(
	    sendto(fd, jumbo, sizeof(jumbo), 0, &name.any, len), sizeof(jumbo));
	close(fd);
	pkt = receive_one();
	ck_assert(pkt->is_truncated);
	pool_put(pool, pkt);
}
END_TEST

START_TEST(udp_takes_an_empty_datagram_for_no_end)
{
	send_one(packet_to("127.0.0.1", 0, 0));
	send_one(packet_to("127.0.0.1", 5, 0));
	for (size_t got = 0; got < 2;) {
		struct packet_list in = {0};

		got += receive(&in).count;
		pool_put_list(pool, &in);
	}
}
END_TEST

START_TEST(udp_receives_nothing_from_an_empty_pool)
{
	struct packet_list hoard = {0}, in = {0};
	struct udp_received received;
	struct packet *pkt;

	while ((pkt = pool_get(pool)))
		packet_list_push(&hoard, pkt);
	udp_receive(there, &in, &received);
	ck_assert(received.is_starved);
	ck_assert_uint_eq(received.count, 0);
	pool_put_list(pool, &hoard);
}
END_TEST

START_TEST(udp_takes_one_and_leaves_the_rest)
{
	struct packet_list in = {0};
	struct udp_received received;
	struct packet *pkt;

	for (uint8_t i = 0; i < 3; i++)
		send_one(packet_to("127.0.0.1", 100, i));
	udp_receive_one(there, &in, &received);
	ck_assert_uint_eq(received.count, 1);
	ck_assert(!received.has_more);
	ck_assert_uint_eq(in.len, 1);
	ck_assert_uint_eq(receive(&in).count, 2);
	for (uint8_t i = 0; i < 3; i++) {
		pkt = packet_list_pop(&in);
		packet_fetch(pkt);
		ck_assert_uint_eq(packet_data(pkt)[99], i);
		pool_put(pool, pkt);
	}
}
END_TEST

START_TEST(udp_counts_what_the_full_buffer_lost)
{
	struct packet_list in = {0};
	uint32_t overflow = 0;
	unsigned sent = 0;
	int small = 4096;

	ck_assert_int_eq(setsockopt(udp_fd(there), SOL_SOCKET, SO_RCVBUF,
			     &small, sizeof(small)),
	    0);
	for (; sent < 200; sent++)
		send_one(packet_to("127.0.0.1", 1000, 0));
	for (;;) {
		struct udp_received received;

		udp_receive(there, &in, &received);
		if (!received.count)
			break;
		pool_put_list(pool, &in);
	}
	/* the counter comes with a datagram that had room again */
	send_one(packet_to("127.0.0.1", 8, 0));
	overflow = receive(&in).overflow;
	pool_put_list(pool, &in);
	ck_assert_uint_gt(overflow, 0);
	ck_assert_uint_lt(overflow, sent);
}
END_TEST

START_TEST(udp_refuses_a_port_that_is_taken)
{
	struct udp_setup setup = {.listen = address_of("::"), .pool = pool};
	struct udp *third;
	char error[256];

	setup.port = udp_port(here);
	ck_assert_int_eq(
	    udp_open(&third, &setup, error, sizeof(error)), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(error, "another program has this port"));
}
END_TEST

START_TEST(udp_on_an_ipv4_address_can_not_reach_ipv6)
{
	struct udp *v4 = open_on("127.0.0.1");
	struct packet_list out = {0};

	ck_assert(!udp_has_ipv6(v4));
	packet_list_push(&out, packet_to("::1", 8, 0));
	packet_list_push(&out, packet_to("127.0.0.1", 8, 0));
	ck_assert_int_eq(udp_send(v4, &out, &sender), 0);
	ck_assert_uint_eq(seen.failed, 1);
	ck_assert_int_eq(seen.reason, DROP_VPN_UNREACHABLE);
	pool_put(pool, receive_one());
	udp_close(v4);
}
END_TEST

/* ---- UDP_GRO ---- */

/* As one run of segments; the last one is shorter. */
static void send_run(size_t count)
{
	struct packet_list out = {0};

	for (size_t i = 0; i < count; i++)
		packet_list_push(
		    &out, packet_to("127.0.0.1", i + 1 < count ? 1400 : 77,
			      (uint8_t)i));
	ck_assert_int_eq(udp_send(here, &out, &sender), 0);
}

/* So few are no train. */
START_TEST(one_call_takes_what_the_kernel_has_put_together)
{
	struct packet_list in = {0};
	struct udp_received received;

	for (int i = 0; i < 3; i++)
		send_run(7);
	received = receive(&in);
	ck_assert_uint_eq(received.count, 3 * 7);
	ck_assert_uint_eq(received.lost, 0);
	for (size_t i = 0; i < 3 * 7; i++) {
		struct packet *pkt = packet_list_pop(&in);

		ck_assert_uint_eq(pkt->len, i % 7 < 6 ? 1400 : 77);
		packet_fetch(pkt);
		ck_assert_uint_eq(packet_data(pkt)[pkt->len - 1], i % 7);
		ck_assert_uint_eq(pkt->endpoint.port, udp_port(here));
		ck_assert_uint_eq(pkt->segment_bytes, 0);
		pool_put(pool, pkt);
	}
}
END_TEST

START_TEST(many_stay_one_packet)
{
	struct packet_list in = {0};
	struct udp_received received;

	for (int i = 0; i < 3; i++)
		send_run(40);
	received = receive(&in);
	ck_assert_uint_eq(received.count, 3 * 40);
	ck_assert(received.has_train);
	ck_assert_uint_eq(in.len, 3);
	while (in.first) {
		struct packet *pkt = packet_list_pop(&in);

		ck_assert(packet_is_received_train(pkt));
		ck_assert_uint_eq(pkt->segments, 40);
		ck_assert_uint_eq(pkt->segment_bytes, 1400);
		ck_assert_uint_eq(pkt->len, 39 * 1400 + 77);
		ck_assert_uint_eq(pkt->endpoint.port, udp_port(here));
		for (size_t i = 0; i < 40; i++)
			ck_assert_uint_eq(pkt->away[i * 1400], i);
		ck_assert_mem_eq(
		    packet_data(pkt), pkt->away, PACKET_PEEK_BYTES);
		pool_put(pool, pkt);
	}
}
END_TEST

/* What comes next would be where they are. */
START_TEST(behind_a_train_a_call_takes_no_more)
{
	struct packet_list in = {0};
	struct udp_received received;

	send_run(8);
	for (int i = 0; i < 6; i++)
		send_run(2);
	received = receive(&in);
	ck_assert_uint_eq(received.count, 8 + 3 * 2);
	ck_assert(received.has_more);
	ck_assert_uint_eq(in.first->away[7 * 1400 + 76], 7);
	pool_put_list(pool, &in);
	received = receive(&in);
	ck_assert_uint_eq(received.count, 3 * 2);
	pool_put_list(pool, &in);
}
END_TEST

/* Its head has been copied, for who asks whose it is. */
START_TEST(a_long_datagram_stays_where_it_was_received)
{
	struct packet_list in = {0};
	struct packet *pkt;

	send_run(2);
	(void)receive(&in);
	pkt = packet_list_pop(&in);
	ck_assert_ptr_nonnull(pkt->away);
	ck_assert_mem_eq(packet_data(pkt), pkt->away, PACKET_PEEK_BYTES);
	pool_put(pool, pkt);
	pkt = packet_list_pop(&in); /* 77 bytes */
	ck_assert_ptr_null(pkt->away);
	pool_put(pool, pkt);
}
END_TEST

START_TEST(what_is_away_is_fetched_before_the_next_call)
{
	struct packet_list in = {0};

	send_run(2);
	(void)receive(&in);
	send_run(3);
	(void)receive(&in);
	ck_assert_uint_eq(in.len, 5);
	ck_assert_ptr_null(in.first->away);
	ck_assert_uint_eq(packet_data(in.first)[1399], 0);
	pool_put_list(pool, &in);
}
END_TEST

START_TEST(what_no_packet_is_left_for_is_counted)
{
	struct packet_list in = {0}, all = {0};
	struct udp_received received;

	send_run(6);
	send_run(40);
	while (pool_available(pool) > 3)
		packet_list_push(&all, pool_get(pool));
	received = receive(&in);
	ck_assert_uint_eq(received.count, 3);
	ck_assert_uint_eq(received.lost, 3 + 40);
	pool_put_list(pool, &in);
	pool_put_list(pool, &all);
}
END_TEST

START_TEST(what_is_discarded_counts_as_its_datagrams)
{
	struct pollfd ready = {.fd = udp_fd(there), .events = POLLIN};

	send_run(40);
	send_run(1);
	ck_assert_int_eq(poll(&ready, 1, 1000), 1);
	ck_assert_uint_eq(udp_discard(there, 64), 40 + 1);
}
END_TEST

static const struct {
	const char *release;
	bool is_unsound;
} releases[] = {
    {"7.0.0", true},
    {"7.0-rc1", true},
    {"7.1.12-amd64", true},
    {"7.2.0", false},
    {"7.10.0", false},
    {"6.19.3", false},
    {"17.1.0", false},
    {"", false},
};

START_TEST(two_releases_of_linux_send_no_segments)
{
	ck_assert_int_eq(udp_is_release_unsound(releases[_i].release),
	    releases[_i].is_unsound);
}
END_TEST

static TCase *gro_cases(void)
{
	TCase *tcase = tcase_create("gro");

	tcase_add_checked_fixture(tcase, open_both_with_gro, close_both);
	tcase_add_test(tcase, one_call_takes_what_the_kernel_has_put_together);
	tcase_add_test(tcase, a_long_datagram_stays_where_it_was_received);
	tcase_add_test(tcase, what_is_away_is_fetched_before_the_next_call);
	tcase_add_test(tcase, what_no_packet_is_left_for_is_counted);
	tcase_add_test(tcase, what_is_discarded_counts_as_its_datagrams);
	tcase_add_test(tcase, many_stay_one_packet);
	tcase_add_test(tcase, behind_a_train_a_call_takes_no_more);
	tcase_add_test(tcase, equal_lengths_go_as_segments_of_one_datagram);
	tcase_add_test(tcase, another_mark_or_peer_ends_a_run);
	tcase_add_test(tcase, udp_knows_an_ipv4_sender_as_ipv4);
	tcase_add_test(tcase, udp_knows_an_ipv6_sender_as_ipv6);
	tcase_add_loop_test(
	    tcase, udp_carries_the_ecn_bits_of_each_packet, 0, 8);
	tcase_add_test(tcase, udp_says_that_a_datagram_was_cut);
	tcase_add_test(tcase, udp_takes_an_empty_datagram_for_no_end);
	tcase_add_test(tcase, udp_receives_nothing_from_an_empty_pool);
	tcase_add_test(tcase, udp_takes_one_and_leaves_the_rest);
	tcase_add_test(tcase, udp_counts_what_the_full_buffer_lost);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("io/udp");
	TCase *tcase = tcase_create("udp");

	tcase_add_checked_fixture(tcase, open_both, close_both);
	tcase_add_test(tcase, equal_lengths_go_as_segments_of_one_datagram);
	tcase_add_test(tcase, a_full_batch_is_cut_where_the_kernel_wants_it);
	tcase_add_test(tcase, another_mark_or_peer_ends_a_run);
	tcase_add_loop_test(
	    tcase, refused_segments_go_singly_and_it_is_told, 0, 4);
	tcase_add_test(tcase, what_goes_alone_is_no_segment);
	tcase_add_test(tcase, trains_and_single_ones_keep_their_order);
	tcase_add_loop_test(
	    tcase, a_refused_train_goes_datagram_by_datagram, 0, 4);
	tcase_add_test(tcase, a_train_that_goes_alone_is_not_tried_as_one);
	tcase_add_loop_test(
	    tcase, a_full_socket_takes_the_rest_later, 0, ARRAY_SIZE(rooms));
	tcase_add_test(tcase, a_full_socket_leaves_a_train_whole);
	tcase_add_test(tcase, a_bundle_that_can_not_be_sent_fails_as_all_of_it);
	tcase_add_test(tcase, a_train_that_can_not_be_sent_fails_by_datagrams);
	tcase_add_test(tcase, other_failures_are_not_about_segments);
	tcase_add_test(tcase, udp_carries_a_full_batch_in_order);
	tcase_add_test(tcase, udp_knows_an_ipv4_sender_as_ipv4);
	tcase_add_test(tcase, udp_knows_an_ipv6_sender_as_ipv6);
	tcase_add_loop_test(
	    tcase, udp_carries_the_ecn_bits_of_each_packet, 0, 8);
	tcase_add_test(tcase, udp_sends_from_the_sticky_source_address);
	tcase_add_test(tcase, udp_forgets_a_source_address_that_is_not_ours);
	tcase_add_test(
	    tcase, udp_skips_a_datagram_that_fails_and_sends_the_rest);
	tcase_add_test(tcase, udp_says_that_a_datagram_was_cut);
	tcase_add_test(tcase, udp_takes_an_empty_datagram_for_no_end);
	tcase_add_test(tcase, udp_receives_nothing_from_an_empty_pool);
	tcase_add_test(tcase, udp_takes_one_and_leaves_the_rest);
	tcase_add_test(tcase, udp_counts_what_the_full_buffer_lost);
	tcase_add_test(tcase, udp_refuses_a_port_that_is_taken);
	tcase_add_test(tcase, udp_on_an_ipv4_address_can_not_reach_ipv6);
	tcase_add_loop_test(tcase, two_releases_of_linux_send_no_segments, 0,
	    ARRAY_SIZE(releases));
	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, gro_cases());
	return suite;
}
