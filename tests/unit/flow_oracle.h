/* SPDX-License-Identifier: ISC */
/*
 * The flow table once more, as simple as can be: one list that is walked, no
 * hash, no wheel, no order of ends. What flow.h says, and nothing of how it is
 * done, but for the grain of time.
 */
#ifndef FLOW_ORACLE_H
#define FLOW_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/flow.h"

#define ORACLE_FLOWS	 64
#define ORACLE_FRAGMENTS 1024
#define ORACLE_PEERS	 4 /* with the host */

struct oracle_end {
	uint8_t host;
	uint16_t port;
};

/* A packet, or the one that an error is about. */
struct oracle_packet {
	uint8_t family, protocol;
	struct oracle_end source, destination;
	uint8_t tcp_flags;
	bool is_question, is_answer; /* of ICMP */
	bool is_error;		     /* it is about this packet */
	uint8_t error_to;	     /* the host that it goes to */
	bool is_first_fragment, is_later_fragment;
	uint32_t fragment_id;
	uint32_t from, to; /* peers */
};

struct oracle_flow {
	uint8_t family, protocol;
	struct oracle_end beginner, other;
	uint32_t from, to, generation;
	bool is_answered;
	bool has_fin[2]; /* of the beginner, of the other */
	const char *state;
	int64_t end_tick;
	int64_t rank;	  /* of the weak ones, the least is the oldest */
	uint64_t created; /* order */
};

struct oracle_fragment {
	struct oracle_packet first;
	struct instant seen;
	uint32_t generation;
	enum flow_state state;
	uint32_t to;
	bool is_accepted;
};

struct flow_oracle {
	struct flows_limits limits;
	struct oracle_flow flows[ORACLE_FLOWS];
	int len;
	struct oracle_fragment fragments[ORACLE_FRAGMENTS];
	int fragments_len;
	uint32_t generation;
	uint64_t sequence;
	struct flows_status counters;
};

/* What a packet is. */
struct oracle_verdict {
	enum drop drop;
	enum flow_state state;
	uint32_t generation, peer;
};

struct oracle_verdict flow_oracle_track(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, bool knows_to, struct instant now);
enum drop flow_oracle_confirm(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, const struct oracle_verdict *verdict,
    struct instant now);
/* The flow of a packet of that verdict is renewed, or forgotten. */
enum drop flow_oracle_judge(struct flow_oracle *oracle,
    const struct oracle_packet *pkt, struct oracle_verdict *verdict,
    struct instant now, bool is_accepted);
void flow_oracle_remove_peer(struct flow_oracle *oracle, uint32_t id);
/* A flow is not found once it has ended; it takes room until somebody takes it
 * away, and is_late says that this should have happened. */
bool flow_oracle_has_ended(const struct oracle_flow *flow, struct instant now);
bool flow_oracle_is_late(const struct oracle_flow *flow, struct instant now);
void flow_oracle_remove(struct flow_oracle *oracle, int at);
bool flow_oracle_is_weak(const struct oracle_flow *flow);
uint32_t flow_oracle_owner(const struct oracle_flow *flow);

#endif
