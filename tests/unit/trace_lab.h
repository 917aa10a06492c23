/* SPDX-License-Identifier: ISC */
/* A tracer that keeps what it hears, and what a dry run must not change. */
#ifndef TRACE_LAB_H
#define TRACE_LAB_H

#include "path/trace.h"
#include "tap_lab.h"

#define TRACE_LAB_STEPS 96

struct trace_lab {
	size_t steps;
	const char *stages[TRACE_LAB_STEPS];
	char why[TRACE_LAB_STEPS][PATH_WHY_BYTES];
	enum trace_end end; /* of the last step */
	enum drop drop;
	uint32_t to_id;
	size_t made, copies;
	size_t caused[TRACE_FRAGMENT + 1]; /* by enum trace_made */
	uint32_t cause_id;		   /* of the last one's cause */
	uint32_t caused_id;		   /* what they are traced under */
	const char *entry;		   /* of the last one made */
};

extern const struct tracer trace_lab_tracer; /* writes to trace_lab */
extern struct trace_lab trace_lab;

/* Runs a copy of the packet dry, and checks that nothing is left of it. */
void trace_lab_run(enum trace_entry entry, const struct packet *pkt);
/* The stages joined by blanks. */
const char *trace_lab_stages(void);
const char *trace_lab_why(const char *stage);

#endif
