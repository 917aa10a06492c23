/* SPDX-License-Identifier: ISC */
/*
 * A router between peers, as ip_forward and ip6_forward are; of the switch, what
 * br_forward asks.
 *
 * How it works: to the router each peer counts as a link of its own. So a packet may go back
 * to the peer that it came from, as the kernel lets it, and no redirect is
 * sent. What is for the host, for a group, for a broadcast or link-local
 * address, or for an address that no peer has, is the host's to decide on. As
 * in the switch, forwarded packets leave a part of the buffers to the others.
 */
#include "path/forward.h"

#include "packet/checksum.h"
#include "packet/ip.h"
#include "path/answer.h"
#include "path/hook.h"
#include "path/martian.h"
#include "path/mtu.h"
#include "path/run.h"

#define IPV4_TTL       8 /* with the protocol a 16-bit word */
#define IPV6_HOP_LIMIT 7

static bool is_local(const struct path *path, const struct address *address)
{
	return martian_is_local(
	    address, path->addresses, path->addresses_count);
}

bool forward_has_route(const struct path *path, const struct packet *pkt)
{
	return !path->setup.is_whole_host ||
	       !martian_is_routable(&pkt->destination) ||
	       is_local(path, &pkt->destination) ||
	       tunnel_route(path->setup.tunnel, &pkt->destination);
}

enum drop forward_check_route(struct path *path, const struct packet *pkt)
{
	if (forward_has_route(path, pkt))
		return DROP_NONE;
	answer_error(path, pkt, ICMP_NO_ROUTE, 0);
	return DROP_IP_INNOROUTES;
}

bool forward_route(const struct path *path, struct packet *pkt)
{
	if (!path->is_forwarding || !martian_is_routable(&pkt->destination) ||
	    is_local(path, &pkt->destination))
		return false;
	pkt->to_peer = tunnel_route(path->setup.tunnel, &pkt->destination);
	if (pkt->to_peer)
		pkt->to_id = tunnel_peer_id(pkt->to_peer);
	return pkt->to_peer;
}

/* A link-local source means nothing on another link; nor does none. */
static enum drop check(struct path *path, const struct packet *pkt)
{
	if (pkt->ttl <= 1) {
		answer_error(path, pkt, ICMP_TIME_EXCEEDED, 0);
		return DROP_IP_INHDR;
	}
	if (pkt->to_peer != pkt->peer && !martian_is_routable(&pkt->source)) {
		answer_error(path, pkt, ICMP_BEYOND_SCOPE, 0);
		return DROP_IP_INADDRERRORS;
	}
	if (mtu_refuses(path, pkt, pkt->to_peer))
		return DROP_PKT_TOO_BIG;
	return path_has_room(path) ? DROP_NONE : DROP_NOMEM;
}

static void decrement_ipv4(uint8_t *header)
{
	uint8_t *word = header + IPV4_TTL, *sum = header + IPV4_CHECKSUM;
	uint16_t before = (uint16_t)(word[0] << 8 | word[1]);
	uint16_t checksum = (uint16_t)(sum[0] << 8 | sum[1]);

	word[0]--;
	checksum_store(sum, checksum_replace(checksum, before, before - 0x100));
}

static void decrement_ttl(struct packet *pkt)
{
	pkt->ttl--;
	if (pkt->family == FAMILY_IPV4)
		decrement_ipv4(packet_l3(pkt));
	else
		packet_l3(pkt)[IPV6_HOP_LIMIT]--;
}

enum verdict forward_packet(struct path *path, struct packet *pkt)
{
	pkt->drop = check(path, pkt);
	if (pkt->drop)
		return VERDICT_DROPPED;
	decrement_ttl(pkt);
	snmp_count(path, pkt, SNMP_IpForwDatagrams, SNMP_Ip6OutForwDatagrams);
	pkt->drop = hook_forward(path, pkt);
	if (pkt->drop)
		return VERDICT_DROPPED;
	path->totals.rx_forwarded += pkt->segments;
	path->totals.tx_switched += pkt->segments;
	path_make_fresh(pkt);
	pkt->peer = pkt->to_peer;
	return path_go(path, TABLE_OUT, OUTBOUND_MTU);
}

enum verdict forward_frame(struct path *path, struct packet *pkt)
{
	pkt->drop = hook_forward(path, pkt);
	if (pkt->drop)
		return VERDICT_DROPPED;
	pkt->peer = pkt->to_peer;
	return path_go(path, TABLE_OUT, OUTBOUND_MTU);
}
