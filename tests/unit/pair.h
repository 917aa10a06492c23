/* SPDX-License-Identifier: ISC */
/*
 * Two cores joined by a wire without loss, under a clock that stands still
 * until a test moves it. End 0 is "left", end 1 "right"; each knows the other
 * by that name. For tests of the switch there may be a third one, "third",
 * which is a peer of left, as right is.
 */
#ifndef PAIR_H
#define PAIR_H

#include "core/core.h"

#define PAIR_ENDS 3 /* the third one has no core unless a test makes it */

struct pair_end {
	struct core *core;
	struct pool *pool;
	uint8_t private_key[CONFIG_KEY_BYTES], public_key[CONFIG_KEY_BYTES];
	struct endpoint where;
	size_t delivered;  /* packets that came out at the device */
	uint8_t last[64];  /* the beginning of the last one */
	size_t sent;	   /* datagrams that went out */
	size_t sent_bytes; /* of the last one */
	bool is_deaf;	   /* what it is sent is lost */
};

struct pair {
	struct pair_end ends[PAIR_ENDS];
	struct moment moment;
};

/* Keys, pools, places; no cores yet. */
void pair_init(struct pair *pair);
/* Frees the cores, and fails when a packet is missing. */
void pair_clear(struct pair *pair);

/* A configuration of end `idx` with the other end (of right and third: left)
 * as its only peer: 10.0.0.IDX/32, endpoint its literal address. */
struct config *pair_config(const struct pair *pair, size_t idx);
/* Another end becomes a peer, with the prefix of it (NULL: none). */
struct config_peer *pair_add_end(const struct pair *pair, struct config *config,
    size_t idx, const char *prefix);
struct core_keys *pair_keys(const struct pair *pair, size_t idx, size_t peers);
/* One more peer with an own key and the prefix; its name is copied. */
struct config_peer *pair_add_peer(
    struct config *config, const char *name, const char *prefix);
/* One more prefix of its allowed_ips. */
void pair_allow(struct config_peer *peer, const char *prefix);
/* Makes the core of the configuration (consumed). */
void pair_start(struct pair *pair, size_t idx, struct config *config);
/* Left and right with pair_config, no session yet. */
void pair_start_both(struct pair *pair);

/* Moves datagrams to and fro until there are none. */
void pair_carry(struct pair *pair);
/* Lets time pass, with turns when they are due. */
void pair_pass(struct pair *pair, int64_t ns);
/* A session in both directions. */
void pair_connect(struct pair *pair);
/* The bytes into the device of end `from`. */
void pair_send_bytes(
    struct pair *pair, size_t from, const uint8_t *bytes, size_t len);
/* An IPv4 packet from 10.0.0.(from + 1) to the address into end `from`. */
void pair_send(struct pair *pair, size_t from, const char *destination);

/* The name of the peer that has the address at an end, or "nobody". */
const char *pair_owner_of(
    const struct pair *pair, size_t idx, const char *address);

/* True when a packet from left arrives with one datagram: there was a session,
 * and no handshake was needed. */
bool pair_has_session(struct pair *pair);

/* Runs a verb at an end; the reply's text is the caller's to free. */
char *pair_ask(struct pair *pair, size_t idx, enum control_rights rights,
    struct core_answer *answer, const char *verb, ...)
    __attribute__((sentinel));
/* The value of the first `name` in a reply, in static storage; "" without. */
const char *pair_value(const char *reply, const char *name);

/* Takes events until one is of this kind. */
bool pair_event(struct pair *pair, size_t idx, enum core_event_kind kind,
    struct core_event *ret);

#endif
