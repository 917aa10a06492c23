/* SPDX-License-Identifier: ISC */
/* From peer to peer without the host: with forwarding = "daemon" on tun, and in
 * the switch of tap. */
#ifndef PATH_FORWARD_H
#define PATH_FORWARD_H

#include "path/path.h"

/* Nobody has the destination, and there is no host to decide on it
 * (path_setup.is_whole_host): false, and IP_INNOROUTES, which is answered. As
 * in the kernel, the source of such a packet is not looked at, but for
 * martians. */
must_check bool forward_has_route(
    const struct path *path, const struct packet *pkt);
must_check enum drop forward_check_route(
    struct path *path, const struct packet *pkt);

/* The packet, which passed the checks of rcv_finish, is for another peer (or
 * back to its own), which is pkt->to_peer then. False: it is for the host. */
must_check bool forward_route(const struct path *path, struct packet *pkt);

/* The stage of tun, and that of tap, where the switch has decided on to_peer.
 */
enum verdict forward_packet(struct path *path, struct packet *pkt);
enum verdict forward_frame(struct path *path, struct packet *pkt);

#endif
