/* SPDX-License-Identifier: ISC */
/* From peer to peer without the host: forwarding = "daemon", on tun. */
#ifndef PATH_FORWARD_H
#define PATH_FORWARD_H

#include "path/path.h"

/* The packet, which passed the checks of rcv_finish, is for another peer (or
 * back to its own), which is pkt->to_peer then. False: it is for the host. */
must_check bool forward_route(const struct path *path, struct packet *pkt);

/* The stage. */
enum verdict forward_packet(struct path *path, struct packet *pkt);

#endif
