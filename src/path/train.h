/* SPDX-License-Identifier: ISC */
/*
 * Received trains, up to the super-packets that they become.
 *
 * How it works: what the kernel put together stays one packet until it is
 * opened, datagram after datagram, each to where its payload belongs in a large
 * packet (packet/gather.h). Whatever does not continue the super-packet there,
 * and is not the beginning of another one, is opened by itself, with all behind
 * it. A super-packet stays open until the end of the run, as the next train may
 * go on with it. Where somebody looks at each packet, or nothing is put
 * together, a train is taken apart before it enters.
 */
#ifndef PATH_TRAIN_H
#define PATH_TRAIN_H

#include "path/run.h"

must_check bool train_wants_single(
    const struct path *path, const struct packet *pkt);

/* Appends its datagrams; those that no buffer is left for are dropped there.
 * Consumes pkt. */
void train_take_apart(struct path *path, struct path_branch where,
    struct packet *pkt, struct packet_list *to);

/* Opens a train; what it was goes on at gro, or has run through the stages up
 * to there. Consumes pkt. */
void train_open(struct path *path, struct packet *pkt);

/* The super-packet that is still open goes on, too. */
void train_finish(struct path *path);

#endif
