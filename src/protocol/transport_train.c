/* SPDX-License-Identifier: ISC */
/*
 * Data messages: opening trains, each datagram to where the caller wants it.
 *
 * How it works: as in transport.c the window is asked before opening and told
 * afterwards. Whatever is unusual, in a session or a datagram, is left to
 * opening singly: the datagram is still there, as its plaintext goes elsewhere.
 */
#include <assert.h>

#include "base/cursor.h"
#include "protocol/link.h"
#include "protocol/transport.h"

struct data_header {
	uint32_t type, receiver;
	uint64_t counter;
};

/* Of a datagram that has been found to be long enough. */
static struct data_header read_header(const uint8_t *datagram)
{
	struct cursor c = cursor_of(datagram, WIRE_DATA_HEADER_BYTES);
	struct data_header header;

	header.type = cursor_le32(&c);
	header.receiver = cursor_le32(&c);
	header.counter = cursor_le64(&c);
	return header;
}

/* Of a train's first datagrams, or of the only one. */
static uint32_t datagram_len(const struct packet *pkt, uint32_t at)
{
	uint32_t left = pkt->len - at;

	return pkt->segments > 1 && left > pkt->segment_bytes
		   ? pkt->segment_bytes
		   : left;
}

bool tunnel_is_train(const struct packet *pkt)
{
	struct data_header first = read_header(pkt->away);
	uint32_t len = pkt->segment_bytes;

	if (pkt->is_truncated ||
	    (first.type != WIRE_DATA && first.type != WIRE_DATA_AES256GCM))
		return false;
	for (uint32_t at = 0; at < pkt->len; at += len) {
		struct data_header header;

		len = datagram_len(pkt, at);
		if (len < WIRE_DATA_BYTES_MIN)
			return false;
		header = read_header(pkt->away + at);
		if (header.type != first.type ||
		    header.receiver != first.receiver)
			return false;
	}
	return true;
}

bool tunnel_find_train(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now)
{
	struct data_header header = read_header(pkt->away);
	struct keypair *keypair =
	    transport_find_keypair(tunnel, header.receiver);

	if (!keypair || !keypair->receive[transport_slot_of(pkt)] ||
	    instant_age_ns(keypair->born, now->now) >= REJECT_AFTER_TIME_NS)
		return false;
	pkt->peer = keypair->owner.peer;
	pkt->generation = keypair->generation;
	pkt->counter = header.counter;
	return true;
}

struct train_run {
	const struct opening *opening;
	const struct aead *aead;
	struct aead_key *key;
	enum wire_link link;
	bool takes_plain,
	    takes_told; /* IP packets; with the extension's word */
	struct packet *opened;
	uint64_t inner_bytes;
};

/* What it carries would go on, and would change nothing that this peer is known
 * to be. */
static bool is_traffic(const struct train_run *run)
{
	struct packet *opened = run->opened;
	uint8_t first = packet_data(opened)[0];

	opened->checksum = CHECKSUM_FULL;
	opened->frame = WIRE_FRAME_IP;
	if (link_is_plain_ip(first))
		return run->takes_plain;
	return run->takes_told && link_is_payload(first) &&
	       link_restore(run->link, opened) == DROP_NONE;
}

static bool open_next(
    struct train_run *run, const uint8_t *datagram, uint32_t len)
{
	uint32_t head = run->link == WIRE_LINK_IP ? 0 : WIRE_ETHERNET_HEAD;
	uint32_t plain = len - WIRE_OVERHEAD_BYTES;
	const struct opening *opening = run->opening;
	struct packet *opened = run->opened;
	struct aead_job job = {.src = datagram + WIRE_DATA_HEADER_BYTES,
	    .len = len - WIRE_DATA_HEADER_BYTES,
	    .counter = read_header(datagram).counter};
	uint8_t *place = NULL;

	if (plain > head)
		place = opening->place(opening->context, plain - head);
	if (!place)
		return false;
	job.dst = place - head;
	run->aead->open_batch(run->key, &job, 1);
	opened->buffer = job.dst;
	opened->offset = 0;
	opened->len = plain;
	if (!job.is_authentic || !is_traffic(run))
		opened->len = 0;
	run->inner_bytes += opened->len;
	if (opening->take(opening->context, opened))
		return true;
	run->inner_bytes -= opened->len;
	return false;
}

/* How many from the first on the window takes, none missing between them. */
static size_t count_fresh(const struct replay *replay, const struct packet *pkt)
{
	uint64_t counter = 0;
	size_t count = 0;

	for (; count < pkt->segments; count++) {
		uint64_t next =
		    read_header(pkt->away + count * pkt->segment_bytes).counter;

		if ((count && next != counter + 1) ||
		    !replay_is_fresh(replay, next))
			break;
		counter = next;
	}
	return count;
}

/* Nobody else opens: what was fresh is. */
static void accept_train(
    struct keypair *keypair, struct packet *pkt, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool is_fresh;

		pkt->counter =
		    read_header(pkt->away + i * pkt->segment_bytes).counter;
		is_fresh = replay_accept(&keypair->replay, pkt->counter);
		assert(is_fresh);
	}
}

static void leave_out(struct packet *pkt, size_t count)
{
	uint32_t bytes = pkt->len;

	if (count < pkt->segments)
		bytes = (uint32_t)count * pkt->segment_bytes;
	pkt->peer->counters.rx_packets += count;
	pkt->peer->counters.rx_bytes += bytes;
	pkt->segments = (uint16_t)(pkt->segments - count);
	packet_leave(pkt, pkt->away + bytes, pkt->len - bytes);
}

static size_t open_some(
    struct train_run *run, const struct packet *pkt, size_t most)
{
	size_t count = 0;

	while (count < most) {
		uint32_t at = (uint32_t)count * pkt->segment_bytes;

		if (!open_next(run, pkt->away + at, datagram_len(pkt, at)))
			break;
		count++;
	}
	return count;
}

static void train_begin(struct train_run *run, const struct tunnel *tunnel,
    const struct keypair *keypair, enum cipher_slot slot)
{
	struct peer *peer = keypair->owner.peer;
	const struct extension *extension = &peer->extension;

	run->aead = keypair->aeads[slot];
	run->key = keypair->receive[slot];
	run->link = tunnel->link;
	run->inner_bytes = 0;
	run->takes_plain = tunnel->link == WIRE_LINK_IP &&
			   !extension_judge_received(peer, true);
	run->takes_told = extension->mode != EXTENSION_OFF &&
			  extension->has_spoken && !extension->is_plain &&
			  !extension_judge_received(peer, false);
}

size_t tunnel_open_train(struct tunnel *tunnel, struct packet *pkt,
    const struct opening *opening, const struct moment *now)
{
	struct keypair *keypair =
	    transport_find_keypair(tunnel, read_header(pkt->away).receiver);
	enum cipher_slot slot = transport_slot_of(pkt);
	not_cleared struct packet opened;
	struct train_run run = {.opening = opening, .opened = &opened};
	size_t count = count_fresh(&keypair->replay, pkt);

	train_begin(&run, tunnel, keypair, slot);
	gate_begin(tunnel->gate, GATE_OPEN);
	count = open_some(&run, pkt, count);
	gate_end(tunnel->gate, GATE_OPEN);
	if (!count)
		return 0;
	accept_train(keypair, pkt, count);
	leave_out(pkt, count);
	pkt->peer->counters.rx_inner_bytes += run.inner_bytes;
	transport_note_received(
	    pkt->peer, pkt, extension_frame_rules(WIRE_FRAME_IP, 1), now);
	transport_note_used(tunnel, keypair, slot, now);
	return count;
}
