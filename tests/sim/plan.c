/* SPDX-License-Identifier: ISC */
/* What the hosts' configurations say, and the configurations made from it. */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "sim.h"

void plan_new_key(struct world *world, size_t idx)
{
	struct host_plan *plan = &world->hosts[idx].plan;
	uint8_t public_key[CONFIG_KEY_BYTES];

	entropy_bytes(
	    &world->entropy, plan->private_key, sizeof(plan->private_key));
	if (crypto_scalarmult_base(public_key, plan->private_key))
		assert(!"a base point multiple always exists");
	for (size_t i = 0; i < SIM_HOSTS; i++)
		memcpy(world->hosts[i].plan.peers[idx].public_key, public_key,
		    sizeof(public_key));
}

void plan_default_switch(struct host_plan *plan)
{
	plan->ageing_s = CONFIG_AGEING_DEFAULT;
	plan->macs_max = CONFIG_MACS_DEFAULT;
	plan->macs_per_peer = CONFIG_PEER_MACS_DEFAULT;
}

void plan_default(struct world *world, size_t idx)
{
	struct host_plan *plan = &world->hosts[idx].plan;

	plan_new_key(world, idx);
	plan->ciphers[0] = CONFIG_CIPHER_AES256GCM;
	plan->ciphers[1] = CONFIG_CIPHER_CHACHA20POLY1305;
	plan->ciphers_count = CONFIG_CIPHERS;
	plan->is_tap =
	    world->setup.is_tap != (world->setup.is_mixed && idx == 1);
	plan->mtu = plan->is_tap ? CONFIG_MTU_DEFAULT_TAP : CONFIG_MTU_DEFAULT;
	plan->is_hub = world->setup.is_star && idx == 0;
	plan_default_switch(plan);
	for (size_t i = 0; i < world->setup.hosts; i++) {
		plan->peers[i].is_present =
		    i != idx && (!world->setup.is_star || i == 0 || idx == 0);
		plan->peers[i].endpoint = ENDPOINT_LITERAL;
	}
}

static void add_addresses(struct config *config, size_t idx)
{
	struct prefix v4 = {.address = inner_address(idx, false), .bits = 24};
	struct prefix v6 = {.address = inner_address(idx, true), .bits = 64};

	if (config_add_prefix(
		&config->addresses, &config->addresses_count, &v4) ||
	    config_add_prefix(
		&config->addresses, &config->addresses_count, &v6))
		assert(!"out of memory");
}

static void write_endpoint(struct config_peer *peer, const struct host *target,
    enum endpoint_kind kind)
{
	char host[CONFIG_HOST_BYTES];

	if (kind == ENDPOINT_ABSENT)
		return;
	peer->endpoint_port = target->home.port;
	if (kind == ENDPOINT_NAME)
		snprintf(host, sizeof(host), "h%zu.example.net", target->idx);
	else
		address_format(&target->home.address, host, sizeof(host));
	if (config_set_text(&peer->endpoint_host, host))
		assert(!"out of memory");
}

/* Behind a hub are the others, too. */
static void allow(struct config_peer *peer, size_t idx, bool is_hub)
{
	struct prefix v4 = {
	    .address = inner_address(idx, false), .bits = is_hub ? 24 : 32};
	struct prefix v6 = {
	    .address = inner_address(idx, true), .bits = is_hub ? 64 : 128};

	prefix_mask(&v4);
	prefix_mask(&v6);
	if (config_add_prefix(
		&peer->allowed_ips, &peer->allowed_ips_count, &v4) ||
	    config_add_prefix(
		&peer->allowed_ips, &peer->allowed_ips_count, &v6))
		assert(!"out of memory");
}

static void add_switch(struct config *config, const struct host *host)
{
	config->device_type = CONFIG_DEVICE_TAP;
	config->has_mac = true;
	config->mac = frame_mac((uint8_t)host->idx);
	config->l2.is_hub = host->plan.is_hub;
	config->l2.ageing_s = host->plan.ageing_s;
	config->l2.macs_max = host->plan.macs_max;
	config->l2.macs_per_peer = host->plan.macs_per_peer;
}

static void add_peer(struct config *config, const struct host *host, size_t idx)
{
	const struct peer_plan *plan = &host->plan.peers[idx];
	struct config_peer *peer = config_add_peer(config);
	char file[32];

	assert(peer);
	snprintf(peer->name, sizeof(peer->name), "h%zu", idx);
	memcpy(peer->public_key, plan->public_key, CONFIG_KEY_BYTES);
	write_endpoint(peer, &host->world->hosts[idx], plan->endpoint);
	peer->keepalive_s = plan->keepalive_s;
	peer->extension = plan->extension;
	peer->compress = plan->compress;
	snprintf(file, sizeof(file), "/psk/%zu", idx);
	if (!sodium_is_zero(plan->preshared_key, CONFIG_KEY_BYTES) &&
	    config_set_text(&peer->preshared_key_file, file))
		assert(!"out of memory");
	if (!host->plan.is_tap || host->plan.is_restricted)
		allow(peer, idx, host->world->setup.is_star && idx == 0);
}

struct config *plan_config(const struct host *host)
{
	const struct host_plan *plan = &host->plan;
	struct config *config = config_new();

	assert(config);
	snprintf(config->name, sizeof(config->name), "sim");
	snprintf(
	    config->file, sizeof(config->file), "/sim/h%zu.conf", host->idx);
	snprintf(config->device, sizeof(config->device), "vpn0");
	config->mtu = plan->mtu;
	if (plan->is_tap)
		add_switch(config, host);
	config->listen_port = host->home.port;
	config->log_level = LOG_LEVEL_INFO;
	memcpy(config->ciphers, plan->ciphers, sizeof(config->ciphers));
	config->ciphers_count = plan->ciphers_count;
	config->has_cipher_order = plan->has_cipher_order;
	add_addresses(config, host->idx);
	for (size_t i = 0; i < SIM_HOSTS; i++)
		if (plan->peers[i].is_present)
			add_peer(config, host, i);
	return config;
}

struct core_keys *plan_keys(
    const struct host *host, const struct config *config)
{
	struct core_keys *keys =
	    core_keys_new(&memory_heap, config->peers_count);
	size_t at = 0;

	assert(keys);
	memcpy(keys->private_key, host->plan.private_key, CONFIG_KEY_BYTES);
	for (size_t i = 0; i < SIM_HOSTS; i++)
		if (host->plan.peers[i].is_present)
			memcpy(keys->preshared[at++],
			    host->plan.peers[i].preshared_key,
			    CONFIG_KEY_BYTES);
	return keys;
}
