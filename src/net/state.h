/* SPDX-License-Identifier: ISC */
/* What the files of the switch share, and nobody else includes. */
#ifndef NET_STATE_H
#define NET_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bucket.h"
#include "base/instant.h"
#include "base/mac.h"
#include "net/bridge.h"
#include "net/fdb.h"

struct bridge_port {
	struct bridge *bridge;
	struct bridge_port *next; /* in the order in which they were added */
	const char *name;
	void *user;
	bool is_locked; /* has static addresses */
	bool is_router, is_dhcp_server;
	struct vlan_set vlans;
	uint32_t macs, macs_static; /* the forwarding table counts them */
	struct bucket storm[BRIDGE_STORMS];
	struct instant held_until; /* held while this is to come */
	uint64_t holds;
	/* The alarm that nobody took yet; alarm_other NULL: none. */
	const struct bridge_port *alarm_other;
	struct mac alarm_mac;
	uint16_t alarm_vlan;
};

struct bridge {
	struct bridge_limits limits;
	struct fdb *fdb;
	struct bridge_port host; /* the first of the ports */
	uint32_t alarms;	 /* ports that have one */
};

static inline bool port_is_host(const struct bridge_port *port)
{
	return port == &port->bridge->host;
}

static inline bool port_is_held(
    const struct bridge_port *port, struct instant now)
{
	return instant_is_before(now, port->held_until);
}

/* ---- loop.c ---- */

/* An address that `before` had came in at `port`: counts it, and holds the
 * peer's port of the two when it is one move too many. The entry may be gone
 * after that. */
void loop_count_move(struct bridge_port *port, struct bridge_port *before,
    struct fdb_entry *entry, uint16_t vlan, struct instant now);
/* Would that be one move too many of `port`'s? Changes nothing. */
must_check bool loop_would_hold(struct bridge_port *port,
    struct bridge_port *before, const struct fdb_entry *entry,
    struct instant now);
void loop_release_port(struct bridge_port *port);
/* Drops the alarms that name a port. */
void loop_forget_port(struct bridge_port *port);

/* ---- bridge.c ---- */

/* Of the forwarding table: the host's own address always has an entry. */
uint32_t bridge_room(const struct bridge_limits *limits);
/* How many static entries the ports of peers may have: one is the host's. */
uint32_t bridge_static_room(const struct bridge_limits *limits);

/* ---- port.c ---- */

void port_init_host(struct bridge *bridge);

/* ---- storm.c ---- */

void storm_init(struct bridge_port *port, struct instant now);
/* May a frame of a peer be flooded? Takes its tokens, unless
 * it is dry. */
must_check bool storm_allows(
    struct bridge_port *from, const struct packet *pkt, struct instant now);

/* ---- dry.c ---- */

/* What learning from a frame would come to: its drop. Changes nothing. */
must_check enum drop dry_learn(const struct bridge *bridge,
    struct bridge_port *from, const struct packet *pkt, uint32_t quota,
    struct instant now);
/* Whether the frame's source would then be known to be there. */
must_check bool dry_knows(const struct bridge *bridge,
    const struct bridge_port *from, const struct packet *pkt, uint32_t quota,
    struct instant now);

/* ---- fdb.c: what only the switch needs ---- */

/* The port of a static address, or NULL. */
const struct bridge_port *fdb_static_port(
    const struct fdb *fdb, const struct mac *mac);
/* Static entries in all. */
uint32_t fdb_static_len(const struct fdb *fdb);
/* Forgets the static entries of a port. */
void fdb_flush_static(struct fdb *fdb, const struct bridge_port *port);
/* Takes learned entries that moved less than `window_ns` ago back to where they
 * were at home. */
void fdb_go_home(struct fdb *fdb, int64_t window_ns, struct instant now);
/* That port is nobody's home any more. */
void fdb_forget_home(struct fdb *fdb, const struct bridge_port *port);
/* Forgets learned entries of a port until `keep` are left, oldest first. */
void fdb_keep_newest(
    struct fdb *fdb, const struct bridge_port *port, uint32_t keep);

#endif
