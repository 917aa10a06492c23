/* SPDX-License-Identifier: ISC */
/* Where packets are shown to who looks on. */
#include "path/watch.h"

void path_set_watched(struct path *path, unsigned watched)
{
	path->watched = watched;
}

/* Each datagram of a train is one. */
static void show_train(
    const struct path_setup *setup, const struct path_sight *sight)
{
	const struct packet *train = sight->pkt;
	struct path_sight sight_of_one = *sight;
	struct packet one = *train;
	uint32_t left = train->len;

	one.segments = 1;
	one.segment_bytes = 0;
	sight_of_one.pkt = &one;
	for (; left; left -= one.len, one.offset += one.len) {
		one.len =
		    left < train->segment_bytes ? left : train->segment_bytes;
		setup->watch(setup->watch_context, &sight_of_one);
	}
}

static void show(struct path *path, struct path_sight *sight)
{
	const struct path_setup *setup = &path->setup;

	if (sight->pkt->is_dry)
		return;
	sight->now = &path->now;
	if (packet_is_train(sight->pkt))
		show_train(setup, sight);
	else
		setup->watch(setup->watch_context, sight);
}

/* Of a chain each packet, as it came. */
static void show_each(struct path *path, const struct path_sight *sight)
{
	const struct packet *chain = sight->pkt;

	for (const struct packet *pkt = chain; pkt;
	     pkt = packet_behind(chain, pkt)) {
		struct path_sight one = *sight;
		struct packet copy = *pkt;

		packet_forget_chain(&copy);
		copy.drop = chain->drop;
		one.pkt = &copy;
		show(path, &one);
	}
}

static void show_inside(struct path *path, struct path_sight *sight)
{
	if (sight->pkt->rest.first)
		show_each(path, sight);
	else
		show(path, sight);
}

/* ---- the stages `capture` ---- */

static void show_inner(
    struct path *path, enum path_table table, const struct packet *pkt)
{
	struct path_sight sight = {.what = PATH_WATCH_INNER,
	    .bytes = PATH_BYTES_INNER,
	    .stage = "capture",
	    .is_outbound = table == TABLE_OUT,
	    .pkt = pkt};

	show_inside(path, &sight);
}

enum verdict watch_in(struct path *path, struct packet *pkt)
{
	if (path->watched & PATH_WATCH_INNER)
		show_inner(path, TABLE_IN, pkt);
	return VERDICT_PASS;
}

enum verdict watch_out(struct path *path, struct packet *pkt)
{
	if (path->watched & PATH_WATCH_INNER)
		show_inner(path, TABLE_OUT, pkt);
	return VERDICT_PASS;
}

/* ---- datagrams ---- */

void watch_show_datagram(struct path *path, enum path_table table,
    const char *stage, const struct packet *pkt)
{
	struct path_sight sight = {.what = PATH_WATCH_OUTER,
	    .bytes = PATH_BYTES_DATAGRAM,
	    .stage = stage,
	    .is_outbound = table == TABLE_OUT,
	    .pkt = pkt};

	show(path, &sight);
}

/* ---- drops ---- */

/* Until a datagram is opened and expanded. What could not be opened has lost
 * all but its header, perhaps. */
static enum path_bytes bytes_in(size_t idx)
{
	switch (idx) {
	case INBOUND_OUTER:
		return PATH_BYTES_DATAGRAM;
	case INBOUND_DECAP:
		return PATH_BYTES_HEADER;
	case INBOUND_EXPAND:
		return PATH_BYTES_NONE;
	default:
		return PATH_BYTES_INNER;
	}
}

/* From compress on a packet is a frame, which may be compressed, and what is
 * dropped behind the table is sealed. */
static enum path_bytes bytes_out(size_t idx, const struct packet *pkt)
{
	if (pkt->is_sealed)
		return PATH_BYTES_DATAGRAM;
	if (pkt->is_ours || (idx > OUTBOUND_COMPRESS && pkt->frame))
		return PATH_BYTES_NONE;
	return PATH_BYTES_INNER;
}

static enum path_bytes bytes_at(
    enum path_table table, size_t idx, const struct packet *pkt)
{
	switch (table) {
	case TABLE_IN:
		return bytes_in(idx);
	case TABLE_OUT:
		return bytes_out(idx, pkt);
	default:
		return PATH_BYTES_INNER;
	}
}

void watch_show_drop(struct path *path, enum path_table table, size_t idx,
    const struct packet *pkt)
{
	struct path_sight sight = {.what = PATH_WATCH_DROPS,
	    .bytes = bytes_at(table, idx, pkt),
	    .stage = path->tables[table][idx].name,
	    .is_outbound = path_is_outbound(path, table),
	    .pkt = pkt};

	show_inside(path, &sight);
}
