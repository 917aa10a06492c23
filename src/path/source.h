/* SPDX-License-Identifier: ISC */
/* May this packet's sender use the addresses that it uses? */
#ifndef PATH_SOURCE_H
#define PATH_SOURCE_H

#include "base/attributes.h"
#include "base/drop.h"
#include "base/packet.h"

struct path;

/*
 * A parsed IP packet of pkt->peer: no martian, not from one of our own
 * addresses, from one of the peer's allowed_ips. In a frame, a host that has
 * no address yet may say what it says to get one.
 */
must_check enum drop source_check(
    const struct path *path, const struct packet *pkt);

/* A parsed frame of pkt->peer: the address that an ARP or ND message in it
 * claims is one of the peer's allowed_ips. DROP_NONE, VPN_NEIGH, or the
 * reason why the message can not be read. */
must_check enum drop source_check_claim(
    const struct path *path, const struct packet *pkt);

#endif
