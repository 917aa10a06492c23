/* SPDX-License-Identifier: ISC */
/*
 * The catalogue of bad datagrams (trust.md, section 8, A and B), against a
 * whole tunnel: silence, a reason, and the session that there is goes on.
 */
#include <sodium.h>
#include <string.h>

#include "base/cursor.h"
#include "protocol/cookie.h"
#include "protocol/indices.h"
#include "protocol/noise.h"
#include "protocol/peer.h"
#include "protocol/replay.h"
#include "repeatable.h"
#include "tunnels.h"
#include "unit.h"

static struct ends ends;
/* What a stranger can know of b, and a stranger's own key. */
static struct cookie_maker maker;
static struct noise_identity stranger;

static void begin_with(enum extension_mode mode)
{
	uint8_t key[WIRE_KEY_BYTES];

	ends_init(&ends, mode, mode, COMPRESSOR_NONE);
	cookie_maker_init(&maker, tunnel_public_key(ends.b.tunnel));
	randombytes_buf(key, sizeof(key));
	noise_identity_set(&stranger, key);
}

static void plain(void)
{
	begin_with(EXTENSION_OFF);
}

static void extended(void)
{
	begin_with(EXTENSION_AUTO);
}

static void clear(void)
{
	ends_clear(&ends);
}

static void connect_ends(void)
{
	end_send_text(&ends, &ends.a, 100);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.b.delivered, 1);
}

static struct packet *copy_of(const struct packet *pkt)
{
	struct packet *copy = pool_get(ends.pool);

	ck_assert_ptr_nonnull(copy);
	copy->len = pkt->len;
	memcpy(packet_data(copy), packet_data(pkt), pkt->len);
	return copy;
}

/* The MACs of a message that was changed are made anew. */
static void stamp(struct packet *pkt)
{
	cookie_stamp(&maker, packet_data(pkt), pkt->len, ends.now.now);
}

/* The first message that `from` has to send. */
static struct packet *next_of(struct end *from)
{
	end_flush(&ends, from);
	ck_assert_ptr_nonnull(from->outbox.first);
	return packet_list_pop(&from->outbox);
}

static struct packet *initiation_of_a(void)
{
	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	return next_of(&ends.a);
}

static struct packet *forge_initiation(
    const struct noise_identity *identity, int64_t wall_s)
{
	struct packet *pkt = pool_get(ends.pool);
	struct noise_handshake hs = {0};
	uint8_t timestamp[WIRE_TIMESTAMP_BYTES];

	memcpy(
	    hs.remote_static, tunnel_public_key(ends.b.tunnel), WIRE_KEY_BYTES);
	noise_timestamp(timestamp, wall_s, 0);
	pkt->len = WIRE_INITIATION_BYTES;
	memset(packet_data(pkt), 0, pkt->len);
	ck_assert(noise_initiation_create(
	    &hs, identity, timestamp, 7, packet_data(pkt)));
	stamp(pkt);
	return pkt;
}

static struct noise_identity identity_of(const struct end *end)
{
	struct noise_identity identity;

	noise_identity_set(&identity, end->private_key);
	return identity;
}

/* b drops it for this reason, and says nothing. */
static void check_silent(struct packet *pkt, enum drop reason)
{
	unsigned before = ends.b.drops;

	end_receive(&ends, &ends.b, pkt);
	ck_assert_uint_eq(ends.b.drops, before + 1);
	ck_assert_msg(ends.b.last_drop == reason, "%s, wanted %s",
	    drop_name(ends.b.last_drop), drop_name(reason));
	end_flush(&ends, &ends.b);
	ck_assert_uint_eq(ends.b.outbox.len, 0);
}

static void check_alive(void)
{
	unsigned before = ends.b.delivered;

	end_send_text(&ends, &ends.a, 100);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.b.delivered, before + 1);
}

/* ---- A: handshakes ---- */

START_TEST(each_type_of_each_length_is_silent)
{
	static const size_t lengths[] = {
	    0, 1, 4, 31, 32, 63, 64, 65, 91, 92, 93, 147, 148, 149, 1500};

	connect_ends();
	for (unsigned i = 0; i < 256 * ARRAY_SIZE(lengths); i++) {
		struct packet *pkt = pool_get(ends.pool);
		unsigned before = ends.b.drops;

		randombytes_buf(packet_data(pkt), 1500);
		memset(packet_data(pkt), 0, 4);
		packet_data(pkt)[0] = (uint8_t)(i % 256);
		pkt->len = (uint32_t)lengths[i / 256];
		end_receive(&ends, &ends.b, pkt);
		ck_assert_uint_eq(ends.b.drops, before + 1);
	}
	end_flush(&ends, &ends.b);
	ck_assert_uint_eq(ends.b.outbox.len, 0);
	check_alive();
}
END_TEST

START_TEST(an_initiation_of_another_length_is_silent)
{
	struct packet *good = initiation_of_a();

	for (uint32_t len = 4; len <= 1500; len++) {
		struct packet *pkt = copy_of(good);

		if (len == WIRE_INITIATION_BYTES) {
			pool_put(ends.pool, pkt);
			continue;
		}
		if (len > pkt->len)
			memset(packet_data(pkt) + pkt->len, 0, len - pkt->len);
		pkt->len = len;
		check_silent(pkt, DROP_VPN_LENGTH);
	}
	end_receive(&ends, &ends.b, good);
	end_flush(&ends, &ends.b);
	ck_assert_uint_eq(ends.b.outbox.len, 1);
}
END_TEST

START_TEST(each_bit_of_mac1_counts)
{
	struct packet *good = initiation_of_a();

	for (unsigned bit = 0; bit < 8 * WIRE_MAC_BYTES; bit++) {
		struct packet *pkt = copy_of(good);

		packet_data(pkt)[WIRE_INITIATION_MAC1 + bit / 8] ^=
		    (uint8_t)(1 << bit % 8);
		check_silent(pkt, DROP_VPN_MAC1);
	}
	pool_put(ends.pool, good);
}
END_TEST

START_TEST(an_initiation_for_another_key_is_silent)
{
	struct packet *pkt = initiation_of_a();
	uint8_t key[WIRE_KEY_BYTES];

	randombytes_buf(key, sizeof(key));
	tunnel_set_private_key(ends.b.tunnel, key, &ends.now);
	end_flush(&ends, &ends.b);
	pool_put_list(ends.pool, &ends.b.outbox);
	check_silent(pkt, DROP_VPN_MAC1);
}
END_TEST

/* The points of small order (Bernstein, Curve25519: section "validate"), then
 * numbers that are not reduced. */
static const uint8_t bad_points[][WIRE_KEY_BYTES] = {
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa,
	0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd,
	0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55,
	0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86,
	0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xef, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

START_TEST(an_ephemeral_that_is_no_good_point_is_silent)
{
	struct packet *good = initiation_of_a();

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(bad_points); i++) {
		struct packet *pkt = copy_of(good);
		uint8_t *at = packet_data(pkt) + WIRE_INITIATION_EPHEMERAL;

		memcpy(at, bad_points[i / 2], WIRE_KEY_BYTES);
		at[WIRE_KEY_BYTES - 1] |= (uint8_t)(i % 2 << 7);
		stamp(pkt);
		check_silent(pkt, DROP_VPN_HANDSHAKE);
	}
	pool_put(ends.pool, good);
	ck_assert(!end_status(&ends, &ends.b).is_handshaking);
}
END_TEST

START_TEST(an_initiation_that_does_not_open_is_silent)
{
	struct packet *good = initiation_of_a();

	for (size_t at = WIRE_INITIATION_EPHEMERAL; at < WIRE_INITIATION_MAC1;
	     at++) {
		struct packet *pkt = copy_of(good);

		packet_data(pkt)[at] ^= 0x10;
		stamp(pkt);
		check_silent(pkt, DROP_VPN_HANDSHAKE);
	}
	pool_put(ends.pool, good);
}
END_TEST

START_TEST(strangers_with_the_public_key_get_no_answer)
{
	struct noise_identity own = identity_of(&ends.b);

	connect_ends();
	check_silent(forge_initiation(&stranger, INT64_C(1700000001)),
	    DROP_VPN_UNKNOWN_PEER);
	check_silent(
	    forge_initiation(&own, INT64_C(1700000001)), DROP_VPN_UNKNOWN_PEER);
	check_alive();
}
END_TEST

START_TEST(a_peer_that_was_removed_is_a_stranger)
{
	struct noise_identity a = identity_of(&ends.a);
	struct packet *data;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	data = next_of(&ends.a);
	tunnel_peer_remove(ends.b.tunnel, ends.b.peer, &ends.now);
	ends.b.peer = NULL;
	check_silent(data, DROP_VPN_NOSESSION);
	check_silent(
	    forge_initiation(&a, INT64_C(1800000000)), DROP_VPN_UNKNOWN_PEER);
}
END_TEST

START_TEST(timestamps_only_go_forward)
{
	struct noise_identity a = identity_of(&ends.a);
	int64_t wall_s = ends.now.wall_s;

	connect_ends();
	ends_pass(&ends, NS_PER_S);
	ends.a.self.port = 6666;
	check_silent(forge_initiation(&a, wall_s), DROP_VPN_TIMESTAMP);
	check_silent(forge_initiation(&a, wall_s - 1), DROP_VPN_TIMESTAMP);
	ck_assert_uint_eq(tunnel_peer_endpoint(ends.b.peer)->port, 51820);
	ends.a.self.port = 51820;
	check_alive();
}
END_TEST

/* Answers are smaller than what they answer, and cost no X25519. */
START_TEST(a_flood_of_strangers_gets_small_answers)
{
	struct tunnel_status status;
	unsigned answers = 0;
	struct packet *pkt;

	connect_ends();
	ends.a.self.address.bytes[3] = 99;
	for (int i = 0; i < 600; i++) {
		end_receive(&ends, &ends.b,
		    forge_initiation(&stranger, INT64_C(1700000001)));
		end_flush(&ends, &ends.b);
		while ((pkt = packet_list_pop(&ends.b.outbox))) {
			ck_assert_uint_eq(pkt->len, WIRE_COOKIE_REPLY_BYTES);
			pool_put(ends.pool, pkt);
			answers++;
		}
	}
	tunnel_status(ends.b.tunnel, ends.now.now, &status);
	ck_assert(status.is_under_load);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_MAC2);
	ck_assert_uint_ge(answers, 1);
	ends.a.self.address.bytes[3] = 1;
	check_alive();
}
END_TEST

/* Somebody anywhere sends in a's name: what a needs to prove that it is a, it
 * still gets. A thousand datagrams a second, and half a minute. */
START_TEST(who_forges_a_peers_address_does_not_keep_its_cookies)
{
	struct packet *forged =
	    forge_initiation(&stranger, INT64_C(1700000001));
	struct packet *pkt;

	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	end_flush(&ends, &ends.a);
	while ((pkt = packet_list_pop(&ends.a.outbox)))
		pool_put(ends.pool, pkt); /* the first one gets lost */
	for (int i = 0; i < 30000; i++) {
		ends_advance(&ends, NS_PER_S / 1000);
		end_receive(&ends, &ends.b, copy_of(forged));
		tunnel_turn(ends.a.tunnel, &ends.now);
		end_flush(&ends, &ends.a);
		while ((pkt = packet_list_pop(&ends.a.outbox)))
			end_receive(&ends, &ends.b, pkt);
		end_flush(&ends, &ends.b);
		while ((pkt = packet_list_pop(&ends.b.outbox)))
			end_receive(&ends, &ends.a, pkt);
	}
	pool_put(ends.pool, forged);
	ck_assert(end_status(&ends, &ends.a).has_session);
}
END_TEST

START_TEST(a_response_is_taken_once)
{
	struct packet *response, *again;
	unsigned before;

	end_receive(&ends, &ends.b, initiation_of_a());
	response = next_of(&ends.b);
	again = copy_of(response);
	end_receive(&ends, &ends.a, response);
	before = ends.a.drops;
	end_receive(&ends, &ends.a, again);
	ck_assert_uint_eq(ends.a.drops, before + 1);
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_UNEXPECTED);
	ck_assert_uint_eq(ends.a.events[TUNNEL_SESSION_UP], 1);
	check_alive();
}
END_TEST

START_TEST(a_response_to_an_older_initiation_makes_no_session)
{
	struct packet *response;

	end_receive(&ends, &ends.b, initiation_of_a());
	response = next_of(&ends.b);
	ends_pass_lossy(&ends, 500 * NS_PER_MS, NULL);
	end_receive(&ends, &ends.a, response);
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_UNEXPECTED);
	ck_assert(!end_status(&ends, &ends.a).has_session);
	ends_pass(&ends, 2 * NS_PER_S);
	ck_assert_uint_eq(ends.a.events[TUNNEL_SESSION_UP], 1);
}
END_TEST

/* An initiation with a stolen key of ours fills `next`; what there is goes
 * on, and nothing is sent under the new key. */
START_TEST(an_unconfirmed_session_does_not_disturb_the_old_one)
{
	struct noise_identity a = identity_of(&ends.a);
	unsigned before;

	connect_ends();
	ends_pass(&ends, NS_PER_S);
	end_receive(&ends, &ends.b, forge_initiation(&a, INT64_C(1700000900)));
	pool_put(ends.pool, next_of(&ends.b)); /* the response */
	before = ends.a.delivered;
	for (int i = 0; i < 10; i++)
		end_send_text(&ends, &ends.b, 100);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.a.delivered, before + 10);
	check_alive();
}
END_TEST

/* A cookie reply to a's message, as b would make it under load. */
static struct packet *cookie_for(const struct packet *message)
{
	struct packet *pkt = pool_get(ends.pool);
	struct cookie_checker checker;

	cookie_checker_init(&checker, tunnel_public_key(ends.b.tunnel));
	cookie_reply_create(&checker, packet_data(message), message->len,
	    &ends.a.self, ends.now.now, packet_data(pkt));
	pkt->len = WIRE_COOKIE_REPLY_BYTES;
	return pkt;
}

START_TEST(cookie_replies_do_not_roam)
{
	struct packet *initiation = initiation_of_a();
	struct packet *cookie = cookie_for(initiation);
	unsigned before = ends.a.drops;

	ends.b.self.port = 6666;
	end_receive(&ends, &ends.a, cookie);
	ck_assert_uint_eq(ends.a.drops, before); /* it was a good one */
	ck_assert_uint_eq(tunnel_peer_endpoint(ends.a.peer)->port, 51820);
	ck_assert_uint_eq(ends.a.events[TUNNEL_ENDPOINT_MOVED], 0);
	ends.b.self.port = 51820;
	end_receive(&ends, &ends.b, initiation);
	ends_settle(&ends);
	ck_assert(end_status(&ends, &ends.a).has_session);
}
END_TEST

START_TEST(a_cookie_reply_that_nobody_asked_for_is_ignored)
{
	struct packet *cookie, *initiation = initiation_of_a();

	cookie = cookie_for(initiation);
	end_receive(&ends, &ends.a, copy_of(cookie));
	end_receive(&ends, &ends.a, copy_of(cookie));
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_UNEXPECTED);
	end_receive(&ends, &ends.b, initiation);
	ends_settle(&ends);
	/* now the index is that of a session */
	end_receive(&ends, &ends.a, cookie);
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_UNEXPECTED);
	check_alive();
}
END_TEST

START_TEST(an_index_that_is_taken_is_drawn_again)
{
	static const uint32_t draws[] = {5, 5, 5, 9};
	struct index_owner first = {0}, second = {0};
	struct indices indices;

	repeatable_install();
	ck_assert_int_ge(sodium_init(), 0);
	indices_init(&indices);
	repeatable_feed(draws, sizeof(draws));
	ck_assert_int_eq(indices_list(&indices, &first), 0);
	ck_assert_int_eq(indices_list(&indices, &second), 0);
	ck_assert_uint_eq(first.index, 5);
	ck_assert_uint_eq(second.index, 9);
	ck_assert_ptr_eq(indices_find(&indices, 5), &first);
	indices_clear(&indices);
}
END_TEST

/* ---- B: data ---- */

/* Data for an index that only a handshake has: no key is no empty packet. */
START_TEST(data_before_the_session_is_dropped)
{
	struct packet *initiation = initiation_of_a(), *pkt;
	struct writer w;

	for (uint8_t type = WIRE_DATA; type <= WIRE_DATA_AES256GCM; type++) {
		pkt = pool_get(ends.pool);
		pkt->len = WIRE_DATA_BYTES_MIN;
		memset(packet_data(pkt), 0, pkt->len);
		packet_data(pkt)[0] = type;
		w = writer_of(packet_data(pkt) + WIRE_DATA_RECEIVER, 4);
		writer_bytes(
		    &w, packet_data(initiation) + WIRE_INITIATION_SENDER, 4);
		end_receive(&ends, &ends.a, pkt);
		ck_assert_int_eq(ends.a.last_drop, DROP_VPN_NOSESSION);
	}
	pool_put(ends.pool, initiation);
}
END_TEST

START_TEST(ten_thousand_forgeries_close_no_window)
{
	struct packet *good, *forged;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	good = next_of(&ends.a);
	ends.a.self.port = 6666;
	for (uint64_t counter = 0; counter < 10000; counter++) {
		struct writer w;

		forged = copy_of(good);
		w = writer_of(packet_data(forged) + WIRE_DATA_COUNTER, 8);
		writer_le(&w, UINT64_C(1) << counter % 63, 8);
		packet_data(forged)[forged->len - 1] ^= 1;
		end_receive(&ends, &ends.b, forged);
		ck_assert(ends.b.last_drop == DROP_VPN_AUTH ||
			  ends.b.last_drop == DROP_VPN_REPLAY);
	}
	ck_assert_uint_eq(tunnel_peer_endpoint(ends.b.peer)->port, 51820);
	ends.a.self.port = 51820;
	end_receive(&ends, &ends.b, good);
	ck_assert_uint_eq(ends.b.delivered, 2);
}
END_TEST

START_TEST(the_last_counter_is_used_and_none_behind_it)
{
	struct keypair *keypair;

	connect_ends();
	ends_pass(&ends, 2 * NS_PER_S);
	keypair = ends.a.peer->keypairs.current;
	keypair->send_counter = REPLAY_REJECT_AFTER_MESSAGES - 1;
	end_send_text(&ends, &ends.a, 100);
	ck_assert_uint_eq(keypair->send_counter, REPLAY_REJECT_AFTER_MESSAGES);
	ck_assert(!end_status(&ends, &ends.a).has_session);
	end_send_text(&ends, &ends.a, 100);
	ck_assert_uint_eq(end_status(&ends, &ends.a).staged_packets, 1);
	ck_assert_uint_eq(keypair->send_counter, REPLAY_REJECT_AFTER_MESSAGES);
	ends_settle(&ends);
	/* the first under the old key, the second under a new one */
	ck_assert_uint_eq(ends.b.delivered, 3);
	ck_assert_uint_eq(ends.a.events[TUNNEL_SESSION_UP], 2);
}
END_TEST

START_TEST(a_jump_of_the_counter_slides_the_window)
{
	struct packet *late;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	late = next_of(&ends.a);
	ends.a.peer->keypairs.current->send_counter = UINT64_C(1) << 59;
	end_send_text(&ends, &ends.a, 100);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.b.delivered, 2);
	check_silent(late, DROP_VPN_REPLAY);
}
END_TEST

START_TEST(keepalives_are_not_answered)
{
	static const uint8_t none[1];
	unsigned before;

	connect_ends();
	ends_pass(&ends, 30 * NS_PER_S);
	before = ends.a.sent[WIRE_DATA] + ends.b.sent[WIRE_DATA];
	for (int i = 0; i < 100; i++) {
		struct packet *pkt = end_seal_plain(&ends, &ends.a, none, 0);

		end_receive(&ends, &ends.b, pkt);
	}
	ends_pass(&ends, 60 * NS_PER_S);
	ck_assert_uint_eq(
	    ends.a.sent[WIRE_DATA] + ends.b.sent[WIRE_DATA], before + 100);
}
END_TEST

START_TEST(without_the_extension_its_frames_are_refused)
{
	static const uint8_t firsts[] = {
	    0x10, 0x14, 0x16, 0x20, 0x30, 0x31, 0x32, 0x50, 0xa5, 0xb5, 0xc0};
	uint8_t plaintext[64] = {0};

	connect_ends();
	for (size_t i = 0; i < ARRAY_SIZE(firsts); i++) {
		plaintext[0] = firsts[i];
		check_silent(end_seal_plain(
				 &ends, &ends.a, plaintext, sizeof(plaintext)),
		    DROP_VPN_NOT_OFFERED);
	}
	check_alive();
}
END_TEST

START_TEST(an_aes256gcm_message_without_its_key_is_refused)
{
	struct packet *pkt;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	pkt = next_of(&ends.a);
	packet_data(pkt)[0] = WIRE_DATA_AES256GCM;
	check_silent(pkt, DROP_VPN_NOT_OFFERED);
}
END_TEST

/* Both types share keys' counters, not keys. */
START_TEST(a_message_under_the_other_cipher_does_not_open)
{
	struct packet *pkt;

	connect_ends();
	ends_pass(&ends, NS_PER_S);
	end_send_text(&ends, &ends.a, 100);
	pkt = next_of(&ends.a);
	ck_assert_uint_eq(packet_data(pkt)[0], WIRE_DATA_AES256GCM);
	packet_data(pkt)[0] = WIRE_DATA;
	check_silent(copy_of(pkt), DROP_VPN_AUTH);
	packet_data(pkt)[0] = WIRE_DATA_AES256GCM;
	end_receive(&ends, &ends.b, pkt);
	ck_assert_uint_eq(ends.b.delivered, 2);
}
END_TEST

/* A run of the batch ends the session that the next one is for. */
START_TEST(a_close_in_a_batch_spoils_nothing_behind_it)
{
	static const uint8_t close[] = {WIRE_FRAME_CLOSE, WIRE_CLOSE_STOPPING};
	struct packet *pkts[3];

	connect_ends();
	ends_pass(&ends, NS_PER_S);
	end_send_text(&ends, &ends.a, 100);
	pkts[0] = end_seal_plain(&ends, &ends.a, close, sizeof(close));
	pkts[1] = next_of(&ends.a);
	pkts[2] = copy_of(pkts[1]);
	tunnel_open(ends.b.tunnel, pkts, 2, &ends.now);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(pkts[i]->drop, DROP_NONE);
		ck_assert_int_eq(
		    tunnel_expand(ends.b.tunnel, pkts[i], &ends.now),
		    DROP_NONE);
	}
	ck_assert(!end_status(&ends, &ends.b).has_session);
	tunnel_open(ends.b.tunnel, &pkts[2], 1, &ends.now);
	ck_assert_int_eq(pkts[2]->drop, DROP_VPN_NOSESSION);
	for (size_t i = 0; i < 3; i++)
		pool_put(ends.pool, pkts[i]);
}
END_TEST

START_TEST(a_removed_peer_is_on_no_list)
{
	struct packet_list messages = {0};

	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	tunnel_peer_remove(ends.a.tunnel, ends.a.peer, &ends.now);
	ends.a.peer = NULL;
	tunnel_take_messages(ends.a.tunnel, &messages);
	ck_assert_uint_eq(messages.len, 1);
	ck_assert_ptr_null(messages.first->peer);
	pool_put_list(ends.pool, &messages);
}
END_TEST

/* ---- what waits is never without a timer ---- */

START_TEST(erasing_old_keys_does_not_stop_a_handshake)
{
	connect_ends();
	ends_pass(&ends, 538 * NS_PER_S);
	end_send_text(&ends, &ends.a, 100);
	ends_pass_lossy(&ends, 5 * NS_PER_S, NULL);
	ck_assert_uint_eq(end_status(&ends, &ends.a).staged_packets, 1);
	ends_pass(&ends, 6 * NS_PER_S);
	ck_assert_uint_eq(ends.b.delivered, 2);
}
END_TEST

START_TEST(a_packet_right_after_a_close_gets_its_handshake)
{
	connect_ends();
	ends_pass(&ends, 100 * NS_PER_MS);
	tunnel_close(ends.b.tunnel, WIRE_CLOSE_STOPPING, &ends.now);
	ends_settle(&ends);
	ck_assert(!end_status(&ends, &ends.a).has_session);
	end_send_text(&ends, &ends.a, 100);
	ends_pass(&ends, 3 * NS_PER_S);
	ck_assert_uint_eq(ends.b.delivered, 2);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *suite = suite_create("hostile");
	TCase *handshakes = tcase_create("handshakes");
	TCase *data = tcase_create("data");
	TCase *indices = tcase_create("indices");
	TCase *frames = tcase_create("frames");

	tcase_add_checked_fixture(handshakes, plain, clear);
	tcase_add_test(handshakes, each_type_of_each_length_is_silent);
	tcase_add_test(handshakes, an_initiation_of_another_length_is_silent);
	tcase_add_test(handshakes, each_bit_of_mac1_counts);
	tcase_add_test(handshakes, an_initiation_for_another_key_is_silent);
	tcase_add_test(
	    handshakes, an_ephemeral_that_is_no_good_point_is_silent);
	tcase_add_test(handshakes, an_initiation_that_does_not_open_is_silent);
	tcase_add_test(handshakes, strangers_with_the_public_key_get_no_answer);
	tcase_add_test(handshakes, a_peer_that_was_removed_is_a_stranger);
	tcase_add_test(handshakes, timestamps_only_go_forward);
	tcase_add_test(handshakes, a_flood_of_strangers_gets_small_answers);
	tcase_add_test(
	    handshakes, who_forges_a_peers_address_does_not_keep_its_cookies);
	tcase_add_test(handshakes, a_response_is_taken_once);
	tcase_add_test(
	    handshakes, a_response_to_an_older_initiation_makes_no_session);
	tcase_add_test(
	    handshakes, an_unconfirmed_session_does_not_disturb_the_old_one);
	tcase_add_test(handshakes, cookie_replies_do_not_roam);
	tcase_add_test(
	    handshakes, a_cookie_reply_that_nobody_asked_for_is_ignored);
	tcase_add_checked_fixture(data, plain, clear);
	tcase_add_test(data, data_before_the_session_is_dropped);
	tcase_add_test(data, ten_thousand_forgeries_close_no_window);
	tcase_add_test(data, the_last_counter_is_used_and_none_behind_it);
	tcase_add_test(data, a_jump_of_the_counter_slides_the_window);
	tcase_add_test(data, keepalives_are_not_answered);
	tcase_add_test(data, without_the_extension_its_frames_are_refused);
	tcase_add_test(data, an_aes256gcm_message_without_its_key_is_refused);
	tcase_add_test(data, a_removed_peer_is_on_no_list);
	tcase_add_test(data, erasing_old_keys_does_not_stop_a_handshake);
	tcase_add_checked_fixture(frames, extended, clear);
	tcase_add_test(frames, a_message_under_the_other_cipher_does_not_open);
	tcase_add_test(frames, a_close_in_a_batch_spoils_nothing_behind_it);
	tcase_add_test(frames, a_packet_right_after_a_close_gets_its_handshake);
	tcase_add_test(indices, an_index_that_is_taken_is_drawn_again);
	suite_add_tcase(suite, handshakes);
	suite_add_tcase(suite, indices);
	suite_add_tcase(suite, data);
	suite_add_tcase(suite, frames);
	return suite;
}
