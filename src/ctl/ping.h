/* SPDX-License-Identifier: ISC */
/* Round-trip time and loss inside a session, measured by ECHO frames. */
#ifndef CTL_PING_H
#define CTL_PING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/ctl.h"

struct ping_tally {
	uint64_t sent, answered;
	int64_t rtt_sum_ns, rtt_min_ns, rtt_max_ns;
};

void ping_tally_add(struct ping_tally *tally, bool is_answered, int64_t rtt_ns);

/* The document vpnd.ping/1, in seconds; `echoes` is one object per echo and
 * is consumed. */
json_t *ping_tally_document(
    const struct ping_tally *tally, const char *peer, json_t *echoes);

/* Each echo is one request to the daemon: ping PEER TIMEOUT_MS. */
enum control_exit ping_run(struct ctl *ctl, const struct command *command,
    const struct control_request *request);

#endif
