/* SPDX-License-Identifier: ISC */
/* Super-packets that a stage does not take as they are. */
#include "packet/segment.h"
#include "path/gro.h"
#include "path/run.h"
#include "path/train.h"

/* The segments from `idx` on are dropped, as no buffer is left for them. */
static void drop_rest(struct path *path, struct path_branch where,
    const struct packet *whole, uint32_t idx)
{
	struct packet lost = *whole;

	lost.segments = (uint16_t)(whole->segments - idx);
	lost.drop = DROP_NOMEM;
	/* a trace went on with the first one */
	lost.is_traced = whole->is_traced && !idx;
	path_note_late(path, where.table, where.idx, &lost);
}

/* One of the super-packet's segments, or NULL. */
static struct packet *take(struct path *path, const struct packet *whole,
    const struct segments *segments, uint32_t idx)
{
	struct packet *pkt = pool_get(path->setup.pool);

	if (!pkt)
		return NULL;
	if (segments_take(segments, whole, idx, pkt)) {
		pool_put(path->setup.pool, pkt);
		return NULL;
	}
	/* a trace goes on with the first one */
	pkt->is_traced = whole->is_traced && !idx;
	return pkt;
}

static void take_frames(struct path *path, struct path_branch where,
    const struct packet *bundle, struct packet_list *to)
{
	size_t lost =
	    tunnel_unbundle(path->setup.tunnel, bundle, to, &path->now);

	if (lost)
		drop_rest(
		    path, where, bundle, bundle->segments - (uint32_t)lost);
}

static void take_segments(struct path *path, struct path_branch where,
    const struct packet *pkt, struct packet_list *to)
{
	struct segments segments;

	segments_of(&segments, pkt);
	for (uint32_t i = 0; i < segments.count; i++) {
		struct packet *segment = take(path, pkt, &segments, i);

		if (!segment) {
			drop_rest(path, where, pkt, i);
			break;
		}
		packet_list_push(to, segment);
	}
}

bool path_wants_single(const struct path *path, const struct packet *pkt)
{
	(void)path;
	(void)pkt;
	return true;
}

void path_cut(struct path *path, struct path_branch where, struct packet *pkt,
    struct packet_list *to)
{
	if (pkt->rest.first) {
		gro_share(pkt);
		packet_take_apart(pkt, to);
		return;
	}
	if (packet_is_received_train(pkt)) {
		train_take_apart(path, where, pkt, to);
		return;
	}
	if (pkt->frame == WIRE_FRAME_BUNDLE)
		take_frames(path, where, pkt, to);
	else
		take_segments(path, where, pkt, to);
	pool_put(path->setup.pool, pkt);
}
