/* SPDX-License-Identifier: ISC */
/*
 * Frames before they are switched: parsed, marked, and checked.
 *
 * How it works: a peer with allowed_ips is restricted: what it sends must be
 * readable, and its addresses its own. To a peer without, the tunnel is a
 * cable: what is broken inside is for the host to refuse. The guard of router
 * and DHCP messages is for both.
 */
#include "path/frame.h"

#include "net/bridge.h"
#include "packet/ecn.h"
#include "packet/ethernet.h"
#include "path/options.h"
#include "path/run.h"
#include "path/source.h"

enum verdict frame_eth(struct path *path, struct packet *pkt)
{
	(void)path;
	return verdict_of(
	    pkt, pkt->is_parsed ? DROP_NONE : packet_parse_ethernet(pkt));
}

/* Only of a restricted peer, or where rules are asked, what is broken is
 * refused. */
enum verdict frame_ip_rcv(struct path *path, struct packet *pkt)
{
	enum drop reason =
	    pkt->is_parsed ? DROP_NONE : packet_parse_payload(pkt);

	if (!reason)
		reason = options_check_hop_by_hop(path, pkt);
	/* no rule could tell what it is */
	if (!tunnel_peer_has_allowed_ips(pkt->peer) && !path->rules)
		reason = DROP_NONE;
	if (!reason)
		reason = ecn_decapsulate(pkt);
	return verdict_of(pkt, reason);
}

static enum drop check_addresses(struct path *path, const struct packet *pkt)
{
	enum drop reason = DROP_NONE;

	if (pkt->family != FAMILY_NONE)
		reason = source_check(path, pkt);
	if (!reason)
		reason = options_check(path, pkt);
	return reason ? reason : source_check_claim(path, pkt);
}

enum verdict frame_rcv_finish(struct path *path, struct packet *pkt)
{
	enum drop reason = bridge_guard(tunnel_peer_port(pkt->peer), pkt);

	if (!reason && tunnel_peer_has_allowed_ips(pkt->peer))
		reason = check_addresses(path, pkt);
	return verdict_of(pkt, reason);
}

/* What the device itself would refuse to take. */
static enum drop check_read(const struct path *path, const struct packet *pkt)
{
	if (pkt->len < ETHERNET_BYTES)
		return DROP_HDR_TRUNC;
	if (pkt->segments == 1 && pkt->len > pool_largest(path->setup.pool))
		return DROP_PKT_TOO_BIG;
	return DROP_NONE;
}

enum verdict frame_tun_read(struct path *path, struct packet *pkt)
{
	path->totals.tx_packets += pkt->segments;
	return verdict_of(pkt, check_read(path, pkt));
}

/* The host may send what it likes; the fields are for ECN and compression. */
enum verdict frame_ip_out(struct path *path, struct packet *pkt)
{
	enum drop reason = packet_parse_ethernet(pkt);

	(void)path;
	if (!reason)
		(void)!packet_parse_payload(pkt);
	return verdict_of(pkt, reason);
}
