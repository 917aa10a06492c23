/* SPDX-License-Identifier: ISC */
/* Addresses: an IP address, a prefix, a UDP endpoint; and their text forms. */
#ifndef BASE_ENDPOINT_H
#define BASE_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

enum family {
	FAMILY_NONE = 0,
	FAMILY_IPV4 = 4,
	FAMILY_IPV6 = 6,
};

/* bytes[0..3] for IPv4, all 16 for IPv6, network order; the rest is zero. */
struct address {
	enum family family;
	uint8_t bytes[16];
};

struct prefix {
	struct address address;
	uint8_t bits; /* 0..32 or 0..128 */
};

/*
 * The far end of an outer datagram, and our own end of it: `source` and
 * `source_ifindex` are what the last authenticated datagram came to (sticky
 * source address); FAMILY_NONE lets the kernel choose.
 */
struct endpoint {
	struct address address;
	uint16_t port;	   /* host order */
	uint32_t scope_id; /* IPv6 link-local */
	struct address source;
	uint32_t source_ifindex;
};

#define ADDRESS_TEXT_BYTES  46 /* with the final NUL */
#define PREFIX_TEXT_BYTES   50
#define ENDPOINT_TEXT_BYTES 72 /* "[v6%scope]:port" */

/* 32 or 128; 0 for FAMILY_NONE. */
unsigned address_bits(enum family family);

bool address_is_equal(const struct address *a, const struct address *b);

/* Same far end (address, port, scope); our own end is not compared. */
bool endpoint_is_equal(const struct endpoint *a, const struct endpoint *b);

bool prefix_is_equal(const struct prefix *a, const struct prefix *b);

bool prefix_has(const struct prefix *prefix, const struct address *address);

/* Clears the host bits. Returns true when there were any. */
bool prefix_mask(struct prefix *prefix);

/*
 * Parse the canonical text forms; no octal, no leading zeros, no zone in
 * addresses and prefixes. A prefix without "/bits" is a host prefix; its host
 * bits are kept (see prefix_mask). An endpoint is "1.2.3.4:51820" or
 * "[fd00::1]:51820", port 1..65535. Return 0 or -EINVAL.
 */
must_check int address_parse(struct address *ret, const char *text);
must_check int prefix_parse(struct prefix *ret, const char *text);
must_check int endpoint_parse(struct endpoint *ret, const char *text);

/* Write text with its NUL; `room` must be the *_TEXT_BYTES above. Return it. */
const char *address_format(
    const struct address *address, char *text, size_t room);
const char *prefix_format(const struct prefix *prefix, char *text, size_t room);
const char *endpoint_format(
    const struct endpoint *endpoint, char *text, size_t room);

#endif
