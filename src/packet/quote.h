/* SPDX-License-Identifier: ISC */
/*
 * The packet that an ICMP error is about: its first bytes are in the error.
 *
 * Everything in it was chosen by the sender of the error, and it is cut where
 * that one liked: it is read, and believed by nobody.
 */
#ifndef PACKET_QUOTE_H
#define PACKET_QUOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/packet.h"

struct quote {
	struct address source, destination;
	uint8_t family, protocol;
	uint16_t source_port, destination_port; /* of TCP and UDP */
	uint8_t icmp_type, icmp_code;		/* of ICMP */
	uint16_t icmp_id;
};

/* `pkt` is a parsed ICMP error. False: what it quotes is damaged, a later
 * fragment, or cut before the ports. */
must_check bool quote_read(const struct packet *pkt, struct quote *ret);

#endif
