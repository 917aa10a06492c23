/* SPDX-License-Identifier: ISC */
/* Packet lists and the pool: order, limits, and its own police. */
#include "unit.h"

const int unit_is_apart = 1;

#include <signal.h>
#include <string.h>

#include "base/packet.h"

static struct pool *pool_of(size_t count)
{
	struct pool *pool;

	ck_assert_int_eq(pool_new(&pool, count, 100), 0);
	return pool;
}

static struct packet *get(struct pool *pool)
{
	struct packet *pkt = pool_get(pool);

	ck_assert_ptr_nonnull(pkt);
	return pkt;
}

START_TEST(a_list_keeps_order)
{
	struct packet a = {0}, b = {0}, c = {0};
	struct packet_list list = {0}, more = {0};

	ck_assert_ptr_null(packet_list_pop(&list));
	packet_list_push(&list, &a);
	packet_list_push(&more, &b);
	packet_list_push(&more, &c);
	packet_list_append(&list, &more);
	ck_assert_uint_eq(list.len, 3);
	ck_assert_uint_eq(more.len, 0);
	packet_list_append(&list, &more);
	packet_list_append(&more, &list);
	ck_assert_ptr_eq(packet_list_pop(&more), &a);
	ck_assert_ptr_eq(packet_list_pop(&more), &b);
	ck_assert_ptr_eq(packet_list_pop(&more), &c);
	ck_assert_ptr_null(packet_list_pop(&more));
	packet_list_push(&more, &c);
	ck_assert_ptr_eq(packet_list_pop(&more), &c);
}
END_TEST

START_TEST(a_pool_gives_what_it_has_and_no_more)
{
	struct pool *pool = pool_of(3);
	struct packet_list list = {0};

	ck_assert_uint_eq(pool_count(pool), 3);
	ck_assert_uint_eq(pool_largest(pool), 100);
	for (int i = 0; i < 3; i++)
		packet_list_push(&list, get(pool));
	ck_assert_ptr_null(pool_get(pool));
	ck_assert_uint_eq(pool_available(pool), 0);
	pool_put_list(pool, &list);
	ck_assert_uint_eq(pool_available(pool), 3);
	pool_put(pool, NULL);
	pool_free(pool);
	pool_free(NULL);
}
END_TEST

START_TEST(a_packet_comes_empty_with_its_room)
{
	struct pool *pool = pool_of(2);
	struct packet *pkt = get(pool);

	pkt->len = 100;
	pkt->flow_hash = 7;
	memset(packet_data(pkt), 0xff, 100);
	pool_put(pool, pkt);
	pkt = get(pool);
	ck_assert_uint_eq(pkt->len, 0);
	ck_assert_uint_eq(pkt->flow_hash, 0);
	ck_assert_uint_eq(pkt->segments, 1);
	ck_assert_uint_eq(pkt->offset, PACKET_HEAD_BYTES);
	ck_assert_uint_ge(packet_tail_room(pkt), 100 + PACKET_TAIL_BYTES);
	pool_put(pool, pkt);
	pool_free(pool);
}
END_TEST

START_TEST(the_last_released_packet_is_taken_first)
{
	struct pool *pool = pool_of(3);
	struct packet *a = get(pool), *b = get(pool);

	pool_put(pool, b);
	pool_put(pool, a);
	ck_assert_ptr_eq(get(pool), a);
	ck_assert_ptr_eq(get(pool), b);
	pool_put(pool, a);
	pool_put(pool, b);
	pool_free(pool);
}
END_TEST

START_TEST(buffers_do_not_overlap)
{
	struct pool *pool = pool_of(2);
	struct packet *a = get(pool), *b = get(pool);
	static const uint8_t ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};

	memset(a->buffer, 1, a->buffer_bytes);
	memset(b->buffer, 2, b->buffer_bytes);
	ck_assert_mem_eq(a->buffer, ones, sizeof(ones));
	ck_assert_mem_eq(
	    a->buffer + a->buffer_bytes - sizeof(ones), ones, sizeof(ones));
	pool_put(pool, a);
	pool_put(pool, b);
	pool_free(pool);
}
END_TEST

START_TEST(a_released_packet_is_poisoned)
{
	struct pool *pool = pool_of(1);
	struct packet *pkt = get(pool);
	uint8_t *data = packet_data(pkt);

	data[0] = 0x45;
	pool_put(pool, pkt);
	ck_assert_uint_eq(data[0], 0xdb);
	pool_free(pool);
}
END_TEST

START_TEST(swapped_buffers_stay_swapped_and_none_is_lost)
{
	struct pool *pool = pool_of(2);
	struct packet *a = get(pool), *b = get(pool);
	uint8_t *of_a = a->buffer, *of_b = b->buffer;

	packet_swap_buffers(a, b);
	ck_assert_ptr_eq(a->buffer, of_b);
	packet_data(a)[0] = 0x45;
	pool_put(pool, b);
	ck_assert_uint_eq(packet_data(a)[0], 0x45);
	ck_assert_ptr_eq(get(pool)->buffer, of_a);
	pool_put(pool, a);
	pool_put(pool, b);
	pool_free(pool);
}
END_TEST

/* Fields that nobody thought of when packet_copy was written are copied. */
START_TEST(a_copy_has_all_of_the_original_but_its_place)
{
	struct pool *pool = pool_of(2);
	struct packet *pkt = get(pool), *copy, same;

	pkt->offset += 18;
	pkt->len = 7;
	memcpy(packet_data(pkt), "payload", 7);
	pkt->l2_bytes = 18;
	pkt->vlan = 10;
	pkt->inner_ecn = 3;
	pkt->flow_hash = 9;
	pkt->segments = 3;
	pkt->segment_bytes = 1400;
	pkt->checksum = CHECKSUM_PARTIAL;
	pkt->frame = 0x21;
	pkt->next = pkt;
	copy = packet_copy(pool, pkt);
	ck_assert_ptr_nonnull(copy);
	ck_assert_mem_eq(packet_data(copy), "payload", 7);
	ck_assert_ptr_ne(copy->buffer, pkt->buffer);
	ck_assert_uint_eq(copy->offset, PACKET_HEAD_BYTES);
	ck_assert_ptr_null(copy->next);
	same = *copy;
	same.next = pkt->next;
	same.buffer = pkt->buffer;
	same.offset = pkt->offset;
	ck_assert_mem_eq(&same, pkt, sizeof(same));
	packet_data(copy)[0] = 'P';
	ck_assert_uint_eq(packet_data(pkt)[0], 'p');
	pool_put(pool, pkt);
	pool_put(pool, copy);
	pool_free(pool);
}
END_TEST

START_TEST(there_is_no_copy_without_a_buffer_that_fits)
{
	struct pool *pool = pool_of(2);
	struct packet *pkt = get(pool), *other;

	pkt->len = 101;
	ck_assert_ptr_null(packet_copy(pool, pkt));
	ck_assert_uint_eq(pool_available(pool), 1);
	pkt->len = 100;
	other = packet_copy(pool, pkt);
	ck_assert_ptr_nonnull(other);
	ck_assert_ptr_null(packet_copy(pool, pkt));
	pool_put(pool, pkt);
	pool_put(pool, other);
	pool_free(pool);
}
END_TEST

START_TEST(large_packets_are_a_class_of_their_own)
{
	struct pool *pool = pool_of(1);
	struct packet *pkt, *large;

	ck_assert_ptr_null(pool_get_large(pool));
	ck_assert_int_eq(pool_add_large(pool, 1, 70000), 0);
	large = pool_get_large(pool);
	ck_assert_ptr_nonnull(large);
	ck_assert_ptr_null(pool_get_large(pool));
	ck_assert_uint_ge(packet_tail_room(large), 70000 + PACKET_TAIL_BYTES);
	ck_assert_uint_eq(large->segments, 1);
	ck_assert_uint_eq(pool_available(pool), 1);
	ck_assert_uint_eq(pool_largest(pool), 100);
	pkt = get(pool);
	pool_put(pool, large);
	ck_assert_ptr_null(pool_get(pool));
	ck_assert_ptr_eq(pool_get_large(pool), large);
	pool_put(pool, pkt);
	pool_put(pool, large);
	pool_free(pool);
}
END_TEST

START_TEST(a_copy_is_as_large_as_it_has_to_be)
{
	struct pool *pool = pool_of(1);
	struct packet *large, *copy;

	ck_assert_int_eq(pool_add_large(pool, 2, 70000), 0);
	large = pool_get_large(pool);
	large->len = 60000;
	packet_data(large)[59999] = 7;
	copy = packet_copy(pool, large);
	ck_assert_ptr_nonnull(copy);
	ck_assert_uint_eq(pool_available(pool), 1);
	ck_assert_uint_eq(packet_data(copy)[59999], 7);
	ck_assert_ptr_null(packet_copy(pool, large));
	pool_put(pool, copy);
	large->len = 100;
	copy = packet_copy(pool, large);
	ck_assert_uint_eq(pool_available(pool), 0);
	pool_put(pool, copy);
	pool_put(pool, large);
	pool_free(pool);
}
END_TEST

START_TEST(buffers_of_two_classes_are_not_swapped)
{
	struct pool *pool = pool_of(1);

	ck_assert_int_eq(pool_add_large(pool, 1, 70000), 0);
	packet_swap_buffers(pool_get(pool), pool_get_large(pool));
}
END_TEST

START_TEST(a_pool_that_lacks_a_large_packet_is_not_freed)
{
	struct pool *pool = pool_of(1);

	ck_assert_int_eq(pool_add_large(pool, 1, 70000), 0);
	ck_assert_ptr_nonnull(pool_get_large(pool));
	pool_free(pool);
}
END_TEST

START_TEST(releasing_twice_aborts)
{
	struct pool *pool = pool_of(2);
	struct packet *pkt = get(pool);

	pool_put(pool, pkt);
	pool_put(pool, pkt);
}
END_TEST

START_TEST(releasing_a_stranger_aborts)
{
	struct packet pkt = {0};

	pool_put(pool_of(1), &pkt);
}
END_TEST

START_TEST(a_pool_that_lacks_packets_is_not_freed)
{
	struct pool *pool = pool_of(1);

	get(pool);
	pool_free(pool);
}
END_TEST

START_TEST(too_large_a_pool_is_refused)
{
	struct pool *pool;

	ck_assert_int_lt(pool_new(&pool, SIZE_MAX / 8, 1 << 16), 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("pool");
	TCase *tcase = tcase_create("pool");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, a_list_keeps_order);
	tcase_add_test(tcase, a_pool_gives_what_it_has_and_no_more);
	tcase_add_test(tcase, a_packet_comes_empty_with_its_room);
	tcase_add_test(tcase, the_last_released_packet_is_taken_first);
	tcase_add_test(tcase, buffers_do_not_overlap);
	tcase_add_test(tcase, a_released_packet_is_poisoned);
	tcase_add_test(tcase, swapped_buffers_stay_swapped_and_none_is_lost);
	tcase_add_test(tcase, a_copy_has_all_of_the_original_but_its_place);
	tcase_add_test(tcase, there_is_no_copy_without_a_buffer_that_fits);
	tcase_add_test(tcase, large_packets_are_a_class_of_their_own);
	tcase_add_test(tcase, a_copy_is_as_large_as_it_has_to_be);
	tcase_add_test_raise_signal(
	    tcase, buffers_of_two_classes_are_not_swapped, SIGABRT);
	tcase_add_test_raise_signal(
	    tcase, a_pool_that_lacks_a_large_packet_is_not_freed, SIGABRT);
	tcase_add_test_raise_signal(tcase, releasing_twice_aborts, SIGABRT);
	tcase_add_test_raise_signal(
	    tcase, releasing_a_stranger_aborts, SIGABRT);
	tcase_add_test_raise_signal(
	    tcase, a_pool_that_lacks_packets_is_not_freed, SIGABRT);
	tcase_add_test(tcase, too_large_a_pool_is_refused);
	return suite;
}
