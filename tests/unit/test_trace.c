/* SPDX-License-Identifier: ISC */
/* Dry runs through the live tables, and traced packets among live ones. */
#include "unit.h"

#include <string.h>

#include "seed.h"
#include "trace_lab.h"

static void setup_tun(void)
{
	setup();
	set_addresses();
	for (uint32_t i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].id = i + 1;
	tunnel.peers[1].name = "carol";
}

static void setup_switch(void)
{
	setup_tap();
	for (uint32_t i = 0; i < FAKE_PEERS; i++)
		tunnel.peers[i].id = i + 1;
	learn_all();
}

static void from_peer(unsigned peer, struct packet *pkt)
{
	pkt->peer = &tunnel.peers[peer];
	trace_lab_run(TRACE_FROM_PEER, pkt);
	pool_put(pool, pkt);
}

static void from_host(struct packet *pkt)
{
	trace_lab_run(TRACE_FROM_HOST, pkt);
	pool_put(pool, pkt);
}

static void check_end(enum trace_end end, enum drop drop)
{
	ck_assert_int_eq(trace_lab.end, end);
	ck_assert_str_eq(drop_name(trace_lab.drop), drop_name(drop));
}

static void check_why(const char *stage, const char *why)
{
	ck_assert_str_eq(trace_lab_why(stage), why);
}

/* ---- tun ---- */

START_TEST(a_dry_packet_walks_to_the_device)
{
	from_peer(0, udp("10.9.0.7", "10.9.0.1", 53));
	check_end(TRACE_DEVICE, DROP_NONE);
	ck_assert_str_eq(trace_lab_stages(),
	    "ip_rcv conntrack prerouting rcv_finish "
	    "input tun_write");
	check_why("ip_rcv", "IPv4 ihl 5 ttl 64 checksum ok");
	check_why(
	    "rcv_finish", "10.9.0.7 in bob's 10.9.0.7/32; 10.9.0.1 is local");
}
END_TEST

START_TEST(a_dry_packet_is_dropped_and_not_counted)
{
	from_peer(0, udp("192.0.2.5", "10.9.0.1", 53));
	check_end(TRACE_DROPPED, DROP_IP_RPFILTER);
	check_why("rcv_finish",
	    "192.0.2.5 not in any of bob's 4 allowed_ips (10.9.0.7/32, ...)");
	ck_assert_uint_eq(traced, 0);
	ck_assert_uint_eq(tunnel.peers[0].drops[DROP_IP_RPFILTER], 0);
}
END_TEST

START_TEST(a_foreign_source_is_said_to_be_whose)
{
	from_peer(1, udp("10.1.2.3", "10.9.0.1", 53));
	check_why("rcv_finish",
	    "10.1.2.3 not in any of carol's 2 allowed_ips (10.9.0.8/32, ...), "
	    "but in bob's 10.1.0.0/16");
}
END_TEST

START_TEST(martians_are_named)
{
	static const struct {
		const char *source, *why;
	} cases[] = {
	    {"224.0.0.1", "224.0.0.1: source address can not be a source"},
	    {"10.9.0.1",
		"10.9.0.1: source is one of this host's tunnel addresses"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		from_peer(0, udp(cases[i].source, "10.9.0.1", 53));
		check_why("rcv_finish", cases[i].why);
	}
}
END_TEST

START_TEST(lengths_that_do_not_fit_are_told)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	pkt->len -= 2;
	from_peer(0, pkt);
	check_end(TRACE_DROPPED, DROP_PKT_TOO_SMALL);
	check_why("ip_rcv", "the header says 32 bytes, 30 are there");
	pkt = udp6("fd09::7", "fd09::1");
	pkt->len--;
	from_peer(0, pkt);
	check_why("ip_rcv", "the header says 48 bytes, 47 are there");
}
END_TEST

START_TEST(a_dry_packet_of_the_host_is_not_sealed)
{
	from_host(udp("10.9.0.1", "10.1.0.9", 53));
	check_end(TRACE_WIRE, DROP_NONE);
	ck_assert_str_eq(trace_lab_stages(),
	    "tun_read ip_out output route neigh postrouting "
	    "compress encap");
	check_why("route", "10.1.0.9 in bob's 10.1.0.0/16");
	check_why("neigh", "there is a session with bob");
	ck_assert_uint_eq(tunnel.seal_calls, 0);
}
END_TEST

START_TEST(a_dry_packet_does_not_wait)
{
	tunnel.has_session = false;
	from_host(udp("10.9.0.1", "10.9.0.8", 53));
	check_end(TRACE_TAKEN, DROP_NONE);
	check_why("neigh", "no session with carol: waits for a handshake");
	ck_assert_uint_eq(tunnel.staged.len, 0);
}
END_TEST

START_TEST(a_dry_packet_without_a_route)
{
	from_host(udp("10.9.0.1", "192.0.2.1", 53));
	check_end(TRACE_DROPPED, DROP_IP_OUTNOROUTES);
	check_why("route", "192.0.2.1 is in no peer's allowed_ips");
}
END_TEST

START_TEST(a_dry_packet_is_forwarded)
{
	path_set_forwarding(path, true);
	from_peer(0, udp("10.9.0.7", "10.9.0.8", 53));
	check_end(TRACE_WIRE, DROP_NONE);
	ck_assert_str_eq(trace_lab_stages(),
	    "ip_rcv conntrack prerouting rcv_finish "
	    "forward neigh postrouting compress encap");
	check_why("rcv_finish",
	    "10.9.0.7 in bob's 10.9.0.7/32; 10.9.0.8 in carol's 10.9.0.8/32");
	check_why("forward", "to carol with ttl 63");
}
END_TEST

START_TEST(results_that_wait_are_not_disturbed)
{
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	from_peer(0, udp("10.9.0.7", "10.9.0.1", 53));
	from_host(udp("10.9.0.1", "10.9.0.7", 53));
	ck_assert_uint_eq(path_to_device(path)->len, 1);
	ck_assert_uint_eq(path_to_wire(path)->len, 1);
}
END_TEST

/* ---- tap ---- */

START_TEST(a_dry_frame_teaches_the_switch_nothing)
{
	from_peer(2, frame(PEER_MAC(3), ANY_MAC));
	check_end(TRACE_WIRE, DROP_NONE);
	ck_assert_uint_eq(trace_lab.to_id, 4);
	ck_assert_str_eq(trace_lab_stages(),
	    "eth ip_rcv conntrack prerouting rcv_finish "
	    "bridge neigh postrouting compress encap");
	check_why(
	    "eth", "02:aa:00:00:00:99 > 02:aa:00:00:00:03 ethertype 0x88b5");
	check_why("bridge", "02:aa:00:00:00:03 to bob");
}
END_TEST

START_TEST(a_dry_flood_names_its_copies)
{
	from_peer(2, tagged(frame(EVERYBODY, PEER_MAC(2)), ETHERTYPE_VLAN, 7));
	check_end(TRACE_DEVICE, DROP_NONE);
	check_why("eth",
	    "02:aa:00:00:00:02 > ff:ff:ff:ff:ff:ff ethertype 0x88b5 vlan 7");
	check_why("bridge", "ff:ff:ff:ff:ff:ff to the host");
	ck_assert_uint_eq(trace_lab.copies, FAKE_PEERS - 1);
	ck_assert_str_eq(trace_lab.entry, "neigh");
}
END_TEST

START_TEST(a_dry_flood_of_the_host_names_its_copies)
{
	from_host(frame(EVERYBODY, HOST_MAC));
	check_end(TRACE_WIRE, DROP_NONE);
	ck_assert_uint_eq(trace_lab.made, FAKE_PEERS - 1);
}
END_TEST

START_TEST(a_dry_flood_takes_no_tokens)
{
	limits.storm[BRIDGE_BROADCAST] = 1;
	apply_limits();
	now.now = instant_after(now.now, 100 * NS_PER_S);
	for (int i = 0; i < 100; i++)
		from_peer(2, frame(EVERYBODY, PEER_MAC(2)));
	check_end(TRACE_DEVICE, DROP_NONE);
}
END_TEST

START_TEST(a_dry_frame_that_no_buffer_is_left_for)
{
	struct packet_list all = {0};

	while (pool_available(pool) > 2)
		packet_list_push(&all, pool_get(pool));
	from_peer(2, frame(PEER_MAC(3), PEER_MAC(2)));
	check_end(TRACE_DROPPED, DROP_NOMEM);
	pool_put_list(pool, &all);
}
END_TEST

/* ---- live ---- */

static void mark(struct packet *pkt, uint32_t id)
{
	pkt->is_traced = true;
	pkt->trace_id = id;
}

START_TEST(a_live_packet_is_traced_and_delivered)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	path_set_tracer(path, &trace_lab_tracer);
	memset(&trace_lab, 0, sizeof(trace_lab));
	mark(pkt, 1);
	receive(pkt);
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	check_end(TRACE_DEVICE, DROP_NONE);
	ck_assert_str_eq(trace_lab_stages(),
	    "outer decap expand ip_rcv conntrack prerouting rcv_finish "
	    "input tun_write");
	ck_assert_uint_eq(path_to_device(path)->len, 2);
	path_set_tracer(path, NULL);
	pkt = udp("10.9.0.7", "10.9.0.1", 53);
	mark(pkt, 2);
	receive(pkt);
	ck_assert_uint_eq(trace_lab.steps, 9);
}
END_TEST

START_TEST(a_live_packet_that_is_consumed_is_taken)
{
	struct packet *pkt = raw(FAKE_FRAME);

	path_set_tracer(path, &trace_lab_tracer);
	memset(&trace_lab, 0, sizeof(trace_lab));
	mark(pkt, 1);
	receive(pkt);
	check_end(TRACE_TAKEN, DROP_NONE);
	ck_assert_str_eq(trace_lab_stages(), "outer decap expand");
}
END_TEST

START_TEST(a_live_flood_is_traced_once)
{
	struct packet *pkt = frame(EVERYBODY, PEER_MAC(2));

	path_set_tracer(path, &trace_lab_tracer);
	memset(&trace_lab, 0, sizeof(trace_lab));
	mark(pkt, 1);
	receive_from(2, pkt);
	check_end(TRACE_DEVICE, DROP_NONE);
	ck_assert_uint_eq(path_to_wire(path)->len, FAKE_PEERS - 1);
	take_results();
}
END_TEST

/* ---- what is said dry comes true ---- */

#define RANDOM_PACKETS 50000

static const char *random_of(
    struct seed *seed, const char *const *texts, size_t count)
{
	return texts[seed_below(seed, count)];
}

static void spoil(struct seed *seed, struct packet *pkt)
{
	if (seed_below(seed, 10) == 0)
		pkt->len = (uint32_t)seed_below(seed, pkt->len + 1);
	while (seed_below(seed, 3) == 0)
		packet_data(pkt)[seed_below(seed, 48)] ^=
		    (uint8_t)(1 << seed_below(seed, 8));
}

static struct packet *random_packet(struct seed *seed)
{
	static const char *const v4[] = {"10.9.0.7", "10.9.0.8", "10.1.2.3",
	    "10.9.0.1", "10.9.0.255", "0.0.0.0", "127.0.0.1", "224.0.0.5",
	    "192.0.2.1"};
	static const char *const v6[] = {
	    "fd09::7", "fd09::1", "fe80::7", "::", "ff02::1", "::1"};
	struct packet *pkt;

	if (seed_below(seed, 2))
		pkt = udp(random_of(seed, v4, ARRAY_SIZE(v4)),
		    random_of(seed, v4, ARRAY_SIZE(v4)), 53);
	else
		pkt = udp6(random_of(seed, v6, ARRAY_SIZE(v6)),
		    random_of(seed, v6, ARRAY_SIZE(v6)));
	if (seed_below(seed, 2))
		packet_data(pkt)[packet_data(pkt)[0] >> 4 == 4 ? 8 : 7] =
		    (uint8_t)seed_below(seed, 4);
	if (packet_data(pkt)[0] >> 4 == 4)
		header_finish(packet_data(pkt), IPV4_BYTES);
	return pkt;
}

static struct packet *random_frame(struct seed *seed)
{
	static const char *const macs[] = {EVERYBODY, A_GROUP, ANY_MAC,
	    HOST_MAC, PEER_MAC(0), PEER_MAC(1), PEER_MAC(2), PEER_MAC(3),
	    "02:aa:00:00:01:01", "02:aa:00:00:01:02", "01:80:c2:00:00:00"};
	const char *to = random_of(seed, macs, ARRAY_SIZE(macs));
	const char *from = random_of(seed, macs, ARRAY_SIZE(macs));
	struct packet *pkt;

	if (seed_below(seed, 2))
		return frame(to, from);
	pkt = random_packet(seed);
	return framed(pkt, to, from,
	    packet_data(pkt)[0] >> 4 == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
}

struct outcome {
	enum drop drop;
	size_t device, wire, staged; /* without answers */
	size_t answers;
};

static struct outcome foretold(void)
{
	struct outcome ret = {.drop = trace_lab.end == TRACE_DROPPED
					  ? trace_lab.drop
					  : DROP_NONE};

	ret.device = trace_lab.end == TRACE_DEVICE;
	ret.wire = trace_lab.copies + (trace_lab.end == TRACE_WIRE);
	ret.staged = trace_lab.end == TRACE_TAKEN;
	ret.answers = trace_lab.made - trace_lab.copies;
	return ret;
}

static enum drop last_drop; /* the first one: that of an answer comes later */

static void keep_drop(
    void *context, const struct stage *stage, const struct packet *pkt)
{
	(void)context;
	(void)stage;
	if (!last_drop)
		last_drop = pkt->drop;
}

static uint64_t answers_made(void)
{
	return path->totals.rx_ours + path->totals.tx_ours + path->unanswered;
}

static struct outcome come_true(bool is_inbound, struct packet *pkt)
{
	struct outcome ret = {.staged = tunnel.staged.len};
	uint64_t answers = answers_made();

	last_drop = DROP_NONE;
	if (is_inbound)
		receive(pkt);
	else
		transmit(pkt);
	ret.drop = last_drop;
	ret.device = path_to_device(path)->len;
	ret.wire = path_to_wire(path)->len;
	ret.staged = tunnel.staged.len - ret.staged;
	ret.answers = answers_made() - answers;
	take_results();
	return ret;
}

/* The guard against loops took addresses home before the frame's destination
 * was looked up: where that one is then, a dry run can not know. */
static bool is_in_loop(void)
{
	struct bridge_alarm alarm;

	return path->setup.bridge && bridge_take_alarm(bridge, &alarm);
}

static void give_up_staged(void)
{
	for (struct packet *at = tunnel.staged.first; at; at = at->next)
		at->drop = DROP_NEIGH_FAILED;
	packet_list_append(&tunnel.dropped, &tunnel.staged);
	path_run_emitted(path, &now);
}

static void check_outcome(struct seed *seed, struct packet *pkt)
{
	bool is_inbound = seed_below(seed, 2);
	struct outcome said, came;

	pkt->endpoint.port = (uint16_t)seed_below(seed, FAKE_PEERS);
	pkt->peer = &tunnel.peers[pkt->endpoint.port];
	if (is_inbound && pkt->len < 2)
		pkt->len = 2; /* not one of the fake tunnel's own */
	trace_lab_run(is_inbound ? TRACE_FROM_PEER : TRACE_FROM_HOST, pkt);
	said = foretold();
	if (seed_below(seed, 2))
		mark(pkt, 7);
	came = come_true(is_inbound, pkt);
	give_up_staged();
	if (is_in_loop())
		return;
	ck_assert_str_eq(drop_name(said.drop), drop_name(came.drop));
	ck_assert_uint_eq(said.answers, came.answers);
	ck_assert_uint_eq(said.device, came.device);
	if (!came.answers)
		ck_assert_uint_eq(
		    said.wire + said.staged, came.wire + came.staged);
}

static void change_something(struct seed *seed)
{
	switch (seed_below(seed, 4)) {
	case 0:
		path_set_forwarding(path, seed_below(seed, 2));
		break;
	case 1:
		tunnel.has_session = seed_below(seed, 4);
		break;
	case 2:
		/* what becomes of the copies of a flood is not traced */
		tunnel.neigh = path->setup.bridge || seed_below(seed, 8)
				   ? DROP_NONE
				   : DROP_NEIGH_DEAD;
		break;
	default:
		now.now = instant_after(
		    now.now, (int64_t)seed_below(seed, 400) * NS_PER_S);
		break;
	}
}

START_TEST(what_a_dry_run_says_comes_true)
{
	struct seed seed = seed_start();
	bool is_tap = path->setup.bridge;

	path->setup.trace = keep_drop;
	path_set_tracer(path, &trace_lab_tracer);
	for (int i = 0; i < RANDOM_PACKETS; i++) {
		struct packet *pkt =
		    is_tap ? random_frame(&seed) : random_packet(&seed);

		spoil(&seed, pkt);
		check_outcome(&seed, pkt);
		if (seed_below(&seed, 50) == 0)
			change_something(&seed);
	}
}
END_TEST

static TCase *tun_cases(void)
{
	TCase *tcase = tcase_create("tun");

	tcase_add_checked_fixture(tcase, setup_tun, teardown);
	tcase_add_test(tcase, a_dry_packet_walks_to_the_device);
	tcase_add_test(tcase, a_dry_packet_is_dropped_and_not_counted);
	tcase_add_test(tcase, a_foreign_source_is_said_to_be_whose);
	tcase_add_test(tcase, martians_are_named);
	tcase_add_test(tcase, lengths_that_do_not_fit_are_told);
	tcase_add_test(tcase, a_dry_packet_of_the_host_is_not_sealed);
	tcase_add_test(tcase, a_dry_packet_does_not_wait);
	tcase_add_test(tcase, a_dry_packet_without_a_route);
	tcase_add_test(tcase, a_dry_packet_is_forwarded);
	tcase_add_test(tcase, results_that_wait_are_not_disturbed);
	tcase_add_test(tcase, a_live_packet_is_traced_and_delivered);
	tcase_add_test(tcase, a_live_packet_that_is_consumed_is_taken);
	tcase_add_test(tcase, what_a_dry_run_says_comes_true);
	tcase_set_timeout(tcase, 120);
	return tcase;
}

static TCase *tap_cases(void)
{
	TCase *tcase = tcase_create("tap");

	tcase_add_checked_fixture(tcase, setup_switch, teardown_tap);
	tcase_add_test(tcase, a_dry_frame_teaches_the_switch_nothing);
	tcase_add_test(tcase, a_dry_flood_names_its_copies);
	tcase_add_test(tcase, a_dry_flood_of_the_host_names_its_copies);
	tcase_add_test(tcase, a_dry_flood_takes_no_tokens);
	tcase_add_test(tcase, a_dry_frame_that_no_buffer_is_left_for);
	tcase_add_test(tcase, a_live_flood_is_traced_once);
	tcase_add_test(tcase, what_a_dry_run_says_comes_true);
	tcase_set_timeout(tcase, 120);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("trace");

	suite_add_tcase(suite, tun_cases());
	suite_add_tcase(suite, tap_cases());
	return suite;
}
