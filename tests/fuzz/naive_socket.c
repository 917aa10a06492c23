/* SPDX-License-Identifier: ISC */
/* Lookup of sockets, once more and without scores. */
#include "naive_socket.h"

#include <string.h>

#include "packet/ip.h"
#include "packet/udp.h"

/* What a socket may ask of a packet: its own address, its peer, ... */
struct wish {
	bool address, peer, peer_port, is_ipv4_only;
};

static bool is_zero(const struct address *address)
{
	static const uint8_t zero[16];

	return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

static struct wish wish_of(const struct socket_setup *setup)
{
	return (struct wish){!is_zero(&setup->address),
	    setup->peer.family != FAMILY_NONE, setup->peer_port != 0,
	    is_zero(&setup->address) && setup->address.family == FAMILY_IPV4};
}

static bool is_granted(
    const struct socket_setup *setup, const struct packet *pkt)
{
	struct wish wish = wish_of(setup);

	if (setup->protocol == SOCKET_UDP
		? pkt->l4_protocol != IP_PROTOCOL_UDP ||
		      setup->port != pkt->destination_port
		: !packet_is_echo_request(pkt))
		return false;
	if (wish.is_ipv4_only && pkt->family != FAMILY_IPV4)
		return false;
	return (!wish.address ||
		   address_is_equal(&setup->address, &pkt->destination)) &&
	       (!wish.peer || address_is_equal(&setup->peer, &pkt->source)) &&
	       (!wish.peer_port || setup->peer_port == pkt->source_port);
}

/* Those that are bound to the address itself come first, whatever else. */
static unsigned rank(const struct socket_setup *setup)
{
	struct wish wish = wish_of(setup);

	return wish.address * 8u + (wish.peer + wish.peer_port) * 2u +
	       wish.is_ipv4_only;
}

struct socket *naive_socket_find(
    const struct sockets *sockets, const struct packet *pkt)
{
	struct socket *best = NULL;

	if (pkt->is_later_fragment)
		return NULL;
	for (struct socket *s = sockets_next(sockets, NULL); s;
	     s = sockets_next(sockets, s))
		if (socket_is_open(s) && is_granted(socket_setup(s), pkt) &&
		    (!best || rank(socket_setup(s)) > rank(socket_setup(best))))
			best = s;
	return best;
}
