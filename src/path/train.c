/* SPDX-License-Identifier: ISC */
/* Received trains, up to the super-packets that they become. */
#include "path/train.h"

#include "packet/ip.h"
#include "path/gro.h"

bool train_wants_single(const struct path *path, const struct packet *pkt)
{
	return packet_is_received_train(pkt) &&
	       (path->watched || path->tracer.step || !path->gro.joins_tcp ||
		   !tunnel_is_train(pkt));
}

/* ---- datagrams by themselves ---- */

static void take_datagram(
    struct packet *to, const struct packet *train, uint32_t at, uint32_t len)
{
	to->endpoint = train->endpoint;
	to->outer_ecn = train->outer_ecn;
	to->is_truncated = train->is_truncated;
	to->is_data = train->is_data;
	packet_leave(to, train->away + at, len);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The train becomes the first of them, which its buffer has room for: what is
 * told of a drop is read there. The stage `outer` has not counted them yet. */
static void drop_rest(struct path *path, struct path_branch where,
    struct packet *train, uint32_t at, uint32_t count)
{
	packet_leave(train, train->away + at,
	    smaller(train->segment_bytes, train->len - at));
	packet_fetch(train);
	train->segments = (uint16_t)count;
	train->drop = DROP_NOMEM;
	if (where.table == TABLE_IN && where.idx == INBOUND_OUTER)
		path->totals.rx_packets += count;
	path_note_drop(path, where.table, where.idx, train);
}

void train_take_apart(struct path *path, struct path_branch where,
    struct packet *train, struct packet_list *to)
{
	uint32_t at = 0, len;

	for (uint32_t left = train->segments; left; left--, at += len) {
		struct packet *pkt = pool_get(path->setup.pool);

		if (!pkt) {
			drop_rest(path, where, train, at, left);
			break;
		}
		len = smaller(train->segment_bytes, train->len - at);
		take_datagram(pkt, train, at, len);
		packet_list_push(to, pkt);
	}
	pool_put(path->setup.pool, train);
}

/* ---- put together ---- */

static uint8_t *place(void *context, uint32_t len)
{
	struct gather *gather = context;

	return gather_has_room(gather, len) ? gather_place(gather) : NULL;
}

static bool take(void *context, const struct packet *opened)
{
	return gather_take(context, opened->len, opened->checksum);
}

static bool begin(struct path *path, const struct packet *train)
{
	struct packet *whole = pool_get_large(path->setup.pool);

	if (!whole)
		return false;
	whole->endpoint = train->endpoint;
	whole->outer_ecn = train->outer_ecn;
	whole->is_data = true;
	whole->peer = train->peer;
	whole->from_id = tunnel_peer_id(train->peer);
	whole->generation = train->generation;
	whole->counter = train->counter;
	gather_begin(&path->lane->gather, whole, path->setup.bridge,
	    path->gro.joins_tcp, path->gro.joins_udp);
	return true;
}

/* What came between may have gone another way: TCP's numbers tell if it was of
 * the same flow. */
static bool may_continue(
    const struct path_lane *lane, const struct packet *train)
{
	const struct packet *whole = lane->gather.whole;

	return gather_has_room(&lane->gather, train->segment_bytes) &&
	       whole->peer == train->peer &&
	       whole->generation == train->generation &&
	       whole->outer_ecn == train->outer_ecn &&
	       (train->counter == lane->gathered_to + 1 ||
		   (train->counter > lane->gathered_to &&
		       whole->l4_protocol == IP_PROTOCOL_TCP));
}

/* One packet alone is an ordinary one, as long as it came, padding and all. */
static struct packet *narrow(struct path *path, struct packet *whole)
{
	struct packet *pkt;

	whole->len = whole->plain_bytes;
	whole->plain_bytes = 0;
	whole->is_parsed = false;
	pkt = packet_copy(path->setup.pool, whole);
	if (!pkt)
		return whole;
	pool_put(path->setup.pool, whole);
	return pkt;
}

void train_finish(struct path *path)
{
	struct gather *gather = &path->lane->gather;
	struct packet *whole;

	if (!gather->whole)
		return;
	whole = gather_end(gather);
	if (!whole->len) {
		pool_put(path->setup.pool, whole);
		return;
	}
	if (whole->segments == 1)
		whole = narrow(path, whole);
	(void)gro_take(path, whole);
}

/* False: the rest is not worth it. A super-packet of one would not pay. */
static bool gather_some(struct path *path, struct packet *train)
{
	struct path_lane *lane = path->lane;
	const struct opening opening = {place, take, &lane->gather};
	bool is_new = !may_continue(lane, train);
	size_t count;

	if (is_new) {
		train_finish(path);
		if (!begin(path, train))
			return false;
	}
	count =
	    tunnel_open_train(path->setup.tunnel, train, &opening, &path->now);
	lane->gathered_to = train->counter;
	if (train->segments)
		train_finish(path);
	return count > 1 || !is_new;
}

void train_open(struct path *path, struct packet *train)
{
	const struct path_branch here = {TABLE_IN, INBOUND_DECAP};
	struct packet_list rest = {0};

	while (train->segments &&
	       tunnel_find_train(path->setup.tunnel, train, &path->now) &&
	       gather_some(path, train))
		;
	train_take_apart(path, here, train, &rest);
	path_run_from(path, here.table, here.idx, &rest);
}
