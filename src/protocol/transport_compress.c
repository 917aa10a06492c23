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

/* Writes the frame of pkt's first `len` bytes; 0 when they did not shrink
 * enough. */
static uint32_t compress_into(struct packet *spare, const struct packet *pkt,
    uint32_t len, const struct moment *now)
{
	struct tunnel *tunnel = pkt->peer->tunnel;
	const struct compressor *compressor = compressor_of(pkt->peer);
	compress_fn *way = way_for(tunnel, compressor, len, now);
	struct writer w = writer_of(packet_data(spare), WIRE_COMPRESSED_HEAD);
	size_t block = way(tunnel->compressors[compressor->id],
	    packet_data(spare) + WIRE_COMPRESSED_HEAD,
	    len - len / 16 - WIRE_COMPRESSED_HEAD, packet_data(pkt), len);

	if (block == 0)
		return 0;
	writer_le(&w,
	    compressor->id == COMPRESSOR_LZ4 ? WIRE_FRAME_LZ4 : WIRE_FRAME_ZSTD,
	    1);
	writer_le(&w, (uint16_t)len, 2);
	writer_le(&w, (uint16_t)block, 2);
	return WIRE_COMPRESSED_HEAD + (uint32_t)block;
}

static struct packet *try_bytes(
    const struct packet *pkt, uint32_t len, const struct moment *now)
{
	struct pool *pool = pkt->peer->tunnel->pool;
	struct packet *spare;

	if (!compress_looks_worth_it(packet_data(pkt), len))
		return NULL;
	spare = pool_get(pool);
	if (!spare)
		return NULL;
	spare->len = compress_into(spare, pkt, len, now);
	if (spare->len)
		return spare;
	pool_put(pool, spare);
	return NULL;
}

/* The compressed frame of pkt's first `len` bytes, or NULL: it was in vain.
 * The flow knows it then. */
static struct packet *try(
    const struct packet *pkt, uint32_t len, const struct moment *now)
{
	struct peer *peer = pkt->peer;
	struct packet *ret = try_bytes(pkt, len, now);

	peer->counters.compress_in_bytes += len;
	if (ret)
		compress_flow_succeeded(peer->flows, pkt->flow_hash);
	else
		compress_flow_failed(peer->flows, pkt->flow_hash);
	return ret;
}

static void become(struct packet *pkt, struct packet *spare)
{
	packet_swap_buffers(pkt, spare);
	pkt->offset = spare->offset;
	pkt->len = spare->len;
	pkt->frame = packet_data(pkt)[0];
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
	       !compress_flow_rests(whole->peer->flows, whole->flow_hash);
}

/* It goes as it is: its state is told, or its head put, when it is sealed. What
 * its flow is like is asked with so many bytes as a segment has. */
static void probe_whole(struct packet *whole, const struct moment *now)
{
	struct peer *peer = whole->peer;
	uint32_t len = whole->segment_bytes;

	if (!may_shrink(whole, len) || !compress_flow_may_try(peer->flows,
					   whole->flow_hash, whole->segments))
		return;
	pool_put(peer->tunnel->pool, try(whole, len, now));
	peer->counters.compress_out_bytes += len;
}

static void shrink(struct packet *pkt, const struct moment *now)
{
	struct peer *peer = pkt->peer;
	struct packet *spare;

	if (!may_shrink(pkt, pkt->len) ||
	    !compress_flow_may_try(peer->flows, pkt->flow_hash, 1))
		return;
	spare = try(pkt, pkt->len, now);
	/* a copy of one that just fitted is in a large packet */
	if (spare && spare->buffer_bytes == pkt->buffer_bytes) {
		become(pkt, spare);
		peer->counters.compressed_packets++;
	}
	pool_put(peer->tunnel->pool, spare);
	peer->counters.compress_out_bytes += pkt->len;
}

void tunnel_compress(
    struct tunnel *tunnel, struct packet *pkt, const struct moment *now)
{
	if (pkt->segments > 1) {
		probe_whole(pkt, now);
		return;
	}
	if (pkt->is_ours)
		return;
	pkt->plain_bytes = pkt->len;
	if (tunnel->link == WIRE_LINK_ETHERNET)
		link_put_head(pkt);
	else if (tunnel_peer_takes_checksums(pkt->peer))
		link_tell_state(pkt);
	shrink(pkt, now);
}
