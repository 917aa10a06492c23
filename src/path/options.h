/* SPDX-License-Identifier: ISC */
/* IP options, and what the sender of bad ones is told. */
#ifndef PATH_OPTIONS_H
#define PATH_OPTIONS_H

#include "base/attributes.h"
#include "base/drop.h"
#include "base/packet.h"

struct path;

/* Of a parsed packet: see packet_check_hop_by_hop and packet_check_options. On
 * tun, the sender gets an ICMP error; a switch says nothing. */
must_check enum drop options_check_hop_by_hop(
    struct path *path, const struct packet *pkt);
must_check enum drop options_check(struct path *path, const struct packet *pkt);

#endif
