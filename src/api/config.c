/* SPDX-License-Identifier: ISC */
/* A configuration in memory: defaults, growth, names. */
#include "api/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/config_list.h"

static const char *const compress_names[] = {
    [CONFIG_COMPRESS_NONE] = "none",
    [CONFIG_COMPRESS_LZ4] = "lz4",
    [CONFIG_COMPRESS_ZSTD] = "zstd",
};
static const char *const cipher_names[] = {
    [CONFIG_CIPHER_AES256GCM] = "aes256gcm",
    [CONFIG_CIPHER_CHACHA20POLY1305] = "chacha20poly1305",
};
static const char *const extension_names[] = {
    [CONFIG_EXTENSION_AUTO] = "auto",
    [CONFIG_EXTENSION_OFF] = "off",
    [CONFIG_EXTENSION_REQUIRED] = "required",
};
static const char *const routes_names[] = {
    [CONFIG_ROUTES_AUTO] = "auto",
    [CONFIG_ROUTES_NONE] = "none",
    [CONFIG_ROUTES_TABLE] = "table",
};
static const char *const offload_names[] = {
    [CONFIG_OFFLOAD_AUTO] = "auto",
    [CONFIG_OFFLOAD_OFF] = "off",
};

static const char *const device_type_names[] = {
    [CONFIG_DEVICE_TUN] = "tun",
    [CONFIG_DEVICE_TAP] = "tap",
};
static const char *const control_names[] = {
    [CONFIG_CONTROL_DROP] = "drop",
    [CONFIG_CONTROL_PASS] = "pass",
};

static const char *const forwarding_names[] = {
    [CONFIG_FORWARDING_KERNEL] = "kernel",
    [CONFIG_FORWARDING_DAEMON] = "daemon",
};
static const char *const log_level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

#define NAMES(list)                                                            \
	{                                                                      \
		list, ARRAY_SIZE(list)                                         \
	}

const struct config_names config_compress_names = NAMES(compress_names);
const struct config_names config_cipher_names = NAMES(cipher_names);
const struct config_names config_extension_names = NAMES(extension_names);
const struct config_names config_routes_names = NAMES(routes_names);
const struct config_names config_log_level_names = NAMES(log_level_names);
const struct config_names config_offload_names = NAMES(offload_names);
const struct config_names config_device_type_names = NAMES(device_type_names);
const struct config_names config_control_names = NAMES(control_names);
const struct config_names config_forwarding_names = NAMES(forwarding_names);

int config_names_find(const struct config_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->names[i], name))
			return (int)i;
	return -1;
}

const char *config_compress_name(enum config_compress compress)
{
	return compress_names[compress];
}

const char *config_cipher_name(enum config_cipher cipher)
{
	return cipher_names[cipher];
}

const char *config_extension_name(enum config_extension extension)
{
	return extension_names[extension];
}

struct config *config_new(void)
{
	struct config *config = calloc(1, sizeof(*config));

	if (!config)
		return NULL;
	config->mtu = CONFIG_MTU_DEFAULT;
	config->mss_clamp = CONFIG_MSS_PATH;
	config->txqueuelen = CONFIG_TXQLEN_DEFAULT;
	config->listen_address.family = FAMILY_IPV6;
	config->ciphers[0] = CONFIG_CIPHER_AES256GCM;
	config->ciphers[1] = CONFIG_CIPHER_CHACHA20POLY1305;
	config->ciphers_count = CONFIG_CIPHERS;
	config->workers = CONFIG_WORKERS_AUTO;
	config->log_level = LOG_LEVEL_INFO;
	config->l2 = (struct config_l2){
	    .is_hub = true,
	    .ageing_s = CONFIG_AGEING_DEFAULT,
	    .macs_max = CONFIG_MACS_DEFAULT,
	    .macs_per_peer = CONFIG_PEER_MACS_DEFAULT,
	    .storm_broadcast = CONFIG_STORM_DEFAULT,
	    .storm_multicast = CONFIG_STORM_DEFAULT,
	    .storm_unknown_unicast = CONFIG_STORM_DEFAULT,
	};
	config->filter.is_stateful = true;
	config->filter.flows_max = CONFIG_FLOWS_DEFAULT;
	config->filter.flows_per_peer = CONFIG_PEER_FLOWS_DEFAULT;
	return config;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->peers_count; i++)
		config_peer_clear(&config->peers[i]);
	for (size_t i = 0; i < config->sockets_count; i++)
		config_socket_clear(&config->sockets[i]);
	config_filter_clear(&config->filter);
	free(config->sockets);
	free(config->peers);
	free(config->addresses);
	free(config);
}

void config_peer_clear(struct config_peer *peer)
{
	free(peer->endpoint_host);
	free(peer->preshared_key_file);
	free(peer->allowed_ips);
	free(peer->macs);
	free(peer->vlans);
	memset(peer, 0, sizeof(*peer));
}

int config_set_text(char **text, const char *value)
{
	char *copy = NULL;

	if (value && *value) {
		copy = strdup(value);
		if (!copy)
			return -ENOMEM;
	}
	free(*text);
	*text = copy;
	return 0;
}

int config_set_vlans(struct config_peer *peer, const struct vlan_set *vlans)
{
	struct vlan_set *copy = NULL;

	if (vlans) {
		copy = malloc(sizeof(*copy));
		if (!copy)
			return -ENOMEM;
		*copy = *vlans;
	}
	free(peer->vlans);
	peer->vlans = copy;
	return 0;
}

bool config_text_differs(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) != 0 : a != b;
}

static int copy_lists(struct config_peer *to, const struct config_peer *from)
{
	int err = 0;

	for (size_t i = 0; !err && i < from->allowed_ips_count; i++)
		err = config_add_prefix(&to->allowed_ips,
		    &to->allowed_ips_count, &from->allowed_ips[i]);
	for (size_t i = 0; !err && i < from->macs_count; i++)
		err = config_add_mac(to, &from->macs[i]);
	return err;
}

int config_peer_copy(struct config_peer *to, const struct config_peer *from)
{
	*to = *from;
	to->endpoint_host = to->preshared_key_file = NULL;
	to->vlans = NULL;
	to->allowed_ips = NULL;
	to->macs = NULL;
	to->allowed_ips_count = to->macs_count = 0;
	if (copy_lists(to, from) ||
	    config_set_text(&to->endpoint_host, from->endpoint_host) ||
	    config_set_text(
		&to->preshared_key_file, from->preshared_key_file) ||
	    config_set_vlans(to, from->vlans))
		return -ENOMEM;
	return 0;
}

void *config_list_grow(void *list, size_t count, size_t item_bytes)
{
	if (count & (count - 1))
		return list;
	return reallocarray(list, count ? 2 * count : 1, item_bytes);
}

struct config_peer *config_add_peer(struct config *config)
{
	struct config_peer *peers = config_list_grow(
	    config->peers, config->peers_count, sizeof(*config->peers));

	if (!peers)
		return NULL;
	config->peers = peers;
	peers += config->peers_count++;
	*peers = (struct config_peer){.compress = config->compress};
	if (config->device_type == CONFIG_DEVICE_TAP)
		peers->extension = CONFIG_EXTENSION_REQUIRED;
	return peers;
}

/* Thousands of peers have a few each: up to FEW there is little room left. */
#define FEW  64
#define STEP 4

static struct prefix *grow_prefixes(struct prefix *list, size_t count)
{
	if (count >= FEW)
		return config_list_grow(list, count, sizeof(*list));
	if (count % STEP)
		return list;
	return reallocarray(list, count + STEP, sizeof(*list));
}

int config_add_prefix(
    struct prefix **list, size_t *count, const struct prefix *prefix)
{
	struct prefix *grown = grow_prefixes(*list, *count);

	if (!grown)
		return -ENOMEM;
	*list = grown;
	grown[(*count)++] = *prefix;
	return 0;
}

int config_add_mac(struct config_peer *peer, const struct mac *mac)
{
	struct mac *grown =
	    config_list_grow(peer->macs, peer->macs_count, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	peer->macs = grown;
	grown[peer->macs_count++] = *mac;
	return 0;
}
