/* SPDX-License-Identifier: ISC */
/* One change of the host, that can be applied and taken back; lists of them. */
#ifndef DAEMON_CHANGE_H
#define DAEMON_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/instant.h"
#include "io/netlink.h"

#define CHANGE_TABLE_MAIN 254
#define CHANGE_TEXT_BYTES 160

enum change_kind {
	CHANGE_MAC,
	CHANGE_MTU,
	CHANGE_TXQUEUELEN,
	CHANGE_GSO_SEGS,
	CHANGE_BRIDGE, /* the device becomes a port of bridge `number` */
	CHANGE_UP,
	CHANGE_ADDRESS,
	CHANGE_CONNECTED, /* the route that comes with an address */
	CHANGE_ROUTE,
	CHANGE_RULE,
	CHANGE_SRC_VALID_MARK, /* net.ipv4.conf.all.src_valid_mark */
};

struct change {
	enum change_kind kind;
	uint32_t ifindex; /* 0: it does not hang on the device */
	uint32_t number;  /* MTU, length, segments, bridge, table (0: main) */
	uint32_t before;  /* set by change_apply: what it was */
	bool is_left;	  /* what mend.h says of it, as `probation` */
	struct instant probation;
	union { /* there may be a hundred thousand routes */
		struct {
			struct mac mac, mac_before; /* CHANGE_MAC */
		};
		struct netlink_rule rule; /* CHANGE_RULE */
		struct {
			struct prefix prefix;  /* change_has_prefix */
			struct address source; /* CHANGE_CONNECTED */
		};
	};
};

static inline bool change_has_prefix(const struct change *change)
{
	return change->kind == CHANGE_ADDRESS ||
	       change->kind == CHANGE_CONNECTED || change->kind == CHANGE_ROUTE;
}

/* Zero is empty. */
struct change_list {
	struct change *changes;
	size_t count, room;
	uint32_t *slots; /* by hash: place in changes + 1; 0: free */
};

/* 0 or -ENOMEM. */
must_check int change_list_add(
    struct change_list *list, const struct change *change);
/* The same change, or NULL; `before` is not compared. */
struct change *change_list_find(
    const struct change_list *list, const struct change *change);
/* Keeps those for which it is true, in their order. */
void change_list_filter(struct change_list *list,
    bool (*is_kept)(const struct change *change, const void *context),
    const void *context);
void change_list_clear(struct change_list *list);

/* 0, -EEXIST (it was so before us), or another negative errno. */
must_check int change_apply(struct netlink *netlink, struct change *change);
must_check int change_undo(
    struct netlink *netlink, const struct change *change);

/* vpnd goes on without it: IPv6 is off here, or a sysctl is not ours. */
bool change_may_fail(const struct change *change, int code);

/* As the equivalent ip(8) or sysctl(8) command. */
const char *change_format(const struct change *change, char *text, size_t room);

#endif
