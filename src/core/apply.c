/* SPDX-License-Identifier: ISC */
/*
 * Executing a plan: all of it or nothing.
 *
 * How it works: whatever can fail comes first and can be undone: new peers
 * (mute, without endpoint), and all prefixes of the next configuration, which
 * go to their new owners while the old ones still hold the rest. A prefix
 * that moves is therefore never without an owner. A MAC address has one owner
 * at a time, so old ones are taken away first; no frame passes meanwhile. Then
 * comes what can not fail.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/sockets.h"
#include "core/state.h"

struct work {
	struct core *core;
	const struct plan *plan;
	struct config *next;
	struct core_keys *keys;
	struct core_peer **peers; /* next->peers_count of them */
	const struct moment *now;
	char *error;
	size_t room;
	struct filter_next filter;
	int err; /* of a step that can fail */
};

typedef void step_fn(struct work *work, const struct plan_step *step);

static void each_step(struct work *work, enum plan_kind kind, step_fn *run)
{
	for (size_t i = 0; i < work->plan->count; i++)
		if (work->plan->steps[i].kind == kind)
			run(work, &work->plan->steps[i]);
}

static bool is_about(const struct plan_step *step, const char *setting)
{
	return strcmp(step->setting, setting) == 0;
}

/* ---- what can fail ---- */

static int find_peer(struct work *work, size_t idx)
{
	struct core_peer *peer =
	    peers_find_key(work->core, work->next->peers[idx].public_key);
	int err;

	work->peers[idx] = peer;
	if (peer)
		return 0;
	err = peers_new(work->core, &work->peers[idx], work->next, work->keys,
	    idx, work->now);
	if (err)
		check_peer_failed(
		    work->next, idx, err, work->error, work->room);
	return err;
}

static int allow_all(struct work *work)
{
	int err = 0;

	for (size_t i = 0; !err && i < work->next->peers_count; i++)
		err = peers_allow(
		    work->core, work->peers[i], &work->next->peers[i]);
	if (err)
		check_out_of_memory(work->next, work->error, work->room);
	return err;
}

/* ---- the switch: old addresses go, limits change, new ones come ---- */

static bool is_about_port(const struct plan_step *step)
{
	return is_about(step, "macs") || is_about(step, "vlans") ||
	       is_about(step, "router") || is_about(step, "dhcp_server");
}

static void release(struct work *work, const struct plan_step *step)
{
	struct core_peer *peer = work->core->peers[step->old_idx];
	bool is_leaving = step->kind == PLAN_PEER_REMOVE;

	if (!work->err && (is_leaving || is_about(step, "macs")))
		work->err = ports_release(
		    work->core, peer, peers_conf(work->core, peer));
}

static void claim(struct work *work, const struct plan_step *step)
{
	bool is_new = step->kind == PLAN_PEER_ADD;

	if (!work->err && (is_new || is_about_port(step)))
		work->err = ports_claim(work->core, work->peers[step->new_idx],
		    &work->next->peers[step->new_idx]);
}

static int change_ports(struct work *work)
{
	each_step(work, PLAN_PEER_REMOVE, release);
	each_step(work, PLAN_PEER_CHANGE, release);
	if (!work->err)
		work->err = ports_limit(work->core, work->next);
	each_step(work, PLAN_PEER_CHANGE, claim);
	each_step(work, PLAN_PEER_ADD, claim);
	if (work->err)
		check_out_of_memory(work->next, work->error, work->room);
	return work->err;
}

static int change_filter(struct work *work)
{
	struct filter_peers from = {work->next, work->peers, NULL};
	int err =
	    filter_prepare(work->core, &work->filter, &from, work->now->now);

	if (err)
		check_filter_failed(work->next, err, work->error, work->room);
	return err;
}

/* The last step, as it is the only one that could not be undone without
 * memory. */
static int change_addresses(struct work *work)
{
	const struct config *next = work->next;
	struct core_sockets *sockets = NULL;

	work->err = sockets_make(
	    work->core, &sockets, next, work->peers, work->error, work->room);
	if (work->err)
		return work->err;
	work->err = path_set_local(work->core->path, next->addresses,
	    next->addresses_count, sockets->table);
	if (work->err) {
		sockets_clear(sockets);
		return check_out_of_memory(next, work->error, work->room);
	}
	sockets_take_over(work->core, sockets);
	return 0;
}

static int prepare(struct work *work)
{
	int err;

	err = check_config(work->next, work->keys, ports_host_mac(work->core),
	    work->error, work->room);
	if (err)
		return err;
	work->peers =
	    calloc(work->next->peers_count + 1, sizeof(struct core_peer *));
	if (!work->peers)
		return check_out_of_memory(work->next, work->error, work->room);
	for (size_t i = 0; !err && i < work->next->peers_count; i++)
		err = find_peer(work, i);
	if (!err)
		err = allow_all(work);
	if (!err)
		err = change_filter(work);
	if (!err)
		err = change_ports(work);
	return err ? err : change_addresses(work);
}

/* ---- back to where we were ---- */

static bool is_new(const struct work *work, const struct core_peer *peer)
{
	const struct core *core = work->core;

	return peer->idx >= core->config->peers_count ||
	       core->peers[peer->idx] != peer;
}

/* Each prefix is in the table, so giving it back needs no memory. */
static void give_back(struct work *work)
{
	struct core *core = work->core;

	for (size_t i = 0; i < core->config->peers_count; i++)
		if (peers_allow(core, core->peers[i], &core->config->peers[i]))
			log_error(core->log,
			    "peer %s: its allowed_ips could not be restored",
			    core->peers[i]->name);
}

static void say_port_lost(const struct work *work, const struct core_peer *peer)
{
	log_error(work->core->log, "peer %s: its macs could not be restored",
	    peer->name);
}

static void unclaim(struct work *work, const struct plan_step *step)
{
	struct core_peer *peer = work->core->peers[step->old_idx];

	if (is_about(step, "macs") &&
	    ports_release(work->core, peer, peers_conf(work->core, peer)))
		say_port_lost(work, peer);
}

static void reclaim(struct work *work, const struct plan_step *step)
{
	struct core_peer *peer = work->core->peers[step->old_idx];
	bool is_leaving = step->kind == PLAN_PEER_REMOVE;

	if ((is_leaving || is_about_port(step)) &&
	    ports_claim(work->core, peer, peers_conf(work->core, peer)))
		say_port_lost(work, peer);
}

/* New peers, and what they had, are gone. */
static void restore_ports(struct work *work)
{
	each_step(work, PLAN_PEER_CHANGE, unclaim);
	if (ports_limit(work->core, work->core->config))
		log_error(
		    work->core->log, "the limits of l2 could not be restored");
	each_step(work, PLAN_PEER_REMOVE, reclaim);
	each_step(work, PLAN_PEER_CHANGE, reclaim);
}

static void undo(struct work *work)
{
	struct core *core = work->core;

	filter_discard(&work->filter);
	give_back(work);
	for (size_t i = 0; i < work->next->peers_count; i++) {
		struct core_peer *peer = work->peers[i];

		if (!peer)
			break;
		if (is_new(work, peer))
			peers_free(
			    core, peer, &work->next->peers[i], work->now);
		else
			peers_disallow(core, peer, &work->next->peers[i],
			    peers_conf(core, peer));
	}
	if (work->err)
		restore_ports(work);
}

/* ---- what can not fail ---- */

static void take_prefixes(struct work *work, const struct plan_step *step)
{
	struct core *core = work->core;

	if (is_about(step, "allowed_ips"))
		peers_disallow(core, core->peers[step->old_idx],
		    &core->config->peers[step->old_idx],
		    &work->next->peers[step->new_idx]);
}

static void remove_peer(struct work *work, const struct plan_step *step)
{
	struct core_peer *peer = work->core->peers[step->old_idx];

	peers_free(work->core, peer, peers_conf(work->core, peer), work->now);
	work->core->peers[step->old_idx] = NULL;
}

static void change_key(struct work *work, const struct plan_step *step)
{
	(void)step;
	tunnel_set_private_key(
	    work->core->tunnel, work->keys->private_key, work->now);
}

static void change_setting(struct work *work, const struct plan_step *step)
{
	struct tunnel_aead aeads[TUNNEL_AEADS];
	size_t count;

	if (is_about(step, "forwarding"))
		core_set_forwarding(work->core, work->next);
	if (is_about(step, "device.mss_clamp"))
		core_set_mss(work->core, work->next);
	if (!is_about(step, "ciphers"))
		return;
	count = core_aeads(work->core, work->next, aeads);
	tunnel_set_aeads(
	    work->core->tunnel, aeads, count, work->next->has_cipher_order);
}

/* The next configuration becomes the running one. */
static void swap(struct work *work)
{
	struct core *core = work->core;

	config_free(core->config);
	core_keys_free(core->memory, core->keys);
	free(core->peers);
	core->config = work->next;
	core->keys = work->keys;
	core->peers = work->peers;
	for (size_t i = 0; i < core->config->peers_count; i++) {
		core->peers[i]->idx = i;
		core->peers[i]->is_runtime = false;
	}
	core->pending_at = 0;
}

static bool ends_session(const struct plan_step *step)
{
	return is_about(step, "preshared_key") || is_about(step, "extension");
}

static void change_peer(struct work *work, const struct plan_step *step)
{
	struct core_peer *peer = work->core->peers[step->new_idx];

	if (is_about(step, "allowed_ips") || is_about_port(step))
		return;
	if (is_about(step, "endpoint"))
		endpoints_change(work->core, peer, work->now);
	else
		peers_change(work->core, peer, work->now);
	if (ends_session(step))
		peer->was_up = false;
}

/* All sessions ended with the old key; the tunnel begins new ones. */
static void forget_sessions(struct work *work, const struct plan_step *step)
{
	struct core *core = work->core;

	(void)step;
	for (size_t i = 0; i < core->config->peers_count; i++)
		core->peers[i]->was_up = false;
	core_raise(core, CORE_STATUS_CHANGED);
}

static void begin_peer(struct work *work, const struct plan_step *step)
{
	endpoints_change(
	    work->core, work->core->peers[step->new_idx], work->now);
}

static void raise_events(struct work *work, const struct plan_step *step)
{
	bool has_peers_changed = step->kind != PLAN_PEER_CHANGE;

	if (has_peers_changed || ends_session(step))
		core_raise(work->core, CORE_STATUS_CHANGED);
	if (has_peers_changed || is_about(step, "allowed_ips"))
		core_raise(work->core, CORE_PEERS_CHANGED);
	if (step->kind == PLAN_PEER_REMOVE)
		core_raise(work->core, CORE_REMEMBER);
}

static void commit(struct work *work)
{
	filter_commit(work->core, &work->filter);
	*work->core->filter_file = '\0';
	each_step(work, PLAN_PEER_CHANGE, take_prefixes);
	each_step(work, PLAN_PEER_REMOVE, remove_peer);
	each_step(work, PLAN_PRIVATE_KEY, change_key);
	each_step(work, PLAN_SETTING, change_setting);
	swap(work);
	each_step(work, PLAN_PEER_CHANGE, change_peer);
	each_step(work, PLAN_PEER_ADD, begin_peer);
	each_step(work, PLAN_PRIVATE_KEY, forget_sessions);
	each_step(work, PLAN_PEER_REMOVE, raise_events);
	each_step(work, PLAN_PEER_ADD, raise_events);
	each_step(work, PLAN_PEER_CHANGE, raise_events);
	core_settle(work->core, work->now);
}

int core_apply(struct core *core, const struct plan *plan, struct config *next,
    struct core_keys *keys, const struct moment *now, char *error, size_t room)
{
	struct work work = {
	    .core = core,
	    .plan = plan,
	    .next = next,
	    .keys = keys,
	    .now = now,
	    .error = error,
	    .room = room,
	};
	int err;

	assert(plan->restart_count == 0);
	err = prepare(&work);
	if (!err) {
		commit(&work);
		return 0;
	}
	if (work.peers)
		undo(&work);
	free(work.peers);
	core_keys_free(core->memory, keys);
	config_free(next);
	return err;
}
