/* SPDX-License-Identifier: ISC */
/* Which ICMP errors there are, about what, and how they are written. */
#include "net/icmp.h"

#include <string.h>

#include "base/cursor.h"
#include "packet/build.h"
#include "packet/ip.h"
#include "packet/l4.h"

#define ICMP_CHECKSUM 2

/* Types of ICMP that are not errors (IANA); unknown ones count as errors. */
#define ICMP_QUERIES                                                           \
	(1u << 0 | 1u << 8 | 1u << 13 | 1u << 14 | 1u << 15 | 1u << 16 |       \
	    1u << 17 | 1u << 18)
#define ICMP_QUERY_MAX	   18
#define OPTION_ACTION	   0xc0
#define OPTION_SAY	   0x80 /* of OPTION_ACTION: to groups, too */
#define ICMPV6_INFORMATION 0x80 /* bit of the types that are no errors */

/* Answers have the precedence "internetwork control" (RFC 1812 4.3.2.5), and
 * the type of service of what they are about. */
#define TOS_CONTROL 0xc0
#define TOS_SERVICE 0x1e

static const struct shape {
	uint8_t type, code;
} shapes[ICMP_KINDS][2] = {
    [ICMP_NO_ROUTE] = {{3, 0}, {1, 0}},
    [ICMP_HOST_UNREACHABLE] = {{3, 1}, {1, 3}},
    [ICMP_PROTOCOL_UNREACHABLE] = {{3, 2}, {4, 1}},
    [ICMP_PORT_UNREACHABLE] = {{3, 3}, {1, 4}},
    [ICMP_PROHIBITED] = {{3, 13}, {1, 1}},
    [ICMP_BEYOND_SCOPE] = {{3, 1}, {1, 2}},
    [ICMP_TOO_BIG] = {{3, 4}, {2, 0}},
    [ICMP_TIME_EXCEEDED] = {{11, 0}, {3, 0}},
    [ICMP_BAD_HEADER] = {{12, 0}, {4, 0}},
    [ICMP_UNKNOWN_OPTION] = {{12, 0}, {4, 2}},
};

/* ---- about what ---- */

static const struct prefix zero_ipv4 = {{.family = FAMILY_IPV4}, 32};
static const struct prefix broadcast_ipv4 = {
    {FAMILY_IPV4, {255, 255, 255, 255}}, 32};
static const struct prefix multicast_ipv4 = {{FAMILY_IPV4, {224}}, 4};
static const struct prefix zero_ipv6 = {{.family = FAMILY_IPV6}, 128};
static const struct prefix multicast_ipv6 = {{FAMILY_IPV6, {0xff}}, 8};

static bool is_many(const struct address *address)
{
	return prefix_has(&broadcast_ipv4, address) ||
	       prefix_has(&multicast_ipv4, address) ||
	       prefix_has(&multicast_ipv6, address);
}

static bool is_nobody(const struct address *address)
{
	return prefix_has(&zero_ipv4, address) ||
	       prefix_has(&zero_ipv6, address);
}

static bool is_error_ipv4(const struct packet *pkt)
{
	uint8_t type;

	if (pkt->l4_protocol != IP_PROTOCOL_ICMP)
		return false;
	if (!l4_len(pkt))
		return true;
	type = l4_data(pkt)[0];
	return type > ICMP_QUERY_MAX || !(ICMP_QUERIES >> type & 1);
}

/* A fragment without the ICMP header may be one of anything, and is answered
 * (RFC 8200 4.5 does not forbid it): the kernel does so too. */
static bool is_error_ipv6(const struct packet *pkt)
{
	if (pkt->l4_protocol != IP_PROTOCOL_ICMPV6 || pkt->is_later_fragment)
		return false;
	if (!l4_len(pkt))
		return !pkt->is_fragment;
	return !(l4_data(pkt)[0] & ICMPV6_INFORMATION);
}

/* Path MTU discovery works for groups, and an option may say that it has to be
 * known to them (RFC 4443 2.4, e.3). */
static bool is_for_groups(
    const struct packet *about, const struct icmp_error *error)
{
	if (error->kind == ICMP_UNKNOWN_OPTION)
		return (packet_l3(about)[error->value] & OPTION_ACTION) ==
		       OPTION_SAY;
	return error->kind == ICMP_TOO_BIG;
}

bool icmp_is_allowed(const struct packet *about, const struct icmp_error *error)
{
	if (is_many(&about->source) || is_nobody(&about->source))
		return false;
	if (about->family == FAMILY_IPV4)
		return !about->is_later_fragment &&
		       !is_many(&about->destination) && !is_error_ipv4(about);
	if (is_many(&about->destination) && !is_for_groups(about, error))
		return false;
	return about->family == FAMILY_IPV6 && !is_error_ipv6(about);
}

bool icmp_is_limited(const struct icmp_error *error)
{
	return error->kind != ICMP_TOO_BIG;
}

/* ---- how ---- */

/* Where in the packet the L4 protocol's number stands. */
static uint32_t protocol_offset(const struct packet *about)
{
	const uint8_t *bytes = packet_l3(about);
	uint32_t at = 6, next = IPV6_BYTES;

	while (next < about->l3_bytes) {
		uint8_t kind = bytes[at], units = bytes[next + 1];

		at = next;
		if (kind == IP_PROTOCOL_AH)
			next += (units + 2u) * 4;
		else if (kind == IP_PROTOCOL_FRAGMENT)
			next += 8;
		else
			next += (units + 1u) * 8;
	}
	return at;
}

/* The 32 bits behind the checksum. */
static uint32_t parameter(
    const struct packet *about, const struct icmp_error *error)
{
	bool is_ipv4 = about->family == FAMILY_IPV4;

	if (error->kind == ICMP_PROTOCOL_UNREACHABLE)
		return is_ipv4 ? 0 : protocol_offset(about);
	if (error->kind == ICMP_BAD_HEADER && is_ipv4)
		return error->value << 24;
	return error->value;
}

static uint8_t traffic_class(const struct packet *about)
{
	if (about->family == FAMILY_IPV6)
		return 0;
	return (packet_l3(about)[1] & TOS_SERVICE) | TOS_CONTROL;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t quoted_bytes(const struct pool *pool, const struct packet *about)
{
	bool is_ipv4 = about->family == FAMILY_IPV4;
	size_t largest =
	    is_ipv4 ? ICMP_ANSWER_BYTES_IPV4 : ICMP_ANSWER_BYTES_IPV6;

	largest = smaller(largest, pool_largest(pool) - about->l2_bytes);
	largest -= (is_ipv4 ? IPV4_BYTES : IPV6_BYTES) + ICMP_BYTES;
	return smaller(largest, about->ip_bytes);
}

static void swap_macs(uint8_t *frame)
{
	uint8_t to[MAC_BYTES];

	memcpy(to, frame, MAC_BYTES);
	memcpy(frame, frame + MAC_BYTES, MAC_BYTES);
	memcpy(frame + MAC_BYTES, to, MAC_BYTES);
}

struct packet *icmp_make_frame(struct pool *pool, const struct packet *about)
{
	struct packet *pkt = pool_get(pool);

	if (!pkt || !about->l2_bytes)
		return pkt;
	pkt->l2_bytes = about->l2_bytes;
	pkt->vlan = about->vlan;
	pkt->ethertype = about->ethertype;
	pkt->source_mac = about->destination_mac;
	pkt->destination_mac = about->source_mac;
	memcpy(packet_data(pkt), packet_data(about), about->l2_bytes);
	swap_macs(packet_data(pkt));
	return pkt;
}

struct packet *icmp_make_error(struct pool *pool, const struct packet *about,
    const struct icmp_error *error, const struct address *source)
{
	bool is_ipv4 = about->family == FAMILY_IPV4;
	const struct shape *shape = &shapes[error->kind][is_ipv4 ? 0 : 1];
	size_t quoted = quoted_bytes(pool, about);
	struct build_ip head = {
	    .source = source,
	    .destination = &about->source,
	    .l4_protocol = is_ipv4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMPV6,
	    .traffic_class = traffic_class(about),
	    .l4_bytes = ICMP_BYTES + quoted,
	};
	struct packet *pkt = icmp_make_frame(pool, about);
	struct writer w;

	if (!pkt)
		return NULL;
	w = build_ip(pkt, &head);
	writer_be(&w, shape->type, 1);
	writer_be(&w, shape->code, 1);
	writer_zeros(&w, 2);
	writer_be(&w, parameter(about, error), 4);
	writer_bytes(&w, packet_l3(about), quoted);
	build_finish(pkt, ICMP_CHECKSUM);
	return pkt;
}
