/* SPDX-License-Identifier: ISC */
/* The Ethernet header, its tags, and which parser looks behind it. */
#include "packet/ethernet.h"

#include <string.h>

#include "base/cursor.h"
#include "packet/ip.h"
#include "packet/l4.h"

#define VLAN_ID_MASK 0x0fff

/* A smaller ethertype is the length of an LLC frame (IEEE 802.3, 3.2.6). */
#define ETHERTYPE_LEAST 0x0600

static bool is_tag(uint16_t ethertype)
{
	return ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ;
}

/* Hosts and bridges do not agree whether a frame with a priority tag before
 * that of a VLAN is of the VLAN or untagged: Linux has it in the VLAN, its
 * bridges have it untagged. */
static uint16_t vlan_behind(uint16_t vlan, uint16_t control)
{
	return vlan || !(control & VLAN_ID_MASK) ? vlan : ETHERNET_VLAN_UNCLEAR;
}

static struct mac read_mac(struct cursor *c)
{
	struct mac mac;

	cursor_copy(c, mac.bytes, MAC_BYTES);
	return mac;
}

enum drop packet_parse_ethernet(struct packet *pkt)
{
	struct cursor c = cursor_of(packet_data(pkt), pkt->len);

	pkt->l2_bytes = 0;
	pkt->vlan = 0;
	pkt->destination_mac = read_mac(&c);
	pkt->source_mac = read_mac(&c);
	pkt->ethertype = cursor_be16(&c);
	for (int tags = 0; tags < ETHERNET_TAGS_MAX; tags++) {
		uint16_t control;

		if (!is_tag(pkt->ethertype))
			break;
		control = cursor_be16(&c);
		pkt->vlan = tags ? vlan_behind(pkt->vlan, control)
				 : control & VLAN_ID_MASK;
		pkt->ethertype = cursor_be16(&c);
	}
	if (is_tag(pkt->ethertype)) /* that the walk did not come to */
		pkt->vlan = vlan_behind(pkt->vlan, VLAN_ID_MASK);
	pkt->flow_hash = 0;
	if (c.has_failed)
		return DROP_HDR_TRUNC;
	pkt->l2_bytes = (uint8_t)(pkt->len - c.left);
	return DROP_NONE;
}

/* The ethertype in the SNAP header of an LLC frame (RFC 1042, and IEEE
 * 802.1H's tunnel); 0: it has none. */
static uint16_t read_snap(const struct packet *pkt)
{
	static const uint8_t rfc1042[] = {0xaa, 0xaa, 3, 0, 0, 0};
	static const uint8_t tunnel[] = {0xaa, 0xaa, 3, 0, 0, 0xf8};
	struct cursor c = cursor_of(packet_l3(pkt), packet_l3_len(pkt));
	const uint8_t *head = cursor_take(&c, sizeof(rfc1042));

	if (pkt->ethertype >= ETHERTYPE_LEAST || !head ||
	    (memcmp(head, rfc1042, sizeof(rfc1042)) != 0 &&
		memcmp(head, tunnel, sizeof(tunnel)) != 0))
		return 0;
	return cursor_be16(&c);
}

/* IP, or behind which or at which may be IP. */
static bool is_looked_at(uint16_t ethertype)
{
	return ethertype == ETHERTYPE_IPV4 || ethertype == ETHERTYPE_IPV6 ||
	       ethertype == ETHERTYPE_ARP || is_tag(ethertype);
}

/* The checks of the kernel's ip_rcv_core and ip6_rcv_core that are the
 * ethertype's; the others are packet_parse_ip's. */
static enum drop parse_ip(struct packet *pkt, uint8_t version)
{
	bool is_ipv4 = version == FAMILY_IPV4;

	if (packet_l3_len(pkt) < (is_ipv4 ? IPV4_BYTES : IPV6_BYTES))
		return DROP_IP_INHDR;
	if (packet_l3(pkt)[0] >> 4 != version)
		return is_ipv4 ? DROP_IP_INHDR : DROP_UNHANDLED_PROTO;
	return packet_parse_ip(pkt);
}

static enum drop parse_any(struct packet *pkt)
{
	if (pkt->ethertype == ETHERTYPE_IPV4)
		return parse_ip(pkt, FAMILY_IPV4);
	if (pkt->ethertype == ETHERTYPE_IPV6)
		return parse_ip(pkt, FAMILY_IPV6);
	if (is_tag(pkt->ethertype) || is_looked_at(read_snap(pkt)))
		return DROP_UNHANDLED_PROTO;
	return DROP_NONE;
}

enum drop packet_parse_payload(struct packet *pkt)
{
	enum drop reason;

	packet_forget_ip(pkt);
	reason = parse_any(pkt);
	if (reason)
		packet_forget_ip(pkt);
	if (pkt->family == FAMILY_NONE)
		pkt->flow_hash = l4_frame_hash(pkt);
	return reason;
}
