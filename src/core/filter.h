/* SPDX-License-Identifier: ISC */
/*
 * The filter of a configuration as the rules and flows that the path asks.
 *
 * How it works: the rules are made anew whenever they, or the peers they name,
 * change, with another generation, so that established flows are judged again;
 * a rule that kept its name keeps its counters. What can fail comes first
 * (filter_prepare), and then all of it at once (filter_commit).
 */
#ifndef CORE_FILTER_H
#define CORE_FILTER_H

#include "base/bucket.h"
#include "core/core.h"

struct core_peer;
struct flows;
struct ruleset;

/* The filter in use; all zero without one. */
struct core_filter {
	struct ruleset *rules;
	struct flows *flows; /* NULL: it is not stateful */
	uint32_t generation; /* of the last rules that were made */
	/* Of what rules log: */
	uint64_t log_seen;
	struct bucket lines;
	uint64_t lines_left_out; /* since the last one */
};

/* A filter that is to be used. */
struct filter_next {
	struct ruleset *rules;
	struct flows *flows;
	bool has_own_flows; /* it does not go on with those in use */
};

/* Peers of a configuration; peers[i] belongs to config->peers[i]. */
struct filter_peers {
	const struct config *config;
	struct core_peer *const *peers;
	const struct core_peer *without; /* this one is about to go; or NULL */
};

/* 0, -ENOMEM, or -EINVAL: a program that vpnd does not run. */
must_check int filter_prepare(struct core *core, struct filter_next *ret,
    const struct filter_peers *from, struct instant now);
/* Nobody uses it: frees it. */
void filter_discard(struct filter_next *next);
/* It is in use now, and the one before is freed. */
void filter_commit(struct core *core, struct filter_next *next);
/* The peer is gone: so are its flows. */
void filter_forget_peer(struct core *core, uint32_t id);
void filter_free(struct core *core);

#endif
