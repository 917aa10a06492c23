/* SPDX-License-Identifier: ISC */
/* Addresses that a packet from a peer can not have, whoever the peer is. */
#ifndef PATH_MARTIAN_H
#define PATH_MARTIAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/drop.h"
#include "base/packet.h"

/* Of a parsed packet; as ip_route_input_slow. */
must_check enum drop martian_check(const struct packet *pkt);

/* As fib_validate_source: our own addresses, and their networks' broadcast
 * addresses, are no sources of others. */
must_check enum drop martian_check_local(
    const struct packet *pkt, const struct prefix *addresses, size_t count);

/* Packets from and to it may cross a router. */
must_check bool martian_is_routable(const struct address *address);

/* The last address of an IPv4 network that has more than two. */
must_check bool martian_is_broadcast_of(
    const struct prefix *network, const struct address *address);

/* One of our own addresses, or a broadcast address of their networks. */
must_check bool martian_is_local(const struct address *address,
    const struct prefix *addresses, size_t count);

#endif
