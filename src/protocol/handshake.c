/* SPDX-License-Identifier: ISC */
/*
 * Handshake messages, from the stranger's first byte to the new keypair.
 *
 * How it works: a message passes the checks in the order of their cost:
 * length, MAC1, under load MAC2 and the address's rate; only then is there any
 * X25519. Nothing is answered, kept or changed before a message proved who
 * sent it; a cookie reply is the one exception, and it is smaller than what it
 * answers. Those have no limit per address: nobody has proved that one yet, and
 * who forges a peer's would use up what that peer needs.
 */
#include <sodium.h>
#include <string.h>

#include "base/cursor.h"
#include "protocol/peer.h"

/* More handshakes than this, and cookies are asked for during a second. */
static const struct bucket_rate load_rate = {.rate = 500, .burst = 128};
#define UNDER_LOAD_NS NS_PER_S
/* Initiations of one peer are at least so far apart (50 a second). */
#define INITIATION_FLOOD_NS (NS_PER_S / 50)

void handshake_init_load(struct tunnel *tunnel)
{
	bucket_init(&tunnel->load, &load_rate, (struct instant){0});
}

static bool is_under_load(struct tunnel *tunnel, struct instant now)
{
	if (!bucket_take(&tunnel->load, &load_rate, now))
		tunnel->load_until = instant_after(now, UNDER_LOAD_NS);
	return instant_is_before(now, tunnel->load_until);
}

static struct packet *message_new(
    struct tunnel *tunnel, const struct endpoint *to, size_t len)
{
	struct packet *pkt = pool_get(tunnel->pool);

	if (!pkt)
		return NULL;
	pkt->len = (uint32_t)len;
	pkt->endpoint = *to;
	memset(packet_data(pkt), 0, len);
	return pkt;
}

static void message_send(struct peer *peer, struct packet *pkt,
    enum wire_message type, const struct moment *now)
{
	packet_data(pkt)[0] = (uint8_t)type;
	pkt->peer = peer;
	cookie_stamp(&peer->cookie, packet_data(pkt), pkt->len, now->now);
	peer->counters.tx_packets++;
	peer->counters.tx_bytes += pkt->len;
	packet_list_push(&peer->tunnel->messages, pkt);
	probe_way_asked(peer);
	timers_authenticated_sent(peer, now->now);
}

/* ---- sending ---- */

void handshake_abandon(struct peer *peer)
{
	indices_unlist(&peer->tunnel->indices, &peer->handshake_index);
	noise_handshake_clear(&peer->handshake);
	timers_disarm(peer, TIMER_RETRANSMIT);
	peer->timers.attempts = 0;
	/* whoever abandons has a reason to begin anew at once */
	peer->timers.last_initiation = INSTANT_NEVER;
}

static void send_initiation(struct peer *peer, const struct moment *now)
{
	struct tunnel *tunnel = peer->tunnel;
	uint8_t timestamp[WIRE_TIMESTAMP_BYTES];
	struct packet *pkt;

	timers_initiation_sent(peer, now->now);
	if (peer->endpoint.address.family == FAMILY_NONE ||
	    !tunnel->identity->is_set)
		return;
	pkt = message_new(tunnel, &peer->endpoint, WIRE_INITIATION_BYTES);
	if (!pkt)
		return;
	noise_timestamp(timestamp, now->wall_s, now->wall_ns);
	if (indices_list(&tunnel->indices, &peer->handshake_index) ||
	    !noise_initiation_create(&peer->handshake, tunnel->identity,
		timestamp, peer->handshake_index.index, packet_data(pkt))) {
		pool_put(tunnel->pool, pkt);
		return;
	}
	message_send(peer, pkt, WIRE_INITIATION, now);
}

void handshake_initiate(struct peer *peer, const struct moment *now)
{
	if (timers_is_armed(peer, TIMER_RETRANSMIT) ||
	    peer->endpoint.address.family == FAMILY_NONE ||
	    !peer->tunnel->identity->is_set)
		return;
	if (instant_age_ns(peer->timers.last_initiation, now->now) <
	    INITIATION_DISTANCE_NS) {
		timers_initiation_wanted(peer);
		return;
	}
	peer->has_given_up = false;
	peer->timers.attempts = 0;
	send_initiation(peer, now);
}

void handshake_retry(struct peer *peer, const struct moment *now)
{
	log_debug(peer->tunnel->log,
	    "peer %s: no answer to the handshake, attempt %u", peer->name,
	    peer->timers.attempts + 1);
	send_initiation(peer, now);
}

/* ---- sessions ---- */

/* In NOISE_RESPONSE_*: makes the keypair. False: no memory. */
static bool begin_session(struct peer *peer, const struct moment *now)
{
	struct tunnel *tunnel = peer->tunnel;
	struct noise_keys keys;
	struct keypair *keypair;
	bool is_initiator = peer->handshake.is_initiator;
	uint32_t remote_index = peer->handshake.remote_index;

	noise_derive(&peer->handshake, &keys);
	keypair = keypair_new(tunnel->memory, tunnel->backends, &keys,
	    ++tunnel->generation, now->now);
	if (!keypair) {
		indices_unlist(&tunnel->indices, &peer->handshake_index);
		return false;
	}
	keypair->is_initiator = is_initiator;
	keypair->remote_index = remote_index;
	keypair->owner.peer = peer;
	keypair->owner.keypair = keypair;
	indices_move(&tunnel->indices, &peer->handshake_index, &keypair->owner);
	if (peer->extension.mode == EXTENSION_OFF)
		keypair_erase_aes256gcm(tunnel->memory, keypair);
	else if (extension_may_meet_aes256gcm(peer))
		keypair_enable_aes256gcm(tunnel->memory, keypair);
	gate_settle(tunnel->gate);
	keypairs_add(
	    &peer->keypairs, keypair, tunnel->memory, &tunnel->indices);
	tunnel->last_found = NULL;
	timers_session_derived(peer, now->now);
	probe_session_began(peer, now);
	return true;
}

static void note_received(
    struct peer *peer, const struct packet *pkt, const struct moment *now)
{
	peer_set_endpoint_from(peer, &pkt->endpoint, now->now);
	peer->last_received = now->now;
	peer->counters.rx_packets++;
	peer->counters.rx_bytes += pkt->len;
	timers_authenticated_received(peer, now->now);
}

/* ---- receiving ---- */

static void send_response(struct peer *peer, const struct moment *now)
{
	struct tunnel *tunnel = peer->tunnel;
	struct packet *pkt =
	    message_new(tunnel, &peer->endpoint, WIRE_RESPONSE_BYTES);

	if (!pkt)
		return;
	if (indices_list(&tunnel->indices, &peer->handshake_index) ||
	    !noise_response_create(&peer->handshake,
		peer->handshake_index.index, packet_data(pkt))) {
		handshake_abandon(peer);
		pool_put(tunnel->pool, pkt);
		return;
	}
	message_send(peer, pkt, WIRE_RESPONSE, now);
	/* the keys are derived after the MACs, which need the index only */
	(void)begin_session(peer, now);
}

/* Is this initiation of the peer new, and not too soon after the last? */
static enum drop judge_initiation(const struct peer *peer,
    const uint8_t timestamp[WIRE_TIMESTAMP_BYTES], struct instant now)
{
	if (memcmp(timestamp, peer->latest_timestamp, WIRE_TIMESTAMP_BYTES) <=
	    0)
		return DROP_VPN_TIMESTAMP;
	if (instant_age_ns(peer->last_consumed, now) < INITIATION_FLOOD_NS)
		return DROP_VPN_FLOOD;
	return DROP_NONE;
}

static enum drop accept_initiation(struct tunnel *tunnel,
    struct noise_handshake *hs, const struct packet *pkt,
    const struct moment *now)
{
	uint8_t timestamp[WIRE_TIMESTAMP_BYTES];
	enum drop reason;
	struct peer *peer;

	reason = noise_initiation_consume_static(
	    hs, tunnel->identity, packet_data(pkt));
	if (reason)
		return reason;
	peer = hashmap_get(&tunnel->by_key, hs->remote_static);
	if (!peer)
		return DROP_VPN_UNKNOWN_PEER;
	reason = noise_initiation_consume_timestamp(
	    hs, tunnel->identity, packet_data(pkt), timestamp);
	if (!reason)
		reason = judge_initiation(peer, timestamp, now->now);
	if (reason)
		return reason;
	memcpy(
	    hs->preshared_key, peer->handshake.preshared_key, WIRE_KEY_BYTES);
	peer->handshake = *hs;
	memcpy(peer->latest_timestamp, timestamp, WIRE_TIMESTAMP_BYTES);
	peer->last_consumed = now->now;
	note_received(peer, pkt, now);
	send_response(peer, now);
	return DROP_NONE;
}

static enum drop receive_initiation(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now)
{
	struct noise_handshake hs = {0};
	enum drop reason = accept_initiation(tunnel, &hs, pkt, now);

	sodium_memzero(&hs, sizeof(hs));
	return reason;
}

static void completed(struct peer *peer, const struct moment *now)
{
	peer->last_handshake_wall_s = now->wall_s;
	peer->has_given_up = false;
	peer->is_closed = false;
	timers_handshake_completed(peer, now->now);
	log_debug(
	    peer->tunnel->log, "peer %s: session established", peer->name);
	tunnel_emit(peer->tunnel,
	    &(struct tunnel_event){.kind = TUNNEL_SESSION_UP, .peer = peer});
}

void handshake_confirmed(struct peer *peer, const struct moment *now)
{
	completed(peer, now);
	extension_session_began(peer, false, now);
	peer_release_staged(peer);
}

static enum drop receive_response(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now)
{
	struct cursor c = cursor_of(packet_data(pkt), pkt->len);
	struct index_owner *owner;
	struct peer *peer;
	enum drop reason;

	cursor_skip(&c, WIRE_RESPONSE_RECEIVER);
	owner = indices_find(&tunnel->indices, cursor_le32(&c));
	if (!owner || owner->keypair)
		return DROP_VPN_UNEXPECTED;
	peer = owner->peer;
	reason = noise_response_consume(
	    &peer->handshake, tunnel->identity, packet_data(pkt));
	if (reason)
		return reason;
	note_received(peer, pkt, now);
	if (!begin_session(peer, now))
		return DROP_NOMEM;
	completed(peer, now);
	/* the first packet confirms the session: data, else a keepalive */
	peer_send_keepalive(peer, now);
	extension_session_began(peer, true, now);
	return DROP_NONE;
}

static enum drop receive_cookie(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now)
{
	struct cursor c = cursor_of(packet_data(pkt), pkt->len);
	struct index_owner *owner;

	cursor_skip(&c, WIRE_COOKIE_RECEIVER);
	owner = indices_find(&tunnel->indices, cursor_le32(&c));
	if (!owner)
		return DROP_VPN_UNEXPECTED;
	return cookie_reply_consume(
	    &owner->peer->cookie, packet_data(pkt), now->now);
}

static void send_cookie(
    struct tunnel *tunnel, const struct packet *to, const struct moment *now)
{
	struct packet *pkt =
	    message_new(tunnel, &to->endpoint, WIRE_COOKIE_REPLY_BYTES);

	if (!pkt)
		return;
	cookie_reply_create(tunnel->checker, packet_data(to), to->len,
	    &to->endpoint, now->now, packet_data(pkt));
	packet_list_push(&tunnel->messages, pkt);
}

/* Of an initiation or a response: may it cost an X25519? */
static enum drop judge_macs(
    struct tunnel *tunnel, const struct packet *pkt, const struct moment *now)
{
	enum cookie_verdict verdict = cookie_check(tunnel->checker,
	    packet_data(pkt), pkt->len, &pkt->endpoint, false, now->now);

	if (verdict == COOKIE_MAC1_WRONG)
		return DROP_VPN_MAC1;
	if (!is_under_load(tunnel, now->now))
		return DROP_NONE;
	verdict = cookie_check(tunnel->checker, packet_data(pkt), pkt->len,
	    &pkt->endpoint, true, now->now);
	if (verdict != COOKIE_MAC2_VALID) {
		send_cookie(tunnel, pkt, now);
		return DROP_VPN_MAC2;
	}
	if (!ratelimit_allows(
		tunnel->handshakes, &pkt->endpoint.address, now->now))
		return DROP_VPN_RATE;
	return DROP_NONE;
}

enum drop handshake_receive(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now)
{
	uint8_t type = packet_data(pkt)[0];
	enum drop reason;

	if (!tunnel->identity->is_set)
		return DROP_VPN_MAC1;
	if (type == WIRE_COOKIE_REPLY)
		return receive_cookie(tunnel, pkt, now);
	reason = judge_macs(tunnel, pkt, now);
	if (reason)
		return reason;
	return type == WIRE_INITIATION ? receive_initiation(tunnel, pkt, now)
				       : receive_response(tunnel, pkt, now);
}
