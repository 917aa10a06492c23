/* SPDX-License-Identifier: ISC */
/*
 * From the device to the wire.
 *
 * The tables at the end show the way; the functions are in their order. Packets
 * from another peer enter at mtu, those that waited for a session enter again
 * at neigh, and frames of ours at encap.
 */
#include "packet/ip.h"
#include "path/answer.h"
#include "path/conntrack.h"
#include "path/encap.h"
#include "path/frame.h"
#include "path/hook.h"
#include "path/mtu.h"
#include "path/run.h"
#include "path/shape.h"
#include "path/switch.h"
#include "path/watch.h"
#include "path/why.h"

/* What the device itself would refuse to take. */
static enum drop check_read(const struct path *path, const struct packet *pkt)
{
	uint8_t version = pkt->len ? packet_data(pkt)[0] >> 4 : 0;

	if (version != FAMILY_IPV4 && version != FAMILY_IPV6)
		return DROP_UNHANDLED_PROTO;
	/* who read a super-packet knows that its segments fit */
	if (pkt->segments == 1 && pkt->len > pool_largest(path->setup.pool))
		return DROP_PKT_TOO_BIG;
	return DROP_NONE;
}

static enum verdict tun_read(struct path *path, struct packet *pkt)
{
	path->totals.tx_packets += pkt->segments;
	return verdict_of(pkt, check_read(path, pkt));
}

static enum verdict ip_out(struct path *path, struct packet *pkt)
{
	(void)path;
	return verdict_of(pkt, packet_parse_ip(pkt));
}

static enum verdict route(struct path *path, struct packet *pkt)
{
	pkt->peer = tunnel_route(path->setup.tunnel, &pkt->destination);
	if (!pkt->peer) {
		answer_unreachable(path, pkt);
		return verdict_of(pkt, DROP_IP_OUTNOROUTES);
	}
	pkt->to_id = tunnel_peer_id(pkt->peer);
	snmp_count(path, pkt, SNMP_IpOutRequests, SNMP_Ip6OutRequests);
	return VERDICT_PASS;
}

static bool neigh_wants_single(
    const struct path *path, const struct packet *pkt)
{
	return tunnel_makes_wait(path->setup.tunnel, pkt, &path->now);
}

static enum verdict neigh(struct path *path, struct packet *pkt)
{
	bool is_taken = false;
	enum drop reason =
	    tunnel_neigh(path->setup.tunnel, pkt, &path->now, &is_taken);

	if (is_taken)
		return VERDICT_TAKEN;
	if (reason)
		answer_unreachable(path, pkt);
	return verdict_of(pkt, reason);
}

const struct stage path_outbound[] = {
    [OUTBOUND_TUN_READ] = {"tun_read", "tun_net_xmit", .run = tun_read},
    [OUTBOUND_CAPTURE] = {"capture", "dev_queue_xmit_nit", .run = watch_out},
    [OUTBOUND_IP_OUT] = {"ip_out", "ip_local_out", .run = ip_out,
	.why = why_ip},
    [OUTBOUND_OUTPUT] = {"output", "NF_INET_LOCAL_OUT",
	.run_batch = hook_output, .wants_single = hook_output_wants_single,
	.dry = hook_output_dry, .why = why_output},
    [OUTBOUND_ROUTE] = {"route", "ip_route_output", .run = route,
	.why = why_route},
    [OUTBOUND_MTU] = {"mtu", "ip_finish_output", .run = mtu_check,
	.wants_single = mtu_wants_single, .why = why_mtu},
    [OUTBOUND_NEIGH] = {"neigh", "neigh_resolve_output", .run = neigh,
	.wants_single = neigh_wants_single, .why = why_neigh},
    [OUTBOUND_QDISC] = {"qdisc", "__dev_xmit_skb", .run = shape,
	.wants_single = shape_wants_single},
    [OUTBOUND_POSTROUTING] = {"postrouting", "NF_INET_POST_ROUTING",
	.run = hook_postrouting, .wants_single = hook_postrouting_wants_single,
	.why = why_postrouting},
    [OUTBOUND_COMPRESS] = {"compress", "xfrm_output", .run = compress,
	.wants_single = compress_wants_single, .dry = compress_dry},
    [OUTBOUND_ENCAP] = {"encap", "dev_hard_start_xmit", .run_batch = encap,
	.dry = encap_dry, .why = why_encap},
    {0},
};

const struct stage path_outbound_tap[] = {
    [OUTBOUND_TUN_READ] = {"tun_read", "tun_net_xmit", .run = frame_tun_read},
    [OUTBOUND_CAPTURE] = {"capture", "dev_queue_xmit_nit", .run = watch_out},
    [OUTBOUND_IP_OUT] = {"ip_out", "ip_local_out", .run = frame_ip_out,
	.why = why_frame_out},
    [OUTBOUND_OUTPUT] = {"output", "NF_INET_LOCAL_OUT",
	.run_batch = hook_output, .wants_single = hook_output_wants_single,
	.dry = hook_output_dry, .why = why_output},
    [OUTBOUND_ROUTE] = {"route", "br_dev_xmit", .run = switch_route,
	.wants_single = switch_wants_single, .why = why_switch},
    [OUTBOUND_MTU] = {"mtu", "br_dev_queue_push_xmit", .run = mtu_check_frame,
	.wants_single = mtu_wants_single_frame, .why = why_mtu},
    [OUTBOUND_NEIGH] = {"neigh", "neigh_resolve_output", .run = neigh,
	.wants_single = neigh_wants_single, .why = why_neigh},
    [OUTBOUND_QDISC] = {"qdisc", "__dev_xmit_skb", .run = shape,
	.wants_single = shape_wants_single},
    [OUTBOUND_POSTROUTING] = {"postrouting", "NF_INET_POST_ROUTING",
	.run = hook_postrouting, .wants_single = hook_postrouting_wants_single,
	.why = why_postrouting},
    [OUTBOUND_COMPRESS] = {"compress", "xfrm_output", .run = compress,
	.wants_single = compress_wants_single, .dry = compress_dry},
    [OUTBOUND_ENCAP] = {"encap", "dev_hard_start_xmit", .run_batch = encap,
	.dry = encap_dry, .why = why_encap},
    {0},
};
