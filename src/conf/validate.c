/* SPDX-License-Identifier: ISC */
/* What several settings together must be. */
#include "conf/reader.h"

#include <string.h>

#include "api/value.h"

const struct conf_node *conf_find_in(
    const struct conf_reader *reader, const char *group, const char *key)
{
	return conf_node_find(conf_node_find(reader->root, group), key);
}

struct config_place conf_place_of(
    const struct conf_reader *reader, const char *group, const char *key)
{
	const struct conf_node *node = conf_find_in(reader, group, key);

	if (!node)
		node = conf_node_find(reader->root, group);
	return node ? node->place : reader->root->place;
}

static bool has_ipv6(const struct prefix *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (prefixes[i].address.family == FAMILY_IPV6)
			return true;
	return false;
}

static bool needs_ipv6(const struct config *config)
{
	const struct config_peer *peer = config->peers;
	bool has = has_ipv6(config->addresses, config->addresses_count);

	for (size_t i = 0; i < config->peers_count && !has; i++, peer++)
		has = has_ipv6(peer->allowed_ips, peer->allowed_ips_count);
	return has;
}

static void check_mtu(struct conf_reader *reader)
{
	const struct config *config = reader->config;

	if (config->mtu >= CONFIG_MTU_MIN_IPV6 || !needs_ipv6(config))
		return;
	conf_error(reader->messages, conf_place_of(reader, "device", "mtu"),
	    "device.mtu", "%u is too small for IPv6, which needs %d",
	    config->mtu, CONFIG_MTU_MIN_IPV6);
	conf_hint(reader->messages,
	    "set mtu to %d or more, or take the IPv6 prefixes out of "
	    "device.addresses and allowed_ips",
	    CONFIG_MTU_MIN_IPV6);
}

/* Without a name of its own the device takes the tunnel's. */
static void check_device(struct conf_reader *reader)
{
	struct config *config = reader->config;
	const char *problem = conf_device_name_problem(config->name);

	if (*config->device || conf_find_in(reader, "device", "name"))
		return;
	if (!problem) {
		strcpy(config->device, config->name);
		return;
	}
	conf_error(reader->messages, conf_place_of(reader, "device", "name"),
	    "device.name", "it is missing, and the tunnel's name \"%s\" %s",
	    config->name, problem);
	conf_hint(reader->messages, "device = { name = \"vpn0\"; };");
}

const char *conf_peer_object(char object[CONF_OBJECT_BYTES],
    const struct conf_node *node, size_t idx, const char *key)
{
	char path[CONF_OBJECT_BYTES];

	conf_peer_path(path, node, idx);
	snprintf(object, CONF_OBJECT_BYTES, "%.100s.%s", path, key);
	return object;
}

/* Plain WireGuard can not compress: told when the peer's own setting wants
 * it, while the tunnel's just does not count. */
static void check_compress(
    struct conf_reader *reader, const struct conf_node *node, size_t idx)
{
	struct config_peer *peer = &reader->config->peers[idx];
	const struct conf_node *own = conf_node_find(node, "compress");
	char object[CONF_OBJECT_BYTES];

	if (peer->extension != CONFIG_EXTENSION_OFF)
		return;
	if (own && peer->compress != CONFIG_COMPRESS_NONE) {
		conf_error(reader->messages, own->place,
		    conf_peer_object(object, node, idx, "compress"),
		    "\"%s\" is impossible with extension = \"off\"",
		    config_compress_name(peer->compress));
		conf_hint(reader->messages,
		    "take one of the two away: plain WireGuard can not "
		    "compress");
	}
	peer->compress = CONFIG_COMPRESS_NONE;
}

/* "::" listens to both families, all else only to its own. */
static bool can_reach(
    const struct address *listen, const struct address *endpoint)
{
	return listen->family == endpoint->family ||
	       (listen->family == FAMILY_IPV6 &&
		   value_address_is_unspecified(listen));
}

static void check_endpoint(
    struct conf_reader *reader, const struct conf_node *node, size_t idx)
{
	const struct config *config = reader->config;
	char object[CONF_OBJECT_BYTES], text[ADDRESS_TEXT_BYTES];
	const char *host = config->peers[idx].endpoint_host;
	struct address endpoint;

	if (!host || address_parse(&endpoint, host) ||
	    can_reach(&config->listen_address, &endpoint))
		return;
	conf_error(reader->messages, conf_node_find(node, "endpoint")->place,
	    conf_peer_object(object, node, idx, "endpoint"),
	    "it can not be reached from listen.address %s",
	    address_format(&config->listen_address, text, sizeof(text)));
	conf_hint(reader->messages,
	    "listen = { address = \"::\"; }; serves IPv4 and IPv6");
}

static void check_peer(
    struct conf_reader *reader, const struct conf_node *node, size_t idx)
{
	char object[CONF_OBJECT_BYTES];

	check_compress(reader, node, idx);
	check_endpoint(reader, node, idx);
	/* On tap a peer without any may use all addresses. */
	if (reader->config->device_type == CONFIG_DEVICE_TUN &&
	    !conf_node_find(node, "allowed_ips"))
		conf_warning(reader->messages, node->place,
		    conf_peer_object(object, node, idx, "allowed_ips"),
		    "it is missing: no packet can go to or come from this "
		    "peer");
}

void conf_each_peer(struct conf_reader *reader, conf_check_peer_fn *check)
{
	const struct conf_node *peers = conf_node_find(reader->root, "peers");
	const struct conf_node *node = peers ? peers->first : NULL;

	/* Fewer than the file has, when memory ran out or it is no list. */
	for (size_t i = 0; i < reader->config->peers_count;
	     i++, node = node->next)
		check(reader, node, i);
}

void conf_validate(struct conf_reader *reader)
{
	check_device(reader);
	conf_validate_l2(reader);
	conf_validate_filter(reader);
	check_mtu(reader);
	conf_each_peer(reader, check_peer);
	conf_unique_report(&reader->names, reader->messages);
	conf_unique_report(&reader->keys, reader->messages);
	conf_unique_report(&reader->prefixes, reader->messages);
	conf_unique_report(&reader->addresses, reader->messages);
	conf_unique_report(&reader->macs, reader->messages);
}
