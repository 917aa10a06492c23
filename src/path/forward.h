/* SPDX-License-Identifier: ISC */
/* From peer to peer without the host: forwarding = "daemon", on tun. */
#ifndef PATH_FORWARD_H
#define PATH_FORWARD_H

#include "path/path.h"

/* With path_setup.is_whole_host: IP_INNOROUTES, and answered, when nobody has
 * the destination. As in the kernel this comes before the source is looked at,
 * but for martians. */
must_check enum drop forward_check_route(
    struct path *path, const struct packet *pkt);

/* The packet, which passed the checks of rcv_finish, is for another peer (or
 * back to its own), which is pkt->to_peer then. False: it is for the host. */
must_check bool forward_route(const struct path *path, struct packet *pkt);

/* The stage. */
enum verdict forward_packet(struct path *path, struct packet *pkt);

#endif
