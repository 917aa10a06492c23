/* SPDX-License-Identifier: ISC */
/* What the stages say of their verdicts: headers, addresses, ways. */
#include "path/why.h"

#include "packet/cut.h"
#include "packet/ethernet.h"
#include "packet/ip.h"
#include "path/mtu.h"
#include "path/run.h"
#include "protocol/wire.h"

#define IPV4_TOTAL   2
#define IPV6_PAYLOAD 4

/* ---- headers ---- */

void why_eth(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	char source[MAC_TEXT_BYTES], destination[MAC_TEXT_BYTES];

	(void)path;
	if (pkt->drop)
		return;
	why_add(why, "%s > %s ethertype 0x%04x",
	    mac_format(&pkt->source_mac, source, sizeof(source)),
	    mac_format(&pkt->destination_mac, destination, sizeof(destination)),
	    pkt->ethertype);
	if (pkt->vlan == ETHERNET_VLAN_UNCLEAR)
		why_add(why, " vlan unclear");
	else if (pkt->vlan)
		why_add(why, " vlan %u", pkt->vlan);
}

static uint32_t word_at(const struct packet *pkt, size_t at)
{
	const uint8_t *bytes = packet_l3(pkt) + at;

	return (uint32_t)bytes[0] << 8 | bytes[1];
}

/* The fixed header was there, or it would have been another reason. */
static void why_too_small(const struct packet *pkt, struct path_why *why)
{
	uint32_t wanted = pkt->family == FAMILY_IPV4
			      ? word_at(pkt, IPV4_TOTAL)
			      : IPV6_BYTES + word_at(pkt, IPV6_PAYLOAD);

	why_add(why, "the header says %u bytes, %u are there", wanted,
	    packet_l3_len(pkt));
}

static void why_header(const struct packet *pkt, struct path_why *why)
{
	if (pkt->family == FAMILY_IPV4)
		why_add(why, "IPv4 ihl %u ttl %u checksum ok",
		    pkt->l3_bytes / 4, pkt->ttl);
	else
		why_add(why, "IPv6 hop limit %u", pkt->ttl);
	if (pkt->is_fragment)
		why_add(why, "; fragment at %u", pkt->fragment_offset);
}

void why_ip(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	(void)path;
	if (pkt->drop == DROP_PKT_TOO_SMALL)
		why_too_small(pkt, why);
	else if (!pkt->drop && pkt->family != FAMILY_NONE)
		why_header(pkt, why);
	else if (!pkt->drop)
		why_add(why, "not IP");
}

void why_frame_out(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	why_eth(path, pkt, why);
	if (pkt->drop || pkt->family == FAMILY_NONE)
		return;
	why_add(why, "; ");
	why_header(pkt, why);
}

/* ---- addresses ---- */

static void add_address(struct path_why *why, const struct address *address)
{
	char text[ADDRESS_TEXT_BYTES];

	why_add(why, "%s", address_format(address, text, sizeof(text)));
}

/* "in bob's 10.9.0.7/32", "not in any of bob's 3 allowed_ips (10.9.0.7/32,
 * ...)" */
static void add_owner(const struct path *path, const struct peer *peer,
    const struct address *address, struct path_why *why)
{
	char text[PREFIX_TEXT_BYTES];
	const char *name = tunnel_peer_name(peer);
	struct prefix prefix;
	size_t count =
	    tunnel_route_prefix(path->setup.tunnel, peer, address, &prefix);

	if (!count) {
		why_add(why, "%s has no allowed_ips", name);
		return;
	}
	prefix_format(&prefix, text, sizeof(text));
	if (prefix_has(&prefix, address))
		why_add(why, "in %s's %s", name, text);
	else if (count == 1)
		why_add(why, "not in %s's %s", name, text);
	else
		why_add(why, "not in any of %s's %zu allowed_ips (%s, ...)",
		    name, count, text);
}

static void why_foreign(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	const struct peer *owner =
	    tunnel_route(path->setup.tunnel, &pkt->source);

	add_address(why, &pkt->source);
	why_add(why, " ");
	add_owner(path, pkt->peer, &pkt->source, why);
	if (!owner || owner == pkt->peer)
		return;
	why_add(why, ", but ");
	add_owner(path, owner, &pkt->source, why);
}

static bool is_own(const struct path *path, const struct address *address)
{
	for (size_t i = 0; i < path->addresses_count; i++)
		if (address_is_equal(&path->addresses[i].address, address))
			return true;
	return false;
}

static void why_accepted(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	if (tunnel_peer_has_allowed_ips(pkt->peer)) {
		add_address(why, &pkt->source);
		why_add(why, " ");
		add_owner(path, pkt->peer, &pkt->source, why);
		why_add(why, "; ");
	}
	add_address(why, &pkt->destination);
	why_add(why, " ");
	if (pkt->to_peer)
		add_owner(path, pkt->to_peer, &pkt->destination, why);
	else if (is_own(path, &pkt->destination))
		why_add(why, "is local");
	else
		why_add(why, "is for the host to route");
}

/* The address that a martian's reason is about. */
static const struct address *accused(const struct packet *pkt)
{
	return pkt->drop == DROP_IP_INVALID_DEST ? &pkt->destination
						 : &pkt->source;
}

void why_rcv_finish(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	if (pkt->family == FAMILY_NONE)
		return;
	switch (pkt->drop) {
	case DROP_NONE:
		why_accepted(path, pkt, why);
		break;
	case DROP_IP_RPFILTER:
		why_foreign(path, pkt, why);
		break;
	case DROP_IP_INVALID_SOURCE:
	case DROP_IP_INVALID_DEST:
	case DROP_IP_LOCAL_SOURCE:
		add_address(why, accused(pkt));
		why_add(why, ": %s", drop_text(pkt->drop));
		break;
	default:
		break;
	}
}

/* ---- ways ---- */

static void why_larger(const struct path *path, const struct packet *pkt,
    const struct peer *peer, struct path_why *why)
{
	if (pkt->l2_bytes)
		why_add(why, "%u bytes with its head, and %s takes %u",
		    pkt->len + WIRE_ETHERNET_HEAD, tunnel_peer_name(peer),
		    tunnel_peer_largest_frame(peer));
	else
		why_add(why, "%zu bytes, and the way to %s takes %zu",
		    packet_wire_bytes(pkt), tunnel_peer_name(peer),
		    mtu_of(path, peer, pkt->family));
}

static void why_forwarded(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	why_add(why, "to %s", tunnel_peer_name(pkt->to_peer));
	if (!pkt->l2_bytes)
		why_add(why, " with ttl %u", pkt->ttl);
	why_add(why, "; ");
	why_hook(path, HOOK_FORWARD, pkt, why);
}

void why_forward(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	if (pkt->drop == DROP_PKT_TOO_BIG)
		why_larger(path, pkt, pkt->to_peer, why);
	else if (pkt->drop == DROP_IP_INHDR)
		why_add(why, "ttl %u runs out here", pkt->ttl);
	else if (pkt->drop == DROP_NETFILTER_DROP || pkt->drop == DROP_VPN_RATE)
		why_hook(path, HOOK_FORWARD, pkt, why);
	else if (!pkt->drop)
		why_forwarded(path, pkt, why);
}

void why_route(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	add_address(why, &pkt->destination);
	why_add(why, " ");
	if (pkt->drop)
		why_add(why, "is in no peer's allowed_ips");
	else
		add_owner(path, pkt->peer, &pkt->destination, why);
}

void why_mtu(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	if (pkt->drop == DROP_PKT_TOO_BIG)
		why_larger(path, pkt, pkt->peer, why);
	else if (!pkt->drop && !pkt->l2_bytes &&
		 packet_wire_bytes(pkt) > mtu_of(path, pkt->peer, pkt->family))
		why_add(why, "is cut into fragments of up to %zu bytes",
		    mtu_of(path, pkt->peer, pkt->family));
}

void why_neigh(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	(void)path;
	if (why->end == TRACE_TAKEN)
		why_add(why, "no session with %s: waits for a handshake",
		    tunnel_peer_name(pkt->peer));
	else if (!pkt->drop) /* or the peer may be gone */
		why_add(why, "there is a session with %s",
		    tunnel_peer_name(pkt->peer));
}

void why_encap(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	char text[ENDPOINT_TEXT_BYTES];

	(void)path;
	if (!pkt->drop)
		why_add(why, "sealed for %s at %s", tunnel_peer_name(pkt->peer),
		    endpoint_format(
			tunnel_peer_endpoint(pkt->peer), text, sizeof(text)));
}

void why_switch(
    const struct path *path, const struct packet *pkt, struct path_why *why)
{
	char text[MAC_TEXT_BYTES];
	const struct peer *to = pkt->to_peer ? pkt->to_peer : pkt->peer;

	(void)path;
	if (pkt->drop)
		return;
	why_add(why, "%s to %s",
	    mac_format(&pkt->destination_mac, text, sizeof(text)),
	    pkt->to_id ? tunnel_peer_name(to) : "the host");
}
