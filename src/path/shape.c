/* SPDX-License-Identifier: ISC */
/*
 * Peers' queues, found by number.
 *
 * How it works: those that somebody waits in are on a list, by their numbers,
 * as the peers move when there are more of them. `next` is the earliest
 * deadline of all, or an earlier one: then a turn finds nothing to do.
 */
#include "path/shape.h"

#include <assert.h>

#include "path/run.h"

static struct path_peer *find_peer(const struct path *path, uint32_t id)
{
	return id < path->peers_count ? &path->peers[id] : NULL;
}

static struct qdisc *find(const struct path *path, uint32_t id)
{
	struct path_peer *peer = find_peer(path, id);

	return peer ? &peer->qdisc : NULL;
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

/* ---- the list of those that somebody waits in ---- */

static void list_add(struct path *path, uint32_t id)
{
	struct path_peer *peer = find_peer(path, id);

	if (peer->is_waited_for)
		return;
	peer->is_waited_for = true;
	peer->next_waited_for = path->shapes.first;
	path->shapes.first = id;
}

/* `link`: the number that leads to it. */
static void list_remove(struct path *path, uint32_t *link)
{
	struct path_peer *peer = find_peer(path, *link);

	*link = peer->next_waited_for;
	peer->is_waited_for = false;
}

static void list_forget(struct path *path, uint32_t id)
{
	uint32_t *link = &path->shapes.first;

	if (!find_peer(path, id)->is_waited_for)
		return;
	while (*link != id)
		link = &find_peer(path, *link)->next_waited_for;
	list_remove(path, link);
}

/* ---- what a queue has done ---- */

/* VERDICT_DROPPED: the packet, which its stage has still, is one of those. */
static enum verdict settle(
    struct path *path, struct fq_news *news, const struct packet *own)
{
	enum verdict verdict = VERDICT_TAKEN;
	struct packet *pkt;

	path->totals.tx_marked += news->marked;
	while ((pkt = packet_list_pop(&news->dropped))) {
		path->shapes.waiting -= pkt->segments;
		if (pkt == own)
			verdict = VERDICT_DROPPED;
		else
			path_drop_late(path, TABLE_OUT, OUTBOUND_QDISC, pkt);
	}
	return verdict;
}

void shape_forget(struct path *path, uint32_t id)
{
	struct qdisc *qdisc = find(path, id);
	struct packet *pkt;

	list_forget(path, id);
	while ((pkt = qdisc_give_up(qdisc))) {
		path->shapes.waiting -= pkt->segments;
		pkt->drop = DROP_QDISC_DROP;
		path_drop_late(path, TABLE_OUT, OUTBOUND_QDISC, pkt);
	}
	qdisc_clear(qdisc);
}

void shape_clear(struct path *path, uint32_t id)
{
	struct qdisc *qdisc = find(path, id);
	struct packet *pkt;

	while ((pkt = qdisc_give_up(qdisc)))
		pool_put(path->setup.pool, pkt);
	qdisc_clear(qdisc);
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
	struct fq_news news = {.marked = 0};

	if (!qdisc || pkt->is_dry || qdisc_may_go(qdisc, pkt, path->now.now))
		return VERDICT_PASS;
	if (!path_has_room(path) ||
	    !qdisc_put(qdisc, pkt, path->now.now, &news))
		return verdict_of(pkt, DROP_QDISC_DROP);
	shapes->waiting += pkt->segments;
	shapes->next = instant_earlier(shapes->next, qdisc_deadline(qdisc));
	list_add(path, pkt->to_id);
	return settle(path, &news, pkt);
}

static void release(struct path *path, struct qdisc *qdisc)
{
	struct fq_news news = {.marked = 0};
	struct packet *pkt;

	while ((pkt = qdisc_take(qdisc, path->now.now, &news))) {
		path->shapes.waiting -= pkt->segments;
		path_emit(path, TABLE_OUT, OUTBOUND_QDISC + 1, pkt);
	}
	(void)settle(path, &news, NULL);
}

void shape_turn(struct path *path)
{
	struct shapes *shapes = &path->shapes;
	uint32_t *link = &shapes->first;

	if (!instant_has_come(shapes->next, path->now.now))
		return;
	shapes->next = INSTANT_NEVER;
	while (*link) {
		struct path_peer *peer = &path->peers[*link];

		release(path, &peer->qdisc);
		shapes->next = instant_earlier(
		    shapes->next, qdisc_deadline(&peer->qdisc));
		if (qdisc_is_empty(&peer->qdisc))
			list_remove(path, link);
		else
			link = &peer->next_waited_for;
	}
}
