/* SPDX-License-Identifier: ISC */
/* What vpnd changes on its host, and how it takes all of it back. */
#include "daemon/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/host_state.h"

int host_new(struct host **ret, const struct host_setup *setup)
{
	struct host *host = calloc(1, sizeof(*host));
	int code;

	if (!host)
		return -ENOMEM;
	host->netlink = setup->netlink;
	host->log = setup->log;
	host->port = setup->port;
	host->derived_mac = setup->mac;
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

void host_undo_one(struct host *host, const struct change *change)
{
	char text[CHANGE_TEXT_BYTES];
	int code = change->is_left ? 0 : change_undo(host->netlink, change);

	if (code)
		log_debug(host->log, "undo %s: %s",
		    change_format(change, text, sizeof(text)), strerror(-code));
}

/* ---- from here to there ---- */

static bool is_wanted(const struct change *change, const void *wanted)
{
	return change_list_find(wanted, change);
}

static void undo_unwanted(struct host *host, const struct change_list *wanted)
{
	struct change_list *applied = &host->applied;

	for (size_t i = applied->count; i--;)
		if (!change_list_find(wanted, &applied->changes[i]))
			host_undo_one(host, &applied->changes[i]);
	change_list_filter(applied, is_wanted, wanted);
}

static int apply_one(
    struct host *host, struct change *change, char *error, size_t room)
{
	char text[CHANGE_TEXT_BYTES];
	int code = change_apply(host->netlink, change);

	change_format(change, text, sizeof(text));
	if (code == -EEXIST && change->kind == CHANGE_CONNECTED)
		code = 0;
	if (!code) {
		log_debug(host->log, "host: %s", text);
		return change_list_add(&host->applied, change);
	}
	if (code == -EEXIST || change_may_fail(change, code)) {
		if (change->kind != CHANGE_SRC_VALID_MARK &&
		    change->kind != CHANGE_CONNECTED)
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
	int code = host_want(host, &wanted, config);

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

		if (!change.is_left && (change.kind == CHANGE_ADDRESS ||
					   change.kind == CHANGE_ROUTE))
			code = change_apply(host->netlink, &change);
		if (code && code != -EEXIST)
			log_warning(host->log, "device: not restored: %s",
			    strerror(-code));
	}
}

static uint32_t joined_bridge(const struct host *host)
{
	for (size_t i = 0; i < host->applied.count; i++)
		if (host->applied.changes[i].kind == CHANGE_BRIDGE)
			return host->applied.changes[i].number;
	return 0;
}

bool host_misses_bridge(const struct host *host, const struct config *config,
    const struct netlink_link *link, bool is_gone)
{
	uint32_t joined;

	if (!*config->bridge) /* a tun may have 100 000 routes to go through */
		return false;
	joined = joined_bridge(host);
	if (is_gone)
		return link->ifindex == joined;
	return link->ifindex != joined &&
	       strcmp(link->name, config->bridge) == 0;
}

static bool hangs_on_nothing(const struct change *change, const void *context)
{
	(void)context;
	return !change->ifindex;
}

int host_replace_device(struct host *host, const char *device)
{
	struct netlink_link link;
	int code = netlink_find_link(host->netlink, device, &link);

	if (code)
		return code;
	change_list_filter(&host->applied, hangs_on_nothing, NULL);
	host->ifindex = link.ifindex;
	return 0;
}

static bool is_left_by_down(const struct change *change, const void *context)
{
	(void)context;
	return change->kind != CHANGE_ROUTE && change->kind != CHANGE_UP;
}

/* One that was up before vpnd came stays up, and keeps its routes. */
static bool takes_down(const struct change *change)
{
	return change->kind == CHANGE_UP && !change->is_left && !change->before;
}

/* A device that goes down loses its routes, of all tables, at once: that takes
 * a tenth of the time that they take one by one. */
static void take_down(struct host *host)
{
	struct change_list *applied = &host->applied;

	for (size_t i = 0; i < applied->count; i++)
		if (takes_down(&applied->changes[i]) &&
		    change_undo(host->netlink, &applied->changes[i]) == 0) {
			change_list_filter(applied, is_left_by_down, NULL);
			return;
		}
}

void host_undo(struct host *host)
{
	static const struct change_list nothing;

	take_down(host);
	undo_unwanted(host, &nothing);
}
