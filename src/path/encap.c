/* SPDX-License-Identifier: ISC */
/*
 * The last stages on the way out: compress and encap.
 *
 * How it works: the segments of a super-packet are stamped in place, and sealed
 * straight into large packets, each of which one call sends (a train). All that
 * it needs is taken first: once the first segment is stamped, the super-packet
 * can not be cut any more.
 */
#include "path/encap.h"

#include "packet/checksum.h"
#include "packet/ecn.h"
#include "packet/ip.h"
#include "packet/segment.h"
#include "path/run.h"
#include "path/watch.h"

/* ---- compress ---- */

/* The checksums of a super-packet's segments are completed one by one, as they
 * are sealed. */
enum verdict compress(struct path *path, struct packet *pkt)
{
	if (packet_is_encrypted(pkt))
		pkt->flow_hash = 0;
	if (pkt->checksum == CHECKSUM_PARTIAL && pkt->segments == 1 &&
	    !tunnel_peer_takes_checksums(pkt->peer))
		checksum_complete(pkt);
	tunnel_compress(path->setup.tunnel, pkt, &path->now);
	return VERDICT_PASS;
}

/* Compressing remembers which flows are worth it, and changes no verdict. */
enum verdict compress_dry(struct path *path, struct packet *pkt)
{
	(void)path;
	(void)pkt;
	return VERDICT_PASS;
}

bool compress_wants_single(const struct path *path, const struct packet *pkt)
{
	(void)path;
	return !packet_is_encrypted(pkt) && tunnel_may_compress(pkt);
}

/* ---- a super-packet ---- */

static void send(struct path *path, struct packet *pkt)
{
	path->totals.tx_sent += pkt->segments;
	pkt->is_sealed = true;
	watch_datagram(path, TABLE_OUT, "encap", pkt);
	packet_list_push(&path->lane->to_wire, pkt);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint8_t *stamp(void *context, uint32_t idx)
{
	return slide_to(context, idx);
}

/* Who takes which checksums is asked each time: between two calls another
 * session may have begun. */
static enum drop seal_some(struct path *path, struct slide *slide,
    struct train *train, uint32_t count, struct packet *to)
{
	enum drop reason;

	slide->completes = !tunnel_peer_takes_checksums(train->whole->peer);
	train->checksum = slide->completes ? CHECKSUM_FULL : CHECKSUM_PARTIAL;
	train->count = count;
	train->last_len =
	    segments_len(&slide->segments, train->first + count - 1);
	reason = tunnel_seal_train(path->setup.tunnel, train, to, &path->now);
	if (!reason)
		train->first += count;
	return reason;
}

/* Where a super-packet's datagrams go: `added` of them behind those of a train
 * that was sealed before, and the others into packets of their own, `length`
 * each. */
struct places {
	uint32_t datagram_bytes, length, added;
	struct packet *before; /* NULL: none */
	struct packet_list trains;
};

static enum drop fill_trains(struct path *path, struct slide *slide,
    struct train *train, struct places *places)
{
	enum drop reason = DROP_NONE;

	if (places->added)
		reason = seal_some(
		    path, slide, train, places->added, places->before);
	if (!reason)
		path->totals.tx_sent += places->added;
	while (!reason && places->trains.first) {
		struct packet *to = places->trains.first;
		uint32_t left = slide->segments.count - train->first;

		packet_copy_fields(to, train->whole);
		reason = seal_some(
		    path, slide, train, smaller(places->length, left), to);
		if (!reason)
			send(path, packet_list_pop(&places->trains));
	}
	return reason;
}

/* The session may end in the middle: pkt is what is left then, and pkt->drop
 * says why. */
static void seal_all(
    struct path *path, struct packet *pkt, struct places *places)
{
	not_cleared struct slide slide;
	struct train train = {.whole = pkt, .stamp = stamp, .context = &slide};

	slide_begin(&slide, pkt, false);
	train.segment_len = segments_len(&slide.segments, 0);
	pkt->drop = fill_trains(path, &slide, &train, places);
	if (pkt->drop)
		slide_end(&slide, pkt, train.first);
}

static void plan_places(
    const struct path *path, const struct packet *pkt, struct places *ret)
{
	struct segments segments;
	uint32_t bytes;

	segments_of(&segments, pkt);
	bytes = tunnel_datagram_bytes(
	    path->setup.tunnel, segments_len(&segments, 0));
	*ret = (struct places){
	    .datagram_bytes = bytes,
	    .length =
		smaller(PACKET_TRAIN_SEGMENTS, PACKET_TRAIN_BYTES / bytes),
	};
}

/* The super-packet before left a short train, perhaps: each costs a way through
 * the kernel, here and at the other end. All but its last datagram are equally
 * long. */
static void fill_before(
    const struct path *path, const struct packet *pkt, struct places *places)
{
	struct packet *last = path->lane->to_wire.last;

	if (!last || !last->is_sealed || last->peer != pkt->peer ||
	    last->outer_ecn != pkt->outer_ecn || !last->segment_bytes ||
	    last->len != (uint32_t)last->segments * last->segment_bytes ||
	    last->segment_bytes != places->datagram_bytes ||
	    last->segments >= places->length ||
	    path->watched & PATH_WATCH_OUTER)
		return;
	places->before = last;
	places->added = smaller(places->length - last->segments, pkt->segments);
}

/* False: there are not enough packets, or a train is too short for one. */
static bool take_places(
    struct path *path, const struct packet *pkt, struct places *places)
{
	uint32_t left = pkt->segments - places->added, count;

	if (!places->length)
		return false;
	count = (left + places->length - 1) / places->length;
	while (count--) {
		struct packet *to = pool_get_large(path->setup.pool);

		if (!to) {
			pool_put_list(path->setup.pool, &places->trains);
			return false;
		}
		packet_list_push(&places->trains, to);
	}
	return true;
}

static void seal_first(
    struct path *path, struct path_branch here, struct packet_list *singles)
{
	not_cleared struct packet *pkts[PACKET_BATCH];
	size_t count = 0;

	while (count < PACKET_BATCH && singles->first) {
		pkts[count] = packet_list_pop(singles);
		(void)compress(path, pkts[count++]);
	}
	tunnel_seal(path->setup.tunnel, pkts, count, &path->now);
	for (size_t i = 0; i < count; i++) {
		if (pkts[i]->drop)
			path_drop_late(path, here.table, here.idx, pkts[i]);
		else
			send(path, pkts[i]);
	}
}

static void seal_singly(struct path *path, struct packet *pkt)
{
	const struct path_branch here = {TABLE_OUT, OUTBOUND_ENCAP};
	struct packet_list singles = {0};

	path_cut(path, here, pkt, &singles);
	while (singles.first)
		seal_first(path, here, &singles);
}

/* VERDICT_TAKEN, or pkt->drop says why not. */
static enum verdict seal_trains(struct path *path, struct packet *pkt)
{
	struct places places;

	plan_places(path, pkt, &places);
	fill_before(path, pkt, &places);
	if (!take_places(path, pkt, &places)) {
		seal_singly(path, pkt);
		return VERDICT_TAKEN;
	}
	seal_all(path, pkt, &places);
	if (pkt->drop) {
		pool_put_list(path->setup.pool, &places.trains);
		return VERDICT_DROPPED;
	}
	pool_put(path->setup.pool, pkt);
	return VERDICT_TAKEN;
}

/* Cut here and not before the stage, it is compressed: then its segments get
 * their heads and checksums. */
static enum verdict seal_whole(struct path *path, struct packet *pkt)
{
	if (!tunnel_seals_singly(pkt))
		return seal_trains(path, pkt);
	seal_singly(path, pkt);
	return VERDICT_TAKEN;
}

/* ---- the stage ---- */

static enum verdict leave(struct path *path, struct packet *pkt)
{
	if (pkt->is_bundled) {
		pool_put(path->setup.pool, pkt);
		return VERDICT_TAKEN;
	}
	if (pkt->drop)
		return VERDICT_DROPPED;
	send(path, pkt);
	return VERDICT_TAKEN;
}

static void seal_singles(struct path *path, struct packet **pkts,
    enum verdict *verdicts, size_t count)
{
	not_cleared struct packet *kept[PACKET_BATCH];
	size_t kept_count = 0;

	tunnel_bundle(path->setup.tunnel, pkts, count);
	for (size_t i = 0; i < count; i++)
		if (!pkts[i]->is_bundled)
			kept[kept_count++] = pkts[i];
	tunnel_seal(path->setup.tunnel, kept, kept_count, &path->now);
	for (size_t i = 0; i < count; i++)
		verdicts[i] = leave(path, pkts[i]);
}

static size_t count_singles(struct packet **pkts, size_t count)
{
	size_t len = 0;

	while (len < count && pkts[len]->segments == 1)
		len++;
	return len;
}

/* A frame of ours has no inner mark: it is not ECN-capable. */
void encap(struct path *path, struct packet **pkts, enum verdict *verdicts,
    size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++)
		ecn_encapsulate(pkts[i]);
	while (at < count) {
		size_t len = count_singles(pkts + at, count - at);

		if (len)
			seal_singles(path, pkts + at, verdicts + at, len);
		at += len;
		if (at < count) {
			verdicts[at] = seal_whole(path, pkts[at]);
			at++;
		}
	}
}

enum verdict encap_dry(struct path *path, struct packet *pkt)
{
	send(path, pkt);
	return VERDICT_TAKEN;
}
