/* SPDX-License-Identifier: ISC */
/*
 * The difference between the running configuration and another one.
 *
 * Peers are matched by public key, so a new name is a change. The steps come
 * in the order: what needs a restart, private key, peers that go, come and
 * change, addresses, the rest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/state.h"

/* What a plan is made of; `err` stays once set. */
struct planner {
	struct core *core;
	const struct config *now, *next;
	const struct core_keys *keys;
	struct plan *plan;
	size_t room;
	int err;
};

static void add(struct planner *p, const struct plan_step *step)
{
	struct plan *plan = p->plan;

	if (plan->count == p->room) {
		size_t room = p->room ? 2 * p->room : 16;
		struct plan_step *more =
		    realloc(plan->steps, room * sizeof(*more));

		if (!more) {
			p->err = -ENOMEM;
			return;
		}
		plan->steps = more;
		p->room = room;
	}
	plan->steps[plan->count++] = *step;
	plan->restart_count += step->kind == PLAN_RESTART;
}

static void add_setting(
    struct planner *p, enum plan_kind kind, const char *setting)
{
	struct plan_step step = {.kind = kind};

	snprintf(step.setting, sizeof(step.setting), "%s", setting);
	add(p, &step);
}

static void add_peer(struct planner *p, enum plan_kind kind,
    const char *setting, const struct config_peer *peer, size_t old_idx,
    size_t new_idx)
{
	struct plan_step step = {
	    .kind = kind, .old_idx = old_idx, .new_idx = new_idx};

	snprintf(step.setting, sizeof(step.setting), "%s", setting);
	memcpy(step.peer, peer->name, sizeof(step.peer));
	step.is_runtime =
	    kind == PLAN_PEER_REMOVE && p->core->peers[old_idx]->is_runtime;
	add(p, &step);
}

/* ---- settings of the tunnel ---- */

static void compare_settings(struct planner *p, const struct setting *settings)
{
	for (; settings->name; settings++)
		if (settings->differs(p->now, p->next))
			add_setting(p, settings->kind, settings->name);
}

/* ---- peers ---- */

static bool preshared_differs(
    const struct planner *p, size_t old_idx, size_t new_idx)
{
	return !keys_is_equal(
	    p->core->keys->preshared[old_idx], p->keys->preshared[new_idx]);
}

static bool peer_name_differs(
    const struct config_peer *a, const struct config_peer *b)
{
	return strcmp(a->name, b->name) != 0;
}

static bool endpoint_differs(
    const struct config_peer *a, const struct config_peer *b)
{
	return config_text_differs(a->endpoint_host, b->endpoint_host) ||
	       a->endpoint_port != b->endpoint_port;
}

/* The order says nothing. Neither list has doubles. */
static bool allowed_ips_differs(
    const struct config_peer *a, const struct config_peer *b)
{
	if (a->allowed_ips_count != b->allowed_ips_count)
		return true;
	for (size_t i = 0; i < a->allowed_ips_count; i++)
		if (!peers_has_prefix(b, &a->allowed_ips[i]))
			return true;
	return false;
}

static bool keepalive_differs(
    const struct config_peer *a, const struct config_peer *b)
{
	return a->keepalive_s != b->keepalive_s;
}

static bool extension_differs(
    const struct config_peer *a, const struct config_peer *b)
{
	return a->extension != b->extension;
}

static bool peer_compress_differs(
    const struct config_peer *a, const struct config_peer *b)
{
	return a->compress != b->compress;
}

static bool rate_differs(
    const struct config_peer *a, const struct config_peer *b)
{
	return a->rate_kbit != b->rate_kbit;
}

static bool router_differs(
    const struct config_peer *a, const struct config_peer *b)
{
	return a->is_router != b->is_router;
}

static bool dhcp_server_differs(
    const struct config_peer *a, const struct config_peer *b)
{
	return a->is_dhcp_server != b->is_dhcp_server;
}

static const struct peer_setting {
	const char *name;
	bool (*differs)(
	    const struct config_peer *a, const struct config_peer *b);
} peer_settings[] = {
    {"name", peer_name_differs},
    {"endpoint", endpoint_differs},
    {"allowed_ips", allowed_ips_differs},
    {"keepalive", keepalive_differs},
    {"extension", extension_differs},
    {"compress", peer_compress_differs},
    {"rate", rate_differs},
    {"macs", ports_macs_differ},
    {"vlans", ports_vlans_differ},
    {"router", router_differs},
    {"dhcp_server", dhcp_server_differs},
};

static void compare_peer(struct planner *p, size_t old_idx, size_t new_idx)
{
	const struct config_peer *a = &p->now->peers[old_idx];
	const struct config_peer *b = &p->next->peers[new_idx];

	for (size_t i = 0; i < ARRAY_SIZE(peer_settings); i++)
		if (peer_settings[i].differs(a, b))
			add_peer(p, PLAN_PEER_CHANGE, peer_settings[i].name, b,
			    old_idx, new_idx);
	if (preshared_differs(p, old_idx, new_idx))
		add_peer(
		    p, PLAN_PEER_CHANGE, "preshared_key", b, old_idx, new_idx);
}

/* is_kept[i] tells whether the running peer i is in the next ones. */
static void find_kept(const struct planner *p, bool *is_kept)
{
	for (size_t i = 0; i < p->next->peers_count; i++) {
		const struct core_peer *peer =
		    peers_find_key(p->core, p->next->peers[i].public_key);

		if (peer)
			is_kept[peer->idx] = true;
	}
}

static void compare_gone(struct planner *p, const bool *is_kept)
{
	for (size_t i = 0; i < p->now->peers_count; i++)
		if (!is_kept[i])
			add_peer(
			    p, PLAN_PEER_REMOVE, "", &p->now->peers[i], i, 0);
}

static void compare_new(struct planner *p)
{
	for (size_t i = 0; i < p->next->peers_count; i++)
		if (!peers_find_key(p->core, p->next->peers[i].public_key))
			add_peer(
			    p, PLAN_PEER_ADD, "", &p->next->peers[i], 0, i);
}

static void compare_kept(struct planner *p)
{
	for (size_t i = 0; i < p->next->peers_count; i++) {
		const struct core_peer *peer =
		    peers_find_key(p->core, p->next->peers[i].public_key);

		if (peer)
			compare_peer(p, peer->idx, i);
	}
}

static void compare_peers(struct planner *p)
{
	bool *is_kept = calloc(p->now->peers_count + 1, sizeof(*is_kept));

	if (!is_kept) {
		p->err = -ENOMEM;
		return;
	}
	find_kept(p, is_kept);
	compare_gone(p, is_kept);
	compare_new(p);
	compare_kept(p);
	free(is_kept);
}

/* ---- addresses of the device ---- */

static bool has_address(
    const struct config *config, const struct prefix *address)
{
	for (size_t i = 0; i < config->addresses_count; i++)
		if (prefix_is_equal(&config->addresses[i], address))
			return true;
	return false;
}

/* Those of `from` that `in` lacks; their text is the step's setting. */
static void compare_addresses(struct planner *p, enum plan_kind kind,
    const struct config *from, const struct config *in)
{
	for (size_t i = 0; i < from->addresses_count; i++) {
		struct plan_step step = {
		    .kind = kind, .old_idx = i, .new_idx = i};

		if (has_address(in, &from->addresses[i]))
			continue;
		prefix_format(
		    &from->addresses[i], step.setting, PREFIX_TEXT_BYTES);
		add(p, &step);
	}
}

/* ---- the whole ---- */

/* A new peer with the key that is still ours could not be added before our own
 * key changes, and that could not be undone. */
static void compare_own_key(struct planner *p)
{
	const uint8_t *own = core_public_key(p->core);

	for (size_t i = 0; i < p->next->peers_count; i++)
		if (memcmp(p->next->peers[i].public_key, own,
			CONFIG_KEY_BYTES) == 0)
			add_peer(p, PLAN_RESTART, "public_key",
			    &p->next->peers[i], 0, i);
}

static bool private_key_differs(const struct planner *p)
{
	return !keys_is_equal(p->core->keys->private_key, p->keys->private_key);
}

static void compare(struct planner *p)
{
	bool is_rekeyed = private_key_differs(p);

	compare_settings(p, settings_restart);
	if (is_rekeyed) {
		compare_own_key(p);
		add_setting(p, PLAN_PRIVATE_KEY, "private_key_file");
	}
	compare_peers(p);
	compare_addresses(p, PLAN_ADDRESS_REMOVE, p->now, p->next);
	compare_addresses(p, PLAN_ADDRESS_ADD, p->next, p->now);
	compare_settings(p, settings_live);
}

int core_plan(struct core *core, const struct config *next,
    const struct core_keys *keys, struct plan *ret)
{
	struct planner p = {
	    .core = core,
	    .now = core->config,
	    .next = next,
	    .keys = keys,
	    .plan = ret,
	};

	memset(ret, 0, sizeof(*ret));
	compare(&p);
	if (p.err)
		plan_clear(ret);
	return p.err;
}

void plan_clear(struct plan *plan)
{
	free(plan->steps);
	memset(plan, 0, sizeof(*plan));
}
