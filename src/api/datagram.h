/* SPDX-License-Identifier: ISC */
/*
 * The messages between vpnd and a program that has attached to a socket of
 * type "client": a header and the payload of one UDP datagram.
 *
 * How it works: the header has DATAGRAM_HEADER_BYTES, its integers in network
 * order: version u8, family u8 (4 or 6), two bytes of zero, remote port u16,
 * local port u16, remote address (16 bytes, IPv4 in the first 4), local address
 * (likewise), length u32 of the datagram's payload as it came. Less of it may
 * follow, when the socket's filter trimmed it. To answer, the header goes back
 * as it is before another payload; the length is not looked at then. A local
 * address of zeros lets vpnd choose.
 */
#ifndef API_DATAGRAM_H
#define API_DATAGRAM_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"

#define DATAGRAM_VERSION      1
#define DATAGRAM_HEADER_BYTES 44
#define DATAGRAM_PAYLOAD_MAX  65507 /* of UDP in IPv4 */

struct datagram_head {
	struct address remote, local; /* local FAMILY_NONE: vpnd chooses */
	uint16_t remote_port, local_port;
	uint32_t payload_len; /* as it came */
};

void datagram_write(
    uint8_t to[DATAGRAM_HEADER_BYTES], const struct datagram_head *head);

/* 0, or -EINVAL: another version or family. */
must_check int datagram_read(
    struct datagram_head *ret, const uint8_t from[DATAGRAM_HEADER_BYTES]);

#endif
