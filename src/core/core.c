/* SPDX-License-Identifier: ISC */
/* The tunnel as a whole: construction, data, time. */
#include "core/core.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/follow.h"
#include "core/sockets.h"
#include "core/state.h"
#include "packet/ethernet.h"

static const enum aead_id aead_of[] = {
    [CONFIG_CIPHER_AES256GCM] = AEAD_AES256GCM,
    [CONFIG_CIPHER_CHACHA20POLY1305] = AEAD_CHACHA20POLY1305,
};

size_t core_aeads(const struct core *core, const struct config *config,
    struct tunnel_aead ret[TUNNEL_AEADS])
{
	size_t count = config->ciphers_count;

	if (count > TUNNEL_AEADS)
		count = TUNNEL_AEADS;
	for (size_t i = 0; i < count; i++) {
		ret[i].id = aead_of[config->ciphers[i]];
		ret[i].speed = core->aead_speed[ret[i].id];
	}
	return count;
}

/* What we can take goes through one packet buffer, sealed; and a compressed
 * frame says its length in 16 bits. */
static uint32_t largest_frame(const struct pool *pool)
{
	size_t largest =
	    pool_largest(pool) - WIRE_OVERHEAD_BYTES - (WIRE_PADDING - 1);

	return largest < UINT16_MAX ? (uint32_t)largest : UINT16_MAX;
}

/* What a frame has before its payload: Ethernet's header, one VLAN tag, and
 * the head that it gets in the tunnel. */
#define FRAME_HEAD_BYTES                                                       \
	(ETHERNET_BYTES + ETHERNET_TAG_BYTES + WIRE_ETHERNET_HEAD)

static int make_tunnel(struct core *core, const struct moment *now)
{
	struct tunnel_setup setup = {
	    .pool = core->pool,
	    .memory = core->memory,
	    .log = core->log,
	    .has_order = core->config->has_cipher_order,
	    .largest_frame = largest_frame(core->pool),
	    .link = WIRE_LINK_IP,
	    .mtu = core->config->mtu,
	};
	int err;

	if (core->config->device_type == CONFIG_DEVICE_TAP) {
		setup.link = WIRE_LINK_ETHERNET;
		setup.mtu += FRAME_HEAD_BYTES;
	}

	setup.aeads_count = core_aeads(core, core->config, setup.aeads);
	memcpy(setup.backends, core->aead_backends, sizeof(setup.backends));
	err = tunnel_new(&core->tunnel, &setup);
	if (err)
		return err;
	tunnel_set_private_key(core->tunnel, core->keys->private_key, now);
	return 0;
}

void core_set_forwarding(struct core *core, const struct config *config)
{
	path_set_forwarding(
	    core->path, config->forwarding == CONFIG_FORWARDING_DAEMON);
}

void core_set_mss(struct core *core, const struct config *config)
{
	path_set_mss(core->path, (uint16_t)config->mss_clamp);
}

static int make_path(struct core *core)
{
	struct path_setup setup = {
	    .tunnel = core->tunnel,
	    .pool = core->pool,
	    .bridge = core->bridge,
	    .trace = follow_drop,
	    .trace_context = core,
	    .watch = captures_show,
	    .watch_context = &core->captures,
	};
	int err = path_new(&core->path, &setup);

	if (err)
		return err;
	core_set_forwarding(core, core->config);
	captures_make(core);
	path_set_mtu(core->path, core->config->mtu);
	core_set_mss(core, core->config);
	return path_set_addresses(
	    core->path, core->config->addresses, core->config->addresses_count);
}

static int make_sockets(struct core *core, char *error, size_t room)
{
	const struct config *config = core->config;
	int err = sockets_make(
	    core, &core->sockets, config, core->peers, error, room);

	if (err)
		return err;
	err = path_set_local(core->path, config->addresses,
	    config->addresses_count, core->sockets->table);
	return err ? check_out_of_memory(config, error, room) : 0;
}

static int make_peer(struct core *core, size_t idx, const struct moment *now)
{
	struct core_peer **place = &core->peers[idx];
	int err = peers_new(core, place, core->config, core->keys, idx, now);

	if (err)
		return err;
	err = peers_allow(core, *place, &core->config->peers[idx]);
	if (!err)
		err = ports_claim(core, *place, &core->config->peers[idx]);
	if (!err)
		endpoints_begin(core, *place, now);
	return err;
}

static int make_peers(
    struct core *core, const struct moment *now, char *error, size_t room)
{
	size_t count = core->config->peers_count;
	int err = 0;

	core->peers = calloc(count + 1, sizeof(struct core_peer *));
	if (!core->peers)
		return check_out_of_memory(core->config, error, room);
	for (size_t i = 0; !err && i < count; i++) {
		err = make_peer(core, i, now);
		if (err)
			check_peer_failed(core->config, i, err, error, room);
	}
	return err;
}

static int make_filter(
    struct core *core, const struct moment *now, char *error, size_t room)
{
	struct filter_peers from = {core->config, core->peers, NULL};
	struct filter_next next;
	int err = filter_prepare(core, &next, &from, now->now);

	if (err)
		return check_filter_failed(core->config, err, error, room);
	filter_commit(core, &next);
	return 0;
}

static int make(
    struct core *core, const struct moment *now, char *error, size_t room)
{
	const struct mac *mac =
	    core->config->has_mac ? &core->config->mac : NULL;
	int err = check_config(core->config, core->keys, mac, error, room);

	if (err)
		return err;
	err = make_tunnel(core, now);
	if (!err)
		err = ports_make(core);
	if (!err)
		err = make_path(core);
	if (err == -ENOTSUP)
		snprintf(error, room,
		    "%s: error: a cipher of this host "
		    "is missing or gives wrong answers",
		    core->config->file);
	else if (err)
		check_out_of_memory(core->config, error, room);
	if (err)
		return err;
	err = make_peers(core, now, error, room);
	if (!err)
		err = make_filter(core, now, error, room);
	return err ? err : make_sockets(core, error, room);
}

static void take_setup(struct core *core, const struct core_setup *setup)
{
	core->config = setup->config;
	core->keys = setup->keys;
	core->memory = setup->memory;
	core->pool = setup->pool;
	core->log = setup->log;
	memcpy(core->aead_speed, setup->aead_speed, sizeof(core->aead_speed));
	memcpy(core->aead_backends, setup->aead_backends,
	    sizeof(core->aead_backends));
	core->version = setup->version;
	core->alarm = INSTANT_NEVER;
	core->host.started = INSTANT_NEVER;
}

int core_new(struct core **ret, const struct core_setup *setup,
    const struct moment *now, char *error, size_t room)
{
	struct core *core = calloc(1, sizeof(*core));
	int err;

	if (!core) {
		err = check_out_of_memory(setup->config, error, room);
		core_keys_free(setup->memory, setup->keys);
		config_free(setup->config);
		return err;
	}
	take_setup(core, setup);
	err = make(core, now, error, room);
	if (err) {
		core_free(core);
		return err;
	}
	*ret = core;
	return 0;
}

void core_free(struct core *core)
{
	if (!core)
		return;
	/* The path holds packets of the tunnel's peers, and knows the switch,
	 * whose ports have names of ours. */
	captures_clear(&core->captures);
	path_free(core->path);
	sockets_clear(core->sockets);
	tunnel_free(core->tunnel);
	bridge_free(core->bridge);
	filter_free(core);
	for (size_t i = 0; core->peers && i < core->config->peers_count; i++) {
		if (core->peers[i])
			free(core->peers[i]->addresses);
		free(core->peers[i]);
	}
	free(core->peers);
	free(core->free_ids);
	core_keys_free(core->memory, core->keys);
	config_free(core->config);
	free(core);
}

/* ---- threads ---- */

void core_set_gate(struct core *core, const struct gate *gate)
{
	tunnel_set_gate(core->tunnel, gate);
}

void core_set_lane(struct core *core, unsigned number)
{
	path_set_lane(core->path, number);
}

/* ---- data and time ---- */

/* Each thread reads the clock before it waits for the lock. */
static const struct moment *in_order(
    struct core *core, const struct moment *now)
{
	if (!instant_is_before(now->now, core->latest.now))
		core->latest = *now;
	return &core->latest;
}

void core_from_wire(
    struct core *core, struct packet_list *list, const struct moment *now)
{
	now = in_order(core, now);
	path_run_inbound(core->path, list, now);
	core_settle(core, now);
}

void core_from_device(
    struct core *core, struct packet_list *list, const struct moment *now)
{
	now = in_order(core, now);
	path_run_outbound(core->path, list, now);
	core_settle(core, now);
}

bool core_release(struct core *core, size_t bytes, const struct moment *now)
{
	bool has_released;

	now = in_order(core, now);
	has_released = path_release(core->path, bytes, now);
	core_settle(core, now);
	return has_released || path_holds(core->path);
}

void core_set_alarm(struct core *core, struct instant when)
{
	core->alarm = instant_earlier(core->alarm, when);
}

static void run_alarm(struct core *core, const struct moment *now)
{
	core->alarm = ping_turn(core, now);
	for (size_t i = 0; i < core->config->peers_count; i++)
		core_set_alarm(core, endpoints_turn(core, core->peers[i], now));
}

void core_turn(struct core *core, const struct moment *now)
{
	now = in_order(core, now);
	tunnel_turn(core->tunnel, now);
	path_turn(core->path, now);
	core_settle(core, now);
	if (instant_has_come(core->alarm, now->now))
		run_alarm(core, now);
}

struct instant core_deadline(const struct core *core)
{
	struct instant first = instant_earlier(
	    path_deadline(core->path), tunnel_deadline(core->tunnel));

	if (sockets_are_behind(core))
		return (struct instant){0};
	return instant_earlier(core->alarm, first);
}

void core_underlay_changed(struct core *core, const struct moment *now)
{
	tunnel_underlay_changed(core->tunnel, now);
	core_settle(core, now);
}

void core_close(struct core *core, const struct moment *now)
{
	tunnel_close(core->tunnel, WIRE_CLOSE_STOPPING, now);
	core_settle(core, now);
}

/* ---- reading ---- */

struct packet_list *core_to_wire(struct core *core)
{
	return path_to_wire(core->path);
}

struct packet_list *core_to_device(struct core *core)
{
	return path_to_device(core->path);
}

struct path *core_path(struct core *core)
{
	return core->path;
}

struct tunnel *core_tunnel(struct core *core)
{
	return core->tunnel;
}

const struct config *core_config(const struct core *core)
{
	return core->config;
}

const uint8_t *core_public_key(const struct core *core)
{
	return tunnel_public_key(core->tunnel);
}

void core_set_host(struct core *core, const struct core_host *host)
{
	ports_set_host_mac(core, &host->mac);
	path_set_port(core->path, host->port);
	path_set_device_down(core->path, !host->is_device_up);
	if (host->mtu)
		path_set_mtu(core->path, host->mtu);
	core->host = *host;
}
