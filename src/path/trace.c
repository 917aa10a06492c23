/* SPDX-License-Identifier: ISC */
/* What each stage decided about a packet, and why. */
#include "path/trace.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "path/run.h"

void why_add(struct path_why *why, const char *format, ...)
{
	size_t used = strlen(why->text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(
	    why->text + used, sizeof(why->text) - used, format, arguments);
	va_end(arguments);
}

void path_set_tracer(struct path *path, const struct tracer *tracer)
{
	path->tracer = tracer ? *tracer : (struct tracer){0};
	path->ended_trace = 0;
}

static struct path_branch entry_of(
    const struct path *path, enum trace_entry entry)
{
	if (entry == TRACE_FROM_HOST)
		return (struct path_branch){TABLE_OUT, OUTBOUND_TUN_READ};
	if (path->setup.bridge)
		return (struct path_branch){TABLE_IN, INBOUND_TAP_ETH};
	return (struct path_branch){TABLE_IN, INBOUND_IP_RCV};
}

static bool is_entry(
    const struct path *path, struct path_branch where, enum trace_entry entry)
{
	struct path_branch at = entry_of(path, entry);

	return where.table == at.table && where.idx == at.idx;
}

void tracer_mark(
    struct path *path, struct path_branch where, struct packet *pkt)
{
	const struct tracer *tracer = &path->tracer;
	enum trace_entry entry = TRACE_FROM_PEER;

	if (!tracer->wants)
		return;
	if (!is_entry(path, where, entry)) {
		entry = TRACE_FROM_HOST;
		if (!is_entry(path, where, entry))
			return;
	}
	pkt->trace_id = tracer->wants(tracer->context, pkt, entry);
	pkt->is_traced = pkt->trace_id;
}

void trace_inherit(const struct path *path, const struct packet *cause,
    struct packet *pkt, enum trace_made made)
{
	const struct tracer *tracer = &path->tracer;

	pkt->trace_id = 0;
	if (cause->is_traced && !cause->is_dry && tracer->caused)
		pkt->trace_id = tracer->caused(tracer->context, cause, made);
	pkt->is_traced = pkt->trace_id;
}

static bool is_on(const struct packet_list *list, const struct packet *pkt)
{
	const struct packet *at = list->first;

	while (at && at != pkt)
		at = at->next;
	return at;
}

static bool is_emitted(const struct path *path, const struct packet *pkt)
{
	const struct packet_list *lists = &path->lane->emitted[0][0];

	for (size_t i = 0; i < TABLE_COUNT * PATH_STAGES_MAX; i++)
		if (is_on(&lists[i], pkt))
			return true;
	return false;
}

static enum trace_end end_of(
    const struct path *path, const struct packet *pkt, enum verdict verdict)
{
	if (verdict == VERDICT_DROPPED)
		return TRACE_DROPPED;
	if (verdict != VERDICT_TAKEN || is_emitted(path, pkt))
		return TRACE_GOES_ON;
	if (is_on(&path->lane->to_device, pkt))
		return TRACE_DEVICE;
	return is_on(&path->lane->to_wire, pkt) ? TRACE_WIRE : TRACE_TAKEN;
}

/* Nothing stays there: its bytes are in another one (a bundle, a train). */
static bool is_encap(struct path_branch where)
{
	return where.table == TABLE_OUT && where.idx == OUTBOUND_ENCAP;
}

/* One that was taken may be another one by now. */
static bool is_gone(const struct packet *pkt, const struct packet *before)
{
	return !pkt->is_traced || pkt->trace_id != before->trace_id;
}

enum trace_end trace_report(const struct path *path,
    const struct tracer *tracer, struct path_branch where,
    const struct packet *pkt, const struct packet *before, enum verdict verdict)
{
	const struct stage *stage = &path->tables[where.table][where.idx];
	struct path_why why = {.end = end_of(path, pkt, verdict)};
	struct trace_step step = {stage, pkt, &why};

	if (verdict == VERDICT_TAKEN && is_gone(pkt, before))
		why.end = TRACE_TAKEN;
	if (why.end == TRACE_TAKEN)
		step.pkt = before;
	if (why.end == TRACE_TAKEN && is_encap(where))
		why.end = TRACE_WIRE;
	if (stage->why)
		stage->why(path, step.pkt, &why);
	tracer->step(tracer->context, &step);
	return why.end;
}

/* ---- the dry run ---- */

/* What stages change that run dry, but for their own packets. */
struct before {
	struct moment now;
	struct path_branch branch;
	struct packet_list to_wire, to_device;
	struct path_totals totals;
};

static struct before set_aside(struct path *path, const struct moment *now)
{
	struct before before = {path->now, path->branch, path->lane->to_wire,
	    path->lane->to_device, path->totals};

	path->now = *now;
	path->lane->to_wire = path->lane->to_device = (struct packet_list){0};
	return before;
}

static void put_back(struct path *path, const struct before *before)
{
	pool_put_list(path->setup.pool, &path->lane->to_wire);
	pool_put_list(path->setup.pool, &path->lane->to_device);
	path->now = before->now;
	path->branch = before->branch;
	path->lane->to_wire = before->to_wire;
	path->lane->to_device = before->to_device;
	path->totals = before->totals;
}

static enum verdict run_dry(
    struct path *path, const struct stage *stage, struct packet *pkt)
{
	assert(stage->dry || stage->run);
	return stage->dry ? stage->dry(path, pkt) : stage->run(path, pkt);
}

/* What a stage put there has been made for the packet, or is the packet. */
static void sort_list(struct path *path, const struct tracer *tracer,
    const struct packet *pkt, struct path_branch here, struct path_branch *next)
{
	struct packet_list *list = &path->lane->emitted[here.table][here.idx];
	struct packet *at;

	while ((at = packet_list_pop(list))) {
		if (at == pkt) {
			*next = here;
			continue;
		}
		tracer->made(
		    tracer->context, at, &path->tables[here.table][here.idx]);
		pool_put(path->setup.pool, at);
	}
}

static void sort_emitted(struct path *path, const struct tracer *tracer,
    const struct packet *pkt, struct path_branch *next)
{
	for (enum path_table table = 0; table < TABLE_COUNT; table++)
		for (size_t idx = 0; idx < PATH_STAGES_MAX; idx++)
			sort_list(path, tracer, pkt,
			    (struct path_branch){table, idx}, next);
	memset(path->lane->emitted_at, 0, sizeof(path->lane->emitted_at));
	path->lane->has_emitted = false;
}

/* One stage; false: the packet goes no further. */
static bool run_stage(struct path *path, const struct tracer *tracer,
    struct packet *pkt, struct path_branch *where)
{
	const struct stage *stage = &path->tables[where->table][where->idx];
	struct packet before = *pkt;
	enum verdict verdict = run_dry(path, stage, pkt);
	enum trace_end end;

	before.buffer = NULL;
	end = trace_report(path, tracer, *where, pkt, &before, verdict);
	if (verdict == VERDICT_PASS)
		where->idx++;
	if (verdict == VERDICT_BRANCH)
		*where = path->branch;
	sort_emitted(path, tracer, pkt, where);
	return end == TRACE_GOES_ON;
}

void path_trace(struct path *path, enum trace_entry entry, struct packet *pkt,
    const struct moment *now, const struct tracer *tracer)
{
	struct before before = set_aside(path, now);
	struct path_branch where = entry_of(path, entry);
	bool is_listed;

	pkt->is_dry = pkt->is_traced = true;
	if (entry == TRACE_FROM_PEER)
		pkt->from_id = tunnel_peer_id(pkt->peer);
	while (run_stage(path, tracer, pkt, &where))
		assert(path->tables[where.table][where.idx].name);
	is_listed = is_on(&path->lane->to_wire, pkt) ||
		    is_on(&path->lane->to_device, pkt);
	if (!is_listed)
		pool_put(path->setup.pool, pkt);
	put_back(path, &before);
}
