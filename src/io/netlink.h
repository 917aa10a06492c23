/* SPDX-License-Identifier: ISC */
/*
 * Requests to rtnetlink: links, addresses, routes, rules. Each waits for the
 * kernel's answer, which never takes long. All return negative errno.
 */
#ifndef IO_NETLINK_H
#define IO_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/endpoint.h"
#include "base/mac.h"

#define NETLINK_NAME_BYTES 16

struct netlink;

enum netlink_verb {
	NETLINK_ADD,
	NETLINK_REMOVE,
};

must_check int netlink_open(struct netlink **ret);
void netlink_close(struct netlink *netlink); /* NULL is fine */

struct netlink_link {
	uint32_t ifindex;
	char name[NETLINK_NAME_BYTES];
	bool is_up;
	uint32_t mtu, txqueuelen;
	uint32_t gso_segs; /* most segments of a super-packet */
	struct mac mac;	     /* zeros: it has none */
	uint32_t master;     /* the bridge that it is a port of; 0: none */
	uint64_t tx_dropped; /* what the kernel could not hand to us */
	/* Of a tun device that takes many, those that are open; 0: none, or
	 * unknown. */
	uint32_t queues;
};

/* -ENODEV: there is none of that name. */
must_check int netlink_find_link(
    struct netlink *netlink, const char *name, struct netlink_link *ret);

must_check int netlink_find_index(
    struct netlink *netlink, uint32_t ifindex, struct netlink_link *ret);

/* What to set of a link; `what` has one bit of each. */
enum netlink_link_field {
	NETLINK_LINK_MTU = 1u << 0,
	NETLINK_LINK_TXQUEUELEN = 1u << 1,
	NETLINK_LINK_UP = 1u << 2,
	NETLINK_LINK_MAC = 1u << 3,
	NETLINK_LINK_MASTER = 1u << 4,
	NETLINK_LINK_GSO_SEGS = 1u << 5,
};
must_check int netlink_set_link(
    struct netlink *netlink, const struct netlink_link *link, unsigned what);

/* An address with its prefix length, host bits kept. */
must_check int netlink_change_address(struct netlink *netlink,
    enum netlink_verb verb, uint32_t ifindex, const struct prefix *address);

/* Each address of the device. A dump that has to be made twice may tell one
 * twice; so may the other lists. */
typedef void netlink_address_fn(void *context, const struct prefix *address);
must_check int netlink_list_addresses(struct netlink *netlink, uint32_t ifindex,
    netlink_address_fn *found, void *context);

struct netlink_route {
	struct prefix to; /* masked */
	uint32_t ifindex;
	uint32_t table; /* 0: the main one */
	/* As the kernel makes one for an address of the device, `source`; both
	 * are not told of routes that were found. */
	bool is_connected;
	struct address source;
};
must_check int netlink_change_route(struct netlink *netlink,
    enum netlink_verb verb, const struct netlink_route *route);

/* Each route through the device, of all tables. */
typedef void netlink_route_fn(void *context, const struct netlink_route *route);
must_check int netlink_list_routes(struct netlink *netlink, uint32_t ifindex,
    netlink_route_fn *found, void *context);

struct netlink_rule {
	enum family family;
	uint32_t priority;
	uint32_t table;
	uint32_t fwmark;	   /* 0: any */
	bool is_inverted;	   /* what does not have the mark */
	bool has_suppress_default; /* ignore what the table's default says */
	uint16_t udp_source_port;  /* 0: any packet */
};
must_check int netlink_change_rule(struct netlink *netlink,
    enum netlink_verb verb, const struct netlink_rule *rule);

/* Each rule, with priority, table, mark and inversion. */
typedef void netlink_rule_fn(void *context, const struct netlink_rule *rule);
must_check int netlink_list_rules(struct netlink *netlink, enum family family,
    netlink_rule_fn *found, void *context);

/* The priority of a rule with the same table, mark and inversion; 0: none. */
must_check int netlink_find_rule(struct netlink *netlink,
    const struct netlink_rule *like, uint32_t *ret_priority);

/* The smallest priority above 0 of all rules; 0: there is none. */
must_check int netlink_first_priority(
    struct netlink *netlink, enum family family, uint32_t *ret);

/* Does the table have a route? */
must_check int netlink_table_is_used(
    struct netlink *netlink, enum family family, uint32_t table, bool *ret);

/* The interface that a packet with that mark would leave through. */
must_check int netlink_route_lookup(struct netlink *netlink,
    const struct address *to, uint32_t fwmark, uint32_t *ret_ifindex);

#endif
