/* SPDX-License-Identifier: ISC */
/* The protocol as a whole: identity, the set of peers, effects, status. */
#include "base/cursor.h"
#include "protocol/tunnel.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/hash.h"
#include "protocol/peer.h"

/* Source addresses whose handshakes are limited at a time. */
#define RATELIMIT_ENTRIES 16384

static int make_compressors(struct tunnel *tunnel)
{
	for (int id = COMPRESSOR_LZ4; id <= COMPRESSOR_ZSTD; id++) {
		const struct compressor *compressor = compressor_find(id);

		tunnel->compressor_space[id] = malloc(compressor->state_bytes);
		if (!tunnel->compressor_space[id])
			return -ENOMEM;
		tunnel->compressors[id] = compressor->state_init(
		    tunnel->compressor_space[id], compressor->state_bytes);
		if (!tunnel->compressors[id])
			return -ENOMEM;
	}
	return 0;
}

static int make_tables(struct tunnel *tunnel)
{
	uint8_t secret[16];

	randombytes_buf(secret, sizeof(secret));
	hashmap_init(&tunnel->by_key, WIRE_KEY_BYTES, secret);
	indices_init(&tunnel->indices);
	heap_init(&tunnel->deadlines);
	tunnel->identity =
	    memory_alloc(tunnel->memory, sizeof(*tunnel->identity));
	tunnel->checker =
	    memory_alloc(tunnel->memory, sizeof(*tunnel->checker));
	tunnel->handshakes = ratelimit_new(RATELIMIT_ENTRIES);
	if (!tunnel->identity || !tunnel->checker || !tunnel->handshakes)
		return -ENOMEM;
	return make_compressors(tunnel);
}

static const struct aead *backend_of(
    const struct tunnel_setup *setup, enum aead_id id)
{
	return setup->backends[id] ? setup->backends[id] : aead_find(id);
}

static bool have_right_backends(const struct tunnel_setup *setup)
{
	return aead_is_right(
		   backend_of(setup, AEAD_CHACHA20POLY1305), setup->memory) &&
	       aead_is_right(backend_of(setup, AEAD_AES256GCM), setup->memory);
}

int tunnel_new(struct tunnel **ret, const struct tunnel_setup *setup)
{
	struct tunnel *tunnel;
	int error = hash_init();

	if (error || !have_right_backends(setup))
		return -ENOTSUP;
	tunnel = calloc(1, sizeof(*tunnel));
	if (!tunnel)
		return -ENOMEM;
	tunnel->pool = setup->pool;
	tunnel->memory = setup->memory;
	tunnel->log = setup->log;
	tunnel->largest_frame = setup->largest_frame;
	tunnel->mtu = setup->mtu;
	tunnel->link = setup->link ? setup->link : WIRE_LINK_IP;
	memcpy(tunnel->aeads, setup->aeads, sizeof(tunnel->aeads));
	tunnel->aeads_count = setup->aeads_count;
	tunnel->has_order = setup->has_order;
	tunnel->backends[CIPHER_CHACHA20POLY1305] =
	    backend_of(setup, AEAD_CHACHA20POLY1305);
	tunnel->backends[CIPHER_AES256GCM] = backend_of(setup, AEAD_AES256GCM);
	tunnel->load_until = (struct instant){.ns = INT64_MIN};
	handshake_init_load(tunnel);
	error = make_tables(tunnel);
	if (error) {
		tunnel_free(tunnel);
		return error;
	}
	*ret = tunnel;
	return 0;
}

static void put_lists(struct tunnel *tunnel)
{
	struct packet_list *lists[] = {&tunnel->messages, &tunnel->frames,
	    &tunnel->released, &tunnel->dropped};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		pool_put_list(tunnel->pool, lists[i]);
}

/* All at once: peer by peer it would take the square of their number. */
static void disallow_all(struct tunnel *tunnel)
{
	allowedips_clear(&tunnel->allowed);
	for (struct peer *peer = tunnel->oldest; peer; peer = peer->newer)
		peer->prefixes = 0;
}

void tunnel_free(struct tunnel *tunnel)
{
	const struct moment never = {0};

	if (!tunnel)
		return;
	disallow_all(tunnel);
	while (tunnel->oldest)
		tunnel_peer_remove(tunnel, tunnel->oldest, &never);
	put_lists(tunnel);
	indices_clear(&tunnel->indices);
	hashmap_clear(&tunnel->by_key);
	heap_clear(&tunnel->deadlines);
	ratelimit_free(tunnel->handshakes);
	for (size_t i = 0; i < ARRAY_SIZE(tunnel->compressor_space); i++)
		free(tunnel->compressor_space[i]);
	memory_release(
	    tunnel->memory, tunnel->identity, sizeof(*tunnel->identity));
	memory_release(
	    tunnel->memory, tunnel->checker, sizeof(*tunnel->checker));
	free(tunnel);
}

/* ---- identity ---- */

static struct packet *close_of(
    struct peer *peer, enum wire_close reason, const struct moment *now)
{
	return peer_has_session(peer, now->now)
		   ? extension_close_frame(peer, reason)
		   : NULL;
}

void tunnel_set_private_key(struct tunnel *tunnel,
    const uint8_t key[WIRE_KEY_BYTES], const struct moment *now)
{
	struct peer *peer;

	noise_identity_set(tunnel->identity, key);
	cookie_checker_init(tunnel->checker, tunnel->identity->public_key);
	for (peer = tunnel->oldest; peer; peer = peer->newer) {
		peer_say_close(peer, WIRE_CLOSE_REKEYED, now);
		handshake_abandon(peer);
		peer_end_sessions(peer, UINT64_MAX);
		handshake_initiate(peer, now);
	}
}

const uint8_t *tunnel_public_key(const struct tunnel *tunnel)
{
	return tunnel->identity->public_key;
}

const struct aead *tunnel_backend(const struct tunnel *tunnel, enum aead_id id)
{
	switch (id) {
	case AEAD_CHACHA20POLY1305:
		return tunnel->backends[CIPHER_CHACHA20POLY1305];
	case AEAD_AES256GCM:
		return tunnel->backends[CIPHER_AES256GCM];
	}
	return NULL;
}

void tunnel_set_aeads(struct tunnel *tunnel, const struct tunnel_aead *aeads,
    size_t count, bool has_order)
{
	memcpy(tunnel->aeads, aeads, count * sizeof(*aeads));
	tunnel->aeads_count = count;
	tunnel->has_order = has_order;
	for (struct peer *peer = tunnel->oldest; peer; peer = peer->newer)
		extension_offers_changed(peer);
}

void tunnel_set_segments(struct tunnel *tunnel, bool sends_segments)
{
	tunnel->sends_segments = sends_segments;
}

void tunnel_set_gate(struct tunnel *tunnel, const struct gate *gate)
{
	tunnel->gate = gate;
}

/* ---- the set of peers ---- */

struct peer *tunnel_peer_find(
    const struct tunnel *tunnel, const uint8_t public_key[WIRE_KEY_BYTES])
{
	return hashmap_get(&tunnel->by_key, public_key);
}

/* Where a message has its receiver index; 0: it has none. */
static const uint8_t receivers[] = {
    [WIRE_RESPONSE] = WIRE_RESPONSE_RECEIVER,
    [WIRE_COOKIE_REPLY] = WIRE_COOKIE_RECEIVER,
    [WIRE_DATA] = WIRE_DATA_RECEIVER,
    [WIRE_DATA_AES256GCM] = WIRE_DATA_RECEIVER,
};

const struct peer *tunnel_peer_addressed(
    const struct tunnel *tunnel, const struct packet *datagram)
{
	struct cursor c = cursor_of(packet_data(datagram), datagram->len);
	uint8_t type = datagram->len ? *c.at : 0;
	const struct index_owner *owner = NULL;

	if (type >= ARRAY_SIZE(receivers) || !receivers[type])
		return NULL;
	cursor_skip(&c, receivers[type]);
	if (c.left >= sizeof(uint32_t))
		owner = indices_find(&tunnel->indices, cursor_le32(&c));
	return owner ? owner->peer : NULL;
}

void tunnel_each_peer(const struct tunnel *tunnel,
    void (*found)(void *context, struct peer *peer), void *context)
{
	struct peer *peer, *newer;

	for (peer = tunnel->oldest; peer; peer = newer) {
		newer = peer->newer;
		found(context, peer);
	}
}

int tunnel_peer_echo(struct tunnel *tunnel, struct peer *peer, uint64_t id,
    const struct moment *now)
{
	(void)tunnel;
	if (!peer_has_session(peer, now->now)) {
		handshake_initiate(peer, now);
		return -ENOTCONN;
	}
	if (!peer->extension.is_known ||
	    !(peer->extension.features & WIRE_FEATURE_ECHO))
		return -EOPNOTSUPP;
	return extension_send_echo(peer, id, now) ? 0 : -ENOBUFS;
}

void tunnel_underlay_changed(struct tunnel *tunnel, const struct moment *now)
{
	struct peer *peer;

	for (peer = tunnel->oldest; peer; peer = peer->newer) {
		peer_clear_source(peer);
		probe_way_changed(peer);
		if (peer_has_session(peer, now->now))
			peer_send_keepalive(peer, now);
	}
}

void tunnel_close(
    struct tunnel *tunnel, enum wire_close reason, const struct moment *now)
{
	struct peer *peer;

	for (peer = tunnel->oldest; peer; peer = peer->newer) {
		struct packet *pkt = close_of(peer, reason, now);

		if (pkt)
			peer_queue_frame(peer, pkt, WIRE_FRAME_CLOSE);
	}
}

/* ---- effects ---- */

void tunnel_emit(struct tunnel *tunnel, const struct tunnel_event *event)
{
	size_t at =
	    (tunnel->events_first + tunnel->events_count) % TUNNEL_EVENTS;

	tunnel->events[at] = *event;
	if (tunnel->events_count < TUNNEL_EVENTS)
		tunnel->events_count++;
	else
		tunnel->events_first =
		    (tunnel->events_first + 1) % TUNNEL_EVENTS;
}

bool tunnel_take_event(struct tunnel *tunnel, struct tunnel_event *ret)
{
	while (tunnel->events_count > 0) {
		*ret = tunnel->events[tunnel->events_first];
		tunnel->events_first =
		    (tunnel->events_first + 1) % TUNNEL_EVENTS;
		tunnel->events_count--;
		/* without a peer: it was removed meanwhile */
		if (ret->peer)
			return true;
	}
	return false;
}

bool tunnel_has_made(const struct tunnel *tunnel)
{
	return tunnel->messages.first || tunnel->frames.first ||
	       tunnel->released.first || tunnel->dropped.first;
}

void tunnel_take_messages(struct tunnel *tunnel, struct packet_list *to)
{
	packet_list_append(to, &tunnel->messages);
}

void tunnel_take_frames(struct tunnel *tunnel, struct packet_list *to)
{
	packet_list_append(to, &tunnel->frames);
}

void tunnel_take_released(struct tunnel *tunnel, struct packet_list *to)
{
	packet_list_append(to, &tunnel->released);
}

void tunnel_take_dropped(struct tunnel *tunnel, struct packet_list *to)
{
	packet_list_append(to, &tunnel->dropped);
}

void tunnel_turn(struct tunnel *tunnel, const struct moment *now)
{
	struct heap_entry *first;

	while ((first = heap_first(&tunnel->deadlines)) &&
	       instant_has_come(first->when, now->now)) {
		struct timers *timers =
		    container_of(first, struct timers, entry);

		timers_run(container_of(timers, struct peer, timers), now);
	}
}

struct instant tunnel_deadline(const struct tunnel *tunnel)
{
	const struct heap_entry *first = heap_first(&tunnel->deadlines);

	return first ? first->when : INSTANT_NEVER;
}

/* ---- status ---- */

uint32_t tunnel_peer_largest_frame(const struct peer *peer)
{
	const struct extension *extension = &peer->extension;

	return extension->is_known ? extension->largest_frame : 0;
}

static void copy_extension(
    const struct peer *peer, struct tunnel_peer_status *ret)
{
	const struct extension *extension = &peer->extension;

	ret->is_refused = extension_refusal(peer) != DROP_NONE;
	ret->extension = extension->mode;
	ret->knows_features = extension->is_known;
	ret->peer_link = (enum wire_link)extension->link;
	ret->is_plain = extension->is_plain;
	ret->features = extension->features;
	ret->peer_largest_frame = extension->largest_frame;
	ret->unknown_frames = extension->unknown_frames;
	ret->segments_refused = probe_refusal(peer);
	if (extension->is_known &&
	    extension->compressors & 1u << peer->compressor)
		ret->compressor = compressor_find(peer->compressor);
	if (!ret->has_session)
		return;
	ret->send_aead = tunnel_backend(peer->tunnel,
	    extension->is_known ? extension->send_aead : AEAD_CHACHA20POLY1305);
	ret->receive_aead = peer->tunnel->backends[peer->last_receive_slot];
}

static void copy_counters(
    const struct peer *peer, struct tunnel_peer_status *ret)
{
	const struct peer_counters *from = &peer->counters;

	ret->rx_packets = from->rx_packets;
	ret->rx_bytes = from->rx_bytes;
	ret->tx_packets = from->tx_packets;
	ret->tx_bytes = from->tx_bytes;
	ret->rx_inner_bytes = from->rx_inner_bytes;
	ret->tx_inner_bytes = from->tx_inner_bytes;
	ret->compress_in_bytes = from->compress_in_bytes;
	ret->compress_out_bytes = from->compress_out_bytes;
	ret->compressed_packets = from->compressed_packets;
	ret->expanded_packets = from->expanded_packets;
	ret->drops = from->drops;
}

void tunnel_peer_status(
    const struct peer *peer, struct instant now, struct tunnel_peer_status *ret)
{
	static const uint8_t none[WIRE_KEY_BYTES];

	*ret = (struct tunnel_peer_status){
	    .has_session = peer_has_session(peer, now),
	    .is_handshaking = timers_is_armed(peer, TIMER_RETRANSMIT),
	    .last_handshake = peer->last_handshake,
	    .last_handshake_wall_s = peer->last_handshake_wall_s,
	    .last_received = peer->last_received,
	    .attempts = peer->timers.attempts,
	    .next_attempt = peer->timers.at[TIMER_RETRANSMIT],
	    .has_given_up = peer->has_given_up,
	    .is_closed = peer->is_closed,
	    .keepalive_s = peer->keepalive_s,
	    .has_preshared_key = sodium_memcmp(peer->handshake.preshared_key,
				     none, WIRE_KEY_BYTES) != 0,
	    .staged_packets = peer->staged.list.len,
	    .staged_bytes = peer->staged.bytes,
	    .endpoint = peer->endpoint,
	};
	copy_counters(peer, ret);
	copy_extension(peer, ret);
}

void tunnel_status(
    const struct tunnel *tunnel, struct instant now, struct tunnel_status *ret)
{
	const struct peer *peer;

	*ret = (struct tunnel_status){
	    .peers = tunnel->peers,
	    .is_under_load = instant_is_before(now, tunnel->load_until),
	    .staged_bytes = tunnel->staged_bytes,
	};
	for (peer = tunnel->oldest; peer; peer = peer->newer)
		ret->sessions += peer_has_session(peer, now);
}
