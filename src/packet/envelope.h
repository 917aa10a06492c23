/* SPDX-License-Identifier: ISC */
/*
 * The headers of a datagram of ours, as they were on the wire: for captures,
 * whose readers want more than a UDP socket tells.
 */
#ifndef PACKET_ENVELOPE_H
#define PACKET_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"

#define ENVELOPE_BYTES_MAX 62 /* Ethernet, IPv6, UDP */

struct envelope {
	/* Far end and our own end; without a `source` it is unspecified. */
	const struct endpoint *endpoint;
	uint16_t own_port;
	bool is_outbound, is_ethernet; /* with an Ethernet header of zeros */
	uint8_t ecn;
	const uint8_t *payload;
	uint32_t len;
};

/*
 * Writes Ethernet (if asked for), IP and UDP headers with right lengths and
 * checksums (of UDP over IPv4: none), TTL 64. Returns their length, 0: the
 * endpoint has no address, or the datagram is too long.
 */
must_check size_t envelope_write(
    uint8_t to[ENVELOPE_BYTES_MAX], const struct envelope *envelope);

#endif
