/* SPDX-License-Identifier: ISC */
/*
 * What happens to a frame: the checks in the kernel's order, then learning,
 * then where it goes.
 *
 * How it works: br_handle_frame looks at the source, at addresses that are not
 * to be forwarded, and at the state of the port; br_handle_frame_finish at the
 * VLAN and the lock, and learns only what passed them all.
 */
#include "net/state.h"

struct frame {
	struct bridge *bridge;
	struct bridge_port *from;
	const struct packet *pkt;
	struct instant now;
};

static enum drop check_source(const struct frame *frame)
{
	const struct mac *source = &frame->pkt->source_mac;

	return mac_is_group(source) || mac_is_zero(source)
		   ? DROP_MAC_INVALID_SOURCE
		   : DROP_NONE;
}

static enum drop check_link_local(const struct frame *frame)
{
	static const struct mac pause = {{0x01, 0x80, 0xc2, 0, 0, 0x01}};
	const struct mac *destination = &frame->pkt->destination_mac;
	const struct bridge_limits *limits = &frame->bridge->limits;

	if (!mac_is_link_local(destination))
		return DROP_NONE;
	if (mac_is_equal(destination, &pause))
		return limits->pass_pause ? DROP_NONE
					  : DROP_MAC_IEEE_MAC_CONTROL;
	return limits->pass_bpdu ? DROP_NONE : DROP_VPN_BPDU;
}

static enum drop check_state(const struct frame *frame)
{
	return port_is_held(frame->from, frame->now)
		   ? DROP_BRIDGE_INGRESS_STP_STATE
		   : DROP_NONE;
}

static enum drop check_vlan(const struct frame *frame)
{
	return vlan_set_has(&frame->from->vlans, frame->pkt->vlan)
		   ? DROP_NONE
		   : DROP_VPN_VLAN;
}

static enum drop check_lock(const struct frame *frame)
{
	if (!frame->from->is_locked)
		return DROP_NONE;
	return fdb_static_port(frame->bridge->fdb, &frame->pkt->source_mac) ==
		       frame->from
		   ? DROP_NONE
		   : DROP_VPN_MAC_LOCKED;
}

/* However many hosts are on this host's side, a peer finds room. */
static uint32_t quota_of(
    const struct bridge_limits *limits, const struct bridge_port *port)
{
	if (!port_is_host(port))
		return limits->macs_per_port;
	return limits->macs_max > limits->macs_per_port
		   ? limits->macs_max - limits->macs_per_port
		   : limits->macs_max;
}

static bool may_add(const struct frame *frame)
{
	return fdb_port_len(frame->bridge->fdb, frame->from, frame->now) <
	       quota_of(&frame->bridge->limits, frame->from);
}

/* Of the host's addresses some may be unknown: its frames go on. */
static enum drop quota_drop(const struct frame *frame)
{
	return port_is_host(frame->from) ? DROP_NONE : DROP_VPN_MAC_QUOTA;
}

/* One that sends from other addresses than its own. */
static bool is_host_a_bridge(const struct frame *frame)
{
	return fdb_port_len(
		   frame->bridge->fdb, &frame->bridge->host, frame->now) != 0;
}

static enum drop learn(const struct frame *frame)
{
	const struct packet *pkt = frame->pkt;
	struct bridge_port *before = NULL;
	struct fdb_entry *entry = NULL;
	enum fdb_result result;

	if (pkt->is_dry)
		return dry_learn(frame->bridge, frame->from, pkt,
		    quota_of(&frame->bridge->limits, frame->from), frame->now);
	result = fdb_learn(frame->bridge->fdb, frame->from, &pkt->source_mac,
	    pkt->vlan, may_add(frame), frame->now, &before, &entry);
	switch (result) {
	case FDB_FULL:
		return quota_drop(frame);
	case FDB_STATIC:
		if (port_is_host(before) && is_host_a_bridge(frame))
			loop_count_move(
			    frame->from, before, entry, pkt->vlan, frame->now);
		return DROP_VPN_MAC_MOVE;
	case FDB_MOVED:
		loop_count_move(
		    frame->from, before, entry, pkt->vlan, frame->now);
		return check_state(frame);
	case FDB_KNOWN:
	case FDB_LEARNED:
		break;
	}
	return DROP_NONE;
}

static enum drop (*const checks[])(const struct frame *frame) = {
    check_source,
    check_link_local,
    check_state,
    check_vlan,
    check_lock,
    learn,
};

static enum drop check(const struct frame *frame)
{
	enum drop drop = DROP_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(checks) && !drop; i++)
		drop = checks[i](frame);
	return drop;
}

/* NULL: flood. */
static struct bridge_port *find_port(const struct frame *frame)
{
	const struct packet *pkt = frame->pkt;
	const struct fdb_entry *entry;

	if (mac_is_group(&pkt->destination_mac))
		return NULL;
	/* It would have been learned just now. */
	if (pkt->is_dry &&
	    mac_is_equal(&pkt->destination_mac, &pkt->source_mac) &&
	    dry_knows(frame->bridge, frame->from, pkt,
		quota_of(&frame->bridge->limits, frame->from), frame->now))
		return frame->from;
	entry = fdb_lookup(
	    frame->bridge->fdb, &pkt->destination_mac, pkt->vlan, frame->now);
	return entry ? entry->port : NULL;
}

void bridge_ingress(struct bridge *bridge, struct bridge_port *from,
    const struct packet *pkt, struct instant now, struct bridge_decision *ret)
{
	struct frame frame = {bridge, from, pkt, now};

	*ret = (struct bridge_decision){.drop = check(&frame)};
	if (ret->drop)
		return;
	ret->to = find_port(&frame);
	if (ret->to)
		ret->drop = bridge_egress(bridge, from, ret->to, pkt, now);
	else if (!storm_allows(from, pkt, now))
		ret->drop = DROP_VPN_STORM;
}

enum drop bridge_egress(const struct bridge *bridge,
    const struct bridge_port *from, const struct bridge_port *to,
    const struct packet *pkt, struct instant now)
{
	if (from == to)
		return DROP_VPN_SPLIT_HORIZON;
	if (port_is_held(to, now))
		return DROP_BRIDGE_INGRESS_STP_STATE;
	if (!vlan_set_has(&to->vlans, pkt->vlan))
		return DROP_VPN_VLAN;
	if (!bridge->limits.is_hub && !port_is_host(from) && !port_is_host(to))
		return DROP_VPN_ISOLATED;
	return DROP_NONE;
}
