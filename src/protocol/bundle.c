/* SPDX-License-Identifier: ISC */
/* BUNDLE: several frames in one datagram. */
#include "protocol/bundle.h"

#include <string.h>

#include "base/cursor.h"
#include "protocol/link.h"
#include "protocol/peer.h"
#include "protocol/wire.h"

#define LENGTH_BYTES 2

/* ---- making ---- */

/* What is remembered of a peer may be void in this session, as it may have been
 * replaced by a plain one: it has to have spoken. */
bool bundle_is_taken_by(const struct peer *peer)
{
	const struct extension *extension = &peer->extension;

	return extension->is_known &&
	       (extension->is_settled || extension->has_spoken) &&
	       extension->features & WIRE_FEATURE_BUNDLE;
}

static bool is_compressed(const struct packet *pkt)
{
	return pkt->frame == WIRE_FRAME_LZ4 || pkt->frame == WIRE_FRAME_ZSTD;
}

static bool is_small(const struct packet *pkt)
{
	return !pkt->is_ours && pkt->len && !pkt->segment_bytes &&
	       (pkt->len <= BUNDLE_PACKET_BYTES_MAX || is_compressed(pkt));
}

/* Bytes of a bundle: what the path carries, and what its reader takes. */
static size_t largest_of(const struct peer *peer)
{
	const struct tunnel *tunnel = peer->tunnel;
	size_t largest = tunnel->largest_frame;
	size_t theirs = peer->extension.largest_frame;

	if (tunnel->mtu && tunnel->mtu < largest)
		largest = tunnel->mtu;
	return theirs && theirs < largest ? theirs : largest;
}

static bool has_room(const struct packet *into, const struct packet *pkt)
{
	size_t head = into->frame == WIRE_FRAME_BUNDLE ? 0 : WIRE_BUNDLE_HEAD;
	size_t more = head + LENGTH_BYTES + pkt->len;

	return into->segments < BUNDLE_FRAMES_MAX &&
	       into->len + more <= largest_of(into->peer) &&
	       into->offset >= head + WIRE_DATA_HEADER_BYTES &&
	       packet_tail_room(into) >= more - head + PACKET_TAIL_BYTES;
}

/* The first frame's own length comes into the head. */
static void begin(struct packet *pkt)
{
	struct writer w;
	uint32_t len = pkt->len;

	pkt->offset -= WIRE_BUNDLE_HEAD;
	pkt->len += WIRE_BUNDLE_HEAD;
	pkt->frame = WIRE_FRAME_BUNDLE;
	w = writer_of(packet_data(pkt), WIRE_BUNDLE_HEAD);
	writer_le(&w, WIRE_FRAME_BUNDLE, 1);
	writer_le(&w, len, LENGTH_BYTES);
}

bool bundle_add(struct packet *into, const struct packet *pkt)
{
	struct writer w;

	if (into->frame != WIRE_FRAME_BUNDLE && !is_small(into))
		return false;
	if (!is_small(pkt) || pkt->outer_ecn != into->outer_ecn ||
	    !has_room(into, pkt))
		return false;
	if (into->frame != WIRE_FRAME_BUNDLE)
		begin(into);
	w = writer_of(packet_data(into) + into->len, LENGTH_BYTES + pkt->len);
	writer_le(&w, pkt->len, LENGTH_BYTES);
	writer_bytes(&w, packet_data(pkt), pkt->len);
	into->len += LENGTH_BYTES + pkt->len;
	into->plain_bytes += pkt->plain_bytes;
	into->segments = (uint16_t)(into->segments + pkt->segments);
	return true;
}

/* ---- a batch ---- */

/* The last packet of a peer that may take one more. */
struct open {
	const struct peer *peer;
	struct packet *pkt;
};

#define OPEN_MAX 8 /* peers that a batch is looked through for at a time */

static struct open *find(struct open *opens, const struct peer *peer)
{
	for (size_t i = 0; i < OPEN_MAX; i++)
		if (opens[i].peer == peer)
			return &opens[i];
	return NULL;
}

void tunnel_bundle(
    struct tunnel *tunnel, struct packet *const *pkts, size_t count)
{
	struct open opens[OPEN_MAX] = {0};
	size_t next = 0;

	(void)tunnel;
	for (size_t i = 0; i < count; i++) {
		struct packet *pkt = pkts[i];
		struct open *open = find(opens, pkt->peer);

		if (open && bundle_add(open->pkt, pkt)) {
			pkt->is_bundled = true;
			continue;
		}
		if (!open && !bundle_is_taken_by(pkt->peer))
			continue;
		if (!open)
			open = &opens[next++ % OPEN_MAX];
		*open = (struct open){pkt->peer, pkt};
	}
}

/* ---- taking apart ---- */

/* The next frame; false: there is no more (the rest is padding). */
static bool next_frame(struct cursor *c, const uint8_t **ret, size_t *ret_len)
{
	if (c->left < LENGTH_BYTES)
		return false;
	*ret_len = (size_t)cursor_le(c, LENGTH_BYTES);
	if (!*ret_len)
		return false;
	*ret = cursor_take(c, *ret_len);
	return *ret;
}

static struct cursor frames_of(const struct packet *pkt)
{
	return cursor_of(packet_data(pkt) + 1, pkt->len - 1);
}

/* Frames that a peer has made itself come alone: many small questions in one
 * datagram would make many answers. */
static bool may_be_inside(uint8_t frame)
{
	return link_is_payload(frame) || frame == WIRE_FRAME_LZ4 ||
	       frame == WIRE_FRAME_ZSTD;
}

size_t bundle_frames(const struct packet *pkt)
{
	struct cursor c = frames_of(pkt);
	const uint8_t *frame;
	size_t len, count = 0;

	while (next_frame(&c, &frame, &len)) {
		if (!may_be_inside(frame[0]) || count == BUNDLE_FRAMES_MAX)
			return 0;
		count++;
	}
	return c.has_failed || count < 2 ? 0 : count;
}

static struct packet *packet_of(struct pool *pool, const struct packet *bundle,
    const uint8_t *frame, size_t len)
{
	struct packet *pkt = len <= pool_largest(pool) ? pool_get(pool) : NULL;

	if (!pkt)
		return NULL;
	memcpy(packet_data(pkt), frame, len);
	pkt->len = (uint32_t)len;
	pkt->peer = bundle->peer;
	pkt->from_id = bundle->from_id;
	pkt->endpoint = bundle->endpoint;
	pkt->outer_ecn = bundle->outer_ecn;
	pkt->is_data = true;
	pkt->counter = bundle->counter;
	pkt->generation = bundle->generation;
	return pkt;
}

size_t bundle_take(
    struct pool *pool, const struct packet *pkt, struct packet_list *to)
{
	struct cursor c = frames_of(pkt);
	const uint8_t *frame;
	size_t len, lost = 0;

	while (next_frame(&c, &frame, &len)) {
		struct packet *one = packet_of(pool, pkt, frame, len);

		if (one)
			packet_list_push(to, one);
		else
			lost++;
	}
	return lost;
}

size_t tunnel_bundle_frames(const struct packet *pkt)
{
	if (!pkt->len || packet_data(pkt)[0] != WIRE_FRAME_BUNDLE ||
	    pkt->peer->extension.mode == EXTENSION_OFF)
		return 0;
	return bundle_frames(pkt);
}

size_t tunnel_unbundle(struct tunnel *tunnel, const struct packet *pkt,
    struct packet_list *to, const struct moment *now)
{
	if (extension_frame_came(pkt->peer, pkt, now))
		return bundle_frames(pkt);
	return bundle_take(tunnel->pool, pkt, to);
}
