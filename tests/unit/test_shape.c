/* SPDX-License-Identifier: ISC */
/* The stage qdisc: peers with a rate, and others. */
#include <string.h>

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
	ck_assert_int_eq(path_add_peer(path, 2), 0);
	ck_assert_int_eq(path_add_peer(path, 1), 0);
	path_set_rate(path, 1, SLOW, &now);
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

	path->peers[1].qdisc.burst_ns = NS_PER_S;
	path->peers[1].qdisc.credit_ns = 1; /* what is more is owed */
	send_many("10.9.0.7", 3);
	sent = path_to_wire(path)->len;
	ck_assert_uint_eq(sent, 1);
	ck_assert_uint_eq(totals().tx_waiting, 2);
	ck_assert_int_eq(path_deadline(path).ns - now.now.ns, NS_PER_S / 250);
	turn(NS_PER_S / 250 - 1);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
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
	path->peers[1].qdisc.credit_ns = -NS_PER_S;
	fq_set_limits(path->peers[1].qdisc.fq, 2 * FQ_CHARGE_MIN, 0);
	send_many("10.9.0.7", 3);
	check_dropped("qdisc", DROP_QDISC_OVERLIMIT);
	ck_assert_uint_eq(totals().tx_waiting, 2);
	ck_assert_uint_eq(path->snmp.counts[SNMP_IpOutDiscards], 1);
}
END_TEST

START_TEST(who_waits_leaves_buffers_to_others)
{
	path->peers[1].qdisc.credit_ns = -NS_PER_S;
	fq_set_limits(path->peers[1].qdisc.fq, SIZE_MAX, 0);
	send_many("10.9.0.7", PACKETS - PACKETS / 4);
	check_dropped("qdisc", DROP_QDISC_DROP);
	send_many("10.9.0.8", 1);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
}
END_TEST

START_TEST(with_the_peer_goes_what_waits_for_it)
{
	path->peers[1].qdisc.credit_ns = -NS_PER_S;
	send_many("10.9.0.7", 1);
	path_forget_peer(path, 1, &now);
	check_dropped("qdisc", DROP_QDISC_DROP);
	path_forget_peer(path, 77, &now);
	send_many("10.9.0.7", 2); /* the number's next owner has no rate */
	ck_assert_uint_eq(path_to_wire(path)->len, 2);
}
END_TEST

static size_t examples;

static void count_examples(void *context, const struct path_drop *drop)
{
	(void)context;
	examples += drop->example_peer != 0;
}

START_TEST(the_numbers_next_owner_is_nobodys_example)
{
	path->peers[1].qdisc.credit_ns = -NS_PER_S;
	send_many("10.9.0.7", 1);
	path_forget_peer(path, 1, &now);
	examples = 0;
	path_each_drop(path, count_examples, NULL);
	ck_assert_uint_eq(examples, 0);
}
END_TEST

/* As one that has restarted says so. */
START_TEST(who_waited_for_a_session_that_ended_waits_for_the_next)
{
	path->peers[1].qdisc.credit_ns = -NS_PER_S;
	send_many("10.9.0.7", 3);
	path_set_blocked(path, true, false);
	send_many("10.9.0.8", 2);
	path_set_blocked(path, false, false);
	tunnel.has_session = false;
	turn(2 * NS_PER_S);
	ck_assert_uint_eq(tunnel.staged.len, 3);
	ck_assert(path_release(path, SIZE_MAX, &now));
	ck_assert_uint_eq(tunnel.staged.len, 5);
	ck_assert_uint_eq(totals().tx_waiting, 0);
	ck_assert_uint_eq(totals().tx_dropped, 0);
}
END_TEST

START_TEST(a_limit_that_is_lifted_lets_all_go)
{
	path->peers[1].qdisc.credit_ns = -NS_PER_S;
	send_many("10.9.0.7", 3);
	path_set_rate(path, 1, 0, &now);
	turn(0);
	ck_assert_uint_eq(path_to_wire(path)->len, 3);
}
END_TEST

START_TEST(the_same_rate_again_gives_no_credit)
{
	path->peers[1].qdisc.credit_ns = -NS_PER_S;
	path_set_rate(path, 1, SLOW, &now);
	ck_assert_int_eq(path->peers[1].qdisc.credit_ns, -NS_PER_S);
}
END_TEST

static void hear(void *context, const struct path_drop *drop)
{
	struct drops *drops = context;

	drops->lines++;
	drops->last = *drop;
}

START_TEST(drops_are_known_by_peer_stage_and_reason)
{
	struct drops drops = {0};

	path->peers[1].qdisc.credit_ns = -NS_PER_S;
	fq_set_limits(path->peers[1].qdisc.fq, FQ_CHARGE_MIN, 0);
	send_many("10.9.0.7", 3);
	transmit(udp_whole("10.9.0.1", "10.9.0.7", 53, 44));
	path_each_peer_drop(path, 2, hear, &drops);
	ck_assert_uint_eq(drops.lines, 0);
	path_each_peer_drop(path, 1, hear, &drops);
	ck_assert_uint_eq(drops.lines, 1);
	ck_assert_str_eq(drops.last.direction, "out");
	ck_assert_str_eq(drops.last.stage, "qdisc");
	ck_assert_int_eq(drops.last.reason, DROP_QDISC_OVERLIMIT);
	ck_assert_uint_eq(drops.last.packets, 46);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_QDISC_OVERLIMIT], 46);
	ck_assert_uint_eq(totals().tx_dropped, 46);
}
END_TEST

static void count_drops(
    struct tally *tally, struct tally_store *store, uint8_t stages)
{
	for (uint8_t i = 0; i < stages; i++)
		tally_count(
		    tally, store, &(struct tally_entry){1, i, DROP_NOMEM, 1});
}

START_TEST(what_are_too_many_reasons_are_counted_together)
{
	static struct tally_store store;
	struct tally tally = {0};
	struct tally_entry entry;

	for (int round = 0; round < 2; round++)
		count_drops(&tally, &store, TALLY_ENTRIES + 5);
	for (size_t i = 0; i < TALLY_ENTRIES - 1; i++) {
		ck_assert(tally_get(&tally, &store, i, &entry));
		ck_assert_uint_eq(entry.idx, i);
		ck_assert_uint_eq(entry.packets, 2);
		ck_assert_uint_eq(entry.reason, DROP_NOMEM);
	}
	ck_assert(tally_get(&tally, &store, TALLY_ENTRIES - 1, &entry));
	ck_assert_uint_eq(entry.packets, 12);
	ck_assert_uint_eq(entry.reason, DROP_NONE);
	ck_assert(!tally_get(&tally, &store, TALLY_ENTRIES, &entry));
}
END_TEST

/* Whoever comes late finds the store empty, but has some of his own. */
START_TEST(no_peer_takes_the_last_entry_from_another)
{
	static struct tally_store store;
	static struct tally greedy[TALLY_SHARED / (TALLY_ENTRIES - 5) + 1];
	struct tally late = {0};
	struct tally_entry entry;

	for (size_t i = 0; i < ARRAY_SIZE(greedy); i++)
		count_drops(&greedy[i], &store, TALLY_ENTRIES);
	count_drops(&late, &store, TALLY_OWN + 3);
	ck_assert(tally_get(&late, &store, TALLY_OWN - 1, &entry));
	ck_assert_uint_eq(entry.packets, 1);
	ck_assert(tally_get(&late, &store, TALLY_OWN, &entry));
	ck_assert_uint_eq(entry.packets, 3);
	ck_assert_uint_eq(entry.reason, DROP_NONE);
	/* what a peer leaves behind is the next one's */
	tally_clear(&greedy[3], &store);
	ck_assert(!tally_get(&greedy[3], &store, 0, &entry));
	count_drops(&late, &store, TALLY_ENTRIES - 1);
	ck_assert(tally_get(&late, &store, TALLY_ENTRIES - 2, &entry));
	ck_assert_uint_eq(entry.idx, TALLY_ENTRIES - 2);
	for (size_t i = 0; i < ARRAY_SIZE(greedy); i++)
		tally_clear(&greedy[i], &store);
	tally_clear(&late, &store);
	count_drops(&late, &store, TALLY_ENTRIES - 1);
	ck_assert(!tally_get(&late, &store, TALLY_ENTRIES - 1, &entry));
}
END_TEST

static void note_other(void *context, const struct path_drop *drop)
{
	struct path_drop *other = context;

	if (!drop->reason)
		*other = *drop;
}

START_TEST(and_are_said_to_be_of_no_stage)
{
	struct path_drop other = {.packets = 0};

	for (int i = 0; i < TALLY_ENTRIES + 5; i++)
		tally_count(&path->peers[1].tally, &path->tallies,
		    &(struct tally_entry){
			TABLE_OUT, OUTBOUND_ENCAP, (uint16_t)(i + 1), 1});
	path_each_peer_drop(path, 1, note_other, &other);
	ck_assert_uint_eq(other.packets, 6);
	ck_assert_str_eq(other.stage, "other");
	ck_assert_str_eq(other.direction, "any");
}
END_TEST

START_TEST(what_waits_may_be_left_behind)
{
	path->peers[1].qdisc.credit_ns = -NS_PER_S;
	send_many("10.9.0.7", 3);
	ck_assert_uint_eq(totals().tx_waiting, 3);
}
END_TEST

/* ---- the socket ---- */

START_TEST(while_the_socket_is_full_all_wait)
{
	path_set_rate(path, 1, 0, &now);
	path_set_blocked(path, true, false);
	send_many("10.9.0.7", 3);
	send_many("10.9.0.8", 2);
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
	ck_assert_uint_eq(totals().tx_waiting, 5);
	ck_assert(path_release(path, 1, &now));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert(path_release(path, 100000, &now));
	ck_assert_uint_eq(path_to_wire(path)->len, 5);
	ck_assert_uint_eq(totals().tx_waiting, 0);
	ck_assert(!path_release(path, 100000, &now));
	path_set_blocked(path, false, false);
	send_many("10.9.0.7", 1);
	ck_assert_uint_eq(path_to_wire(path)->len, 6);
}
END_TEST

START_TEST(nor_does_a_rate_let_any_go)
{
	path_set_blocked(path, true, false);
	send_many("10.9.0.7", 1);
	ck_assert(instant_is_never(path_deadline(path)));
	turn(NS_PER_S);
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
	path_set_blocked(path, false, false);
	ck_assert(!instant_is_never(path_deadline(path)));
	turn(NS_PER_S);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
}
END_TEST

START_TEST(who_waits_for_the_socket_goes_with_his_peer)
{
	path_set_rate(path, 1, 0, &now);
	path_set_blocked(path, true, false);
	send_many("10.9.0.7", 1);
	send_many("10.9.0.8", 2);
	path_forget_peer(path, 1, &now);
	check_dropped("qdisc", DROP_QDISC_DROP);
	ck_assert_uint_eq(totals().tx_waiting, 2);
	ck_assert(path_release(path, 100000, &now));
	ck_assert_uint_eq(path_to_wire(path)->len, 2);
}
END_TEST

START_TEST(without_buffers_the_longest_queue_makes_room)
{
	path_set_rate(path, 1, 0, &now);
	path_set_blocked(path, true, false);
	send_many("10.9.0.8", 1);
	send_many("10.9.0.7", PACKETS);
	ck_assert_uint_eq(tunnel.peers[1].drops[DROP_QDISC_OVERLIMIT], 0);
	ck_assert_uint_gt(tunnel.peers[0].drops[DROP_QDISC_OVERLIMIT], 0);
	(void)totals();
}
END_TEST

START_TEST(a_slow_way_gets_packets_one_by_one)
{
	path_set_rate(path, 1, 0, &now);
	path_set_blocked(path, true, true);
	transmit(udp_whole("10.9.0.1", "10.9.0.7", 53, 4));
	ck_assert_uint_eq(totals().tx_waiting, 4);
	ck_assert(path_release(path, 1, &now));
	ck_assert_uint_eq(totals().tx_waiting, 3);
}
END_TEST

/* One that does not wait for the socket knows little of it. */
START_TEST(who_waits_knows_whether_the_way_is_slow)
{
	path_set_rate(path, 1, 0, &now);
	path_set_blocked(path, true, false);
	path_set_lane(path, 1);
	path_set_blocked(path, false, true);
	path_set_lane(path, 0);
	transmit(udp_whole("10.9.0.1", "10.9.0.7", 53, 4));
	ck_assert_uint_eq(totals().tx_waiting, 4);
	ck_assert(path_release(path, 1, &now));
	ck_assert_uint_eq(totals().tx_waiting, 0);
}
END_TEST

static struct packet *ours(struct packet_list *list, size_t peer, uint32_t len)
{
	struct packet *pkt = pool_get(pool);

	if (!pkt)
		return NULL;
	memset(packet_data(pkt), 0x08, len);
	pkt->len = len;
	pkt->is_ours = true;
	pkt->peer = peer < FAKE_PEERS ? &tunnel.peers[peer] : NULL;
	packet_list_push(list, pkt);
	return pkt;
}

START_TEST(what_is_ours_waits_for_the_socket_too)
{
	path_set_blocked(path, true, false);
	(void)ours(&tunnel.frames, 0, 17);
	(void)ours(&tunnel.frames, 1, 0);
	(void)ours(&tunnel.messages, 0, 148);
	(void)ours(&tunnel.messages, FAKE_PEERS, 64);
	turn(0);
	ck_assert_uint_eq(path_to_wire(path)->len, 0);
	ck_assert_uint_eq(totals().tx_waiting, 4);
	ck_assert(path_release(path, 1, &now));
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
	ck_assert(path_release(path, 100000, &now));
	ck_assert_uint_eq(path_to_wire(path)->len, 4);
	for (struct packet *at = path_to_wire(path)->first; at; at = at->next)
		ck_assert(at->is_sealed);
	ck_assert_uint_eq(totals().tx_sent, 4);
	ck_assert_uint_eq(totals().tx_waiting, 0);
	ck_assert(!path_release(path, 100000, &now));
}
END_TEST

START_TEST(answers_leave_buffers_and_turns_to_others)
{
	const struct packet *first, *other;

	path_set_blocked(path, true, false);
	for (int i = 0; i < 3 * PACKETS; i++) {
		(void)ours(&tunnel.frames, 0, 17);
		turn(0);
	}
	ck_assert_uint_ge(pool_available(pool), PACKETS / 4);
	other = ours(&tunnel.messages, 1, 148);
	ck_assert_ptr_nonnull(other);
	turn(0);
	ck_assert_uint_eq(tunnel.peers[1].drops[DROP_QDISC_OVERLIMIT], 0);
	ck_assert_uint_gt(tunnel.peers[0].drops[DROP_QDISC_OVERLIMIT], 0);
	for (int i = 0; i < 100; i++)
		ck_assert(path_release(path, 1, &now));
	first = path_to_wire(path)->first;
	while (first && first != other)
		first = first->next;
	ck_assert_ptr_nonnull(first);
	(void)totals();
}
END_TEST

START_TEST(what_is_ours_goes_with_its_peer)
{
	path_set_blocked(path, true, false);
	(void)ours(&tunnel.frames, 0, 17);
	(void)ours(&tunnel.messages, 0, 148);
	(void)ours(&tunnel.messages, FAKE_PEERS, 64);
	turn(0);
	path_forget_peer(path, 1, &now);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_QDISC_DROP], 2);
	ck_assert_uint_eq(totals().tx_waiting, 1);
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
	tcase_add_test(tcase, the_numbers_next_owner_is_nobodys_example);
	tcase_add_test(
	    tcase, who_waited_for_a_session_that_ended_waits_for_the_next);
	tcase_add_test(tcase, a_limit_that_is_lifted_lets_all_go);
	tcase_add_test(tcase, the_same_rate_again_gives_no_credit);
	tcase_add_test(tcase, drops_are_known_by_peer_stage_and_reason);
	tcase_add_test(tcase, what_are_too_many_reasons_are_counted_together);
	tcase_add_test(tcase, no_peer_takes_the_last_entry_from_another);
	tcase_add_test(tcase, and_are_said_to_be_of_no_stage);
	tcase_add_test(tcase, what_waits_may_be_left_behind);
	tcase_add_test(tcase, while_the_socket_is_full_all_wait);
	tcase_add_test(tcase, nor_does_a_rate_let_any_go);
	tcase_add_test(tcase, who_waits_for_the_socket_goes_with_his_peer);
	tcase_add_test(tcase, without_buffers_the_longest_queue_makes_room);
	tcase_add_test(tcase, a_slow_way_gets_packets_one_by_one);
	tcase_add_test(tcase, who_waits_knows_whether_the_way_is_slow);
	tcase_add_test(tcase, what_is_ours_waits_for_the_socket_too);
	tcase_add_test(tcase, answers_leave_buffers_and_turns_to_others);
	tcase_add_test(tcase, what_is_ours_goes_with_its_peer);
	suite_add_tcase(suite, tcase);
	return suite;
}
