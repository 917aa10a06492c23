/* SPDX-License-Identifier: ISC */
/*
 * Names of endpoints: asked when the core wants it, and again when the answer
 * gets old.
 */
#ifndef DAEMON_RESOLVE_H
#define DAEMON_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/log.h"
#include "core/core.h"
#include "daemon/loop.h"

struct resolve;

struct resolve_setup {
	struct loop *loop;
	const struct log *log;
	const struct moment *moment;
	uint32_t fwmark;
	bool has_ipv6; /* of the socket; else IPv6 answers are left out */
	/* core_resolved with these, the reachable ones first; count 0: it
	 * failed */
	void (*resolved)(void *context, const char *peer,
	    const struct address *addresses, size_t count);
	/* Is this still the peer's name? Else it is not asked again. */
	bool (*is_wanted)(void *context, const char *peer, const char *host);
	/* May datagrams leave for there now? */
	bool (*can_reach)(void *context, const struct address *address);
	void *context;
};

/* 0 or -ENOMEM. */
must_check int resolve_new(
    struct resolve **ret, const struct resolve_setup *setup);
void resolve_free(struct resolve *resolve); /* NULL is fine */

void resolve_ask(struct resolve *resolve, const char *peer, const char *host);
/* Other name servers may be in charge now. */
void resolve_underlay_changed(struct resolve *resolve);
void resolve_turn(struct resolve *resolve);
struct instant resolve_deadline(struct resolve *resolve);

#endif
