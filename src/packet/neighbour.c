/* SPDX-License-Identifier: ISC */
/* Claims to addresses, and messages that are a router's or a server's. */
#include "packet/neighbour.h"

#include "base/cursor.h"
#include "packet/ethernet.h"
#include "packet/ip.h"
#include "packet/l4.h"

#define ARP_TARGET_BYTES 10 /* of MAC and IPv4 address */
#define IPV4_ADDRESS	 4
#define IPV6_ADDRESS	 16

#define ICMP_REDIRECT		  5
#define ICMP_ROUTER_ADVERTISEMENT 9 /* RFC 1256 */

enum nd_type {
	ND_ROUTER_SOLICITATION = 133,
	ND_ROUTER_ADVERTISEMENT = 134,
	ND_NEIGHBOUR_SOLICITATION = 135,
	ND_NEIGHBOUR_ADVERTISEMENT = 136,
	ND_REDIRECT = 137,
};

#define ND_TARGET	 8 /* offset of the target address */
#define OPTION_SOURCE	 1 /* link-layer address of the source */
#define OPTION_TARGET	 2
#define OPTION_UNIT	 8
#define OPTION_HEADER	 2
#define OPTION_MAC_BYTES (OPTION_HEADER + MAC_BYTES)

/* DHCP by family: a client hears what comes to its port from any port. */
#define DHCP_SERVER   67
#define DHCP_CLIENT   68
#define DHCPV6_SERVER 547
#define DHCPV6_CLIENT 546

static struct cursor l4_cursor(const struct packet *pkt)
{
	return cursor_of(l4_data(pkt), l4_len(pkt));
}

static bool is_unspecified(const struct address *address)
{
	const struct address zeros = {.family = address->family};

	return address_is_equal(address, &zeros);
}

static void read_mac(struct cursor *c, struct neighbour_claim *claim)
{
	claim->has_mac = true;
	cursor_copy(c, claim->mac.bytes, MAC_BYTES);
}

static enum drop read_arp(struct cursor c, struct neighbour_claim *claim)
{
	struct address sender = {.family = FAMILY_IPV4};

	read_mac(&c, claim);
	cursor_copy(&c, sender.bytes, IPV4_ADDRESS);
	cursor_skip(&c, ARP_TARGET_BYTES);
	if (c.has_failed)
		return DROP_PKT_TOO_SMALL;
	if (!is_unspecified(&sender)) /* a probe's (RFC 5227, 1.1) */
		claim->address = sender;
	return DROP_NONE;
}

/* The kernel asks neither for the kind of hardware, nor, before it learns the
 * sender, for the operation. */
static enum drop parse_arp(
    const struct packet *pkt, struct neighbour_claim *claim)
{
	struct cursor c = cursor_of(packet_l3(pkt), packet_l3_len(pkt));
	uint8_t mac_bytes, address_bytes;
	uint16_t protocol;

	cursor_skip(&c, 2);
	protocol = cursor_be16(&c);
	mac_bytes = cursor_u8(&c);
	address_bytes = cursor_u8(&c);
	cursor_skip(&c, 2);
	if (c.has_failed)
		return DROP_PKT_TOO_SMALL;
	if (protocol != ETHERTYPE_IPV4)
		return DROP_NONE;
	if (mac_bytes != MAC_BYTES || address_bytes != IPV4_ADDRESS)
		return DROP_PKT_TOO_SMALL;
	return read_arp(c, claim);
}

static const struct nd_kind {
	uint8_t type;
	uint8_t bytes; /* without options */
	uint8_t option;
} nd_kinds[] = {
    {ND_ROUTER_SOLICITATION, 8, OPTION_SOURCE},
    {ND_ROUTER_ADVERTISEMENT, 16, OPTION_SOURCE},
    {ND_NEIGHBOUR_SOLICITATION, 24, OPTION_SOURCE},
    {ND_NEIGHBOUR_ADVERTISEMENT, 24, OPTION_TARGET},
    {ND_REDIRECT, 40, OPTION_TARGET},
};

static const struct nd_kind *find_kind(uint8_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(nd_kinds); i++)
		if (nd_kinds[i].type == type)
			return &nd_kinds[i];
	return NULL;
}

/* A solicitation from :: asks whether the sender may have the target. */
static bool has_claim(const struct packet *pkt, uint8_t type)
{
	return type == ND_NEIGHBOUR_ADVERTISEMENT ||
	       (type == ND_NEIGHBOUR_SOLICITATION &&
		   is_unspecified(&pkt->source));
}

/* One option; of several with a MAC address the first counts, as it does for
 * the kernel. False: damaged. */
static bool take_option(
    struct cursor *c, uint8_t wanted, struct neighbour_claim *claim)
{
	uint8_t kind = cursor_u8(c);
	size_t bytes = cursor_u8(c) * (size_t)OPTION_UNIT;
	struct cursor body = *c;

	if (bytes < OPTION_HEADER)
		return false;
	cursor_skip(c, bytes - OPTION_HEADER);
	if (c->has_failed)
		return false;
	if (kind == wanted && bytes != OPTION_MAC_BYTES)
		return false;
	if (kind == wanted && !claim->has_mac)
		read_mac(&body, claim);
	return true;
}

static enum drop parse_nd(const struct packet *pkt, const struct nd_kind *kind,
    struct neighbour_claim *claim)
{
	struct cursor c = l4_cursor(pkt), target = c;

	cursor_skip(&c, kind->bytes);
	if (c.has_failed)
		return DROP_PKT_TOO_SMALL;
	while (c.left)
		if (!take_option(&c, kind->option, claim))
			return DROP_IPV6_NDISC_BAD_OPTIONS;
	if (!has_claim(pkt, kind->type))
		return DROP_NONE;
	cursor_skip(&target, ND_TARGET);
	claim->address.family = FAMILY_IPV6;
	cursor_copy(&target, claim->address.bytes, IPV6_ADDRESS);
	return DROP_NONE;
}

/* Nobody may send ND in fragments (RFC 6980), and of a first one that is too
 * short for a type nobody knows whether it is. */
static enum drop parse_icmpv6(
    const struct packet *pkt, struct neighbour_claim *claim)
{
	struct cursor c = l4_cursor(pkt);
	bool is_empty = !c.left;
	const struct nd_kind *kind = find_kind(cursor_u8(&c));

	if (pkt->is_fragment && (kind || is_empty))
		return DROP_IPV6_NDISC_BAD_OPTIONS;
	return kind ? parse_nd(pkt, kind, claim) : DROP_NONE;
}

enum drop packet_parse_neighbour(
    const struct packet *pkt, struct neighbour_claim *ret)
{
	struct neighbour_claim claim = {.has_mac = false};
	enum drop reason = DROP_NONE;

	*ret = claim;
	if (pkt->ethertype == ETHERTYPE_ARP)
		reason = parse_arp(pkt, &claim);
	else if (pkt->family == FAMILY_IPV6 &&
		 pkt->l4_protocol == IP_PROTOCOL_ICMPV6 &&
		 !pkt->is_later_fragment)
		reason = parse_icmpv6(pkt, &claim);
	if (!reason)
		*ret = claim;
	return reason;
}

/* Of IP that the parser did not see to its end, but some hosts do: it can be
 * anything (RFC 7113, section 3). */
static bool is_opaque(const struct packet *pkt)
{
	struct packet copy = *pkt;
	enum drop reason = packet_parse_payload(&copy);

	return reason == DROP_IPV6_BAD_EXTHDR ||
	       (reason == DROP_UNHANDLED_PROTO &&
		   pkt->ethertype != ETHERTYPE_IPV6);
}

static bool is_router_type(uint8_t family, uint8_t type)
{
	if (family == FAMILY_IPV6)
		return type == ND_ROUTER_ADVERTISEMENT || type == ND_REDIRECT;
	return type == ICMP_ROUTER_ADVERTISEMENT || type == ICMP_REDIRECT;
}

bool packet_is_router_message(const struct packet *pkt)
{
	bool is_ipv6 = pkt->family == FAMILY_IPV6;
	struct cursor c;
	uint8_t type;

	if (pkt->family == FAMILY_NONE)
		return is_opaque(pkt);
	if (pkt->is_later_fragment ||
	    pkt->l4_protocol !=
		(is_ipv6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP))
		return false;
	c = l4_cursor(pkt);
	type = cursor_u8(&c);
	return c.has_failed ? pkt->is_fragment
			    : is_router_type(pkt->family, type);
}

/* Reads the ports itself: the parser's are 0 when the length in the header is
 * wrong, and some hosts take such a datagram. */
bool packet_is_dhcp_server_message(const struct packet *pkt)
{
	bool is_ipv6 = pkt->family == FAMILY_IPV6;
	uint16_t source, destination;
	struct cursor c;

	if (pkt->family == FAMILY_NONE)
		return is_opaque(pkt);
	if (pkt->is_later_fragment || pkt->l4_protocol != IP_PROTOCOL_UDP)
		return false;
	c = l4_cursor(pkt);
	source = cursor_be16(&c);
	destination = cursor_be16(&c);
	if (c.has_failed)
		return pkt->is_fragment;
	return source == (is_ipv6 ? DHCPV6_SERVER : DHCP_SERVER) ||
	       destination == (is_ipv6 ? DHCPV6_CLIENT : DHCP_CLIENT);
}
