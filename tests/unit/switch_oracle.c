/* SPDX-License-Identifier: ISC */
/* The switch once more, as simple as can be. */
#include "switch_oracle.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define HOST 0

static void forget(struct oracle *oracle, int at)
{
	memmove(&oracle->entries[at], &oracle->entries[at + 1],
	    sizeof(oracle->entries[0]) * (size_t)(oracle->len - at - 1));
	oracle->len--;
}

static struct oracle_entry *put_first(
    struct oracle *oracle, struct oracle_entry entry)
{
	assert(oracle->len < ORACLE_ENTRIES);
	memmove(&oracle->entries[1], &oracle->entries[0],
	    sizeof(oracle->entries[0]) * (size_t)oracle->len);
	oracle->entries[0] = entry;
	oracle->len++;
	return &oracle->entries[0];
}

static int find(const struct oracle *oracle, const struct mac *mac,
    uint16_t vlan, bool is_static)
{
	for (int i = 0; i < oracle->len; i++) {
		const struct oracle_entry *entry = &oracle->entries[i];

		if (mac_is_equal(&entry->mac, mac) &&
		    entry->is_static == is_static &&
		    (is_static || entry->vlan == vlan))
			return i;
	}
	return -1;
}

int oracle_count(const struct oracle *oracle, int port, bool is_static)
{
	int count = 0;

	for (int i = 0; i < oracle->len; i++)
		count += oracle->entries[i].is_static == is_static &&
			 (port < 0 || oracle->entries[i].port == port);
	return count;
}

static void forget_all(struct oracle *oracle, int port, bool is_static)
{
	for (int i = oracle->len - 1; i >= 0; i--)
		if (oracle->entries[i].is_static == is_static &&
		    (port < 0 || oracle->entries[i].port == port))
			forget(oracle, i);
}

static void forget_oldest(struct oracle *oracle, int port, int keep)
{
	for (int i = oracle->len - 1;
	     i >= 0 && oracle_count(oracle, port, false) > keep; i--)
		if (!oracle->entries[i].is_static &&
		    (port < 0 || oracle->entries[i].port == port))
			forget(oracle, i);
}

void oracle_age(struct oracle *oracle, struct instant now)
{
	for (int i = oracle->len - 1; i >= 0; i--)
		if (!oracle->entries[i].is_static &&
		    now.ns - oracle->entries[i].seen.ns >=
			oracle->limits.ageing_ns)
			forget(oracle, i);
}

bool oracle_is_held(const struct oracle *oracle, int port, struct instant now)
{
	struct instant until = oracle->ports[port].held_until;

	return until.ns != INT64_MAX && now.ns < until.ns;
}

void oracle_init(struct oracle *oracle, const struct bridge_limits *limits)
{
	struct oracle_port *host = &oracle->ports[HOST];

	*oracle = (struct oracle){.limits = *limits};
	host->exists = true;
	host->held_until = INSTANT_NEVER;
	memset(&host->vlans, 0xff, sizeof(host->vlans));
}

int oracle_set_limits(struct oracle *oracle, const struct bridge_limits *limits)
{
	int fixed =
	    oracle_count(oracle, -1, true) - oracle_count(oracle, HOST, true);

	if (fixed + 1 > (int)limits->macs_max)
		return -ENOSPC;
	forget_oldest(
	    oracle, -1, (int)limits->macs_max - oracle_count(oracle, -1, true));
	for (int port = 1; port < ORACLE_PORTS; port++)
		forget_oldest(oracle, port, (int)limits->macs_per_port);
	oracle->limits = *limits;
	return 0;
}

static void add_static(struct oracle *oracle, int port, const struct mac *mac)
{
	for (int i = oracle->len - 1; i >= 0; i--)
		if (mac_is_equal(&oracle->entries[i].mac, mac))
			forget(oracle, i);
	forget_oldest(oracle, -1,
	    (int)oracle->limits.macs_max - 1 - oracle_count(oracle, -1, true));
	put_first(oracle, (struct oracle_entry){
			      .mac = *mac, .is_static = true, .port = port});
}

void oracle_set_host_mac(struct oracle *oracle, const struct mac *mac)
{
	int at = find(oracle, mac, 0, true);

	if (at >= 0 && oracle->entries[at].port == HOST)
		return;
	forget_all(oracle, HOST, true);
	add_static(oracle, HOST, mac);
}

static int check_macs(const struct oracle *oracle, int port,
    const struct bridge_port_setup *setup)
{
	int count = oracle_count(oracle, -1, true) -
		    oracle_count(oracle, HOST, true) -
		    oracle_count(oracle, port, true);

	for (size_t i = 0; i < setup->macs_count; i++) {
		int at = find(oracle, &setup->macs[i], 0, true);
		bool is_new = true;

		if (at >= 0 && oracle->entries[at].port != port)
			return -EEXIST;
		for (size_t k = 0; k < i; k++)
			is_new = is_new && !mac_is_equal(&setup->macs[k],
					       &setup->macs[i]);
		count += is_new;
	}
	return count + 1 > (int)oracle->limits.macs_max ? -ENOSPC : 0;
}

int oracle_port_set(struct oracle *oracle, int port,
    const struct bridge_port_setup *setup, bool is_new)
{
	struct oracle_port *at = &oracle->ports[port];
	int error = check_macs(oracle, port, setup);
	struct vlan_set all;

	if (error)
		return error;
	memset(&all, 0xff, sizeof(all));
	if (is_new)
		*at = (struct oracle_port){
		    .exists = true, .held_until = INSTANT_NEVER};
	else if (setup->macs_count || memcmp(setup->vlans ? setup->vlans : &all,
					  &at->vlans, sizeof(all)) != 0)
		forget_all(oracle, port, false);
	at->vlans = setup->vlans ? *setup->vlans : all;
	at->is_locked = setup->macs_count;
	forget_all(oracle, port, true);
	for (size_t i = 0; i < setup->macs_count; i++)
		add_static(oracle, port, &setup->macs[i]);
	return 0;
}

void oracle_port_remove(struct oracle *oracle, int port)
{
	forget_all(oracle, port, true);
	forget_all(oracle, port, false);
	oracle->ports[port] = (struct oracle_port){0};
	for (int i = 0; i < oracle->len; i++)
		if (oracle->entries[i].home == port)
			oracle->entries[i].home = -1;
	for (int i = 0; i < ORACLE_PORTS; i++)
		if (oracle->ports[i].alarm_other == port)
			oracle->ports[i].has_alarm = false;
}

void oracle_flush(struct oracle *oracle, int port)
{
	forget_all(oracle, port, false);
	for (int i = 0; i < ORACLE_PORTS; i++)
		if (port < 0 || i == port)
			oracle->ports[i].held_until = INSTANT_NEVER;
}

void oracle_hold(struct oracle *oracle, int port, struct instant until)
{
	oracle->ports[port].held_until = until;
	forget_all(oracle, port, false);
}

static void go_home(struct oracle *oracle, struct instant now)
{
	for (int i = 0; i < oracle->len; i++) {
		struct oracle_entry *entry = &oracle->entries[i];

		if (entry->is_static || !entry->moves || entry->home < 0 ||
		    now.ns - entry->moves_since.ns >= BRIDGE_MOVES_NS)
			continue;
		entry->moves = 0;
		entry->port = entry->home;
	}
}

static void count_move(struct oracle *oracle, int port, int before,
    struct oracle_entry *entry, uint16_t vlan, struct instant now)
{
	struct oracle_port *at;
	int held;

	if (!entry->moves ||
	    now.ns - entry->moves_since.ns >= BRIDGE_MOVES_NS) {
		entry->moves = 0;
		entry->moves_since = now;
	}
	if (now.ns - entry->settled.ns >=
	    (entry->home < 0 ? BRIDGE_MOVES_NS : oracle->limits.ageing_ns))
		entry->home = before;
	entry->settled = now;
	entry->moves++;
	if (entry->moves <= BRIDGE_MOVES_MAX)
		return;
	held = port;
	if (port == HOST || (port == entry->home && before != HOST))
		held = before;
	if (held == entry->home && entry->moves <= 2 * BRIDGE_MOVES_MAX)
		return;
	go_home(oracle, now);
	entry->moves = 0;
	at = &oracle->ports[held];
	at->has_alarm = true;
	at->alarm_other = held == port ? before : port;
	at->alarm_mac = entry->mac;
	at->alarm_vlan = vlan;
	at->holds++;
	oracle_hold(oracle, held, (struct instant){now.ns + BRIDGE_HOLD_NS});
}

static enum drop learn(struct oracle *oracle, int from,
    const struct packet *pkt, struct instant now)
{
	enum drop full = from == HOST ? DROP_NONE : DROP_VPN_MAC_QUOTA;
	int most = (int)oracle->limits.macs_max;
	int each = (int)oracle->limits.macs_per_port;
	int quota = from != HOST ? each : most > each ? most - each : most;
	bool may_add = oracle_count(oracle, from, false) < quota;
	int at = find(oracle, &pkt->source_mac, pkt->vlan, false), before;
	struct oracle_entry entry;

	if (at < 0) {
		if (!may_add || oracle->len >= (int)oracle->limits.macs_max)
			return full;
		put_first(oracle, (struct oracle_entry){.mac = pkt->source_mac,
				      .vlan = pkt->vlan,
				      .port = from,
				      .seen = now,
				      .settled = now,
				      .home = from});
		return DROP_NONE;
	}
	entry = oracle->entries[at];
	before = entry.port;
	if (before != from && !may_add)
		return full;
	entry.port = from;
	entry.seen = now;
	forget(oracle, at);
	put_first(oracle, entry);
	if (before != from)
		count_move(
		    oracle, from, before, &oracle->entries[0], pkt->vlan, now);
	return oracle_is_held(oracle, from, now) ? DROP_BRIDGE_INGRESS_STP_STATE
						 : DROP_NONE;
}

static enum drop check_static(struct oracle *oracle, int from,
    const struct packet *pkt, struct instant now)
{
	int at = find(oracle, &pkt->source_mac, 0, true);
	int owner = at < 0 ? -1 : oracle->entries[at].port;

	if (owner == from)
		return DROP_NONE;
	if (oracle->ports[from].is_locked)
		return DROP_VPN_MAC_LOCKED;
	if (owner < 0)
		return learn(oracle, from, pkt, now);
	if (owner == HOST && oracle_count(oracle, HOST, false))
		count_move(
		    oracle, from, HOST, &oracle->entries[at], pkt->vlan, now);
	return DROP_VPN_MAC_MOVE;
}

static enum drop check(struct oracle *oracle, int from,
    const struct packet *pkt, struct instant now)
{
	static const uint8_t reserved[] = {1, 0x80, 0xc2, 0, 0};
	const uint8_t *to = pkt->destination_mac.bytes;

	if (pkt->source_mac.bytes[0] & 1 || mac_is_zero(&pkt->source_mac))
		return DROP_MAC_INVALID_SOURCE;
	if (!memcmp(to, reserved, sizeof(reserved)) && to[5] == 1 &&
	    !oracle->limits.pass_pause)
		return DROP_MAC_IEEE_MAC_CONTROL;
	if (!memcmp(to, reserved, sizeof(reserved)) && to[5] != 1 &&
	    to[5] < 16 && !oracle->limits.pass_bpdu)
		return DROP_VPN_BPDU;
	if (oracle_is_held(oracle, from, now))
		return DROP_BRIDGE_INGRESS_STP_STATE;
	if (!vlan_set_has(&oracle->ports[from].vlans, pkt->vlan))
		return DROP_VPN_VLAN;
	return check_static(oracle, from, pkt, now);
}

/* When a bucket is full again says how much is in it. */
static bool storm_allows(struct oracle *oracle, int from,
    const struct packet *pkt, struct instant now)
{
	enum bridge_storm kind =
	    mac_is_broadcast(&pkt->destination_mac) ? BRIDGE_BROADCAST
	    : mac_is_group(&pkt->destination_mac)   ? BRIDGE_MULTICAST
						    : BRIDGE_UNKNOWN_UNICAST;
	int64_t rate = oracle->limits.storm[kind];
	struct instant *full = &oracle->ports[from].full[kind];
	int64_t burst = rate / 4 > 16 ? rate / 4 : 16, needed, token;

	if (from == HOST || !rate)
		return true;
	token = NS_PER_S / rate;
	needed = pkt->segments < burst ? pkt->segments : burst;
	if (full->ns < now.ns)
		*full = now;
	if (full->ns - now.ns > (burst - needed) * token)
		return false;
	full->ns += pkt->segments * token;
	return true;
}

enum drop oracle_egress(const struct oracle *oracle, int from, int to,
    const struct packet *pkt, struct instant now)
{
	if (from == to)
		return DROP_VPN_SPLIT_HORIZON;
	if (oracle_is_held(oracle, to, now))
		return DROP_BRIDGE_INGRESS_STP_STATE;
	if (!vlan_set_has(&oracle->ports[to].vlans, pkt->vlan))
		return DROP_VPN_VLAN;
	if (!oracle->limits.is_hub && from != HOST && to != HOST)
		return DROP_VPN_ISOLATED;
	return DROP_NONE;
}

enum drop oracle_ingress(struct oracle *oracle, int from,
    const struct packet *pkt, struct instant now, int *ret_to)
{
	enum drop drop;
	int at;

	oracle_age(oracle, now);
	drop = check(oracle, from, pkt, now);
	if (drop)
		return drop;
	at = find(oracle, &pkt->destination_mac, 0, true);
	if (at < 0)
		at = find(oracle, &pkt->destination_mac, pkt->vlan, false);
	*ret_to = at < 0 || mac_is_group(&pkt->destination_mac)
		      ? ORACLE_FLOOD
		      : oracle->entries[at].port;
	if (*ret_to == ORACLE_FLOOD)
		return storm_allows(oracle, from, pkt, now) ? DROP_NONE
							    : DROP_VPN_STORM;
	return oracle_egress(oracle, from, *ret_to, pkt, now);
}
