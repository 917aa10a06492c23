/* SPDX-License-Identifier: ISC */
/* One peer: its settings, its sessions and its endpoint. */
#include "protocol/peer.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

bool peer_has_session(const struct peer *peer, struct instant now)
{
	return keypair_may_send(peer->keypairs.current, now);
}

void peer_queue_frame(struct peer *peer, struct packet *pkt, uint8_t frame)
{
	pkt->peer = peer;
	pkt->frame = frame;
	pkt->is_ours = true;
	packet_list_push(&peer->tunnel->frames, pkt);
}

void peer_send_keepalive(struct peer *peer, const struct moment *now)
{
	struct packet *pkt;

	if (!peer_has_session(peer, now->now)) {
		handshake_initiate(peer, now);
		return;
	}
	if (peer->staged.list.first && extension_permits_traffic(peer)) {
		peer_release_staged(peer);
		return;
	}
	pkt = pool_get(peer->tunnel->pool);
	if (pkt)
		peer_queue_frame(peer, pkt, WIRE_FRAME_IP);
}

void peer_end_sessions(struct peer *peer, uint64_t generation)
{
	gate_settle(peer->tunnel->gate);
	keypairs_end(&peer->keypairs, generation, peer->tunnel->memory,
	    &peer->tunnel->indices);
	peer->tunnel->last_found = NULL;
	if (!peer->keypairs.current)
		timers_session_ended(peer);
}

void peer_clear_source(struct peer *peer)
{
	peer->endpoint.source = (struct address){.family = FAMILY_NONE};
	peer->endpoint.source_ifindex = 0;
}

static void log_moved(
    const struct peer *peer, const struct endpoint *from, unsigned long skipped)
{
	char before[ENDPOINT_TEXT_BYTES], after[ENDPOINT_TEXT_BYTES];

	if (skipped)
		log_info(peer->tunnel->log,
		    "peer %s: endpoint moved %lu more times", peer->name,
		    skipped);
	log_info(peer->tunnel->log, "peer %s: endpoint moved from %s to %s",
	    peer->name,
	    peer->endpoint.address.family == FAMILY_NONE
		? "nowhere"
		: endpoint_format(&peer->endpoint, before, sizeof(before)),
	    endpoint_format(from, after, sizeof(after)));
}

static void tell_moved(
    struct peer *peer, const struct endpoint *from, struct instant now)
{
	unsigned long skipped;

	if (log_limit_allows(&peer->moves, now, &skipped))
		log_moved(peer, from, skipped);
	tunnel_emit(
	    peer->tunnel, &(struct tunnel_event){
			      .kind = TUNNEL_ENDPOINT_MOVED, .peer = peer});
}

void peer_set_endpoint_from(
    struct peer *peer, const struct endpoint *from, struct instant now)
{
	if (!endpoint_is_equal(&peer->endpoint, from)) {
		tell_moved(peer, from, now);
		probe_way_changed(peer);
	}
	peer->endpoint = *from;
}

void tunnel_peer_set_endpoint(
    struct peer *peer, const struct endpoint *endpoint)
{
	if (endpoint_is_equal(&peer->endpoint, endpoint))
		return;
	peer->endpoint = *endpoint;
	probe_way_changed(peer);
}

const struct endpoint *tunnel_peer_endpoint(const struct peer *peer)
{
	return &peer->endpoint;
}

void tunnel_peer_send_failed(struct peer *peer)
{
	peer_clear_source(peer);
}

void *tunnel_peer_user(const struct peer *peer)
{
	return peer->user;
}

const char *tunnel_peer_name(const struct peer *peer)
{
	return peer->name;
}

void tunnel_peer_set_port(struct peer *peer, void *port)
{
	peer->port = port;
}

void *tunnel_peer_port(const struct peer *peer)
{
	return peer->port;
}

void tunnel_peer_set_id(struct peer *peer, uint32_t id)
{
	peer->id = id;
}

uint32_t tunnel_peer_id(const struct peer *peer)
{
	return peer->id;
}

bool tunnel_peer_has_allowed_ips(const struct peer *peer)
{
	return peer->prefixes > 0;
}

enum drop tunnel_peer_refusal(const struct peer *peer)
{
	return extension_refusal(peer);
}

/* As tunnel_neigh: without a session, a refused one is asked anew. */
bool tunnel_peer_takes_floods(const struct peer *peer, struct instant now)
{
	return peer->endpoint.address.family != FAMILY_NONE &&
	       (!peer_has_session(peer, now) || !extension_refusal(peer));
}

void tunnel_peer_count_drop(
    struct peer *peer, enum drop reason, uint64_t packets)
{
	(void)reason;
	peer->counters.drops += packets;
}

void tunnel_peer_connect(
    struct tunnel *tunnel, struct peer *peer, const struct moment *now)
{
	(void)tunnel;
	if (!peer_has_session(peer, now->now))
		handshake_initiate(peer, now);
}

/* ---- settings ---- */

static void apply_settings(
    struct peer *peer, const struct tunnel_peer_setup *setup)
{
	peer->name = setup->name;
	peer->user = setup->user;
	peer->keepalive_s = setup->keepalive_s;
	peer->compressor = setup->compressor;
	if (!peer->keepalive_s)
		timers_disarm(peer, TIMER_PERSISTENT);
	if (peer->compressor != COMPRESSOR_NONE && !peer->flows)
		peer->flows = calloc(1, sizeof(*peer->flows));
}

static bool is_low_order(const uint8_t public_key[WIRE_KEY_BYTES])
{
	static const uint8_t any_scalar[WIRE_KEY_BYTES] = {[0] = 8};
	uint8_t shared[WIRE_KEY_BYTES];

	return crypto_scalarmult(shared, any_scalar, public_key) != 0;
}

static int list_peer(struct tunnel *tunnel, struct peer *peer)
{
	int error = heap_reserve(&tunnel->deadlines, tunnel->peers + 1);

	if (!error)
		error = hashmap_insert(
		    &tunnel->by_key, peer_public_key(peer), peer);
	if (error)
		return error;
	peer->older = tunnel->newest;
	if (tunnel->newest)
		tunnel->newest->newer = peer;
	else
		tunnel->oldest = peer;
	tunnel->newest = peer;
	tunnel->peers++;
	return 0;
}

static void unlist_peer(struct tunnel *tunnel, struct peer *peer)
{
	(void)hashmap_remove(&tunnel->by_key, peer_public_key(peer));
	*(peer->older ? &peer->older->newer : &tunnel->oldest) = peer->newer;
	*(peer->newer ? &peer->newer->older : &tunnel->newest) = peer->older;
	tunnel->peers--;
	heap_set(&tunnel->deadlines, &peer->timers.entry, INSTANT_NEVER);
}

static bool can_be_peer(const struct tunnel *tunnel, const uint8_t *key)
{
	return !is_low_order(key) &&
	       (!tunnel->identity->is_set ||
		   sodium_memcmp(
		       tunnel->identity->public_key, key, WIRE_KEY_BYTES) != 0);
}

static void peer_init(struct peer *peer, struct tunnel *tunnel,
    const struct tunnel_peer_setup *setup)
{
	peer->tunnel = tunnel;
	memcpy(
	    peer->handshake.remote_static, setup->public_key, WIRE_KEY_BYTES);
	memcpy(peer->handshake.preshared_key, setup->preshared_key,
	    WIRE_KEY_BYTES);
	peer->handshake_index.peer = peer;
	peer->last_consumed = INSTANT_NEVER;
	peer->last_handshake = INSTANT_NEVER;
	peer->last_received = INSTANT_NEVER;
	peer->moves.interval_ns = PEER_MOVES_LOG_NS;
	cookie_maker_init(&peer->cookie, peer_public_key(peer));
	timers_init(&peer->timers);
	extension_init(&peer->extension,
	    extension_mode_on(tunnel->link, setup->extension));
	apply_settings(peer, setup);
}

int tunnel_peer_add(struct tunnel *tunnel, struct peer **ret,
    const struct tunnel_peer_setup *setup, const struct moment *now)
{
	struct peer *peer;
	int error;

	if (!can_be_peer(tunnel, setup->public_key))
		return -EINVAL;
	peer = memory_alloc(tunnel->memory, sizeof(*peer));
	if (!peer)
		return -ENOMEM;
	peer_init(peer, tunnel, setup);
	error = list_peer(tunnel, peer);
	if (error) {
		free(peer->flows);
		memory_release(tunnel->memory, peer, sizeof(*peer));
		return error;
	}
	if (peer->keepalive_s)
		timers_arm(peer, TIMER_PERSISTENT, now->now);
	*ret = peer;
	return 0;
}

/* Seals CLOSE at once: its session is gone before the path could do so. */
void peer_say_close(
    struct peer *peer, enum wire_close reason, const struct moment *now)
{
	struct packet *pkt = peer_has_session(peer, now->now)
				 ? extension_close_frame(peer, reason)
				 : NULL;

	if (!pkt)
		return;
	pkt->peer = peer;
	pkt->is_ours = true;
	tunnel_seal(peer->tunnel, &pkt, 1, now);
	pkt->peer = NULL;
	if (pkt->drop == DROP_NONE)
		packet_list_push(&peer->tunnel->messages, pkt);
	else
		pool_put(peer->tunnel->pool, pkt);
}

/* What is on its way through the tunnel's lists loses its peer: frames go,
 * released packets are given up. */
static void forget_packets(struct peer *peer, struct packet_list *list)
{
	struct packet_list all = *list;
	struct packet *pkt;

	*list = (struct packet_list){0};
	while ((pkt = packet_list_pop(&all))) {
		if (pkt->peer != peer) {
			packet_list_push(list, pkt);
			continue;
		}
		pkt->peer = NULL;
		pkt->drop = DROP_NEIGH_DEAD;
		if (pkt->is_ours)
			pool_put(peer->tunnel->pool, pkt);
		else
			packet_list_push(&peer->tunnel->dropped, pkt);
	}
}

/* What leaves without it: what was given up, and handshake messages. */
static void forget_in(const struct peer *peer, struct packet_list *list)
{
	for (struct packet *pkt = list->first; pkt; pkt = pkt->next)
		if (pkt->peer == peer)
			pkt->peer = NULL;
}

static void forget_events(struct peer *peer)
{
	struct tunnel *tunnel = peer->tunnel;

	for (size_t i = 0; i < TUNNEL_EVENTS; i++)
		if (tunnel->events[i].peer == peer)
			tunnel->events[i].peer = NULL;
	for (size_t i = 0; i < TUNNEL_ECHOES; i++)
		if (tunnel->echoes[i].peer == peer)
			tunnel->echoes[i].peer = NULL;
}

void tunnel_peer_give_up(struct peer *peer)
{
	peer_drop_staged(peer, DROP_NEIGH_DEAD);
}

void tunnel_peer_remove(
    struct tunnel *tunnel, struct peer *peer, const struct moment *now)
{
	peer_say_close(peer, WIRE_CLOSE_REMOVED, now);
	peer_drop_staged(peer, DROP_NEIGH_DEAD);
	forget_packets(peer, &tunnel->frames);
	forget_packets(peer, &tunnel->released);
	forget_in(peer, &tunnel->dropped);
	forget_in(peer, &tunnel->messages);
	forget_events(peer);
	handshake_abandon(peer);
	peer_end_sessions(peer, UINT64_MAX);
	if (peer->prefixes) /* it goes through all that there are */
		allowedips_remove_value(&tunnel->allowed, peer);
	unlist_peer(tunnel, peer);
	free(peer->flows);
	memory_release(tunnel->memory, peer, sizeof(*peer));
}

/* What was negotiated with the old settings is void. */
static void begin_anew(struct peer *peer, const struct tunnel_peer_setup *setup,
    const struct moment *now)
{
	enum extension_mode mode =
	    extension_mode_on(peer->tunnel->link, setup->extension);

	if (mode != EXTENSION_OFF)
		peer_say_close(peer, WIRE_CLOSE_REKEYED, now);
	handshake_abandon(peer);
	memcpy(peer->handshake.preshared_key, setup->preshared_key,
	    WIRE_KEY_BYTES);
	if (peer->extension.mode != mode)
		extension_init(&peer->extension, mode);
	peer_end_sessions(peer, UINT64_MAX);
	handshake_initiate(peer, now);
}

void tunnel_peer_change(struct tunnel *tunnel, struct peer *peer,
    const struct tunnel_peer_setup *setup, const struct moment *now)
{
	bool is_void = peer->extension.mode !=
			   extension_mode_on(tunnel->link, setup->extension) ||
		       sodium_memcmp(peer->handshake.preshared_key,
			   setup->preshared_key, WIRE_KEY_BYTES) != 0;
	bool is_same_keepalive = peer->keepalive_s == setup->keepalive_s;

	apply_settings(peer, setup);
	if (is_void)
		begin_anew(peer, setup, now);
	if (peer->keepalive_s && !is_same_keepalive)
		timers_arm(peer, TIMER_PERSISTENT, now->now);
}

int tunnel_peer_allow(
    struct tunnel *tunnel, struct peer *peer, const struct prefix *prefix)
{
	struct peer *before = allowedips_find(&tunnel->allowed, prefix);
	int error = allowedips_insert(&tunnel->allowed, prefix, peer);

	if (error || before == peer)
		return error;
	peer->prefixes++;
	if (before)
		before->prefixes--;
	return 0;
}

void tunnel_peer_disallow(
    struct tunnel *tunnel, struct peer *peer, const struct prefix *prefix)
{
	if (allowedips_find(&tunnel->allowed, prefix) != peer)
		return;
	allowedips_remove(&tunnel->allowed, prefix, peer);
	peer->prefixes--;
}
