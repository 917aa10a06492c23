/* SPDX-License-Identifier: ISC */
/* The timers of a peer, moved by facts (WireGuard paper, section 6). */
#include "protocol/timers.h"

#include <sodium.h>
#include <string.h>

#include "protocol/peer.h"

/* The first retries come quickly; a plain responder takes them as well. */
static const int64_t retry_ns[] = {
    250 * NS_PER_MS,
    500 * NS_PER_MS,
    NS_PER_S,
    2 * NS_PER_S,
    REKEY_TIMEOUT_NS,
};

static int64_t jitter_ns(int64_t most)
{
	return (int64_t)randombytes_uniform((uint32_t)(most + 1));
}

void timers_init(struct timers *timers)
{
	for (size_t i = 0; i < TIMER_COUNT; i++)
		timers->at[i] = INSTANT_NEVER;
	timers->entry.when = INSTANT_NEVER;
	timers->attempts_began = INSTANT_NEVER;
	timers->last_initiation = INSTANT_NEVER;
}

void timers_arm(struct peer *peer, enum timer timer, struct instant when)
{
	struct timers *timers = &peer->timers;

	timers->at[timer] = when;
	if (instant_is_before(when, timers->entry.when))
		heap_set(&peer->tunnel->deadlines, &timers->entry, when);
}

void timers_disarm(struct peer *peer, enum timer timer)
{
	peer->timers.at[timer] = INSTANT_NEVER;
}

bool timers_is_armed(const struct peer *peer, enum timer timer)
{
	return !instant_is_never(peer->timers.at[timer]);
}

void timers_data_sent(struct peer *peer, struct instant now)
{
	if (timers_is_armed(peer, TIMER_SILENCE))
		return;
	timers_arm(peer, TIMER_SILENCE,
	    instant_after(now, KEEPALIVE_TIMEOUT_NS + REKEY_TIMEOUT_NS +
				   peer->timers.silence_jitter_ns));
}

void timers_data_received(struct peer *peer, struct instant now)
{
	if (timers_is_armed(peer, TIMER_KEEPALIVE))
		peer->timers.wants_another_keepalive = true;
	else
		timers_arm(peer, TIMER_KEEPALIVE,
		    instant_after(now, KEEPALIVE_TIMEOUT_NS));
}

static void authenticated_passed(struct peer *peer, struct instant now)
{
	if (peer->keepalive_s)
		timers_arm(peer, TIMER_PERSISTENT,
		    instant_after(now, peer->keepalive_s * NS_PER_S));
}

void timers_authenticated_sent(struct peer *peer, struct instant now)
{
	timers_disarm(peer, TIMER_KEEPALIVE);
	authenticated_passed(peer, now);
}

void timers_authenticated_received(struct peer *peer, struct instant now)
{
	timers_disarm(peer, TIMER_SILENCE);
	authenticated_passed(peer, now);
}

static bool yields(const struct peer *peer)
{
	return memcmp(peer->tunnel->identity->public_key, peer_public_key(peer),
		   WIRE_KEY_BYTES) < 0;
}

void timers_initiation_sent(struct peer *peer, struct instant now)
{
	struct timers *timers = &peer->timers;
	size_t idx = timers->attempts < ARRAY_SIZE(retry_ns)
			 ? timers->attempts
			 : ARRAY_SIZE(retry_ns) - 1;
	int64_t wait_ns = retry_ns[idx];
	int64_t most_ns;

	/* When both ends begin at once, each forgets its own initiation for
	 * the other's, and neither gets a session: so one of them retries
	 * later than the other. */
	if (wait_ns < REKEY_TIMEOUT_NS && yields(peer))
		wait_ns += wait_ns / 2;
	most_ns = wait_ns / 4;
	if (timers->attempts == 0)
		timers->attempts_began = now;
	timers->attempts++;
	timers->last_initiation = now;
	if (most_ns > REKEY_JITTER_NS)
		most_ns = REKEY_JITTER_NS;
	timers_arm(peer, TIMER_RETRANSMIT,
	    instant_after(now, wait_ns + jitter_ns(most_ns)));
}

void timers_initiation_wanted(struct peer *peer)
{
	timers_arm(peer, TIMER_RETRANSMIT,
	    instant_after(
		peer->timers.last_initiation, INITIATION_DISTANCE_NS));
}

void timers_handshake_completed(struct peer *peer, struct instant now)
{
	timers_disarm(peer, TIMER_RETRANSMIT);
	peer->timers.attempts = 0;
	peer->timers.have_rekeyed_late = false;
	peer->last_handshake = now;
}

void timers_session_derived(struct peer *peer, struct instant now)
{
	timers_arm(peer, TIMER_ERASE, instant_after(now, ERASE_TIME_NS));
	peer->timers.silence_jitter_ns = jitter_ns(REKEY_JITTER_NS);
}

void timers_session_ended(struct peer *peer)
{
	timers_disarm(peer, TIMER_SILENCE);
	timers_disarm(peer, TIMER_KEEPALIVE);
	timers_disarm(peer, TIMER_HELLO);
	timers_disarm(peer, TIMER_PROBE);
	peer->timers.wants_another_keepalive = false;
}

static void give_up(struct peer *peer, struct instant now)
{
	struct timers *timers = &peer->timers;

	timers_disarm(peer, TIMER_KEEPALIVE);
	peer_drop_staged(peer, DROP_NEIGH_FAILED);
	if (!timers_is_armed(peer, TIMER_ERASE))
		timers_session_derived(peer, now);
	peer->has_given_up = true;
	timers->attempts = 0;
	handshake_abandon(peer);
	log_info(peer->tunnel->log, "peer %s: no answer for 90 s, given up",
	    peer->name);
	tunnel_emit(peer->tunnel,
	    &(struct tunnel_event){.kind = TUNNEL_GAVE_UP, .peer = peer});
}

static void retransmit_came(struct peer *peer, const struct moment *now)
{
	struct timers *timers = &peer->timers;

	if (!timers->attempts) { /* it was wanted too soon */
		handshake_initiate(peer, now);
		return;
	}
	if (instant_age_ns(timers->attempts_began, now->now) >=
	    REKEY_ATTEMPT_TIME_NS) {
		give_up(peer, now->now);
		return;
	}
	if (timers->attempts >= SILENT_AFTER_ATTEMPTS)
		tunnel_emit(peer->tunnel,
		    &(struct tunnel_event){
			.kind = TUNNEL_ENDPOINT_SILENT, .peer = peer});
	peer_clear_source(peer);
	handshake_retry(peer, now);
}

static void keepalive_came(struct peer *peer, const struct moment *now)
{
	bool once_more = peer->timers.wants_another_keepalive;

	peer->timers.wants_another_keepalive = false;
	peer_send_keepalive(peer, now);
	if (once_more)
		timers_arm(peer, TIMER_KEEPALIVE,
		    instant_after(now->now, KEEPALIVE_TIMEOUT_NS));
}

static void silence_came(struct peer *peer, const struct moment *now)
{
	log_debug(peer->tunnel->log,
	    "peer %s: sent data, heard nothing for 15 s: new handshake",
	    peer->name);
	peer_clear_source(peer);
	handshake_initiate(peer, now);
}

/* A handshake under way has young keys and an end of its own; packets wait
 * for it. */
static void erase_came(struct peer *peer, const struct moment *now)
{
	(void)now;
	if (!timers_is_armed(peer, TIMER_RETRANSMIT))
		handshake_abandon(peer);
	peer_end_sessions(peer, UINT64_MAX);
}

static void persistent_came(struct peer *peer, const struct moment *now)
{
	if (!peer->keepalive_s)
		return;
	/* also when nothing can be sent now: try again in time */
	authenticated_passed(peer, now->now);
	peer_send_keepalive(peer, now);
}

static void (*const came[TIMER_COUNT])(
    struct peer *peer, const struct moment *now) = {
    [TIMER_RETRANSMIT] = retransmit_came,
    [TIMER_KEEPALIVE] = keepalive_came,
    [TIMER_SILENCE] = silence_came,
    [TIMER_ERASE] = erase_came,
    [TIMER_PERSISTENT] = persistent_came,
    [TIMER_HELLO] = extension_timer,
    [TIMER_PROBE] = probe_timer,
};

void timers_run(struct peer *peer, const struct moment *now)
{
	struct timers *timers = &peer->timers;
	struct instant first = INSTANT_NEVER;

	for (size_t i = 0; i < TIMER_COUNT; i++) {
		if (!instant_has_come(timers->at[i], now->now))
			continue;
		timers->at[i] = INSTANT_NEVER;
		came[i](peer, now);
	}
	for (size_t i = 0; i < TIMER_COUNT; i++)
		first = instant_earlier(first, timers->at[i]);
	heap_set(&peer->tunnel->deadlines, &timers->entry, first);
}
