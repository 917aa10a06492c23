/* SPDX-License-Identifier: ISC */
/* The stage qdisc: peers with a rate, and others. */
#include "unit.h"

#include "path_lab.h"

#define SLOW 64000 /* bits a second: 16 KiB, the burst, take two */

static void send_many(const char *destination, int count)
{
	for (int i = 0; i < count; i++)
		transmit(udp("10.9.0.1", destination, 53));
}

static void setup_slow(void)
{
	setup();
	ck_assert_int_eq(
	    path_set_rate(path, tunnel.peers[0].id, SLOW, &now), 0);
}

static void turn(int64_t ns)
{
	struct moment later = {.now = instant_after(now.now, ns)};

	path_turn(path, &later);
}

START_TEST(who_has_no_rate_does_not_wait)
{
	send_many("10.9.0.8", PACKETS);
	ck_assert_uint_eq(path_to_wire(path)->len, PACKETS);
	ck_assert(instant_is_never(path_deadline(path)));
}
END_TEST

START_TEST(who_has_a_rate_waits_for_it)
{
	size_t sent;

	path->shapes.qdiscs[1].burst_ns = path->shapes.qdiscs[1].credit_ns =
	    NS_PER_S / 250; /* of one packet */
	send_many("10.9.0.7", 3);
	sent = path_to_wire(path)->len;
	ck_assert_uint_eq(sent, 1);
	ck_assert_uint_eq(totals().tx_waiting, 2);
	ck_assert_int_eq(path_deadline(path).ns - now.now.ns, NS_PER_S / 250);
	turn(NS_PER_S / 250);
	ck_assert_uint_eq(path_to_wire(path)->len, 2);
	turn(2 * NS_PER_S / 250);
	ck_assert_uint_eq(path_to_wire(path)->len, 3);
	ck_assert_uint_eq(totals().tx_waiting, 0);
	ck_assert(instant_is_never(path_deadline(path)));
	send_many("10.9.0.8", 1);
	ck_assert_uint_eq(totals().tx_sent, 4);
}
END_TEST

START_TEST(a_queue_that_is_full_is_over_its_limit)
{
	path->shapes.qdiscs[1].credit_ns = -NS_PER_S;
	path->shapes.qdiscs[1].queue_bytes_max = 2 * INNER_BYTES;
	send_many("10.9.0.7", 3);
	check_dropped("qdisc", DROP_QDISC_OVERLIMIT);
	ck_assert_uint_eq(totals().tx_waiting, 2);
	ck_assert_uint_eq(path->snmp.counts[SNMP_IpOutDiscards], 1);
}
END_TEST

START_TEST(who_waits_leaves_buffers_to_others)
{
	path->shapes.qdiscs[1].credit_ns = -NS_PER_S;
	send_many("10.9.0.7", PACKETS - PACKETS / 4);
	check_dropped("qdisc", DROP_QDISC_DROP);
	send_many("10.9.0.8", 1);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
}
END_TEST

START_TEST(with_the_peer_goes_what_waits_for_it)
{
	path->shapes.qdiscs[1].credit_ns = -NS_PER_S;
	send_many("10.9.0.7", 1);
	path_forget_peer(path, 1, &now);
	check_dropped("qdisc", DROP_QDISC_DROP);
	path_forget_peer(path, 77, &now);
	send_many("10.9.0.7", 2); /* the number's next owner has no rate */
	ck_assert_uint_eq(path_to_wire(path)->len, 2);
}
END_TEST

START_TEST(a_limit_that_is_lifted_lets_all_go)
{
	path->shapes.qdiscs[1].credit_ns = -NS_PER_S;
	send_many("10.9.0.7", 3);
	ck_assert_int_eq(path_set_rate(path, 1, 0, &now), 0);
	turn(0);
	ck_assert_uint_eq(path_to_wire(path)->len, 3);
}
END_TEST

START_TEST(the_same_rate_again_gives_no_credit)
{
	path->shapes.qdiscs[1].credit_ns = -NS_PER_S;
	ck_assert_int_eq(path_set_rate(path, 1, SLOW, &now), 0);
	ck_assert_int_eq(path->shapes.qdiscs[1].credit_ns, -NS_PER_S);
}
END_TEST

START_TEST(what_waits_may_be_left_behind)
{
	path->shapes.qdiscs[1].credit_ns = -NS_PER_S;
	send_many("10.9.0.7", 3);
	ck_assert_uint_eq(totals().tx_waiting, 3);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("shape");
	TCase *tcase = tcase_create("shape");

	tcase_add_checked_fixture(tcase, setup_slow, teardown);
	tcase_add_test(tcase, who_has_no_rate_does_not_wait);
	tcase_add_test(tcase, who_has_a_rate_waits_for_it);
	tcase_add_test(tcase, a_queue_that_is_full_is_over_its_limit);
	tcase_add_test(tcase, who_waits_leaves_buffers_to_others);
	tcase_add_test(tcase, with_the_peer_goes_what_waits_for_it);
	tcase_add_test(tcase, a_limit_that_is_lifted_lets_all_go);
	tcase_add_test(tcase, the_same_rate_again_gives_no_credit);
	tcase_add_test(tcase, what_waits_may_be_left_behind);
	suite_add_tcase(suite, tcase);
	return suite;
}
