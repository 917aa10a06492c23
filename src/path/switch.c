/* SPDX-License-Identifier: ISC */
/*
 * Where the switch's decision is carried out.
 *
 * How it works: N receivers cost N - 1 copies: the original goes to the host
 * when it is one of them, else to the last peer. What goes to a peer from here
 * is asked about at forward when a peer sent it, and enters the outbound table
 * at mtu. A copy that no buffer is left for is
 * counted as if it had been dropped by route, and the others go on.
 */
#include "path/switch.h"

#include "net/bridge.h"
#include "packet/ip.h"
#include "path/gro.h"
#include "path/run.h"

static void send_to(struct path *path, struct packet *pkt, struct peer *peer)
{
	pkt->to_peer = peer;
	pkt->to_id = tunnel_peer_id(peer);
	if (pkt->peer) {
		path_emit(path, TABLE_FORWARD, FORWARD_FIRST, pkt);
		return;
	}
	pkt->peer = peer;
	path_emit(path, TABLE_OUT, OUTBOUND_MTU, pkt);
}

static void send_one_copy(
    struct path *path, const struct packet *pkt, struct peer *peer)
{
	struct packet *copy =
	    path_has_room(path) ? packet_copy(path->setup.pool, pkt) : NULL;
	struct packet lost;

	if (copy) {
		path_make_fresh(copy);
		trace_inherit(path, pkt, copy, TRACE_COPY);
		send_to(path, copy, peer);
		return;
	}
	lost = *pkt;
	packet_forget_chain(&lost);
	lost.peer = peer;
	lost.drop = DROP_NOMEM;
	path_note_drop(path, TABLE_OUT, OUTBOUND_ROUTE, &lost);
}

/* A chain goes to peers packet by packet. */
static void send_copy(
    struct path *path, const struct packet *chain, struct peer *peer)
{
	path->totals.tx_switched += chain->segments;
	for (const struct packet *pkt = chain; pkt;
	     pkt = packet_behind(chain, pkt))
		send_one_copy(path, pkt, peer);
}

/* The original itself; nothing of it goes to the host. */
static enum verdict forward(
    struct path *path, struct packet *pkt, struct peer *peer)
{
	struct packet_list list = {0};

	if (!path_has_room(path))
		return verdict_of(pkt, DROP_NOMEM);
	path->totals.rx_forwarded += pkt->segments;
	path->totals.tx_switched += pkt->segments;
	packet_take_apart(pkt, &list);
	while ((pkt = packet_list_pop(&list))) {
		path_make_fresh(pkt);
		send_to(path, pkt, peer);
	}
	return VERDICT_TAKEN;
}

/* The peer behind a port that a flooded frame leaves by, or NULL. */
static struct peer *receiver(const struct path *path,
    const struct bridge_port *from, const struct bridge_port *to,
    const struct packet *pkt)
{
	struct peer *peer = bridge_port_user(to);
	struct instant now = path->now.now;

	if (!peer || !tunnel_peer_takes_floods(peer, now) ||
	    bridge_egress(path->setup.bridge, from, to, pkt, now))
		return NULL;
	return peer;
}

/* Copies for all peers that take it but the last one; returns that one, or
 * NULL: there is none. */
static struct peer *flood(
    struct path *path, const struct bridge_port *from, const struct packet *pkt)
{
	const struct bridge *bridge = path->setup.bridge;
	struct bridge_port *to = bridge_next_port(bridge, NULL);
	struct peer *last = NULL;

	for (; to; to = bridge_next_port(bridge, to)) {
		struct peer *peer = receiver(path, from, to, pkt);

		if (!peer)
			continue;
		if (last)
			send_copy(path, pkt, last);
		last = peer;
	}
	return last;
}

/* Nobody takes a flooded frame: because all that are there are refused? */
static enum drop why_nobody(
    const struct path *path, const struct bridge_port *from)
{
	const struct bridge_port *to = NULL;

	while ((to = bridge_next_port(path->setup.bridge, to))) {
		const struct peer *peer = bridge_port_user(to);

		if (peer && to != from && tunnel_peer_refusal(peer))
			return tunnel_peer_refusal(peer);
	}
	return DROP_NO_TX_TARGET;
}

static enum verdict flood_in(
    struct path *path, const struct bridge_port *from, struct packet *pkt)
{
	struct bridge *bridge = path->setup.bridge;
	struct peer *last = flood(path, from, pkt);

	if (bridge_egress(
		bridge, from, bridge_host(bridge), pkt, path->now.now)) {
		if (!last)
			return verdict_of(pkt, why_nobody(path, from));
		return forward(path, pkt, last);
	}
	if (last)
		send_copy(path, pkt, last);
	return path_go(path, TABLE_INPUT, INPUT_FIRST);
}

enum verdict switch_bridge(struct path *path, struct packet *pkt)
{
	struct bridge *bridge = path->setup.bridge;
	struct bridge_port *from = tunnel_peer_port(pkt->peer);
	struct bridge_decision decision;

	bridge_ingress(bridge, from, pkt, path->now.now, &decision);
	if (decision.drop)
		return verdict_of(pkt, decision.drop);
	if (decision.to != bridge_host(bridge))
		gro_share(pkt);
	if (!decision.to)
		return flood_in(path, from, pkt);
	if (decision.to == bridge_host(bridge))
		return path_go(path, TABLE_INPUT, INPUT_FIRST);
	return forward(path, pkt, bridge_port_user(decision.to));
}

bool switch_bridge_wants_single(
    const struct path *path, const struct packet *pkt)
{
	struct bridge *bridge = path->setup.bridge;

	return !pkt->rest.first &&
	       bridge_find(bridge, pkt, path->now.now) != bridge_host(bridge);
}

static bool is_to(const struct packet *pkt, const struct peer *peer)
{
	const struct endpoint *endpoint = tunnel_peer_endpoint(peer);

	return endpoint->port == pkt->destination_port &&
	       address_is_equal(&endpoint->address, &pkt->destination);
}

/* A datagram of ours: sealed once more, it would come back larger each time. */
static bool is_own_datagram(const struct path *path, const struct packet *pkt)
{
	const struct bridge_port *port = NULL;
	const struct peer *peer;

	if (pkt->l4_protocol != IP_PROTOCOL_UDP || !path->port ||
	    pkt->source_port != path->port)
		return false;
	while ((port = bridge_next_port(path->setup.bridge, port))) {
		peer = bridge_port_user(port);
		if (peer && is_to(pkt, peer))
			return true;
	}
	return false;
}

/* Behind the copies of a flood the rest of the batch keeps its order. */
static enum verdict hand_on(
    struct path *path, struct packet *pkt, struct peer *peer)
{
	if (path->lane->emitted[TABLE_OUT][OUTBOUND_MTU].first) {
		send_to(path, pkt, peer);
		return VERDICT_TAKEN;
	}
	pkt->peer = peer;
	pkt->to_id = tunnel_peer_id(peer);
	return VERDICT_PASS;
}

bool switch_wants_single(const struct path *path, const struct packet *pkt)
{
	return !bridge_find(path->setup.bridge, pkt, path->now.now);
}

/* It is counted for the peer that it would have gone to. */
static enum verdict refuse(
    struct packet *pkt, const struct bridge_decision *decision)
{
	pkt->peer = decision->to ? bridge_port_user(decision->to) : NULL;
	if (pkt->peer)
		pkt->to_id = tunnel_peer_id(pkt->peer);
	return verdict_of(pkt, decision->drop);
}

enum verdict switch_route(struct path *path, struct packet *pkt)
{
	struct bridge *bridge = path->setup.bridge;
	struct bridge_port *host = bridge_host(bridge);
	struct bridge_decision decision;
	struct peer *peer;

	if (is_own_datagram(path, pkt))
		return verdict_of(pkt, DROP_RECURSION_LIMIT);
	bridge_ingress(bridge, host, pkt, path->now.now, &decision);
	if (decision.drop)
		return refuse(pkt, &decision);
	peer = decision.to ? bridge_port_user(decision.to)
			   : flood(path, host, pkt);
	if (!peer)
		return verdict_of(pkt, why_nobody(path, host));
	return hand_on(path, pkt, peer);
}
