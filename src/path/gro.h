/* SPDX-License-Identifier: ISC */
/*
 * What came in one turn is put in order and together, before the model.
 *
 * How it works: the stage `gro` only lays packets aside. When all that the
 * turn has received is opened and expanded, each peer's packets are put in the
 * order in which it sealed them, on the places that they have among those of
 * other peers. Then packets of a flow join to chains (packet/coalesce.h), of
 * the kinds that the device takes in one piece. A chain goes on as one packet:
 * the model decides once for its first packet, and counts its segments. It is
 * cut where it does not go to the device.
 */
#ifndef PATH_GRO_H
#define PATH_GRO_H

#include "path/run.h"

/* The stage. */
enum verdict gro_take(struct path *path, struct packet *pkt);

/* What was laid aside becomes what goes on at `capture`. */
void gro_finish(struct path *path);

/* What packet_parse_ip is to packets that gro may have parsed already. */
must_check enum drop gro_parse_ip(struct packet *chain);

/* What was decided for the first packet is so for all, as they are about to be
 * taken apart. */
void gro_share(struct packet *chain);

#endif
