/* SPDX-License-Identifier: ISC */
/* One line about a packet, for people. */
#ifndef PACKET_PRINT_H
#define PACKET_PRINT_H

#include <stddef.h>

#include "base/packet.h"

#define PACKET_TEXT_BYTES 128 /* with the final NUL; the longest line fits */

/*
 * "udp 10.9.0.7:4000 > 10.9.0.1:53 len 80"; of a frame without IP
 * "02:00:00:00:00:01 > 02:00:00:00:00:02 ethertype 0x88cc len 60", or "arp"
 * before the addresses; of a tagged frame " vlan 7" behind it; of a packet
 * that was not parsed "from 192.0.2.1:51820 len 148" or "len 148". Looks at the
 * fields only, never at the bytes. `room` is PACKET_TEXT_BYTES or more. Returns
 * text.
 */
const char *packet_print(const struct packet *pkt, char *text, size_t room);

/* "udp"; NULL: it has no name here. */
const char *packet_protocol_name(uint8_t protocol);

#endif
