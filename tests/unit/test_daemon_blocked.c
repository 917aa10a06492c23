/* SPDX-License-Identifier: ISC */
/* A socket that takes nothing for a while, beside another thread. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "daemon/data.h"
#include "pair.h"

#define LEAVES 8 /* more than there are */

static struct pair pair;
static struct threads *threads;
static struct data data;
static struct data_device device;
static bool is_full;
static int leaves_left; /* until the other thread gets the lock */
static void (*as_other)(void);
static int refills_left; /* it sends whenever it gets the lock */
static bool refuses_segments;

/* The linker puts these before what is really there. */
int __wrap_udp_send(
    struct udp *udp, struct packet_list *list, const struct udp_sender *sender);
enum underlay_way __wrap_underlay_way_to(struct underlay *underlay,
    const struct address *address, struct instant now);
void __wrap_threads_leave(struct threads *of);
void __real_threads_leave(struct threads *of);

int __wrap_udp_send(
    struct udp *udp, struct packet_list *list, const struct udp_sender *sender)
{
	(void)udp;
	if (is_full)
		return -EAGAIN;
	if (refuses_segments) {
		as_other();
		sender->segments_refused(sender->context, EINVAL, list->first);
	}
	pool_put_list(data.pool, list);
	return 0;
}

enum underlay_way __wrap_underlay_way_to(struct underlay *underlay,
    const struct address *address, struct instant now)
{
	(void)underlay;
	(void)address;
	(void)now;
	return UNDERLAY_OUT;
}

static void send_as_other(void)
{
	threads_enter(threads);
	core_set_lane(data.core, THREAD_WORKER);
	pair_send(&pair, 0, "10.0.0.2");
	__real_threads_leave(threads);
}

static struct peer *right(void)
{
	return tunnel_peer_find(
	    core_tunnel(data.core), pair.ends[1].public_key);
}

/* It is in the middle of its batch, aside: what it has made is not sent yet. */
static void make_as_other(void)
{
	threads_enter(threads);
	ck_assert_int_eq(
	    tunnel_peer_echo(core_tunnel(data.core), right(), 1, &pair.moment),
	    0);
	__real_threads_leave(threads);
}

static void move_as_other(void)
{
	struct endpoint elsewhere;

	ck_assert_int_eq(endpoint_parse(&elsewhere, "192.0.2.77:4000"), 0);
	threads_enter(threads);
	tunnel_peer_set_endpoint(right(), &elsewhere);
	__real_threads_leave(threads);
}

void __wrap_threads_leave(struct threads *of)
{
	__real_threads_leave(of);
	if (leaves_left && --leaves_left == 0)
		as_other();
	if (refills_left) {
		refills_left--;
		send_as_other();
	}
}

static uint64_t waiting(void)
{
	struct path_totals totals;

	path_totals(core_path(data.core), &totals);
	return totals.tx_waiting;
}

static void setup(void)
{
	pair_start_both(&pair);
	pair_connect(&pair);
	device.fd = -1;
	data = (struct data){.core = pair.ends[0].core,
	    .pool = pair.ends[0].pool,
	    .moment = &pair.moment,
	    .device = &device,
	    .sending.bytes = 4096};
	atomic_store(&device.sending_bytes, data.sending.bytes);
	ck_assert_int_eq(threads_new(&threads, data.core), 0);
	data.threads = threads;
	threads_resume(threads);
	leaves_left = refills_left = 0;
	as_other = send_as_other;
	refuses_segments = false;
}

static void teardown(void)
{
	threads_alone(threads);
	threads_free(threads);
	data_clear(&data);
	pair_clear(&pair);
}

static void send(void)
{
	threads_enter(threads);
	pair_send(&pair, 0, "10.0.0.2");
	threads_leave(threads);
	data_flush(&data);
}

START_TEST(what_comes_while_a_socket_empties_does_not_wait_for_ever)
{
	is_full = true;
	send();
	ck_assert(data_is_blocked(&data));
	send();
	ck_assert_uint_eq(waiting(), 1);
	is_full = false;
	leaves_left = _i;
	data_flush(&data);
	ck_assert(!data_is_blocked(&data));
	ck_assert_uint_eq(waiting(), 0);
}
END_TEST

START_TEST(what_another_has_made_meanwhile_does_not_wait_for_ever)
{
	as_other = make_as_other;
	is_full = true;
	send();
	send();
	ck_assert_uint_eq(waiting(), 1);
	is_full = false;
	leaves_left = _i;
	data_flush(&data);
	ck_assert(!data_is_blocked(&data));
	ck_assert_uint_eq(waiting(), 0);
}
END_TEST

#define REFILLS 1000

/* The others of its turn, timers and signals, come after it. */
START_TEST(who_empties_what_another_fills_comes_to_an_end)
{
	is_full = true;
	send();
	send();
	is_full = false;
	refills_left = REFILLS;
	data_flush(&data);
	ck_assert_int_gt(refills_left, REFILLS / 2);
	ck_assert(data_is_blocked(&data)); /* it comes again */
	refills_left = 0;
	data_flush(&data);
	ck_assert(!data_is_blocked(&data));
	ck_assert_uint_eq(waiting(), 0);
}
END_TEST

START_TEST(what_one_way_refuses_is_not_held_against_another)
{
	struct tunnel_peer_status status;

	is_full = false;
	refuses_segments = true;
	if (_i)
		as_other = move_as_other;
	send();
	tunnel_peer_status(right(), pair.moment.now, &status);
	ck_assert_int_eq(!status.segments_refused, _i);
}
END_TEST

static void carry_to_left(void)
{
	struct packet_list list = {0};
	struct packet *pkt, *copy;

	while ((pkt = packet_list_pop(core_to_wire(pair.ends[1].core)))) {
		copy = pool_get(data.pool);
		ck_assert_ptr_nonnull(copy);
		copy->len = pkt->len;
		copy->endpoint = pair.ends[1].where;
		memcpy(packet_data(copy), packet_data(pkt), pkt->len);
		packet_list_push(&list, copy);
		pool_put(pair.ends[1].pool, pkt);
	}
	threads_enter(threads);
	core_from_wire(data.core, &list, &pair.moment);
	threads_leave(threads);
	data_flush(&data);
}

static void ask_from_right(uint64_t id)
{
	struct core *right = pair.ends[1].core;
	struct peer *left =
	    tunnel_peer_find(core_tunnel(right), pair.ends[0].public_key);

	ck_assert_int_eq(
	    tunnel_peer_echo(core_tunnel(right), left, id, &pair.moment), 0);
	core_turn(right, &pair.moment);
	ck_assert_uint_eq(core_to_wire(right)->len, 1);
	carry_to_left();
}

/* Whoever asks much has no more than his part of them. */
START_TEST(answers_that_can_not_leave_do_not_take_all_buffers)
{
	is_full = true;
	send();
	for (uint64_t id = 0; id < 4 * pool_count(data.pool); id++)
		ask_from_right(id);
	ck_assert_uint_le(data.backlog.len, 2);
	ck_assert_uint_ge(pool_available(data.pool), pool_count(data.pool) / 4);
	is_full = false;
	data_flush(&data);
	ck_assert_uint_eq(waiting(), 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("daemon_blocked");
	TCase *tcase = tcase_create("blocked");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase,
	    what_comes_while_a_socket_empties_does_not_wait_for_ever, 1,
	    LEAVES);
	tcase_add_loop_test(tcase,
	    what_another_has_made_meanwhile_does_not_wait_for_ever, 1, LEAVES);
	tcase_add_test(tcase, who_empties_what_another_fills_comes_to_an_end);
	tcase_add_loop_test(
	    tcase, what_one_way_refuses_is_not_held_against_another, 0, 2);
	tcase_add_test(
	    tcase, answers_that_can_not_leave_do_not_take_all_buffers);
	suite_add_tcase(suite, tcase);
	return suite;
}
