/* SPDX-License-Identifier: ISC */
/*
 * Which socket a packet is for, scored as the kernel scores them.
 *
 * How it works: as __udp4_lib_lookup and __udp6_lib_lookup. First only those
 * bound to the destination itself are asked, then those bound to any address;
 * among them the best score wins (compute_score): a socket of the packet's own
 * family, one that is connected to its source address, to its source port.
 */
#include "net/socket_state.h"
#include "packet/ip.h"
#include "packet/udp.h"

/* What compute_score adds; in IPv6 there is no bonus for the family, which
 * makes no difference: all that are asked there have the same. */
#define SCORE_FAMILY	3 /* at all, and of IPv4 only */
#define SCORE_BOTH	2 /* at all */
#define SCORE_CONNECTED 4
#define SCORE_NONE	0

static bool is_bound_to(
    const struct socket_setup *setup, const struct address *destination)
{
	return address_is_equal(&setup->address, destination);
}

static bool is_any(
    const struct socket_setup *setup, const struct address *destination)
{
	struct address any = {.family = destination->family};

	return setup->address.family == FAMILY_NONE ||
	       address_is_equal(&setup->address, &any);
}

static unsigned score_peer(
    const struct socket_setup *setup, const struct packet *pkt)
{
	unsigned score =
	    setup->address.family == FAMILY_NONE ? SCORE_BOTH : SCORE_FAMILY;

	if (setup->peer.family != FAMILY_NONE) {
		if (!address_is_equal(&setup->peer, &pkt->source))
			return SCORE_NONE;
		score += SCORE_CONNECTED;
	}
	if (setup->peer_port) {
		if (setup->peer_port != pkt->source_port)
			return SCORE_NONE;
		score += SCORE_CONNECTED;
	}
	return score;
}

static bool is_candidate(const struct socket *socket, const struct packet *pkt)
{
	const struct socket_setup *setup = &socket->setup;

	if (!socket->is_open)
		return false;
	if (setup->protocol == SOCKET_ECHO)
		return pkt->l4_protocol != IP_PROTOCOL_UDP;
	return pkt->l4_protocol == IP_PROTOCOL_UDP &&
	       setup->port == pkt->destination_port;
}

typedef bool place_fn(
    const struct socket_setup *setup, const struct address *destination);

static struct socket *find(const struct sockets *sockets,
    const struct packet *pkt, place_fn *has_place)
{
	struct socket *best = NULL;
	unsigned most = SCORE_NONE, score;

	for (struct socket *s = sockets->first; s; s = s->next) {
		if (!is_candidate(s, pkt) ||
		    !has_place(&s->setup, &pkt->destination))
			continue;
		score = score_peer(&s->setup, pkt);
		if (score > most) {
			most = score;
			best = s;
		}
	}
	return best;
}

static bool is_worth_a_walk(
    const struct sockets *sockets, const struct packet *pkt)
{
	uint16_t port = pkt->destination_port;

	if (pkt->is_later_fragment)
		return false;
	if (pkt->l4_protocol == IP_PROTOCOL_UDP)
		return sockets->ports[port / 64] >> port % 64 & 1;
	return packet_is_echo_request(pkt);
}

struct socket *sockets_lookup(
    const struct sockets *sockets, const struct packet *pkt)
{
	struct socket *socket;

	if (!is_worth_a_walk(sockets, pkt))
		return NULL;
	socket = find(sockets, pkt, is_bound_to);
	return socket ? socket : find(sockets, pkt, is_any);
}

bool socket_has_address(const struct socket *socket)
{
	static const struct address any_ipv4 = {.family = FAMILY_IPV4};
	const struct address *address = &socket->setup.address;

	return address->family != FAMILY_NONE &&
	       !address_is_equal(address, &any_ipv4);
}
