/* SPDX-License-Identifier: ISC */
/* What waits for a peer's session. */
#include "protocol/peer.h"

/* What a staged packet is charged at least: small ones hold buffers too. */
#define STAGED_CHARGE_BYTES 256

static size_t charge(const struct packet *pkt)
{
	return pkt->len > STAGED_CHARGE_BYTES ? pkt->len : STAGED_CHARGE_BYTES;
}

static struct packet *unstage(struct peer *peer)
{
	struct packet *pkt = packet_list_pop(&peer->staged.list);

	if (pkt) {
		peer->staged.bytes -= charge(pkt);
		peer->tunnel->staged_bytes -= charge(pkt);
	}
	return pkt;
}

static void drop_oldest(struct peer *peer, enum drop reason)
{
	struct packet *pkt = unstage(peer);

	pkt->drop = reason;
	packet_list_push(&peer->tunnel->dropped, pkt);
}

void peer_drop_staged(struct peer *peer, enum drop reason)
{
	while (peer->staged.list.first)
		drop_oldest(peer, reason);
}

void peer_release_staged(struct peer *peer)
{
	struct packet *pkt;

	if (!extension_permits_traffic(peer))
		return;
	while ((pkt = unstage(peer)))
		packet_list_push(&peer->tunnel->released, pkt);
}

/* Over the peer's bytes, all peers' bytes, or half of the pool, to which go
 * back those that have been dropped. */
static bool is_overfull(const struct peer *peer)
{
	const struct tunnel *tunnel = peer->tunnel;

	return peer->staged.bytes > TUNNEL_STAGED_PEER_BYTES ||
	       tunnel->staged_bytes > TUNNEL_STAGED_ALL_BYTES ||
	       pool_available(tunnel->pool) + tunnel->dropped.len <
		   pool_count(tunnel->pool) / 2;
}

/* Consumes pkt. */
static void stage(struct peer *peer, struct packet *pkt)
{
	packet_list_push(&peer->staged.list, pkt);
	peer->staged.bytes += charge(pkt);
	peer->tunnel->staged_bytes += charge(pkt);
	while (peer->staged.list.first && is_overfull(peer))
		drop_oldest(peer, DROP_NEIGH_QUEUEFULL);
}

bool tunnel_makes_wait(const struct tunnel *tunnel, const struct packet *pkt,
    const struct moment *now)
{
	(void)tunnel;
	return !peer_has_session(pkt->peer, now->now) ||
	       !extension_permits_traffic(pkt->peer);
}

enum drop tunnel_neigh(struct tunnel *tunnel, struct packet *pkt,
    const struct moment *now, bool *ret_taken)
{
	struct peer *peer = pkt->peer;
	bool has_session = peer_has_session(peer, now->now);

	(void)tunnel;
	*ret_taken = false;
	if (has_session && extension_refusal(peer))
		return extension_refusal(peer);
	if (peer->endpoint.address.family == FAMILY_NONE)
		return DROP_NEIGH_DEAD;
	if (has_session && extension_permits_traffic(peer))
		return DROP_NONE;
	*ret_taken = true;
	if (pkt->is_dry)
		return DROP_NONE;
	stage(peer, pkt);
	if (!has_session)
		handshake_initiate(peer, now);
	return DROP_NONE;
}
