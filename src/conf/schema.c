/* SPDX-License-Identifier: ISC */
/* The schema: every setting that a file may have. See vpnd.conf(5). */
#include "conf/schema.h"

#include <string.h>

#include "api/value.h"
#include "base/nearest.h"

static conf_read_fn read_peers;

/* clang-format off */
static const struct conf_setting device_settings[] = {
	{.key = "type", STRING, .read = conf_read_choice,
	 CONFIG_AT(device_type), .names = &config_device_type_names,
	 .preset = "tun", .example = "\"tun\""},
	{.key = "name", STRING, .read = conf_read_device_name,
	 CONFIG_AT(device), .values = "name of an interface",
	 .preset = "the tunnel's name", .example = "\"vpn0\""},
	{.key = "mac", STRING, .read = conf_read_mac, CONFIG_AT(mac),
	 .values = "MAC address", .preset = "made from the key",
	 .example = "\"02:00:5e:10:00:01\""},
	{.key = "bridge", STRING, .read = conf_read_device_name,
	 CONFIG_AT(bridge), .values = "name of a bridge",
	 .example = "\"br0\""},
	{.key = "addresses", ARRAY, .read = conf_read_addresses,
	 .values = "addresses with prefix lengths", .preset = "[ ]",
	 .example = "[ \"10.77.0.1/24\", \"fd77::1/64\" ]"},
	{.key = "mtu", NUMBER, .read = conf_read_u32, CONFIG_AT(mtu),
	 .least = CONFIG_MTU_MIN, .most = CONFIG_MTU_MAX,
	 .preset = "1420, on tap 1400", .example = "1420"},
	{.key = "mss_clamp",
	 .kinds = CONF_IS(CONF_BOOLEAN) | CONF_IS(CONF_INTEGER),
	 .read = conf_read_mss, CONFIG_AT(mss_clamp), .least = CONFIG_MSS_MIN,
	 .most = UINT16_MAX, .values = "true, false, 536..65535",
	 .preset = "true, on tap false", .example = "true"},
	{.key = "txqueuelen", NUMBER, .read = conf_read_u32,
	 CONFIG_AT(txqueuelen), .least = 1, .most = CONFIG_TXQLEN_MAX,
	 .preset = "250", .example = "250"},
	{.key = "offload", STRING, .read = conf_read_choice,
	 CONFIG_AT(offload), .names = &config_offload_names,
	 .preset = "auto", .example = "\"auto\""},
};

static const struct conf_setting listen_settings[] = {
	{.key = "port", NUMBER, .read = conf_read_u16, CONFIG_AT(listen_port),
	 .most = UINT16_MAX, .preset = "0", .example = "51820"},
	{.key = "address", STRING, .read = conf_read_address,
	 CONFIG_AT(listen_address), .values = "address of this host",
	 .preset = "::", .example = "\"::\""},
	{.key = "udp_gso", STRING, .read = conf_read_choice,
	 CONFIG_AT(udp_gso), .names = &config_offload_names,
	 .preset = "auto", .example = "\"auto\""},
	{.key = "udp_gro", STRING, .read = conf_read_choice,
	 CONFIG_AT(udp_gro), .names = &config_offload_names,
	 .preset = "auto", .example = "\"auto\""},
};

static const struct conf_setting storm_settings[] = {
	{.key = "broadcast", NUMBER, .read = conf_read_u32,
	 CONFIG_AT(l2.storm_broadcast), .most = CONFIG_STORM_MAX,
	 .preset = "1000", .example = "1000"},
	{.key = "multicast", NUMBER, .read = conf_read_u32,
	 CONFIG_AT(l2.storm_multicast), .most = CONFIG_STORM_MAX,
	 .preset = "1000", .example = "1000"},
	{.key = "unknown_unicast", NUMBER, .read = conf_read_u32,
	 CONFIG_AT(l2.storm_unknown_unicast), .most = CONFIG_STORM_MAX,
	 .preset = "1000", .example = "1000"},
};

static const struct conf_setting l2_settings[] = {
	{.key = "hub", FLAG, CONFIG_AT(l2.is_hub),
	 .values = "true, false", .preset = "true", .example = "true"},
	{.key = "ageing", STRING, .read = conf_read_duration,
	 CONFIG_AT(l2.ageing_s), .least = CONFIG_AGEING_MIN,
	 .most = CONFIG_AGEING_MAX, .values = "10s to 1000000s",
	 .preset = "300s", .example = "\"300s\""},
	{.key = "max_macs", NUMBER, .read = conf_read_u32,
	 CONFIG_AT(l2.macs_max), .least = 1, .most = CONFIG_MACS_MAX,
	 .preset = "4096", .example = "4096"},
	{.key = "max_macs_per_peer", NUMBER, .read = conf_read_u32,
	 CONFIG_AT(l2.macs_per_peer), .least = 1, .most = CONFIG_MACS_MAX,
	 .preset = "256", .example = "256"},
	{.key = "storm", GROUP(storm_settings),
	 .example = "{ broadcast = 1000; }"},
	{.key = "bpdu", STRING, .read = conf_read_choice, CONFIG_AT(l2.bpdu),
	 .names = &config_control_names, .preset = "drop",
	 .example = "\"drop\""},
	{.key = "pause", STRING, .read = conf_read_choice, CONFIG_AT(l2.pause),
	 .names = &config_control_names, .preset = "drop",
	 .example = "\"drop\""},
};

static const struct conf_setting log_settings[] = {
	{.key = "level", STRING, .read = conf_read_choice,
	 CONFIG_AT(log_level), .names = &config_log_level_names,
	 .preset = "info", .example = "\"info\""},
};

static const struct conf_setting peer_settings[] = {
	{.key = "name", STRING, .read = conf_read_peer_name, PEER_AT(name),
	 .is_required = true, .values = "1 to 63 of A-Z a-z 0-9 _ . -",
	 .example = "\"branch\""},
	{.key = "public_key", STRING, .read = conf_read_key,
	 PEER_AT(public_key), .is_required = true,
	 .values = "44 characters of base64",
	 .example = "\"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\""},
	{.key = "endpoint", STRING, .read = conf_read_endpoint,
	 .values = "HOST:PORT or [IPV6]:PORT",
	 .example = "\"branch.example.net:51820\""},
	{.key = "allowed_ips", ARRAY, .read = conf_read_allowed_ips,
	 .values = "prefixes", .preset = "[ ]",
	 .example = "[ \"10.77.0.2/32\", \"fd77::2/128\" ]"},
	{.key = "keepalive", STRING, .read = conf_read_duration,
	 PEER_AT(keepalive_s), .most = CONFIG_KEEPALIVE_MAX,
	 .values = "1s to 65535s, or off", .preset = "off",
	 .example = "\"25s\""},
	{.key = "preshared_key_file", STRING, .read = conf_read_peer_path,
	 PEER_AT(preshared_key_file),
	 .place_offset = offsetof(struct config_peer, preshared_key_place),
	 .values = "absolute path",
	 .example = "\"/etc/vpnd/keys/branch.psk\""},
	{.key = "extension", STRING, .read = conf_read_choice,
	 PEER_AT(extension), .names = &config_extension_names,
	 .preset = "auto, on tap required", .example = "\"auto\""},
	{.key = "compress", STRING, .read = conf_read_choice,
	 PEER_AT(compress), .names = &config_compress_names,
	 .preset = "the tunnel's", .example = "\"lz4\""},
	{.key = "rate", STRING, .read = conf_read_peer_rate,
	 PEER_AT(rate_kbit), .values = "1kbit to 1000gbit, or off",
	 .preset = "off", .example = "\"100mbit\""},
	{.key = "macs", ARRAY, .read = conf_read_macs,
	 .most = CONFIG_STATIC_MACS_MAX, .values = "MAC addresses",
	 .preset = "[ ]", .example = "[ \"02:00:5e:10:00:02\" ]"},
	{.key = "vlans", STRING, .read = conf_read_vlans,
	 .values = "list of 0..4094 and ranges", .preset = "all",
	 .example = "\"0,10-20\""},
	{.key = "router", FLAG, PEER_AT(is_router),
	 .values = "true, false", .preset = "false", .example = "true"},
	{.key = "dhcp_server", FLAG, PEER_AT(is_dhcp_server),
	 .values = "true, false", .preset = "false", .example = "true"},
};

/* The device comes first, and peers almost last: they take its type and the
 * tunnel's compress. The filter and sockets name peers. */
static const struct conf_setting root_settings[] = {
	{.key = "device", GROUP(device_settings),
	 .example = "{ name = \"vpn0\"; }"},
	{.key = "listen", GROUP(listen_settings),
	 .example = "{ port = 51820; }"},
	{.key = "private_key_file", STRING, .read = conf_read_path,
	 CONFIG_AT(private_key_file), .is_required = true,
	 .place_offset = offsetof(struct config, private_key_place),
	 .values = "absolute path", .example = "\"/etc/vpnd/keys/site.key\""},
	{.key = "routes", .kinds = CONF_IS(CONF_STRING) | CONF_IS(CONF_INTEGER),
	 .read = conf_read_routes, .least = 1, .most = UINT32_MAX,
	 .values = "auto, none, or a table 1..4294967295", .preset = "auto",
	 .example = "\"auto\""},
	{.key = "fwmark", NUMBER, .read = conf_read_u32, CONFIG_AT(fwmark),
	 .most = UINT32_MAX, .preset = "0", .example = "51820"},
	{.key = "forwarding", STRING, .read = conf_read_choice,
	 CONFIG_AT(forwarding), .names = &config_forwarding_names,
	 .preset = "kernel", .example = "\"kernel\""},
	{.key = "socket_order", STRING, .read = conf_read_choice,
	 CONFIG_AT(socket_order), .names = &config_socket_order_names,
	 .preset = "classic", .example = "\"classic\""},
	{.key = "workers",
	 .kinds = CONF_IS(CONF_STRING) | CONF_IS(CONF_INTEGER),
	 .read = conf_read_workers, CONFIG_AT(workers), .least = 1,
	 .most = CONFIG_WORKERS_MAX, .values = "auto, 1, 2", .preset = "auto",
	 .example = "\"auto\""},
	{.key = "affinity", STRING, .read = conf_read_choice,
	 CONFIG_AT(affinity), .names = &config_offload_names,
	 .preset = "auto", .example = "\"auto\""},
	{.key = "compress", STRING, .read = conf_read_choice,
	 CONFIG_AT(compress), .names = &config_compress_names,
	 .preset = "none", .example = "\"lz4\""},
	{.key = "ciphers", ARRAY, .read = conf_read_ciphers,
	 .names = &config_cipher_names, .preset = "the faster first",
	 .example = "[ \"aes256gcm\", \"chacha20poly1305\" ]"},
	{.key = "busy_poll", NUMBER, .read = conf_read_u32,
	 CONFIG_AT(busy_poll_us), .most = CONFIG_BUSY_POLL_MAX,
	 .preset = "0", .example = "50"},
	{.key = "l2", GROUP(l2_settings),
	 .example = "{ hub = true; }"},
	{.key = "log", GROUP(log_settings),
	 .example = "{ level = \"info\"; }"},
	{.key = "peers", .kinds = CONF_IS(CONF_LIST), .read = read_peers,
	 .group = &(const struct conf_group){peer_settings,
		ARRAY_SIZE(peer_settings)},
	 .example = "( { name = \"branch\"; public_key = \"...\"; } )"},
	{.key = "filter", .kinds = CONF_IS(CONF_GROUP),
	 .read = conf_read_filter, .group = &conf_filter_group,
	 .example = "{ policy = { input = \"reject\"; "
		    "forward = \"drop\"; }; }"},
	{.key = "sockets", .kinds = CONF_IS(CONF_LIST),
	 .read = conf_read_sockets, .group = &conf_socket_group,
	 .example = "( { type = \"echo\"; port = 7; } )"},
};
/* clang-format on */

const struct conf_group conf_schema = {
    root_settings, ARRAY_SIZE(root_settings)};

static const char *setting_name(const void *context, size_t idx)
{
	const struct conf_group *group = context;

	return group->settings[idx].key;
}

/* "device" and "mtu" to "device.mtu". */
static const char *path_join(
    char path[CONF_OBJECT_BYTES], const char *group, const char *key)
{
	snprintf(path, CONF_OBJECT_BYTES, "%.63s%s%.63s", group,
	    *group ? "." : "", key);
	return path;
}

static void check_known(struct conf_reader *reader,
    const struct conf_group *group, const struct conf_node *node,
    const char *path)
{
	char key[CONFIG_NAME_BYTES], object[CONF_OBJECT_BYTES];
	const char *near;

	snprintf(key, sizeof(key), "%.*s", (int)node->name_len, node->name);
	for (size_t i = 0; i < group->count; i++)
		if (node->name_len < sizeof(key) &&
		    !strcmp(group->settings[i].key, key))
			return;
	conf_error(reader->messages, node->name_place,
	    path_join(object, path, key), "there is no such setting");
	near = nearest_find(key, setting_name, group, group->count);
	if (near)
		conf_hint(reader->messages, "did you mean %s?", near);
}

/* The kinds of a mask in words: "a string or a number". */
static const char *kinds_name(char text[256], unsigned kinds)
{
	size_t len = 0;

	for (unsigned kind = 0; kind < CONF_KINDS; kind++)
		if (kinds & CONF_IS(kind))
			len += (size_t)snprintf(text + len, 256 - len, "%s%s",
			    len ? " or " : "",
			    conf_kind_name((enum conf_kind)kind));
	return text;
}

/* The element that has another kind than its list should have. */
static const struct conf_node *odd_element(
    const struct conf_node *list, enum conf_kind kind)
{
	const struct conf_node *at = list->first;

	while (at && at->kind == kind)
		at = at->next;
	return at;
}

static bool is_of_kind(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node)
{
	unsigned wanted = setting->kinds;
	char text[256];

	/* "[ ]" and "( )" hold strings and groups, as we have it. */
	if (wanted & CONF_IS(node->kind)) {
		if (node->kind == CONF_ARRAY)
			wanted = CONF_IS(CONF_STRING);
		else if (node->kind == CONF_LIST)
			wanted = CONF_IS(CONF_GROUP);
		else
			return true;
		node = odd_element(node,
		    wanted == CONF_IS(CONF_STRING) ? CONF_STRING : CONF_GROUP);
		if (!node)
			return true;
	}
	complain(reader, node, "this is %s, but must be %s",
	    conf_kind_name(node->kind), kinds_name(text, wanted));
	conf_hint(reader->messages, "%s = %s;", setting->key, setting->example);
	return false;
}

static void read_setting(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *group,
    const char *path, void *object)
{
	const struct conf_node *node = conf_node_find(group, setting->key);

	path_join(reader->object, path, setting->key);
	if (node) {
		if (is_of_kind(reader, setting, node))
			setting->read(reader, setting, node, object);
	} else if (setting->is_required) {
		complain(reader, group, "it is missing");
		conf_hint(reader->messages, "%s = %s;", setting->key,
		    setting->example);
	}
}

void conf_group_read(struct conf_reader *reader, const struct conf_group *group,
    const struct conf_node *node, const char *path, void *object)
{
	for (const struct conf_node *at = node->first; at; at = at->next)
		check_known(reader, group, at, path);
	for (size_t i = 0; i < group->count; i++)
		read_setting(reader, &group->settings[i], node, path, object);
}

void conf_read_group(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	char path[CONF_OBJECT_BYTES];

	/* "l2.storm": what is being read changes with each member. */
	memcpy(path, reader->object, sizeof(path));
	conf_group_read(reader, setting->group, node, path, object);
}

void conf_peer_path(
    char path[CONF_OBJECT_BYTES], const struct conf_node *node, size_t idx)
{
	const struct conf_node *name = conf_node_find(node, "name");

	if (name && name->string && !value_name_problem(name->string))
		snprintf(path, CONF_OBJECT_BYTES, "peers.%s", name->string);
	else
		snprintf(path, CONF_OBJECT_BYTES, "peers[%zu]", idx);
}

static void read_peers(struct conf_reader *reader,
    const struct conf_setting *setting, const struct conf_node *node,
    void *object)
{
	char path[CONF_OBJECT_BYTES];
	struct config_peer *peer;
	size_t idx = 0;

	(void)object;
	for (const struct conf_node *at = node->first; at; at = at->next) {
		peer = config_add_peer(reader->config);
		if (!peer) {
			reader->has_no_memory = true;
			return;
		}
		peer->place = at->place;
		conf_peer_path(path, at, idx++);
		conf_group_read(reader, setting->group, at, path, peer);
	}
}

/* ---- the table for people and for the manual's test ---- */
static void print_values(const struct conf_setting *setting, FILE *stream)
{
	if (setting->values)
		fputs(setting->values, stream);
	else if (!setting->names)
		fprintf(stream, "%u..%u", setting->least, setting->most);
	for (size_t i = 0; setting->names && i < setting->names->count; i++)
		fprintf(
		    stream, "%s%s", i ? ", " : "", setting->names->names[i]);
}

static void print_group(
    const struct conf_group *group, const char *path, FILE *stream)
{
	const struct conf_setting *setting = group->settings;
	char key[CONF_OBJECT_BYTES];

	for (; setting < group->settings + group->count; setting++) {
		path_join(key, path, setting->key);
		if (setting->group) {
			print_group(setting->group, key, stream);
			continue;
		}
		fprintf(stream, "%s\t", key);
		print_values(setting, stream);
		fprintf(stream, "\t%s\n",
		    setting->is_required ? "required"
		    : setting->preset	 ? setting->preset
					 : "none");
	}
}

void conf_schema_print(FILE *stream)
{
	print_group(&conf_schema, "", stream);
}
