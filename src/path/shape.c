/* SPDX-License-Identifier: ISC */
/*
 * Peers' queues, found by number, and the one before the socket.
 *
 * How it works: those that somebody waits in are on a list, by their numbers,
 * as the peers move when there are more of them. `next` is the earliest
 * deadline of all, or an earlier one: then a turn finds nothing to do.
 *
 * While the socket takes nothing, all that would go on waits in one queue, and
 * peers' rates let nothing go. It is not left in the device: there it would
 * wait behind whatever its flow shares a ring with, and could not be marked.
 */
#include "path/shape.h"

#include <assert.h>
#include <errno.h>

#include "path/run.h"

/* Of the socket's queue. */
#define FLOWS	    256
#define BYTES_MAX   (1024 * 1024)
#define FLOW_SPREAD 2654435761u /* peers' numbers are near each other */

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

static void give_up(struct path *path, struct packet *pkt)
{
	path->shapes.waiting -= pkt->segments;
	pkt->drop = DROP_QDISC_DROP;
	path_drop_late(path, TABLE_OUT, OUTBOUND_QDISC, pkt);
}

static void forget_held(struct path *path, uint32_t id)
{
	struct packet_list held = {0};
	struct packet *pkt;

	fq_take_out(path->shapes.fq, id, &held);
	while ((pkt = packet_list_pop(&held)))
		give_up(path, pkt);
}

void shape_forget(struct path *path, uint32_t id)
{
	struct qdisc *qdisc = find(path, id);
	struct packet *pkt;

	list_forget(path, id);
	forget_held(path, id);
	while ((pkt = qdisc_give_up(qdisc)))
		give_up(path, pkt);
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

/* Of a slow way each packet takes its time. */
bool shape_wants_single(const struct path *path, const struct packet *pkt)
{
	const struct qdisc *qdisc = find(path, pkt->to_id);

	return (qdisc && qdisc->bits_per_s) ||
	       (path->shapes.blocked & path->shapes.slow);
}

/* ---- the socket ---- */

int shapes_init(struct path *path)
{
	path->shapes.next = INSTANT_NEVER;
	if (fq_new(&path->shapes.fq, FLOWS))
		return -ENOMEM;
	fq_set_limits(path->shapes.fq, BYTES_MAX, 0);
	return 0;
}

void shapes_clear(struct path *path)
{
	struct packet *pkt;

	while ((pkt = fq_give_up(path->shapes.fq)))
		pool_put(path->setup.pool, pkt);
	fq_free(path->shapes.fq);
}

void path_set_blocked(struct path *path, bool is_blocked, bool is_slow)
{
	struct shapes *shapes = &path->shapes;
	unsigned lane = 1u << (path->lane - path->lanes);

	shapes->blocked &= ~lane;
	shapes->slow &= ~lane;
	if (is_blocked)
		shapes->blocked |= lane;
	if (is_slow)
		shapes->slow |= lane;
}

bool path_holds(const struct path *path)
{
	return !fq_is_empty(path->shapes.fq);
}

/* A batch that is read after this finds room still. */
bool path_is_full(const struct path *path)
{
	return fq_is_full(path->shapes.fq) ||
	       !path_has_room_for(path, PACKET_BATCH);
}

/* What is ours enters behind the stages that others go through. Those wait for
 * a session once more when theirs has ended meanwhile. */
static enum outbound_stage resume_at(
    const struct path *path, const struct packet *pkt)
{
	if (pkt->is_ours)
		return OUTBOUND_ENCAP;
	if (pkt->peer && tunnel_makes_wait(path->setup.tunnel, pkt, &path->now))
		return OUTBOUND_NEIGH;
	return OUTBOUND_QDISC + 1;
}

static void go_on(struct path *path, struct packet *pkt)
{
	path->shapes.waiting -= pkt->segments;
	if (pkt->is_sealed)
		path_send_datagram(path, pkt);
	else
		path_emit(path, TABLE_OUT, resume_at(path, pkt), pkt);
}

bool path_release(struct path *path, size_t bytes, const struct moment *now)
{
	struct fq_news news = {.marked = 0};
	struct packet *pkt;
	size_t taken = 0;
	bool has_taken = false;

	path->now = *now;
	while ((taken < bytes || !has_taken) &&
	       (pkt = fq_take(path->shapes.fq, now->now, &news))) {
		taken += pkt->len;
		has_taken = true;
		go_on(path, pkt);
	}
	(void)settle(path, &news, NULL);
	path_run_emitted(path, now);
	return has_taken;
}

/* It waits for the socket; without a buffer to spare somebody makes room. */
static enum verdict hold(struct path *path, struct packet *pkt)
{
	struct fq_news news = {.marked = 0};

	path->shapes.waiting += pkt->segments;
	fq_put(path->shapes.fq, pkt, path->now.now, &news);
	if (!path_has_room(path))
		fq_drop_one(path->shapes.fq, &news);
	return settle(path, &news, pkt);
}

/* Else whoever asks much would have all buffers, and all others behind them.
 * What is for one peer is a flow, and so is what is for strangers. */
bool shape_holds_ours(struct path *path, struct packet *pkt)
{
	if (!path->shapes.blocked)
		return false;
	pkt->to_id = pkt->peer ? tunnel_peer_id(pkt->peer) : 0;
	pkt->flow_hash = pkt->to_id * FLOW_SPREAD;
	if (hold(path, pkt) == VERDICT_DROPPED)
		path_drop_late(path, TABLE_OUT, OUTBOUND_QDISC, pkt);
	return true;
}

enum verdict shape(struct path *path, struct packet *pkt)
{
	struct shapes *shapes = &path->shapes;
	struct qdisc *qdisc = find(path, pkt->to_id);
	struct fq_news news = {.marked = 0};

	if (pkt->is_dry)
		return VERDICT_PASS;
	if (shapes->blocked && (!qdisc || !qdisc->bits_per_s))
		return hold(path, pkt);
	if (!qdisc ||
	    (!shapes->blocked && qdisc_may_go(qdisc, pkt, path->now.now)))
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

	while ((pkt = qdisc_take(qdisc, path->now.now, &news)))
		go_on(path, pkt);
	(void)settle(path, &news, NULL);
}

struct instant shape_deadline(const struct path *path)
{
	return path->shapes.blocked ? INSTANT_NEVER : path->shapes.next;
}

void shape_turn(struct path *path)
{
	struct shapes *shapes = &path->shapes;
	uint32_t *link = &shapes->first;

	if (!instant_has_come(shape_deadline(path), path->now.now))
		return;
	shapes->next = INSTANT_NEVER;
	while (*link) {
		struct path_peer *peer = &path->peers[*link];

		release(path, &peer->qdisc);
		shapes->next =
		    instant_earlier(shapes->next, qdisc_deadline(&peer->qdisc));
		if (qdisc_is_empty(&peer->qdisc))
			list_remove(path, link);
		else
			link = &peer->next_waited_for;
	}
}
