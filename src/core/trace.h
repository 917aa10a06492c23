/* SPDX-License-Identifier: ISC */
/*
 * What became of one packet, stage by stage: schema vpnd.trace/1.
 *
 * How it works: a record is filled by the callbacks of path/trace.h, without
 * memory of its own, and written down when the packet is through.
 */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include "core/state.h"
#include "packet/print.h"
#include "path/trace.h"

#define TRACE_LINES	   24 /* more stages than the longest way has */
#define TRACE_ANSWERS	   2
#define TRACE_ANSWER_BYTES PACKET_TEXT_BYTES
#define TRACE_COPIES	   16 /* the others are counted */
#define TRACE_WORD_BYTES   16

struct trace_line {
	const struct stage *stage;
	char verdict[TRACE_WORD_BYTES];
	char why[PATH_WHY_BYTES];
};

struct trace_record {
	uint32_t id;	      /* of a live packet; 0: dry */
	uint32_t parent;      /* the packet that it was made because of */
	enum trace_made made; /* and as what */
	char from[CONFIG_NAME_BYTES];	     /* the peer; "": the host */
	char to[CONFIG_NAME_BYTES];	     /* likewise, if it came so far */
	char packet[PACKET_TEXT_BYTES + 32]; /* and how many segments */
	bool is_parsed; /* `packet` is what the parser saw */
	struct trace_line lines[TRACE_LINES];
	size_t lines_count;
	enum trace_end end;
	enum drop drop;
	uint32_t line, column; /* of what decided; 0: nothing in the file */
	char answers[TRACE_ANSWERS][TRACE_ANSWER_BYTES];
	size_t answers_count;
	char copies[TRACE_COPIES][CONFIG_NAME_BYTES]; /* to peers */
	size_t copies_count;
};

/* `from`: the peer's name, "" for the host. */
void trace_begin(struct trace_record *record, const char *from);
void trace_step(struct trace_record *record, const struct trace_step *step);
/* A packet that was made for it; is parsed here. */
void trace_made(struct trace_record *record, struct packet *pkt);
/* The members of one object. */
void trace_write(const struct core *core, const struct trace_record *record,
    struct reply *reply);

/* Traces a packet dry: from `peer` (NULL: the host), made as trace_packet does.
 * Writes the document, or sets *ret. */
void trace_reply(struct core *core, const struct core_peer *peer,
    const char *how, const char *text, const struct moment *now,
    struct reply *reply, struct core_answer *ret);

/* ---- trace_packet.c ---- */

/* A packet as `trace` takes it: from `peer` (NULL: the host), `how` is "line"
 * or "ip" or "ethernet" with hexadecimal digits. NULL, and *ret says why. */
struct packet *trace_packet(struct core *core, const struct core_peer *peer,
    const char *how, const char *text, const struct moment *now,
    struct core_answer *ret);

#endif
