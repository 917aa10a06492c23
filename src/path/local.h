/* SPDX-License-Identifier: ISC */
/*
 * The way into vpnd's own sockets, as that into the host's: udp_rcv, lookup,
 * sock_queue, data_ready.
 *
 * How it works: an address of the device is shared with the host, which gets
 * whatever no socket is there for. An address that only a socket has is
 * vpnd's alone: what comes for it ends here, and is answered as a host does.
 * Sockets take no fragments. Who reads them does so after the run.
 */
#ifndef PATH_LOCAL_H
#define PATH_LOCAL_H

#include "path/path.h"

/* Whether a packet that may be delivered goes to vpnd's sockets, and not to the
 * host. */
bool local_is_ours(const struct path *path, const struct packet *pkt);

/* ---- stages ---- */
enum verdict local_udp_rcv(struct path *path, struct packet *pkt);
enum verdict local_lookup(struct path *path, struct packet *pkt);
enum verdict local_sock_queue(struct path *path, struct packet *pkt);
enum verdict local_judge(struct path *path, struct packet *pkt); /* dry */
enum verdict local_data_ready(struct path *path, struct packet *pkt);

#endif
