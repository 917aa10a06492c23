/* SPDX-License-Identifier: ISC */
/*
 * From the wire to the device.
 *
 * The tables at the end show the way; the functions are in their order. The
 * model of the host's receive path begins at ip_rcv. Frames are checked before
 * the switch sees them: it learns from those only that may have been sent.
 */
#include "packet/checksum.h"
#include "packet/ecn.h"
#include "packet/ip.h"
#include "path/forward.h"
#include "path/conntrack.h"
#include "path/frame.h"
#include "path/gro.h"
#include "path/hook.h"
#include "path/martian.h"
#include "path/mtu.h"
#include "path/options.h"
#include "path/run.h"
#include "path/source.h"
#include "path/switch.h"
#include "path/train.h"
#include "path/local.h"
#include "path/watch.h"
#include "path/why.h"

#define MULTICAST_IPV6 0xff /* first byte */

/* It did its work, but is nothing for the host. */
static enum verdict consume(struct path *path, struct packet *pkt)
{
	path->totals.rx_consumed += pkt->segments;
	pool_put(path->setup.pool, pkt);
	return VERDICT_TAKEN;
}

static enum verdict outer(struct path *path, struct packet *pkt)
{
	enum drop reason = DROP_VPN_TRUNCATED;

	path->totals.rx_packets += pkt->segments;
	if (packet_is_received_train(pkt)) {
		pkt->is_data = true;
		return VERDICT_PASS;
	}
	if (path->watched)
		packet_fetch(pkt);
	watch_datagram(path, TABLE_IN, "outer", pkt);
	if (!pkt->is_truncated)
		reason = tunnel_receive(path->setup.tunnel, pkt, &path->now);
	if (!reason && !pkt->is_data)
		return consume(path, pkt);
	return verdict_of(pkt, reason);
}

/* As many packets as it has frames, from now on. */
static void note_bundle(struct path *path, struct packet *pkt)
{
	size_t frames = pkt->drop ? 0 : tunnel_bundle_frames(pkt);

	if (!frames)
		return;
	pkt->frame = WIRE_FRAME_BUNDLE;
	pkt->segments = (uint16_t)frames;
	path->totals.rx_packets += frames - 1;
}

static bool is_bundle(const struct path *path, const struct packet *pkt)
{
	(void)path;
	return pkt->frame == WIRE_FRAME_BUNDLE;
}

static void open_singles(struct path *path, struct packet **pkts,
    enum verdict *verdicts, size_t count)
{
	tunnel_open(path->setup.tunnel, pkts, count, &path->now);
	for (size_t i = 0; i < count; i++) {
		if (pkts[i]->peer)
			pkts[i]->from_id = tunnel_peer_id(pkts[i]->peer);
		note_bundle(path, pkts[i]);
		verdicts[i] = verdict_of(pkts[i], pkts[i]->drop);
	}
}

static size_t count_singles(struct packet **pkts, size_t count)
{
	size_t len = 0;

	while (len < count && !packet_is_received_train(pkts[len]))
		len++;
	return len;
}

static void decap(struct path *path, struct packet **pkts,
    enum verdict *verdicts, size_t count)
{
	size_t at = 0;

	while (at < count) {
		size_t len = count_singles(pkts + at, count - at);

		if (len)
			open_singles(path, pkts + at, verdicts + at, len);
		at += len;
		if (at < count) {
			train_open(path, pkts[at]);
			verdicts[at++] = VERDICT_TAKEN;
		}
	}
}

static enum verdict expand(struct path *path, struct packet *pkt)
{
	enum drop reason = tunnel_expand(path->setup.tunnel, pkt, &path->now);

	if (!reason && !pkt->len)
		return consume(path, pkt);
	return verdict_of(pkt, reason);
}

static enum verdict ip_rcv(struct path *path, struct packet *pkt)
{
	enum drop reason;

	snmp_received(path, pkt);
	reason = gro_parse_ip(pkt);
	if (!reason)
		reason = options_check_hop_by_hop(path, pkt);
	if (!reason)
		reason = ecn_decapsulate(pkt);
	return verdict_of(pkt, reason);
}

/* Of what has no route, the kernel asks no more than its options. */
static enum drop check_addresses(struct path *path, const struct packet *pkt)
{
	enum drop reason = martian_check(pkt);

	if (!reason && forward_has_route(path, pkt))
		reason = source_check(path, pkt);
	if (!reason)
		reason = options_check(path, pkt);
	return reason ? reason : forward_check_route(path, pkt);
}

static enum verdict rcv_finish(struct path *path, struct packet *pkt)
{
	pkt->drop = check_addresses(path, pkt);
	if (pkt->drop)
		return VERDICT_DROPPED;
	if (pkt->destination.bytes[0] == MULTICAST_IPV6)
		snmp_count(path, pkt, SNMP_NONE, SNMP_Ip6InMcastPkts);
	if (forward_route(path, pkt))
		return path_go(path, TABLE_FORWARD, FORWARD_FIRST);
	return path_go(path, TABLE_INPUT, INPUT_FIRST);
}

/* A plain device takes no packet without its L4 checksum. */
static void complete_checksums(struct packet *chain)
{
	for (struct packet *pkt = chain; pkt; pkt = packet_behind(chain, pkt))
		if (pkt->checksum == CHECKSUM_PARTIAL)
			checksum_complete(pkt);
}

/* What the host sends back has to fit into the tunnel. */
static enum verdict tun_write(struct path *path, struct packet *pkt)
{
	if (pkt->peer)
		snmp_count(path, pkt, SNMP_IpInDelivers, SNMP_Ip6InDelivers);
	if (pkt->peer)
		mtu_clamp(path, pkt, pkt->peer);
	if (!path->takes_partial)
		complete_checksums(pkt);
	path->totals.rx_delivered += pkt->segments;
	packet_list_push(&path->lane->to_device, pkt);
	return VERDICT_TAKEN;
}

static enum verdict tun_write_dry(struct path *path, struct packet *pkt)
{
	if (path->is_device_down)
		return verdict_of(pkt, DROP_DEV_READY);
	return tun_write(path, pkt);
}

static enum verdict input(struct path *path, struct packet *pkt)
{
	enum verdict verdict = hook_input(path, pkt);

	return verdict == VERDICT_PASS && local_is_ours(path, pkt)
		   ? path_go(path, TABLE_SOCKET, SOCKET_FIRST)
		   : verdict;
}

const struct stage path_inbound[] = {
    [INBOUND_OUTER] = {"outer", "udp_queue_rcv_skb", .run = outer,
	.wants_single = train_wants_single},
    [INBOUND_DECAP] = {"decap", "encap_rcv", .run_batch = decap},
    [INBOUND_EXPAND] = {"expand", "encap_rcv", .run = expand,
	.wants_single = is_bundle},
    [INBOUND_GRO] = {"gro", "napi_gro_receive", .run = gro_take},
    [INBOUND_CAPTURE] = {"capture", "ptype_all", .run = watch_in},
    [INBOUND_IP_RCV] = {"ip_rcv", "ip_rcv_core", .run = ip_rcv, .why = why_ip},
    [INBOUND_CONNTRACK] = {"conntrack", "nf_conntrack_in",
	.run_batch = conntrack_run, .dry = conntrack_dry, .why = conntrack_why},
    [INBOUND_PREROUTING] = {"prerouting", "NF_INET_PRE_ROUTING",
	.run = hook_prerouting, .wants_single = hook_prerouting_wants_single,
	.why = why_prerouting},
    [INBOUND_RCV_FINISH] = {"rcv_finish", "ip_rcv_finish_core",
	.run = rcv_finish, .why = why_rcv_finish},
    {0},
};

const struct stage path_inbound_tap[] = {
    [INBOUND_TAP_OUTER] = {"outer", "udp_queue_rcv_skb", .run = outer,
	.wants_single = train_wants_single},
    [INBOUND_TAP_DECAP] = {"decap", "encap_rcv", .run_batch = decap},
    [INBOUND_TAP_EXPAND] = {"expand", "encap_rcv", .run = expand,
	.wants_single = is_bundle},
    [INBOUND_TAP_GRO] = {"gro", "napi_gro_receive", .run = gro_take},
    [INBOUND_TAP_CAPTURE] = {"capture", "ptype_all", .run = watch_in},
    [INBOUND_TAP_ETH] = {"eth", "eth_type_trans", .run = frame_eth,
	.why = why_eth},
    [INBOUND_TAP_IP_RCV] = {"ip_rcv", "ip_rcv_core", .run = frame_ip_rcv,
	.why = why_ip},
    [INBOUND_TAP_CONNTRACK] = {"conntrack", "nf_conntrack_in",
	.run_batch = conntrack_run, .dry = conntrack_dry, .why = conntrack_why},
    [INBOUND_TAP_PREROUTING] = {"prerouting", "NF_INET_PRE_ROUTING",
	.run = hook_prerouting, .wants_single = hook_prerouting_wants_single,
	.why = why_prerouting},
    [INBOUND_TAP_RCV_FINISH] = {"rcv_finish", "ip_rcv_finish_core",
	.run = frame_rcv_finish, .why = why_rcv_finish},
    [INBOUND_TAP_BRIDGE] = {"bridge", "br_handle_frame_finish",
	.run = switch_bridge, .wants_single = switch_bridge_wants_single,
	.why = why_switch},
    {0},
};

const struct stage path_input[] = {
    [INPUT_INPUT] = {"input", "NF_INET_LOCAL_IN", .run = input,
	.wants_single = hook_input_wants_single, .why = why_input},
    [INPUT_TUN_WRITE] = {"tun_write", "tun_get_user", .run = tun_write,
	.dry = tun_write_dry},
    {0},
};

const struct stage path_socket[] = {
    [SOCKET_UDP_RCV] = {"udp_rcv", "__udp4_lib_rcv", .run = local_udp_rcv,
	.wants_single = path_wants_single, .why = why_udp_rcv},
    [SOCKET_LOOKUP] = {"lookup", "__udp4_lib_lookup", .run = local_lookup,
	.why = why_lookup},
    [SOCKET_SOCK_QUEUE] = {"sock_queue", "sock_queue_rcv_skb",
	.run = local_sock_queue, .dry = local_judge, .why = why_sock_queue},
    [SOCKET_DATA_READY] = {"data_ready", "sock_def_readable",
	.run = local_data_ready},
    {0},
};

const struct stage path_forward[] = {
    [FORWARD_FORWARD] = {"forward", "ip_forward", .run = forward_packet,
	.wants_single = path_wants_single, .why = why_forward},
    {0},
};

const struct stage path_forward_tap[] = {
    [FORWARD_FORWARD] = {"forward", "NF_BR_FORWARD", .run = forward_frame,
	.why = why_forward},
    {0},
};
