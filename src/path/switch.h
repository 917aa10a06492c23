/* SPDX-License-Identifier: ISC */
/* Stages of the tap tables that ask the switch where a frame goes. */
#ifndef PATH_SWITCH_H
#define PATH_SWITCH_H

#include "path/path.h"

/* inbound: to the host, to another peer, or to all */
enum verdict switch_bridge(struct path *path, struct packet *pkt);
/* What goes to peers goes there packet by packet. */
bool switch_bridge_wants_single(
    const struct path *path, const struct packet *pkt);

/* outbound: to one peer or to all */
enum verdict switch_route(struct path *path, struct packet *pkt);
/* It would be flooded: copies are of packets. */
bool switch_wants_single(const struct path *path, const struct packet *pkt);

#endif
