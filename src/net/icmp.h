/* SPDX-License-Identifier: ISC */
/*
 * ICMP errors about a packet, as the kernel's icmp_send and icmp6_send make
 * them (RFC 1122 3.2.2, RFC 1812 4.3, RFC 4443).
 */
#ifndef NET_ICMP_H
#define NET_ICMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/packet.h"

enum icmp_kind {
	ICMP_NO_ROUTE,
	ICMP_HOST_UNREACHABLE,
	ICMP_PROTOCOL_UNREACHABLE,
	ICMP_PORT_UNREACHABLE,
	ICMP_PROHIBITED,   /* by the administrator */
	ICMP_BEYOND_SCOPE, /* of its link-local source; IPv6 only */
	ICMP_TOO_BIG,	   /* value: the MTU */
	ICMP_TIME_EXCEEDED,
	ICMP_BAD_HEADER,     /* value: offset of the bad byte */
	ICMP_UNKNOWN_OPTION, /* value: its offset; IPv6 only */
	ICMP_KINDS
};

struct icmp_error {
	enum icmp_kind kind;
	uint32_t value;
};

/* Larger answers are cut (RFC 1812 4.3.2.3, RFC 4443 2.4). */
#define ICMP_ANSWER_BYTES_IPV4 576
#define ICMP_ANSWER_BYTES_IPV6 1280

/* One may say so about this parsed packet: it is no ICMP error itself, no later
 * fragment (of IPv4), neither from nor to many or nobody. */
must_check bool icmp_is_allowed(
    const struct packet *about, const struct icmp_error *error);

/* The kernel limits the rate of this kind; not of those that path MTU discovery
 * waits for. */
must_check bool icmp_is_limited(const struct icmp_error *error);

/* The error from `source` to the sender, parsed, in the frame that goes back if
 * there is one; NULL: no buffer is left. The caller owns it. */
must_check struct packet *icmp_make_error(struct pool *pool,
    const struct packet *about, const struct icmp_error *error,
    const struct address *source);

/* A fresh packet with the frame header that goes back to the sender, if `about`
 * has one. NULL: no buffer is left. */
must_check struct packet *icmp_make_frame(
    struct pool *pool, const struct packet *about);

#endif
