/* SPDX-License-Identifier: ISC */
/*
 * Tap tunnels over the wire of pair.h: left is the hub, right and third are
 * its spokes. Stations behind an end send frames of the IEEE's local
 * experimental ethertype; station N has the address 02:00:00:00:00:N.
 */
#ifndef LAN_H
#define LAN_H

#include "pair.h"

#define LAN_ALL	      0xff /* the destination of a broadcast */
#define LAN_LOG_BYTES 4096

struct lan {
	struct pair pair;
	char lines[LAN_LOG_BYTES]; /* warnings and errors of left */
	struct log log;
};

/* Keys, pools, places; no cores yet. */
void lan_init(struct lan *lan);
/* A configuration of pair_config with a tap, and without allowed_ips. Left has
 * both others as peers. */
struct config *lan_config(const struct lan *lan, size_t idx);
/* Makes all three with lan_config, left with `config` if that is not NULL, and
 * then after lan_init; with sessions. */
void lan_start(struct lan *lan, struct config *config);
/* Makes the core of left, whose warnings go to `lines`. */
void lan_start_left(struct lan *lan, struct config *config);
void lan_connect(struct lan *lan);
void lan_clear(struct lan *lan);

struct mac lan_mac(unsigned station);
void lan_add_mac(struct config_peer *peer, unsigned station);

/* A frame from a station behind `from` goes where it goes; `vlan` 0: untagged.
 */
void lan_send(struct lan *lan, size_t from, unsigned source,
    unsigned destination, uint16_t vlan);
/* How many frames came out at the end since the last call. */
size_t lan_got(struct lan *lan, size_t idx);
/* A frame is sent as above, and comes out at these ends only: bits of 1 <<
 * end. */
void lan_expect(struct lan *lan, size_t from, unsigned source,
    unsigned destination, unsigned ends);

#endif
