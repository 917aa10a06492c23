/* SPDX-License-Identifier: ISC */
/*
 * The timers of a peer, moved by facts (WireGuard paper, section 6).
 *
 * How it works: each fact below is told once, in the past tense, and moves
 * deadlines; timers_run does what is due. A peer's earliest deadline is in the
 * tunnel's heap; a deadline that was taken back may make the heap fire early,
 * which finds nothing to do.
 */
#ifndef PROTOCOL_TIMERS_H
#define PROTOCOL_TIMERS_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/heap.h"
#include "base/instant.h"

struct peer;

#define REKEY_TIMEOUT_NS      (5 * NS_PER_S)
#define REKEY_JITTER_NS	      (333 * NS_PER_MS)
#define REKEY_ATTEMPT_TIME_NS (90 * NS_PER_S)
#define KEEPALIVE_TIMEOUT_NS  (10 * NS_PER_S)
/* After this long without a new session all keys of a peer are erased. */
#define ERASE_TIME_NS (540 * NS_PER_S)
/* Initiations other than retries keep this distance. */
#define INITIATION_DISTANCE_NS NS_PER_S
/* From this attempt on the endpoint's name deserves another look. */
#define SILENT_AFTER_ATTEMPTS 3

enum timer {
	TIMER_RETRANSMIT, /* the handshake's answer did not come */
	TIMER_KEEPALIVE,  /* data came, none went: passive keepalive */
	TIMER_SILENCE,	  /* data went, nothing came: new handshake */
	TIMER_ERASE,	  /* no new session for long: erase keys */
	TIMER_PERSISTENT, /* the configured keepalive */
	TIMER_HELLO,	  /* the next HELLO, or the verdict "plain" */
	TIMER_PROBE,	  /* answers to what probe.c asked are in, or lost */
	TIMER_COUNT,
};

struct timers {
	struct heap_entry entry; /* in the tunnel's heap */
	struct instant at[TIMER_COUNT];
	bool wants_another_keepalive;
	unsigned attempts; /* initiations since the last success */
	struct instant attempts_began;
	struct instant last_initiation;
	bool have_rekeyed_late; /* once per session, by what was received */
	/* once per session, as TIMER_SILENCE is armed by each question */
	int64_t silence_jitter_ns;
};

void timers_init(struct timers *timers);
void timers_arm(struct peer *peer, enum timer timer, struct instant when);
void timers_disarm(struct peer *peer, enum timer timer);
bool timers_is_armed(const struct peer *peer, enum timer timer);

/* Facts. */
void timers_data_sent(struct peer *peer, struct instant now);
void timers_data_received(struct peer *peer, struct instant now);
void timers_authenticated_sent(struct peer *peer, struct instant now);
void timers_authenticated_received(struct peer *peer, struct instant now);
void timers_initiation_sent(struct peer *peer, struct instant now);
/* It may be sent only after INITIATION_DISTANCE_NS, and is then. */
void timers_initiation_wanted(struct peer *peer);
void timers_handshake_completed(struct peer *peer, struct instant now);
void timers_session_derived(struct peer *peer, struct instant now);
void timers_session_ended(struct peer *peer);

/* Runs what is due and puts the next deadline into the heap. */
void timers_run(struct peer *peer, const struct moment *now);

#endif
