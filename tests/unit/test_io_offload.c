/* SPDX-License-Identifier: ISC */
/* A device with virtio-net headers; a pair of sockets stands in for it. */
#include "unit.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/attributes.h"
#include "header.h"
#include "io/tun_offload.h"
#include "packet/checksum.h"
#include "packet/coalesce.h"
#include "packet/gather.h"
#include "packet/ip.h"
#include "packet/l4.h"
#include "packet/tcp.h"

#define PACKETS 16
#define HEADERS (IPV4_BYTES + TCP_BYTES)
#define ENDLESS 20000

static const struct tun_offload all = {
    .has_header = true, .has_tso = true, .has_uso = true};

static struct pool *pool;
static struct tun_batch *batch;
static int device[2]; /* ours, the kernel's */
static unsigned failed;
static enum drop reason;
static int refuse_wholes;

ssize_t __real_writev(int fd, const struct iovec *parts, int count);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count);

static bool is_whole(const struct iovec *parts)
{
	struct virtio_net_hdr header;

	memcpy(&header, parts[0].iov_base, sizeof(header));
	return header.gso_type != VIRTIO_NET_HDR_GSO_NONE;
}

ssize_t __wrap_writev(int fd, const struct iovec *parts, int count)
{
	if (refuse_wholes && is_whole(parts)) {
		errno = refuse_wholes;
		return -1;
	}
	return __real_writev(fd, parts, count);
}

static void open_all(void)
{
	struct tun_batch_setup setup = {.type = TUN_TYPE_TUN, .offload = &all};

	ck_assert_int_eq(pool_new(&pool, PACKETS, 1500), 0);
	setup.pool = pool;
	ck_assert_int_eq(tun_batch_new(&batch, &setup), 0);
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		0, device),
	    0);
	failed = 0;
	refuse_wholes = 0;
}

static void close_all(void)
{
	tun_batch_free(batch);
	pool_free(pool);
	close(device[0]);
	close(device[1]);
}

static void note_failure(void *context, struct packet *pkt)
{
	(void)context;
	failed += pkt->segments;
	reason = pkt->drop;
	pool_put(pool, pkt);
}

/* IPv4 and TCP, sequence number `at`, `payload` bytes that count on. */
static size_t write_tcp(uint8_t *bytes, uint32_t at, size_t payload)
{
	size_t len = HEADERS + payload;

	memset(bytes, 0, HEADERS);
	bytes[0] = 0x45;
	bytes[2] = (uint8_t)(len >> 8);
	bytes[3] = (uint8_t)len;
	bytes[6] = 0x40; /* its numbers do not matter */
	bytes[8] = 64;
	bytes[9] = IP_PROTOCOL_TCP;
	bytes[12] = bytes[16] = 10;
	header_finish(bytes, IPV4_BYTES);
	bytes[IPV4_BYTES + TCP_SEQUENCE + 2] = (uint8_t)(at >> 8);
	bytes[IPV4_BYTES + TCP_SEQUENCE + 3] = (uint8_t)at;
	bytes[IPV4_BYTES + TCP_OFFSET] = 0x50;
	bytes[IPV4_BYTES + TCP_FLAGS] = TCP_ACK;
	for (size_t i = 0; i < payload; i++)
		bytes[HEADERS + i] = (uint8_t)(at + i);
	return len;
}

/* ---- reading ---- */

static void kernel_sends(
    const struct virtio_net_hdr *header, const void *bytes, size_t len)
{
	const struct iovec parts[] = {
	    {(void *)header, sizeof(*header)}, {(void *)bytes, len}};

	ck_assert_int_eq(__real_writev(device[1], parts, 2),
	    (ssize_t)(sizeof(*header) + len));
}

static struct tun_taken take(struct packet_list *list)
{
	struct tun_taken taken;

	ck_assert_int_eq(
	    tun_batch_read(batch, device[0], list, &taken), TUN_DONE);
	return taken;
}

static const struct virtio_net_hdr tso = {
    .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
    .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
    .hdr_len = 9999, /* never trusted */
    .gso_size = 1000,
    .csum_start = IPV4_BYTES,
    .csum_offset = TCP_CHECKSUM,
};

/* What the parser does not find (UDP-Lite here) is made complete, and as the
 * kernel does, never with 0, which says "none" to some. */
START_TEST(a_checksum_that_is_completed_here_is_never_zero)
{
	const struct virtio_net_hdr partial = {
	    .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
	    .csum_start = IPV4_BYTES,
	    .csum_offset = UDP_CHECKSUM};
	enum {
		LEN = IPV4_BYTES + UDP_BYTES + 2
	};
	uint8_t bytes[HEADERS];
	struct packet_list list = {0};
	struct tun_taken taken;

	(void)write_tcp(bytes, 0, 0);
	memset(bytes + IPV4_BYTES, 0, UDP_BYTES);
	bytes[3] = LEN;
	bytes[9] = 136;
	header_finish(bytes, IPV4_BYTES);
	memset(bytes + LEN - 2, 0xff, 2);
	kernel_sends(&partial, bytes, LEN);
	taken = take(&list);
	ck_assert_uint_eq(taken.refused, 0);
	ck_assert_int_eq(list.first->checksum, CHECKSUM_FULL);
	ck_assert_uint_eq(
	    packet_data(list.first)[IPV4_BYTES + UDP_CHECKSUM], 0xff);
	pool_put_list(pool, &list);
}
END_TEST

START_TEST(a_super_packet_comes_as_its_packets)
{
	uint8_t bytes[5000];
	struct packet_list list = {0};
	struct tun_taken taken;

	kernel_sends(&tso, bytes, write_tcp(bytes, 7, 3500));
	taken = take(&list);
	ck_assert_uint_eq(taken.lost + taken.refused, 0);
	ck_assert_uint_eq(list.len, 4);
	for (uint32_t i = 0; i < 4; i++) {
		struct packet *pkt = packet_list_pop(&list);

		ck_assert_uint_eq(pkt->len, HEADERS + (i < 3 ? 1000u : 500u));
		ck_assert_int_eq(pkt->checksum, CHECKSUM_PARTIAL);
		ck_assert_uint_eq(
		    packet_data(pkt)[HEADERS], (uint8_t)(7 + 1000 * i));
		pool_put(pool, pkt);
	}
}
END_TEST

START_TEST(with_large_packets_it_comes_whole)
{
	uint8_t bytes[5000];
	struct packet_list list = {0};
	struct packet *pkt;
	size_t len = write_tcp(bytes, 7, 3500);

	ck_assert_int_eq(pool_add_large(pool, 1, TUN_WHOLE_BYTES), 0);
	kernel_sends(&tso, bytes, len);
	kernel_sends(&tso, bytes, len);
	(void)take(&list);
	ck_assert_uint_eq(list.len, 1);
	pkt = packet_list_pop(&list);
	ck_assert_uint_eq(pkt->len, len);
	ck_assert_uint_eq(pkt->segments, 4);
	ck_assert_uint_eq(pkt->segment_bytes, 1000);
	ck_assert_int_eq(pkt->checksum, CHECKSUM_PARTIAL);
	ck_assert_mem_eq(packet_data(pkt), bytes, len);
	/* none is left for the next one */
	(void)take(&list);
	ck_assert_uint_eq(list.len, 4);
	pool_put_list(pool, &list);
	pool_put(pool, pkt);
}
END_TEST

START_TEST(what_is_no_super_packet_comes_in_an_ordinary_one)
{
	const struct virtio_net_hdr plain = {0};
	uint8_t bytes[2000];
	struct packet_list list = {0};

	ck_assert_int_eq(pool_add_large(pool, 1, TUN_WHOLE_BYTES), 0);
	kernel_sends(&plain, bytes, write_tcp(bytes, 0, 700));
	kernel_sends(&tso, bytes, write_tcp(bytes, 0, 900)); /* one segment */
	(void)take(&list);
	(void)take(&list);
	ck_assert_uint_eq(list.len, 2);
	ck_assert_uint_eq(pool_available(pool), PACKETS - 2);
	ck_assert_uint_eq(list.first->segments, 1);
	ck_assert_uint_eq(list.last->segments, 1);
	pool_put_list(pool, &list);
}
END_TEST

START_TEST(a_super_packet_of_too_large_segments_is_counted)
{
	struct virtio_net_hdr large = tso;
	uint8_t bytes[5000];
	struct packet_list list = {0};
	struct tun_taken taken;

	ck_assert_int_eq(pool_add_large(pool, 1, TUN_WHOLE_BYTES), 0);
	large.gso_size = 1600;
	kernel_sends(&large, bytes, write_tcp(bytes, 0, 4000));
	taken = take(&list);
	ck_assert_uint_eq(taken.refused, 2);
	ck_assert_int_eq(taken.drop, DROP_PKT_TOO_BIG);
	ck_assert_uint_eq(list.len, 1);
	pool_put_list(pool, &list);
}
END_TEST

START_TEST(what_no_packet_is_left_for_is_counted)
{
	static uint8_t bytes[ENDLESS + HEADERS];
	struct packet_list list = {0};
	struct tun_taken taken;

	kernel_sends(&tso, bytes, write_tcp(bytes, 0, ENDLESS));
	taken = take(&list);
	ck_assert_uint_eq(list.len, PACKETS);
	ck_assert_uint_eq(taken.lost, ENDLESS / 1000 - PACKETS);
	pool_put_list(pool, &list);
}
END_TEST

START_TEST(a_super_packet_that_can_not_be_cut_is_counted)
{
	uint8_t bytes[5000];
	struct packet_list list = {0};
	struct tun_taken taken;
	size_t len = write_tcp(bytes, 0, 3000);

	bytes[0] = 0x55;
	kernel_sends(&tso, bytes, len);
	taken = take(&list);
	ck_assert_uint_eq(taken.refused, 1);
	ck_assert_int_eq(taken.drop, DROP_UNHANDLED_PROTO);
	ck_assert_uint_eq(list.len, 0);
}
END_TEST

START_TEST(a_checksum_that_is_left_to_us_stays_so)
{
	struct virtio_net_hdr header = tso;
	uint8_t bytes[200];
	struct packet_list list = {0};

	header.gso_type = VIRTIO_NET_HDR_GSO_NONE;
	kernel_sends(&header, bytes, write_tcp(bytes, 0, 100));
	(void)take(&list);
	ck_assert_uint_eq(list.len, 1);
	ck_assert_int_eq(list.first->checksum, CHECKSUM_PARTIAL);
	header.flags = 0;
	kernel_sends(&header, bytes, write_tcp(bytes, 0, 100));
	(void)take(&list);
	ck_assert_int_eq(list.last->checksum, CHECKSUM_FULL);
	pool_put_list(pool, &list);
}
END_TEST

/* As in a tunnel inside: the parser does not see what the kernel means. */
START_TEST(a_checksum_elsewhere_is_made_at_once)
{
	struct virtio_net_hdr header = tso;
	uint8_t bytes[200], *at = bytes + 100;
	struct packet_list list = {0};
	size_t len = write_tcp(bytes, 0, 160 - HEADERS);

	header.gso_type = VIRTIO_NET_HDR_GSO_NONE;
	header.csum_start = 100;
	header.csum_offset = 6;
	at[6] = at[7] = 0;
	kernel_sends(&header, bytes, len);
	(void)take(&list);
	ck_assert_int_eq(list.first->checksum, CHECKSUM_FULL);
	ck_assert_uint_eq(checksum_finish(checksum_add(
			      0, packet_data(list.first) + 100, len - 100)),
	    0);
	pool_put_list(pool, &list);
}
END_TEST

START_TEST(a_checksum_beyond_the_packet_is_refused)
{
	struct virtio_net_hdr header = tso;
	uint8_t bytes[200];
	struct packet_list list = {0};
	struct tun_taken taken;

	header.gso_type = VIRTIO_NET_HDR_GSO_NONE;
	header.csum_start = _i ? 65535 : 139;
	header.csum_offset = _i ? 65535 : 0;
	kernel_sends(&header, bytes, write_tcp(bytes, 0, 100));
	taken = take(&list);
	ck_assert_uint_eq(taken.refused, 1);
	ck_assert_int_eq(taken.drop, DROP_DEV_HDR);
	ck_assert_uint_eq(list.len, 0);
}
END_TEST

/* Bytes behind the IP packet: the parser trims them, the kernel means them. */
START_TEST(a_checksum_behind_the_packet_is_no_trap)
{
	struct virtio_net_hdr header = tso;
	uint8_t bytes[1000] = {0};
	struct packet_list list = {0};

	(void)write_tcp(bytes, 0, 0);
	header.gso_type = VIRTIO_NET_HDR_GSO_NONE;
	header.csum_start = 500;
	kernel_sends(&header, bytes, sizeof(bytes));
	(void)take(&list);
	ck_assert_uint_eq(list.len, 1);
	pool_put_list(pool, &list);
}
END_TEST

START_TEST(a_packet_larger_than_a_buffer_is_refused)
{
	static uint8_t bytes[3000];
	struct virtio_net_hdr header = {0};
	struct packet_list list = {0};
	struct tun_taken taken;

	kernel_sends(&header, bytes, sizeof(bytes));
	taken = take(&list);
	ck_assert_uint_eq(taken.refused, 1);
	ck_assert_int_eq(taken.drop, DROP_PKT_TOO_BIG);
}
END_TEST

START_TEST(an_empty_device_is_told)
{
	struct packet_list list = {0};
	struct tun_taken taken;

	ck_assert_int_eq(
	    tun_batch_read(batch, device[0], &list, &taken), TUN_EMPTY);
}
END_TEST

/* ---- writing ---- */

static const struct tun_writer writer = {.failed = note_failure};

static void push_tcp(struct packet_list *list, uint32_t at, size_t payload)
{
	struct packet *pkt = pool_get(pool);

	pkt->len = (uint32_t)write_tcp(packet_data(pkt), at, payload);
	ck_assert_int_eq(packet_parse_ip(pkt), DROP_NONE);
	pkt->checksum = CHECKSUM_PARTIAL;
	packet_list_push(list, pkt);
}

static struct virtio_net_hdr kernel_gets(size_t len)
{
	uint8_t bytes[4000];
	struct virtio_net_hdr header;

	ck_assert_int_eq(recv(device[1], bytes, sizeof(bytes), 0),
	    (ssize_t)(sizeof(header) + len));
	memcpy(&header, bytes, sizeof(header));
	return header;
}

/* A chain. */
static void push_three(struct packet_list *list)
{
	struct packet_list apart = {0};
	struct coalescer coalescer;
	struct packet *pkt;

	for (uint32_t i = 0; i < 3; i++)
		push_tcp(&apart, 1000 * i, i < 2 ? 1000 : 500);
	coalescer_begin(&coalescer, true, true);
	while ((pkt = packet_list_pop(&apart)))
		if (!coalescer_join(&coalescer, pkt))
			packet_list_push(list, pkt);
	ck_assert_uint_eq(list->len, 1);
}

/* The same as a super-packet. */
static void push_whole(struct packet_list *list)
{
	struct packet_list pieces = {0};
	struct packet *pkt, *whole = pool_get_large(pool);
	struct gather gather;

	if (!whole) {
		ck_assert_int_eq(pool_add_large(pool, 1, TUN_WHOLE_BYTES), 0);
		whole = pool_get_large(pool);
	}
	for (uint32_t i = 0; i < 3; i++)
		push_tcp(&pieces, 1000 * i, i < 2 ? 1000 : 500);
	gather_begin(&gather, whole, false, true, true);
	for (uint8_t i = 0; (pkt = packet_list_pop(&pieces)); i++) {
		packet_data(pkt)[5] = i; /* identification */
		packet_data(pkt)[IPV4_CHECKSUM] = 0;
		packet_data(pkt)[IPV4_CHECKSUM + 1] = 0;
		checksum_store(packet_data(pkt) + IPV4_CHECKSUM,
		    checksum_finish(
			checksum_add(0, packet_data(pkt), IPV4_BYTES)));
		ck_assert(gather_has_room(&gather, pkt->len));
		memcpy(gather_place(&gather), packet_data(pkt), pkt->len);
		ck_assert(gather_take(&gather, pkt->len, pkt->checksum));
		pool_put(pool, pkt);
	}
	packet_list_push(list, gather_end(&gather));
	ck_assert_uint_eq(whole->segments, 3);
}

static void (*const pushes[])(struct packet_list *list) = {
    push_three, push_whole};

START_TEST(a_chain_or_a_whole_goes_in_one_piece)
{
	struct packet_list list = {0};
	struct virtio_net_hdr header;

	pushes[_i](&list);
	ck_assert_int_eq(
	    tun_batch_write(batch, device[0], &list, &writer), TUN_DONE);
	header = kernel_gets(HEADERS + 2500);
	ck_assert_uint_eq(header.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	ck_assert_uint_eq(header.gso_size, 1000);
	ck_assert_uint_eq(header.hdr_len, HEADERS);
	ck_assert_uint_eq(header.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	ck_assert_uint_eq(header.csum_start, IPV4_BYTES);
	ck_assert_uint_eq(header.csum_offset, TCP_CHECKSUM);
	ck_assert_int_eq(recv(device[1], &header, 1, 0), -1);
	ck_assert_uint_eq(failed, 0);
}
END_TEST

static void check_single(uint8_t flags, size_t payload)
{
	struct virtio_net_hdr header = kernel_gets(HEADERS + payload);

	ck_assert_uint_eq(header.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	ck_assert_uint_eq(header.flags, flags);
}

/* The other thread's does not try what the kernel has refused. */
static void check_learns(int error)
{
	struct tun_batch_setup setup = {
	    .type = TUN_TYPE_TUN, .offload = &all, .pool = pool};
	struct tun_batch *other;

	ck_assert_int_eq(tun_batch_new(&other, &setup), 0);
	ck_assert(tun_batch_joins_tcp(other));
	tun_batch_learn(other, batch);
	ck_assert_int_eq(tun_batch_tcp_error(other), error);
	ck_assert_int_eq(tun_batch_udp_error(other), 0);
	ck_assert(!tun_batch_joins_tcp(other));
	tun_batch_free(other);
}

START_TEST(a_refused_whole_goes_singly_and_ends_it)
{
	struct packet_list list = {0};

	refuse_wholes = EINVAL;
	pushes[_i](&list);
	ck_assert_int_eq(
	    tun_batch_write(batch, device[0], &list, &writer), TUN_DONE);
	for (int i = 0; i < 3; i++)
		check_single(VIRTIO_NET_HDR_F_NEEDS_CSUM, i < 2 ? 1000 : 500);
	ck_assert_int_eq(tun_batch_tcp_error(batch), EINVAL);
	ck_assert(!tun_batch_joins_tcp(batch));
	ck_assert(tun_batch_joins_udp(batch));
	ck_assert_int_eq(tun_batch_udp_error(batch), 0);
	check_learns(EINVAL);
	refuse_wholes = 0;
	pushes[_i](&list);
	ck_assert_int_eq(
	    tun_batch_write(batch, device[0], &list, &writer), TUN_DONE);
	for (int i = 0; i < 3; i++)
		check_single(VIRTIO_NET_HDR_F_NEEDS_CSUM, i < 2 ? 1000 : 500);
	ck_assert_uint_eq(failed, 0);
}
END_TEST

START_TEST(what_no_packet_is_left_for_has_failed)
{
	struct packet_list list = {0}, taken = {0};

	refuse_wholes = ENOMEM;
	push_whole(&list);
	while (pool_available(pool) > 1)
		packet_list_push(&taken, pool_get(pool));
	ck_assert_int_eq(
	    tun_batch_write(batch, device[0], &list, &writer), TUN_DONE);
	check_single(VIRTIO_NET_HDR_F_NEEDS_CSUM, 1000);
	ck_assert_uint_eq(failed, 2);
	pool_put_list(pool, &taken);
}
END_TEST

START_TEST(another_error_does_not_end_it)
{
	struct packet_list list = {0};

	refuse_wholes = ENOMEM;
	push_three(&list);
	ck_assert_int_eq(
	    tun_batch_write(batch, device[0], &list, &writer), TUN_DONE);
	for (int i = 0; i < 3; i++)
		check_single(VIRTIO_NET_HDR_F_NEEDS_CSUM, i < 2 ? 1000 : 500);
	ck_assert_int_eq(tun_batch_tcp_error(batch), 0);
}
END_TEST

START_TEST(a_complete_checksum_is_left_alone)
{
	struct packet_list list = {0};

	push_tcp(&list, 0, 77);
	checksum_complete(list.first);
	ck_assert_int_eq(
	    tun_batch_write(batch, device[0], &list, &writer), TUN_DONE);
	check_single(0, 77);
}
END_TEST

START_TEST(what_the_device_refuses_is_told)
{
	struct packet_list list = {0};

	push_tcp(&list, 0, 77);
	shutdown(device[0], SHUT_WR);
	ck_assert_int_eq(tun_batch_write(batch, -1, &list, &writer), TUN_DONE);
	ck_assert_uint_eq(failed, 1);
	ck_assert_int_eq(reason, DROP_DEV_HDR);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("io/offload");
	TCase *tcase = tcase_create("offload");

	tcase_add_checked_fixture(tcase, open_all, close_all);
	tcase_add_test(tcase, a_checksum_that_is_completed_here_is_never_zero);
	tcase_add_test(tcase, a_super_packet_comes_as_its_packets);
	tcase_add_test(tcase, with_large_packets_it_comes_whole);
	tcase_add_test(tcase, what_is_no_super_packet_comes_in_an_ordinary_one);
	tcase_add_test(tcase, a_super_packet_of_too_large_segments_is_counted);
	tcase_add_test(tcase, what_no_packet_is_left_for_is_counted);
	tcase_add_test(tcase, a_super_packet_that_can_not_be_cut_is_counted);
	tcase_add_test(tcase, a_checksum_that_is_left_to_us_stays_so);
	tcase_add_test(tcase, a_checksum_elsewhere_is_made_at_once);
	tcase_add_loop_test(
	    tcase, a_checksum_beyond_the_packet_is_refused, 0, 2);
	tcase_add_test(tcase, a_checksum_behind_the_packet_is_no_trap);
	tcase_add_test(tcase, a_packet_larger_than_a_buffer_is_refused);
	tcase_add_test(tcase, an_empty_device_is_told);
	tcase_add_loop_test(tcase, a_chain_or_a_whole_goes_in_one_piece, 0, 2);
	tcase_add_test(tcase, what_no_packet_is_left_for_has_failed);
	tcase_add_loop_test(
	    tcase, a_refused_whole_goes_singly_and_ends_it, 0, 2);
	tcase_add_test(tcase, another_error_does_not_end_it);
	tcase_add_test(tcase, a_complete_checksum_is_left_alone);
	tcase_add_test(tcase, what_the_device_refuses_is_told);
	suite_add_tcase(suite, tcase);
	return suite;
}
