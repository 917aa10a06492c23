/* SPDX-License-Identifier: ISC */
/*
 * Data messages: sealing batches, and super-packets.
 *
 * How it works: a batch falls into runs of the same peer, and each run is one
 * call of the AEAD. So is what a super-packet fills one buffer with; whoever
 * knows its headers takes it apart, right before each segment is sealed. The
 * padding behind a segment lies on the next one's payload, which is put back.
 */
#include <assert.h>
#include <string.h>

#include "base/cursor.h"
#include "protocol/link.h"
#include "protocol/peer.h"

struct run {
	struct peer *peer;
	struct keypair *keypair;
	enum cipher_slot slot;
	struct aead_job jobs[PACKET_BATCH];
	size_t jobs_count;
};

/* Up to a multiple of 16, but never beyond the device's MTU (and so, with the
 * default MTU, never beyond the path's); the packet itself may be larger. */
static uint32_t padded_len(const struct tunnel *tunnel, uint32_t len)
{
	uint32_t padded =
	    (len + WIRE_PADDING - 1) / WIRE_PADDING * WIRE_PADDING;

	if (tunnel->mtu && padded > tunnel->mtu)
		padded = len > tunnel->mtu ? len : tunnel->mtu;
	return padded;
}

static void pad(const struct tunnel *tunnel, struct packet *pkt)
{
	uint32_t padded = padded_len(tunnel, pkt->len);

	memset(packet_data(pkt) + pkt->len, 0, padded - pkt->len);
	if (link_is_ethernet(pkt->frame))
		link_tell_padding(pkt, padded - pkt->len);
	pkt->len = padded;
}

/* What was remembered of the peer may be void in this session, as it may have
 * been restarted or replaced. So all can read a HELLO, and the packet that
 * confirms the session. */
static bool is_for_anybody(const struct packet *pkt)
{
	const struct keypair *keypair = pkt->peer->keypairs.current;

	return pkt->frame == WIRE_FRAME_HELLO ||
	       pkt->frame == WIRE_FRAME_HELLO_ANSWER ||
	       (keypair && keypair->is_initiator && keypair->send_counter == 0);
}

static enum cipher_slot slot_for(const struct peer *peer,
    const struct keypair *keypair, const struct packet *pkt)
{
	return !is_for_anybody(pkt) && peer->extension.is_known &&
		       peer->extension.send_aead == AEAD_AES256GCM &&
		       keypair->send[CIPHER_AES256GCM]
		   ? CIPHER_AES256GCM
		   : CIPHER_CHACHA20POLY1305;
}

static void write_header(const struct run *run, uint8_t *to, uint64_t counter)
{
	struct writer w = writer_of(to, WIRE_DATA_HEADER_BYTES);

	writer_le(&w,
	    run->slot == CIPHER_AES256GCM ? WIRE_DATA_AES256GCM : WIRE_DATA, 4);
	writer_le(&w, run->keypair->remote_index, 4);
	writer_le(&w, counter, 8);
}

/* `inner` bytes of the user's are in these packets. */
static void note_sealed(struct peer *peer, const struct packet *pkt,
    uint64_t inner, const struct moment *now)
{
	const struct frame_rules *rules =
	    extension_frame_rules(pkt->frame, pkt->len);

	timers_authenticated_sent(peer, now->now);
	if (pkt->len && rules->arms_data_sent)
		timers_data_sent(peer, now->now);
	peer->counters.tx_inner_bytes += inner;
}

static uint64_t inner_bytes(const struct packet *pkt)
{
	if (pkt->is_ours)
		return 0;
	return pkt->plain_bytes ? pkt->plain_bytes : pkt->len;
}

/* What probes goes as it is meant, unless it could not leave so. */
static bool goes_alone(const struct peer *peer, uint8_t frame)
{
	return peer->probe.host_why ||
	       (peer->probe.is_refused && frame != WIRE_FRAME_PROBE);
}

static void prepare(
    struct run *run, struct packet *pkt, const struct moment *now)
{
	uint64_t counter = run->keypair->send_counter;
	struct peer *peer = run->peer;

	if (counter >= REPLAY_REJECT_AFTER_MESSAGES) {
		pkt->drop = DROP_VPN_LIMIT;
		return;
	}
	run->keypair->send_counter++;
	note_sealed(peer, pkt, inner_bytes(pkt), now);
	pad(peer->tunnel, pkt);
	run->jobs[run->jobs_count++] = (struct aead_job){
	    .dst = packet_data(pkt),
	    .src = packet_data(pkt),
	    .len = pkt->len,
	    .counter = counter,
	};
	pkt->offset -= WIRE_DATA_HEADER_BYTES;
	pkt->len += WIRE_OVERHEAD_BYTES;
	write_header(run, packet_data(pkt), counter);
	pkt->endpoint = peer->endpoint;
	if (goes_alone(peer, pkt->frame))
		pkt->goes_alone = true;
	pkt->drop = DROP_NONE;
	peer->counters.tx_packets++;
	peer->counters.tx_bytes += pkt->len;
}

static void rekey_in_time(const struct run *run, const struct moment *now)
{
	const struct keypair *keypair = run->keypair;

	if (keypair->send_counter >
		keypair->aeads[run->slot]->rekey_after_messages ||
	    (keypair->is_initiator &&
		instant_age_ns(keypair->born, now->now) >= REKEY_AFTER_TIME_NS))
		handshake_initiate(run->peer, now);
}

/* Another thread may work on the tunnel meanwhile, and replace the keypair as
 * soon as it is sealed. */
static void run_seal(struct run *run, aead_stamp_fn *stamp, void *context,
    const struct moment *now)
{
	const struct gate *gate = run->peer->tunnel->gate;
	const struct aead *aead = run->keypair->aeads[run->slot];
	struct aead_key *key = run->keypair->send[run->slot];

	rekey_in_time(run, now);
	gate_begin(gate, GATE_SEAL);
	aead->seal_batch(key, run->jobs, run->jobs_count, stamp, context);
	gate_end(gate, GATE_SEAL);
}

static enum drop may_seal(const struct peer *peer, const struct moment *now)
{
	if (!peer_has_session(peer, now->now))
		return DROP_VPN_NOSESSION;
	if (peer->endpoint.address.family == FAMILY_NONE)
		return DROP_NEIGH_DEAD;
	return DROP_NONE;
}

/* All of them go to the first one's peer, with its cipher; or DROP_*. */
static enum drop run_begin(
    struct run *run, const struct packet *first, const struct moment *now)
{
	struct peer *peer = first->peer;
	enum drop reason = may_seal(peer, now);

	if (reason)
		return reason;
	run->peer = peer;
	run->keypair = peer->keypairs.current;
	run->slot = slot_for(peer, run->keypair, first);
	run->jobs_count = 0;
	return DROP_NONE;
}

/* ---- packets ---- */

static void seal_some(
    struct packet **pkts, size_t count, const struct moment *now)
{
	not_cleared struct run run;
	enum drop reason = run_begin(&run, pkts[0], now);

	for (size_t i = 0; i < count; i++) {
		if (reason)
			pkts[i]->drop = reason;
		else
			prepare(&run, pkts[i], now);
	}
	if (!reason)
		run_seal(&run, NULL, NULL, now);
}

/* How many packets from the first on have its peer and cipher. */
static size_t run_length(struct packet **pkts, size_t count)
{
	size_t len = 1;

	if (is_for_anybody(pkts[0]))
		return 1;
	while (len < count && len < PACKET_BATCH &&
	       pkts[len]->peer == pkts[0]->peer && !is_for_anybody(pkts[len]))
		len++;
	return len;
}

void tunnel_seal(struct tunnel *tunnel, struct packet **pkts, size_t count,
    const struct moment *now)
{
	(void)tunnel;
	while (count > 0) {
		size_t len = run_length(pkts, count);

		seal_some(pkts, len, now);
		pkts += len;
		count -= len;
	}
}

/* ---- a super-packet ---- */

struct train_run {
	struct run run;
	const struct train *train;
	bool is_ethernet, tells_state;
	/* what the padding of the last one is on */
	uint8_t *blank;
	uint8_t kept[WIRE_PADDING];
	size_t kept_bytes;
};

static uint32_t inner_len(const struct train *train, uint32_t idx)
{
	return idx + 1 < train->count ? train->segment_len : train->last_len;
}

static void put_back(struct train_run *run)
{
	memcpy(run->blank, run->kept, run->kept_bytes);
	run->kept_bytes = 0;
}

static void put_zeros(struct train_run *run, uint8_t *at, size_t count)
{
	assert(count < sizeof(run->kept));
	run->blank = at;
	run->kept_bytes = count;
	memcpy(run->kept, at, count);
	memset(at, 0, count);
}

static void stamp(void *context, struct aead_job *job, size_t idx)
{
	struct train_run *run = context;
	const struct train *train = run->train;
	uint32_t len = inner_len(train, (uint32_t)idx), padding;
	uint8_t *at;

	put_back(run);
	at = train->stamp(train->context, train->first + (uint32_t)idx);
	padding = (uint32_t)job->len - len;
	if (run->is_ethernet)
		padding -= WIRE_ETHERNET_HEAD;
	put_zeros(run, at + len, padding);
	if (run->is_ethernet) {
		at -= WIRE_ETHERNET_HEAD;
		link_write_head(at, train->checksum, padding);
	} else if (run->tells_state) {
		link_write_state(at, train->checksum);
	}
	job->src = at;
}

static void prepare_train(
    struct train_run *run, struct packet *to, const struct moment *now)
{
	const struct train *train = run->train;
	struct peer *peer = run->run.peer;
	uint32_t head = run->is_ethernet ? WIRE_ETHERNET_HEAD : 0;
	uint32_t before = to->len, segments = before ? to->segments : 0;
	uint64_t inner = 0;

	for (uint32_t i = 0; i < train->count; i++) {
		uint64_t counter = run->run.keypair->send_counter++;
		uint8_t *at = packet_data(to) + to->len;
		uint32_t len = inner_len(train, i);
		uint32_t padded = padded_len(peer->tunnel, len + head);

		run->run.jobs[i] = (struct aead_job){
		    .dst = at + WIRE_DATA_HEADER_BYTES,
		    .len = padded,
		    .counter = counter,
		};
		write_header(&run->run, at, counter);
		to->len += padded + WIRE_OVERHEAD_BYTES;
		if (!i && !before)
			to->segment_bytes = (uint16_t)to->len;
		inner += len;
	}
	run->run.jobs_count = train->count;
	to->segments = (uint16_t)(segments + train->count);
	note_sealed(peer, train->whole, inner, now);
	peer->counters.tx_packets += train->count;
	peer->counters.tx_bytes += to->len - before;
	to->endpoint = peer->endpoint;
	to->goes_alone = goes_alone(peer, train->whole->frame);
}

uint32_t tunnel_datagram_bytes(const struct tunnel *tunnel, uint32_t len)
{
	if (tunnel->link == WIRE_LINK_ETHERNET)
		len += WIRE_ETHERNET_HEAD;
	return padded_len(tunnel, len) + WIRE_OVERHEAD_BYTES;
}

bool tunnel_seals_singly(const struct packet *whole)
{
	const struct keypair *keypair = whole->peer->keypairs.current;

	return keypair && (is_for_anybody(whole) ||
			      keypair->send_counter + whole->segments >
				  REPLAY_REJECT_AFTER_MESSAGES);
}

enum drop tunnel_seal_train(struct tunnel *tunnel, const struct train *train,
    struct packet *to, const struct moment *now)
{
	not_cleared struct train_run run;
	enum drop reason = run_begin(&run.run, train->whole, now);

	assert(train->count && train->count <= PACKET_TRAIN_SEGMENTS);
	if (reason)
		return reason;
	run.train = train;
	run.is_ethernet = tunnel->link == WIRE_LINK_ETHERNET;
	run.tells_state = tunnel_peer_takes_checksums(train->whole->peer);
	run.blank = run.kept;
	run.kept_bytes = 0;
	prepare_train(&run, to, now);
	run_seal(&run.run, stamp, &run, now);
	put_back(&run);
	return DROP_NONE;
}
