/* SPDX-License-Identifier: ISC */
/* What came in one turn is put in order and together. */
#include "unit.h"

#include <string.h>

#include "bpf_write.h"
#include "gro_lab.h"
#include "net/rule.h"
#include "net/socket.h"
#include "packet/ecn.h"

static const struct flow_of tcp = {
    "10.9.0.7", "10.9.0.1", IP_PROTOCOL_TCP, 1000};
static const struct flow_of datagrams = {
    "10.9.0.7", "10.9.0.1", IP_PROTOCOL_UDP, 1000};

static struct packet_list came;

static void setup_gro(void)
{
	setup();
	set_addresses();
	path_set_joins(path, true, true);
	for (uint32_t id = 1; id <= FAKE_PEERS; id++)
		ck_assert_int_eq(path_add_peer(path, id), 0);
}

static void setup_gro_tap(void)
{
	setup_tap();
	learn_all();
	path_set_joins(path, true, true);
	for (uint32_t id = 1; id <= FAKE_PEERS; id++)
		ck_assert_int_eq(path_add_peer(path, id), 0);
}

static void come(struct packet *pkt)
{
	packet_list_push(&came, pkt);
}

static void run(void)
{
	path_run_inbound(path, &came, &now);
}

static void come_five(const struct flow_of *flow)
{
	for (uint32_t i = 0; i < 5; i++)
		come(piece_of(flow, i, i < 4 ? PIECE_BYTES : 10));
	run();
}

/* On the device's list `idx`: packets with these numbers, in this order. */
static void check_numbers(
    const struct packet *chain, const uint32_t *numbers, uint16_t count)
{
	const struct packet *pkt = chain;

	ck_assert_ptr_nonnull(chain);
	ck_assert_uint_eq(chain->segments, count);
	for (uint16_t i = 0; i < count; i++) {
		ck_assert_uint_eq(number_of(pkt), numbers[i]);
		pkt = packet_behind(chain, pkt);
	}
	ck_assert_ptr_null(pkt);
}

static const uint32_t five[] = {0, 1, 2, 3, 4};

/* ---- together ---- */

START_TEST(a_flow_reaches_the_device_as_one)
{
	come_five(_i ? &tcp : &datagrams);
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	check_numbers(path_to_device(path)->first, five, 5);
	ck_assert_uint_eq(
	    path_to_device(path)->first->segment_bytes, PIECE_BYTES);
	ck_assert_uint_eq(totals().rx_packets, 5);
	ck_assert_uint_eq(totals().rx_delivered, 5);
}
END_TEST

START_TEST(of_what_the_device_does_not_take_nothing_joins)
{
	path_set_joins(path, _i, !_i);
	come_five(_i ? &datagrams : &tcp);
	ck_assert_uint_eq(path_to_device(path)->len, 5);
}
END_TEST

/* More than the runner carries, and than a whole may be. */
START_TEST(a_turn_is_as_long_as_what_came)
{
	for (uint32_t i = 0; i < 200; i++)
		come(piece_of(&tcp, i, PIECE_BYTES));
	run();
	ck_assert_uint_eq(path_to_device(path)->len, 4);
	ck_assert_uint_eq(path_to_device(path)->first->segments, 64);
	ck_assert_uint_eq(path_to_device(path)->last->segments, 200 - 3 * 64);
}
END_TEST

START_TEST(a_dropped_chain_counts_its_packets)
{
	static const struct flow_of wrong = {
	    "10.9.0.66", "10.9.0.1", IP_PROTOCOL_TCP, 1000};
	struct drops drops = {0};

	come_five(&wrong);
	path_each_drop(path, found, &drops);
	ck_assert_uint_eq(drops.lines, 1);
	ck_assert_str_eq(drops.last.stage, "rcv_finish");
	ck_assert_int_eq(drops.last.reason, DROP_IP_RPFILTER);
	ck_assert_uint_eq(drops.last.packets, 5);
	ck_assert_uint_eq(totals().rx_dropped, 5);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_IP_RPFILTER], 5);
}
END_TEST

START_TEST(padding_is_cut_off_each)
{
	for (uint32_t i = 0; i < 3; i++) {
		struct packet *pkt = piece_of(&tcp, i, PIECE_BYTES);

		packet_data(pkt)[pkt->len++] = 0;
		come(pkt);
	}
	run();
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	for (const struct packet *chain = path_to_device(path)->first,
				 *pkt = chain;
	     pkt; pkt = packet_behind(chain, pkt))
		ck_assert_uint_eq(pkt->len, pkt->ip_bytes);
}
END_TEST

START_TEST(what_a_router_marked_is_marked_and_alone)
{
	for (uint32_t i = 0; i < 5; i++) {
		struct packet *pkt = piece_of(&tcp, i, PIECE_BYTES);

		packet_data(pkt)[1] = ECN_ECT_0;
		header_finish(packet_data(pkt), IPV4_BYTES);
		pkt->outer_ecn = i == 2 ? ECN_CE : ECN_ECT_0;
		come(pkt);
	}
	run();
	ck_assert_uint_eq(path_to_device(path)->len, 3);
	check_numbers(path_to_device(path)->first, five, 2);
	check_numbers(path_to_device(path)->first->next, five + 2, 1);
	check_numbers(path_to_device(path)->last, five + 3, 2);
	ck_assert_uint_eq(
	    packet_data(path_to_device(path)->first)[1], ECN_ECT_0);
	ck_assert_uint_eq(
	    packet_data(path_to_device(path)->first->next)[1], ECN_CE);
}
END_TEST

/* ---- in order ---- */

START_TEST(what_the_wire_disordered_is_in_order)
{
	static const uint32_t arrived[] = {3, 0, 1, 4, 2};

	for (size_t i = 0; i < 5; i++)
		come(piece_of(&tcp, arrived[i], PIECE_BYTES));
	run();
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	check_numbers(path_to_device(path)->first, five, 5);
}
END_TEST

START_TEST(what_a_new_session_sealed_comes_behind_the_old_one)
{
	static const uint32_t sorted[] = {8, 9, 0, 1};

	for (uint32_t i = 0; i < 4; i++) {
		struct packet *pkt =
		    piece_of(&datagrams, sorted[3 - i], PIECE_BYTES);

		pkt->generation = i < 2 ? 7 : 6;
		come(pkt);
	}
	run();
	check_numbers(path_to_device(path)->first, sorted, 4);
}
END_TEST

/* Places: the first peer's stay the first peer's. */
START_TEST(peers_do_not_overtake_each_other)
{
	static const struct flow_of other = {
	    "10.9.0.8", "10.9.0.1", IP_PROTOCOL_UDP, 1000};
	static const uint32_t arrived[] = {2, 9, 1, 8, 0};
	static const uint32_t sorted[] = {0, 8, 1, 9, 2};
	struct packet *pkt;

	path_set_joins(path, false, false);
	for (size_t i = 0; i < 5; i++) {
		pkt = piece_of(i % 2 ? &other : &datagrams, arrived[i], 9);
		pkt->endpoint.port = i % 2;
		come(pkt);
	}
	run();
	pkt = path_to_device(path)->first;
	for (size_t i = 0; i < 5; i++, pkt = pkt->next)
		ck_assert_uint_eq(number_of(pkt), sorted[i]);
}
END_TEST

/* ---- apart ---- */

START_TEST(to_another_peer_it_goes_packet_by_packet)
{
	static const struct flow_of through = {
	    "10.9.0.7", "10.9.0.8", IP_PROTOCOL_TCP, 1000};
	const struct packet *pkt;

	path_set_forwarding(path, true);
	come_five(&through);
	ck_assert_uint_eq(path_to_wire(path)->len, 5);
	pkt = path_to_wire(path)->first;
	for (size_t i = 0; i < 5; i++, pkt = pkt->next) {
		struct packet parsed = *pkt;

		check_numbers(pkt, five + i, 1);
		ck_assert_int_eq(packet_parse_ip(&parsed), DROP_NONE);
		ck_assert_uint_eq(parsed.ttl, 63);
		ck_assert_ptr_eq(pkt->peer, &tunnel.peers[1]);
		ck_assert_uint_eq(pkt->to_id, 2);
	}
	ck_assert_uint_eq(totals().rx_forwarded, 5);
	ck_assert_uint_eq(totals().tx_sent, 5);
}
END_TEST

static void ignore_ready(void *context, struct socket *socket)
{
	(void)context;
	(void)socket;
}

START_TEST(a_socket_gets_each_datagram)
{
	struct sockets_setup how = {
	    .pool = pool, .memory_bytes = 1 << 20, .ready = ignore_ready};
	struct socket_setup discard = {
	    .port = 53, .protocol = SOCKET_UDP, .rcvbuf_bytes = 1 << 16};
	struct sockets *sockets;
	struct socket *socket;
	struct socket_status status;

	ck_assert_int_eq(sockets_new(&sockets, &how), 0);
	ck_assert_int_eq(socket_add(sockets, &socket, &discard), 0);
	ck_assert_int_eq(path_set_local(path, NULL, 0, sockets), 0);
	set_addresses();
	come_five(&datagrams);
	socket_status(socket, &status);
	ck_assert_uint_eq(status.queued, 5);
	ck_assert_uint_eq(totals().rx_consumed, 5);
	ck_assert_uint_eq(path_to_device(path)->len, 0);
	sockets_free(sockets);
}
END_TEST

/* Of UDP: the first byte of the payload is 3. */
static const struct bpf_instruction says_three[] = {
    LOAD(BPF_B | BPF_ABS, IPV4_BYTES + UDP_BYTES),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 1),
    RETURN(1),
    RETURN(0),
};

static const enum hook hooks_of_chains[] = {HOOK_PREROUTING, HOOK_INPUT};

START_TEST(a_rule_that_looks_inside_sees_each_packet)
{
	struct rule_spec spec = {.name = "three",
	    .hook = hooks_of_chains[_i],
	    .action = RULE_DROP,
	    .program = says_three,
	    .program_count = ARRAY_SIZE(says_three)};
	struct ruleset_setup how = {.specs = &spec, .count = 1};
	struct ruleset *rules;
	const struct packet *pkt;

	ck_assert_int_eq(ruleset_new(&rules, &how, now.now), 0);
	path_set_filter(path, rules, NULL);
	come_five(&datagrams);
	ck_assert_uint_eq(path_to_device(path)->len, 4);
	pkt = path_to_device(path)->first;
	for (size_t i = 0; i < 5; i++)
		if (i != 3) {
			check_numbers(pkt, five + i, 1);
			pkt = pkt->next;
		}
	ck_assert_uint_eq(totals().rx_dropped, 1);
	ck_assert_uint_eq(ruleset_rule(rules, 0)->packets, 1);
	path_set_filter(path, NULL, NULL);
	ruleset_free(rules);
}
END_TEST

/* ---- frames ---- */

static void come_framed(
    unsigned peer, const struct flow_of *flow, const char *to, const char *from)
{
	for (uint32_t i = 0; i < 5; i++) {
		struct packet *pkt = framed(
		    piece_of(flow, i, PIECE_BYTES), to, from, ETHERTYPE_IPV4);

		pkt->endpoint.port = (uint16_t)peer;
		come(pkt);
	}
}

START_TEST(frames_of_a_flow_reach_the_device_as_one)
{
	come_framed(2, &tcp, HOST_MAC, PEER_MAC(2));
	run();
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	check_numbers(path_to_device(path)->first, five, 5);
	ck_assert_uint_eq(
	    path_to_device(path)->first->l2_bytes, ETHERNET_BYTES);
}
END_TEST

/* Peers 2 and 3 may have any address: the one begins the flow of the other. */
START_TEST(two_peers_that_splice_one_flow_are_never_merged)
{
	for (uint32_t i = 0; i < 6; i++) {
		struct packet *pkt = framed(piece_of(&tcp, i, PIECE_BYTES),
		    HOST_MAC, PEER_MAC(2), ETHERTYPE_IPV4);

		pkt->endpoint.port = 2 + i % 2;
		come(pkt);
	}
	run();
	ck_assert_uint_eq(path_to_device(path)->len, 6);
	for (const struct packet *pkt = path_to_device(path)->first; pkt;
	     pkt = pkt->next)
		ck_assert_uint_eq(pkt->segments, 1);
}
END_TEST

START_TEST(a_flooded_chain_goes_to_each_peer_packet_by_packet)
{
	uint32_t next[FAKE_PEERS] = {0};

	come_framed(2, &datagrams, EVERYBODY, PEER_MAC(2));
	run();
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	check_numbers(path_to_device(path)->first, five, 5);
	ck_assert_uint_eq(path_to_wire(path)->len, 5 * (FAKE_PEERS - 1));
	for (const struct packet *pkt = path_to_wire(path)->first; pkt;
	     pkt = pkt->next) {
		ck_assert_uint_eq(pkt->segments, 1);
		ck_assert_uint_eq(
		    number_of(pkt), next[pkt->peer - tunnel.peers]++);
	}
	ck_assert_uint_eq(totals().tx_switched, 5 * (FAKE_PEERS - 1));
}
END_TEST

START_TEST(a_switched_chain_goes_packet_by_packet)
{
	const struct packet *pkt;

	come_framed(2, &tcp, PEER_MAC(3), PEER_MAC(2));
	run();
	ck_assert_uint_eq(path_to_device(path)->len, 0);
	ck_assert_uint_eq(sent_to(3), 5);
	pkt = path_to_wire(path)->first;
	for (size_t i = 0; i < 5; i++, pkt = pkt->next)
		check_numbers(pkt, five + i, 1);
	ck_assert_uint_eq(totals().rx_forwarded, 5);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("gro");
	TCase *tun = tcase_create("tun"), *tap = tcase_create("tap");

	tcase_add_checked_fixture(tun, setup_gro, teardown);
	tcase_add_loop_test(tun, a_flow_reaches_the_device_as_one, 0, 2);
	tcase_add_loop_test(
	    tun, of_what_the_device_does_not_take_nothing_joins, 0, 2);
	tcase_add_test(tun, a_turn_is_as_long_as_what_came);
	tcase_add_test(tun, a_dropped_chain_counts_its_packets);
	tcase_add_test(tun, padding_is_cut_off_each);
	tcase_add_test(tun, what_a_router_marked_is_marked_and_alone);
	tcase_add_test(tun, what_the_wire_disordered_is_in_order);
	tcase_add_test(tun, what_a_new_session_sealed_comes_behind_the_old_one);
	tcase_add_test(tun, peers_do_not_overtake_each_other);
	tcase_add_test(tun, to_another_peer_it_goes_packet_by_packet);
	tcase_add_test(tun, a_socket_gets_each_datagram);
	EACH(tun, a_rule_that_looks_inside_sees_each_packet, hooks_of_chains);
	suite_add_tcase(suite, tun);
	tcase_add_checked_fixture(tap, setup_gro_tap, teardown_tap);
	tcase_add_test(tap, frames_of_a_flow_reach_the_device_as_one);
	tcase_add_test(tap, two_peers_that_splice_one_flow_are_never_merged);
	tcase_add_test(tap, a_flooded_chain_goes_to_each_peer_packet_by_packet);
	tcase_add_test(tap, a_switched_chain_goes_packet_by_packet);
	suite_add_tcase(suite, tap);
	return suite;
}
