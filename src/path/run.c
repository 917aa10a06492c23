/* SPDX-License-Identifier: ISC */
/* The runner: a batch through one stage before the next. */
#include "path/run.h"

#include <assert.h>

#include "path/watch.h"

#define RESERVE_PART 4 /* of the pool's packets */

/* A batch on its way; verdicts of the stage that ran last. */
struct batch {
	struct packet *pkts[PACKET_BATCH];
	enum verdict verdicts[PACKET_BATCH];
	struct path_branch branches[PACKET_BATCH]; /* with VERDICT_BRANCH */
	size_t count;
};

static void run_stage(
    struct path *path, const struct stage *stage, struct batch *batch)
{
	if (stage->run_batch) {
		stage->run_batch(
		    path, batch->pkts, batch->verdicts, batch->count);
		return;
	}
	for (size_t i = 0; i < batch->count; i++) {
		batch->verdicts[i] = stage->run(path, batch->pkts[i]);
		batch->branches[i] = path->branch;
	}
}

/* While somebody listens: the packets that are traced, as they were. */
struct traced {
	size_t count;
	size_t idx[PACKET_BATCH];
	struct packet before[PACKET_BATCH];
};

static void look_before(const struct batch *batch, struct traced *traced)
{
	traced->count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		if (!batch->pkts[i]->is_traced)
			continue;
		traced->idx[traced->count] = i;
		traced->before[traced->count] = *batch->pkts[i];
		traced->before[traced->count++].buffer = NULL;
	}
}

static void run_traced(struct path *path, struct path_branch where,
    const struct stage *stage, struct batch *batch)
{
	not_cleared struct traced traced;

	for (size_t i = 0; i < batch->count; i++)
		tracer_mark(path, where, batch->pkts[i]);
	look_before(batch, &traced);
	run_stage(path, stage, batch);
	for (size_t i = 0; i < traced.count; i++) {
		size_t at = traced.idx[i];

		/* within the stage: it is told already */
		if (traced.before[i].trace_id == path->ended_trace)
			continue;
		(void)trace_report(path, &path->tracer, where, batch->pkts[at],
		    &traced.before[i], batch->verdicts[at]);
	}
}

/* On a list the order is kept by itself. */
static void branch(struct path *path, struct path_branch to, struct packet *pkt)
{
	const struct stage *stage = &path->tables[to.table][to.idx];

	if (pkt->segments > 1 && stage->wants_single &&
	    stage->wants_single(path, pkt)) {
		struct packet_list pieces = {0};

		path_cut(path, to, pkt, &pieces);
		path_emit_list(path, to.table, to.idx, &pieces);
	} else {
		path_emit(path, to.table, to.idx, pkt);
	}
}

/* True: it passed. */
static bool carry_out(struct path *path, struct path_branch where,
    struct packet *pkt, enum verdict verdict, struct path_branch to)
{
	switch (verdict) {
	case VERDICT_PASS:
		return true;
	case VERDICT_DROPPED:
		path_drop_packet(path, where.table, where.idx, pkt);
		break;
	case VERDICT_BRANCH:
		branch(path, to, pkt);
		break;
	case VERDICT_TAKEN:
		break;
	}
	return false;
}

/* Keeps what passed, in order. */
static void sort_out(
    struct path *path, struct path_branch where, struct batch *batch)
{
	size_t kept = 0;

	for (size_t i = 0; i < batch->count; i++)
		if (carry_out(path, where, batch->pkts[i], batch->verdicts[i],
			batch->branches[i]))
			batch->pkts[kept++] = batch->pkts[i];
	batch->count = kept;
}

static void fill(struct batch *batch, struct packet_list *list)
{
	batch->count = 0;
	while (batch->count < PACKET_BATCH && list->first)
		batch->pkts[batch->count++] = packet_list_pop(list);
}

/* The first one that has to be cut before the stage; count: none. */
static size_t find_whole(const struct path *path, const struct stage *stage,
    const struct batch *batch)
{
	size_t at = 0;

	if (!stage->wants_single)
		return batch->count;
	while (at < batch->count &&
	       (batch->pkts[at]->segments == 1 ||
		   !stage->wants_single(path, batch->pkts[at])))
		at++;
	return at;
}

static void carry(
    struct path *path, struct path_branch where, struct batch *batch);

/* To keep the order, what is before the super-packet runs to the end first;
 * then its segments do, with what is behind it. */
static void part(
    struct path *path, struct path_branch where, struct batch *batch, size_t at)
{
	struct packet_list rest = {0};
	size_t count = batch->count;

	batch->count = at;
	path_cut(path, where, batch->pkts[at], &rest);
	while (++at < count)
		packet_list_push(&rest, batch->pkts[at]);
	carry(path, where, batch);
	path_run_from(path, where.table, where.idx, &rest);
}

/* Each call of part() leaves one super-packet less to those within it. */
static void carry(
    struct path *path, struct path_branch where, struct batch *batch)
{
	const struct stage *stages = path->tables[where.table];

	for (; stages[where.idx].name && batch->count; where.idx++) {
		const struct stage *stage = &stages[where.idx];
		size_t at = find_whole(path, stage, batch);

		if (at < batch->count) {
			part(path, where, batch, at);
			return;
		}
		if (path->tracer.step)
			run_traced(path, where, stage, batch);
		else
			run_stage(path, stage, batch);
		sort_out(path, where, batch);
	}
	/* the last stage of a table takes or drops */
	assert(!batch->count);
}

/* The same of a packet by itself, which is what an idle tunnel carries, and a
 * super-packet. */
static void carry_one(
    struct path *path, struct path_branch where, struct packet *pkt)
{
	const struct stage *stage = &path->tables[where.table][where.idx];
	enum verdict verdict;

	do {
		if (pkt->segments > 1 && stage->wants_single &&
		    stage->wants_single(path, pkt)) {
			struct packet_list pieces = {0};

			path_cut(path, where, pkt, &pieces);
			path_run_from(path, where.table, where.idx, &pieces);
			return;
		}
		if (stage->run_batch)
			stage->run_batch(path, &pkt, &verdict, 1);
		else
			verdict = stage->run(path, pkt);
		if (!carry_out(path, where, pkt, verdict, path->branch))
			return;
		where.idx++;
		stage++;
	} while (stage->name);
	assert(false); /* as in carry() */
}

void path_run_from(struct path *path, enum path_table table, size_t idx,
    struct packet_list *list)
{
	const struct path_branch where = {table, idx};

	while (list->first) {
		not_cleared struct batch batch;

		if (!list->first->next && !path->tracer.step) {
			carry_one(path, where, packet_list_pop(list));
			return;
		}
		fill(&batch, list);
		carry(path, where, &batch);
	}
}

void path_emit(
    struct path *path, enum path_table table, size_t idx, struct packet *pkt)
{
	assert(idx < PATH_STAGES_MAX);
	path->lane->emitted_at[table] |= UINT32_C(1) << idx;
	path->lane->has_emitted = true;
	packet_list_push(&path->lane->emitted[table][idx], pkt);
}

void path_emit_list(struct path *path, enum path_table table, size_t idx,
    struct packet_list *list)
{
	if (!list->first)
		return;
	path->lane->emitted_at[table] |= UINT32_C(1) << idx;
	path->lane->has_emitted = true;
	packet_list_append(&path->lane->emitted[table][idx], list);
}

void path_count(struct path *path, enum path_table table, size_t idx,
    enum drop reason, uint64_t count)
{
	struct path_counter *counter = &path->counters[table][idx][reason];
	struct path_totals *totals = &path->totals;

	counter->packets += count;
	counter->last = path->now.now;
	if (path_is_outbound(path, table))
		totals->tx_dropped += count;
	else
		totals->rx_dropped += count;
}

/* Only the fields are kept: printing has time until somebody asks. */
static void keep_example(
    struct path *path, struct path_counter *counter, const struct packet *pkt)
{
	if (!counter->has_example) {
		counter->next = path->exemplary;
		path->exemplary = counter;
	}
	counter->has_example = true;
	counter->example = *pkt;
	counter->example.next = NULL;
	counter->example.buffer = NULL;
	counter->example.rest = (struct packet_list){0};
	counter->example.peer = NULL;
	counter->example_peer = pkt->peer ? tunnel_peer_id(pkt->peer) : 0;
}

static void count_for_peer(struct path *path, enum path_table table, size_t idx,
    const struct packet *pkt)
{
	uint32_t id = tunnel_peer_id(pkt->peer);

	tunnel_peer_count_drop(pkt->peer, pkt->drop, pkt->segments);
	if (id < path->peers_count)
		tally_count(&path->peers[id].tally, &path->tallies,
		    &(struct tally_entry){(uint8_t)table, (uint8_t)idx,
			(uint16_t)pkt->drop, pkt->segments});
}

void path_note_drop(struct path *path, enum path_table table, size_t idx,
    const struct packet *pkt)
{
	const struct path_setup *setup = &path->setup;

	assert(pkt->drop > DROP_NONE && pkt->drop < DROP_COUNT);
	if (pkt->is_dry)
		return;
	path_count(path, table, idx, pkt->drop, pkt->segments);
	keep_example(path, &path->counters[table][idx][pkt->drop], pkt);
	snmp_dropped(path, &path->tables[table][idx], pkt);
	if (pkt->peer)
		count_for_peer(path, table, idx, pkt);
	watch_drop(path, table, idx, pkt);
	if (setup->trace)
		setup->trace(
		    setup->trace_context, &path->tables[table][idx], pkt);
}

void path_drop_packet(
    struct path *path, enum path_table table, size_t idx, struct packet *pkt)
{
	path_note_drop(path, table, idx, pkt);
	pool_put(path->setup.pool, pkt);
}

void path_note_late(struct path *path, enum path_table table, size_t idx,
    const struct packet *pkt)
{
	if (pkt->is_traced && path->tracer.step) {
		path->ended_trace = pkt->trace_id;
		(void)trace_report(path, &path->tracer,
		    (struct path_branch){table, idx}, pkt, pkt,
		    VERDICT_DROPPED);
	}
	path_note_drop(path, table, idx, pkt);
}

void path_drop_late(
    struct path *path, enum path_table table, size_t idx, struct packet *pkt)
{
	path_note_late(path, table, idx, pkt);
	pool_put(path->setup.pool, pkt);
}

void path_send_datagram(struct path *path, struct packet *pkt)
{
	path->totals.tx_sent += pkt->segments;
	watch_datagram(path, TABLE_OUT, "encap", pkt);
	packet_list_push(&path->lane->to_wire, pkt);
}

bool path_has_room_for(const struct path *path, size_t count)
{
	const struct pool *pool = path->setup.pool;

	return pool_available(pool) > pool_count(pool) / RESERVE_PART + count;
}

bool path_has_room(const struct path *path)
{
	return path_has_room_for(path, 0);
}

void path_make_fresh(struct packet *pkt)
{
	pkt->endpoint = (struct endpoint){0};
	pkt->outer_ecn = 0;
	pkt->is_data = false;
	pkt->counter = 0;
	pkt->generation = 0;
	pkt->frame = 0;
	pkt->plain_bytes = 0;
}
