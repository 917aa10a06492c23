/* SPDX-License-Identifier: ISC */
/*
 * ARP (RFC 826, RFC 5227) and Neighbour Discovery (RFC 4861) as far as a
 * switch looks at them: which address does the sender claim to have?
 */
#ifndef PACKET_NEIGHBOUR_H
#define PACKET_NEIGHBOUR_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/drop.h"
#include "base/packet.h"

/* What a frame says of addresses. */
struct neighbour_claim {
	/* Family NONE: it claims none (a probe, another protocol). The ARP
	 * sender's, the target of an advertisement, the target of a
	 * solicitation for duplicate address detection. */
	struct address address;
	/* Of the ARP sender or in a link-layer address option; unset: none. */
	bool has_mac;
	struct mac mac;
};

/* Of a parsed frame (packet_parse_ethernet, packet_parse_payload). DROP_NONE,
 * or PKT_TOO_SMALL or IPV6_NDISC_BAD_OPTIONS: an ARP or ND message that is
 * damaged, or in fragments (RFC 6980); then *ret claims nothing. */
must_check enum drop packet_parse_neighbour(
    const struct packet *pkt, struct neighbour_claim *ret);

/* Messages that only a router or a server sends: router advertisements and
 * redirects, of ICMP as well as ICMPv6; DHCP and DHCPv6 from a server's or to
 * a client's port. A fragment, or IP behind headers that the parser does not
 * see, that could hide one counts as one (RFC 7113). */
must_check bool packet_is_router_message(const struct packet *pkt);
must_check bool packet_is_dhcp_server_message(const struct packet *pkt);

#endif
