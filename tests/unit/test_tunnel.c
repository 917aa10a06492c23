/* SPDX-License-Identifier: ISC */
/* Sessions, timers and roaming of the tunnel, end against end. */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/cursor.h"
#include "protocol/peer.h"
#include "protocol/replay.h"
#include "tunnels.h"
#include "unit.h"

static struct ends ends;

static void plain(void)
{
	ends_init(&ends, EXTENSION_OFF, EXTENSION_OFF, COMPRESSOR_NONE);
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

static unsigned initiations(const struct end *end)
{
	return end->sent[WIRE_INITIATION];
}

static unsigned data_of(const struct end *end)
{
	return end->sent[WIRE_DATA] + end->sent[WIRE_DATA_AES256GCM];
}

START_TEST(the_first_packet_waits_for_the_session_and_arrives)
{
	end_send_text(&ends, &ends.a, 100);
	ck_assert_uint_eq(end_status(&ends, &ends.a).staged_packets, 1);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.b.delivered, 1);
	/* padded to a multiple of 16 */
	ck_assert_uint_eq(ends.b.last_plain_len, 112);
	ck_assert_uint_eq(initiations(&ends.a), 1);
	ck_assert_uint_eq(ends.b.sent[WIRE_RESPONSE], 1);
	ck_assert(end_status(&ends, &ends.a).has_session);
	ck_assert(end_status(&ends, &ends.b).has_session);
}
END_TEST

START_TEST(padding_does_not_exceed_the_mtu)
{
	connect_ends();
	end_send_text(&ends, &ends.a, 1419);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.b.last_plain_len, 1420);
}
END_TEST

START_TEST(an_initiator_without_data_confirms_with_a_keepalive)
{
	tunnel_peer_connect(ends.a.tunnel, ends.a.peer, &ends.now);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.b.delivered, 0);
	ck_assert_uint_eq(ends.a.sent[WIRE_DATA], 1);
	ck_assert(end_status(&ends, &ends.b).has_session);
}
END_TEST

START_TEST(a_responder_sends_nothing_under_an_unconfirmed_key)
{
	struct packet *pkt;

	end_send_text(&ends, &ends.a, 100);
	end_flush(&ends, &ends.a);
	pkt = packet_list_pop(&ends.a.outbox);
	end_receive(&ends, &ends.b, pkt);
	ck_assert(!end_status(&ends, &ends.b).has_session);
	end_send_text(&ends, &ends.b, 100);
	ck_assert_uint_eq(end_status(&ends, &ends.b).staged_packets, 1);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.a.delivered, 1);
}
END_TEST

START_TEST(only_the_initiator_rekeys_after_120_s)
{
	connect_ends();
	for (int i = 0; i < 119; i++) {
		ends_pass(&ends, NS_PER_S);
		end_send_text(&ends, &ends.b, 100);
		end_send_text(&ends, &ends.a, 100);
	}
	ck_assert_uint_eq(initiations(&ends.a), 1);
	ends_pass(&ends, 2 * NS_PER_S);
	end_send_text(&ends, &ends.b, 100);
	ends_settle(&ends);
	ck_assert_uint_eq(initiations(&ends.a), 1);
	end_send_text(&ends, &ends.a, 100);
	ends_settle(&ends);
	ck_assert_uint_eq(initiations(&ends.a), 2);
	ck_assert_uint_eq(initiations(&ends.b), 0);
}
END_TEST

START_TEST(an_initiator_that_only_receives_rekeys_after_165_s)
{
	connect_ends();
	for (int i = 0; i < 33; i++) {
		ends_pass(&ends, 5 * NS_PER_S);
		/* no data of a's own, but keepalives at most */
		end_send_text(&ends, &ends.b, 100);
		ends_settle(&ends);
	}
	ck_assert_uint_eq(initiations(&ends.a), 2);
	ck_assert_uint_eq(ends.b.drops + ends.a.drops, 0);
}
END_TEST

START_TEST(keys_older_than_180_s_neither_send_nor_receive)
{
	struct packet *old;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	old = packet_list_pop(&ends.a.outbox);
	ends.now.now = instant_after(ends.now.now, 180 * NS_PER_S);
	end_receive(&ends, &ends.b, old);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_EXPIRED);
	ck_assert(!end_status(&ends, &ends.a).has_session);
}
END_TEST

START_TEST(keys_of_179_s_still_receive)
{
	struct packet *old;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	old = packet_list_pop(&ends.a.outbox);
	ends.now.now = instant_after(ends.now.now, 179 * NS_PER_S);
	end_receive(&ends, &ends.b, old);
	ck_assert_uint_eq(ends.b.delivered, 2);
}
END_TEST

START_TEST(sessions_are_erased_after_540_s)
{
	struct packet *old;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	old = packet_list_pop(&ends.a.outbox);
	ends_pass_lossy(&ends, 541 * NS_PER_S, NULL);
	end_receive(&ends, &ends.b, old);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_NOSESSION);
}
END_TEST

START_TEST(received_data_is_answered_by_one_passive_keepalive)
{
	unsigned before;

	connect_ends();
	before = data_of(&ends.b);
	ends_pass(&ends, 9 * NS_PER_S);
	ck_assert_uint_eq(data_of(&ends.b), before);
	ends_pass(&ends, 2 * NS_PER_S);
	ck_assert_uint_eq(data_of(&ends.b), before + 1);
	/* and two idle ends do not play ping-pong */
	ends_pass(&ends, 60 * NS_PER_S);
	ck_assert_uint_eq(data_of(&ends.b), before + 1);
	ck_assert_uint_eq(initiations(&ends.a), 1);
}
END_TEST

START_TEST(silence_after_data_means_a_new_handshake_after_15_s)
{
	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	ends_pass_lossy(&ends, 14 * NS_PER_S, NULL);
	ck_assert_uint_eq(initiations(&ends.a), 1);
	ends_pass_lossy(&ends, 1400 * NS_PER_MS, NULL);
	ck_assert_uint_ge(initiations(&ends.a), 2);
}
END_TEST

START_TEST(the_first_retries_come_quickly_then_every_5_s)
{
	end_send_text(&ends, &ends.a, 100);
	ends_pass_lossy(&ends, NS_PER_S, NULL);
	ck_assert_uint_ge(initiations(&ends.a), 2);
	ends_pass_lossy(&ends, 7 * NS_PER_S, NULL);
	ck_assert_uint_ge(initiations(&ends.a), 5);
	ck_assert_uint_le(initiations(&ends.a), 6);
	ck_assert_uint_ge(ends.a.events[TUNNEL_ENDPOINT_SILENT], 1);
}
END_TEST

START_TEST(after_90_s_a_handshake_is_given_up_until_somebody_asks)
{
	unsigned before;

	end_send_text(&ends, &ends.a, 100);
	ends_pass_lossy(&ends, 96 * NS_PER_S, NULL);
	ck_assert_uint_eq(ends.a.events[TUNNEL_GAVE_UP], 1);
	ck_assert_int_eq(ends.a.last_drop, DROP_NEIGH_FAILED);
	ck_assert(end_status(&ends, &ends.a).has_given_up);
	before = initiations(&ends.a);
	ends_pass_lossy(&ends, 300 * NS_PER_S, NULL);
	ck_assert_uint_eq(initiations(&ends.a), before);
	connect_ends();
	ck_assert(!end_status(&ends, &ends.a).has_given_up);
}
END_TEST

START_TEST(a_response_after_giving_up_is_dropped)
{
	struct packet *initiation, *response;

	end_send_text(&ends, &ends.a, 100);
	end_flush(&ends, &ends.a);
	initiation = packet_list_pop(&ends.a.outbox);
	end_receive(&ends, &ends.b, initiation);
	end_flush(&ends, &ends.b);
	response = packet_list_pop(&ends.b.outbox);
	ends_pass_lossy(&ends, 96 * NS_PER_S, NULL);
	end_receive(&ends, &ends.a, response);
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_UNEXPECTED);
}
END_TEST

START_TEST(two_simultaneous_opens_end_in_one_session)
{
	end_send_text(&ends, &ends.a, 100);
	end_send_text(&ends, &ends.b, 100);
	/* both initiations cross on the wire */
	end_flush(&ends, &ends.a);
	end_flush(&ends, &ends.b);
	ends_pass(&ends, 2 * NS_PER_S);
	ck_assert_uint_eq(ends.a.delivered, 1);
	ck_assert_uint_eq(ends.b.delivered, 1);
	ck_assert_uint_le(initiations(&ends.a) + initiations(&ends.b), 4);
}
END_TEST

static struct packet *copy_of(const struct packet *pkt)
{
	struct packet *copy = pool_get(ends.pool);

	copy->len = pkt->len;
	memcpy(packet_data(copy), packet_data(pkt), pkt->len);
	return copy;
}

START_TEST(a_replayed_initiation_is_silent_and_changes_nothing)
{
	struct packet *initiation, *replay;

	end_send_text(&ends, &ends.a, 100);
	end_flush(&ends, &ends.a);
	initiation = packet_list_pop(&ends.a.outbox);
	replay = copy_of(initiation);
	end_receive(&ends, &ends.b, initiation);
	ends_settle(&ends);
	ends_pass(&ends, NS_PER_S);
	end_receive(&ends, &ends.b, replay);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_TIMESTAMP);
	end_flush(&ends, &ends.b);
	ck_assert_uint_eq(ends.b.outbox.len, 0);
	ck_assert(end_status(&ends, &ends.b).has_session);
}
END_TEST

START_TEST(initiations_faster_than_50_a_second_are_dropped)
{
	struct packet *first, *second;

	end_send_text(&ends, &ends.a, 100);
	end_flush(&ends, &ends.a);
	first = packet_list_pop(&ends.a.outbox);
	tunnel_set_private_key(ends.a.tunnel, ends.a.private_key, &ends.now);
	ends.now.wall_s++; /* its clock jumps, ours does not */
	end_flush(&ends, &ends.a);
	pool_put_list(ends.pool, &ends.a.outbox);
	tunnel_set_private_key(ends.a.tunnel, ends.a.private_key, &ends.now);
	end_flush(&ends, &ends.a);
	second = packet_list_pop(&ends.a.outbox);
	end_receive(&ends, &ends.b, first);
	end_receive(&ends, &ends.b, second);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_FLOOD);
}
END_TEST

START_TEST(a_replayed_data_message_is_dropped_and_does_not_roam)
{
	struct packet *pkt, *replay;
	struct endpoint before;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	pkt = packet_list_pop(&ends.a.outbox);
	replay = copy_of(pkt);
	end_receive(&ends, &ends.b, pkt);
	before = *tunnel_peer_endpoint(ends.b.peer);
	ends.a.self.port = 6666;
	end_receive(&ends, &ends.b, replay);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_REPLAY);
	ck_assert(
	    endpoint_is_equal(&before, tunnel_peer_endpoint(ends.b.peer)));
}
END_TEST

START_TEST(a_peer_roams_with_its_newest_packet_only)
{
	struct packet *older;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	older = packet_list_pop(&ends.a.outbox);
	end_send_text(&ends, &ends.a, 100);
	ends.a.self.port = 7777;
	ends_settle(&ends);
	ck_assert_uint_eq(tunnel_peer_endpoint(ends.b.peer)->port, 7777);
	ck_assert_uint_eq(ends.b.events[TUNNEL_ENDPOINT_MOVED], 1);
	ends.a.self.port = 8888;
	end_receive(&ends, &ends.b, older);
	ck_assert_uint_eq(ends.b.delivered, 3);
	ck_assert_uint_eq(tunnel_peer_endpoint(ends.b.peer)->port, 7777);
}
END_TEST

START_TEST(a_peer_that_roams_to_and_fro_does_not_fill_the_log)
{
	unsigned lines = 0;
	const struct log log = {LOG_LEVEL_INFO, ends_count_line, &lines};

	connect_ends();
	ends.b.tunnel->log = &log;
	for (uint16_t i = 0; i < 100; i++) {
		ends.a.self.port = (uint16_t)(7000 + i % 2);
		end_send_text(&ends, &ends.a, 100);
		end_receive(&ends, &ends.b, packet_list_pop(&ends.a.outbox));
	}
	ck_assert_uint_eq(ends.b.events[TUNNEL_ENDPOINT_MOVED], 100);
	ck_assert_uint_eq(lines, 1);
	ends.b.tunnel->log = NULL;
}
END_TEST

START_TEST(a_bad_tag_moves_neither_window_nor_endpoint)
{
	struct packet *good, *bad;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	good = packet_list_pop(&ends.a.outbox);
	bad = copy_of(good);
	packet_data(bad)[bad->len - 1] ^= 1;
	ends.a.self.port = 9999;
	end_receive(&ends, &ends.b, bad);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_AUTH);
	ck_assert_uint_eq(tunnel_peer_endpoint(ends.b.peer)->port, 51820);
	ends.a.self.port = 51820;
	end_receive(&ends, &ends.b, good);
	ck_assert_uint_eq(ends.b.delivered, 2);
}
END_TEST

/* Its head only is where it will be opened. */
static void leave_away(struct packet *pkt, uint8_t *bytes)
{
	memcpy(bytes, packet_data(pkt), pkt->len);
	memset(packet_data(pkt) + PACKET_PEEK_BYTES, 0xee,
	    pkt->len - PACKET_PEEK_BYTES);
	pkt->away = bytes;
}

START_TEST(what_was_received_elsewhere_is_opened_from_there)
{
	uint8_t bytes[2][256];
	struct packet *good, *bad;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	good = packet_list_pop(&ends.a.outbox);
	bad = copy_of(good);
	leave_away(good, bytes[0]);
	leave_away(bad, bytes[1]);
	bytes[1][40] ^= 1;
	end_receive(&ends, &ends.b, bad);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_AUTH);
	end_receive(&ends, &ends.b, good);
	ck_assert_uint_eq(ends.b.delivered, 2);
}
END_TEST

START_TEST(a_handshake_message_is_fetched)
{
	uint8_t bytes[256];
	struct packet *pkt;

	end_send_text(&ends, &ends.a, 100);
	end_flush(&ends, &ends.a);
	pkt = packet_list_pop(&ends.a.outbox);
	leave_away(pkt, bytes);
	end_receive(&ends, &ends.b, pkt);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.b.delivered, 1);
}
END_TEST

START_TEST(a_counter_at_the_limit_is_refused)
{
	struct packet *pkt;
	struct writer w;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	pkt = packet_list_pop(&ends.a.outbox);
	w = writer_of(packet_data(pkt) + WIRE_DATA_COUNTER, 8);
	writer_le(&w, REPLAY_REJECT_AFTER_MESSAGES, 8);
	end_receive(&ends, &ends.b, pkt);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_LIMIT);
}
END_TEST

/* A batch in which packet 20 of 40 is damaged. */
START_TEST(one_bad_packet_of_a_batch_leaves_the_others)
{
	struct packet *pkts[40];
	unsigned good = 0;

	connect_ends();
	for (size_t i = 0; i < ARRAY_SIZE(pkts); i++) {
		end_send_text(&ends, &ends.a, 100);
		pkts[i] = packet_list_pop(&ends.a.outbox);
		pkts[i]->endpoint = ends.a.self;
	}
	packet_data(pkts[20])[30] ^= 0x40;
	tunnel_open(ends.b.tunnel, pkts, ARRAY_SIZE(pkts), &ends.now);
	for (size_t i = 0; i < ARRAY_SIZE(pkts); i++) {
		ck_assert_int_eq(
		    pkts[i]->drop, i == 20 ? DROP_VPN_AUTH : DROP_NONE);
		good += pkts[i]->drop == DROP_NONE;
		pool_put(ends.pool, pkts[i]);
	}
	ck_assert_uint_eq(good, 39);
}
END_TEST

START_TEST(a_counter_twice_in_a_batch_opens_once)
{
	struct packet *pkts[2];

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	pkts[0] = packet_list_pop(&ends.a.outbox);
	pkts[1] = copy_of(pkts[0]);
	tunnel_open(ends.b.tunnel, pkts, 2, &ends.now);
	ck_assert_int_eq(pkts[0]->drop, DROP_NONE);
	ck_assert_int_eq(pkts[1]->drop, DROP_VPN_REPLAY);
	pool_put(ends.pool, pkts[0]);
	pool_put(ends.pool, pkts[1]);
}
END_TEST

START_TEST(strangers_get_silence_and_a_reason)
{
	static const struct {
		uint8_t type;
		size_t len;
		enum drop reason;
	} cases[] = {
	    {1, 0, DROP_VPN_LENGTH},
	    {1, 3, DROP_VPN_LENGTH},
	    {0, 148, DROP_VPN_TYPE},
	    {6, 148, DROP_VPN_TYPE},
	    {255, 148, DROP_VPN_TYPE},
	    {1, 147, DROP_VPN_LENGTH},
	    {1, 149, DROP_VPN_LENGTH},
	    {2, 91, DROP_VPN_LENGTH},
	    {2, 93, DROP_VPN_LENGTH},
	    {3, 63, DROP_VPN_LENGTH},
	    {4, 31, DROP_VPN_LENGTH},
	    {5, 31, DROP_VPN_LENGTH},
	    {1, 148, DROP_VPN_MAC1},
	    {2, 92, DROP_VPN_MAC1},
	    {3, 64, DROP_VPN_UNEXPECTED},
	    {4, 32, DROP_VPN_NOSESSION},
	    {5, 32, DROP_VPN_NOSESSION},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct packet *pkt = pool_get(ends.pool);

		memset(packet_data(pkt), 0, 200);
		packet_data(pkt)[0] = cases[i].type;
		pkt->len = (uint32_t)cases[i].len;
		end_receive(&ends, &ends.b, pkt);
		ck_assert_int_eq(ends.b.last_drop, cases[i].reason);
	}
	end_flush(&ends, &ends.b);
	ck_assert_uint_eq(ends.b.outbox.len, 0);
	ck_assert_uint_eq(ends.b.drops, ARRAY_SIZE(cases));
}
END_TEST

START_TEST(reserved_bytes_have_to_be_zero)
{
	struct packet *pkt;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	pkt = packet_list_pop(&ends.a.outbox);
	packet_data(pkt)[2] = 1;
	end_receive(&ends, &ends.b, pkt);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_TYPE);
}
END_TEST

START_TEST(a_truncated_datagram_is_dropped)
{
	struct packet *pkt;

	connect_ends();
	end_send_text(&ends, &ends.a, 100);
	pkt = packet_list_pop(&ends.a.outbox);
	pkt->is_truncated = true;
	end_receive(&ends, &ends.b, pkt);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_TRUNCATED);
}
END_TEST

START_TEST(our_own_initiation_reflected_is_silent)
{
	struct packet *pkt;

	end_send_text(&ends, &ends.a, 100);
	end_flush(&ends, &ends.a);
	pkt = packet_list_pop(&ends.a.outbox);
	end_receive(&ends, &ends.a, pkt);
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_MAC1);
}
END_TEST

START_TEST(an_unknown_key_gets_no_answer)
{
	tunnel_peer_remove(ends.b.tunnel, ends.b.peer, &ends.now);
	end_send_text(&ends, &ends.a, 100);
	ends_settle(&ends);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_UNKNOWN_PEER);
	ck_assert_uint_eq(ends.b.sent[WIRE_RESPONSE], 0);
}
END_TEST

static struct tunnel_peer_setup setup_of(
    struct end *end, enum extension_mode mode)
{
	struct tunnel_peer_setup setup = {
	    .name = "other", .user = end, .extension = mode};

	memcpy(setup.public_key,
	    tunnel_public_key(ends_other(&ends, end)->tunnel), WIRE_KEY_BYTES);
	return setup;
}

START_TEST(a_changed_preshared_key_is_applied)
{
	struct tunnel_peer_setup setup = setup_of(&ends.a, EXTENSION_OFF);

	connect_ends();
	memset(setup.preshared_key, 7, WIRE_KEY_BYTES);
	tunnel_peer_change(ends.a.tunnel, ends.a.peer, &setup, &ends.now);
	ck_assert(!end_status(&ends, &ends.a).has_session);
	ends_pass(&ends, NS_PER_S);
	ck_assert(!end_status(&ends, &ends.a).has_session);
	ck_assert_int_eq(ends.a.last_drop, DROP_VPN_HANDSHAKE);
	setup = setup_of(&ends.b, EXTENSION_OFF);
	memset(setup.preshared_key, 7, WIRE_KEY_BYTES);
	tunnel_peer_change(ends.b.tunnel, ends.b.peer, &setup, &ends.now);
	ends_pass(&ends, 8 * NS_PER_S);
	ck_assert(end_status(&ends, &ends.a).has_session);
	ck_assert(end_status(&ends, &ends.a).has_preshared_key);
}
END_TEST

START_TEST(our_own_key_and_low_order_points_are_no_peers)
{
	struct tunnel_peer_setup setup = {.name = "x"};
	struct peer *peer;

	ck_assert_int_eq(
	    tunnel_peer_add(ends.a.tunnel, &peer, &setup, &ends.now), -EINVAL);
	memcpy(
	    setup.public_key, tunnel_public_key(ends.a.tunnel), WIRE_KEY_BYTES);
	ck_assert_int_eq(
	    tunnel_peer_add(ends.a.tunnel, &peer, &setup, &ends.now), -EINVAL);
	memcpy(
	    setup.public_key, tunnel_public_key(ends.b.tunnel), WIRE_KEY_BYTES);
	ck_assert_int_eq(
	    tunnel_peer_add(ends.a.tunnel, &peer, &setup, &ends.now), -EEXIST);
}
END_TEST

START_TEST(a_new_private_key_ends_all_sessions)
{
	uint8_t key[WIRE_KEY_BYTES];

	connect_ends();
	randombytes_buf(key, sizeof(key));
	tunnel_set_private_key(ends.a.tunnel, key, &ends.now);
	ck_assert(!end_status(&ends, &ends.a).has_session);
	ends_pass(&ends, NS_PER_S);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_UNKNOWN_PEER);
}
END_TEST

START_TEST(staged_packets_are_bounded_and_the_oldest_go)
{
	tunnel_peer_set_endpoint(ends.a.peer, &ends.b.self);
	for (int i = 0; i < 300; i++)
		end_send_text(&ends, &ends.a, 1400);
	ck_assert_uint_le(
	    end_status(&ends, &ends.a).staged_bytes, TUNNEL_STAGED_PEER_BYTES);
	end_flush(&ends, &ends.a);
	ck_assert_int_eq(ends.a.last_drop, DROP_NEIGH_QUEUEFULL);
	ck_assert_uint_eq(
	    end_status(&ends, &ends.a).staged_packets + ends.a.drops, 300);
}
END_TEST

START_TEST(for_want_of_buffers_one_goes_for_each_that_comes)
{
	struct packet_list taken = {0};

	tunnel_peer_set_endpoint(ends.a.peer, &ends.b.self);
	for (int i = 0; i < 20; i++)
		end_send_text(&ends, &ends.a, 100);
	while (pool_available(ends.pool) > pool_count(ends.pool) / 2)
		packet_list_push(&taken, pool_get(ends.pool));
	end_send_text(&ends, &ends.a, 100);
	end_flush(&ends, &ends.a);
	ck_assert_uint_eq(ends.a.drops, 1);
	ck_assert_int_eq(ends.a.last_drop, DROP_NEIGH_QUEUEFULL);
	ck_assert_uint_eq(end_status(&ends, &ends.a).staged_packets, 20);
	pool_put_list(ends.pool, &taken);
}
END_TEST

START_TEST(a_peer_without_endpoint_is_dead_until_it_speaks)
{
	struct endpoint none = {0};

	tunnel_peer_set_endpoint(ends.a.peer, &none);
	end_send_text(&ends, &ends.a, 100);
	ck_assert_int_eq(ends.a.last_drop, DROP_NEIGH_DEAD);
	end_send_text(&ends, &ends.b, 100);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.a.delivered, 1);
	end_send_text(&ends, &ends.a, 100);
	ends_settle(&ends);
	ck_assert_uint_eq(ends.b.delivered, 1);
}
END_TEST

START_TEST(persistent_keepalives_come_in_time_and_open_sessions)
{
	struct tunnel_peer_setup setup = setup_of(&ends.a, EXTENSION_OFF);

	setup.keepalive_s = 25;
	tunnel_peer_change(ends.a.tunnel, ends.a.peer, &setup, &ends.now);
	ends_pass(&ends, NS_PER_S);
	ck_assert(end_status(&ends, &ends.a).has_session);
	ck_assert_uint_eq(data_of(&ends.a), 1);
	ends_pass(&ends, 24 * NS_PER_S);
	ck_assert_uint_eq(data_of(&ends.a), 2);
	ends_pass(&ends, 25 * NS_PER_S);
	ck_assert_uint_eq(data_of(&ends.a), 3);
}
END_TEST

START_TEST(an_underlay_change_is_told_to_the_peer_at_once)
{
	connect_ends();
	ends.a.self.port = 4444;
	tunnel_underlay_changed(ends.a.tunnel, &ends.now);
	ends_settle(&ends);
	ck_assert_uint_eq(tunnel_peer_endpoint(ends.b.peer)->port, 4444);
}
END_TEST

/* Floods b with initiations of a until cookies are asked for. */
static void put_under_load(struct end *end)
{
	struct tunnel_status status;

	for (int i = 0; i < 200; i++) {
		end_send_text(&ends, ends_other(&ends, end), 100);
		end_flush(&ends, ends_other(&ends, end));
		while (ends_other(&ends, end)->outbox.first) {
			struct packet *pkt =
			    packet_list_pop(&ends_other(&ends, end)->outbox);

			for (int j = 0; j < 8; j++)
				end_receive(&ends, end, copy_of(pkt));
			pool_put(ends.pool, pkt);
		}
		end_flush(&ends, end);
		tunnel_status(end->tunnel, ends.now.now, &status);
		if (status.is_under_load)
			return;
		ends.now.now = instant_after(ends.now.now, NS_PER_MS);
		tunnel_set_private_key(ends_other(&ends, end)->tunnel,
		    ends_other(&ends, end)->private_key, &ends.now);
	}
	ck_abort_msg("never under load");
}

START_TEST(under_load_a_cookie_is_asked_for_and_then_serves)
{
	put_under_load(&ends.b);
	pool_put_list(ends.pool, &ends.a.outbox);
	pool_put_list(ends.pool, &ends.b.outbox);
	ends.now.wall_s++;
	/* the address has used up its cookie replies, too */
	ends.now.now = instant_after(ends.now.now, 200 * NS_PER_MS);
	tunnel_set_private_key(ends.a.tunnel, ends.a.private_key, &ends.now);
	ends_settle(&ends);
	ck_assert_int_eq(ends.b.last_drop, DROP_VPN_MAC2);
	ck_assert_uint_ge(ends.b.sent[WIRE_COOKIE_REPLY], 1);
	ck_assert(!end_status(&ends, &ends.a).has_session);
	ends_pass(&ends, 600 * NS_PER_MS);
	ck_assert(end_status(&ends, &ends.a).has_session);
}
END_TEST

static TCase *plain_cases(void)
{
	TCase *tc = tcase_create("plain");

	tcase_add_checked_fixture(tc, plain, clear);
	tcase_add_test(tc, the_first_packet_waits_for_the_session_and_arrives);
	tcase_add_test(tc, padding_does_not_exceed_the_mtu);
	tcase_add_test(tc, an_initiator_without_data_confirms_with_a_keepalive);
	tcase_add_test(tc, a_responder_sends_nothing_under_an_unconfirmed_key);
	tcase_add_test(tc, only_the_initiator_rekeys_after_120_s);
	tcase_add_test(tc, an_initiator_that_only_receives_rekeys_after_165_s);
	tcase_add_test(tc, keys_older_than_180_s_neither_send_nor_receive);
	tcase_add_test(tc, keys_of_179_s_still_receive);
	tcase_add_test(tc, sessions_are_erased_after_540_s);
	tcase_add_test(tc, received_data_is_answered_by_one_passive_keepalive);
	tcase_add_test(tc, silence_after_data_means_a_new_handshake_after_15_s);
	tcase_add_test(tc, the_first_retries_come_quickly_then_every_5_s);
	tcase_add_test(
	    tc, after_90_s_a_handshake_is_given_up_until_somebody_asks);
	tcase_add_test(tc, a_response_after_giving_up_is_dropped);
	tcase_add_test(tc, two_simultaneous_opens_end_in_one_session);
	tcase_add_test(
	    tc, persistent_keepalives_come_in_time_and_open_sessions);
	tcase_add_test(tc, under_load_a_cookie_is_asked_for_and_then_serves);
	return tc;
}

static TCase *hostile_cases(void)
{
	TCase *tc = tcase_create("hostile");

	tcase_add_checked_fixture(tc, plain, clear);
	tcase_add_test(tc, a_replayed_initiation_is_silent_and_changes_nothing);
	tcase_add_test(tc, initiations_faster_than_50_a_second_are_dropped);
	tcase_add_test(
	    tc, a_replayed_data_message_is_dropped_and_does_not_roam);
	tcase_add_test(tc, a_peer_roams_with_its_newest_packet_only);
	tcase_add_test(tc, a_peer_that_roams_to_and_fro_does_not_fill_the_log);
	tcase_add_test(tc, a_bad_tag_moves_neither_window_nor_endpoint);
	tcase_add_test(tc, what_was_received_elsewhere_is_opened_from_there);
	tcase_add_test(tc, a_handshake_message_is_fetched);
	tcase_add_test(tc, a_counter_at_the_limit_is_refused);
	tcase_add_test(tc, one_bad_packet_of_a_batch_leaves_the_others);
	tcase_add_test(tc, a_counter_twice_in_a_batch_opens_once);
	tcase_add_test(tc, strangers_get_silence_and_a_reason);
	tcase_add_test(tc, reserved_bytes_have_to_be_zero);
	tcase_add_test(tc, a_truncated_datagram_is_dropped);
	tcase_add_test(tc, our_own_initiation_reflected_is_silent);
	tcase_add_test(tc, an_unknown_key_gets_no_answer);
	return tc;
}

static TCase *settings_cases(void)
{
	TCase *tc = tcase_create("settings");

	tcase_add_checked_fixture(tc, plain, clear);
	tcase_add_test(tc, a_changed_preshared_key_is_applied);
	tcase_add_test(tc, our_own_key_and_low_order_points_are_no_peers);
	tcase_add_test(tc, a_new_private_key_ends_all_sessions);
	tcase_add_test(tc, staged_packets_are_bounded_and_the_oldest_go);
	tcase_add_test(tc, for_want_of_buffers_one_goes_for_each_that_comes);
	tcase_add_test(tc, a_peer_without_endpoint_is_dead_until_it_speaks);
	tcase_add_test(tc, an_underlay_change_is_told_to_the_peer_at_once);
	return tc;
}

Suite *unit_suite(void)
{
	Suite *suite = suite_create("tunnel");

	suite_add_tcase(suite, plain_cases());
	suite_add_tcase(suite, hostile_cases());
	suite_add_tcase(suite, settings_cases());
	return suite;
}
