/* SPDX-License-Identifier: ISC */
/*
 * The switch of a tap tunnel: ports, forwarding table, guards.
 *
 * How it works: each peer is a port, and the host behind the tap device is one
 * more. A frame that comes in at a port is checked, its source learned, its
 * destination looked up (bridge_ingress); the caller sends it to one port or
 * floods it to all that bridge_egress lets it leave by. The order of the
 * checks and their reasons are those of the kernel's br_handle_frame and
 * br_handle_frame_finish; what the kernel has no reason for has one of ours.
 * Nothing here allocates but the functions that make, change and free.
 *
 * The guard against loops: a dynamic entry that moves between ports more than
 * BRIDGE_MOVES_MAX times within BRIDGE_MOVES_NS shows a loop. Of the two ports
 * of the last move one is held for BRIDGE_HOLD_NS, nothing comes in and nothing
 * leaves by it: the one that it moved to, or, when that is the host's or the
 * one where the address is at home (it was first, or has stayed for the ageing
 * time), the one that it left; all that moved goes home. The host's port is
 * never held, and between the host's and the home of the address it is the home
 * only after twice as many moves, as others may be in the loop. A peer that
 * sends from the host's own MAC address counts as such a move, too, when the
 * host is a bridge (an address was learned from it); otherwise its frames just
 * come back, and end here.
 */
#ifndef NET_BRIDGE_H
#define NET_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bucket.h"
#include "base/drop.h"
#include "base/instant.h"
#include "base/mac.h"
#include "base/packet.h"

#define BRIDGE_MOVES_MAX 5
#define BRIDGE_MOVES_NS	 (10 * NS_PER_S)
#define BRIDGE_HOLD_NS	 (10 * NS_PER_S)

struct bridge;
struct bridge_port;

/* Flooded frames whose rate is limited, per port. */
enum bridge_storm {
	BRIDGE_BROADCAST,
	BRIDGE_MULTICAST,
	BRIDGE_UNKNOWN_UNICAST,
	BRIDGE_STORMS,
};

struct bridge_limits {
	bool is_hub;	 /* from peer to peer */
	bool pass_bpdu;	 /* 01:80:c2:00:00:0x but pause */
	bool pass_pause; /* 01:80:c2:00:00:01 */
	int64_t ageing_ns;
	uint32_t macs_max;	/* entries in all, static ones included */
	uint32_t macs_per_port; /* learned from one peer, left by the host */
	uint32_t storm[BRIDGE_STORMS]; /* frames per second; 0: no limit */
};

struct bridge_port_setup {
	const char *name; /* for alarms; the caller keeps it valid */
	void *user;	  /* the caller's own */
	/* Static addresses; with any the port is locked: only they may be
	 * the source of its frames. In all VLANs. */
	const struct mac *macs;
	size_t macs_count;
	const struct vlan_set *vlans; /* allowed ones, copied; NULL: all */
	bool is_router;		      /* see bridge_guard */
	bool is_dhcp_server;
};

/* 0 or -ENOMEM. `secret`: 16 random bytes for the hash. */
must_check int bridge_new(struct bridge **ret,
    const struct bridge_limits *limits, const uint8_t secret[16]);
void bridge_free(struct bridge *bridge); /* and its ports; NULL is fine */

/* Applies at once; what is beyond a smaller limit is forgotten, oldest first.
 * 0, or with nothing changed -ENOMEM, or -ENOSPC: the ports have more static
 * addresses than macs_max leaves room for beside the host's own. */
must_check int bridge_set_limits(
    struct bridge *bridge, const struct bridge_limits *limits);

/* The device's own address: a static entry of the host's port. A port that
 * has it as a static one loses it. */
void bridge_set_host_mac(struct bridge *bridge, const struct mac *mac);
/* The port of the host; its user is NULL and its name "this host". */
struct bridge_port *bridge_host(struct bridge *bridge);

/* 0, -ENOMEM, -ENOSPC (more static addresses than macs_max - 1), or -EEXIST (a
 * static address that another port has); then nothing is changed. */
must_check int bridge_port_add(struct bridge *bridge, struct bridge_port **ret,
    const struct bridge_port_setup *setup, struct instant now);
must_check int bridge_port_change(struct bridge *bridge,
    struct bridge_port *port, const struct bridge_port_setup *setup);
/* Its entries go with it. */
void bridge_port_remove(struct bridge *bridge, struct bridge_port *port);
void *bridge_port_user(const struct bridge_port *port);

/* The next port after `port` (NULL: the first), the host's included; NULL at
 * the end. */
struct bridge_port *bridge_next_port(
    const struct bridge *bridge, const struct bridge_port *port);

struct bridge_decision {
	enum drop drop;		/* DROP_NONE: it goes on */
	struct bridge_port *to; /* NULL: flood */
};

/*
 * A frame (packet_parse_ethernet has run) came in at `from`. A known unicast
 * destination has been asked bridge_egress already. Frames of the host are
 * never refused for storms, quotas or VLANs. Nothing is learned or counted of a
 * dry one.
 */
void bridge_ingress(struct bridge *bridge, struct bridge_port *from,
    const struct packet *pkt, struct instant now, struct bridge_decision *ret);

/* The port where the destination was seen; NULL: it would be flooded. */
must_check const struct bridge_port *bridge_find(
    const struct bridge *bridge, const struct packet *pkt, struct instant now);

/* May a frame from `from` leave by `to`? DROP_NONE, VPN_SPLIT_HORIZON,
 * VPN_ISOLATED, VPN_VLAN or BRIDGE_INGRESS_STP_STATE (held). */
must_check enum drop bridge_egress(const struct bridge *bridge,
    const struct bridge_port *from, const struct bridge_port *to,
    const struct packet *pkt, struct instant now);

/* May a peer's frame say what only routers and DHCP servers say? DROP_NONE or
 * VPN_GUARD. After packet_parse_payload. */
must_check enum drop bridge_guard(
    const struct bridge_port *port, const struct packet *pkt);

/* Holds a port now, as the loop guard does. */
void bridge_port_hold(struct bridge_port *port, struct instant until);

/* Forgets learned entries of a port (NULL: of all) and lets it go again. */
void bridge_flush(struct bridge *bridge, struct bridge_port *port);

/* What the loop guard found: one for each time a port is held. */
struct bridge_alarm {
	const char *held;  /* the port that is held now */
	const char *other; /* where the address was seen as well */
	struct mac mac;
	uint16_t vlan;
};
/* False: there is none. Names are valid until ports change. */
must_check bool bridge_take_alarm(
    struct bridge *bridge, struct bridge_alarm *ret);

/* ---- reading ---- */

struct bridge_entry {
	struct mac mac;
	uint16_t vlan; /* 0: untagged; of a static one: all VLANs */
	const struct bridge_port *port;
	bool is_static;
	int64_t age_ns; /* since its last frame; 0 of a static one */
};
/* Calls back with each entry that is not too old: static ones first, then the
 * most recently seen. The callback must not change the bridge. */
void bridge_each_entry(const struct bridge *bridge, struct instant now,
    void (*found)(void *context, const struct bridge_entry *entry),
    void *context);

struct bridge_port_status {
	const char *name;
	uint32_t macs;		   /* learned and alive */
	struct instant held_until; /* INSTANT_NEVER: it is not held */
	uint64_t holds;		   /* how often the guard held it */
};
void bridge_port_status(const struct bridge_port *port, struct instant now,
    struct bridge_port_status *ret);

struct bridge_status {
	uint32_t macs, macs_max; /* in all */
};
void bridge_status(
    const struct bridge *bridge, struct instant now, struct bridge_status *ret);

#endif
