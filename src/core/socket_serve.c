/* SPDX-License-Identifier: ISC */
/*
 * The readers of the built-in sockets: echo, discard, status, ping.
 *
 * How it works: at most SERVE_BATCH datagrams of a socket are read at once, so
 * that the data path gets its turn; what is left makes core_deadline come at
 * once. Answers go out through the outbound table, at most ANSWERS_PER_S to a
 * peer. Two echoes must not keep a datagram going for ever: no answer goes to a
 * port where something answers by itself, and the answer to an answer has one
 * hop less, so that the last one is not sent.
 */
#include "core/sockets.h"
#include "packet/build.h"
#include "packet/ip.h"
#include "packet/udp.h"

#define SERVE_BATCH 64

/* A peer of ours is no one whose address could be forged; the limit keeps a
 * busy one from taking the others' time. */
static const struct bucket_rate answers = {.rate = 100, .burst = 100};

/* ---- whether to answer ---- */

/* Services that answer whatever they get, or send without being asked (IANA):
 * nothing, echo, discard, daytime, quote of the day, chargen, time. */
static bool is_service_port(uint16_t port)
{
	static const uint16_t ports[] = {0, 7, 9, 13, 17, 19, 37};

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		if (ports[i] == port)
			return true;
	return false;
}

/* The port of a built-in one here is likely one at the other end, too. */
static bool is_own_port(const struct core_sockets *set, uint16_t port)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].conf->type != CONFIG_SOCKET_CLIENT &&
		    set->list[i].conf->port == port)
			return true;
	return false;
}

static uint8_t hops_left(const struct packet *pkt)
{
	return pkt->ttl < BUILD_TTL ? pkt->ttl : BUILD_TTL;
}

static bool may_loop(const struct core_sockets *set, const struct packet *pkt)
{
	return is_service_port(pkt->source_port) ||
	       is_own_port(set, pkt->source_port) || hops_left(pkt) <= 1;
}

/* The peer that the source belongs to, as it does when the answer goes out. */
static bool is_within_rate(
    const struct core *core, const struct packet *pkt, const struct moment *now)
{
	struct peer *peer = tunnel_route(core->tunnel, &pkt->source);
	struct core_peer *owner = peer ? tunnel_peer_user(peer) : NULL;

	return owner && bucket_take(&owner->socket_answers, &answers, now->now);
}

/* ---- answers: consume pkt ---- */

struct served {
	struct core_sockets *set;
	struct core_socket *one;
	const struct moment *now;
};

static void forget(const struct served *served, struct packet *pkt)
{
	pool_put(served->set->core->pool, pkt);
}

static void send(const struct served *served, struct packet *pkt)
{
	served->one->tx_packets++;
	path_send(served->set->core->path, pkt);
}

static struct udp_ends back(const struct packet *pkt)
{
	return (struct udp_ends){.source = pkt->destination,
	    .destination = pkt->source,
	    .source_port = pkt->destination_port,
	    .destination_port = pkt->source_port,
	    .ttl = (uint8_t)(hops_left(pkt) - 1)};
}

static bool is_answered(const struct served *served, const struct packet *pkt)
{
	bool is_udp = pkt->l4_protocol == IP_PROTOCOL_UDP;

	if ((is_udp && may_loop(served->set, pkt)) ||
	    !is_within_rate(served->set->core, pkt, served->now)) {
		served->one->unanswered++;
		return false;
	}
	return true;
}

static void echo(const struct served *served, struct packet *pkt)
{
	struct udp_ends ends = back(pkt);

	packet_readdress_udp(pkt, &ends);
	send(served, pkt);
}

static void status(const struct served *served, struct packet *pkt)
{
	struct udp_ends ends = back(pkt);
	char text[SOCKET_STATUS_BYTES];
	size_t len = sockets_metrics(served->set->core, served->now, text);

	memcpy(packet_udp_room(pkt, ends.source.family), text, len);
	packet_build_udp(pkt, &ends, (uint32_t)len);
	send(served, pkt);
}

static void ping(const struct served *served, struct packet *pkt)
{
	packet_answer_echo(pkt);
	send(served, pkt);
}

static void (*const servers[])(
    const struct served *served, struct packet *pkt) = {
    [CONFIG_SOCKET_ECHO] = echo,
    [CONFIG_SOCKET_DISCARD] = forget,
    [CONFIG_SOCKET_STATUS] = status,
    [CONFIG_SOCKET_PING] = ping,
};

static void serve(const struct served *served, struct packet *pkt)
{
	enum config_socket_type type = served->one->conf->type;

	if (type == CONFIG_SOCKET_DISCARD || is_answered(served, pkt))
		servers[type](served, pkt);
	else
		forget(served, pkt);
}

/* True: it holds nothing more. */
static bool serve_socket(const struct served *served)
{
	struct packet *pkt;

	for (int i = 0; i < SERVE_BATCH; i++) {
		pkt = socket_receive(served->set->table, served->one->socket);
		if (!pkt)
			return true;
		path_note_read(served->set->core->path, pkt);
		serve(served, pkt);
	}
	return false;
}

bool sockets_serve(struct core *core, const struct moment *now)
{
	struct core_sockets *set = core->sockets;
	bool have_served = false;

	if (!set->is_any_ready)
		return false;
	set->is_any_ready = false;
	for (size_t i = 0; i < set->count; i++) {
		struct core_socket *one = &set->list[i];
		struct served served = {set, one, now};

		if (!one->is_ready || one->conf->type == CONFIG_SOCKET_CLIENT)
			continue;
		have_served = true;
		one->is_ready = !serve_socket(&served);
		set->is_any_ready |= one->is_ready;
	}
	return have_served;
}

bool sockets_are_behind(const struct core *core)
{
	return core->sockets && core->sockets->is_any_ready;
}
