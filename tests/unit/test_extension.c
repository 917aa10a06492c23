/* SPDX-License-Identifier: ISC */
/* What two vpnd's switch on by themselves, end against end. */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "protocol/extension.h"
#include "tunnels.h"
#include "unit.h"

static struct ends ends;

static void clear(void)
{
	ends_clear(&ends);
}

static void both(void)
{
	ends_init(&ends, EXTENSION_AUTO, EXTENSION_AUTO, COMPRESSOR_LZ4);
}

static void against_plain(void)
{
	ends_init(&ends, EXTENSION_AUTO, EXTENSION_OFF, COMPRESSOR_LZ4);
}

static void required_against_plain(void)
{
	ends_init(&ends, EXTENSION_REQUIRED, EXTENSION_OFF, COMPRESSOR_NONE);
}

static void begin(void)
{
	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	ends_pass(&ends, 100 * NS_PER_MS);
}

/* Gives b a plaintext as if a had made it; returns what became of it. */
static enum drop inject(const uint8_t *plain, size_t len)
{
	unsigned drops = ends.b.drops;

	end_receive(&ends, &ends.b, end_seal_plain(&ends, &ends.a, plain, len));
	return ends.b.drops == drops ? DROP_NONE : ends.b.last_drop;
}

START_TEST(two_vpnds_know_each_other_and_send_aes256gcm)
{
	struct tunnel_peer_status a, b;

	begin();
	a = end_status(&ends, &ends.a);
	b = end_status(&ends, &ends.b);
	ck_assert(a.knows_features && b.knows_features);
	ck_assert_int_eq(a.send_aead->id, AEAD_AES256GCM);
	ck_assert_int_eq(b.send_aead->id, AEAD_AES256GCM);
	ck_assert_uint_eq(a.peer_largest_frame, 2048);
	end_send_text(&ends, &ends.a, 100);
	end_send_text(&ends, &ends.b, 100);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.a.delivered + ends.b.delivered, 2);
	ck_assert_uint_ge(ends.a.sent[WIRE_DATA_AES256GCM], 1);
	ck_assert_uint_ge(ends.b.sent[WIRE_DATA_AES256GCM], 1);
	ck_assert_int_eq(
	    end_status(&ends, &ends.b).receive_aead->id, AEAD_AES256GCM);
}
END_TEST

START_TEST(the_users_order_decides_and_speed_decides_without_one)
{
	struct tunnel_aead order[] = {
	    {AEAD_CHACHA20POLY1305, 100}, {AEAD_AES256GCM, 5000}};

	tunnel_set_aeads(ends.a.tunnel, order, 2, true);
	begin();
	ck_assert_int_eq(
	    end_status(&ends, &ends.a).send_aead->id, AEAD_CHACHA20POLY1305);
	ck_assert_int_eq(
	    end_status(&ends, &ends.b).send_aead->id, AEAD_AES256GCM);
}
END_TEST

START_TEST(changed_ciphers_are_told_within_the_session)
{
	struct tunnel_aead chacha[] = {{AEAD_CHACHA20POLY1305, 0}};

	begin();
	tunnel_set_aeads(ends.a.tunnel, chacha, 1, true);
	ends_pass(&ends, NS_PER_MS);
	ck_assert_int_eq(
	    end_status(&ends, &ends.a).send_aead->id, AEAD_CHACHA20POLY1305);
	ck_assert_int_eq(
	    end_status(&ends, &ends.b).send_aead->id, AEAD_CHACHA20POLY1305);
	ck_assert_uint_eq(ends.a.sent[WIRE_INITIATION], 1);
}
END_TEST

START_TEST(the_slower_end_decides_which_cipher_is_faster)
{
	struct tunnel_aead fast[] = {
	    {AEAD_AES256GCM, 5000}, {AEAD_CHACHA20POLY1305, 900}};
	struct tunnel_aead slow[] = {
	    {AEAD_AES256GCM, 60}, {AEAD_CHACHA20POLY1305, 300}};

	tunnel_set_aeads(ends.a.tunnel, fast, 2, false);
	tunnel_set_aeads(ends.b.tunnel, slow, 2, false);
	begin();
	ck_assert_int_eq(
	    end_status(&ends, &ends.a).send_aead->id, AEAD_CHACHA20POLY1305);
	ck_assert_int_eq(
	    end_status(&ends, &ends.b).send_aead->id, AEAD_CHACHA20POLY1305);
}
END_TEST

START_TEST(text_is_compressed_and_arrives_whole)
{
	struct tunnel_peer_status status;

	begin();
	end_send_text(&ends, &ends.a, 1400);
	ends_settle(&ends);
	status = end_status(&ends, &ends.a);
	ck_assert_uint_eq(ends.b.delivered, 1);
	ck_assert_uint_eq(ends.b.last_plain_len, 1400);
	ck_assert_uint_eq(status.compressed_packets, 1);
	ck_assert_uint_lt(
	    status.compress_out_bytes, status.compress_in_bytes / 4);
	ck_assert_ptr_nonnull(status.compressor);
	ck_assert_uint_eq(end_status(&ends, &ends.b).expanded_packets, 1);
}
END_TEST

START_TEST(random_bytes_are_left_alone)
{
	uint8_t bytes[1400];

	begin();
	for (int i = 0; i < 50; i++) {
		randombytes_buf(bytes, sizeof(bytes));
		bytes[0] = 0x45;
		end_send(&ends, &ends.a, bytes, sizeof(bytes));
		ends_settle(&ends);
		ck_assert_mem_eq(ends.b.last_plain, bytes, sizeof(bytes));
	}
	ck_assert_uint_eq(end_status(&ends, &ends.a).compressed_packets, 0);
	ck_assert_uint_eq(ends.b.delivered, 50);
}
END_TEST

START_TEST(a_rekey_never_leaves_aes256gcm)
{
	unsigned chacha;

	begin();
	end_send_text(&ends, &ends.a, 100);
	ends_settle(&ends);
	chacha = ends.a.sent[WIRE_DATA];
	for (int i = 0; i < 130; i++) {
		ends_pass(&ends, NS_PER_S);
		end_send_text(&ends, &ends.a, 100);
		end_send_text(&ends, &ends.b, 100);
		ends_settle(&ends);
	}
	ck_assert_uint_eq(ends.a.sent[WIRE_INITIATION], 2);
	/* but for what confirms the new session, and its HELLO */
	ck_assert_uint_eq(ends.a.sent[WIRE_DATA], chacha + 2);
	ck_assert_uint_eq(ends.a.drops + ends.b.drops, 0);
}
END_TEST

START_TEST(an_echo_comes_back_with_its_time)
{
	begin();
	ck_assert_int_eq(
	    tunnel_peer_echo(ends.a.tunnel, ends.a.peer, 77, &ends.now), 0);
	end_flush(&ends, &ends.a);
	ends.now.now = instant_after(ends.now.now, 5 * NS_PER_MS);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.a.events[TUNNEL_ECHO_REPLY], 1);
	ck_assert_uint_eq(ends.a.event.echo_id, 77);
	ck_assert_int_eq(ends.a.event.rtt_ns, 5 * NS_PER_MS);
}
END_TEST

START_TEST(an_echo_needs_a_session_and_the_extension)
{
	ck_assert_int_eq(
	    tunnel_peer_echo(ends.a.tunnel, ends.a.peer, 1, &ends.now),
	    -ENOTCONN);
	ends_settle(&ends);
	ck_assert_int_eq(
	    tunnel_peer_echo(ends.a.tunnel, ends.a.peer, 1, &ends.now),
	    -EOPNOTSUPP);
}
END_TEST

START_TEST(a_close_ends_the_session_and_traffic_opens_a_new_one)
{
	begin();
	tunnel_close(ends.a.tunnel, WIRE_CLOSE_STOPPING, &ends.now);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.b.events[TUNNEL_CLOSED], 1);
	ck_assert(end_status(&ends, &ends.b).is_closed);
	ck_assert(!end_status(&ends, &ends.b).has_session);
	ends_pass(&ends, NS_PER_S);
	end_send_text(&ends, &ends.b, 100);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.a.delivered, 1);
	ck_assert(!end_status(&ends, &ends.b).is_closed);
}
END_TEST

START_TEST(a_removed_peer_is_told_so)
{
	begin();
	tunnel_peer_remove(ends.a.tunnel, ends.a.peer, &ends.now);
	end_flush(&ends, &ends.a);
	end_receive(&ends, &ends.b, packet_list_pop(&ends.a.outbox));
	ck_assert_uint_eq(ends.b.events[TUNNEL_CLOSED], 1);
}
END_TEST

START_TEST(changed_keys_end_the_session_at_both_ends)
{
	struct tunnel_peer_setup setup = {
	    .name = "other", .user = &ends.b, .extension = EXTENSION_AUTO};

	begin();
	memcpy(setup.public_key, tunnel_public_key(ends.b.tunnel),
	    WIRE_KEY_BYTES);
	memset(setup.preshared_key, 1, WIRE_KEY_BYTES);
	tunnel_peer_change(ends.a.tunnel, ends.a.peer, &setup, &ends.now);
	end_flush(&ends, &ends.a);
	end_receive(&ends, &ends.b, packet_list_pop(&ends.a.outbox));
	ck_assert_uint_eq(ends.b.events[TUNNEL_CLOSED], 1);
	ck_assert(!end_status(&ends, &ends.b).has_session);
}
END_TEST

START_TEST(a_new_private_key_is_told_under_the_old_session)
{
	uint8_t key[WIRE_KEY_BYTES];

	begin();
	randombytes_buf(key, sizeof(key));
	tunnel_set_private_key(ends.a.tunnel, key, &ends.now);
	end_flush(&ends, &ends.a);
	end_receive(&ends, &ends.b, packet_list_pop(&ends.a.outbox));
	ck_assert_uint_eq(ends.b.events[TUNNEL_CLOSED], 1);
}
END_TEST

/* An answer of the session before names a cipher that is gone since. */
START_TEST(a_late_hello_does_not_replace_newer_offers)
{
	static const uint8_t old[84] = {0x11, 1, 8, 0, 1, 4, 0, 0, 0, 0, 4, 0};
	struct packet *late;

	begin();
	late = end_seal_plain(&ends, &ends.a, old, sizeof(old));
	ends_pass(&ends, 121 * NS_PER_S);
	end_send_text(&ends, &ends.a, 100);
	ends_pass(&ends, NS_PER_S);
	ck_assert_uint_eq(ends.a.sent[WIRE_INITIATION], 2);
	end_receive(&ends, &ends.b, late);
	ck_assert_int_eq(
	    end_status(&ends, &ends.b).send_aead->id, AEAD_AES256GCM);
}
END_TEST

START_TEST(a_plain_peer_gets_three_hellos_then_one_an_hour)
{
	struct tunnel_peer_status status;
	unsigned before;

	begin();
	ends_pass(&ends, 20 * NS_PER_S);
	status = end_status(&ends, &ends.a);
	ck_assert(status.is_plain && !status.knows_features);
	/* the keepalive that confirms, and three HELLOs */
	ck_assert_uint_eq(ends.a.sent[WIRE_DATA], 4);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_NOT_OFFERED);
	ck_assert_uint_eq(ends.b.drops, 3);
	for (int i = 0; i < 355; i++) {
		ends_pass(&ends, 10 * NS_PER_S);
		end_send_text(&ends, &ends.a, 1000);
		ends_settle(&ends);
	}
	ck_assert_uint_eq(ends.b.drops, 3);
	before = ends.b.delivered;
	ck_assert_uint_eq(before, 355);
	for (int i = 0; i < 10; i++) {
		ends_pass(&ends, 10 * NS_PER_S);
		end_send_text(&ends, &ends.a, 1000);
		ends_settle(&ends);
	}
	ck_assert_uint_eq(ends.b.drops, 4);
	ck_assert_uint_eq(ends.a.sent[WIRE_DATA_AES256GCM], 0);
	ck_assert_uint_eq(end_status(&ends, &ends.a).compressed_packets, 0);
}
END_TEST

START_TEST(hellos_never_arm_the_timers)
{
	begin();
	ends_pass(&ends, 60 * NS_PER_S);
	/* nobody sent data: neither keepalives nor a new handshake */
	ck_assert_uint_eq(ends.a.sent[WIRE_INITIATION], 1);
	ck_assert_uint_eq(ends.a.sent[WIRE_DATA], 4);
	ck_assert_uint_eq(ends.b.sent[WIRE_DATA], 0);
}
END_TEST

START_TEST(required_lets_no_traffic_to_a_plain_peer)
{
	end_send_text(&ends, &ends.a, 100);
	ends_pass(&ends, 20 * NS_PER_S);
	ck_assert_uint_eq(ends.b.delivered, 0);
	ck_assert(end_status(&ends, &ends.a).is_refused);
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_PLAIN);
	end_send_text(&ends, &ends.a, 100);
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_PLAIN);
	ck_assert_uint_eq(end_status(&ends, &ends.a).staged_packets, 0);
	end_send_text(&ends, &ends.b, 100);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.a.delivered, 0);
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_PLAIN);
}
END_TEST

START_TEST(required_repeats_hello_without_limit)
{
	begin();
	ends_pass(&ends, 100 * NS_PER_S);
	ck_assert_uint_ge(ends.b.drops, 6);
	ck_assert_uint_le(ends.b.drops, 14);
	/* one new handshake, as the peer might be elsewhere, and no more */
	ends_pass(&ends, 70 * NS_PER_S);
	ck_assert_uint_le(ends.b.drops, 18);
	ck_assert_uint_eq(ends.a.sent[WIRE_INITIATION], 2);
}
END_TEST

START_TEST(required_tries_a_handshake_when_nothing_is_heard)
{
	begin();
	ck_assert_uint_eq(ends.a.sent[WIRE_INITIATION], 1);
	ends_pass_lossy(&ends, 50 * NS_PER_S, NULL);
	ck_assert_uint_eq(ends.a.sent[WIRE_INITIATION], 1);
	ends_pass_lossy(&ends, 30 * NS_PER_S, NULL);
	ck_assert_uint_gt(ends.a.sent[WIRE_INITIATION], 3);
	/* so that the endpoint is looked for elsewhere */
	ck_assert_uint_ge(ends.a.events[TUNNEL_ENDPOINT_SILENT], 1);
}
END_TEST

static void drop_frames(struct end *from)
{
	end_flush(&ends, from);
	pool_put_list(ends.pool, &from->outbox);
}

START_TEST(a_lost_answer_costs_time_never_frames)
{
	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	end_flush(&ends, &ends.a);
	end_receive(&ends, &ends.b, packet_list_pop(&ends.a.outbox));
	end_flush(&ends, &ends.b);
	end_receive(&ends, &ends.a, packet_list_pop(&ends.b.outbox));
	tunnel_turn(ends.a.tunnel, &ends.now);
	end_flush(&ends, &ends.a);
	while (ends.a.outbox.first)
		end_receive(&ends, &ends.b, packet_list_pop(&ends.a.outbox));
	drop_frames(&ends.b); /* the answer is lost */
	ck_assert(end_status(&ends, &ends.b).knows_features);
	ck_assert(!end_status(&ends, &ends.a).knows_features);
	/* b uses what a offered; a takes it, though it knows nothing of b */
	end_send_text(&ends, &ends.b, 1000);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.a.delivered, 1);
	ck_assert_uint_eq(ends.b.sent[WIRE_DATA_AES256GCM], 1);
	ends_pass(&ends, 2 * NS_PER_S);
	ck_assert(end_status(&ends, &ends.a).knows_features);
}
END_TEST

START_TEST(a_peer_taken_for_plain_is_found_out)
{
	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	ends_settle(&ends);
	/* all that b says gets lost for a while */
	ends_pass_lossy(&ends, 20 * NS_PER_S, &ends.b);
	ck_assert(end_status(&ends, &ends.a).is_plain);
	for (int i = 0; i < 130 && end_status(&ends, &ends.a).is_plain; i++) {
		end_send_text(&ends, &ends.b, 1000);
		end_send_text(&ends, &ends.a, 1000);
		ends_pass(&ends, NS_PER_S);
	}
	ck_assert(end_status(&ends, &ends.a).knows_features);
	ck_assert_int_eq(
	    end_status(&ends, &ends.a).send_aead->id, AEAD_AES256GCM);
}
END_TEST

/* Whoever sees the index of a session can forge AES-256-GCM messages that
 * can not be checked, as their keys are erased. */
START_TEST(forgeries_do_not_make_a_plain_peer_another)
{
	struct packet *seen;

	begin();
	ends_pass(&ends, 20 * NS_PER_S);
	ck_assert_uint_eq(ends.b.drops, 3);
	end_send_text(&ends, &ends.b, 100);
	seen = packet_list_pop(&ends.b.outbox);
	packet_data(seen)[0] = WIRE_DATA_AES256GCM;
	for (int i = 0; i < 150; i++) {
		struct packet *forged = pool_get(ends.pool);

		forged->len = seen->len;
		memcpy(packet_data(forged), packet_data(seen), seen->len);
		end_receive(&ends, &ends.a, forged);
		ck_assert_int_eq(ends.a.last_drop, DROP_VPN_NOT_OFFERED);
		ck_assert(end_status(&ends, &ends.a).is_plain);
		ends_pass(&ends, NS_PER_S);
	}
	/* one HELLO a minute, in case that it was no forgery */
	ck_assert_uint_ge(ends.b.drops, 4);
	ck_assert_uint_le(ends.b.drops, 6);
	pool_put(ends.pool, seen);
}
END_TEST

START_TEST(a_peer_that_became_plain_loses_its_features)
{
	struct tunnel_peer_setup setup = {
	    .name = "other", .user = &ends.b, .extension = EXTENSION_OFF};

	begin();
	ck_assert(end_status(&ends, &ends.a).knows_features);
	memcpy(
	    setup.public_key, tunnel_public_key(ends.a.tunnel), WIRE_KEY_BYTES);
	tunnel_peer_change(ends.b.tunnel, ends.b.peer, &setup, &ends.now);
	ends_pass(&ends, 20 * NS_PER_S);
	ck_assert(end_status(&ends, &ends.a).is_plain);
	end_send_text(&ends, &ends.a, 1000);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.b.delivered, 1);
}
END_TEST

START_TEST(damaged_frames_are_counted_and_harmless)
{
	static const struct {
		uint8_t bytes[8];
		size_t len;
		enum drop reason;
	} cases[] = {
	    {{0x10}, 1, DROP_VPN_FRAME},
	    {{0x10, 1, 200, 0, 1}, 8, DROP_VPN_FRAME},
	    {{0x10, 1, 3, 0, 1, 9, 0}, 8, DROP_VPN_FRAME},
	    {{0x11, 1}, 2, DROP_VPN_FRAME},
	    {{0x14, 16, 1}, 8, DROP_VPN_FRAME},
	    {{0x15, 16, 1}, 8, DROP_VPN_FRAME},
	    {{0x17}, 8, DROP_VPN_FRAME},
	    {{0x20, 1}, 8, DROP_VPN_LINK},
	    {{0x50, 1}, 8, DROP_VPN_FRAME},
	    {{0x51}, 8, DROP_VPN_FRAME},
	    {{0x77}, 8, DROP_VPN_FRAME},
	    {{0x00}, 8, DROP_VPN_FRAME},
	    {{0x30}, 1, DROP_VPN_DECOMPRESS},
	    {{0x30, 0, 0, 1, 0}, 8, DROP_VPN_DECOMPRESS},
	    {{0x30, 100, 0, 200, 0}, 8, DROP_VPN_DECOMPRESS},
	    {{0x30, 255, 255, 2, 0}, 8, DROP_VPN_DECOMPRESS},
	    {{0x31, 100, 0, 2, 0, 1, 1}, 8, DROP_VPN_DECOMPRESS},
	};

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_msg(
		    inject(cases[i].bytes, cases[i].len) == cases[i].reason,
		    "case %zu: %s", i, drop_name(ends.b.last_drop));
	ck_assert(end_status(&ends, &ends.b).knows_features);
	ck_assert_uint_ge(end_status(&ends, &ends.b).unknown_frames, 4);
	ck_assert_uint_eq(ends.b.delivered, 0);
}
END_TEST

START_TEST(checksum_state_costs_no_byte)
{
	static const struct {
		uint8_t wire, plain;
	} cases[] = {{0xA5, 0x45}, {0xB5, 0x45}, {0xC0, 0x60}, {0xD0, 0x60}};
	uint8_t bytes[64] = {0};

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bytes[0] = cases[i].wire;
		ck_assert_int_eq(inject(bytes, sizeof(bytes)), DROP_NONE);
		ck_assert_uint_eq(ends.b.last_plain[0], cases[i].plain);
	}
}
END_TEST

START_TEST(frames_do_what_the_table_of_the_manual_says)
{
	const struct frame_rules *ip = extension_frame_rules(0x45, 20);
	const struct frame_rules *hello = extension_frame_rules(0x10, 84);
	const struct frame_rules *none = extension_frame_rules(0, 0);

	ck_assert(ip->arms_data_sent && ip->arms_passive_keepalive);
	ck_assert(!hello->arms_data_sent && !hello->arms_passive_keepalive);
	ck_assert(!none->arms_data_sent && !none->arms_passive_keepalive);
	ck_assert(none->may_roam && hello->may_roam);
	ck_assert(extension_frame_rules(0x30, 10)->arms_data_sent);
}
END_TEST

static TCase *both_cases(void)
{
	TCase *tc = tcase_create("both");

	tcase_add_checked_fixture(tc, both, clear);
	tcase_add_test(tc, two_vpnds_know_each_other_and_send_aes256gcm);
	tcase_add_test(
	    tc, the_users_order_decides_and_speed_decides_without_one);
	tcase_add_test(tc, changed_ciphers_are_told_within_the_session);
	tcase_add_test(tc, the_slower_end_decides_which_cipher_is_faster);
	tcase_add_test(tc, text_is_compressed_and_arrives_whole);
	tcase_add_test(tc, random_bytes_are_left_alone);
	tcase_add_test(tc, a_rekey_never_leaves_aes256gcm);
	tcase_add_test(tc, an_echo_comes_back_with_its_time);
	tcase_add_test(
	    tc, a_close_ends_the_session_and_traffic_opens_a_new_one);
	tcase_add_test(tc, a_removed_peer_is_told_so);
	tcase_add_test(tc, changed_keys_end_the_session_at_both_ends);
	tcase_add_test(tc, a_new_private_key_is_told_under_the_old_session);
	tcase_add_test(tc, a_late_hello_does_not_replace_newer_offers);
	tcase_add_test(tc, a_lost_answer_costs_time_never_frames);
	tcase_add_test(tc, a_peer_taken_for_plain_is_found_out);
	tcase_add_test(tc, a_peer_that_became_plain_loses_its_features);
	tcase_add_test(tc, damaged_frames_are_counted_and_harmless);
	tcase_add_test(tc, checksum_state_costs_no_byte);
	tcase_add_test(tc, frames_do_what_the_table_of_the_manual_says);
	return tc;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("extension");
	TCase *plain = tcase_create("plain");
	TCase *required = tcase_create("required");

	tcase_add_checked_fixture(plain, against_plain, clear);
	tcase_add_test(plain, a_plain_peer_gets_three_hellos_then_one_an_hour);
	tcase_add_test(plain, forgeries_do_not_make_a_plain_peer_another);
	tcase_add_test(plain, hellos_never_arm_the_timers);
	tcase_add_test(plain, an_echo_needs_a_session_and_the_extension);
	tcase_add_checked_fixture(required, required_against_plain, clear);
	tcase_add_test(required, required_lets_no_traffic_to_a_plain_peer);
	tcase_add_test(required, required_repeats_hello_without_limit);
	tcase_add_test(
	    required, required_tries_a_handshake_when_nothing_is_heard);
	suite_add_tcase(suite, both_cases());
	suite_add_tcase(suite, plain);
	suite_add_tcase(suite, required);
	return suite;
}
