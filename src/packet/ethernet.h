/* SPDX-License-Identifier: ISC */
/*
 * Ethernet frames: header, VLAN tags, and what is inside.
 *
 * How it works: a packet of a tap device begins with its Ethernet header.
 * packet_parse_ethernet finds l2_bytes, the length of the header with all of
 * its tags; the IP packet or ARP message lies behind it, at packet_l3. All
 * functions of this room that deal with IP work from packet_l3 on, so that
 * they serve tun (l2_bytes 0) and tap alike.
 */
#ifndef PACKET_ETHERNET_H
#define PACKET_ETHERNET_H

#include "base/attributes.h"
#include "base/drop.h"
#include "base/packet.h"

#define ETHERNET_BYTES	   14
#define ETHERNET_TAG_BYTES 4
/* Tags that the parser walks; a frame with more is one of an unknown
 * ethertype, and goes on. */
#define ETHERNET_TAGS_MAX 4
/* A reserved id (IEEE 802.1Q, table 9-2), which no list of VLANs has: that of
 * frames which are untagged for some and in a VLAN for others. */
#define ETHERNET_VLAN_UNCLEAR 4095

/* Ethertypes (IANA, IEEE). */
enum ethertype {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_VLAN = 0x8100, /* 802.1Q */
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_PAUSE = 0x8808, /* MAC control */
	ETHERTYPE_QINQ = 0x88a8,  /* 802.1ad */
};

/*
 * Fills l2_bytes, vlan (of the outermost tag; ETHERNET_VLAN_UNCLEAR when that
 * is a priority tag with a VLAN behind it), ethertype (behind all tags) and the
 * MAC addresses. DROP_NONE, or HDR_TRUNC: shorter than the header or its tags.
 */
must_check enum drop packet_parse_ethernet(struct packet *pkt);

/*
 * Looks at what a parsed frame carries and never refuses it: IP that is whole
 * fills the parser's fields of packet_parse_ip (family 0: no IP, or broken;
 * then the return value says why, DROP_NONE for another ethertype, and
 * flow_hash is that of addresses and ethertype). Bytes behind the IP packet, as
 * Ethernet's padding, stay. UNHANDLED_PROTO: what the frame carries is wrapped
 * so that the parser does not see it and some hosts do: behind more tags than
 * ETHERNET_TAGS_MAX, or IP or ARP in SNAP (CVE-2021-27853, CVE-2021-27861).
 */
must_check enum drop packet_parse_payload(struct packet *pkt);

#endif
