/* SPDX-License-Identifier: ISC */
/* The set of peers: between their configuration and the tunnel's peers. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "core/follow.h"
#include "core/sockets.h"
#include "core/state.h"

static const enum compressor_id compressor_of[] = {
    [CONFIG_COMPRESS_NONE] = COMPRESSOR_NONE,
    [CONFIG_COMPRESS_LZ4] = COMPRESSOR_LZ4,
    [CONFIG_COMPRESS_ZSTD] = COMPRESSOR_ZSTD,
};

static const enum extension_mode extension_of[] = {
    [CONFIG_EXTENSION_AUTO] = EXTENSION_AUTO,
    [CONFIG_EXTENSION_OFF] = EXTENSION_OFF,
    [CONFIG_EXTENSION_REQUIRED] = EXTENSION_REQUIRED,
};

const struct config_peer *peers_conf(
    const struct core *core, const struct core_peer *peer)
{
	return &core->config->peers[peer->idx];
}

/* Wipe it after use. */
static void fill_setup(struct tunnel_peer_setup *setup, struct core_peer *peer,
    const struct config_peer *conf, const uint8_t *preshared_key)
{
	memset(setup, 0, sizeof(*setup));
	memcpy(peer->name, conf->name, sizeof(peer->name));
	setup->name = peer->name;
	setup->user = peer;
	memcpy(setup->public_key, conf->public_key, CONFIG_KEY_BYTES);
	memcpy(setup->preshared_key, preshared_key, CONFIG_KEY_BYTES);
	setup->keepalive_s = conf->keepalive_s;
	setup->extension = extension_of[conf->extension];
	setup->compressor = compressor_of[conf->compress];
}

static struct core_peer *peer_alloc(size_t idx)
{
	struct core_peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	peer->idx = idx;
	peer->asked = INSTANT_NEVER;
	peer->resolve_at = INSTANT_NEVER;
	peer->pause_ns = CORE_RESOLVE_MIN_NS;
	return peer;
}

static int number(struct core *core, struct peer *peer)
{
	uint32_t id;
	int err = ids_take(core, &id);

	if (err)
		return err;
	tunnel_peer_set_id(peer, id);
	return path_add_peer(core->path, id);
}

static void set_rate(struct core *core, const struct peer *peer,
    const struct config_peer *conf, const struct moment *now)
{
	path_set_rate(core->path, tunnel_peer_id(peer),
	    conf->rate_kbit * UINT64_C(1000), now);
}

static void leave(
    struct core *core, struct peer *peer, const struct moment *now)
{
	uint32_t id = tunnel_peer_id(peer);

	tunnel_peer_give_up(peer);
	path_forget_peer(core->path, id, now);
	tunnel_peer_remove(core->tunnel, peer, now);
	if (!id)
		return;
	filter_forget_peer(core, id);
	ids_give(core, id);
}

int peers_new(struct core *core, struct core_peer **ret,
    const struct config *config, const struct core_keys *keys, size_t idx,
    const struct moment *now)
{
	struct core_peer *peer = peer_alloc(idx);
	struct tunnel_peer_setup setup;
	int err;

	if (!peer)
		return -ENOMEM;
	fill_setup(&setup, peer, &config->peers[idx], keys->preshared[idx]);
	err = tunnel_peer_add(core->tunnel, &peer->peer, &setup, now);
	sodium_memzero(&setup, sizeof(setup));
	if (!err)
		err = number(core, peer->peer);
	if (!err)
		set_rate(core, peer->peer, &config->peers[idx], now);
	if (!err)
		err = ports_add(core, peer, &config->peers[idx], now);
	if (err && peer->peer)
		leave(core, peer->peer, now);
	if (err)
		free(peer);
	else
		*ret = peer;
	return err;
}

/* Results that nobody took yet forget the peer. */
static void forget_in(struct packet_list *list, const struct peer *peer)
{
	for (struct packet *pkt = list->first; pkt; pkt = pkt->next)
		if (pkt->peer == peer)
			pkt->peer = NULL;
}

void peers_free(struct core *core, struct core_peer *peer,
    const struct config_peer *conf, const struct moment *now)
{
	if (!peer)
		return;
	peers_disallow(core, peer, conf, NULL);
	ping_forget(core, peer);
	follow_forget_peer(core, tunnel_peer_id(peer->peer));
	sockets_forget_peer(core, peer);
	forget_in(path_to_wire(core->path), peer->peer);
	forget_in(path_to_device(core->path), peer->peer);
	ports_remove(core, peer);
	leave(core, peer->peer, now);
	peer->peer = NULL;
	/* Seals its CLOSE, and hears what still points to it. */
	core_settle(core, now);
	core_withdraw(core, peer, peer->pending);
	free(peer->addresses);
	free(peer);
}

void peers_change(
    struct core *core, struct core_peer *peer, const struct moment *now)
{
	struct tunnel_peer_setup setup;

	fill_setup(&setup, peer, peers_conf(core, peer),
	    core->keys->preshared[peer->idx]);
	tunnel_peer_change(core->tunnel, peer->peer, &setup, now);
	set_rate(core, peer->peer, peers_conf(core, peer), now);
	sodium_memzero(&setup, sizeof(setup));
}

/* ---- allowed IPs ---- */

bool peers_has_prefix(
    const struct config_peer *conf, const struct prefix *prefix)
{
	for (size_t i = 0; i < conf->allowed_ips_count; i++)
		if (prefix_is_equal(&conf->allowed_ips[i], prefix))
			return true;
	return false;
}

int peers_allow(
    struct core *core, struct core_peer *peer, const struct config_peer *conf)
{
	int err = 0;

	for (size_t i = 0; !err && i < conf->allowed_ips_count; i++)
		err = tunnel_peer_allow(
		    core->tunnel, peer->peer, &conf->allowed_ips[i]);
	return err;
}

void peers_disallow(struct core *core, struct core_peer *peer,
    const struct config_peer *conf, const struct config_peer *keep)
{
	for (size_t i = 0; i < conf->allowed_ips_count; i++) {
		const struct prefix *prefix = &conf->allowed_ips[i];

		if (!keep || !peers_has_prefix(keep, prefix))
			tunnel_peer_disallow(core->tunnel, peer->peer, prefix);
	}
}

/* ---- finding ---- */

struct core_peer *peers_find(const struct core *core, const char *name)
{
	for (size_t i = 0; i < core->config->peers_count; i++)
		if (strcmp(core->peers[i]->name, name) == 0)
			return core->peers[i];
	return NULL;
}

struct core_peer *peers_find_key(
    const struct core *core, const uint8_t public_key[CONFIG_KEY_BYTES])
{
	struct peer *peer = tunnel_peer_find(core->tunnel, public_key);

	return peer ? tunnel_peer_user(peer) : NULL;
}

static const char *name_at(const void *context, size_t idx)
{
	const struct core *core = context;

	return core->peers[idx]->name;
}

const char *peers_nearest(const struct core *core, const char *name)
{
	return nearest_find(name, name_at, core, core->config->peers_count);
}

/* ---- one more, one less ---- */

/* Copies `conf` with its lists to the end of the configuration. */
static int append_conf(struct config *config, const struct config_peer *conf)
{
	struct config_peer *copy = config_add_peer(config);

	return copy ? config_peer_copy(copy, conf) : -ENOMEM;
}

static void take_conf(struct config *config, size_t idx)
{
	struct config_peer *at = &config->peers[idx];

	config_peer_clear(at);
	config_forget_peer(config, (uint32_t)idx);
	config->peers_count--;
	memmove(at, at + 1, (config->peers_count - idx) * sizeof(*at));
}

/* Room for one more; the set is unchanged. */
static int reserve(struct core *core)
{
	size_t count = core->config->peers_count + 1;
	struct core_peer **more =
	    realloc(core->peers, count * sizeof(struct core_peer *));

	if (!more)
		return -ENOMEM;
	core->peers = more;
	core->peers[count - 1] = NULL;
	return 0;
}

/* The rules know how many peers there are, and which ones they name: not this
 * one (NULL: all of them), whose number is given to another one soon. */
static int renew_filter(struct core *core, const struct core_peer *without,
    const struct moment *now)
{
	struct filter_peers from = {core->config, core->peers, without};
	struct filter_next next;
	int err = filter_prepare(core, &next, &from, now->now);

	if (!err)
		filter_commit(core, &next);
	return err;
}

static int join(struct core *core, const struct core_keys *keys, size_t idx,
    const struct moment *now)
{
	struct core_peer *peer = NULL;
	int err = peers_new(core, &peer, core->config, keys, idx, now);

	if (err)
		return err;
	err = peers_allow(core, peer, &core->config->peers[idx]);
	if (!err)
		err = ports_claim(core, peer, &core->config->peers[idx]);
	if (!err)
		err = renew_filter(core, NULL, now);
	if (err) {
		peers_free(core, peer, &core->config->peers[idx], now);
		return err;
	}
	peer->is_runtime = true;
	core->peers[idx] = peer;
	return 0;
}

int peers_add(struct core *core, const struct config_peer *conf,
    const uint8_t *preshared_key, const struct moment *now)
{
	size_t idx = core->config->peers_count;
	struct core_keys *keys =
	    keys_with(core->memory, core->keys, preshared_key);
	int err = keys ? reserve(core) : -ENOMEM;

	if (!err)
		err = append_conf(core->config, conf);
	if (!err)
		err = join(core, keys, idx, now);
	if (err) {
		if (core->config->peers_count > idx)
			take_conf(core->config, idx);
		core_keys_free(core->memory, keys);
		return err;
	}
	core_keys_free(core->memory, core->keys);
	core->keys = keys;
	endpoints_change(core, core->peers[idx], now);
	core_raise(core, CORE_PEERS_CHANGED);
	core_raise(core, CORE_STATUS_CHANGED);
	core_settle(core, now);
	return 0;
}

int peers_remove(
    struct core *core, struct core_peer *peer, const struct moment *now)
{
	size_t idx = peer->idx;
	struct core_keys *keys = keys_without(core->memory, core->keys, idx);
	int err = keys ? renew_filter(core, peer, now) : -ENOMEM;

	if (err) {
		core_keys_free(core->memory, keys);
		return err;
	}
	peers_free(core, peer, peers_conf(core, peer), now);
	take_conf(core->config, idx);
	for (size_t i = idx; i < core->config->peers_count; i++) {
		core->peers[i] = core->peers[i + 1];
		core->peers[i]->idx = i;
	}
	core_keys_free(core->memory, core->keys);
	core->keys = keys;
	core->pending_at = 0;
	core_raise(core, CORE_PEERS_CHANGED);
	core_raise(core, CORE_STATUS_CHANGED);
	core_raise(core, CORE_REMEMBER);
	core_settle(core, now);
	return 0;
}
