/* SPDX-License-Identifier: ISC */
/* Bundles on the path: taken apart, and made, with everything accounted for. */
#include <string.h>

#include "path_lab.h"
#include "unit.h"

#define FRAMES 3

/* UDP to the ports 1, 2, 3 ... */
static struct packet *bundle(size_t frames)
{
	struct packet *pkt = pool_get(pool);
	uint8_t *bytes = packet_data(pkt);

	bytes[pkt->len++] = FAKE_BUNDLE;
	for (uint16_t port = 1; port <= frames; port++) {
		struct packet *one = udp("10.9.0.7", "10.9.0.1", port);

		bytes[pkt->len++] = (uint8_t)one->len;
		memcpy(bytes + pkt->len, packet_data(one), one->len);
		pkt->len += one->len;
		pool_put(pool, one);
	}
	return pkt;
}

static uint16_t next_port(void)
{
	struct packet *pkt = packet_list_pop(path_to_device(path));
	uint16_t port;

	ck_assert_ptr_nonnull(pkt);
	port = pkt->destination_port;
	ck_assert_uint_eq(pkt->segments, 1);
	pool_put(pool, pkt);
	return port;
}

static void receive_list(struct packet_list *list)
{
	path_run_inbound(path, list, &now);
}

START_TEST(each_frame_reaches_the_device_in_order)
{
	struct packet_list list = {0};

	packet_list_push(&list, udp("10.9.0.7", "10.9.0.1", 100));
	packet_list_push(&list, bundle(FRAMES));
	packet_list_push(&list, udp("10.9.0.7", "10.9.0.1", 101));
	receive_list(&list);
	ck_assert_uint_eq(next_port(), 100);
	for (uint16_t port = 1; port <= FRAMES; port++)
		ck_assert_uint_eq(next_port(), port);
	ck_assert_uint_eq(next_port(), 101);
	ck_assert_uint_eq(totals().rx_packets, FRAMES + 2);
	ck_assert_uint_eq(totals().rx_delivered, FRAMES + 2);
}
END_TEST

START_TEST(two_bundles_keep_their_order)
{
	struct packet_list list = {0};

	packet_list_push(&list, bundle(2));
	packet_list_push(&list, bundle(FRAMES));
	receive_list(&list);
	for (uint16_t port = 1; port <= 2; port++)
		ck_assert_uint_eq(next_port(), port);
	for (uint16_t port = 1; port <= FRAMES; port++)
		ck_assert_uint_eq(next_port(), port);
	ck_assert_uint_eq(totals().rx_packets, FRAMES + 2);
}
END_TEST

/* There is this line of drops, and no other. */
static void check_several(const char *stage, enum drop reason, uint64_t packets)
{
	struct drops drops = {0};

	path_each_drop(path, found, &drops);
	ck_assert_uint_eq(drops.lines, 1);
	ck_assert_str_eq(drops.last.stage, stage);
	ck_assert_int_eq(drops.last.reason, reason);
	ck_assert_uint_eq(drops.last.packets, packets);
}

START_TEST(frames_without_a_buffer_are_dropped_by_expand)
{
	struct packet_list held = {0};
	struct packet *pkt = bundle(FRAMES);

	while (pool_available(pool) > 1)
		packet_list_push(&held, pool_get(pool));
	receive(pkt);
	check_several("expand", DROP_NOMEM, FRAMES - 1);
	ck_assert_uint_eq(next_port(), 1);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_NOMEM], FRAMES - 1);
	pool_put_list(pool, &held);
}
END_TEST

static void transmit_several(size_t count)
{
	struct packet_list list = {0};

	tunnel.bundles = true;
	while (count--)
		packet_list_push(&list, udp("10.9.0.1", "10.9.0.7", 53));
	path_run_outbound(path, &list, &now);
}

START_TEST(what_goes_into_another_one_counts_as_sent)
{
	transmit_several(FRAMES);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert_uint_eq(path_to_wire(path)->first->segments, FRAMES);
	ck_assert_uint_eq(totals().tx_sent, FRAMES);
	ck_assert_uint_eq(pool_available(pool), PACKETS - 1);
}
END_TEST

START_TEST(a_bundle_that_is_not_sealed_counts_as_all_of_it)
{
	tunnel.seal = DROP_VPN_LIMIT;
	transmit_several(FRAMES);
	check_several("encap", DROP_VPN_LIMIT, FRAMES);
	ck_assert_uint_eq(totals().tx_dropped, FRAMES);
	ck_assert_uint_eq(pool_available(pool), PACKETS);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("path_bundle");
	TCase *tc = tcase_create("bundles");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_frame_reaches_the_device_in_order);
	tcase_add_test(tc, two_bundles_keep_their_order);
	tcase_add_test(tc, frames_without_a_buffer_are_dropped_by_expand);
	tcase_add_test(tc, what_goes_into_another_one_counts_as_sent);
	tcase_add_test(tc, a_bundle_that_is_not_sealed_counts_as_all_of_it);
	suite_add_tcase(suite, tc);
	return suite;
}
