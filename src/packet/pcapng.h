/* SPDX-License-Identifier: ISC */
/*
 * pcapng, the file that Wireshark and tcpdump read: its blocks, written one by
 * one into the caller's bytes (draft-ietf-opsawg-pcapng).
 *
 * A file begins with a section, then come its interfaces, numbered from 0 in
 * their order, then packets. tcpdump -r wants all interfaces to have the same
 * link type and snap length, and of PCAPNG_IP no more than one. Numbers are
 * little-endian, times nanoseconds since 1970. Each function returns how many
 * bytes it wrote, 0 when they did not fit.
 */
#ifndef PACKET_PCAPNG_H
#define PACKET_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* Link types (the registry's, tcpdump.org/linktypes.html). */
#define PCAPNG_ETHERNET 1
#define PCAPNG_IP	101 /* an IPv4 or IPv6 header comes first */

/* What a packet's block has beside its bytes and its comment. */
#define PCAPNG_PACKET_BYTES 80

struct pcapng_interface {
	const char *name;
	uint16_t link_type;
	uint32_t snap_bytes;
};

struct pcapng_packet {
	uint32_t interface;
	uint64_t time_ns;
	const uint8_t *bytes;
	uint32_t captured, len; /* of them, and of the packet */
	bool is_outbound;
	uint64_t lost;	     /* packets, right before this one */
	const char *comment; /* UTF-8; NULL: none */
};

/* `application`: the program that writes the file. */
must_check size_t pcapng_section(
    uint8_t *to, size_t room, const char *application);
must_check size_t pcapng_interface(
    uint8_t *to, size_t room, const struct pcapng_interface *interface);
must_check size_t pcapng_packet(
    uint8_t *to, size_t room, const struct pcapng_packet *packet);
/* At the end: how many packets that were wanted are not in the file. */
must_check size_t pcapng_statistics(uint8_t *to, size_t room,
    uint32_t interface, uint64_t time_ns, uint64_t lost);

#endif
