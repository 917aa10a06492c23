/* SPDX-License-Identifier: ISC */
/* Data messages: the head of a frame, and compressing before sealing. */
#include "base/cursor.h"
#include "protocol/link.h"
#include "protocol/peer.h"

static const struct compressor *compressor_of(const struct peer *peer)
{
	if (peer->compressor == COMPRESSOR_NONE || !peer->flows ||
	    !peer->extension.is_known ||
	    !(peer->extension.compressors & 1u << peer->compressor))
		return NULL;
	return compressor_find(peer->compressor);
}

static compress_fn *way_for(struct tunnel *tunnel,
    const struct compressor *compressor, size_t len, const struct moment *now)
{
	return compress_pace_is_slow(&tunnel->pace, len, now->now)
		   ? compressor->compress_harder
		   : compressor->compress;
}

/* Writes frame and block to `spare`; 0 when it did not shrink enough. */
static size_t compress_into(struct tunnel *tunnel,
    const struct compressor *compressor, const struct packet *pkt,
    struct packet *spare, const struct moment *now)
{
	compress_fn *way = way_for(tunnel, compressor, pkt->len, now);
	struct writer w = writer_of(packet_data(spare), WIRE_COMPRESSED_HEAD);
	size_t room = pkt->len - pkt->len / 16 - WIRE_COMPRESSED_HEAD;
	size_t len = way(tunnel->compressors[compressor->id],
	    packet_data(spare) + WIRE_COMPRESSED_HEAD, room, packet_data(pkt),
	    pkt->len);

	if (len == 0)
		return 0;
	writer_le(&w,
	    compressor->id == COMPRESSOR_LZ4 ? WIRE_FRAME_LZ4 : WIRE_FRAME_ZSTD,
	    1);
	writer_le(&w, pkt->len, 2);
	writer_le(&w, len, 2);
	return WIRE_COMPRESSED_HEAD + len;
}

/* True: pkt is the compressed frame now. */
static bool shrink(struct tunnel *tunnel, const struct compressor *compressor,
    struct packet *pkt, struct packet *spare, const struct moment *now)
{
	size_t len = compress_into(tunnel, compressor, pkt, spare, now);

	if (len == 0)
		return false;
	packet_swap_buffers(pkt, spare);
	pkt->offset = spare->offset;
	pkt->len = (uint32_t)len;
	pkt->frame = packet_data(pkt)[0];
	return true;
}

static bool try_to_shrink(struct tunnel *tunnel,
    const struct compressor *compressor, struct packet *pkt,
    const struct moment *now)
{
	struct packet *spare;
	bool has_shrunk;

	if (!compress_looks_worth_it(packet_data(pkt), pkt->len))
		return false;
	spare = pool_get(tunnel->pool);
	has_shrunk = spare && shrink(tunnel, compressor, pkt, spare, now);
	pool_put(tunnel->pool, spare);
	return has_shrunk;
}

/* What is remembered of a peer may be void in this session, as it may have been
 * replaced by a plain one: it has to have spoken. */
bool tunnel_peer_takes_checksums(const struct peer *peer)
{
	const struct extension *extension = &peer->extension;

	if (peer->tunnel->link == WIRE_LINK_ETHERNET)
		return true;
	return extension->is_known &&
	       (extension->is_settled || extension->has_spoken) &&
	       extension->features & WIRE_FEATURE_CHECKSUM;
}

static bool may_shrink(const struct packet *pkt, uint32_t len)
{
	return !pkt->is_ours && pkt->flow_hash != 0 &&
	       len >= COMPRESS_BYTES_MIN && len <= UINT16_MAX &&
	       compressor_of(pkt->peer);
}

/* However long its segments are: at worst it is cut in vain. */
bool tunnel_may_compress(const struct packet *whole)
{
	return may_shrink(whole, UINT16_MAX) &&
	       !compress_flow_rests(
		   whole->peer->flows, whole->flow_hash, whole->segments);
}

/* Its state is told, or its head put, when it is sealed. */
static void pass_whole(struct packet *pkt)
{
	if (may_shrink(pkt, UINT16_MAX))
		compress_flow_pass(
		    pkt->peer->flows, pkt->flow_hash, pkt->segments);
}

void tunnel_compress(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now)
{
	struct peer *peer = pkt->peer;

	if (pkt->segments > 1) {
		pass_whole(pkt);
		return;
	}
	if (pkt->is_ours)
		return;
	pkt->plain_bytes = pkt->len;
	if (tunnel->link == WIRE_LINK_ETHERNET)
		link_put_head(pkt);
	else if (tunnel_peer_takes_checksums(peer))
		link_tell_state(pkt);
	if (!may_shrink(pkt, pkt->len) ||
	    !compress_flow_may_try(peer->flows, pkt->flow_hash))
		return;
	peer->counters.compress_in_bytes += pkt->len;
	if (try_to_shrink(tunnel, compressor_of(peer), pkt, now)) {
		compress_flow_succeeded(peer->flows, pkt->flow_hash);
		peer->counters.compressed_packets++;
	} else {
		compress_flow_failed(peer->flows, pkt->flow_hash);
	}
	peer->counters.compress_out_bytes += pkt->len;
}
