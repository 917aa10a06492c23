/* SPDX-License-Identifier: ISC */
/* What who looks on is shown: where, of which packets, and as what. */
#include "unit.h"

#include <string.h>

#include "tap_lab.h"

#define SIGHTS_MAX 16
#define ALL	   (PATH_WATCH_INNER | PATH_WATCH_OUTER | PATH_WATCH_DROPS)

static struct path_sight sights[SIGHTS_MAX];
static struct packet packets[SIGHTS_MAX]; /* as they were then */
static size_t sights_count;

static void look(void *context, const struct path_sight *sight)
{
	ck_assert_ptr_null(context);
	ck_assert_int_eq(sight->now->now.ns, now.now.ns);
	ck_assert_uint_lt(sights_count, SIGHTS_MAX);
	packets[sights_count] = *sight->pkt;
	sights[sights_count++] = *sight;
}

static void begin(void)
{
	watching = look;
	sights_count = 0;
	setup();
}

static void begin_tap(void)
{
	watching = look;
	sights_count = 0;
	setup_tap();
}

static void expect(size_t idx, enum path_watched what, const char *stage,
    enum path_bytes bytes, bool is_outbound)
{
	ck_assert_uint_gt(sights_count, idx);
	ck_assert_int_eq(sights[idx].what, what);
	ck_assert_str_eq(sights[idx].stage, stage);
	ck_assert_int_eq(sights[idx].bytes, bytes);
	ck_assert_int_eq(sights[idx].is_outbound, is_outbound);
}

static void expect_drop(
    const char *stage, enum path_bytes bytes, enum drop reason)
{
	bool is_outbound = strcmp(sights[0].stage, "outer") != 0 &&
			   strcmp(sights[0].stage, "decap") != 0 &&
			   strcmp(sights[0].stage, "expand") != 0 &&
			   strcmp(sights[0].stage, "ip_rcv") != 0 &&
			   strcmp(sights[0].stage, "tun_write") != 0;

	ck_assert_uint_eq(sights_count, 1);
	expect(0, PATH_WATCH_DROPS, stage, bytes, is_outbound);
	ck_assert_str_eq(drop_name(packets[0].drop), drop_name(reason));
}

START_TEST(nothing_is_shown_that_nobody_asked_for)
{
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	path_set_watched(path, PATH_WATCH_DROPS);
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	ck_assert_uint_eq(sights_count, 0);
}
END_TEST

START_TEST(an_inbound_packet_is_shown_sealed_and_open)
{
	path_set_watched(path, ALL);
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	ck_assert_uint_eq(sights_count, 2);
	expect(0, PATH_WATCH_OUTER, "outer", PATH_BYTES_DATAGRAM, false);
	expect(1, PATH_WATCH_INNER, "capture", PATH_BYTES_INNER, false);
	ck_assert_ptr_eq(packets[1].peer, &tunnel.peers[0]);
}
END_TEST

START_TEST(an_outbound_packet_is_shown_open_and_sealed)
{
	path_set_watched(path, ALL);
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	ck_assert_uint_eq(sights_count, 2);
	expect(0, PATH_WATCH_INNER, "capture", PATH_BYTES_INNER, true);
	expect(1, PATH_WATCH_OUTER, "encap", PATH_BYTES_DATAGRAM, true);
	ck_assert_ptr_eq(packets[1].peer, &tunnel.peers[0]);
}
END_TEST

START_TEST(handshake_messages_are_datagrams_too)
{
	path_set_watched(path, ALL);
	packet_list_push(&tunnel.messages, raw(FAKE_HANDSHAKE));
	path_run_emitted(path, &now);
	receive(raw(FAKE_HANDSHAKE));
	ck_assert_uint_eq(sights_count, 2);
	expect(0, PATH_WATCH_OUTER, "encap", PATH_BYTES_DATAGRAM, true);
	expect(1, PATH_WATCH_OUTER, "outer", PATH_BYTES_DATAGRAM, false);
}
END_TEST

START_TEST(a_trial_is_shown_to_nobody)
{
	struct packet *pkt = udp("10.9.0.7", "10.9.0.1", 53);

	pkt->is_dry = true;
	path_set_watched(path, ALL);
	receive(pkt);
	ck_assert_uint_eq(sights_count, 0);
}
END_TEST

START_TEST(drops_of_datagrams_are_shown_as_datagrams)
{
	path_set_watched(path, PATH_WATCH_DROPS);
	tunnel.receive = DROP_VPN_TYPE;
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	expect_drop("outer", PATH_BYTES_DATAGRAM, DROP_VPN_TYPE);
}
END_TEST

START_TEST(what_did_not_open_has_its_header_only)
{
	path_set_watched(path, PATH_WATCH_DROPS);
	receive(raw(FAKE_FORGED));
	expect_drop("decap", PATH_BYTES_HEADER, DROP_VPN_AUTH);
}
END_TEST

START_TEST(what_did_not_expand_is_no_packet)
{
	path_set_watched(path, PATH_WATCH_DROPS);
	tunnel.expand = DROP_VPN_DECOMPRESS;
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	expect_drop("expand", PATH_BYTES_NONE, DROP_VPN_DECOMPRESS);
}
END_TEST

START_TEST(packets_that_the_stages_drop_are_shown)
{
	path_set_watched(path, PATH_WATCH_DROPS);
	receive(raw(0x45));
	expect_drop("ip_rcv", PATH_BYTES_INNER, DROP_IP_INHDR);
	sights_count = 0;
	transmit(udp("10.9.0.1", "192.0.2.1", 53));
	expect_drop("route", PATH_BYTES_INNER, DROP_IP_OUTNOROUTES);
}
END_TEST

START_TEST(what_is_not_sealed_is_shown_as_long_as_it_is_a_packet)
{
	struct packet *frame = raw(0x10);

	path_set_watched(path, PATH_WATCH_DROPS);
	tunnel.seal = DROP_VPN_NOSESSION;
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	expect_drop("encap", PATH_BYTES_INNER, DROP_VPN_NOSESSION);
	sights_count = 0;
	frame->is_ours = true;
	frame->peer = &tunnel.peers[0];
	packet_list_push(&tunnel.frames, frame);
	path_run_emitted(path, &now);
	expect_drop("encap", PATH_BYTES_NONE, DROP_VPN_NOSESSION);
}
END_TEST

START_TEST(what_the_daemon_could_not_send_or_write_is_shown)
{
	transmit(udp("10.9.0.1", "10.9.0.7", 53));
	receive(udp("10.9.0.7", "10.9.0.1", 53));
	path_set_watched(path, PATH_WATCH_DROPS);
	path_drop_outside(path, PATH_OUTSIDE_ENCAP, DROP_VPN_SENDBUF,
	    packet_list_pop(path_to_wire(path)));
	expect_drop("encap", PATH_BYTES_DATAGRAM, DROP_VPN_SENDBUF);
	sights_count = 0;
	path_drop_outside(path, PATH_OUTSIDE_TUN_WRITE, DROP_DEV_HDR,
	    packet_list_pop(path_to_device(path)));
	expect_drop("tun_write", PATH_BYTES_INNER, DROP_DEV_HDR);
}
END_TEST

START_TEST(frames_are_shown_before_they_are_parsed)
{
	path_set_watched(path, PATH_WATCH_INNER);
	receive_from(2, frame(HOST_MAC, PEER_MAC(2)));
	transmit(frame(PEER_MAC(2), HOST_MAC));
	ck_assert_uint_eq(sights_count, 2);
	expect(0, PATH_WATCH_INNER, "capture", PATH_BYTES_INNER, false);
	expect(1, PATH_WATCH_INNER, "capture", PATH_BYTES_INNER, true);
	ck_assert_uint_eq(packets[0].l2_bytes, 0);
	ck_assert_uint_eq(packets[1].l2_bytes, 0);
	take_results();
}
END_TEST

static TCase *watch_cases(void)
{
	TCase *tcase = tcase_create("tun");

	tcase_add_checked_fixture(tcase, begin, teardown);
	tcase_add_test(tcase, nothing_is_shown_that_nobody_asked_for);
	tcase_add_test(tcase, an_inbound_packet_is_shown_sealed_and_open);
	tcase_add_test(tcase, an_outbound_packet_is_shown_open_and_sealed);
	tcase_add_test(tcase, handshake_messages_are_datagrams_too);
	tcase_add_test(tcase, a_trial_is_shown_to_nobody);
	tcase_add_test(tcase, drops_of_datagrams_are_shown_as_datagrams);
	tcase_add_test(tcase, what_did_not_open_has_its_header_only);
	tcase_add_test(tcase, what_did_not_expand_is_no_packet);
	tcase_add_test(tcase, packets_that_the_stages_drop_are_shown);
	tcase_add_test(
	    tcase, what_is_not_sealed_is_shown_as_long_as_it_is_a_packet);
	tcase_add_test(tcase, what_the_daemon_could_not_send_or_write_is_shown);
	return tcase;
}

static TCase *tap_cases(void)
{
	TCase *tcase = tcase_create("tap");

	tcase_add_checked_fixture(tcase, begin_tap, teardown_tap);
	tcase_add_test(tcase, frames_are_shown_before_they_are_parsed);
	return tcase;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("path_watch");

	suite_add_tcase(suite, watch_cases());
	suite_add_tcase(suite, tap_cases());
	return suite;
}
