/* SPDX-License-Identifier: ISC */
/* Martians, in the kernel's order. */
#include "path/martian.h"

#include <string.h>

static const struct prefix zero_ipv4 = {{.family = FAMILY_IPV4}, 32};
static const struct prefix broadcast_ipv4 = {
    {FAMILY_IPV4, {255, 255, 255, 255}}, 32};
static const struct prefix loopback_ipv4 = {{FAMILY_IPV4, {127}}, 8};
static const struct prefix multicast_ipv4 = {{FAMILY_IPV4, {224}}, 4};
static const struct prefix local_multicast_ipv4 = {{FAMILY_IPV4, {224}}, 24};
static const struct prefix zero_ipv6 = {{.family = FAMILY_IPV6}, 128};
static const struct prefix loopback_ipv6 = {{FAMILY_IPV6, {[15] = 1}}, 128};
static const struct prefix link_local_ipv6 = {{FAMILY_IPV6, {0xfe, 0x80}}, 10};
static const struct prefix multicast_ipv6 = {{FAMILY_IPV6, {0xff}}, 8};
static const struct prefix mapped_ipv6 = {
    {FAMILY_IPV6, {[10] = 255, [11] = 255}}, 96};

/* The last address of an IPv4 network that has more than two. */
bool martian_is_broadcast_of(
    const struct prefix *network, const struct address *address)
{
	uint32_t host = 0;

	if (address->family != FAMILY_IPV4 || network->bits >= 31 ||
	    !prefix_has(network, address))
		return false;
	for (size_t i = 0; i < 4; i++)
		host = host << 8 | address->bytes[i];
	return !(~host & UINT32_MAX >> network->bits);
}

/* DHCP and its elders, and who joins a group: from nobody yet. */
static bool is_of_boot(const struct packet *pkt)
{
	return prefix_has(&zero_ipv4, &pkt->source) &&
	       (prefix_has(&broadcast_ipv4, &pkt->destination) ||
		   prefix_has(&zero_ipv4, &pkt->destination) ||
		   prefix_has(&local_multicast_ipv4, &pkt->destination));
}

/* To all: by then the kernel has not looked for loopback addresses yet, but
 * finds that they are its own. */
static enum drop check_broadcast(const struct packet *pkt)
{
	if (martian_is_broadcast_of(&loopback_ipv4, &pkt->source))
		return DROP_IP_INVALID_SOURCE;
	return prefix_has(&loopback_ipv4, &pkt->source) ? DROP_IP_LOCAL_SOURCE
							: DROP_NONE;
}

static enum drop check_ipv4(const struct packet *pkt)
{
	if (prefix_has(&multicast_ipv4, &pkt->source) ||
	    prefix_has(&broadcast_ipv4, &pkt->source))
		return DROP_IP_INVALID_SOURCE;
	if (is_of_boot(pkt))
		return DROP_NONE;
	if (prefix_has(&broadcast_ipv4, &pkt->destination))
		return check_broadcast(pkt);
	if (prefix_has(&zero_ipv4, &pkt->source))
		return DROP_IP_INVALID_SOURCE;
	if (prefix_has(&zero_ipv4, &pkt->destination))
		return DROP_IP_INVALID_DEST;
	if (prefix_has(&loopback_ipv4, &pkt->destination) ||
	    prefix_has(&loopback_ipv4, &pkt->source))
		return DROP_IP_LOCALNET;
	return DROP_NONE;
}

/* Loopback and multicast sources died in the parser, as in ip6_rcv_core. An
 * IPv4-mapped one would let an IPv6 packet pose as an IPv4 host. */
static enum drop check_ipv6(const struct packet *pkt)
{
	return prefix_has(&mapped_ipv6, &pkt->source) ? DROP_IP_INVALID_SOURCE
						      : DROP_NONE;
}

enum drop martian_check(const struct packet *pkt)
{
	return pkt->family == FAMILY_IPV4 ? check_ipv4(pkt) : check_ipv6(pkt);
}

enum drop martian_check_local(
    const struct packet *pkt, const struct prefix *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (address_is_equal(&addresses[i].address, &pkt->source))
			return DROP_IP_LOCAL_SOURCE;
		if (martian_is_broadcast_of(&addresses[i], &pkt->source))
			return DROP_IP_INVALID_SOURCE;
	}
	return DROP_NONE;
}

/* The address of all routers of an IPv6 network (RFC 4291, 2.6.1), which a
 * network of two has not (RFC 6164). */
static bool is_anycast_of(
    const struct prefix *network, const struct address *address)
{
	struct prefix alone = {*address, network->bits};

	if (address->family != FAMILY_IPV6 || network->bits >= 127 ||
	    !prefix_has(network, address))
		return false;
	prefix_mask(&alone);
	return address_is_equal(&alone.address, address);
}

bool martian_is_local(
    const struct address *address, const struct prefix *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (address_is_equal(&addresses[i].address, address) ||
		    martian_is_broadcast_of(&addresses[i], address) ||
		    is_anycast_of(&addresses[i], address))
			return true;
	return false;
}

bool martian_is_routable(const struct address *address)
{
	static const struct prefix *const others[] = {
	    &zero_ipv4,
	    &broadcast_ipv4,
	    &loopback_ipv4,
	    &multicast_ipv4,
	    &zero_ipv6,
	    &loopback_ipv6,
	    &link_local_ipv6,
	    &multicast_ipv6,
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (prefix_has(others[i], address))
			return false;
	return true;
}
