/* SPDX-License-Identifier: ISC */
/*
 * The stages conntrack, and the like part of output: which flow a packet is of.
 *
 * How it works: flows are looked up before the hooks, and a flow is made when
 * its first packet has passed the last one. A packet of an answered flow that
 * the present rules accepted needs no hook. After a reload, the first packet
 * of a flow, made again from what the table knows of it, goes through the hooks
 * by itself (judge.c): so an answer does not depend on rules of its own.
 */
#ifndef PATH_CONNTRACK_H
#define PATH_CONNTRACK_H

#include <stdbool.h>

#include "net/rule.h"
#include "path/trace.h"

/* Stage conntrack; and of output, before its hook. Without a flow table each
 * packet passes. */
void conntrack_run(struct path *path, struct packet **pkts,
    enum verdict *verdicts, size_t count);
enum verdict conntrack_dry(struct path *path, struct packet *pkt);
void conntrack_why(
    const struct path *path, const struct packet *pkt, struct path_why *why);

/* The hook has nothing to decide. */
bool conntrack_is_accepted(
    const struct path *path, const struct packet *pkt, enum hook hook);

/* Behind the route, at each hook: of what waited, the rules may have changed
 * since. `is_new`: the packet goes to another peer than its flow did until now,
 * or its flow is refused: the hook before the route was asked about the other
 * one, if it was. DROP_NONE or VPN_CT_INVALID. */
must_check enum drop conntrack_follow_route(
    struct path *path, struct packet *pkt, bool *is_new);

/* The packet has passed its last hook. DROP_NONE or VPN_CT_FULL. */
enum drop conntrack_confirm(struct path *path, struct packet *pkt);

#endif
