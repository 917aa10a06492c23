/* SPDX-License-Identifier: ISC */
/*
 * Peers' queues, found by number.
 *
 * How it works: each number that was ever set has an entry. `next` is the
 * earliest deadline of all, or an earlier one: then a turn finds nothing to do.
 */
#include "path/shape.h"

#include <errno.h>
#include <stdlib.h>

#include "path/run.h"

static struct qdisc *find(const struct path *path, uint32_t id)
{
	return id < path->shapes.count ? &path->shapes.qdiscs[id] : NULL;
}

static int make_room(struct shapes *shapes, size_t count)
{
	struct qdisc *more;

	if (count <= shapes->count)
		return 0;
	more = realloc(shapes->qdiscs, count * sizeof(*more));
	if (!more)
		return -ENOMEM;
	shapes->qdiscs = more;
	while (shapes->count < count)
		more[shapes->count++] = (struct qdisc){0};
	return 0;
}

int path_set_rate(struct path *path, uint32_t id, uint64_t bits_per_s,
    const struct moment *now)
{
	struct shapes *shapes = &path->shapes;
	struct qdisc *qdisc;

	if (make_room(shapes, (size_t)id + 1))
		return -ENOMEM;
	qdisc = &shapes->qdiscs[id];
	if (qdisc->bits_per_s != bits_per_s)
		qdisc_set_rate(qdisc, bits_per_s, now->now);
	shapes->next = instant_earlier(shapes->next, qdisc_deadline(qdisc));
	return 0;
}

void path_forget_peer(struct path *path, uint32_t id, const struct moment *now)
{
	struct qdisc *qdisc = find(path, id);
	struct packet *pkt;

	if (!qdisc)
		return;
	path->now = *now;
	while ((pkt = qdisc_give_up(qdisc))) {
		path->shapes.waiting--;
		pkt->drop = DROP_QDISC_DROP;
		path_drop_packet(path, TABLE_OUT, OUTBOUND_QDISC, pkt);
	}
	qdisc_set_rate(qdisc, 0, now->now);
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
	shapes->waiting++;
	shapes->next = instant_earlier(shapes->next, qdisc_deadline(qdisc));
	return VERDICT_TAKEN;
}

static void release(struct path *path, struct qdisc *qdisc)
{
	struct packet *pkt;

	while ((pkt = qdisc_take(qdisc, path->now.now))) {
		path->shapes.waiting--;
		path_emit(path, TABLE_OUT, OUTBOUND_QDISC + 1, pkt);
	}
}

void shape_turn(struct path *path)
{
	struct shapes *shapes = &path->shapes;

	if (!instant_has_come(shapes->next, path->now.now))
		return;
	shapes->next = INSTANT_NEVER;
	for (size_t i = 0; i < shapes->count; i++) {
		struct qdisc *qdisc = &shapes->qdiscs[i];

		release(path, qdisc);
		shapes->next =
		    instant_earlier(shapes->next, qdisc_deadline(qdisc));
	}
}

void shape_clear(struct path *path)
{
	struct shapes *shapes = &path->shapes;

	for (size_t i = 0; i < shapes->count; i++)
		pool_put_list(path->setup.pool, &shapes->qdiscs[i].queue);
	free(shapes->qdiscs);
}
