/* SPDX-License-Identifier: ISC */
/*
 * The stateful part of the filter: which packet belongs to which flow.
 *
 * How it works: a flow is what goes between two ends, an end being a peer (or
 * the host, id 0), an address and a port; both directions find the same entry.
 * The sender's id is part of what is looked up, so nobody gets into the flow
 * of another peer. An entry is made only when its first packet has passed the
 * last hook (flows_confirm): dropped and spoofed packets leave nothing behind.
 *
 * An entry belongs to the peer that began it, or to the one it goes to when
 * the host began it, and each peer may have so many. Where there is no room,
 * those go whose time is over, then the oldest weak one: weak is a flow that
 * was not answered, a TCP connection that is not established, or is closed.
 * When the whole table is full, a peer that has more than its share gives up
 * one of its own; else one of such a peer goes.
 *
 * What the rules accepted holds for both directions of the flow, as long as
 * they are the same rules (generation).
 */
#ifndef NET_FLOW_H
#define NET_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/drop.h"
#include "base/instant.h"
#include "base/packet.h"

#define FLOWS_DEFAULT	       65536
#define FLOWS_MAX	       1048576
#define FLOWS_PER_PEER_DEFAULT 8192
#define FLOWS_SECRET_BYTES     64

/* The kernel's, but for an established TCP connection (there: 5 days). A flow
 * without an answer lives at most as long as a TCP opening. */
#define FLOW_UDP_NS	     (30 * NS_PER_S)
#define FLOW_UDP_ANSWERED_NS (120 * NS_PER_S)
#define FLOW_ICMP_NS	     (30 * NS_PER_S)
#define FLOW_TCP_SYN_NS	     (120 * NS_PER_S)
#define FLOW_TCP_FIN_NS	     (120 * NS_PER_S)
#define FLOW_TCP_CLOSE_NS    (10 * NS_PER_S)
#define FLOW_TCP_NS	     (2 * 3600 * NS_PER_S)
#define FLOW_OTHER_NS	     (600 * NS_PER_S)
/* A flow ends at its time or up to so much later. */
#define FLOW_GRAIN_NS (INT64_C(1) << 26)

struct flows;

struct flows_limits {
	uint32_t flows;		 /* in all, 1 .. FLOWS_MAX */
	uint32_t flows_per_peer; /* of one peer, from 1 on */
};

/* `secret`: random bytes, so that nobody can choose flows that collide. 0 or
 * -ENOMEM. No peer is known yet; the generation is 1. */
must_check int flows_new(struct flows **ret, const struct flows_limits *limits,
    const uint8_t secret[FLOWS_SECRET_BYTES]);
void flows_free(struct flows *flows); /* NULL is fine */

/* The flows of another table (of the same peers) go on in this one, which is
 * empty: as many as there is room for, weak ones last. Counters and generation
 * are the other one's. */
void flows_inherit(
    struct flows *to, const struct flows *from, struct instant now);

/* Packets may have ids up to this one; it never gets smaller. 0 or -ENOMEM. */
must_check int flows_set_last_peer(struct flows *flows, uint32_t last_id);

/* From now on rules of this generation (not 0) accept. */
void flows_set_generation(struct flows *flows, uint32_t generation);

/* The peer is gone, its id may be given to another one. */
void flows_remove_peer(struct flows *flows, uint32_t id);

/*
 * Says which packet of a flow a parsed packet is: sets flow_state,
 * flow_generation and flow_peer, and brings the flow up to date. A later
 * fragment is what its first one was. from_id has to be known, to_id may be 0;
 * without it, a packet of the host is of the last flow that it fits.
 * DROP_NONE, VPN_CT_INVALID, VPN_CT_FULL, VPN_FRAG_TINY or VPN_FRAG_ORPHAN.
 *
 * With pkt->is_dry it says the same, and changes nothing but the packet.
 */
must_check enum drop flows_track(
    struct flows *flows, struct packet *pkt, struct instant now);

/* The same for up to PACKET_BATCH packets in turn, into pkt->drop: in a large
 * table, several times as fast. A flow is known when its first packet is
 * confirmed, so one that is behind it in the same batch, and can not begin a
 * flow itself, is VPN_CT_INVALID: a reset right behind a SYN, say. */
void flows_track_batch(struct flows *flows, struct packet *const *pkts,
    size_t count, struct instant now);

/*
 * A tracked packet needs no rules: it is of an answered flow, or about it, that
 * the present rules accepted; or a later fragment of a packet that they did.
 * `is_routed`: to_id is known, and has to be the flow's.
 */
must_check bool flows_is_accepted(
    const struct flows *flows, const struct packet *pkt, bool is_routed);

/* A parsed packet that is not tracked yet will be of such a flow. */
must_check bool flows_will_accept(
    const struct flows *flows, const struct packet *pkt, struct instant now);

/* It would be accepted, had the rules not changed since. */
must_check bool flows_is_stale(
    const struct flows *flows, const struct packet *pkt);

/* The packet's to_id has become known, or another one. When its flow goes to
 * another peer, it is one of the flow that goes there, or a new one. */
void flows_follow_route(
    const struct flows *flows, struct packet *pkt, struct instant now);

/* The packet has passed the last hook; to_id is known. DROP_NONE;
 * VPN_CT_FULL: the room that flows_track saw is gone; VPN_FRAG_ORPHAN: the
 * first fragment has not passed. */
must_check enum drop flows_confirm(
    struct flows *flows, struct packet *pkt, struct instant now);

/* A flow as it began, to be shown or judged. */
struct flow_report {
	uint8_t family, protocol;
	uint16_t vlan;
	uint32_t from_id, to_id;
	struct address source, destination;
	/* Of ICMP: the identifier, and the type and code of the request. */
	uint16_t source_port, destination_port;
	const char *state; /* "new", "syn", "established", "fin", "close" */
	bool is_answered;
	bool is_accepted; /* by the present rules */
	int64_t left_ns;  /* until it ends without another packet */
};

/* The flow of a tracked packet, or that it is about. False: there is none. */
must_check bool flows_find(const struct flows *flows, const struct packet *pkt,
    struct instant now, struct flow_report *ret);

/*
 * The present rules were asked about the flow of a stale packet. Accepted: it
 * is as before. Otherwise the flow is forgotten, and the packet is that of a
 * new one; but a TCP connection stays known, so that what its other end sends
 * can not pick it up again: DROP_NONE for who began it, whose packet is that
 * of a new one, and for any SYN, which replaces it when it is confirmed;
 * VPN_CT_INVALID for what else the other end sends, and about a flow.
 */
must_check enum drop flows_judged(struct flows *flows, struct packet *pkt,
    struct instant now, bool is_accepted);

/* Frees what is over, but looks at no more than `budget` entries. flows_track
 * does a little of it each time. */
void flows_age(struct flows *flows, struct instant now, size_t budget);

/* Packets are segments. */
struct flows_status {
	uint32_t flows, flows_max, flows_per_peer;
	uint32_t weak;		      /* of them, those that may go early */
	uint64_t confirmed, answered; /* flows */
	uint64_t early_drop;	      /* flows */
	uint64_t full, invalid;	      /* packets */
	uint64_t tiny, orphans;	      /* packets */
};

void flows_status(const struct flows *flows, struct flows_status *ret);
/* Flows that belong to a peer. */
uint32_t flows_of_peer(const struct flows *flows, uint32_t id);

/* All that have not ended, in no order. */
void flows_each(const struct flows *flows, struct instant now,
    void (*found)(void *context, const struct flow_report *flow),
    void *context);

#endif
