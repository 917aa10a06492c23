/* SPDX-License-Identifier: ISC */
/*
 * The flow table's inside: entries, where they are found, and when they end.
 *
 * How it works: entries are numbered from 1, and 0 is none. Each one is a cache
 * line: what a lookup touches. It is in a chain of the hash. Beside it, in an
 * array of its own that only new, ending and changing flows touch, are its
 * chain and the links of three lists: a slot of the wheel; and when it is weak,
 * the weak ones of all and those of its owner, both the oldest first. In a full
 * table these are far from the processor: so who takes one fetches the next.
 *
 * The wheel has a slot for each 2^30 ns (about a second) ahead. An entry is in
 * the slot of its end, or an earlier one: a packet only moves the end, and when
 * the slot's time comes, the entry is put where it belongs by then.
 */
#ifndef NET_FLOW_TABLE_H
#define NET_FLOW_TABLE_H

#include "net/flow.h"
#include "net/flow_key.h"
#include "net/fragment.h"

#define WHEEL_SLOTS    128
#define TICKS_PER_SLOT 16

enum flow_phase {
	PHASE_PLAIN, /* all but TCP */
	PHASE_SYN,   /* being opened */
	PHASE_ESTABLISHED,
	PHASE_FIN,   /* one end is done */
	PHASE_TIMED, /* both are: TIME-WAIT */
	PHASE_CLOSE, /* reset */
};

/* Bits of flow.flags. */
enum {
	FLOW_IS_ANSWERED = 1,
	FLOW_IS_WEAK = 2,
	FLOW_FIN_SENT = 4, /* by end 0; 8: by end 1 */
};

/* One cache line. */
struct flow {
	struct flow_key key;
	uint32_t peers[2]; /* of the ends */
	uint32_t generation;
	uint32_t end;	  /* ticks of FLOW_GRAIN_NS */
	uint32_t next;	  /* in the chain, or among the unused */
	uint8_t beginner; /* the end that began it */
	uint8_t phase;	  /* enum flow_phase */
	uint8_t flags;
	uint8_t slot; /* of the wheel */
};

enum flow_list_kind {
	LIST_WHEEL,
	LIST_WEAK,
	LIST_OWN_WEAK,
	LIST_KINDS
};

/* Two are one cache line. */
struct flow_links {
	uint32_t next[LIST_KINDS], previous[LIST_KINDS];
	uint32_t chain; /* that it is in */
	uint32_t padding;
};

struct flow_list {
	uint32_t first, last;
};

struct flow_owner {
	uint32_t count;
	uint32_t ends; /* of flows, its own ones or not */
	struct flow_list weak;
};

struct flows {
	struct flow *entries; /* [0] is none */
	struct flow_links *links;
	void *entries_memory, *links_memory;
	uint32_t *chains;
	unsigned chain_bits;
	struct flow_secret secret;
	struct flows_limits limits;
	uint32_t unused; /* a list of those that were used once */
	uint32_t touched, count, weak_count;
	uint32_t owners_count; /* that have a flow */
	uint32_t generation;
	struct flow_list weak, wheel[WHEEL_SLOTS];
	int64_t swept; /* the slot, counted from 0 on, that was done last */
	struct flow_owner *owners;
	uint32_t last_id;
	struct fragments *fragments;
	struct flows_status counters;
};

static inline struct flow *flow_at(const struct flows *flows, uint32_t idx)
{
	return idx ? &flows->entries[idx] : NULL;
}

static inline uint32_t flow_tick(struct instant now)
{
	return (uint32_t)(now.ns / FLOW_GRAIN_NS);
}

/* The wheel's, counted from 0 on. */
static inline int64_t flow_slot(struct instant now)
{
	return now.ns / FLOW_GRAIN_NS / TICKS_PER_SLOT;
}

/* Ticks until it ends; not positive: it has ended. */
static inline int32_t flow_left(const struct flow *flow, struct instant now)
{
	return (int32_t)(flow->end - flow_tick(now));
}

static inline uint32_t flow_owner_id(const struct flow *flow)
{
	uint32_t beginner = flow->peers[flow->beginner];

	return beginner ? beginner : flow->peers[!flow->beginner];
}

/* After a packet: when it ends, and whether it is weak. */
void flow_refresh(struct flow *flow, struct instant now);

/* What a packet from that end is. */
static inline void flow_describe(
    struct packet *pkt, const struct flow *flow, unsigned sender)
{
	pkt->flow_state =
	    flow->flags & FLOW_IS_ANSWERED ? FLOW_ESTABLISHED : FLOW_NEW;
	pkt->flow_generation = flow->generation;
	pkt->flow_peer = flow->peers[!sender];
}

/* The rules have changed since they accepted it. */
static inline bool flow_is_to_be_judged(
    const struct flows *flows, const struct flow *flow)
{
	return flow->flags & FLOW_IS_ANSWERED &&
	       flow->generation != flows->generation;
}

static inline enum drop flows_refuse_full(
    struct flows *flows, const struct packet *pkt)
{
	if (!pkt->is_dry)
		flows->counters.full += pkt->segments;
	return DROP_VPN_CT_FULL;
}

static inline enum drop flows_refuse_orphan(
    struct flows *flows, const struct packet *pkt)
{
	flows->counters.orphans += !pkt->is_dry;
	return DROP_VPN_FRAG_ORPHAN;
}

struct flow_probe;

/* 0 or -ENOMEM; undone by flow_table_clear. */
must_check int flow_table_init(struct flows *flows);
void flow_table_clear(struct flows *flows);

static inline bool flows_is_owner_full(
    const struct flows *flows, uint32_t owner)
{
	return owner &&
	       flows->owners[owner].count >= flows->limits.flows_per_peer;
}

static inline bool flows_is_full(const struct flows *flows)
{
	return flows->count >= flows->limits.flows;
}

/* Whether a flow of that owner (0: not known yet) would find room. */
static inline bool flow_table_has_room(
    const struct flows *flows, uint32_t owner)
{
	if (flows_is_owner_full(flows, owner) &&
	    !flows->owners[owner].weak.first)
		return false;
	return !flows_is_full(flows) || flows->weak.first;
}

/* A new flow: an entry for it, with early drops; the caller writes all of it,
 * flow_refresh included, and puts it at the probe's place. NULL: no room. */
must_check struct flow *flow_table_take(struct flows *flows,
    const struct flow_probe *probe, uint32_t owner, struct instant now);
void flow_table_put(struct flows *flows, const struct flow_probe *probe,
    struct flow *flow, struct instant now);
void flow_table_remove(struct flows *flows, struct flow *flow);

/* A packet from the end `sender` is part of it. */
void flow_table_go_on(struct flows *flows, struct flow *flow, unsigned sender,
    uint8_t tcp_flags, struct instant now);
/* After a change: weak or not, and when it ends. */
void flow_table_settle(
    struct flows *flows, struct flow *flow, bool was_weak, struct instant now);
void flow_table_requeue(
    struct flows *flows, struct flow *flow, struct instant now);

#endif
