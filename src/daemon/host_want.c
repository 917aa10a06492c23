/* SPDX-License-Identifier: ISC */
/* From a configuration to the list of changes that it wants of the host. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/packet.h"
#include "daemon/host_state.h"
#include "protocol/wire.h"

#define FIRST_TABLE 51820 /* as wg-quick: the first one that is unused */
#define LAST_TABLE  52819
#define RULES	    3

static int want(struct change_list *list, const struct change *change)
{
	return change_list_add(list, change);
}

static int want_mac(
    struct host *host, struct change_list *list, const struct config *config)
{
	if (config->device_type != CONFIG_DEVICE_TAP)
		return 0;
	return want(list,
	    &(struct change){.kind = CHANGE_MAC,
		.ifindex = host->ifindex,
		.mac = config->has_mac ? config->mac : host->derived_mac});
}

/* A bridge that is not there is no error: the host may make it any time. */
static int want_bridge(
    struct host *host, struct change_list *list, const struct config *config)
{
	bool was_missing = host->is_bridge_missing;
	struct netlink_link link;
	int code;

	host->is_bridge_missing = false;
	if (!*config->bridge)
		return 0;
	code = netlink_find_link(host->netlink, config->bridge, &link);
	if (!code)
		return want(list, &(struct change){.kind = CHANGE_BRIDGE,
				      .ifindex = host->ifindex,
				      .number = link.ifindex});
	host->is_bridge_missing = true;
	if (!was_missing)
		log_warning(host->log,
		    "bridge %s: there is none; the device joins it as soon as "
		    "it is made",
		    config->bridge);
	return code == -ENODEV ? 0 : code;
}

/* The kernel makes the route to the device's network; we know of it. */
static int want_address(
    struct host *host, struct change_list *list, const struct prefix *address)
{
	struct change change = {.kind = CHANGE_ADDRESS,
	    .ifindex = host->ifindex,
	    .prefix = *address};
	int code = want(list, &change);

	if (code || address->bits == address_bits(address->address.family))
		return code;
	change.kind = CHANGE_CONNECTED;
	change.source = address->address;
	(void)prefix_mask(&change.prefix);
	return change_list_find(list, &change) ? 0 : want(list, &change);
}

static int want_addresses(
    struct host *host, struct change_list *list, const struct config *config)
{
	int code = 0;

	for (size_t i = 0; i < config->addresses_count && !code; i++)
		code = want_address(host, list, &config->addresses[i]);
	return code;
}

/* The kernel has a route to what the device's own prefixes cover. */
static bool is_connected(
    const struct config *config, const struct prefix *prefix)
{
	for (size_t i = 0; i < config->addresses_count; i++) {
		struct prefix net = config->addresses[i];

		(void)prefix_mask(&net);
		if (net.bits <= prefix->bits &&
		    net.address.family == prefix->address.family &&
		    prefix_has(&net, &prefix->address))
			return true;
	}
	return false;
}

static int want_route(struct host *host, struct change_list *list,
    const struct config *config, const struct prefix *prefix)
{
	struct change change = {
	    .kind = CHANGE_ROUTE, .ifindex = host->ifindex, .prefix = *prefix};

	if (config->routes == CONFIG_ROUTES_TABLE) {
		if (config->routes_table != CHANGE_TABLE_MAIN)
			change.number = config->routes_table;
	} else if (prefix->bits == 0) {
		change.number = host->table;
		host->has_default[prefix->address.family == FAMILY_IPV6] = true;
	} else if (is_connected(config, prefix)) {
		return 0;
	}
	return want(list, &change);
}

/* On a tap allowed_ips say what a peer may be, not where it is. */
static bool wants_routes(const struct config *config)
{
	return config->device_type == CONFIG_DEVICE_TUN &&
	       config->routes != CONFIG_ROUTES_NONE;
}

static int want_routes(
    struct host *host, struct change_list *list, const struct config *config)
{
	int code = 0;

	if (!wants_routes(config))
		return 0;
	for (size_t i = 0; i < config->peers_count; i++) {
		const struct config_peer *peer = &config->peers[i];

		for (size_t j = 0; j < peer->allowed_ips_count && !code; j++)
			code = want_route(
			    host, list, config, &peer->allowed_ips[j]);
	}
	return code;
}

/* Our rules come before all others. */
static int choose_priority(struct host *host, enum family family)
{
	uint32_t *priority = &host->priority[family == FAMILY_IPV6];
	uint32_t first = 0;
	int code;

	if (*priority)
		return 0;
	code = netlink_first_priority(host->netlink, family, &first);
	if (code)
		return code;
	*priority = first > RULES ? first - RULES : 1;
	return 0;
}

/* Rule i of ours for that family, when the first one has this priority. */
static struct change rule_change(const struct host *host, enum family family,
    uint32_t first_priority, size_t i)
{
	struct change change = {.kind = CHANGE_RULE};
	struct netlink_rule rules[RULES] = {
	    {.table = CHANGE_TABLE_MAIN, .udp_source_port = host->port},
	    {.table = CHANGE_TABLE_MAIN, .has_suppress_default = true},
	    {.table = host->table, .fwmark = host->fwmark, .is_inverted = true},
	};

	change.rule = rules[i];
	change.rule.family = family;
	change.rule.priority = first_priority + (uint32_t)i;
	return change;
}

static size_t first_rule(enum family family)
{
	return family == FAMILY_IPV4 ? 0 : 1;
}

static int want_rules(
    struct host *host, struct change_list *list, enum family family)
{
	uint32_t *priority = &host->priority[family == FAMILY_IPV6];
	int code;

	if (!host->has_default[family == FAMILY_IPV6])
		return 0;
	code = choose_priority(host, family);
	for (size_t i = first_rule(family); i < RULES && !code; i++) {
		struct change change = rule_change(host, family, *priority, i);

		code = want(list, &change);
	}
	return code;
}

/* A killed vpnd left its rules; its table went with its device, so rules for
 * an unused table are nobody's. */
static void remove_stale_rules(struct host *host, enum family family)
{
	struct change last = rule_change(host, family, 0, RULES - 1);
	uint32_t priority = 0;

	for (int tries = 0; tries < 8; tries++) {
		if (netlink_find_rule(host->netlink, &last.rule, &priority) ||
		    priority < RULES)
			return;
		log_info(host->log, "host: removing what a killed vpnd left");
		for (size_t i = first_rule(family); i < RULES; i++) {
			struct change stale = rule_change(
			    host, family, priority - (RULES - 1), i);

			host_undo_one(host, &stale);
		}
	}
}

static bool wants_default(const struct config *config)
{
	if (!wants_routes(config) || config->routes == CONFIG_ROUTES_TABLE)
		return false;
	for (size_t i = 0; i < config->peers_count; i++)
		for (size_t j = 0; j < config->peers[i].allowed_ips_count; j++)
			if (config->peers[i].allowed_ips[j].bits == 0)
				return true;
	return false;
}

static bool is_free_table(struct host *host, uint32_t table)
{
	bool v4 = true, v6 = true;

	if (netlink_table_is_used(host->netlink, FAMILY_IPV4, table, &v4) ||
	    netlink_table_is_used(host->netlink, FAMILY_IPV6, table, &v6))
		return false;
	return !v4 && !v6;
}

/* The mark names the table, as wg-quick has it. */
static int choose_table(struct host *host, const struct config *config)
{
	uint32_t table = config->fwmark ? config->fwmark : FIRST_TABLE;

	host->fwmark = config->fwmark ? config->fwmark : host->fwmark;
	if (!wants_default(config) || host->table)
		return 0;
	while (!config->fwmark && !is_free_table(host, table))
		if (table++ == LAST_TABLE)
			return -EBUSY;
	host->table = host->fwmark = table;
	if (is_free_table(host, table)) {
		remove_stale_rules(host, FAMILY_IPV4);
		remove_stale_rules(host, FAMILY_IPV6);
	}
	return 0;
}

/* One that can not be read is not there. */
static bool is_on(const char *sysctl)
{
	int fd = open(sysctl, O_RDONLY | O_CLOEXEC);
	char value = '0';

	if (fd < 0)
		return false;
	if (read(fd, &value, 1) != 1)
		value = '0';
	close(fd);
	return value != '0';
}

static bool is_forwarding(void)
{
	return is_on("/proc/sys/net/ipv4/ip_forward") ||
	       is_on("/proc/sys/net/ipv6/conf/all/forwarding");
}

bool host_has_other_forwarding(const struct host *host)
{
	return host->is_forwarding != is_forwarding();
}

/* What of a super-packet does not fit a train goes as a short one of its own:
 * TCP of this host makes none that are longer. But the kernel takes longer ones
 * of others apart, so where it forwards, or a bridge does, nothing is set. */
static int want_gso_segs(
    struct host *host, struct change_list *list, const struct config *config)
{
	uint32_t count =
	    PACKET_TRAIN_BYTES / (config->mtu + WIRE_OVERHEAD_BYTES);

	host->is_forwarding = is_forwarding();
	if (count > PACKET_TRAIN_SEGMENTS)
		count = PACKET_TRAIN_SEGMENTS;
	if (config->device_type == CONFIG_DEVICE_TAP || host->is_forwarding ||
	    config->offload == CONFIG_OFFLOAD_OFF ||
	    config->udp_gso == CONFIG_OFFLOAD_OFF || count < 2)
		return 0;
	return want(list, &(struct change){.kind = CHANGE_GSO_SEGS,
			      .ifindex = host->ifindex,
			      .number = count});
}

int host_want(
    struct host *host, struct change_list *list, const struct config *config)
{
	const struct change up = {
	    .kind = CHANGE_UP, .ifindex = host->ifindex, .number = 1};
	const struct change settings[] = {
	    {.kind = CHANGE_MTU,
		.ifindex = host->ifindex,
		.number = config->mtu},
	    {.kind = CHANGE_TXQUEUELEN,
		.ifindex = host->ifindex,
		.number = config->txqueuelen},
	};
	struct change mark = {.kind = CHANGE_SRC_VALID_MARK, .number = 1};
	int code = choose_table(host, config);

	host->has_default[0] = host->has_default[1] = false;
	if (!code)
		code = want_mac(host, list, config);
	for (size_t i = 0; i < ARRAY_SIZE(settings) && !code; i++)
		code = want(list, &settings[i]);
	if (!code)
		code = want_gso_segs(host, list, config);
	if (!code)
		code = want_bridge(host, list, config);
	if (!code)
		code = want(list, &up);
	if (!code)
		code = want_addresses(host, list, config);
	if (!code)
		code = want_routes(host, list, config);
	if (!code && host->has_default[0])
		code = want(list, &mark);
	if (!code)
		code = want_rules(host, list, FAMILY_IPV4);
	if (!code)
		code = want_rules(host, list, FAMILY_IPV6);
	return code;
}
