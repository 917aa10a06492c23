/* SPDX-License-Identifier: ISC */
/*
 * The stages at which the rules are asked, with netfilter's names.
 *
 * How it works: without rules each packet passes. Packets of flows that the
 * present rules accepted are not asked about; flows are made behind `input` and
 * `postrouting`, the last hooks.
 */
#ifndef PATH_HOOK_H
#define PATH_HOOK_H

#include "path/path.h"

enum verdict hook_prerouting(struct path *path, struct packet *pkt);
enum verdict hook_input(struct path *path, struct packet *pkt);
enum verdict hook_postrouting(struct path *path, struct packet *pkt);

/* Stage output: the flow is looked up first. */
void hook_output(struct path *path, struct packet **pkts,
    enum verdict *verdicts, size_t count);
enum verdict hook_output_dry(struct path *path, struct packet *pkt);

/* A rule may decide otherwise for one of a super-packet's segments. */
bool hook_output_wants_single(
    const struct path *path, const struct packet *pkt);
bool hook_postrouting_wants_single(
    const struct path *path, const struct packet *pkt);
/* The same of a chain. */
bool hook_prerouting_wants_single(
    const struct path *path, const struct packet *pkt);
bool hook_input_wants_single(const struct path *path, const struct packet *pkt);

/* Of stage forward. */
enum drop hook_forward(struct path *path, struct packet *pkt);

#endif
