/* SPDX-License-Identifier: ISC */
/*
 * Would the present rules let a flow begin?
 *
 * How it works: the first packet of the flow is made once more, as small as it
 * can be (TCP: a SYN), and goes through the hooks dry. Rules that want what
 * such a packet has not (a length, payload, other flags) do not match it; then
 * the flow is forgotten, and its next packet is judged as it is.
 */
#ifndef PATH_JUDGE_H
#define PATH_JUDGE_H

#include <stdbool.h>

#include "net/flow.h"
#include "path/path.h"

/* `pkt`: a packet of the flow, or about it, for its MAC addresses. */
bool judge_flow(struct path *path, const struct packet *pkt,
    const struct flow_report *flow);

#endif
