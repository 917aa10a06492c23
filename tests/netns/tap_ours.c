/* SPDX-License-Identifier: ISC */
/* The tables of a tap tunnel between two peers and the host. */
#include "tap_ours.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/fake_tunnel.h"
#include "base/attributes.h"
#include "net/bridge.h"
#include "path/path.h"
#include "protocol/wire.h"

#define PACKETS	     16
#define PACKET_BYTES 2048
#define MTU	     1500

static struct {
	struct tunnel tunnel;
	struct pool *pool;
	struct bridge *bridge;
	struct path *path;
	struct moment now;
	struct tap_outcome *outcome;
} ours;

static void note_drop(
    void *context, const struct stage *stage, const struct packet *pkt)
{
	(void)context;
	if (ours.outcome->drop)
		return;
	ours.outcome->drop = pkt->drop;
	ours.outcome->stage = stage->name;
}

static void add_port(uint32_t number, const char *name, const char *vlans)
{
	struct peer *peer = &ours.tunnel.peers[number];
	struct bridge_port_setup setup = {.name = name, .user = peer};
	struct bridge_port *port;
	struct vlan_set set;

	if (vlans && vlan_set_parse(&set, vlans))
		abort();
	setup.vlans = vlans ? &set : NULL;
	if (bridge_port_add(ours.bridge, &port, &setup, ours.now.now))
		abort();
	peer->id = number + 1;
	peer->port = port;
	peer->has_no_allowed_ips = !vlans;
	peer->largest_frame = TAP_FRAME_BYTES_MAX + WIRE_ETHERNET_HEAD;
}

static void open_switch(void)
{
	static const struct bridge_limits limits = {
	    .is_hub = true,
	    .ageing_ns = 300 * NS_PER_S,
	    .macs_max = 64,
	    .macs_per_port = 16,
	};
	static const uint8_t secret[16] = {3};
	struct mac mac;

	if (mac_parse(&mac, TAP_HOST_MAC) ||
	    bridge_new(&ours.bridge, &limits, secret))
		abort();
	bridge_set_host_mac(ours.bridge, &mac);
	add_port(0, "one", "0,10");
	add_port(1, "two", NULL);
}

static void set_addresses(void)
{
	static const char *const own[] = {"10.9.0.1/24", "fd09::1/64"};
	struct prefix addresses[ARRAY_SIZE(own)];

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (prefix_parse(&addresses[i], own[i]))
			abort();
	if (path_set_addresses(ours.path, addresses, ARRAY_SIZE(own)))
		abort();
}

void tap_ours_open(void)
{
	struct path_setup setup = {.tunnel = &ours.tunnel, .trace = note_drop};

	ours.now.now.ns = NS_PER_S;
	ours.tunnel.has_session = true;
	open_switch();
	if (pool_new(&ours.pool, PACKETS, PACKET_BYTES))
		abort();
	setup.pool = ours.tunnel.pool = ours.pool;
	setup.bridge = ours.bridge;
	if (path_new(&ours.path, &setup))
		abort();
	path_set_mtu(ours.path, MTU);
	set_addresses();
}

void tap_ours_close(void)
{
	path_free(ours.path);
	bridge_free(ours.bridge);
	pool_free(ours.pool);
}

static int port_of(const struct packet *pkt, bool is_to_host)
{
	return is_to_host ? 0 : 1 + (int)(pkt->peer - ours.tunnel.peers);
}

static void take(struct packet_list *list, bool is_to_host,
    const uint8_t *bytes, size_t len, struct tap_outcome *outcome)
{
	struct packet *pkt;

	while ((pkt = packet_list_pop(list))) {
		if (pkt->len == len && !memcmp(packet_data(pkt), bytes, len))
			outcome->out |= 1 << port_of(pkt, is_to_host);
		pool_put(ours.pool, pkt);
	}
}

/* Slow, so that the guard against loops, which a bridge has not, sees none. */
void tap_ours_send(
    int from, const uint8_t *bytes, size_t len, struct tap_outcome *outcome)
{
	struct packet_list list = {0};
	struct packet *pkt = pool_get(ours.pool);

	if (!pkt || len > PACKET_BYTES)
		abort();
	*outcome = (struct tap_outcome){.drop = DROP_NONE, .stage = ""};
	ours.outcome = outcome;
	ours.now.now.ns += 3 * NS_PER_S;
	memcpy(packet_data(pkt), bytes, len);
	pkt->len = (uint32_t)len;
	packet_list_push(&list, pkt);
	if (from) {
		pkt->endpoint.port = (uint16_t)(from - 1);
		path_run_inbound(ours.path, &list, &ours.now);
	} else {
		path_run_outbound(ours.path, &list, &ours.now);
	}
	take(path_to_device(ours.path), true, bytes, len, outcome);
	take(path_to_wire(ours.path), false, bytes, len, outcome);
}
