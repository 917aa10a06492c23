/* SPDX-License-Identifier: ISC */
/*
 * The flat configuration as text, and back.
 *
 * How it works: two tables list the fields of the tunnel and of a peer; each
 * names the codec that writes and reads it. The writer emits all fields in the
 * order of the table, and the reader accepts nothing else; so a text that was
 * cut off, or has a field twice, is refused without further checks.
 */
#include "api/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/config_codec.h"
#include "api/value.h"

#define SCHEMA "vpnd.config/1"

static void peers_write(
    struct reply *reply, const struct config_field *field, const void *object);
static int peers_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text);

static const struct config_codec config_codec_peers = {
    REPLY_ARRAY, peers_write, peers_read};

/* clang-format off */
#define L2(member, codec_name, ...)                                           \
	{.name = "l2_" #member, .codec = &config_codec_##codec_name,          \
	 .offset = offsetof(struct config, l2.member), __VA_ARGS__}
static const struct config_field config_fields[] = {
	TEXT(config, name),
	TEXT(config, file),
	FIELD(config, device_type, choice, .names = &config_device_type_names),
	TEXT(config, device),
	FIELD(config, has_mac, flag, ),
	FIELD(config, mac, mac, ),
	TEXT(config, bridge),
	LIST(config, addresses, prefixes, ),
	FIELD(config, mtu, u32, .least = CONFIG_MTU_MIN,
	    .most = CONFIG_MTU_MAX),
	FIELD(config, mss_clamp, u32, .most = CONFIG_MSS_PATH),
	FIELD(config, txqueuelen, u32, .least = 1, .most = CONFIG_TXQLEN_MAX),
	FIELD(config, listen_address, address, ),
	FIELD(config, listen_port, u16, .most = UINT16_MAX),
	FIELD(config, udp_gso, choice, .names = &config_offload_names),
	FIELD(config, udp_gro, choice, .names = &config_offload_names),
	FIELD(config, offload, choice, .names = &config_offload_names),
	TEXT(config, private_key_file),
	PLACE(config, private_key_place),
	FIELD(config, routes, choice, .names = &config_routes_names),
	FIELD(config, routes_table, u32, .most = UINT32_MAX),
	FIELD(config, fwmark, u32, .most = UINT32_MAX),
	FIELD(config, workers, u32, .most = CONFIG_WORKERS_MAX),
	FIELD(config, affinity, choice, .names = &config_offload_names),
	FIELD(config, compress, choice, .names = &config_compress_names),
	LIST(config, ciphers, ciphers, .names = &config_cipher_names),
	FIELD(config, has_cipher_order, flag, ),
	FIELD(config, busy_poll_us, u32, .most = CONFIG_BUSY_POLL_MAX),
	FIELD(config, log_level, choice, .names = &config_log_level_names),
	L2(is_hub, flag, ),
	L2(ageing_s, u32, .least = CONFIG_AGEING_MIN,
	    .most = CONFIG_AGEING_MAX),
	L2(macs_max, u32, .least = 1, .most = CONFIG_MACS_MAX),
	L2(macs_per_peer, u32, .least = 1, .most = CONFIG_MACS_MAX),
	L2(storm_broadcast, u32, .most = CONFIG_STORM_MAX),
	L2(storm_multicast, u32, .most = CONFIG_STORM_MAX),
	L2(storm_unknown_unicast, u32, .most = CONFIG_STORM_MAX),
	L2(bpdu, choice, .names = &config_control_names),
	L2(pause, choice, .names = &config_control_names),
	LIST(config, peers, peers, ),
	FIELD(config, forwarding, choice, .names = &config_forwarding_names),
	FIELD(config, socket_order, choice,
	    .names = &config_socket_order_names),
	LIST(config, sockets, sockets, ),
};

static const struct config_field peer_fields[] = {
	TEXT(config_peer, name),
	FIELD(config_peer, public_key, key, ),
	FIELD(config_peer, endpoint_host, heap_text,
	    .most = CONFIG_HOST_BYTES),
	FIELD(config_peer, endpoint_port, u16, .most = UINT16_MAX),
	LIST(config_peer, allowed_ips, prefixes, ),
	FIELD(config_peer, keepalive_s, u32, .most = CONFIG_KEEPALIVE_MAX),
	FIELD(config_peer, preshared_key_file, heap_text,
	    .most = CONFIG_PATH_BYTES),
	FIELD(config_peer, extension, choice, .names = &config_extension_names),
	FIELD(config_peer, compress, choice, .names = &config_compress_names),
	FIELD(config_peer, rate_kbit, u32, .most = CONFIG_PEER_RATE_MAX),
	LIST(config_peer, macs, macs, .most = CONFIG_STATIC_MACS_MAX),
	FIELD(config_peer, vlans, heap_vlans, ),
	FIELD(config_peer, is_router, flag, ),
	FIELD(config_peer, is_dhcp_server, flag, ),
	PLACE(config_peer, place),
	PLACE(config_peer, public_key_place),
	PLACE(config_peer, preshared_key_place),
};
/* clang-format on */

void config_fields_write(struct reply *reply, const struct config_field *fields,
    size_t count, const void *object)
{
	for (size_t i = 0; i < count; i++)
		fields[i].codec->write(reply, &fields[i], object);
}

int config_fields_read(
    const struct config_field *fields, size_t count, void *object, char **text)
{
	struct reply_line line;
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		if (reply_read(&line, text) != 1 ||
		    strcmp(line.name, fields[i].name) ||
		    line.token != fields[i].codec->token)
			return -EINVAL;
		error = fields[i].codec->read(&fields[i], object, &line, text);
	}
	return error;
}

int config_object_end(char **text)
{
	struct reply_line line;

	if (reply_read(&line, text) == 1 && line.token == REPLY_OBJECT_END)
		return 0;
	return -EINVAL;
}

static void peers_write(
    struct reply *reply, const struct config_field *field, const void *object)
{
	const struct config *config = object;

	reply_open_array(reply, field->name);
	for (size_t i = 0; i < config->peers_count; i++) {
		reply_open_object(reply, "");
		config_fields_write(reply, peer_fields, ARRAY_SIZE(peer_fields),
		    &config->peers[i]);
		reply_close_object(reply);
	}
	reply_close_array(reply);
}

/* On tun a peer has nothing of the switch, on tap nothing without it. */
static bool peer_suits(
    const struct config_peer *peer, enum config_device_type type)
{
	if (type == CONFIG_DEVICE_TAP)
		return peer->extension == CONFIG_EXTENSION_REQUIRED;
	return !peer->macs_count && !peer->vlans && !peer->is_router &&
	       !peer->is_dhcp_server;
}

/* What a table can not say. */
static bool peer_is_sound(const struct config_peer *peer)
{
	for (size_t i = 0; i < peer->allowed_ips_count; i++) {
		struct prefix prefix = peer->allowed_ips[i];

		if (prefix_mask(&prefix))
			return false;
	}
	return *peer->name && !peer->endpoint_host == !peer->endpoint_port;
}

static int peers_read(const struct config_field *field, void *object,
    const struct reply_line *line, char **text)
{
	struct config *config = object;
	struct config_peer *peer;
	struct reply_line item;
	int got;

	(void)field;
	(void)line;
	while ((got = config_item_read(&item, REPLY_OBJECT, text)) == 1) {
		peer = config_add_peer(config);
		if (!peer)
			return -ENOMEM;
		got = config_fields_read(
		    peer_fields, ARRAY_SIZE(peer_fields), peer, text);
		if (got)
			return got;
		if (config_object_end(text) || !peer_is_sound(peer) ||
		    !peer_suits(peer, config->device_type))
			return -EINVAL;
	}
	return got;
}

static bool device_is_sound(const struct config *config)
{
	if (config->device_type == CONFIG_DEVICE_TUN)
		return !config->has_mac && mac_is_zero(&config->mac) &&
		       !*config->bridge;
	return config->mtu <= CONFIG_MTU_MAX_TAP &&
	       config->forwarding == CONFIG_FORWARDING_KERNEL &&
	       config->socket_order == CONFIG_SOCKET_ORDER_CLASSIC &&
	       !config->sockets_count &&
	       config->routes != CONFIG_ROUTES_TABLE &&
	       !(*config->bridge && config->addresses_count) &&
	       (config->has_mac ? !value_mac_problem(&config->mac)
				: mac_is_zero(&config->mac));
}

static bool config_is_sound(const struct config *config)
{
	bool has_table = config->routes == CONFIG_ROUTES_TABLE;

	return *config->name && *config->file && *config->device &&
	       *config->private_key_file &&
	       has_table == !!config->routes_table &&
	       config->l2.macs_per_peer <= config->l2.macs_max &&
	       device_is_sound(config) && config_filter_is_sound(config) &&
	       config_sockets_are_sound(config);
}

char *config_encode(const struct config *config)
{
	struct reply reply;

	reply_init(&reply);
	reply_string(&reply, "schema", SCHEMA);
	config_fields_write(
	    &reply, config_fields, ARRAY_SIZE(config_fields), config);
	config_fields_write(
	    &reply, config_filter_fields, config_filter_fields_count, config);
	if (reply.has_failed)
		reply_clear(&reply);
	return reply.text;
}

static int document_read(struct config *config, char *text)
{
	struct reply_line line;
	int error;

	if (reply_read(&line, &text) != 1 || line.token != REPLY_STRING ||
	    strcmp(line.name, "schema") || strcmp(line.value, SCHEMA))
		return -EINVAL;
	error = config_fields_read(
	    config_fields, ARRAY_SIZE(config_fields), config, &text);
	if (!error)
		error = config_fields_read(config_filter_fields,
		    config_filter_fields_count, config, &text);
	if (error)
		return error;
	return !*text && config_is_sound(config) ? 0 : -EINVAL;
}

int config_decode(struct config **ret, const char *text, size_t len)
{
	struct config *config = NULL;
	char *copy = NULL;
	int error = -EINVAL;

	if (memchr(text, '\0', len))
		goto out;
	error = -ENOMEM;
	copy = strndup(text, len);
	config = config_new();
	if (!copy || !config)
		goto out;
	error = document_read(config, copy);
	if (error)
		goto out;
	*ret = config;
	config = NULL;
out:
	config_free(config);
	free(copy);
	return error;
}
