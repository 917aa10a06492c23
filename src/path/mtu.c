/* SPDX-License-Identifier: ISC */
/* The MTU of the way to a peer, and what is done with what exceeds it. */
#include "path/mtu.h"

#include <stdint.h>

#include "packet/checksum.h"
#include "packet/cut.h"
#include "packet/mss.h"
#include "path/answer.h"
#include "path/run.h"
#include "protocol/wire.h"

/* What all hosts take (RFC 791, RFC 8200 5): no peer makes us believe less. */
#define MTU_MIN_IPV4 576
#define MTU_MIN_IPV6 1280

size_t mtu_of(
    const struct path *path, const struct peer *peer, enum family family)
{
	size_t least = family == FAMILY_IPV4 ? MTU_MIN_IPV4 : MTU_MIN_IPV6;
	size_t mtu = path->mtu ? path->mtu : SIZE_MAX;
	size_t largest = tunnel_peer_largest_frame(peer);

	if (largest && largest < mtu)
		mtu = largest;
	return mtu > least ? mtu : least;
}

bool mtu_refuses(
    struct path *path, const struct packet *pkt, const struct peer *peer)
{
	size_t mtu = mtu_of(path, peer, pkt->family);

	if (packet_wire_bytes(pkt) <= mtu || packet_may_be_cut(pkt))
		return false;
	answer_error(path, pkt, ICMP_TOO_BIG, (uint32_t)mtu);
	return true;
}

/* Of the packet in a frame. */
static size_t payload_of(const struct path *path, const struct packet *pkt,
    const struct peer *peer)
{
	size_t head = WIRE_ETHERNET_HEAD + (size_t)pkt->l2_bytes;
	size_t mtu = path->mtu ? path->mtu : SIZE_MAX;
	size_t largest = tunnel_peer_largest_frame(peer);

	if (largest > head && largest - head < mtu)
		mtu = largest - head;
	return mtu > MTU_MIN_IPV4 ? mtu : MTU_MIN_IPV4;
}

void mtu_clamp(
    const struct path *path, struct packet *pkt, const struct peer *peer)
{
	if (path->mss_most)
		mss_clamp(pkt,
		    pkt->l2_bytes ? payload_of(path, pkt, peer)
				  : mtu_of(path, peer, pkt->family),
		    path->mss_most);
}

/* The fragments go on instead. A dry packet stands for them. A checksum can be
 * completed while the packet is whole, not later. */
static enum verdict cut(struct path *path, struct packet *pkt, size_t mtu)
{
	struct packet_list pieces = {0};

	if (pkt->is_dry)
		return VERDICT_PASS;
	if (pkt->checksum == CHECKSUM_PARTIAL)
		checksum_complete(pkt);
	if (!packet_cut(path->setup.pool, pkt, mtu, &pieces))
		return verdict_of(pkt, DROP_NOMEM);
	for (struct packet *at = pieces.first; at; at = at->next)
		trace_inherit(path, pkt, at, TRACE_FRAGMENT);
	path->totals.tx_cut += pieces.len - 1;
	snmp_count_several(path, pkt, SNMP_IpFragOKs, SNMP_NONE, 1);
	snmp_count_several(
	    path, pkt, SNMP_IpFragCreates, SNMP_NONE, pieces.len);
	path_emit_list(path, TABLE_OUT, OUTBOUND_MTU + 1, &pieces);
	pool_put(path->setup.pool, pkt);
	return VERDICT_TAKEN;
}

enum verdict mtu_check(struct path *path, struct packet *pkt)
{
	size_t mtu = mtu_of(path, pkt->peer, pkt->family);

	snmp_transmitted(path, pkt);
	mtu_clamp(path, pkt, pkt->peer);
	if (packet_wire_bytes(pkt) <= mtu)
		return VERDICT_PASS;
	if (mtu_refuses(path, pkt, pkt->peer))
		return verdict_of(pkt, DROP_PKT_TOO_BIG);
	return cut(path, pkt, mtu);
}

bool mtu_wants_single(const struct path *path, const struct packet *pkt)
{
	return packet_wire_bytes(pkt) > mtu_of(path, pkt->peer, pkt->family);
}

/* The largest of the frames that a frame stands for goes beyond what the peer
 * takes. */
static bool is_beyond_peer(const struct packet *pkt)
{
	size_t largest = tunnel_peer_largest_frame(pkt->peer);
	size_t bytes = pkt->len;

	if (pkt->segments > 1)
		bytes = pkt->l2_bytes + packet_wire_bytes(pkt);
	return largest && bytes + WIRE_ETHERNET_HEAD > largest;
}

bool mtu_wants_single_frame(const struct path *path, const struct packet *pkt)
{
	(void)path;
	return is_beyond_peer(pkt);
}

enum verdict mtu_check_frame(struct path *path, struct packet *pkt)
{
	mtu_clamp(path, pkt, pkt->peer);
	if (is_beyond_peer(pkt))
		return verdict_of(pkt, DROP_PKT_TOO_BIG);
	return VERDICT_PASS;
}
