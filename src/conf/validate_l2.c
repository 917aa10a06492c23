/* SPDX-License-Identifier: ISC */
/* What the type of the device asks of all other settings. */
#include "conf/reader.h"

#include <string.h>

#define TAP_HINT                                                               \
	"device = { type = \"tap\"; }; makes a tunnel of Ethernet frames; a "  \
	"tunnel of IP packets does not have this setting"

/* What only a tap device has. */
static const struct {
	const char *group, *key; /* group "": of the root */
	const char *object;
} tap_settings[] = {
    {"device", "mac", "device.mac"},
    {"device", "bridge", "device.bridge"},
    {"", "l2", "l2"},
};
static const char *const tap_peer_settings[] = {
    "macs", "vlans", "router", "dhcp_server"};

/* ---- tun ---- */
static void refuse_on_tun(struct conf_reader *reader,
    const struct conf_node *node, const char *object)
{
	if (!node)
		return;
	conf_error(reader->messages, node->name_place, object,
	    "only a tap device has it, but device.type is \"tun\"");
	conf_hint(reader->messages, TAP_HINT);
}

static void check_tun_peer(
    struct conf_reader *reader, const struct conf_node *node, size_t idx)
{
	char object[CONF_OBJECT_BYTES];

	for (size_t i = 0; i < ARRAY_SIZE(tap_peer_settings); i++)
		refuse_on_tun(reader,
		    conf_node_find(node, tap_peer_settings[i]),
		    conf_peer_object(object, node, idx, tap_peer_settings[i]));
}

static void check_tun(struct conf_reader *reader)
{
	for (size_t i = 0; i < ARRAY_SIZE(tap_settings); i++)
		refuse_on_tun(reader,
		    *tap_settings[i].group
			? conf_find_in(reader, tap_settings[i].group,
			      tap_settings[i].key)
			: conf_node_find(reader->root, tap_settings[i].key),
		    tap_settings[i].object);
	conf_each_peer(reader, check_tun_peer);
}

/* ---- tap ---- */
static void check_mtu(struct conf_reader *reader)
{
	struct config *config = reader->config;

	if (!conf_find_in(reader, "device", "mtu"))
		config->mtu = CONFIG_MTU_DEFAULT_TAP;
	if (!conf_find_in(reader, "device", "mss_clamp"))
		config->mss_clamp = 0;
	if (config->mtu <= CONFIG_MTU_MAX_TAP)
		return;
	conf_error(reader->messages, conf_place_of(reader, "device", "mtu"),
	    "device.mtu", "%u is outside %d..%d, the range of a tap device",
	    config->mtu, CONFIG_MTU_MIN, CONFIG_MTU_MAX_TAP);
	conf_hint(reader->messages,
	    "leave mtu away: %d fits into datagrams of 1500 bytes, with "
	    "Ethernet header and VLAN tag",
	    CONFIG_MTU_DEFAULT_TAP);
}

static void check_bridge(struct conf_reader *reader)
{
	const struct config *config = reader->config;

	if (!*config->bridge)
		return;
	if (!strcmp(config->bridge, config->device)) {
		conf_error(reader->messages,
		    conf_place_of(reader, "device", "bridge"), "device.bridge",
		    "\"%s\" is the tap device itself", config->bridge);
		conf_hint(reader->messages,
		    "name a bridge of this host, as made by: ip link add br0 "
		    "type bridge");
	}
	if (config->addresses_count) {
		conf_error(reader->messages,
		    conf_place_of(reader, "device", "addresses"),
		    "device.addresses",
		    "a device in a bridge has no addresses of its own");
		conf_hint(reader->messages,
		    "give them to the bridge \"%s\", and take them away here",
		    config->bridge);
	}
}

/* Frames go where the switch has learned: there is nothing to route. */
static void check_routes(struct conf_reader *reader)
{
	struct config *config = reader->config;

	if (config->routes == CONFIG_ROUTES_TABLE) {
		conf_error(reader->messages,
		    conf_node_find(reader->root, "routes")->place, "routes",
		    "a tap device has no routes for a table: allowed_ips only "
		    "limit what its peers may send");
		conf_hint(reader->messages,
		    "take it away, and set routes over the device as over "
		    "any Ethernet device");
	}
	config->routes = CONFIG_ROUTES_NONE;
	config->routes_table = 0;
}

/* Each static address has an entry, and so has that of the device. */
static void check_static_macs(struct conf_reader *reader)
{
	const struct config *config = reader->config;
	size_t count = 1;

	for (size_t i = 0; i < config->peers_count; i++)
		count += config->peers[i].macs_count;
	if (count <= config->l2.macs_max)
		return;
	conf_error(reader->messages, conf_place_of(reader, "l2", "max_macs"),
	    "l2.max_macs",
	    "%u is too small: the device and the macs of its peers are %zu "
	    "addresses",
	    config->l2.macs_max, count);
	conf_hint(reader->messages,
	    "leave room for those that are learned, too: the default is %d",
	    CONFIG_MACS_DEFAULT);
}

/* Left away, it is never more than there is. */
static void check_macs_per_peer(struct conf_reader *reader)
{
	struct config_l2 *l2 = &reader->config->l2;
	const struct conf_node *node =
	    conf_find_in(reader, "l2", "max_macs_per_peer");

	if (l2->macs_per_peer <= l2->macs_max)
		return;
	if (node) {
		conf_error(reader->messages, node->place,
		    "l2.max_macs_per_peer",
		    "%u is more than l2.max_macs, which is %u",
		    l2->macs_per_peer, l2->macs_max);
		conf_hint(reader->messages,
		    "raise max_macs, or make this one smaller");
	}
	l2->macs_per_peer = l2->macs_max;
}

static void check_tap_peer(
    struct conf_reader *reader, const struct conf_node *node, size_t idx)
{
	const struct config_peer *peer = &reader->config->peers[idx];
	const struct conf_node *own = conf_node_find(node, "extension");
	char object[CONF_OBJECT_BYTES];

	if (!own || peer->extension == CONFIG_EXTENSION_REQUIRED)
		return;
	conf_error(reader->messages, own->place,
	    conf_peer_object(object, node, idx, "extension"),
	    "\"%s\" is impossible on tap: plain WireGuard carries no Ethernet "
	    "frames",
	    config_extension_name(peer->extension));
	conf_hint(reader->messages,
	    "take it away: on tap the extension is always required");
}

static void check_tap(struct conf_reader *reader)
{
	check_mtu(reader);
	check_bridge(reader);
	check_routes(reader);
	check_static_macs(reader);
	check_macs_per_peer(reader);
	conf_each_peer(reader, check_tap_peer);
}

bool conf_is_type_known(const struct conf_reader *reader)
{
	const struct conf_node *node = conf_find_in(reader, "device", "type");

	return !node || (node->kind == CONF_STRING &&
			    config_names_find(
				&config_device_type_names, node->string) >= 0);
}

void conf_validate_l2(struct conf_reader *reader)
{
	if (!conf_is_type_known(reader))
		return;
	if (reader->config->device_type == CONFIG_DEVICE_TAP)
		check_tap(reader);
	else
		check_tun(reader);
}
