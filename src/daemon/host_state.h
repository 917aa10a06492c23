/* SPDX-License-Identifier: ISC */
/* What the files of the host share: what was applied, and what was chosen. */
#ifndef DAEMON_HOST_STATE_H
#define DAEMON_HOST_STATE_H

#include "daemon/change.h"
#include "daemon/host.h"

struct host {
	struct netlink *netlink;
	const struct log *log;
	uint32_t ifindex;
	uint16_t port;
	struct mac derived_mac;
	uint32_t fwmark, table;
	bool has_default[2];	/* IPv4, IPv6: rules are wanted */
	uint32_t priority[2];	/* of the first rule; 0: not chosen yet */
	bool is_bridge_missing; /* and the log says so */
	bool is_forwarding;	/* as it was looked at last */
	struct change_list applied;
};

/* ---- host_want.c ---- */

/* All that the configuration wants, in the order to apply it. 0, or negative
 * errno; -EBUSY: all routing tables are in use. */
must_check int host_want(
    struct host *host, struct change_list *ret, const struct config *config);

/* ---- host.c ---- */
void host_undo_one(struct host *host, const struct change *change);

#endif
