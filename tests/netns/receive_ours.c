/* SPDX-License-Identifier: ISC */
/* The path between two peers and the host. */
#include "receive_ours.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/fake_tunnel.h"
#include "base/attributes.h"
#include "net/rcvbuf.h"
#include "net/socket.h"
#include "packet/build.h"
#include "packet/ip.h"
#include "packet/udp.h"
#include "path/run.h"
#include "receive_kernel.h"

#define PACKETS 512

/* Behind tun0, behind tun1, behind none. IPv6 knows no reverse path filter, so
 * that nearly all is behind tun0. */
static const struct {
	const char *prefix;
	size_t peer;
} allowed_ips[] = {
    {"10.9.0.0/24", 0},
    {"10.21.0.0/16", 0},
    {"10.8.0.0/24", 1},
    {"10.20.0.0/16", 1},
    {"fd08::/64", 1},
    {"fd20::/32", 1},
    {"fd30::/14", FAKE_NOBODY},
    {"fe80::/10", FAKE_NOBODY},
    {"ff00::/8", FAKE_NOBODY},
    {"::/0", 0},
};
static const char *const addresses[] = {
    "10.9.0.1/24", "10.8.0.1/24", "fd09::1/64", "fd08::1/64"};

static struct {
	struct tunnel tunnel;
	struct fake_route routes[ARRAY_SIZE(allowed_ips)];
	struct pool *pool;
	struct sockets *sockets;
	struct path *path;
	struct moment now;
	struct our_outcome *outcome;
	uint64_t counters[SNMP_COUNT];
} ours;

static void note_drop(
    void *context, const struct stage *stage, const struct packet *pkt)
{
	struct our_outcome *outcome = ours.outcome;

	(void)context;
	if (outcome->drop)
		return;
	outcome->drop = pkt->drop;
	outcome->stage = stage->name;
	outcome->parsed = *pkt;
}

static void open_tunnel(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed_ips); i++) {
		if (prefix_parse(&ours.routes[i].prefix, allowed_ips[i].prefix))
			abort();
		ours.routes[i].peer = allowed_ips[i].peer;
	}
	ours.tunnel.routes = ours.routes;
	ours.tunnel.routes_count = ARRAY_SIZE(allowed_ips);
	ours.tunnel.has_session = true;
	for (uint32_t i = 0; i < FAKE_PEERS; i++)
		ours.tunnel.peers[i].id = i + 1;
	ours.tunnel.peers[1].largest_frame = KERNEL_MTU_OUT;
}

static void set_local(void)
{
	struct prefix own[ARRAY_SIZE(addresses)];

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		if (prefix_parse(&own[i], addresses[i]))
			abort();
	if (path_set_local(ours.path, own, ARRAY_SIZE(own), ours.sockets))
		abort();
}

static void note_ready(void *context, struct socket *socket)
{
	(void)context, (void)socket;
}

static const struct bpf_instruction none[] = {{.code = 0x06}}; /* ret #0 */
/* ldh [0]; jeq #10; ret #0xffff; ret #0: of what it is filled with, no more */
static const struct bpf_instruction own_only[] = {
    {.code = 0x28},
    {.code = 0x15, .if_false = 1, .k = 10},
    {.code = 0x06, .k = 0xffff},
    {.code = 0x06},
};

static void add_socket(const char *address, uint16_t port,
    uint32_t rcvbuf_bytes, const struct bpf_instruction *filter, size_t count)
{
	struct socket_setup setup = {
	    .port = port,
	    .rcvbuf_bytes = rcvbuf_bytes,
	    .filter = filter,
	    .filter_count = count,
	    .view = SOCKET_VIEW_L4,
	};
	struct socket *socket;

	if (address && address_parse(&setup.address, address))
		abort();
	if (socket_add(ours.sockets, &socket, &setup))
		abort();
}

/* As long as one datagram more has room. */
static void fill(uint16_t port)
{
	struct our_outcome outcome;
	struct packet *pkt;
	struct udp_ends ends = {.source_port = port, .destination_port = port};

	do {
		pkt = pool_get(ours.pool);
		if (!pkt || address_parse(&ends.source, "10.9.0.7") ||
		    address_parse(&ends.destination, "10.9.0.1"))
			abort();
		packet_build_udp(pkt, &ends, 1);
		ours_receive(packet_data(pkt), pkt->len, &outcome);
		pool_put(ours.pool, pkt);
	} while (!outcome.drop);
}

/* See receive_kernel.h. */
static void open_sockets(void)
{
	struct sockets_setup setup = {
	    .pool = ours.pool,
	    .order = SOCKET_KERNEL,
	    .memory_bytes = UINT32_MAX,
	    .ready = note_ready,
	};
	if (sockets_new(&ours.sockets, &setup))
		abort();
	add_socket(NULL, 7, RCVBUF_DEFAULT, NULL, 0);
	add_socket("10.9.0.2", 7, RCVBUF_DEFAULT, NULL, 0);
	add_socket("fd09::2", 7, RCVBUF_DEFAULT, NULL, 0);
	add_socket(NULL, 8, RCVBUF_MIN, NULL, 0);
	add_socket(NULL, 9, RCVBUF_DEFAULT, none, ARRAY_SIZE(none));
	add_socket(NULL, 10, RCVBUF_MIN, own_only, ARRAY_SIZE(own_only));
	set_local();
	fill(8);
	fill(10);
}

void ours_open(void)
{
	struct path_setup setup = {
	    .tunnel = &ours.tunnel,
	    .is_whole_host = true,
	    .trace = note_drop,
	};

	open_tunnel();
	if (pool_new(&setup.pool, PACKETS, OURS_PACKET_BYTES) ||
	    path_new(&ours.path, &setup))
		abort();
	path_set_forwarding(ours.path, true);
	path_set_mtu(ours.path, KERNEL_MTU_IN);
	ours.pool = setup.pool;
	ours.now.now.ns = NS_PER_S;
	open_sockets();
}

void ours_close(void)
{
	path_free(ours.path);
	sockets_free(ours.sockets);
	pool_free(ours.pool);
}

bool ours_is_peers(const struct address *address)
{
	return tunnel_route(&ours.tunnel, address) == &ours.tunnel.peers[0];
}

static void take_for_host(struct our_outcome *outcome)
{
	struct packet_list *list = path_to_device(ours.path);

	while (list->first) {
		struct packet *pkt = packet_list_pop(list);

		outcome->is_for_host = true;
		outcome->parsed = *pkt;
		pool_put(ours.pool, pkt);
	}
}

/* What was read of the plain sockets; the full ones stay full. */
static void take_of_sockets(struct our_outcome *outcome)
{
	struct socket *socket = NULL;

	while ((socket = sockets_next(ours.sockets, socket))) {
		struct packet *pkt;

		if (socket_setup(socket)->port != 7)
			continue;
		pkt = socket_receive(ours.sockets, socket);
		if (!pkt)
			continue;
		path_note_read(ours.path, pkt);
		outcome->is_received = true;
		outcome->received = packet_udp_payload_len(pkt);
		outcome->parsed = *pkt;
		pool_put(ours.pool, pkt);
	}
}

static void take_for_peers(struct our_outcome *outcome)
{
	struct packet_list *list = path_to_wire(ours.path);

	while (list->first) {
		struct packet *pkt = packet_list_pop(list);
		struct our_packet *to = &outcome->packets[outcome->count];

		if (outcome->count == OURS_OUT)
			abort();
		to->len = (uint16_t)pkt->len;
		memcpy(to->bytes, packet_data(pkt), pkt->len);
		if (!outcome->drop)
			outcome->parsed = *pkt;
		outcome->count++;
		pool_put(ours.pool, pkt);
	}
}

/* Time goes by, so that no limit on answers is met. */
void ours_receive(const uint8_t *bytes, size_t len, struct our_outcome *outcome)
{
	struct packet_list list = {0};
	struct packet *pkt = pool_get(ours.pool);

	if (!pkt)
		abort();
	outcome->drop = DROP_NONE;
	outcome->stage = "";
	outcome->is_for_host = outcome->is_received = false;
	outcome->count = 0;
	ours.outcome = outcome;
	ours.now.now.ns += NS_PER_S / 10;
	ours.path->now = ours.now;
	memcpy(packet_data(pkt), bytes, len);
	pkt->len = (uint32_t)len;
	pkt->peer = &ours.tunnel.peers[0];
	pkt->from_id = tunnel_peer_id(pkt->peer);
	packet_list_push(&list, pkt);
	path_run_from(ours.path, TABLE_IN, INBOUND_IP_RCV, &list);
	path_run_emitted(ours.path, &ours.now);
	take_for_host(outcome);
	take_of_sockets(outcome);
	take_for_peers(outcome);
}

/* ---- counters ---- */

struct counting {
	char *text;
	size_t i;
};

/* As the kernel's side: about packets that came in. */
static bool is_told(const char *name)
{
	static const char *const others[] = {
	    "Octets", "CTPkts", "ECT1Pkts", "CEPkts", "Out", "InReceives"};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strstr(name, others[i]))
			return false;
	return true;
}

static void note_counter(void *context, const struct snmp_counter *counter)
{
	struct counting *counting = context;
	uint64_t *before = &ours.counters[counting->i++];
	size_t len = strlen(counting->text);
	const char *colon = strstr(counter->group, "Ext") ? ":" : "";

	if (counter->value != *before && is_told(counter->name))
		snprintf(counting->text + len, OURS_COUNTERS_TEXT - len,
		    "%s%s%s%s+%" PRIu64, len ? " " : "", counter->group, colon,
		    counter->name, counter->value - *before);
	*before = counter->value;
}

void ours_counters(char text[OURS_COUNTERS_TEXT])
{
	struct counting counting = {text, 0};

	text[0] = '\0';
	path_each_snmp(ours.path, note_counter, &counting);
}
