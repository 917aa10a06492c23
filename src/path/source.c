/* SPDX-License-Identifier: ISC */
/* The check that makes an address inside as good as a key. */
#include "path/source.h"

#include "base/cursor.h"
#include "packet/ip.h"
#include "packet/neighbour.h"
#include "path/martian.h"
#include "path/run.h"

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68

/* ICMPv6 types (IANA). */
enum {
	MLD_REPORT = 131,
	MLD_DONE = 132,
	ROUTER_SOLICITATION = 133,
	NEIGHBOUR_SOLICITATION = 135,
	MLD2_REPORT = 143,
};

static const struct prefix unspecified_ipv6 = {{.family = FAMILY_IPV6}, 128};
static const struct prefix link_multicast_ipv6 = {
    {FAMILY_IPV6, {0xff, 0x02}}, 16};
static const struct prefix unspecified_ipv4 = {{.family = FAMILY_IPV4}, 32};

static bool is_dhcp_request(const struct packet *pkt)
{
	return prefix_has(&unspecified_ipv4, &pkt->source) &&
	       pkt->l4_protocol == IP_PROTOCOL_UDP &&
	       pkt->source_port == DHCP_CLIENT_PORT &&
	       pkt->destination_port == DHCP_SERVER_PORT;
}

static uint8_t icmpv6_type(const struct packet *pkt)
{
	struct cursor c = cursor_of(packet_l3(pkt), pkt->ip_bytes);

	cursor_skip(&c, pkt->l3_bytes);
	return cursor_u8(&c);
}

/* Duplicate address detection, and who listens to which group. */
static bool is_first_word_of_ipv6(const struct packet *pkt)
{
	if (!prefix_has(&unspecified_ipv6, &pkt->source) ||
	    !prefix_has(&link_multicast_ipv6, &pkt->destination) ||
	    pkt->l4_protocol != IP_PROTOCOL_ICMPV6)
		return false;
	switch (icmpv6_type(pkt)) {
	case MLD_REPORT:
	case MLD_DONE:
	case ROUTER_SOLICITATION:
	case NEIGHBOUR_SOLICITATION:
	case MLD2_REPORT:
		return true;
	default:
		return false;
	}
}

/* A tun device has no link on which a host could look for an address. */
static bool has_no_address_yet(const struct packet *pkt)
{
	if (!pkt->l2_bytes || pkt->is_fragment)
		return false;
	return pkt->family == FAMILY_IPV4 ? is_dhcp_request(pkt)
					  : is_first_word_of_ipv6(pkt);
}

/* Allowed IPs. */
static enum drop check_owner(const struct path *path, const struct packet *pkt)
{
	if (tunnel_route(path->setup.tunnel, &pkt->source) != pkt->peer)
		return DROP_IP_RPFILTER;
	return DROP_NONE;
}

enum drop source_check(const struct path *path, const struct packet *pkt)
{
	enum drop reason = martian_check(pkt);

	if (!reason)
		reason = martian_check_local(
		    pkt, path->addresses, path->addresses_count);
	if (!reason && !has_no_address_yet(pkt))
		reason = check_owner(path, pkt);
	return reason;
}

static bool is_own(const struct path *path, const struct address *address)
{
	for (size_t i = 0; i < path->addresses_count; i++)
		if (address_is_equal(&path->addresses[i].address, address))
			return true;
	return false;
}

enum drop source_check_claim(const struct path *path, const struct packet *pkt)
{
	struct neighbour_claim claim;
	enum drop reason = packet_parse_neighbour(pkt, &claim);

	if (reason || claim.address.family == FAMILY_NONE)
		return reason;
	if (is_own(path, &claim.address) ||
	    tunnel_route(path->setup.tunnel, &claim.address) != pkt->peer)
		return DROP_VPN_NEIGH;
	return DROP_NONE;
}
