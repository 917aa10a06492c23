/* SPDX-License-Identifier: ISC */
/*
 * What vpnd changes on its host, and how it takes all of it back.
 *
 * How it works: from the configuration follows a list of wanted changes (MTU,
 * addresses, routes, rules ...). host_sync compares it with what was applied
 * before, undoes what is no longer wanted and applies what is new. At the end
 * the wanted list is empty. What was there before us is never ours to undo.
 *
 * A default route in allowed_ips gets a table of its own: what does not carry
 * our mark is routed there, unless the main table knows something better than
 * its own default route. Our outer datagrams carry the mark. A strict rp_filter
 * knows no mark when it asks where an answer to a peer's datagram would go, so
 * IPv4 has a third rule: what has our UDP port as its source is for the main
 * table (the kernel exchanges the ports for that question).
 */
#ifndef DAEMON_HOST_H
#define DAEMON_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "api/config.h"
#include "base/attributes.h"
#include "base/instant.h"
#include "base/log.h"
#include "io/netlink.h"
#include "io/watch.h"

struct host;

struct host_setup {
	struct netlink *netlink;
	const struct log *log;
	const char *device; /* its name now */
	uint16_t port;	    /* of our UDP socket */
	struct mac mac;	    /* of a tap, when the configuration has none */
};

/* 0, or negative errno: the device is not there. */
must_check int host_new(struct host **ret, const struct host_setup *setup);
void host_free(struct host *host); /* undoes nothing; NULL is fine */

/*
 * Makes the host what the configuration wants. 0, or negative errno with a
 * sentence in `error` about the first thing that failed; the rest is done.
 */
must_check int host_sync(
    struct host *host, const struct config *config, char *error, size_t room);
/* Does again what the kernel undid when the device went down. */
void host_restore(struct host *host);
/* May something of ours be gone by these news? Then host_mend, soon. */
bool host_is_concerned(const struct host *host, const struct watch_news *news);
/* Puts back what others removed, as mend.h says; `device` is for the log. */
void host_mend(struct host *host, const char *device, struct instant now);
/* What host_mend left alone is wanted again: the next host_sync applies it. */
void host_forgive(struct host *host);
/* The device was deleted, and all that hung on it with it. Then it is back. */
must_check int host_replace_device(struct host *host, const char *device);
/* Is that link the bridge that the device should join now, or was it the one
 * that it is a port of? Then host_sync has something to do. */
bool host_misses_bridge(const struct host *host, const struct config *config,
    const struct netlink_link *link, bool is_gone);
/* The host has begun to forward packets, or ends: host_sync has something to
 * do. */
bool host_has_other_forwarding(const struct host *host);
/* Undoes all. */
void host_undo(struct host *host);

uint32_t host_ifindex(const struct host *host);
/* The mark for outer datagrams: the configured one, or that of the table made
 * for a default route; 0: none. */
uint32_t host_fwmark(const struct host *host);
/* The table for default routes; 0: none is needed. */
uint32_t host_table(const struct host *host);

#endif
