/* SPDX-License-Identifier: ISC */
/* What the fuzzers of the protocol share: a simulated pair with a session. */
#include "lab.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LAB_RENEW_NS (100 * SIM_S)

static struct world *begin(enum wire_link link)
{
	struct world_setup setup = {
	    .seed = 1, .hosts = 2, .is_tap = link == WIRE_LINK_ETHERNET};
	struct world *world = world_new(&setup);

	for (size_t i = 0; i < 2; i++)
		host_start(&world->hosts[i], false);
	world_run(world, 5 * SIM_S);
	assert(!world->has_failed);
	return world;
}

static bool is_usable(const struct world *world)
{
	struct tunnel_peer_status a = host_peer_status(&world->hosts[0], 1);
	struct tunnel_peer_status b = host_peer_status(&world->hosts[1], 0);

	return a.has_session && b.has_session && a.knows_features &&
	       !a.is_refused && !b.is_refused &&
	       world->now.ns < 1000 * SIM_S + LAB_RENEW_NS;
}

struct world *lab_world(enum wire_link link)
{
	static struct world *worlds[WIRE_LINK_ETHERNET + 1];
	struct world **world = &worlds[link];

	if (*world && !is_usable(*world)) {
		world_free(*world);
		*world = NULL;
	}
	if (!*world)
		*world = begin(link);
	(*world)->now.ns += SIM_MS;
	return *world;
}

void lab_drain(struct host *host)
{
	struct path_totals totals;
	struct packet *pkt;

	pool_put_list(host->pool, core_to_wire(host->core));
	while ((pkt = packet_list_pop(core_to_device(host->core)))) {
		assert(pkt->len <= pool_largest(host->pool));
		pool_put(host->pool, pkt);
	}
	assert(pool_available(host->pool) == pool_count(host->pool));
	path_totals(core_path(host->core), &totals);
	assert(totals.rx_packets + totals.rx_ours == totals.rx_delivered + totals.rx_consumed +
					totals.rx_forwarded +
					totals.rx_dropped);
}

/* What is so long is left where the socket has it (io/udp_gro.c), until it is
 * opened, fetched or dropped. */
#define AWAY_BYTES 256

static uint8_t *leave_away(struct packet *pkt, const void *bytes, size_t len)
{
	uint8_t *away = malloc(len);

	assert(away);
	memcpy(away, bytes, len);
	memset(packet_data(pkt), 0xee, len);
	memcpy(packet_data(pkt), bytes, PACKET_PEEK_BYTES);
	pkt->away = away;
	return away;
}

void lab_datagram(struct host *host, const void *bytes, size_t len)
{
	struct moment now = world_moment(host->world, host);
	struct packet *pkt = pool_get(host->pool);
	struct packet_list list = {0};
	uint8_t *away = NULL;

	assert(pkt);
	if (len > pool_largest(host->pool)) {
		len = pool_largest(host->pool);
		pkt->is_truncated = true;
	}
	if (len < AWAY_BYTES)
		memcpy(packet_data(pkt), bytes, len);
	else
		away = leave_away(pkt, bytes, len);
	pkt->len = (uint32_t)len;
	pkt->endpoint = host->world->hosts[1 - host->idx].own;
	packet_list_push(&list, pkt);
	core_from_wire(host->core, &list, &now);
	free(away);
}
