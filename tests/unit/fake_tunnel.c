/* SPDX-License-Identifier: ISC */
/* The fake tunnel. */
#include "fake_tunnel.h"

#include <string.h>

#include "base/attributes.h"

static bool is_special(const struct packet *pkt, uint8_t kind)
{
	return pkt->len == 1 && packet_data(pkt)[0] == kind;
}

enum drop tunnel_receive(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now)
{
	(void)now;
	pkt->is_data = !is_special(pkt, FAKE_HANDSHAKE);
	return tunnel->receive;
}

void tunnel_open(struct tunnel *tunnel, struct packet **pkts, size_t count,
    const struct moment *now)
{
	(void)now;
	tunnel->open_calls++;
	if (count > tunnel->largest_batch)
		tunnel->largest_batch = count;
	for (size_t i = 0; i < count; i++) {
		if (pkts[i]->away && tunnel->counter_of)
			pkts[i]->counter = tunnel->counter_of(pkts[i]->away);
		packet_fetch(pkts[i]);
		pkts[i]->peer =
		    &tunnel->peers[pkts[i]->endpoint.port % FAKE_PEERS];
		pkts[i]->drop = is_special(pkts[i], FAKE_FORGED) ? DROP_VPN_AUTH
								 : DROP_NONE;
	}
}

/* Each one opens to itself. */
bool tunnel_is_train(const struct packet *pkt)
{
	return !pkt->is_truncated;
}

bool tunnel_find_train(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now)
{
	(void)now;
	if (!tunnel->counter_of)
		return false;
	pkt->peer = &tunnel->peers[pkt->endpoint.port % FAKE_PEERS];
	pkt->counter = tunnel->counter_of(pkt->away);
	return true;
}

static bool open_datagram(
    const struct opening *opening, const uint8_t *bytes, uint32_t len)
{
	struct packet opened = {.len = len};
	uint8_t *place = opening->place(opening->context, len);

	if (!place)
		return false;
	memcpy(place, bytes, len);
	if (len == 1)
		opened.len = 0;
	return opening->take(opening->context, &opened);
}

size_t tunnel_open_train(struct tunnel *tunnel, struct packet *pkt,
    const struct opening *opening, const struct moment *now)
{
	size_t count = 0;

	(void)now;
	while (pkt->segments) {
		uint32_t len =
		    pkt->segments > 1 ? pkt->segment_bytes : pkt->len;
		uint64_t counter = tunnel->counter_of(pkt->away);

		if ((count && counter != pkt->counter + 1) ||
		    !open_datagram(opening, pkt->away, len))
			break;
		pkt->counter = counter;
		pkt->segments--;
		packet_leave(pkt, pkt->away + len, pkt->len - len);
		count++;
	}
	return count;
}

size_t tunnel_bundle_frames(const struct packet *pkt)
{
	size_t frames = 0;
	uint32_t at = 1;

	if (!pkt->len || packet_data(pkt)[0] != FAKE_BUNDLE)
		return 0;
	for (; at < pkt->len; at += 1u + packet_data(pkt)[at])
		frames++;
	return at == pkt->len ? frames : 0;
}

size_t tunnel_unbundle(struct tunnel *tunnel, const struct packet *pkt,
    struct packet_list *to, const struct moment *now)
{
	const uint8_t *bytes = packet_data(pkt);
	size_t lost = 0;

	(void)now;
	for (uint32_t at = 1; at < pkt->len; at += 1u + bytes[at]) {
		struct packet *one = pool_get(tunnel->pool);

		lost += !one;
		if (!one)
			continue;
		one->peer = pkt->peer;
		one->from_id = pkt->from_id;
		one->len = bytes[at];
		memcpy(packet_data(one), bytes + at + 1, one->len);
		packet_list_push(to, one);
	}
	return lost;
}

enum drop tunnel_expand(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now)
{
	(void)now;
	if (is_special(pkt, FAKE_FRAME))
		pkt->len = 0;
	return tunnel->expand;
}

static const struct {
	const char *prefix;
	size_t peer;
} routes[] = {
    {"10.9.0.7", 0},
    {"10.1.0.0/16", 0},
    {"fd09::7", 0},
    {"fe80::7", 0},
    {"fd09::8", 1},
    {"10.9.0.8", 1},
};

static struct peer *route_as_told(
    const struct tunnel *tunnel, const struct address *address)
{
	struct peer *peers = (struct peer *)tunnel->peers;

	for (size_t i = 0; i < tunnel->routes_count; i++)
		if (prefix_has(&tunnel->routes[i].prefix, address))
			return tunnel->routes[i].peer == FAKE_NOBODY
				   ? NULL
				   : &peers[tunnel->routes[i].peer];
	return NULL;
}

struct peer *tunnel_route(
    const struct tunnel *tunnel, const struct address *address)
{
	struct peer *peers = (struct peer *)tunnel->peers;

	if (tunnel->routes)
		return route_as_told(tunnel, address);
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		struct prefix prefix;

		if (!prefix_parse(&prefix, routes[i].prefix) &&
		    prefix_has(&prefix, address))
			return &peers[routes[i].peer];
	}
	return tunnel->has_default ? &peers[0] : NULL;
}

static bool is_better(const struct prefix *prefix, const struct prefix *best,
    const struct address *address)
{
	if (prefix_has(best, address))
		return false;
	return prefix_has(prefix, address) ||
	       (prefix->address.family == address->family &&
		   best->address.family != address->family);
}

size_t tunnel_route_prefix(const struct tunnel *tunnel, const struct peer *peer,
    const struct address *address, struct prefix *ret)
{
	struct prefix prefix;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (&tunnel->peers[routes[i].peer] != peer ||
		    prefix_parse(&prefix, routes[i].prefix))
			continue;
		if (!count++ || is_better(&prefix, ret, address))
			*ret = prefix;
	}
	return count;
}

const char *tunnel_peer_name(const struct peer *peer)
{
	return peer->name ? peer->name : "bob";
}

enum drop tunnel_neigh(struct tunnel *tunnel, struct packet *pkt,
    const struct moment *now, bool *ret_taken)
{
	(void)now;
	*ret_taken = !tunnel->neigh && !tunnel->has_session;
	if (*ret_taken && !pkt->is_dry)
		packet_list_push(&tunnel->staged, pkt);
	return tunnel->neigh;
}

bool tunnel_makes_wait(const struct tunnel *tunnel, const struct packet *pkt,
    const struct moment *now)
{
	(void)pkt;
	(void)now;
	return tunnel->neigh || !tunnel->has_session;
}

bool tunnel_may_compress(const struct packet *whole)
{
	return whole->peer->compresses && whole->flow_hash;
}

void tunnel_compress(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now)
{
	(void)now;
	tunnel->last_flow_hash = pkt->flow_hash;
	tunnel->compress_calls++;
}

void tunnel_bundle(
    struct tunnel *tunnel, struct packet *const *pkts, size_t count)
{
	for (size_t i = 1; i < count && tunnel->bundles; i++) {
		pkts[i]->is_bundled = true;
		pkts[0]->segments++;
	}
}

void tunnel_seal(struct tunnel *tunnel, struct packet **pkts, size_t count,
    const struct moment *now)
{
	(void)now;
	tunnel->seal_calls++;
	for (size_t i = 0; i < count; i++)
		pkts[i]->drop = tunnel->seal;
}

uint32_t tunnel_datagram_bytes(const struct tunnel *tunnel, uint32_t len)
{
	(void)tunnel;
	return len;
}

bool tunnel_seals_singly(const struct packet *whole)
{
	return whole->peer->seals_singly;
}

enum drop tunnel_seal_train(struct tunnel *tunnel, const struct train *train,
    struct packet *to, const struct moment *now)
{
	uint32_t before = to->len ? to->segments : 0;

	(void)now;
	tunnel->train_calls++;
	if (tunnel->seal)
		return tunnel->seal;
	if (tunnel->last_train && tunnel->train_calls > tunnel->last_train)
		return DROP_VPN_NOSESSION;
	for (uint32_t i = 0; i < train->count; i++) {
		uint32_t len =
		    i + 1 < train->count ? train->segment_len : train->last_len;

		memcpy(packet_data(to) + to->len,
		    train->stamp(train->context, train->first + i), len);
		to->len += len;
	}
	to->segments = (uint16_t)(before + train->count);
	to->segment_bytes = (uint16_t)train->segment_len;
	to->checksum = train->checksum;
	if (tunnel->train_calls == tunnel->last_told)
		train->whole->peer->takes_checksums = false;
	return DROP_NONE;
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

void tunnel_peer_count_drop(
    struct peer *peer, enum drop reason, uint64_t packets)
{
	peer->drops[reason] += (unsigned)packets;
}

enum drop tunnel_peer_refusal(const struct peer *peer)
{
	return peer->refusal;
}

uint32_t tunnel_peer_largest_frame(const struct peer *peer)
{
	return peer->largest_frame;
}

uint32_t tunnel_peer_id(const struct peer *peer)
{
	return peer->id;
}

bool tunnel_peer_takes_checksums(const struct peer *peer)
{
	return peer->takes_checksums;
}

void *tunnel_peer_port(const struct peer *peer)
{
	return peer->port;
}

const struct endpoint *tunnel_peer_endpoint(const struct peer *peer)
{
	return &peer->endpoint;
}

bool tunnel_peer_has_allowed_ips(const struct peer *peer)
{
	return !peer->has_no_allowed_ips;
}

bool tunnel_peer_takes_floods(const struct peer *peer, struct instant now)
{
	(void)now;
	return !peer->takes_no_floods && !peer->refusal;
}
