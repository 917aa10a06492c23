/* SPDX-License-Identifier: ISC */
/*
 * How the pure rooms step aside for another thread.
 *
 * How it works: who works on a tunnel (path, protocol, net) holds its lock,
 * which none of these rooms sees. Around work that takes long and touches
 * nothing but packets and a key, they say so, and whoever made the gate may let
 * another thread go on meanwhile. What was looked up before may have changed
 * when gate_end returns. Without a gate (NULL) there is one thread.
 */
#ifndef BASE_GATE_H
#define BASE_GATE_H

#include <stddef.h>

enum gate_work {
	GATE_SEAL, /* with the keys of a session, which stay until it ends */
	GATE_OPEN,
};

struct gate {
	void (*begin)(void *context, enum gate_work work);
	void (*end)(void *context, enum gate_work work);
	/* No other thread seals when it returns, nor before the caller works
	 * aside itself: keys may be released. */
	void (*settle)(void *context);
	void *context;
};

static inline void gate_begin(const struct gate *gate, enum gate_work work)
{
	if (gate)
		gate->begin(gate->context, work);
}

static inline void gate_end(const struct gate *gate, enum gate_work work)
{
	if (gate)
		gate->end(gate->context, work);
}

static inline void gate_settle(const struct gate *gate)
{
	if (gate)
		gate->settle(gate->context);
}

#endif
