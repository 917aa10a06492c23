/* SPDX-License-Identifier: ISC */
/* A simulated host: one core, its pool, its place in the network. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define HOST_PORT	 51820
#define HOST_SPINS	 1000
#define HOST_ERROR_BYTES 512

static struct endpoint home_of(const struct world *world, size_t idx)
{
	struct endpoint home = {.address = {.family = FAMILY_IPV4,
				    .bytes = {192, 0, 2, (uint8_t)(idx + 1)}},
	    .port = HOST_PORT};

	if (world->setup.is_ipv6)
		home.address = (struct address){.family = FAMILY_IPV6,
		    .bytes = {0x20, 1, 0xd, 0xb8, [15] = (uint8_t)(idx + 1)}};
	return home;
}

static void say(void *context, enum log_level level, const char *line)
{
	const struct host *host = context;

	if (host->world->setup.is_verbose)
		fprintf(stderr, "%11.3f h%zu %s: %s\n",
		    (double)host->world->now.ns / 1e9, host->idx,
		    log_level_name(level), line);
}

void host_init(struct world *world, size_t idx)
{
	struct host *host = &world->hosts[idx];

	host->world = world;
	host->idx = idx;
	host->log = (struct log){LOG_LEVEL_DEBUG, say, host};
	host->home = host->own = home_of(world, idx);
	host->local = host->own.address;
	if (pool_new(&host->pool, SIM_POOL_PACKETS, 2048))
		assert(!"out of memory");
}

struct peer *host_peer(const struct host *host, size_t peer)
{
	return tunnel_peer_find(
	    core_tunnel(host->core), host->plan.peers[peer].public_key);
}

struct tunnel_peer_status host_peer_status(const struct host *host, size_t peer)
{
	struct tunnel_peer_status status = {0};
	struct peer *found = host->core ? host_peer(host, peer) : NULL;

	if (found)
		tunnel_peer_status(found, host->world->now, &status);
	return status;
}

/* A source address that the kernel no longer has is refused: the daemon
 * forgets it and sends again. */
static void send_out(struct host *host, struct packet *pkt)
{
	const struct address *source = &pkt->endpoint.source;

	if (source->family && !address_is_equal(source, &host->local) &&
	    pkt->peer)
		tunnel_peer_send_failed(pkt->peer);
	wire_send(host->world, host, pkt);
}

static void take_packets(struct host *host, const struct datagram *cause)
{
	struct packet *pkt;

	while ((pkt = packet_list_pop(core_to_wire(host->core)))) {
		tap_note(host->world, host, pkt);
		check_departure(host, pkt, cause);
		send_out(host, pkt);
		pool_put(host->pool, pkt);
	}
	while ((pkt = packet_list_pop(core_to_device(host->core)))) {
		if (pkt->from_id) /* else an ICMP error of the core's own */
			check_delivery(host, pkt, cause);
		pool_put(host->pool, pkt);
	}
}

static size_t peer_number(const char *name)
{
	return (size_t)(name[1] - '0') % SIM_HOSTS;
}

static void take_events(struct host *host)
{
	struct core_event event;

	while (core_take_event(host->core, &event)) {
		size_t peer = peer_number(event.peer);

		world_trace(host->world, "event", host->idx, event.kind, peer,
		    (uint64_t)event.rtt_ns);
		if (event.kind == CORE_RESOLVE)
			world_ask_name(host->world, host->idx, peer);
		if (event.kind == CORE_REMEMBER && host_peer(host, peer))
			host->remembered[peer] =
			    *tunnel_peer_endpoint(host_peer(host, peer));
	}
}

/* What each event ends with. */
static void settle(struct host *host, const struct datagram *cause)
{
	take_packets(host, cause);
	take_events(host);
	check_after(host, cause);
}

static void remember_all(struct host *host)
{
	for (size_t i = 0; i < SIM_HOSTS; i++)
		if (host->remembered[i].address.family)
			core_remembered(host->core,
			    host->plan.peers[i].public_key,
			    &host->remembered[i]);
}

void host_start(struct host *host, bool with_state)
{
	struct config *config = plan_config(host);
	struct core_setup setup = {
	    .config = config,
	    .keys = plan_keys(host, config),
	    .memory = &memory_heap,
	    .pool = host->pool,
	    .log = &host->log,
	    .aead_speed =
		{[AEAD_CHACHA20POLY1305] = 1000, [AEAD_AES256GCM] = 4000},
	    .version = "sim",
	};
	struct moment now = world_moment(host->world, host);
	char error[HOST_ERROR_BYTES];

	host->incarnation++;
	check_forget(host);
	if (core_new(&host->core, &setup, &now, error, sizeof(error))) {
		world_fail(host->world, "core_new: %s", error);
		return;
	}
	check_before(host);
	host->may_reset_endpoints = true;
	if (with_state)
		remember_all(host);
	core_connect(host->core, &now);
	settle(host, NULL);
}

void host_stop(struct host *host, bool is_orderly)
{
	struct moment now = world_moment(host->world, host);

	if (is_orderly) {
		check_before(host);
		core_close(host->core, &now);
		settle(host, NULL);
	}
	core_free(host->core);
	host->core = NULL;
	if (pool_available(host->pool) != pool_count(host->pool))
		world_fail(host->world, "core_free leaked packets");
}

void host_clear(struct host *host)
{
	if (host->core)
		host_stop(host, false);
	check_forget(host);
	pool_free(host->pool);
}

void host_receive(struct host *host, const struct datagram *it)
{
	struct moment now = world_moment(host->world, host);
	struct packet *pkt = pool_get(host->pool);
	struct packet_list list = {0};

	if (!pkt) {
		world_fail(host->world, "the pool is empty");
		return;
	}
	memcpy(packet_data(pkt), it->bytes, it->len);
	pkt->len = (uint32_t)it->len;
	pkt->endpoint = it->from;
	pkt->endpoint.source = host->local;
	pkt->outer_ecn = it->ecn;
	packet_list_push(&list, pkt);
	world_trace(host->world, "arrives", host->idx,
	    it->len ? it->bytes[0] : 0, it->len, it->id << 1 | it->is_genuine);
	check_before(host);
	check_arrival(host, it);
	core_from_wire(host->core, &list, &now);
	settle(host, it);
}

size_t host_send_inner(struct host *host, const struct inner_wish *wish)
{
	struct moment now = world_moment(host->world, host);
	struct packet *pkt = pool_get(host->pool);
	struct packet_list list = {0};
	size_t number;

	assert(pkt);
	number = inner_make(&host->world->book, pkt, wish, host->world->now);
	packet_list_push(&list, pkt);
	world_trace(
	    host->world, "inner", host->idx, wish->receiver, wish->len, number);
	check_before(host);
	core_from_device(host->core, &list, &now);
	settle(host, NULL);
	return number;
}

struct instant host_deadline(const struct host *host)
{
	if (!host->core || host->is_asleep)
		return INSTANT_NEVER;
	return core_deadline(host->core);
}

void host_turn(struct host *host)
{
	struct moment now = world_moment(host->world, host);

	world_trace(host->world, "turn", host->idx, 0, 0, 0);
	check_before(host);
	core_turn(host->core, &now);
	settle(host, NULL);
	if (!instant_has_come(core_deadline(host->core), now.now))
		host->spins = 0;
	else if (++host->spins > HOST_SPINS)
		world_fail(host->world, "h%zu: the deadline never moves on",
		    host->idx);
}

void host_resolved(struct host *host, size_t peer, size_t count)
{
	struct moment now = world_moment(host->world, host);
	char name[] = {'h', (char)('0' + peer), 0};

	if (!host->core || host->is_asleep ||
	    !host->plan.peers[peer].is_present)
		return;
	world_trace(host->world, "resolved", host->idx, peer, 0, 0);
	check_before(host);
	host->may_reset_endpoints = true;
	core_resolved(host->core, name, &host->world->hosts[peer].own.address,
	    count, &now);
	settle(host, NULL);
}

void host_move(struct host *host, const struct endpoint *own, bool is_noticed)
{
	struct moment now = world_moment(host->world, host);
	bool has_moved = !address_is_equal(&host->local, &own->address);

	world_trace(host->world, "moves", host->idx, own->port,
	    own->address.bytes[3], is_noticed);
	host->own = *own;
	if (!is_noticed || !has_moved)
		return;
	host->local = own->address;
	if (!host->core || host->is_asleep)
		return;
	check_before(host);
	core_underlay_changed(host->core, &now);
	settle(host, NULL);
}

/* A reload is all or nothing: the configuration in force is the old one when
 * it was refused, and the new one otherwise. */
static void check_reload(
    struct host *host, int error, const char *before, const char *wanted)
{
	char *after = config_encode(core_config(host->core));

	assert(before && wanted && after);
	if (strcmp(after, error ? before : wanted) != 0)
		world_fail(host->world, "h%zu: a reload that %s left a mix",
		    host->idx, error ? "failed" : "succeeded");
	free(after);
}

void host_reload(struct host *host)
{
	struct moment now = world_moment(host->world, host);
	struct config *next = plan_config(host);
	struct core_keys *keys = plan_keys(host, next);
	char *before = config_encode(core_config(host->core));
	char *wanted = config_encode(next);
	char error[HOST_ERROR_BYTES];
	struct plan plan;
	int result;

	check_before(host);
	host->may_reset_endpoints = true;
	result = core_plan(host->core, next, keys, &plan);
	assert(!result);
	world_trace(host->world, "reload", host->idx, plan.count,
	    plan.restart_count, 0);
	if (plan.restart_count) {
		result = -1;
		config_free(next);
		core_keys_free(&memory_heap, keys);
	} else {
		result = core_apply(
		    host->core, &plan, next, keys, &now, error, sizeof(error));
	}
	plan_clear(&plan);
	check_reload(host, result, before, wanted);
	free(before);
	free(wanted);
	settle(host, NULL);
}
