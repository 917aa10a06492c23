/* SPDX-License-Identifier: ISC */
/* A tracer that keeps what it hears, and what a dry run must not change. */
#include "trace_lab.h"

#include <stdlib.h>
#include <string.h>

#include "switch_state.h"
#include "unit.h"

struct trace_lab trace_lab;

static void hear_step(void *context, const struct trace_step *step)
{
	struct trace_lab *lab = context;

	ck_assert_uint_lt(lab->steps, TRACE_LAB_STEPS);
	lab->stages[lab->steps] = step->stage->name;
	memcpy(lab->why[lab->steps++], step->why->text, PATH_WHY_BYTES);
	lab->end = step->why->end;
	lab->drop = step->pkt->drop;
	lab->to_id = step->pkt->to_id;
}

static void hear_made(
    void *context, struct packet *pkt, const struct stage *entry)
{
	struct trace_lab *lab = context;

	lab->made++;
	lab->copies += pkt->is_dry;
	lab->entry = entry->name;
}

static uint32_t hear_caused(
    void *context, const struct packet *cause, enum trace_made made)
{
	struct trace_lab *lab = context;

	lab->caused[made]++;
	lab->cause_id = cause->trace_id;
	return lab->caused_id;
}

const struct tracer trace_lab_tracer = {.step = hear_step,
    .made = hear_made,
    .caused = hear_caused,
    .context = &trace_lab};

/* ---- what must not change ---- */

/* The path's counters are megabytes: they are looked at once in a while. */
#define COUNTERS_PAUSE	256
#define COUNTERS_OFFSET offsetof(struct path, counters)
#define COUNTERS_END	(COUNTERS_OFFSET + sizeof(path->counters))

struct state {
	uint8_t path[sizeof(struct path) - sizeof(path->counters)];
	struct tunnel tunnel;
	size_t available, switch_bytes;
	uint8_t lan[SWITCH_STATE_BYTES];
};

static void look(struct state *state)
{
	state->switch_bytes = 0;
	memcpy(state->path, path, COUNTERS_OFFSET);
	memcpy(state->path + COUNTERS_OFFSET, (uint8_t *)path + COUNTERS_END,
	    sizeof(*path) - COUNTERS_END);
	state->tunnel = tunnel;
	state->available = pool_available(pool);
	if (path->setup.bridge)
		state->switch_bytes =
		    switch_state_copy(bridge, now.now, state->lan);
}

void trace_lab_run(enum trace_entry entry, const struct packet *pkt)
{
	static struct state before, after;
	static uint8_t counters[sizeof(path->counters)];
	static unsigned runs;
	bool is_thorough = runs++ % COUNTERS_PAUSE == 0;

	look(&before);
	if (is_thorough)
		memcpy(counters, path->counters, sizeof(counters));
	memset(&trace_lab, 0, sizeof(trace_lab));
	path_trace(
	    path, entry, packet_copy(pool, pkt), &now, &trace_lab_tracer);
	look(&after);
	ck_assert_int_eq(
	    memcmp(&before, &after, offsetof(struct state, lan)), 0);
	ck_assert_mem_eq(before.lan, after.lan, before.switch_bytes);
	if (is_thorough)
		ck_assert_int_eq(
		    memcmp(counters, path->counters, sizeof(counters)), 0);
}

const char *trace_lab_stages(void)
{
	static char text[256];

	*text = '\0';
	for (size_t i = 0; i < trace_lab.steps; i++) {
		strcat(text, i ? " " : "");
		strcat(text, trace_lab.stages[i]);
	}
	return text;
}

const char *trace_lab_why(const char *stage)
{
	for (size_t i = 0; i < trace_lab.steps; i++)
		if (strcmp(trace_lab.stages[i], stage) == 0)
			return trace_lab.why[i];
	return "no such stage";
}
