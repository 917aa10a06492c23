/* SPDX-License-Identifier: ISC */
/*
 * Peers' queues, found by number.
 *
 * How it works: `next` is the earliest deadline of all, or an earlier one: then
 * a turn finds nothing to do.
 */
#include "path/shape.h"

#include <assert.h>

#include "path/run.h"

static struct qdisc *find(const struct path *path, uint32_t id)
{
	return id < path->peers_count ? &path->peers[id].qdisc : NULL;
}

void path_set_rate(struct path *path, uint32_t id, uint64_t bits_per_s,
    const struct moment *now)
{
	struct shapes *shapes = &path->shapes;
	struct qdisc *qdisc = find(path, id);

	assert(qdisc);
	if (qdisc->bits_per_s != bits_per_s)
		qdisc_set_rate(qdisc, bits_per_s, now->now);
	shapes->next = instant_earlier(shapes->next, qdisc_deadline(qdisc));
}

void shape_forget(struct path *path, uint32_t id)
{
	struct qdisc *qdisc = find(path, id);
	struct packet *pkt;

	while ((pkt = qdisc_give_up(qdisc))) {
		path->shapes.waiting -= pkt->segments;
		pkt->drop = DROP_QDISC_DROP;
		path_drop_late(path, TABLE_OUT, OUTBOUND_QDISC, pkt);
	}
}

bool shape_wants_single(const struct path *path, const struct packet *pkt)
{
	const struct qdisc *qdisc = find(path, pkt->to_id);

	return qdisc && qdisc->bits_per_s;
}

enum verdict shape(struct path *path, struct packet *pkt)
{
	struct shapes *shapes = &path->shapes;
	struct qdisc *qdisc = find(path, pkt->to_id);

	if (!qdisc || pkt->is_dry || qdisc_may_go(qdisc, pkt, path->now.now))
		return VERDICT_PASS;
	if (!path_has_room(path))
		return verdict_of(pkt, DROP_QDISC_DROP);
	if (!qdisc_put(qdisc, pkt))
		return verdict_of(pkt, DROP_QDISC_OVERLIMIT);
	shapes->waiting += pkt->segments;
	shapes->next = instant_earlier(shapes->next, qdisc_deadline(qdisc));
	return VERDICT_TAKEN;
}

static void release(struct path *path, struct qdisc *qdisc)
{
	struct packet *pkt;

	while ((pkt = qdisc_take(qdisc, path->now.now))) {
		path->shapes.waiting -= pkt->segments;
		path_emit(path, TABLE_OUT, OUTBOUND_QDISC + 1, pkt);
	}
}

void shape_turn(struct path *path)
{
	struct shapes *shapes = &path->shapes;

	if (!instant_has_come(shapes->next, path->now.now))
		return;
	shapes->next = INSTANT_NEVER;
	for (size_t i = 0; i < path->peers_count; i++) {
		struct qdisc *qdisc = &path->peers[i].qdisc;

		release(path, qdisc);
		shapes->next =
		    instant_earlier(shapes->next, qdisc_deadline(qdisc));
	}
}
