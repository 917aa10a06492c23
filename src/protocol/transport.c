/* SPDX-License-Identifier: ISC */
/*
 * Data messages: opening batches, expanding.
 *
 * How it works: a batch falls into runs of the same keypair, and each run is
 * one call of the AEAD. Opening looks a run's index up only when its turn
 * comes, as the run before may have replaced keypairs. The window is asked
 * before opening and told after the tag was good. Another thread may work on
 * the tunnel while a run is opened: it ends no session.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/cursor.h"
#include "protocol/link.h"
#include "protocol/peer.h"
#include "protocol/transport.h"

#define REKEY_ON_RECEIVE_NS                                                    \
	(REJECT_AFTER_TIME_NS - KEEPALIVE_TIMEOUT_NS - REKEY_TIMEOUT_NS)

/* With as few peers the detour costs more than it saves. */
#define WARM_PEERS 4096

/* Lengths by message type; 0 as `exact`: any from `least` on. */
static const struct {
	size_t exact, least;
	bool is_data;
} message_kinds[] = {
    [WIRE_INITIATION] = {.exact = WIRE_INITIATION_BYTES},
    [WIRE_RESPONSE] = {.exact = WIRE_RESPONSE_BYTES},
    [WIRE_COOKIE_REPLY] = {.exact = WIRE_COOKIE_REPLY_BYTES},
    [WIRE_DATA] = {.least = WIRE_DATA_BYTES_MIN, .is_data = true},
    [WIRE_DATA_AES256GCM] = {.least = WIRE_DATA_BYTES_MIN, .is_data = true},
};

enum drop tunnel_receive(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now)
{
	struct cursor c = cursor_of(packet_data(pkt), pkt->len);
	uint32_t type = cursor_le32(&c);

	pkt->is_data = false;
	if (pkt->is_truncated)
		return DROP_VPN_TRUNCATED;
	if (c.has_failed)
		return DROP_VPN_LENGTH;
	/* the three bytes after the type are zero */
	if (type == 0 || type >= ARRAY_SIZE(message_kinds))
		return DROP_VPN_TYPE;
	if (pkt->len < message_kinds[type].least ||
	    (message_kinds[type].exact &&
		pkt->len != message_kinds[type].exact))
		return DROP_VPN_LENGTH;
	pkt->is_data = message_kinds[type].is_data;
	if (pkt->is_data)
		return DROP_NONE;
	packet_fetch(pkt);
	return handshake_receive(tunnel, pkt, now);
}

/* ---- opening ---- */

struct run {
	struct packet **pkts;
	size_t count;
	struct keypair *keypair;
	enum cipher_slot slot;
	struct aead_job jobs[PACKET_BATCH];
	struct packet *opened[PACKET_BATCH];
	size_t jobs_count;
};

static uint32_t receiver_of(const struct packet *pkt)
{
	struct cursor c = cursor_of(packet_data(pkt), pkt->len);

	cursor_skip(&c, WIRE_DATA_RECEIVER);
	return cursor_le32(&c);
}

static uint64_t counter_of(const struct packet *pkt)
{
	struct cursor c = cursor_of(packet_data(pkt), pkt->len);

	cursor_skip(&c, WIRE_DATA_COUNTER);
	return cursor_le64(&c);
}

enum cipher_slot transport_slot_of(const struct packet *pkt)
{
	return packet_data(pkt)[0] == WIRE_DATA ? CIPHER_CHACHA20POLY1305
						: CIPHER_AES256GCM;
}

/* How many packets from the first on have its receiver and type. */
static size_t run_length(struct packet **pkts, size_t count)
{
	uint32_t receiver = receiver_of(pkts[0]);
	size_t len = 1;

	while (len < count && len < PACKET_BATCH &&
	       receiver_of(pkts[len]) == receiver &&
	       packet_data(pkts[len])[0] == packet_data(pkts[0])[0])
		len++;
	return len;
}

struct keypair *transport_find_keypair(struct tunnel *tunnel, uint32_t index)
{
	struct index_owner *owner = tunnel->last_found;

	if (!owner || owner->index != index)
		owner = indices_find(&tunnel->indices, index);
	if (!owner || !owner->keypair)
		return NULL;
	tunnel->last_found = owner;
	return owner->keypair;
}

static void refuse_all(struct run *run, enum drop reason)
{
	for (size_t i = 0; i < run->count; i++)
		run->pkts[i]->drop = reason;
}

/* Finds keypair and cipher; false when the whole run is refused. */
static bool run_begin(
    struct tunnel *tunnel, struct run *run, const struct moment *now)
{
	struct keypair *keypair =
	    transport_find_keypair(tunnel, receiver_of(run->pkts[0]));

	run->keypair = keypair;
	run->slot = transport_slot_of(run->pkts[0]);
	if (!keypair) {
		refuse_all(run, DROP_VPN_NOSESSION);
		return false;
	}
	for (size_t i = 0; i < run->count; i++)
		run->pkts[i]->peer = keypair->owner.peer;
	if (instant_age_ns(keypair->born, now->now) >= REJECT_AFTER_TIME_NS) {
		refuse_all(run, DROP_VPN_EXPIRED);
		return false;
	}
	if (!keypair->receive[run->slot]) {
		extension_unreadable_came(keypair->owner.peer, now);
		refuse_all(run, DROP_VPN_NOT_OFFERED);
		return false;
	}
	return true;
}

static_assert(WIRE_DATA_HEADER_BYTES <= PACKET_PEEK_BYTES, "all of it");

static void run_add(struct run *run, struct packet *pkt)
{
	uint64_t counter = counter_of(pkt);
	const uint8_t *from = pkt->away ? pkt->away : packet_data(pkt);

	if (counter >= REPLAY_REJECT_AFTER_MESSAGES) {
		pkt->drop = DROP_VPN_LIMIT;
		return;
	}
	if (!replay_is_fresh(&run->keypair->replay, counter)) {
		pkt->drop = DROP_VPN_REPLAY;
		return;
	}
	pkt->away = NULL;
	pkt->counter = counter;
	pkt->generation = run->keypair->generation;
	run->opened[run->jobs_count] = pkt;
	run->jobs[run->jobs_count++] = (struct aead_job){
	    .dst = packet_data(pkt) + WIRE_DATA_HEADER_BYTES,
	    .src = from + WIRE_DATA_HEADER_BYTES,
	    .len = pkt->len - WIRE_DATA_HEADER_BYTES,
	    .counter = counter,
	};
}

static bool is_newest(const struct peer *peer, const struct packet *pkt)
{
	return pkt->generation > peer->newest_generation ||
	       (pkt->generation == peer->newest_generation &&
		   pkt->counter >= peer->newest_counter);
}

void transport_note_received(struct peer *peer, const struct packet *pkt,
    const struct frame_rules *rules, const struct moment *now)
{
	if (is_newest(peer, pkt)) {
		if (rules->may_roam)
			peer_set_endpoint_from(peer, &pkt->endpoint, now->now);
		peer->newest_generation = pkt->generation;
		peer->newest_counter = pkt->counter + 1;
	}
	peer->last_received = now->now;
	timers_authenticated_received(peer, now->now);
	if (rules->arms_passive_keepalive)
		timers_data_received(peer, now->now);
}

static void note_opened(
    struct peer *peer, struct packet *pkt, const struct moment *now)
{
	peer->counters.rx_packets++;
	peer->counters.rx_bytes += pkt->len;
	pkt->offset += WIRE_DATA_HEADER_BYTES;
	pkt->len -= WIRE_DATA_HEADER_BYTES + WIRE_TAG_BYTES;
	transport_note_received(peer, pkt,
	    extension_frame_rules(
		pkt->len ? packet_data(pkt)[0] : 0, pkt->len),
	    now);
}

/* The window says yes once more: the run itself may hold a counter twice. */
static size_t accept_opened(struct run *run, const struct moment *now)
{
	struct peer *peer = run->keypair->owner.peer;
	size_t accepted = 0;

	for (size_t i = 0; i < run->jobs_count; i++) {
		struct packet *pkt = run->opened[i];

		if (!run->jobs[i].is_authentic) {
			pkt->drop = DROP_VPN_AUTH;
		} else if (!replay_accept(
			       &run->keypair->replay, pkt->counter)) {
			pkt->drop = DROP_VPN_REPLAY;
		} else {
			pkt->drop = DROP_NONE;
			note_opened(peer, pkt, now);
			accepted++;
		}
	}
	return accepted;
}

/* An initiator that mostly receives rekeys in time, too. */
static void rekey_late(
    struct peer *peer, const struct keypair *keypair, const struct moment *now)
{
	if (keypair != peer->keypairs.current || !keypair->is_initiator ||
	    peer->timers.have_rekeyed_late ||
	    instant_age_ns(keypair->born, now->now) < REKEY_ON_RECEIVE_NS)
		return;
	peer->timers.have_rekeyed_late = true;
	handshake_initiate(peer, now);
}

void transport_note_used(struct tunnel *tunnel, struct keypair *keypair,
    enum cipher_slot slot, const struct moment *now)
{
	struct peer *peer = keypair->owner.peer;

	peer->last_receive_slot = slot;
	if (keypair == peer->keypairs.next)
		gate_settle(tunnel->gate);
	if (keypairs_confirm(
		&peer->keypairs, keypair, tunnel->memory, &tunnel->indices)) {
		tunnel->last_found = NULL;
		handshake_confirmed(peer, now);
	}
	rekey_late(peer, keypair, now);
}

static void run_open(
    struct tunnel *tunnel, struct run *run, const struct moment *now)
{
	run->jobs_count = 0;
	if (!run_begin(tunnel, run, now))
		return;
	for (size_t i = 0; i < run->count; i++)
		run_add(run, run->pkts[i]);
	gate_begin(tunnel->gate, GATE_OPEN);
	run->keypair->aeads[run->slot]->open_batch(
	    run->keypair->receive[run->slot], run->jobs, run->jobs_count);
	gate_end(tunnel->gate, GATE_OPEN);
	if (accept_opened(run, now))
		transport_note_used(tunnel, run->keypair, run->slot, now);
}

static void warm_peer(const struct peer *peer)
{
	__builtin_prefetch(&peer->keypairs, 1);
	__builtin_prefetch(&peer->newest_counter, 1);
	__builtin_prefetch(&peer->endpoint.source);
	__builtin_prefetch(&peer->timers.entry, 1);
	__builtin_prefetch(&peer->timers.attempts, 1);
	__builtin_prefetch(&peer->counters, 1);
}

static void warm_session(const struct keypair *keypair, uint64_t counter)
{
	const struct replay *replay = &keypair->replay;

	__builtin_prefetch(&replay->next, 1);
	__builtin_prefetch(&replay->blocks[counter / 64 % REPLAY_BLOCKS], 1);
	__builtin_prefetch(keypair->receive);
	warm_peer(keypair->owner.peer);
}

/* Among thousands of peers no session is in a cache. What opening needs of
 * each comes out of memory for all packets at once here, not for one after the
 * other; each step needs what the step before has fetched. */
static void warm(
    const struct tunnel *tunnel, struct packet **pkts, size_t count)
{
	not_cleared struct index_owner *owners[PACKET_BATCH];

	for (size_t i = 0; i < count; i++) {
		owners[i] =
		    indices_find(&tunnel->indices, receiver_of(pkts[i]));
		__builtin_prefetch(owners[i]);
	}
	for (size_t i = 0; i < count; i++)
		if (owners[i] && owners[i]->keypair)
			warm_session(owners[i]->keypair, counter_of(pkts[i]));
	for (size_t i = 0; i < count; i++)
		if (owners[i] && owners[i]->keypair)
			__builtin_prefetch(
			    owners[i]
				->keypair->receive[transport_slot_of(pkts[i])]);
}

void tunnel_open(struct tunnel *tunnel, struct packet **pkts, size_t count,
    const struct moment *now)
{
	not_cleared struct run run;

	if (tunnel->peers > WARM_PEERS && count <= PACKET_BATCH &&
	    run_length(pkts, count) < count)
		warm(tunnel, pkts, count);
	while (count > 0) {
		run.pkts = pkts;
		run.count = run_length(pkts, count);
		run_open(tunnel, &run, now);
		pkts += run.count;
		count -= run.count;
	}
}

/* ---- the plaintext ---- */

enum drop tunnel_expand(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now)
{
	struct peer *peer = pkt->peer;
	enum drop reason = DROP_NONE;
	bool is_plain_ip;

	pkt->checksum = CHECKSUM_FULL;
	pkt->frame = WIRE_FRAME_IP;
	if (pkt->len == 0)
		return DROP_NONE;
	is_plain_ip = link_is_plain_ip(packet_data(pkt)[0]);
	if (!is_plain_ip)
		reason = extension_consume(peer, pkt, now);
	if (reason || pkt->len == 0)
		return reason;
	reason = extension_judge_received(peer, is_plain_ip);
	if (!reason && is_plain_ip && tunnel->link != WIRE_LINK_IP)
		reason = DROP_VPN_LINK;
	if (!reason)
		peer->counters.rx_inner_bytes += pkt->len;
	return reason;
}
