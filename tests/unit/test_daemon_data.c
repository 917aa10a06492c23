/* SPDX-License-Identifier: ISC */
/* The data path between descriptors, of a device without offloads. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/data.h"
#include "header.h"
#include "packet/l4.h"
#include "pair.h"
#include "unit.h"

#define OTHERS 1 /* number of another thread */

static struct pair pair;
static struct data_device device;
static struct data data;
static int host; /* the other side of the device */

static void begin(void)
{
	int ends[2];

	pair_start_both(&pair);
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	host = ends[0];
	device = (struct data_device){
	    .fd = ends[1], .queues = {.fds = {ends[1]}, .count = 1}};
	data = (struct data){.device = &device,
	    .pool = pair.ends[0].pool,
	    .core = pair.ends[0].core,
	    .moment = &pair.moment};
}

static void end(void)
{
	close(host);
	close(device.fd);
	pair_clear(&pair);
}

static void fill_device(size_t count)
{
	static const uint8_t byte = 0x45;

	while (count--)
		ck_assert_int_eq(send(host, &byte, 1, 0), 1);
}

static bool is_device_empty(void)
{
	uint8_t byte;

	return recv(device.fd, &byte, 1, MSG_PEEK) < 0;
}

/* All packets but `count`, which are another thread's to get. */
static void leave_to_others(struct packet_list *taken, size_t count)
{
	struct packet *pkt;

	pool_set_thread(OTHERS);
	while ((pkt = pool_get(data.pool)))
		packet_list_push(taken, pkt);
	while (count--)
		pool_put(data.pool, packet_list_pop(taken));
	pool_set_thread(0);
}

static void add_lost(void *context, const struct path_drop *drop)
{
	uint64_t *sum = context;

	if (drop->reason == DROP_NOMEM)
		*sum += drop->packets;
}

static uint64_t lost(void)
{
	uint64_t sum = 0;

	path_each_drop(core_path(data.core), add_lost, &sum);
	return sum;
}

START_TEST(without_a_buffer_the_device_is_emptied)
{
	struct packet_list taken = {0};

	leave_to_others(&taken, (size_t)_i);
	fill_device(3);
	data_from_device(&data, 0);
	ck_assert(is_device_empty());
	ck_assert_uint_eq(lost(), 3);
	pool_put_list(data.pool, &taken);
}
END_TEST

static void count_others(void *context, const struct path_drop *drop)
{
	uint64_t *sum = context;

	if (drop->reason != DROP_NOMEM)
		*sum += drop->packets;
}

/* To the other end of the tunnel, later than the one before. */
static void send_packet(void)
{
	uint8_t packet[IPV4_BYTES + UDP_BYTES] = {0x45, 0, 0, sizeof(packet), 0,
	    0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};

	packet[IPV4_BYTES + 5] = UDP_BYTES;
	header_finish(packet, IPV4_BYTES);
	ck_assert_int_eq(send(host, packet, sizeof(packet), 0), sizeof(packet));
	pair.moment.now = instant_after(pair.moment.now, NS_PER_MS);
	data_from_device(&data, 0);
}

START_TEST(what_is_refused_counts_as_nothing_carried)
{
	static const uint8_t large[PACKET_TRAIN_BYTES];

	fill_device(1);
	ck_assert_int_eq(send(host, large, sizeof(large), 0), sizeof(large));
	data_from_device(&data, 0);
	ck_assert(is_device_empty());
	ck_assert_uint_eq(data.out_bytes, 1);
}
END_TEST

static void block_others(bool is_blocked)
{
	core_set_lane(data.core, OTHERS);
	path_set_blocked(core_path(data.core), is_blocked, false);
	core_set_lane(data.core, 0);
}

START_TEST(who_waits_for_another_thread_is_not_dropped_for_more)
{
	uint64_t dropped = 0;
	int sent = 0;

	pair_send(&pair, 0, "10.0.0.2");
	pair_carry(&pair);
	ck_assert(pair_has_session(&pair));
	block_others(true);
	while (sent++ < 10000 && data_wants_more(&data))
		send_packet();
	ck_assert_int_gt(sent, 100);
	ck_assert_int_lt(sent, 10000);
	send_packet();
	ck_assert(!is_device_empty());
	path_each_drop(core_path(data.core), count_others, &dropped);
	ck_assert_uint_eq(dropped, 0);
	ck_assert_uint_eq(lost(), 0);
	block_others(false);
	ck_assert(path_release(core_path(data.core), SIZE_MAX, &pair.moment));
	pool_put_list(data.pool, path_to_wire(core_path(data.core)));
	ck_assert(data_wants_more(&data));
}
END_TEST

/* ---- the socket ---- */

static void send_from(int from, size_t count)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(udp_port(data.udp)),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};

	while (count--)
		ck_assert_int_eq(
		    sendto(from, "?", 1, 0, (struct sockaddr *)&to, sizeof(to)),
		    1);
}

static bool is_socket_empty(void)
{
	uint8_t byte;

	return recv(udp_fd(data.udp), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

/* So many have come, so long after the ones before. */
static void come(int from, size_t count, int64_t after_ns)
{
	pair.moment.now = instant_after(pair.moment.now, after_ns);
	send_from(from, count);
	data_from_wire(&data);
}

START_TEST(behind_a_datagram_by_itself_none_is_looked_for)
{
	struct udp_setup setup = {
	    .listen = {FAMILY_IPV4, {127, 0, 0, 1}}, .pool = data.pool};
	int from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char error[256];

	ck_assert_int_ge(from, 0);
	ck_assert_int_eq(udp_open(&data.udp, &setup, error, sizeof(error)), 0);
	/* nothing is known yet */
	come(from, 2, NS_PER_MS);
	ck_assert(is_socket_empty());
	/* one, and one by itself: then two are a surprise */
	come(from, 1, NS_PER_MS);
	come(from, 1, NS_PER_MS);
	come(from, 2, NS_PER_MS);
	ck_assert(!is_socket_empty());
	/* right behind it comes the other, as a burst does */
	come(from, 2, 0);
	ck_assert(is_socket_empty());
	udp_close(data.udp);
	close(from);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("daemon_data");
	TCase *tcase = tcase_create("daemon_data");

	tcase_add_checked_fixture(tcase, begin, end);
	/* none at all, and some in another thread's list */
	tcase_add_loop_test(
	    tcase, without_a_buffer_the_device_is_emptied, 0, 3);
	tcase_add_test(tcase, what_is_refused_counts_as_nothing_carried);
	tcase_add_test(
	    tcase, who_waits_for_another_thread_is_not_dropped_for_more);
	tcase_add_test(tcase, behind_a_datagram_by_itself_none_is_looked_for);
	suite_add_tcase(suite, tcase);
	return suite;
}
