/* SPDX-License-Identifier: ISC */
/* What vpnd changes on its host, and how it takes all of it back. */
#include "daemon/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/change.h"

#define FIRST_TABLE 51820 /* as wg-quick: the first one that is unused */
#define LAST_TABLE  52819
#define RULES	    3

struct host {
	struct netlink *netlink;
	const struct log *log;
	uint32_t ifindex;
	uint16_t port;
	uint32_t fwmark, table;
	bool has_default[2];  /* IPv4, IPv6: rules are wanted */
	uint32_t priority[2]; /* of the first rule; 0: not chosen yet */
	struct change_list applied;
};

int host_new(struct host **ret, const struct host_setup *setup)
{
	struct host *host = calloc(1, sizeof(*host));
	int code;

	if (!host)
		return -ENOMEM;
	host->netlink = setup->netlink;
	host->log = setup->log;
	host->port = setup->port;
	code = host_replace_device(host, setup->device);
	if (code)
		free(host);
	else
		*ret = host;
	return code;
}

void host_free(struct host *host)
{
	if (!host)
		return;
	change_list_clear(&host->applied);
	free(host);
}

uint32_t host_ifindex(const struct host *host)
{
	return host->ifindex;
}

uint32_t host_fwmark(const struct host *host)
{
	return host->fwmark;
}

uint32_t host_table(const struct host *host)
{
	return host->table;
}

static void undo_one(struct host *host, const struct change *change)
{
	char text[CHANGE_TEXT_BYTES];
	int code = change_undo(host->netlink, change);

	if (code)
		log_debug(host->log, "undo %s: %s",
		    change_format(change, text, sizeof(text)), strerror(-code));
}

/* ---- what is wanted ---- */

static int want(struct change_list *list, const struct change *change)
{
	return change_list_add(list, change);
}

static int want_addresses(
    struct host *host, struct change_list *list, const struct config *config)
{
	int code = 0;

	for (size_t i = 0; i < config->addresses_count && !code; i++)
		code = want(list, &(struct change){.kind = CHANGE_ADDRESS,
				      .ifindex = host->ifindex,
				      .prefix = config->addresses[i]});
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
		change.number = config->routes_table;
	} else if (prefix->bits == 0) {
		change.number = host->table;
		host->has_default[prefix->address.family == FAMILY_IPV6] = true;
	} else if (is_connected(config, prefix)) {
		return 0;
	}
	return want(list, &change);
}

static int want_routes(
    struct host *host, struct change_list *list, const struct config *config)
{
	int code = 0;

	if (config->routes == CONFIG_ROUTES_NONE)
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

			undo_one(host, &stale);
		}
	}
}

static bool wants_default(const struct config *config)
{
	if (config->routes != CONFIG_ROUTES_AUTO)
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

static int want_all(
    struct host *host, struct change_list *list, const struct config *config)
{
	const struct change settings[] = {
	    {.kind = CHANGE_MTU,
		.ifindex = host->ifindex,
		.number = config->mtu},
	    {.kind = CHANGE_TXQUEUELEN,
		.ifindex = host->ifindex,
		.number = config->txqueuelen},
	    {.kind = CHANGE_UP, .ifindex = host->ifindex, .number = 1},
	};
	struct change mark = {.kind = CHANGE_SRC_VALID_MARK, .number = 1};
	int code = choose_table(host, config);

	host->has_default[0] = host->has_default[1] = false;
	for (size_t i = 0; i < ARRAY_SIZE(settings) && !code; i++)
		code = want(list, &settings[i]);
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

/* ---- from here to there ---- */

static void undo_unwanted(struct host *host, const struct change_list *wanted)
{
	struct change_list *applied = &host->applied;
	size_t kept = applied->count;

	for (size_t i = applied->count; i--;)
		if (!change_list_find(wanted, &applied->changes[i]))
			undo_one(host, &applied->changes[i]);
	kept = 0;
	for (size_t i = 0; i < applied->count; i++)
		if (change_list_find(wanted, &applied->changes[i]))
			applied->changes[kept++] = applied->changes[i];
	applied->count = kept;
}

static int apply_one(
    struct host *host, struct change *change, char *error, size_t room)
{
	char text[CHANGE_TEXT_BYTES];
	int code = change_apply(host->netlink, change);

	change_format(change, text, sizeof(text));
	if (!code) {
		log_debug(host->log, "host: %s", text);
		return change_list_add(&host->applied, change);
	}
	if (code == -EEXIST || change_may_fail(change, code)) {
		if (change->kind != CHANGE_SRC_VALID_MARK)
			log_warning(host->log, "host: %s: %s", text,
			    code == -EEXIST ? "it was there before"
					    : strerror(-code));
		return 0;
	}
	snprintf(error, room, "host: %s: %s", text, strerror(-code));
	return code;
}

int host_sync(
    struct host *host, const struct config *config, char *error, size_t room)
{
	struct change_list wanted = {0};
	int code = want_all(host, &wanted, config);

	if (code) {
		snprintf(error, room, "host: %s",
		    code == -EBUSY ? "no unused routing table was found"
				   : strerror(-code));
		change_list_clear(&wanted);
		return code;
	}
	undo_unwanted(host, &wanted);
	for (size_t i = 0; i < wanted.count; i++) {
		char complaint[CHANGE_TEXT_BYTES + 128];
		int failed;

		if (change_list_find(&host->applied, &wanted.changes[i]))
			continue;
		failed = apply_one(
		    host, &wanted.changes[i], complaint, sizeof(complaint));
		if (failed && !code)
			snprintf(error, room, "%s", complaint);
		code = code ? code : failed;
	}
	change_list_clear(&wanted);
	return code;
}

void host_restore(struct host *host)
{
	for (size_t i = 0; i < host->applied.count; i++) {
		struct change change = host->applied.changes[i];
		int code = 0;

		if (change.kind == CHANGE_ADDRESS ||
		    change.kind == CHANGE_ROUTE)
			code = change_apply(host->netlink, &change);
		if (code && code != -EEXIST)
			log_warning(host->log, "device: not restored: %s",
			    strerror(-code));
	}
}

int host_replace_device(struct host *host, const char *device)
{
	struct netlink_link link;
	size_t kept = 0;
	int code = netlink_find_link(host->netlink, device, &link);

	if (code)
		return code;
	for (size_t i = 0; i < host->applied.count; i++)
		if (!host->applied.changes[i].ifindex)
			host->applied.changes[kept++] =
			    host->applied.changes[i];
	host->applied.count = kept;
	host->ifindex = link.ifindex;
	return 0;
}

void host_undo(struct host *host)
{
	static const struct change_list nothing;

	undo_unwanted(host, &nothing);
}
