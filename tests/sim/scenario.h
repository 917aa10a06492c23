/* SPDX-License-Identifier: ISC */
/*
 * What the directed scenarios share: a pair of hosts and a few short words.
 *
 * In a pair, host 0 knows where host 1 is and connects; host 1 does not know
 * where host 0 is, so that it can only answer until host 0 has spoken.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "../unit/unit.h"
#include "sim.h"

/* Not started; the same extension mode on both sides. */
struct world *scenario_new(enum config_extension extension);
/* Started, with a session on both sides. */
struct world *scenario_pair(enum config_extension extension);
/* Asserts that no invariant was broken. */
void scenario_end(struct world *world);

void scenario_run(struct world *world, int64_t ns);
/* One inner packet from host 0 or 1 to the other one; its number. */
size_t scenario_say(struct world *world, size_t from);
bool scenario_has_heard(const struct world *world, size_t number);
/* Both say something every interval. */
void scenario_chat(struct world *world, int64_t ns, int64_t interval_ns);

/* Cuts or mends one direction. */
void scenario_cut(struct world *world, size_t from, bool is_cut);

size_t scenario_sent(
    const struct world *world, int from, int type, struct instant since);
/* Both kinds of data. */
size_t scenario_sent_data(
    const struct world *world, int from, struct instant since);
size_t scenario_sent_frames(
    const struct world *world, int from, int frame, struct instant since);

#endif
