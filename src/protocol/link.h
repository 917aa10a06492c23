/* SPDX-License-Identifier: ISC */
/*
 * What a tunnel carries, IP packets or Ethernet frames, and how its plaintext
 * says so.
 *
 * How it works: an IP packet is its own head, the version nibble tells the
 * state of its checksum. An Ethernet frame begins with bytes of anybody's
 * choice and says no length, so it gets a head of WIRE_ETHERNET_HEAD bytes:
 * its kind, and how much padding is behind it.
 */
#ifndef PROTOCOL_LINK_H
#define PROTOCOL_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/drop.h"
#include "base/packet.h"
#include "protocol/wire.h"

/* Is a plaintext with this first byte what plain WireGuard sends? */
static inline bool link_is_plain_ip(uint8_t first)
{
	return first >> 4 == WIRE_NIBBLE_IPV4 || first >> 4 == WIRE_NIBBLE_IPV6;
}

/* Does a plaintext with this first byte carry traffic as it is? */
bool link_is_payload(uint8_t first);
bool link_is_ethernet(uint8_t first);

/*
 * Of a payload: makes pkt the IP packet or the frame, with checksum and frame
 * set. DROP_VPN_LINK: it is the other link's; DROP_VPN_FRAME: it says more
 * padding than there is, or is empty.
 */
must_check enum drop link_restore(enum wire_link link, struct packet *pkt);

/* Tells the state of an IP packet's checksum in its version nibble. */
void link_tell_state(struct packet *pkt);
/* The same, of bytes. */
void link_write_state(uint8_t *first, enum checksum_state state);
/* Puts the head before a frame, without padding yet. */
void link_put_head(struct packet *pkt);
/* `padding` zeros will follow the frame behind the head, less than 256. */
void link_tell_padding(struct packet *pkt, uint32_t padding);
/* Both at once, WIRE_ETHERNET_HEAD bytes. */
void link_write_head(uint8_t *to, enum checksum_state state, uint32_t padding);

#endif
