/* SPDX-License-Identifier: ISC */
/* The frames of the extension, but for when HELLO is said (extension.c). */
#include "protocol/frames.h"

#include "base/cursor.h"
#include "protocol/link.h"
#include "protocol/peer.h"

/* ---- making ---- */

static bool send_echo_frame(
    struct peer *peer, enum wire_frame frame, uint64_t id, uint64_t time)
{
	struct packet *pkt = pool_get(peer->tunnel->pool);
	struct writer w;

	if (!pkt)
		return false;
	w = writer_of(packet_data(pkt), WIRE_ECHO_BYTES);
	writer_le(&w, frame, 1);
	writer_le(&w, WIRE_ECHO_BYTES - 2, 1);
	writer_le(&w, id, 8);
	writer_le(&w, time, 8);
	pkt->len = WIRE_ECHO_BYTES;
	peer_queue_frame(peer, pkt, (uint8_t)frame);
	return true;
}

bool extension_send_echo(
    struct peer *peer, uint64_t id, const struct moment *now)
{
	struct tunnel *tunnel = peer->tunnel;

	tunnel->echoes[tunnel->next_echo++ % TUNNEL_ECHOES] =
	    (struct tunnel_echo){peer, id, now->now};
	return send_echo_frame(
	    peer, WIRE_FRAME_ECHO, id, (uint64_t)now->now.ns);
}

struct packet *extension_close_frame(struct peer *peer, enum wire_close reason)
{
	struct packet *pkt;
	struct writer w;

	if (!peer->extension.is_known ||
	    !(peer->extension.features & WIRE_FEATURE_CLOSE))
		return NULL;
	pkt = pool_get(peer->tunnel->pool);
	if (!pkt)
		return NULL;
	w = writer_of(packet_data(pkt), WIRE_CLOSE_BYTES);
	writer_le(&w, WIRE_FRAME_CLOSE, 1);
	writer_le(&w, reason, 1);
	pkt->len = WIRE_CLOSE_BYTES;
	pkt->frame = WIRE_FRAME_CLOSE;
	return pkt;
}

/* ---- consuming: the first byte has been read ---- */

static enum drop consume_echo(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now)
{
	uint8_t len = cursor_u8(c);
	uint64_t id = cursor_le64(c);
	uint64_t time = cursor_le64(c);

	(void)now;
	if (c->has_failed || len < WIRE_ECHO_BYTES - 2)
		return DROP_VPN_FRAME;
	(void)send_echo_frame(peer, WIRE_FRAME_ECHO_REPLY, id, time);
	pkt->len = 0;
	return DROP_NONE;
}

static enum drop consume_echo_reply(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now)
{
	struct tunnel *tunnel = peer->tunnel;
	uint64_t id;

	cursor_skip(c, 1);
	id = cursor_le64(c);
	cursor_skip(c, 8); /* the time: what counts is when we sent it */
	if (c->has_failed)
		return DROP_VPN_FRAME;
	for (size_t i = 0; i < TUNNEL_ECHOES; i++) {
		struct tunnel_echo *echo = &tunnel->echoes[i];

		if (echo->peer != peer || echo->id != id)
			continue;
		tunnel_emit(tunnel,
		    &(struct tunnel_event){.kind = TUNNEL_ECHO_REPLY,
			.peer = peer,
			.echo_id = id,
			.rtt_ns = instant_age_ns(echo->sent, now->now)});
		echo->peer = NULL;
	}
	pkt->len = 0;
	return DROP_NONE;
}

static enum drop consume_close(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now)
{
	(void)c;
	(void)now;
	peer_end_sessions(peer, pkt->generation);
	pkt->len = 0;
	if (peer->keypairs.current)
		return DROP_NONE;
	peer->is_closed = true;
	log_info(peer->tunnel->log, "peer %s: closed the session", peer->name);
	tunnel_emit(peer->tunnel,
	    &(struct tunnel_event){.kind = TUNNEL_CLOSED, .peer = peer});
	return DROP_NONE;
}

/* The block goes to a spare buffer, which becomes pkt's. */
static enum drop consume_compressed(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now)
{
	struct tunnel *tunnel = peer->tunnel;
	enum compressor_id id = packet_data(pkt)[0] == WIRE_FRAME_LZ4
				    ? COMPRESSOR_LZ4
				    : COMPRESSOR_ZSTD;
	uint16_t original = cursor_le16(c);
	uint16_t len = cursor_le16(c);
	const uint8_t *block = cursor_take(c, len);
	struct packet *spare;

	(void)now;
	if (!block || original == 0 || original > tunnel->largest_frame)
		return DROP_VPN_DECOMPRESS;
	spare = pool_get(tunnel->pool);
	if (!spare)
		return DROP_NOMEM;
	if (!compressor_find(id)->expand(tunnel->compressors[id],
		packet_data(spare), original, block, len)) {
		pool_put(tunnel->pool, spare);
		return DROP_VPN_DECOMPRESS;
	}
	packet_swap_buffers(pkt, spare);
	pkt->offset = spare->offset;
	pkt->len = original;
	pool_put(tunnel->pool, spare);
	peer->counters.expanded_packets++;
	return DROP_NONE;
}

/* A sound one has been taken apart before (bundle.c). */
static enum drop refuse_bundle(struct peer *peer, struct packet *pkt,
    struct cursor *c, const struct moment *now)
{
	(void)peer;
	(void)pkt;
	(void)c;
	(void)now;
	return DROP_VPN_FRAME;
}

static const struct {
	uint8_t frame;
	enum drop (*consume)(struct peer *peer, struct packet *pkt,
	    struct cursor *c, const struct moment *now);
} consumers[] = {
    {WIRE_FRAME_HELLO, extension_consume_hello},
    {WIRE_FRAME_HELLO_ANSWER, extension_consume_hello},
    {WIRE_FRAME_PROBE, probe_consume},
    {WIRE_FRAME_PROBE_ACK, probe_consume_ack},
    {WIRE_FRAME_ECHO, consume_echo},
    {WIRE_FRAME_ECHO_REPLY, consume_echo_reply},
    {WIRE_FRAME_CLOSE, consume_close},
    {WIRE_FRAME_LZ4, consume_compressed},
    {WIRE_FRAME_ZSTD, consume_compressed},
    {WIRE_FRAME_BUNDLE, refuse_bundle},
};

static enum drop unknown_frame(struct peer *peer)
{
	peer->extension.unknown_frames++;
	return DROP_VPN_FRAME;
}

static enum drop consume_frame(
    struct peer *peer, struct packet *pkt, const struct moment *now)
{
	struct cursor c = cursor_of(packet_data(pkt), pkt->len);
	uint8_t frame = cursor_u8(&c);
	enum drop reason;

	for (size_t i = 0; i < ARRAY_SIZE(consumers); i++) {
		if (consumers[i].frame != frame)
			continue;
		reason = consumers[i].consume(peer, pkt, &c, now);
		if (reason || pkt->len == 0)
			return reason;
		/* what was compressed is a payload, nothing nested */
		return link_is_payload(packet_data(pkt)[0])
			   ? link_restore(peer->tunnel->link, pkt)
			   : DROP_VPN_DECOMPRESS;
	}
	return unknown_frame(peer);
}

enum drop frames_consume(
    struct peer *peer, struct packet *pkt, const struct moment *now)
{
	if (link_is_payload(packet_data(pkt)[0]))
		return link_restore(peer->tunnel->link, pkt);
	return consume_frame(peer, pkt, now);
}
