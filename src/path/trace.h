/* SPDX-License-Identifier: ISC */
/*
 * What each stage decided about a packet, and why.
 *
 * How it works: a dry packet runs through the live tables by itself
 * (path_trace), stage by stage; nothing is left of it. Live packets that the
 * path's tracer wants are marked (pkt->is_traced) and run with the others, and
 * the runner reports each stage. The words come from the stages' `why`
 * functions, which look at the packet after the verdict: a packet that is not
 * traced pays nothing for them.
 */
#ifndef PATH_TRACE_H
#define PATH_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "path/path.h"

/* What became of the packet at a stage. */
enum trace_end {
	TRACE_GOES_ON,
	TRACE_DROPPED, /* pkt->drop */
	TRACE_DEVICE,  /* it is for the device */
	TRACE_WIRE,    /* it is a datagram for the peer */
	TRACE_TAKEN,   /* it waits for a session, or is in a socket's queue */
};

#define PATH_WHY_BYTES 256 /* with NUL; what is longer is cut */

/* What a `why` function fills; but for `end` it is zero before. */
struct path_why {
	enum trace_end end;
	char text[PATH_WHY_BYTES];
	const char *word;      /* "new", for a packet that goes on; or NULL */
	uint32_t line, column; /* in the configuration, of what decided; or 0 */
};

/* Appends. */
void why_add(struct path_why *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct trace_step {
	const struct stage *stage;
	const struct packet *pkt; /* its fields; no bytes once it was taken */
	const struct path_why *why;
};

enum trace_entry {
	TRACE_FROM_PEER, /* pkt->peer: at eth or ip_rcv, as what it sealed */
	TRACE_FROM_HOST, /* at tun_read */
};

/* What a stage makes because of another packet. */
enum trace_made {
	TRACE_NOT_MADE,
	TRACE_ANSWER,
	TRACE_COPY,	/* of a flooded frame */
	TRACE_FRAGMENT, /* of a packet that was cut */
};

struct tracer {
	void (*step)(void *context, const struct trace_step *step);
	/* Of a dry run: a packet that a stage made, to enter the tables at
	 * `entry`: an answer, or (is_dry) a copy for another peer. */
	void (*made)(
	    void *context, struct packet *pkt, const struct stage *entry);
	/* Of live packets, where they enter: the id to trace one under, or 0:
	 * it is not wanted. */
	uint32_t (*wants)(
	    void *context, const struct packet *pkt, enum trace_entry entry);
	/* Of what a live packet that is traced causes, likewise. */
	uint32_t (*caused)(
	    void *context, const struct packet *cause, enum trace_made made);
	void *context;
};

/* Runs a packet of the pool through the tables, and leaves no trace: nothing is
 * sent, counted, learned or kept. Consumes pkt. */
void path_trace(struct path *path, enum trace_entry entry, struct packet *pkt,
    const struct moment *now, const struct tracer *tracer);

/* What was made because of a packet is traced when that one is, under an id of
 * its own. */
void trace_inherit(const struct path *path, const struct packet *cause,
    struct packet *pkt, enum trace_made made);

/* Whom the runner reports traced packets to; NULL: nobody. */
void path_set_tracer(struct path *path, const struct tracer *tracer);

#endif
